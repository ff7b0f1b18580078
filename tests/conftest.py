"""Joins the fixtures: databases, the two apps and their inspected visitors, rows to start from, a browser."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes says more about who else is busy on the machine than about the code.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

pytest_plugins = [
    "tests.support.databases",
    "tests.support.visitors",
    "tests.support.factories",
    "tests.support.server",
    "tests.support.browser",
]
