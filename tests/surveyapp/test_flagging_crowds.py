"""Crowds through the real path: who is flagged when whole meetings and whole scripts post their forms.

The simulators are those docs/flags.md was measured with; here every form is a request, and the seconds are those
between its ticket and its arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import pytest

from surveyapp.config import Config
from surveyapp.counties.models import County
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.surveys.models import Survey
from tests.crowds.honest import parents_meeting
from tests.crowds.hostile import Style, sabotage_of_a_county, script_at_a_school, staff_room
from tests.crowds.playback import Arrival, Crowd
from tests.support.factories import MakeLink, MakeSurvey
from tests.support.replay import START, SetClock, Stage, file_schools, school, share_flagged

MAY_BE_WRONG, MUST_BE_CAUGHT = 0.01, 0.95
OpenLinks = Callable[[Crowd], dict[str, Link]]


@pytest.fixture
def clock(database_url: str) -> Iterator[SetClock]:
    """Give the database with a clock of the test's."""
    opened = SetClock(database_url)
    yield opened
    opened.close()


@pytest.fixture
def month(county: County, make_survey: MakeSurvey) -> Survey:
    """Give a survey that is open for a month from the instant the crowds' clocks begin."""
    return make_survey(county, now=START + timedelta(days=1), closes_at=START + timedelta(days=30))


@pytest.fixture
def open_links(clock: SetClock, county: County, month: Survey, make_link: MakeLink) -> OpenLinks:
    """Give a way to file a crowd's schools and to issue their parents' links."""

    def issue(crowd: Crowd) -> dict[str, Link]:
        file_schools(clock, county, [school(place, n) for place, n in crowd.populations.items()])
        return {place: make_link(month, cluster=place, cluster_name=place) for place in crowd.populations}

    return issue


def first(arrivals: tuple[Arrival, ...], n: int, *, hostile: bool) -> list[Arrival]:
    """Return a crowd's arrivals without all but the first so many of one kind."""
    kept = [arrival for arrival in arrivals if arrival.hostile is hostile][:n]
    return [arrival for arrival in arrivals if arrival.hostile is not hostile or arrival in kept]


def test_a_parents_meeting_passes(clock: SetClock, config: Config, open_links: OpenLinks) -> None:
    crowd = parents_meeting(Random(11))
    told = Stage(clock, config).play(crowd.arrivals, open_links(crowd))
    assert len(told) == 390
    assert share_flagged(told, hostile=False) <= MAY_BE_WRONG


@pytest.mark.parametrize("style", [Style.AT_ONCE, Style.SHORT_WAIT])
def test_a_script_at_a_school_is_caught(
    clock: SetClock, config: Config, open_links: OpenLinks, style: Style
) -> None:
    crowd = script_at_a_school(Random(11), style)
    told = Stage(clock, config).play(first(crowd.arrivals, 150, hostile=True), open_links(crowd))
    assert share_flagged(told, hostile=True) >= MUST_BE_CAUGHT
    assert share_flagged(told, hostile=False) <= MAY_BE_WRONG


def test_a_staff_room_is_caught_by_its_haste_alone(
    clock: SetClock, config: Config, open_links: OpenLinks
) -> None:
    """57 of 60: no device is told apart from another, so that what remains is how fast they are."""
    crowd = staff_room(Random(11), keeps_token=False)
    stage = Stage(clock, config)
    told = stage.play(crowd.arrivals, open_links(crowd))
    assert sum(bool(codes) for arrival, codes in told if arrival.hostile) >= 57
    assert share_flagged(told, hostile=False) <= MAY_BE_WRONG
    assert {code for codes in stage.stored() for code in codes.split()} == {"too_fast", "contradiction", "burst"}
    # What was looked at is discarded: a row has its codes, and no column that could hold a time or a device.
    assert set(Response.__table__.columns.keys()) == {
        "id", "survey_id", "link_id", "questionnaire_id", "answers", "flags", "voided",
    }  # fmt: skip


def test_sabotage_of_a_county_is_caught_and_honest_answers_are_not(
    clock: SetClock, config: Config, open_links: OpenLinks
) -> None:
    crowd = sabotage_of_a_county(Random(11), Style.SHORT_WAIT)
    told = Stage(clock, config).play(first(crowd.arrivals, 150, hostile=False), open_links(crowd))
    assert sum(arrival.hostile for arrival, _ in told) == 300
    assert share_flagged(told, hostile=True) >= MUST_BE_CAUGHT
    assert share_flagged(told, hostile=False) <= MAY_BE_WRONG


def test_two_processes_see_what_one_would_see(
    clock: SetClock, config: Config, open_links: OpenLinks
) -> None:
    """One varied row again and again, at reading speed: only what others stored gives it away."""
    crowd = script_at_a_school(Random(11), Style.ONE_ROW_PATIENT)
    stage = Stage(clock, config, n_workers=2)
    told = stage.play(first(crowd.arrivals, 280, hostile=True), open_links(crowd))
    caught = [codes for arrival, codes in told if arrival.hostile]
    # Where others have answered before, four copies pass before one process knows (docs/flags.md). Of two, each has
    # read the other's up to the last ten: at most so many more pass.
    assert sum(not codes for codes in caught) <= 4 + 10
    assert share_flagged(told, hostile=True) >= MUST_BE_CAUGHT
    assert share_flagged(told, hostile=False) <= MAY_BE_WRONG
