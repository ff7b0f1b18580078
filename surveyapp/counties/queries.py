"""Reading counties: every staff query for a county goes through the scope here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from scoring.schools import SchoolRow, parse_school_rows
from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County, Judgement, SchoolFile, SchoolRecord, VetoAct
from surveyapp.counties.refusals import SchoolFileUnknown


class CountyUnknown(Exception):
    """There is no such county, or none this member of staff may know of: the same answer for both."""


@dataclass(frozen=True, slots=True)
class FiledSchool:
    """One school of a file: its record, and its figures read from the record's cells."""

    record: SchoolRecord
    row: SchoolRow


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


def scope_names(session: Session, scope: str = "") -> dict[str, str]:
    """Name every scope at and below one: provinces, cities and counties, in the order of their codes."""
    found = select(County).where(County.code.startswith(scope, autoescape=True)).order_by(County.code)
    names: dict[str, str] = {}
    for county in session.scalars(found):
        names.setdefault(county.code[:2], county.province)
        names.setdefault(county.code[:4], f"{county.province} {county.city}")
        names[county.code] = f"{county.city} {county.name}"
    return {code: name for code, name in sorted(names.items()) if code.startswith(scope)}


def years_with_data(session: Session, county_ids: Iterable[int]) -> set[int]:
    """Return the years something was imported, judged or said of a county."""
    ids = list(county_ids)
    years: set[int] = set()
    for table in (SchoolFile, Judgement, VetoAct):
        years |= set(session.scalars(select(table.year).where(table.county_id.in_(ids)).distinct()))
    return years


def school_files(session: Session, county_id: int, year: int) -> list[SchoolFile]:
    """List the imported versions of a year, the current one first."""
    found = select(SchoolFile).where(SchoolFile.county_id == county_id, SchoolFile.year == year)
    return list(session.scalars(found.order_by(SchoolFile.version.desc())))


def newest_school_file(session: Session, county_id: int, year: int) -> SchoolFile | None:
    """Return the current version of a year."""
    found = select(SchoolFile).where(SchoolFile.county_id == county_id, SchoolFile.year == year)
    return session.scalars(found.order_by(SchoolFile.version.desc()).limit(1)).first()


def school_file_with_original(session: Session, county_id: int, year: int, version: int) -> SchoolFile:
    """Return one version with the bytes it came from."""
    found = select(SchoolFile).where(
        SchoolFile.county_id == county_id, SchoolFile.year == year, SchoolFile.version == version
    )
    file = session.scalars(found.options(undefer(SchoolFile.original))).one_or_none()
    if file is None:
        raise SchoolFileUnknown(version)
    return file


def filed_schools(session: Session, school_file: SchoolFile | None) -> tuple[FiledSchool, ...]:
    """Return the schools of a file in its order, each with the row it stood in."""
    if school_file is None:
        return ()
    found = select(SchoolRecord).where(SchoolRecord.school_file_id == school_file.id)
    records = list(session.scalars(found.order_by(SchoolRecord.source_row)))
    rows, defects = parse_school_rows([json.loads(record.cells) for record in records], file=school_file.file_name)
    if defects:
        raise ValueError(f"school file {school_file.id} is stored with defects: {defects[0].en}")
    return tuple(FiledSchool(record, row) for record, row in zip(records, rows, strict=True))


def judgements_of(session: Session, county_id: int, year: int) -> list[Judgement]:
    """List everything entered and judged of a year, the latest last."""
    found = select(Judgement).where(Judgement.county_id == county_id, Judgement.year == year)
    return list(session.scalars(found.order_by(Judgement.judged_at, Judgement.id)))


def veto_acts_of(session: Session, county_id: int, year: int) -> list[VetoAct]:
    """List every act on a veto item of a year, the latest last."""
    found = select(VetoAct).where(VetoAct.county_id == county_id, VetoAct.year == year)
    return list(session.scalars(found.order_by(VetoAct.acted_at, VetoAct.id)))
