"""Joins the fixtures: databases, the two apps and their inspected visitors, rows to start from, a browser."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.databases",
    "tests.support.visitors",
    "tests.support.factories",
    "tests.support.server",
    "tests.support.browser",
]
