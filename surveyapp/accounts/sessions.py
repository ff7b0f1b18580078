"""Signed-in browsers: a random id in the signed cookie, everything else on the server."""

from __future__ import annotations

from flask import Flask


def guard(app: Flask) -> None:
    """Ask every request for the permission its view names."""
