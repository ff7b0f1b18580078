"""Reading counties: every staff query for a county goes through the scope here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County


class CountyUnknown(Exception):
    """There is no such county, or none this member of staff may know of: the same answer for both."""


def counties_in_scope(session: Session, staff: StaffMember) -> list[County]:
    """List the counties a member of staff may see, by code."""
    found = select(County).where(County.code.startswith(staff.scope, autoescape=True)).order_by(County.code)
    return list(session.scalars(found))


def county_in_scope(session: Session, staff: StaffMember, code: str) -> County:
    """Return one county, or say it is unknown when it lies outside the scope."""
    county = session.scalars(select(County).where(County.code == code)).one_or_none()
    if county is None or not staff.covers(county.code):
        raise CountyUnknown(code)
    return county
