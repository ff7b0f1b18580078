"""Calling the flags at receipt: what each place is remembered by, in this process alone and never on a disk.

A place is one group at one school or office, or county-wide. Every process reads the place's stored answers now and
then and adds what it has stored itself since, so that several processes agree closely and nothing about a place is
written, locked or waited for by a submission. The state dies with the process, the survey's end or its seal.
"""

from __future__ import annotations

import itertools
import logging
import traceback
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import cast

from flask import current_app
from flask.sansio.app import App

from scoring.flags import Observation, bucket_of, flag
from scoring.link_state import LinkState, empty_state, merge, observe
from surveyapp.db import Database
from surveyapp.responses.queries import Opening
from surveyapp.responses.yardsticks import Yardstick, read_yardstick, with_new_rows
from surveyapp.surveys.models import SurveyState

MOST_PLACES = 4096
FEWEST_NEW, SHARE_NEW = 10, 20
LONGEST_PAUSE = timedelta(minutes=1)
# A minute is enough to read so many stored answers a small part of the time; larger places wait in proportion.
ROWS_A_MINUTE = 20_000
EXTENSION = "survey_flagger"

_LOG = logging.getLogger(__name__)

PlaceKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """What one submission adds to its place, should it turn out to be new."""

    key: PlaceKey
    edition: int
    before: LinkState
    after: LinkState
    answers: str
    bucket: int
    flagged: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """The codes of one submission; ``trace`` is ``None`` where nothing was looked at."""

    codes: tuple[str, ...]
    trace: Trace | None


NOTHING_SEEN = Sighting((), None)


@dataclass(slots=True)
class _Watched:
    """One place: what was read of it, what is known with what was stored here since, and when to read again."""

    yardstick: Yardstick
    known: LinkState
    edition: int
    n_since: int
    read_at: datetime
    ends_at: datetime
    being_read: bool = False

    def is_old(self, now: datetime) -> bool:
        """Say whether to read everything again; a clock that stepped back says so too."""
        n = self.yardstick.stored.n_responses
        return not timedelta(0) <= now - self.read_at < LONGEST_PAUSE * max(1, n / ROWS_A_MINUTE)

    def has_many_new(self) -> bool:
        """Say whether so many came here since that others may have stored as many."""
        return self.n_since >= max(FEWEST_NEW, self.yardstick.stored.n_responses // SHARE_NEW)


class Flagger:
    """Flags submissions as they arrive; whatever fails in it costs codes and never an answer."""

    def __init__(self, database: Database, most: int = MOST_PLACES) -> None:
        self._database = database
        self._most = most
        self._places: OrderedDict[PlaceKey, _Watched] = OrderedDict()
        self._editions = itertools.count()
        self._lock = Lock()

    def look(self, opening: Opening, answers: str, seconds: float | None) -> Sighting:
        """Say what a submission looks like that has just arrived through an opened link; nothing is kept yet."""
        try:
            return self._look(opening, answers, seconds)
        except Exception as error:  # noqa: BLE001  a hint about an answer must never be what loses the answer
            _log("look", error)
            return NOTHING_SEEN

    def keep(self, sighting: Sighting) -> None:
        """Remember a submission that was stored and is no repeat of an earlier one."""
        try:
            if sighting.trace is not None:
                self._keep(sighting.trace)
        except Exception as error:  # noqa: BLE001  the answer is stored by now, and whoever sent it must hear so
            _log("keep", error)

    def _look(self, opening: Opening, answers: str, seconds: float | None) -> Sighting:
        key = (opening.survey_id, opening.group, opening.cluster)
        if opening.state is not SurveyState.OPEN:
            with self._lock:
                self._places.pop(key, None)
            return NOTHING_SEEN
        watched = self._watched(key, opening)
        if watched is None:
            return NOTHING_SEEN
        with self._lock:
            yardstick, before, edition = watched.yardstick, watched.known, watched.edition
        bucket = bucket_of(int(opening.seen_at.timestamp()), yardstick.thresholds)
        seen = Observation(answers, seconds, bucket, population=yardstick.population)
        found = flag(before, seen, yardstick.outline, yardstick.thresholds, yardstick.salt)
        trace = Trace(key, edition, before, found.state, answers, bucket, flagged=bool(found.codes))
        return Sighting(found.codes, trace)

    def _keep(self, trace: Trace) -> None:
        with self._lock:
            watched = self._places.get(trace.key)
            if watched is None:
                return
            if watched.edition != trace.edition:
                # Read again while this one was being stored, and perhaps with it. Counted twice it could make one
                # too many of somebody; missed, it is found at the next reading. When it came no reading tells.
                moment = replace(empty_state(watched.known.n_items), rhythm=((trace.bucket, 1),))
                watched.known = merge(watched.known, moment)
            elif watched.known is trace.before:
                watched.known = trace.after
            else:
                watched.known = observe(
                    watched.known, trace.answers, watched.yardstick.outline.reversed_items,
                    bucket=trace.bucket, flagged=trace.flagged, salt=watched.yardstick.salt,
                )  # fmt: skip
            watched.n_since += 1

    def _watched(self, key: PlaceKey, opening: Opening) -> _Watched | None:
        """Return a place, read again where it is time; others go on with what is known while one is reading."""
        with self._lock:
            watched, old = self._places.get(key), True
            if watched is not None:
                self._places.move_to_end(key)
                old = watched.is_old(opening.seen_at)
                if watched.being_read or not (old or watched.has_many_new()):
                    return watched
                watched.being_read = True
        try:
            with self._database.reading() as session:
                if old or watched is None:
                    yardstick, read_at = read_yardstick(session, opening), opening.seen_at
                else:
                    yardstick, read_at = with_new_rows(session, opening, watched.yardstick), watched.read_at
        finally:
            if watched is not None:
                watched.being_read = False
        with self._lock:
            return self._put(key, opening, yardstick, read_at)

    def _put(
        self, key: PlaceKey, opening: Opening, yardstick: Yardstick | None, read_at: datetime
    ) -> _Watched | None:
        earlier = self._places.pop(key, None)
        for over in [k for k, place in self._places.items() if place.ends_at <= opening.seen_at]:
            del self._places[over]
        if yardstick is None:
            return None
        watched = _Watched(
            yardstick=yardstick,
            # The rows know no time: the rhythm is what this process has seen itself.
            known=replace(yardstick.stored, rhythm=earlier.known.rhythm) if earlier else yardstick.stored,
            edition=next(self._editions),
            n_since=0,
            read_at=read_at,
            ends_at=opening.closed_at,
        )
        self._places[key] = watched
        if len(self._places) > self._most:
            self._places.popitem(last=False)
        return watched


def add_flagger(app: App, database: Database) -> None:
    """Give an app its memory of places."""
    app.extensions[EXTENSION] = Flagger(database)


def the_flagger() -> Flagger:
    """Return the running app's memory of places."""
    return cast("Flagger", current_app.extensions[EXTENSION])


def _log(where: str, error: Exception) -> None:
    # Only what failed and in which line: a message or a traceback's values could quote an answer.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    _LOG.warning("not flagged (%s): %s in %s:%s", where, type(error).__name__, frame.name, frame.lineno)
