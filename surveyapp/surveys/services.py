"""Creating a survey and closing it early; what is asked, and of whom, never changes once it is created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from scoring.ruleset import load_rule_set
from scoring.sample import SampleTargets, group_targets
from surveyapp.accounts.audit import record_act
from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.surveys.models import Group, Purpose, QuestionnaireVersion, Survey, SurveyGroup, SurveyKey, SurveyState
from surveyapp.surveys.queries import survey_in_scope
from surveyapp.surveys.questionnaires import FORM_OF_GROUP
from surveyapp.surveys.refusals import QuestionnaireVersionUnknown, SurveyNotOpen, WindowInvalid


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


def create_survey(
    database: Database, county: County, new: NewSurvey, staff: StaffMember, now: datetime, secret: bytes
) -> int:
    """Create a survey with its groups' targets and the secret its receipts are made with."""
    if new.opens_at >= new.closes_at or new.closes_at <= now:
        raise WindowInvalid
    targets = targets_of(county.rule_set_id, new.residents, new.populations)
    with database.writing() as session:
        forms = set(session.scalars(select(QuestionnaireVersion.form).where(
            QuestionnaireVersion.version == new.questionnaire_version)))
        if not {form.value for form in FORM_OF_GROUP.values()} <= forms:
            raise QuestionnaireVersionUnknown(new.questionnaire_version)
        survey = Survey(
            county_id=county.id, title=new.title.strip(), purpose=new.purpose.value, year=new.year,
            questionnaire_version=new.questionnaire_version, rule_set_id=county.rule_set_id,
            residents=new.residents, sampled_in_monitoring=new.sampled_in_monitoring,
            opens_at=new.opens_at, closes_at=new.closes_at, created_at=now, created_by=staff.name,
        )  # fmt: skip
        session.add(survey)
        session.flush()
        session.add(SurveyKey(survey_id=survey.id, secret=secret))
        session.add_all(
            SurveyGroup(survey_id=survey.id, group_code=group.value, population=new.populations.get(group),
                        target=targets.of(group.value).target if targets else None)
            for group in Group
        )  # fmt: skip
        record_act(session, staff, "survey_created", subject=survey.title, now=now, county_code=county.code,
                   detail=f"{new.opens_at.isoformat()} – {new.closes_at.isoformat()} {new.questionnaire_version}")
        return survey.id


def close_early(database: Database, survey_id: int, reason: str, staff: StaffMember, now: datetime) -> None:
    """Close an open survey before its window ends; why is on record.

    An answer already on its way in is still accepted; the seal waits for it.
    """
    with database.writing() as session:
        survey = survey_in_scope(session, staff, survey_id)
        if survey.state(now) is not SurveyState.OPEN:
            raise SurveyNotOpen(survey_id)
        survey.closed_early_at = now
        record_act(session, staff, "survey_closed_early", subject=survey.title, now=now,
                   county_code=survey.county.code, detail=reason.strip())
