"""One place that turns an exception, or a constraint's name, into a page with its status."""

from __future__ import annotations

from flask import Flask


def register_public_errors(app: Flask) -> None:
    """Give respondents plain pages for everything that can be refused."""


def register_staff_errors(app: Flask) -> None:
    """Give staff plain pages for everything that can be refused."""
