"""Reading links; one outside the scope is as unknown as its county."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.queries import CountyUnknown
from surveyapp.links.models import Link


def link_in_scope(session: Session, staff: StaffMember, link_id: int) -> Link:
    """Return one link, or the answer for an unknown county when it lies outside the scope."""
    link = session.get(Link, link_id)
    if link is None or not staff.covers(link.survey.county.code):
        raise CountyUnknown(f"link {link_id}")
    return link


def links_of(session: Session, survey_id: int) -> list[Link]:
    """List a survey's links by school, county-wide ones first."""
    found = select(Link).where(Link.survey_id == survey_id)
    return list(session.scalars(found.order_by(Link.cluster, Link.id)))
