"""What links open, as last read: so that a form can be given back with its answers while the database is away."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import cast

from flask import current_app
from flask.sansio.app import App

from surveyapp.db import Database
from surveyapp.responses.queries import Opening, opening

MOST_REMEMBERED = 4096
EXTENSION = "survey_openings"


class Openings:
    """Finds what a link opens, always from the database, and remembers a bounded number of what it found."""

    def __init__(self, database: Database, most: int = MOST_REMEMBERED) -> None:
        self._database = database
        self._most = most
        self._found: OrderedDict[str, Opening] = OrderedDict()
        self._lock = Lock()

    def find(self, token: str) -> Opening:
        """Read what a link opens now."""
        with self._database.reading() as session:
            found = opening(session, token, self._database.now(session))
        with self._lock:
            self._found[token] = found
            self._found.move_to_end(token)
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return found

    def recall(self, token: str) -> Opening | None:
        """Return what a link opened when it was last read here; it decides nothing."""
        with self._lock:
            return self._found.get(token)


def remember_openings(app: App, database: Database) -> None:
    """Give an app its memory of links."""
    app.extensions[EXTENSION] = Openings(database)


def the_openings() -> Openings:
    """Return the running app's memory of links."""
    return cast("Openings", current_app.extensions[EXTENSION])
