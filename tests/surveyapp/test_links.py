"""Issuing and revoking links: once per group and place, never for one principal, and gone when revoked."""

from __future__ import annotations

import itertools
import re
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County
from surveyapp.counties.queries import CountyUnknown
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.links.refusals import LinkTooNarrow
from surveyapp.links.services import SCHOOL_GROUPS, LinkChoice, issue_links, revoke_link
from surveyapp.surveys.models import Group, Survey
from surveyapp.surveys.refusals import SurveyOver
from tests.support.factories import MakeSurvey
from tests.support.visitors import PASSWORD, Respondent

HOUR = timedelta(hours=1)
SCHOOLS = [("3714020001", "第一小学"), ("3714020002", "第二小学")]
EVERYTHING = [LinkChoice(group) for group in Group] + [
    LinkChoice(group, code, name) for group in SCHOOL_GROUPS for code, name in SCHOOLS
]


def new_token() -> str:
    return secrets.token_urlsafe(16)


@pytest.fixture
def make_member(database: Database) -> Callable[[str], StaffMember]:
    def make(scope: str) -> StaffMember:
        login = f"administrator-{scope}"
        identity = create_account(
            database, login, login, Role.COUNTY_ADMINISTRATOR, scope, PASSWORD, None, datetime.now(UTC)
        )
        return StaffMember(identity, login, login, Role.COUNTY_ADMINISTRATOR, scope)

    return make


@pytest.fixture
def staff(make_member: Callable[[str], StaffMember]) -> StaffMember:
    return make_member("371402")


def acts(database: Database, action: str) -> list[str]:
    with database.reading() as session:
        found = select(AuditEntry.detail).where(AuditEntry.action == action).order_by(AuditEntry.id)
        return list(session.scalars(found))


def all_links(database: Database) -> list[Link]:
    with database.reading() as session:
        return list(session.scalars(select(Link).order_by(Link.id)))


def test_a_link_is_issued_per_group_and_per_group_and_school(
    database: Database, survey: Survey, staff: StaffMember
) -> None:
    now, numbers = datetime.now(UTC), itertools.count(1)
    issued = issue_links(database, survey.id, EVERYTHING, staff, now, lambda: f"{next(numbers):022d}")
    stored = all_links(database)
    assert [link.token for link in stored] == [f"{n:022d}" for n in range(1, 14)]
    assert [(link.group_code, link.cluster, link.cluster_name) for link in stored] == [
        (choice.group, choice.cluster, choice.cluster_name) for choice in EVERYTHING
    ]
    assert {link.id for link in issued} == {link.id for link in stored}
    assert {(link.issued_at, link.issued_by, link.revoked_at) for link in stored} == {(now, staff.name, None)}
    assert acts(database, "links_issued") == [
        "county: student 1, parent 1, teacher 1, principal 1, deputy 1, cppcc 1, public 1; "
        "schools: student 2, parent 2, teacher 2"
    ]


def test_what_is_there_is_not_issued_again_and_leaves_no_act(
    database: Database, survey: Survey, staff: StaffMember
) -> None:
    now = datetime.now(UTC)
    twice = [LinkChoice(Group.PARENT), LinkChoice(Group.PARENT)]
    (first,) = issue_links(database, survey.id, twice, staff, now, new_token)
    assert issue_links(database, survey.id, twice, staff, now + HOUR, new_token) == []
    (more,) = issue_links(
        database, survey.id, [LinkChoice(Group.PARENT), LinkChoice(Group.PUBLIC)], staff, now, new_token
    )
    assert more.group_code == "public"
    assert [link.token for link in all_links(database)] == [first.token, more.token]
    assert acts(database, "links_issued") == ["county: parent 1", "county: public 1"]


def test_a_revoked_link_is_replaced_by_a_new_one_and_stays_revoked(
    database: Database, survey: Survey, staff: StaffMember
) -> None:
    now, choice = datetime.now(UTC), [LinkChoice(Group.PARENT)]
    (old,) = issue_links(database, survey.id, choice, staff, now, new_token)
    revoke_link(database, old.id, staff, now)
    (new,) = issue_links(database, survey.id, choice, staff, now, new_token)
    assert new.token != old.token
    assert [link.revoked_at for link in all_links(database)] == [now, None]


@pytest.mark.parametrize("group", [group for group in Group if group not in SCHOOL_GROUPS], ids=str)
def test_no_link_at_one_school_is_issued_for_a_small_named_group(
    database: Database, survey: Survey, staff: StaffMember, group: Group
) -> None:
    choices = [LinkChoice(Group.PARENT), LinkChoice(group, *SCHOOLS[0])]
    with pytest.raises(LinkTooNarrow):
        issue_links(database, survey.id, choices, staff, datetime.now(UTC), new_token)
    assert all_links(database) == []


def test_a_survey_that_is_over_gets_no_links_and_a_sealed_one_keeps_them(
    database: Database, county: County, make_survey: MakeSurvey, staff: StaffMember
) -> None:
    now, choice = datetime.now(UTC), [LinkChoice(Group.PARENT)]
    survey = make_survey(county, opens_at=now + HOUR, closes_at=now + 2 * HOUR)
    (link,) = issue_links(database, survey.id, choice, staff, now, new_token)
    with pytest.raises(SurveyOver):
        issue_links(database, survey.id, [LinkChoice(Group.PUBLIC)], staff, now + 2 * HOUR, new_token)
    with database.writing() as session:
        session.get_one(Survey, survey.id).sealed_at = now + 2 * HOUR
    with pytest.raises(SurveyOver):
        revoke_link(database, link.id, staff, now + 3 * HOUR)
    assert [(link.group_code, link.revoked_at) for link in all_links(database)] == [("parent", None)]


def test_links_of_a_foreign_county_are_unknown(
    database: Database, link: Link, make_member: Callable[[str], StaffMember]
) -> None:
    neighbour, now = make_member("371403"), datetime.now(UTC)
    with pytest.raises(CountyUnknown):
        issue_links(database, link.survey_id, [LinkChoice(Group.PUBLIC)], neighbour, now, new_token)
    with pytest.raises(CountyUnknown):
        revoke_link(database, link.id, neighbour, now)
    with pytest.raises(CountyUnknown):
        revoke_link(database, link.id + 1, neighbour, now)
    assert [link.revoked_at for link in all_links(database)] == [None]


def test_a_revoked_link_answers_410_and_nothing_else_changes(
    database: Database, link: Link, staff: StaffMember, public_client: Respondent
) -> None:
    assert public_client.get(f"/s/{link.token}").status_code == 200
    now = datetime.now(UTC)
    revoke_link(database, link.id, staff, now)
    page = public_client.page(f"/s/{link.token}", 410)
    assert page.find("form") is None
    assert "停用" in page.find("h1").get_text()
    revoke_link(database, link.id, staff, now + HOUR)
    assert [link.revoked_at for link in all_links(database)] == [now]
    (act,) = acts(database, "link_revoked")
    assert link.token not in act, "the record of acts must not open forms"


def test_many_hands_issuing_at_once_issue_each_link_once(
    database: Database, survey: Survey, staff: StaffMember
) -> None:
    ready, n = threading.Barrier(4), []

    def issue() -> None:
        ready.wait()
        n.append(len(issue_links(database, survey.id, EVERYTHING, staff, datetime.now(UTC), new_token)))

    hands = [threading.Thread(target=issue) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(20)
    assert sorted(n) == [0, 0, 0, len(EVERYTHING)]
    assert len(all_links(database)) == len(EVERYTHING)


def test_tokens_of_the_pages_hold_128_random_bits() -> None:
    from surveyapp.links import routes

    assert routes.TOKEN_BYTES * 8 >= 128
    tokens = {routes.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
