"""Reading links as respondents meet them, and counting what came in; no answer is ever read here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from scoring.questionnaire import Questionnaire
from surveyapp.counties.models import County
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.responses.refusals import LinkRevoked, LinkUnknown, SurveyClosed, SurveyNotYetOpen
from surveyapp.surveys.models import QuestionnaireVersion, Survey, SurveyState, end_of, state_at
from surveyapp.surveys.questionnaires import questionnaire_id, stored_questionnaire

# The shape of a token, so that nothing else reaches the database (a NUL would be an error there, not a miss).
TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a link opens: whose form it is, of which survey, and whether it may be filled in."""

    token: str
    survey_id: int
    group: str
    cluster: str
    cluster_name: str
    county: str
    is_demonstration: bool
    survey_title: str
    opens_at: datetime
    closed_at: datetime
    seen_at: datetime
    state: SurveyState
    revoked: bool
    questionnaire: Questionnaire

    def require_open(self) -> None:
        """Raise the refusal that keeps the form from being shown."""
        if self.revoked:
            raise LinkRevoked
        if self.state is SurveyState.SCHEDULED:
            raise SurveyNotYetOpen(self.opens_at)
        if self.state is not SurveyState.OPEN:
            raise SurveyClosed


_OPENING = (
    select(
        Link.survey_id, Link.group_code, Link.cluster, Link.cluster_name, Link.revoked_at, County.name,
        County.is_demonstration, Survey.title, Survey.questionnaire_version, Survey.opens_at, Survey.closes_at,
        Survey.closed_early_at, Survey.sealed_at,
    )
    .join(Survey, Survey.id == Link.survey_id)
    .join(County, County.id == Survey.county_id)
    .where(Link.token == bindparam("token"))
)
_BODY = select(QuestionnaireVersion.body).where(QuestionnaireVersion.id == bindparam("identity"))


def opening(session: Session, token: str, now: datetime) -> Opening:
    """Find what a link's token opens."""
    row = session.execute(_OPENING, {"token": token}).one_or_none() if TOKEN.fullmatch(token) else None
    if row is None:
        raise LinkUnknown
    identity = questionnaire_id(row.questionnaire_version, row.group_code)
    body = session.scalars(_BODY, {"identity": identity}).one()
    return Opening(
        token=token,
        survey_id=row.survey_id,
        group=row.group_code,
        cluster=row.cluster,
        cluster_name=row.cluster_name,
        county=row.name,
        is_demonstration=row.is_demonstration,
        survey_title=row.title,
        opens_at=row.opens_at,
        closed_at=end_of(row.closes_at, row.closed_early_at),
        seen_at=now,
        state=state_at(now, row.opens_at, row.closes_at, row.closed_early_at, row.sealed_at),
        revoked=row.revoked_at is not None,
        questionnaire=stored_questionnaire(body),
    )


def counts_by_group(session: Session, survey_id: int) -> dict[str, int]:
    """Count a survey's valid responses by group; a group without any is not in the answer."""
    counted = (
        select(Link.group_code, func.count())
        .join(Response, Response.link_id == Link.id)
        .where(Response.survey_id == survey_id, Response.voided.is_(False))
        .group_by(Link.group_code)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def counts_by_link(session: Session, survey_id: int) -> dict[int, int]:
    """Count a survey's valid responses by link; a link without any is not in the answer."""
    counted = (
        select(Response.link_id, func.count())
        .where(Response.survey_id == survey_id, Response.voided.is_(False))
        .group_by(Response.link_id)
    )
    return {row[0]: row[1] for row in session.execute(counted)}
