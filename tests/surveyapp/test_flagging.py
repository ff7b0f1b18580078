"""Flags at receipt: what a place is remembered by, what a form's time is, and that neither ever costs an answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from scoring.flags import OVER_POPULATION, TOO_FAST
from surveyapp.config import Config
from surveyapp.counties.models import County
from surveyapp.links.models import Link
from surveyapp.responses import flagging
from surveyapp.responses.flagging import NOTHING_SEEN, Flagger
from surveyapp.responses.keys import flag_salt, hkdf
from surveyapp.responses.models import Response
from surveyapp.responses.queries import opening
from surveyapp.responses.rosters import people_at, pupils_by_school
from surveyapp.responses.services import record
from surveyapp.responses.tickets import VALID_FOR
from surveyapp.surveys.models import Group, Survey, SurveyGroup, SurveyKey
from tests.support.answers import submission
from tests.support.factories import MakeLink, MakeSurvey
from tests.support.replay import START, SetClock, Stage, file_schools, school
from tests.support.visitors import hidden_fields, parsed

NOW = START + timedelta(days=3)
CALM = 120.0
# Plain rows say nothing of themselves; what is flagged here is flagged for the time or the number alone.
ROWS = ["555555555555", "444444444444", "333333333333", "222222222222"]


@pytest.fixture
def clock(database_url: str) -> Iterator[SetClock]:
    """Give the database with a clock of the test's."""
    opened = SetClock(database_url)
    opened.at = NOW
    yield opened
    opened.close()


@pytest.fixture
def month(county: County, make_survey: MakeSurvey) -> Survey:
    return make_survey(county, now=START + timedelta(days=1), closes_at=START + timedelta(days=30))


@pytest.fixture
def place(clock: SetClock, county: County, month: Survey, make_link: MakeLink) -> Link:
    """Give the parents' link of a school of three pupils."""
    file_schools(clock, county, [school("s1", 3), school("s2", None)])
    return make_link(month, cluster="s1", cluster_name="一小")


def look(flagger: Flagger, clock: SetClock, link: Link, answers: str = ROWS[0]) -> flagging.Sighting:
    """Look at a form that took its time."""
    with clock.reading() as session:
        return flagger.look(opening(session, link.token, clock.at), answers, CALM)


def store(flagger: Flagger, clock: SetClock, link: Link, n: int) -> flagging.Sighting:
    """Look at a form, store it and keep it, as the route does."""
    seen = look(flagger, clock, link)
    sent = submission(link, n.to_bytes(16, "big"), issued_at=clock.at, flags=seen.codes)
    assert not record(clock, sent).repeated
    flagger.keep(seen)
    return seen


def test_the_same_form_sent_again_and_again_counts_once(clock: SetClock, config: Config, place: Link) -> None:
    stage = Stage(clock, config)
    ticket = stage.ticket(place, NOW - timedelta(seconds=CALM))
    assert stage.send(place, ROWS[0], at=NOW, ticket=ticket) == ()
    for _ in range(5):
        assert stage.send(place, ROWS[0], at=NOW, ticket=ticket) is None
    assert stage.send(place, ROWS[1], at=NOW, seconds=CALM) == ()
    assert stage.send(place, ROWS[2], at=NOW, seconds=CALM) == ()
    assert stage.send(place, ROWS[3], at=NOW, seconds=CALM) == (OVER_POPULATION,)


def test_a_refused_form_changes_nothing(clock: SetClock, config: Config, place: Link) -> None:
    stage = Stage(clock, config)
    ticket = stage.ticket(place, NOW - timedelta(seconds=CALM))
    assert stage.send(place, ROWS[0], at=NOW, ticket=ticket) == ()
    client = stage.apps[0].test_client()
    for overall in "1234":
        reused = client.post(f"/s/{place.token}", data={"ticket": ticket, "q12": overall})
        assert reused.status_code == 409
    assert stage.send(place, ROWS[1], at=NOW, seconds=CALM) == ()
    assert stage.send(place, ROWS[2], at=NOW, seconds=CALM) == ()


def test_a_link_that_replaces_another_continues_it(
    clock: SetClock, config: Config, month: Survey, place: Link, make_link: MakeLink
) -> None:
    stage = Stage(clock, config)
    for n in range(3):
        assert stage.send(place, ROWS[n], at=NOW, seconds=CALM) == ()
    again = make_link(month, cluster="s1", cluster_name="一小")
    assert stage.send(again, ROWS[3], at=NOW, seconds=CALM) == (OVER_POPULATION,)
    pupils = make_link(month, Group.STUDENT, cluster="s1", cluster_name="一小")
    ticket = stage.ticket(pupils, NOW - timedelta(seconds=CALM), form="student")
    assert stage.send(pupils, ROWS[3][:11], at=NOW, ticket=ticket) == ()


def test_a_process_that_starts_anew_reads_what_is_stored(clock: SetClock, place: Link) -> None:
    before = Flagger(clock)
    for n in range(3):
        assert store(before, clock, place, n).codes == ()
    assert look(Flagger(clock), clock, place).codes == (OVER_POPULATION,)


def test_within_a_minute_a_process_knows_what_others_stored(clock: SetClock, place: Link) -> None:
    one, other = Flagger(clock), Flagger(clock)
    assert look(other, clock, place).codes == ()
    for n in range(3):
        store(one, clock, place, n)
    clock.at = NOW + timedelta(seconds=59)
    assert look(other, clock, place).codes == ()
    clock.at = NOW + timedelta(seconds=60)
    assert look(other, clock, place).codes == (OVER_POPULATION,)


def test_after_ten_of_its_own_a_process_reads_what_others_stored(
    clock: SetClock, county: County, month: Survey, make_link: MakeLink
) -> None:
    file_schools(clock, county, [school("s3", 15)])
    link = make_link(month, cluster="s3", cluster_name="三小")
    one, other = Flagger(clock), Flagger(clock)
    look(other, clock, link)
    for n in range(6):
        store(one, clock, link, n)
    # Nine of its own and none of the other's; the tenth makes sixteen of fifteen, which the next reading shows.
    assert [store(other, clock, link, n).codes for n in range(6, 16)] == [()] * 10
    assert store(other, clock, link, 16).codes == (OVER_POPULATION,)


def test_read_again_while_a_form_is_being_stored_it_is_not_counted_twice(clock: SetClock, place: Link) -> None:
    flagger = Flagger(clock)
    first = look(flagger, clock, place)
    record(clock, submission(place, b"k" * 16, issued_at=clock.at))
    clock.at = NOW + timedelta(minutes=2)
    second = look(flagger, clock, place, ROWS[1])
    flagger.keep(first)
    record(clock, submission(place, b"l" * 16, issued_at=clock.at))
    flagger.keep(second)
    assert look(flagger, clock, place).codes == ()
    assert store(flagger, clock, place, 2).codes == ()
    assert look(flagger, clock, place).codes == (OVER_POPULATION,)


def test_voided_answers_leave_room_for_honest_ones(clock: SetClock, place: Link) -> None:
    flagger = Flagger(clock)
    for n in range(3):
        store(flagger, clock, place, n)
    with clock.writing() as session:
        session.execute(update(Response).values(voided=True))
    clock.at = NOW + timedelta(minutes=1)
    assert look(flagger, clock, place).codes == ()


def test_no_more_places_are_remembered_than_told(
    clock: SetClock, month: Survey, place: Link, make_link: MakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = flagging.read_yardstick
    monkeypatch.setattr(flagging, "read_yardstick", lambda session, at: (read.append(at.cluster), real(session, at))[1])
    flagger = Flagger(clock, most=2)
    links = [place, *(make_link(month, cluster=f"o{n}", cluster_name=f"{n}") for n in range(2))]
    for link in [*links, links[2], links[1], links[0]]:
        look(flagger, clock, link)
    assert read == ["s1", "o0", "o1", "s1"]


@pytest.mark.parametrize("end", ["closed", "sealed"])
def test_when_it_is_over_nothing_is_looked_at(clock: SetClock, month: Survey, place: Link, end: str) -> None:
    flagger = Flagger(clock)
    assert look(flagger, clock, place).trace is not None
    with clock.writing() as session:
        if end == "closed":
            session.execute(update(Survey).values(closed_early_at=clock.at))
        else:
            session.execute(delete(SurveyKey))
    clock.at = NOW + timedelta(minutes=1)
    assert look(flagger, clock, place) == NOTHING_SEEN


@pytest.mark.parametrize(("seconds", "codes"), [(0, (TOO_FAST,)), (21, (TOO_FAST,)), (22, ()), (-30, (TOO_FAST,))])
def test_the_time_is_that_since_the_ticket_was_given(
    clock: SetClock, config: Config, place: Link, seconds: int, codes: tuple[str, ...]
) -> None:
    """The parents' form asks for 21.7 s (docs/flags.md); a clock that stepped back counts as no time at all."""
    assert Stage(clock, config).send(place, ROWS[2], at=NOW, seconds=seconds) == codes


def test_a_page_that_came_back_unfinished_keeps_its_first_time(clock: SetClock, config: Config, place: Link) -> None:
    stage = Stage(clock, config)
    ticket = stage.ticket(place, NOW - timedelta(seconds=40))
    back = stage.apps[0].test_client().post(f"/s/{place.token}", data={"ticket": ticket, "q01": "5"})
    assert back.status_code == 422
    shown = hidden_fields(parsed(back))["ticket"]
    assert stage.send(place, ROWS[0], at=NOW + timedelta(seconds=1), ticket=shown) == ()


@pytest.mark.parametrize("why", ["expired", "foreign"])
def test_a_renewed_form_knows_no_time_so_that_nobody_looks_fast(
    clock: SetClock, config: Config, place: Link, why: str
) -> None:
    stage = Stage(clock, config)
    ticket = stage.ticket(place, NOW - VALID_FOR - timedelta(seconds=2)) if why == "expired" else "A" * 74
    fields = {f"q{n:02d}": "5" for n in range(1, 13)}
    back = stage.apps[0].test_client().post(f"/s/{place.token}", data={"ticket": ticket} | fields)
    assert back.status_code == (422 if why == "expired" else 400)
    renewed = hidden_fields(parsed(back))["ticket"]
    assert stage.send(place, ROWS[0], at=NOW + timedelta(seconds=1), ticket=renewed) == ()


@pytest.mark.parametrize("broken", ["read_yardstick", "flag", "keep"])
def test_whatever_fails_costs_codes_and_never_an_answer(
    clock: SetClock, config: Config, place: Link, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, broken: str,
) -> None:  # fmt: skip
    stage = Stage(clock, config)
    answers = "543210543214"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot do {answers}")

    if broken == "keep":
        monkeypatch.setattr(Flagger, "_keep", fail)
        assert stage.send(place, answers, at=NOW, seconds=0) == (TOO_FAST,)
    else:
        monkeypatch.setattr(flagging, broken, fail)
        assert stage.send(place, answers, at=NOW, seconds=0) == ()
    warned = [entry for entry in caplog.records if entry.name == flagging.__name__]
    assert [entry.levelno for entry in warned] == [logging.WARNING]
    assert "RuntimeError" in warned[0].getMessage()
    assert answers not in caplog.text


def test_the_salt_is_derived_from_the_survey_s_secret_and_is_not_the_secret() -> None:
    assert flag_salt(b"k" * 32) == hkdf(b"k" * 32, salt=b"", info=b"flags v1", length=32)
    assert flag_salt(b"k" * 32) not in {flag_salt(b"l" * 32), b"k" * 32}


def test_people_are_counted_only_where_a_register_says_so(
    clock: SetClock, county: County, month: Survey
) -> None:
    file_schools(clock, county, [school("old", 9)])
    file_schools(clock, county, [
        school("primary", 400),
        school("nine", 300, "nine_year", pupils_junior="150"),
        school("twelve", 300, "twelve_year", pupils_junior="150", pupils_senior="200"),
        school("half", 300, "nine_year"),
        school("blank", None),
        school("special", 30, "special"),
    ], version=2)  # fmt: skip
    with clock.writing() as session:
        session.execute(update(SurveyGroup).where(SurveyGroup.group_code == "teacher").values(population=812))
    expected = {"primary": 400, "nine": 450, "twelve": 450, "half": None, "blank": None, "special": None}
    with clock.reading() as session:
        assert pupils_by_school(session, month) == expected
        for group in (Group.STUDENT, Group.PARENT):
            found = {code: people_at(session, month, group, code) for code in expected}
            assert found == expected
        assert people_at(session, month, Group.PARENT, "old") is None
        assert people_at(session, month, Group.TEACHER, "primary") is None
        assert people_at(session, month, Group.TEACHER, "") == 812
        assert people_at(session, month, Group.PUBLIC, "") is None
