"""Reading links; one outside the scope is as unknown as its county."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import SchoolRecord
from surveyapp.counties.queries import CountyUnknown, newest_school_file
from surveyapp.links.models import Link
from surveyapp.surveys.models import Survey


def link_in_scope(session: Session, staff: StaffMember, link_id: int) -> Link:
    """Return one link, or the answer for an unknown county when it lies outside the scope."""
    link = session.get(Link, link_id, populate_existing=True)
    if link is None or not staff.covers(link.survey.county.code):
        raise CountyUnknown(f"link {link_id}")
    return link


def links_of(session: Session, survey_id: int) -> list[Link]:
    """List a survey's links by school, county-wide ones first."""
    found = select(Link).where(Link.survey_id == survey_id)
    return list(session.scalars(found.order_by(Link.cluster, Link.id)))


def schools_of(session: Session, survey: Survey) -> list[tuple[str, str]]:
    """List the code and name of the schools links can be issued for: those of the year's current file."""
    file = newest_school_file(session, survey.county_id, survey.year)
    if file is None:
        return []
    found = select(SchoolRecord.school_code, SchoolRecord.school_name).where(SchoolRecord.school_file_id == file.id)
    return [(row[0], row[1]) for row in session.execute(found.order_by(SchoolRecord.source_row))]
