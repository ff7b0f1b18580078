"""One rendered form gives at most one response: sent twice, sent by fifty at once, sent with other answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import select, update

from surveyapp.db import Base, Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.responses.queries import counts_by_group, counts_by_link
from surveyapp.surveys.models import Group, Survey
from tests.support.answers import ANSWERS, n_marks, rows, ticket_on
from tests.support.factories import MakeLink
from tests.support.visitors import Respondent


def test_a_filled_form_is_stored_and_thanked_with_a_receipt(
    public_client: Respondent, database: Database, link: Link
) -> None:
    answer = public_client.submit(f"/s/{link.token}", ANSWERS)
    assert answer.status_code == 303
    [stored] = rows(database)
    assert stored.answers == "543210543214"
    assert (stored.survey_id, stored.link_id) == (link.survey_id, link.id)
    assert stored.questionnaire_id == "parent-2026.1"
    # No person answers twelve items in the moment between two requests of a test.
    assert (stored.flags, stored.voided, len(stored.id)) == ("too_fast", False, 16)
    page = public_client.page(answer.location)
    assert answer.location.rsplit("/", 1)[1] in page.get_text()


def test_only_the_overall_item_must_be_answered(public_client: Respondent, database: Database, link: Link) -> None:
    assert public_client.submit(f"/s/{link.token}", {"q12": "0"}).status_code == 303
    assert [stored.answers for stored in rows(database)] == ["-----------0"]


def test_the_thanks_differ_in_nothing_but_the_receipt(
    public_client: Respondent, survey: Survey, make_link: MakeLink
) -> None:
    pages = []
    for group, overall in ((Group.PARENT, "q12"), (Group.STUDENT, "q11")):
        answer = public_client.submit(f"/s/{make_link(survey, group).token}", {overall: "1" if pages else "5"})
        receipt = answer.location.rsplit("/", 1)[1]
        pages.append(public_client.get(answer.location).get_data(as_text=True).replace(receipt, "…"))
    assert pages[0] == pages[1]


def test_a_receipt_that_was_never_given_is_unknown(public_client: Respondent) -> None:
    public_client.page("/done/" + "-".join(["0000"] * 6), 404)


def test_nothing_of_the_sender_is_stored_anywhere(
    public_client: Respondent, database: Database, link: Link
) -> None:
    """Whatever table it might hide in, no column holds the address or the browser of the request."""
    browser, address = "CanaryBrowser/7.0", "203.0.113.77"
    ticket = ticket_on(public_client, link)
    sent = public_client.post(
        f"/s/{link.token}", data={"ticket": ticket} | ANSWERS, headers={"User-Agent": browser},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert sent.status_code == 303
    assert set(Response.__table__.columns.keys()) == {
        "id", "survey_id", "link_id", "questionnaire_id", "answers", "flags", "voided",
    }
    with database.reading() as session:
        everything = repr([session.execute(select(table)).all() for table in Base.metadata.tables.values()])
    receipt = sent.location.rsplit("/", 1)[1]
    for canary in (browser, address, ticket, receipt):
        assert canary not in everything




def test_sent_again_the_same_form_gives_the_same_receipt(
    public_client: Respondent, database: Database, link: Link
) -> None:
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    places = {public_client.post(f"/s/{link.token}", data=body).location for _ in range(3)}
    assert len(places) == 1
    assert (len(rows(database)), n_marks(database)) == (1, 1)


def test_sent_again_with_other_answers_the_first_stand(
    public_client: Respondent, database: Database, link: Link
) -> None:
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    assert public_client.post(f"/s/{link.token}", data=body).status_code == 303
    again = public_client.post(f"/s/{link.token}", data=body | {"q12": "1"})
    assert again.status_code == 409
    assert "第一次提交的答案有效" in again.get_data(as_text=True)
    assert [stored.answers for stored in rows(database)] == ["543210543214"]


def test_two_forms_with_the_same_answers_are_two_responses(
    public_client: Respondent, database: Database, link: Link
) -> None:
    """A family phone: the same link opened twice."""
    places = {public_client.submit(f"/s/{link.token}", ANSWERS).location for _ in range(2)}
    assert len(places) == 2
    assert len(rows(database)) == 2


def test_fifty_at_once_give_one_row_and_one_receipt(
    public_app: Flask, public_client: Respondent, database: Database, link: Link
) -> None:
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    start = threading.Barrier(50)

    def send(_: int) -> tuple[int, str]:
        client = Respondent(public_app)
        start.wait(30)
        answer = client.post(f"/s/{link.token}", data=body)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(50) as senders:
        answers = list(senders.map(send, range(50)))
    assert set(answers) == {answers[0]}
    assert answers[0][0] == 303
    assert (len(rows(database)), n_marks(database)) == (1, 1)


def test_fifty_at_once_with_different_answers_leave_one_and_tell_the_rest(
    public_app: Flask, public_client: Respondent, database: Database, link: Link
) -> None:
    ticket = ticket_on(public_client, link)
    start = threading.Barrier(50)

    def send(n: int) -> int:
        client = Respondent(public_app)
        start.wait(30)
        return client.post(f"/s/{link.token}", data={"ticket": ticket, "q01": str(n % 5), "q12": "5"}).status_code

    with ThreadPoolExecutor(50) as senders:
        statuses = list(senders.map(send, range(50)))
    # 50 senders, 5 bodies of 10 each: the ten that sent what was stored have it acknowledged.
    assert (statuses.count(303), statuses.count(409)) == (10, 40)
    assert (len(rows(database)), n_marks(database)) == (1, 1)


def test_fifty_different_forms_at_once_are_all_stored(
    public_app: Flask, database: Database, link: Link
) -> None:
    def send(_: int) -> str:
        answer = Respondent(public_app).submit(f"/s/{link.token}", ANSWERS)
        assert answer.status_code == 303
        return answer.location

    with ThreadPoolExecutor(50) as senders:
        assert len(set(senders.map(send, range(50)))) == 50
    assert (len(rows(database)), n_marks(database)) == (50, 50)




def test_what_came_in_is_counted_by_group_and_by_link_and_voided_ones_are_not(
    public_client: Respondent, database: Database, survey: Survey, make_link: MakeLink
) -> None:
    parents, more_parents, teachers = make_link(survey), make_link(survey), make_link(survey, Group.TEACHER)
    for link in (parents, parents, more_parents, teachers):
        assert public_client.submit(f"/s/{link.token}", {"q12": "5"}).status_code == 303
    with database.reading() as session:
        assert counts_by_group(session, survey.id) == {"parent": 3, "teacher": 1}
        assert counts_by_link(session, survey.id) == {parents.id: 2, more_parents.id: 1, teachers.id: 1}
    with database.writing() as session:
        session.execute(update(Response).where(Response.link_id == teachers.id).values(voided=True))
    with database.reading() as session:
        assert counts_by_group(session, survey.id) == {"parent": 3}


