"""Which places should be looked at by people once a survey is over: for the level above, never for the county."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from scoring.findings import Reason
from scoring.flags import review_reasons
from scoring.link_state import empty_state
from scoring.ruleset import load_rule_set
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.responses.rosters import COUNTED_BY_PUPILS, pupils_by_school
from surveyapp.surveys.models import Group, Survey
from surveyapp.surveys.queries import groups_of


@dataclass(frozen=True, slots=True)
class PlaceToReview:
    """One group at one place, or county-wide where ``name`` is empty, and why somebody should go there."""

    group: Group
    name: str
    reasons: tuple[Reason, ...]


def places_to_review(session: Session, survey: Survey) -> tuple[PlaceToReview, ...]:
    """Return the places over their roster or with many flagged responses, from everything that is stored."""
    thresholds = load_rule_set(survey.rule_set_id).parameters.flags
    pupils, registered = pupils_by_school(session, survey), groups_of(session, survey.id)
    flagged = func.sum(case((Response.flags != "", 1), else_=0))
    counted = (
        select(Link.group_code, Link.cluster, func.max(Link.cluster_name), func.count(), flagged)
        .join(Response, Response.link_id == Link.id)
        .where(Response.survey_id == survey.id, Response.voided.is_(False))
        .group_by(Link.group_code, Link.cluster)
        .order_by(Link.cluster, Link.group_code)
    )
    found = []
    for code, cluster, name, n_responses, n_flagged in session.execute(counted):
        group, asked = Group(code), registered.get(code)
        people = asked.population if asked else None
        if cluster:
            people = pupils.get(cluster) if group in COUNTED_BY_PUPILS else None
        # Only how many came and how many carry a flag is asked here; of what they answered nothing is read.
        state = replace(empty_state(1), n_responses=n_responses, n_flagged=n_flagged)
        reasons = review_reasons(state, people, thresholds)
        if reasons:
            found.append(PlaceToReview(group, name, reasons))
    return tuple(found)
