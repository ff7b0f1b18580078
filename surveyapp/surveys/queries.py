"""Reading surveys; one outside the scope is as unknown as its county."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County
from surveyapp.counties.queries import CountyUnknown
from surveyapp.surveys.models import QuestionnaireVersion, Survey, SurveyGroup
from surveyapp.surveys.questionnaires import FORM_OF_GROUP


def survey_in_scope(session: Session, staff: StaffMember, survey_id: int) -> Survey:
    """Return one survey, or the answer for an unknown county when it lies outside the scope."""
    survey = session.get(Survey, survey_id, populate_existing=True)
    if survey is None or not staff.covers(survey.county.code):
        raise CountyUnknown(f"survey {survey_id}")
    return survey


def survey_to_change(session: Session, staff: StaffMember, survey_id: int) -> Survey:
    """Return one survey in scope as it is now, and let nobody else change it until this transaction ends.

    SQLite's writers come one after another anyway. Submissions, which only refer to the survey, are not held up.
    """
    held = select(Survey).where(Survey.id == survey_id).with_for_update(of=Survey, key_share=True)
    session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    return survey_in_scope(session, staff, survey_id)


def hold_county(session: Session, county_id: int) -> None:
    """Let nobody else create a survey in a county until this transaction ends: who comes second sees the first's.

    SQLite's writers come one after another anyway. What only refers to the county is not held up.
    """
    held = select(County.id).where(County.id == county_id).with_for_update(key_share=True)
    session.execute(held).one_or_none()


def surveys_of(session: Session, county_id: int) -> list[Survey]:
    """List a county's surveys, the newest first."""
    found = select(Survey).where(Survey.county_id == county_id)
    return list(session.scalars(found.order_by(Survey.opens_at.desc(), Survey.id.desc())))


def groups_of(session: Session, survey_id: int) -> dict[str, SurveyGroup]:
    """Return what is asked of each group of a survey."""
    found = session.scalars(select(SurveyGroup).where(SurveyGroup.survey_id == survey_id))
    return {group.group_code: group for group in found}


def complete_versions(session: Session) -> list[str]:
    """List the questionnaire versions that have a form for every group, the newest first."""
    forms: dict[str, set[str]] = {}
    for version, form in session.execute(select(QuestionnaireVersion.version, QuestionnaireVersion.form)):
        forms.setdefault(version, set()).add(form)
    needed = {form.value for form in FORM_OF_GROUP.values()}
    return sorted((version for version, found in forms.items() if needed <= found), reverse=True)
