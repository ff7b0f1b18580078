"""What stands in the tables about a county's year, as the text cells a dossier's files hold."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.counties.models import Judgement, SchoolFile, SchoolRecord, VetoAct
from surveyapp.counties.standing import criterion_cells

Cells = tuple[dict[str, str], ...]


def newest_school_file(session: Session, county_id: int, year: int | None = None) -> SchoolFile | None:
    """Return a county's current school file of a year, or of its newest year."""
    files = select(SchoolFile).where(SchoolFile.county_id == county_id)
    if year is not None:
        files = files.where(SchoolFile.year == year)
    return session.scalars(files.order_by(SchoolFile.year.desc(), SchoolFile.version.desc()).limit(1)).first()


def school_cells(session: Session, school_file: SchoolFile | None) -> Cells:
    """Return the schools of a file, in its order."""
    if school_file is None:
        return ()
    cells = select(SchoolRecord.cells).where(SchoolRecord.school_file_id == school_file.id)
    return tuple(json.loads(text) for text in session.scalars(cells.order_by(SchoolRecord.source_row)))


def criteria_cells(session: Session, county_id: int, year: int) -> Cells:
    """Return every judgement of a year, the latest last."""
    found = session.scalars(
        select(Judgement)
        .where(Judgement.county_id == county_id, Judgement.year == year)
        .order_by(Judgement.judged_at, Judgement.id)
    )
    return tuple(criterion_cells(row) for row in found)


def veto_cells(session: Session, county_id: int, year: int) -> Cells:
    """Return every act on a veto item of a year, the latest last."""
    found = session.scalars(
        select(VetoAct)
        .where(VetoAct.county_id == county_id, VetoAct.year == year)
        .order_by(VetoAct.acted_at, VetoAct.id)
    )
    return tuple(
        {"code": row.code, "state": row.state, "level": row.level, "reason": row.reason} for row in found
    )
