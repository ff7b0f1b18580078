"""Creating a survey and closing it early; what is asked, and of whom, never changes once it is created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from scoring.ruleset import load_rule_set
from scoring.sample import SampleTargets, group_targets
from surveyapp.accounts.audit import record_act
from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County
from surveyapp.counties.queries import county_in_scope
from surveyapp.counties.years import FIRST_YEAR, LAST_YEAR
from surveyapp.db import Database
from surveyapp.surveys.models import Group, Purpose, Survey, SurveyGroup, SurveyKey, SurveyState
from surveyapp.surveys.queries import complete_versions, hold_county, survey_to_change, surveys_of
from surveyapp.surveys.refusals import (
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

SHORTEST_WINDOW, LONGEST_WINDOW = timedelta(hours=1), timedelta(days=366)
# A survey may open at once, and the time at which it was meant to may have passed while the form was filled in.
EARLIEST_OPENING = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewSurvey:
    """A survey to be created: populations are the registered members of each group, ``None`` where unknown."""

    title: str
    purpose: Purpose
    year: int
    questionnaire_version: str
    residents: int | None
    populations: Mapping[Group, int | None]
    sampled_in_monitoring: bool
    opens_at: datetime
    closes_at: datetime


def targets_of(
    rule_set_id: str, residents: int | None, populations: Mapping[Group, int | None]
) -> SampleTargets | None:
    """Compute how many answers are asked of each group; without residents nothing can be asked."""
    named = {group.value: n for group, n in populations.items()}
    return group_targets(residents, named, load_rule_set(rule_set_id).parameters)


def require_plausible(new: NewSurvey, now: datetime) -> None:
    """Refuse a survey whose name, year or window cannot be meant."""
    if not new.title.strip():
        raise TitleMissing
    if not FIRST_YEAR <= new.year <= LAST_YEAR:
        raise YearOutOfRange(new.year)
    require_window(new.opens_at, new.closes_at, now)


def require_window(opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Refuse a window in which nobody could answer, or whose dates are mistyped."""
    length = closes_at - opens_at
    if length < SHORTEST_WINDOW:
        raise WindowTooShort(length)
    if closes_at <= now:
        raise WindowOver(closes_at)
    if opens_at < now - EARLIEST_OPENING:
        raise WindowTooEarly(opens_at)
    if length > LONGEST_WINDOW:
        raise WindowTooLong(length)


def require_residents(residents: int | None, on_record: int | None) -> None:
    """Refuse fewer residents than the county is on record with: the sample they ask for would shrink."""
    if residents is not None and on_record is not None and residents < on_record:
        raise ResidentsBelowRecord(on_record)


def create_survey(
    database: Database, county: County, new: NewSurvey, staff: StaffMember, now: datetime, secret: bytes
) -> int:
    """Create a survey with its groups' targets and the secret its receipts are made with."""
    require_plausible(new, now)
    targets = targets_of(county.rule_set_id, new.residents, new.populations)
    with database.writing() as session:
        hold_county(session, county.id)
        require_residents(new.residents, county_in_scope(session, staff, county.code).residents)
        if new.questionnaire_version not in complete_versions(session):
            raise QuestionnaireVersionUnknown(new.questionnaire_version)
        _require_new(session, county.id, new)
        survey = Survey(
            county_id=county.id, title=new.title.strip(), purpose=new.purpose.value, year=new.year,
            questionnaire_version=new.questionnaire_version, rule_set_id=county.rule_set_id,
            residents=new.residents, sampled_in_monitoring=new.sampled_in_monitoring,
            opens_at=new.opens_at, closes_at=new.closes_at, created_at=now, created_by=staff.name,
        )  # fmt: skip
        session.add(survey)
        session.flush()
        session.add(SurveyKey(survey_id=survey.id, secret=secret))
        _add_groups(session, survey.id, new.populations, targets)
        record_act(session, staff, "survey_created", subject=survey.title, now=now, county_code=county.code,
                   detail=f"{new.opens_at.isoformat()} – {new.closes_at.isoformat()} {new.questionnaire_version}")
        return survey.id


def close_early(database: Database, survey_id: int, reason: str, staff: StaffMember, now: datetime) -> None:
    """Close an open survey before its window ends; why is on record.

    An answer already on its way in is still accepted; the seal waits for it.
    """
    if not reason.strip():
        raise ReasonMissing
    with database.writing() as session:
        survey = survey_to_change(session, staff, survey_id)
        if survey.state(now) is not SurveyState.OPEN:
            raise SurveyNotOpen(survey_id)
        survey.closed_early_at = now
        record_act(session, staff, "survey_closed_early", subject=survey.title, now=now,
                   county_code=survey.county.code, detail=reason.strip())


def _require_new(session: Session, county_id: int, new: NewSurvey) -> None:
    """Refuse what a form sent twice would store twice; the table's own constraint stands behind this."""
    asked = (new.title.strip(), new.purpose.value, new.year, new.opens_at, new.closes_at)
    for each in surveys_of(session, county_id):
        if (each.title, each.purpose, each.year, each.opens_at, each.closes_at) == asked:
            raise SurveyExists(each.title)


def _add_groups(
    session: Session, survey_id: int, populations: Mapping[Group, int | None], targets: SampleTargets | None
) -> None:
    session.add_all(
        SurveyGroup(survey_id=survey_id, group_code=group.value, population=populations.get(group),
                    target=targets.of(group.value).target if targets else None)
        for group in Group
    )  # fmt: skip
