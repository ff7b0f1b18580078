"""Creating and closing surveys: targets as computed by hand, windows at both sides of each bound, acts on record."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County
from surveyapp.counties.queries import CountyUnknown
from surveyapp.db import Database
from surveyapp.errors import broken_truth
from surveyapp.surveys.models import Group, Purpose, Survey, SurveyGroup, SurveyKey, SurveyState
from surveyapp.surveys.queries import complete_versions, groups_of, survey_in_scope, survey_to_change
from surveyapp.surveys.questionnaires import load_questionnaires, store_questionnaires
from surveyapp.surveys.refusals import (
    NewSurveyRefused,
    QuestionnaireVersionUnknown,
    ReasonMissing,
    ResidentsBelowRecord,
    SurveyExists,
    SurveyNotOpen,
    TitleMissing,
    WindowOver,
    WindowTooEarly,
    WindowTooLong,
    WindowTooShort,
    YearOutOfRange,
)
from surveyapp.surveys.services import NewSurvey, close_early, create_survey
from tests.support.factories import MakeCounty, MakeSurvey, current_questionnaire_version
from tests.support.visitors import PASSWORD

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECRET = b"s" * 32
NEW = NewSurvey(
    title="德城区2026年满意度调查", purpose=Purpose.SELF_EVALUATION, year=2026,
    questionnaire_version=current_questionnaire_version(), residents=500_000,
    populations={Group.PRINCIPAL: 60, Group.DEPUTY: 40, Group.CPPCC: 30}, sampled_in_monitoring=True,
    opens_at=NOW + DAY, closes_at=NOW + 5 * DAY,
)  # fmt: skip


def member(database: Database, role: Role, scope: str) -> StaffMember:
    login = f"{role.value.replace('_', '-')}-{scope}"
    identity = create_account(database, login, "李主任", role, scope, PASSWORD, None, NOW)
    return StaffMember(identity, login, "李主任", role, scope)


@pytest.fixture
def county(make_county: MakeCounty) -> County:
    """Give a county of as many residents as the published example has."""
    return make_county(residents=500_000)


@pytest.fixture
def administrator(database: Database) -> StaffMember:
    store_questionnaires(database, NOW)
    return member(database, Role.COUNTY_ADMINISTRATOR, "371402")


@pytest.fixture
def inspector(database: Database) -> StaffMember:
    return member(database, Role.CITY_INSPECTOR, "3714")


def stored_surveys(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(Survey)).one()


def acts(database: Database, action: str) -> list[AuditEntry]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def targets(database: Database, survey_id: int) -> dict[str, int | None]:
    with database.reading() as session:
        return {code: group.target for code, group in groups_of(session, survey_id).items()}


def test_targets_are_those_of_the_published_example(
    database: Database, county: County, administrator: StaffMember
) -> None:
    # The notice of 2024: 1.5‰ of 500,000 residents is 750; parents half, 375; the other six share 375 about
    # equally: 62.5 each, so three get 63 and three 62, the first in the order of the groups the larger.
    identity = create_survey(database, county, replace(NEW, populations={}), administrator, NOW, SECRET)
    assert targets(database, identity) == {
        "student": 63, "parent": 375, "teacher": 63, "principal": 63, "deputy": 62, "cppcc": 62, "public": 62,
    }  # fmt: skip


def test_what_small_groups_cannot_give_is_asked_of_the_parents(
    database: Database, county: County, administrator: StaffMember
) -> None:
    # 70 % of 60 principals is 42, of 40 deputies 28, of 30 members of the CPPCC 21. The parents take on
    # (63 - 42) + (62 - 28) + (62 - 21) = 21 + 34 + 41 = 96 beside their 375, and all add up to 750 again.
    identity = create_survey(database, county, NEW, administrator, NOW, SECRET)
    assert targets(database, identity) == {
        "student": 63, "parent": 471, "teacher": 63, "principal": 42, "deputy": 28, "cppcc": 21, "public": 62,
    }  # fmt: skip


def test_without_residents_nothing_is_asked_of_anybody(
    database: Database, county: County, administrator: StaffMember
) -> None:
    identity = create_survey(database, county, replace(NEW, residents=None), administrator, NOW, SECRET)
    assert set(targets(database, identity).values()) == {None}


def test_everything_asked_for_is_stored_and_the_act_written_down(
    database: Database, county: County, administrator: StaffMember
) -> None:
    identity = create_survey(database, county, replace(NEW, title="  调查  "), administrator, NOW, SECRET)
    with database.reading() as session:
        survey = survey_in_scope(session, administrator, identity)
        assert session.get_one(SurveyKey, identity).secret == SECRET
        principals = session.get_one(SurveyGroup, (identity, "principal"))
    assert principals.population == 60
    assert (survey.title, survey.county_id, survey.rule_set_id) == ("调查", county.id, county.rule_set_id)
    assert (survey.opens_at, survey.closes_at, survey.created_at) == (NOW + DAY, NOW + 5 * DAY, NOW)
    assert (survey.created_by, survey.sampled_in_monitoring, survey.residents) == ("李主任", True, 500_000)
    (act,) = acts(database, "survey_created")
    assert (act.at, act.login, act.county_code, act.subject) == (NOW, administrator.login, "371402", "调查")


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"title": " \n "}, TitleMissing),
        ({"year": 2016}, YearOutOfRange),
        ({"year": 2100}, YearOutOfRange),
        ({"questionnaire_version": "1999.1"}, QuestionnaireVersionUnknown),
        ({"residents": 1, "populations": {}}, ResidentsBelowRecord),
        ({"residents": 499_999}, ResidentsBelowRecord),
        ({"opens_at": NOW, "closes_at": NOW - MINUTE}, WindowTooShort),
        ({"opens_at": NOW, "closes_at": NOW}, WindowTooShort),
        ({"opens_at": NOW, "closes_at": NOW + HOUR - MINUTE}, WindowTooShort),
        ({"opens_at": NOW - 2 * HOUR, "closes_at": NOW}, WindowOver),
        ({"opens_at": NOW - DAY - MINUTE, "closes_at": NOW + DAY}, WindowTooEarly),
        ({"opens_at": NOW, "closes_at": NOW + 366 * DAY + MINUTE}, WindowTooLong),
    ],
)
def test_a_survey_nobody_can_mean_is_refused_and_nothing_stored(
    database: Database, county: County, administrator: StaffMember, changed: dict[str, object],
    refusal: type[NewSurveyRefused],
) -> None:  # fmt: skip
    with pytest.raises(refusal):
        create_survey(database, county, replace(NEW, **changed), administrator, NOW, SECRET)  # type: ignore[arg-type]
    assert stored_surveys(database) == 0
    assert acts(database, "survey_created") == []


def test_more_residents_than_on_record_will_do_and_any_number_where_none_is(
    database: Database, county: County, make_county: MakeCounty, administrator: StaffMember
) -> None:
    # 1.5‰ of 500,001 residents is 750.0015: one answer more is asked, 751.
    identity = create_survey(database, county, replace(NEW, residents=500_001), administrator, NOW, SECRET)
    assert sum(target or 0 for target in targets(database, identity).values()) == 751
    unknown = make_county("371403", residents=None)
    neighbour = member(database, Role.COUNTY_ADMINISTRATOR, "371403")
    create_survey(database, unknown, replace(NEW, residents=1), neighbour, NOW, SECRET)
    assert stored_surveys(database) == 2


@pytest.mark.parametrize("n", [0, -1])
def test_a_group_of_nobody_is_stored_by_neither_store(
    database: Database, county: County, administrator: StaffMember, n: int
) -> None:
    new = replace(NEW, residents=None, populations={Group.PARENT: n})
    with pytest.raises((IntegrityError, ValueError)):
        create_survey(database, county, new, administrator, NOW, SECRET)
    assert stored_surveys(database) == 0


@pytest.mark.parametrize(
    ("opens_at", "closes_at"),
    [(NOW, NOW + HOUR), (NOW - 2 * HOUR, NOW + MINUTE), (NOW - DAY, NOW + DAY), (NOW, NOW + 366 * DAY)],
)
def test_a_window_just_within_its_bounds_will_do(
    database: Database, county: County, administrator: StaffMember, opens_at: datetime, closes_at: datetime
) -> None:
    new = replace(NEW, opens_at=opens_at, closes_at=closes_at)
    create_survey(database, county, new, administrator, NOW, SECRET)
    assert stored_surveys(database) == 1


def test_the_same_survey_is_created_once_and_any_difference_makes_another(
    database: Database, county: County, administrator: StaffMember
) -> None:
    create_survey(database, county, NEW, administrator, NOW, SECRET)
    with pytest.raises(SurveyExists, match="德城区2026年满意度调查"):
        create_survey(database, county, replace(NEW, title=f" {NEW.title} "), administrator, NOW, SECRET)
    assert (stored_surveys(database), len(acts(database, "survey_created"))) == (1, 1)
    others = [replace(NEW, title="另一次"), replace(NEW, purpose=Purpose.REHEARSAL), replace(NEW, year=2027),
              replace(NEW, opens_at=NEW.opens_at + MINUTE), replace(NEW, closes_at=NEW.closes_at + MINUTE)]
    for other in others:
        create_survey(database, county, other, administrator, NOW, SECRET)
    assert stored_surveys(database) == 6


def test_of_two_created_at_once_the_second_waits_and_is_refused(
    database: Database, county: County, administrator: StaffMember
) -> None:
    done: list[str] = []
    ready = threading.Barrier(2)

    def create() -> None:
        ready.wait(20)
        try:
            create_survey(database, county, NEW, administrator, NOW, SECRET)
            done.append("created")
        except SurveyExists as refused:
            done.append(refused.title)

    posts = [threading.Thread(target=create) for _ in range(2)]
    for post in posts:
        post.start()
    for post in posts:
        post.join(20)
    assert sorted(done) == ["created", NEW.title]
    assert stored_surveys(database) == 1


def test_the_table_itself_holds_no_survey_twice_and_the_error_has_words(
    database: Database, county: County, make_survey: MakeSurvey
) -> None:
    make_survey(county, now=NOW)
    with pytest.raises(IntegrityError) as caught:
        make_survey(county, now=NOW)
    assert broken_truth(str(caught.value.orig)) == "同样的调查已经存在。"
    assert stored_surveys(database) == 1


def test_a_version_with_a_form_missing_is_no_version(database: Database, county: County) -> None:
    some = [form for form in load_questionnaires() if form.form != "principal"]
    store_questionnaires(database, NOW, some)
    with database.reading() as session:
        assert complete_versions(session) == []
    staff = member(database, Role.COUNTY_ADMINISTRATOR, "371402")
    with pytest.raises(QuestionnaireVersionUnknown):
        create_survey(database, county, NEW, staff, NOW, SECRET)


def test_nobody_creates_a_survey_in_a_county_that_is_not_theirs(database: Database, county: County) -> None:
    store_questionnaires(database, NOW)
    neighbour = member(database, Role.COUNTY_ADMINISTRATOR, "371403")
    with pytest.raises(CountyUnknown):
        create_survey(database, county, NEW, neighbour, NOW, SECRET)
    assert stored_surveys(database) == 0


def test_closing_early_ends_the_window_and_keeps_the_reason(
    database: Database, survey: Survey, inspector: StaffMember
) -> None:
    now = datetime.now(UTC)
    close_early(database, survey.id, " 样本已收齐 ", inspector, now)
    with database.reading() as session:
        closed = survey_in_scope(session, inspector, survey.id)
    assert closed.closed_early_at == now
    assert closed.closes_at == survey.closes_at
    assert closed.state(now - timedelta(microseconds=1)) is SurveyState.OPEN
    assert closed.state(now) is SurveyState.CLOSED
    (act,) = acts(database, "survey_closed_early")
    assert (act.detail, act.login, act.subject) == ("样本已收齐", inspector.login, survey.title)


def test_closing_early_needs_a_reason_and_an_open_survey_in_scope(
    database: Database, county: County, make_survey: MakeSurvey, inspector: StaffMember
) -> None:
    now = datetime.now(UTC)
    survey = make_survey(county, opens_at=now, closes_at=now + HOUR)
    with pytest.raises(ReasonMissing):
        close_early(database, survey.id, " ", inspector, now)
    for when in (now - MINUTE, now + HOUR):
        with pytest.raises(SurveyNotOpen):
            close_early(database, survey.id, "理由", inspector, when)
    elsewhere = member(database, Role.CITY_INSPECTOR, "3702")
    with pytest.raises(CountyUnknown):
        close_early(database, survey.id, "理由", elsewhere, now)
    assert acts(database, "survey_closed_early") == []
    close_early(database, survey.id, "理由", inspector, now)
    with pytest.raises(SurveyNotOpen):
        close_early(database, survey.id, "再来一次", inspector, now + MINUTE)


def test_who_closes_while_another_does_waits_and_is_then_told(
    database: Database, survey: Survey, inspector: StaffMember
) -> None:
    refused: list[Exception] = []
    now = datetime.now(UTC)

    def close() -> None:
        try:
            close_early(database, survey.id, "第二个理由", inspector, now)
        except SurveyNotOpen as error:
            refused.append(error)

    second = threading.Thread(target=close)
    with database.writing() as session:
        survey_to_change(session, inspector, survey.id).closed_early_at = now - MINUTE
        second.start()
        second.join(0.5)
        assert second.is_alive(), "the second did not wait"
    second.join(20)
    assert len(refused) == 1
    assert acts(database, "survey_closed_early") == []
    with database.reading() as session:
        assert survey_in_scope(session, inspector, survey.id).closed_early_at == now - MINUTE
