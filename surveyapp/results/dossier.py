"""Rows → dossier: everything a county's year and its survey left in the tables, as scoring wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.dossier import DossierContent, Purpose
from scoring.questionnaire import Group, QuestionnaireSet
from scoring.responses import ResponseRecord, ResponseTable, response_table
from scoring.ruleset import rule_set_bytes
from surveyapp.counties.models import County
from surveyapp.counties.queries import newest_school_file
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.results.rows import criteria_cells, school_cells, veto_cells
from surveyapp.surveys.models import QuestionnaireVersion, Survey, SurveyGroup
from surveyapp.surveys.questionnaires import load_questionnaires, stored_questionnaire

ID_BYTES = 16
DrawId = Callable[[int], bytes]
"""Returns so many unpredictable bytes, such as ``secrets.token_bytes``."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One response as it stands in the tables."""

    link_id: int
    group: Group
    cluster: str
    questionnaire_id: str
    answers: str
    flags: str
    voided: bool


def dossier_of_survey(
    session: Session, survey: Survey, responses: list[StoredResponse], draw_id: DrawId
) -> DossierContent:
    """Gather the dossier of a survey; every response gets a newly drawn id."""
    populations = select(SurveyGroup).where(SurveyGroup.survey_id == survey.id)
    questionnaires = _questionnaires(session, survey.questionnaire_version)
    return _content(
        session,
        survey.county,
        survey.year,
        rule_set_id=survey.rule_set_id,
        purpose=Purpose(survey.purpose),
        residents=survey.residents,
        populations={row.group_code: row.population for row in session.scalars(populations)},
        sampled_in_monitoring=survey.sampled_in_monitoring,
        questionnaires=questionnaires,
        responses=_table(responses, questionnaires, draw_id),
    )


def dossier_without_survey(session: Session, county: County, year: int) -> DossierContent:
    """Gather what is known of a county's year before any survey is sealed: no response is looked at."""
    questionnaires = QuestionnaireSet(load_questionnaires())
    return _content(
        session,
        county,
        year,
        rule_set_id=county.rule_set_id,
        purpose=Purpose.REHEARSAL,
        residents=county.residents,
        populations={},
        sampled_in_monitoring=False,
        questionnaires=questionnaires,
        responses=response_table((), questionnaires),
    )


def stored_responses(session: Session, survey_id: int) -> list[StoredResponse]:
    """Read a survey's responses with the group and cluster of their links; their ids are not read."""
    found = (
        select(
            Response.link_id, Link.group_code, Link.cluster, Response.questionnaire_id, Response.answers,
            Response.flags, Response.voided,
        )
        .join(Link, Link.id == Response.link_id)
        .where(Response.survey_id == survey_id)
    )  # fmt: skip
    return [StoredResponse(row[0], Group(row[1]), *row[2:]) for row in session.execute(found)]


def _content(
    session: Session,
    county: County,
    year: int,
    *,
    rule_set_id: str,
    purpose: Purpose,
    residents: int | None,
    populations: dict[str, int | None],
    sampled_in_monitoring: bool,
    questionnaires: QuestionnaireSet,
    responses: ResponseTable,
) -> DossierContent:
    return DossierContent(
        county_code=county.code,
        county_name=county.name,
        year=year,
        purpose=purpose,
        demo=county.is_demonstration,
        residents=residents,
        populations=populations,
        sampled_in_monitoring=sampled_in_monitoring,
        rule_set=rule_set_bytes(rule_set_id),
        questionnaires=questionnaires,
        schools=school_cells(session, newest_school_file(session, county.id, year)),
        criteria=criteria_cells(session, county.id, year),
        vetoes=veto_cells(session, county.id, year),
        responses=responses,
    )


def _questionnaires(session: Session, version: str) -> QuestionnaireSet:
    stored = select(QuestionnaireVersion.body).where(QuestionnaireVersion.version == version)
    bodies = session.scalars(stored.order_by(QuestionnaireVersion.id))
    return QuestionnaireSet(tuple(stored_questionnaire(body) for body in bodies))


def _table(
    responses: list[StoredResponse], questionnaires: QuestionnaireSet, draw_id: DrawId
) -> ResponseTable:
    forms = {questionnaire.id: questionnaire.form for questionnaire in questionnaires.questionnaires}
    return response_table(
        (
            ResponseRecord(
                response_id=draw_id(ID_BYTES).hex(),
                group=response.group,
                cluster=response.cluster,
                form=forms[response.questionnaire_id],
                answers=response.answers,
                flags=tuple(response.flags.split()),
                voided=response.voided,
            )
            for response in responses
        ),
        questionnaires,
    )
