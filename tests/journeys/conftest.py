"""Journeys run on SQLite, as `make run` does, unless they say otherwise."""

from __future__ import annotations

import pytest


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Give the address of a migrated SQLite file."""
    return sqlite_url
