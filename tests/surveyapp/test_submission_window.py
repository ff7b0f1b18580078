"""What comes back, what comes late, and what comes while the survey is being sealed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from surveyapp.config import Config
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.keys import KeyPurpose, subkey
from surveyapp.responses.locks import SURVEY_LOCKS, hold_survey
from surveyapp.responses.models import Response
from surveyapp.responses.refusals import SurveyClosed
from surveyapp.responses.services import record
from surveyapp.responses.tickets import Ticket, issue_ticket
from surveyapp.surveys.models import Survey, SurveyKey
from tests.support.answers import ANSWERS, checked, n_marks, rows, submission, ticket_on
from tests.support.visitors import Respondent, hidden_fields, parsed


def test_without_the_overall_item_the_form_comes_back_with_its_answers(
    public_client: Respondent, database: Database, link: Link
) -> None:
    ticket = ticket_on(public_client, link)
    given = {name: value for name, value in ANSWERS.items() if name != "q12"}
    back = public_client.post(f"/s/{link.token}", data={"ticket": ticket} | given)
    assert back.status_code == 422
    assert checked(back) == given
    page = parsed(back)
    assert [a["href"] for a in page.select("#summary a")] == ["#q12"]
    assert page.select_one("#q12 .error") is not None
    assert hidden_fields(page) == {"ticket": ticket}
    assert rows(database) == []
    assert public_client.post(f"/s/{link.token}", data={"ticket": ticket} | ANSWERS).status_code == 303


def aged(config: Config, link: Link, age: timedelta, key: bytes = b"0123456789abcdef") -> str:
    """Sign a ticket as the app would have done some time ago."""
    return issue_ticket(
        Ticket(key, datetime.now(UTC) - age), subkey=subkey(config.secret, KeyPurpose.TICKET),
        link_token=link.token, questionnaire_id="parent-2026.1",
    )


@pytest.mark.parametrize(("age", "accepted"), [
    (timedelta(hours=23, minutes=59), True), (timedelta(hours=24, minutes=1), False),
])
def test_a_form_left_open_for_more_than_a_day_is_renewed_and_keeps_its_answers(
    public_client: Respondent, database: Database, config: Config, link: Link, age: timedelta, accepted: bool
) -> None:
    ticket = aged(config, link, age)
    answer = public_client.post(f"/s/{link.token}", data={"ticket": ticket} | ANSWERS)
    if not accepted:
        assert answer.status_code == 422
        assert rows(database) == []
        assert checked(answer) == ANSWERS
        renewed = hidden_fields(parsed(answer))["ticket"]
        assert renewed != ticket
        answer = public_client.post(f"/s/{link.token}", data={"ticket": renewed} | ANSWERS)
    assert answer.status_code == 303
    assert len(rows(database)) == 1


def test_a_ticket_that_another_installation_signed_is_renewed_and_keeps_the_answers(
    public_client: Respondent, database: Database, link: Link
) -> None:
    foreign = issue_ticket(Ticket(b"k" * 16, datetime.now(UTC)), subkey=b"another key", link_token=link.token,
                           questionnaire_id="parent-2026.1")
    answer = public_client.post(f"/s/{link.token}", data={"ticket": foreign} | ANSWERS)
    assert answer.status_code == 400
    assert checked(answer) == ANSWERS
    assert rows(database) == []


def test_a_form_stored_yesterday_and_sent_again_keeps_its_receipt(
    public_client: Respondent, database: Database, config: Config, link: Link
) -> None:
    """The mark of the used form is asked before the ticket's age is."""
    young, old = (aged(config, link, timedelta(hours=hours)) for hours in (1, 30))
    first = public_client.post(f"/s/{link.token}", data={"ticket": young} | ANSWERS)
    again = public_client.post(f"/s/{link.token}", data={"ticket": old} | ANSWERS)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    assert len(rows(database)) == 1



NOW = datetime.now(UTC)


@pytest.mark.parametrize(("change", "status"), [
    pytest.param({"closed_early_at": NOW - timedelta(minutes=1)}, 410, id="closed early"),
    pytest.param({"closes_at": NOW - timedelta(minutes=1)}, 410, id="over"),
    pytest.param({"opens_at": NOW + timedelta(hours=1)}, 403, id="not begun"),
    pytest.param({"sealed_at": NOW}, 410, id="sealed"),
])
def test_the_window_is_decided_when_the_form_arrives_not_when_it_was_opened(
    public_client: Respondent, database: Database, survey: Survey, link: Link, change: dict[str, datetime], status: int
) -> None:
    ticket = ticket_on(public_client, link)
    with database.writing() as session:
        session.execute(update(Survey).where(Survey.id == survey.id).values(**change))
    answer = public_client.post(f"/s/{link.token}", data={"ticket": ticket} | ANSWERS)
    assert answer.status_code == status
    assert (len(rows(database)), n_marks(database)) == (0, 0)


def test_a_link_revoked_while_the_form_was_open_accepts_nothing(
    public_client: Respondent, database: Database, link: Link
) -> None:
    ticket = ticket_on(public_client, link)
    with database.writing() as session:
        session.execute(update(Link).values(revoked_at=NOW))
    assert public_client.post(f"/s/{link.token}", data={"ticket": ticket} | ANSWERS).status_code == 410
    assert rows(database) == []


def test_a_response_stored_in_time_keeps_its_receipt_after_the_window(
    public_client: Respondent, database: Database, survey: Survey, link: Link
) -> None:
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    first = public_client.post(f"/s/{link.token}", data=body)
    with database.writing() as session:
        session.execute(update(Survey).values(closed_early_at=datetime.now(UTC)))
        session.execute(update(Link).values(revoked_at=datetime.now(UTC)))
    again = public_client.post(f"/s/{link.token}", data=body)
    assert again.location == first.location
    assert len(rows(database)) == 1


def test_without_the_survey_s_key_nothing_is_stored(database: Database, link: Link) -> None:
    """Sealing destroys the key; whatever else went wrong, no receipt can be made after that."""
    with database.writing() as session:
        session.execute(delete(SurveyKey))
    with pytest.raises(SurveyClosed):
        record(database, submission(link, b"k" * 16))
    assert rows(database) == []


def test_flags_are_kept_as_codes(database: Database, link: Link) -> None:
    record(database, submission(link, b"k" * 16, flags=("fast", "uniform")))
    assert [stored.flags for stored in rows(database)] == ["fast uniform"]


@pytest.mark.parametrize("answers", ["", "6", "5 5", "x", "５", "5\n"])
def test_answers_that_are_no_codes_cannot_even_be_said(link: Link, answers: str) -> None:
    with pytest.raises(ValueError, match="codes"):
        submission(link, b"k" * 16, answers=answers)


def test_sealing_waits_for_submissions_in_flight_and_later_ones_find_it_sealed(
    database: Database, survey: Survey, link: Link
) -> None:
    """One submission goes before the seal and is in it; the one that comes while it is made is refused."""
    record(database, submission(link, b"a" * 16))
    sealing, late = threading.Event(), threading.Event()

    def seal() -> int:
        with database.writing() as session:
            hold_survey(session, survey.id)
            sealing.set()
            late.wait(10)
            threading.Event().wait(0.3)  # the late one is now waiting for this transaction
            session.execute(update(Survey).values(sealed_at=datetime.now(UTC)))
            session.execute(delete(SurveyKey))
            return session.scalar(select(func.count()).select_from(Response)) or 0

    def send_late() -> None:
        sealing.wait(10)
        late.set()
        record(database, submission(link, b"b" * 16))

    with ThreadPoolExecutor(2) as both:
        sealed, sent = both.submit(seal), both.submit(send_late)
        with pytest.raises(SurveyClosed):
            sent.result(30)
        assert sealed.result(30) == 1
    assert len(rows(database)) == 1


def test_sealing_waits_for_a_submission_that_has_not_committed(
    postgres_url: str, request: pytest.FixtureRequest
) -> None:
    """PostgreSQL only: SQLite's write transactions follow one another anyway."""
    first, second = Database(postgres_url), Database(postgres_url)
    request.addfinalizer(first.close)
    request.addfinalizer(second.close)
    done: list[str] = []
    with first.writing_rows() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:space, 7)"), {"space": SURVEY_LOCKS})

        def seal() -> None:
            with second.writing() as session:
                hold_survey(session, 7)
                done.append("sealed")

        with second.writing() as session:
            hold_survey(session, 8)  # another survey's sealing waits for nobody
        thread = threading.Thread(target=seal)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        done.append("submitted")
    thread.join(10)
    assert done == ["submitted", "sealed"]


