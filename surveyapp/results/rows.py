"""What stands in the tables about a county's year, as the text cells a dossier's files hold."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.counties.models import SchoolFile, SchoolRecord
from surveyapp.counties.queries import judgements_of, veto_acts_of, years_with_data
from surveyapp.counties.standing import criterion_cells
from surveyapp.surveys.models import Survey

Cells = tuple[dict[str, str], ...]


def years_of(session: Session, county_id: int) -> set[int]:
    """Return the years of which anything stands in a county's tables, a survey included."""
    surveys = select(Survey.year).where(Survey.county_id == county_id).distinct()
    return years_with_data(session, [county_id]) | set(session.scalars(surveys))


def school_cells(session: Session, school_file: SchoolFile | None) -> Cells:
    """Return the schools of a file, in its order."""
    if school_file is None:
        return ()
    cells = select(SchoolRecord.cells).where(SchoolRecord.school_file_id == school_file.id)
    return tuple(json.loads(text) for text in session.scalars(cells.order_by(SchoolRecord.source_row)))


def criteria_cells(session: Session, county_id: int, year: int) -> Cells:
    """Return every judgement of a year, the latest last."""
    return tuple(criterion_cells(row) for row in judgements_of(session, county_id, year))


def veto_cells(session: Session, county_id: int, year: int) -> Cells:
    """Return every act on a veto item of a year, the latest last."""
    return tuple(
        {"code": act.code, "state": act.state, "level": act.level, "reason": act.reason}
        for act in veto_acts_of(session, county_id, year)
    )
