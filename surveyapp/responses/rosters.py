"""How many people of a group there are at a place, where anybody has registered it."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.schools import SchoolRow, parse_school_rows
from surveyapp.counties.models import SchoolRecord
from surveyapp.counties.queries import filed_schools, newest_school_file
from surveyapp.surveys.models import Group, Survey, SurveyGroup

# The school file counts pupils and nobody else. A family answers for each of its children, so that a school has
# as many parents' forms to expect as pupils; how many teachers it has the file does not say.
COUNTED_BY_PUPILS = frozenset({Group.STUDENT, Group.PARENT})


def people_at(session: Session, survey: Survey, group: Group, cluster: str) -> int | None:
    """Return how many people of a group a place has by the survey's registers, ``None`` where nobody knows.

    County-wide that is the group's registered number; at a school, for pupils and parents, the pupils of the
    compulsory stages in the current school file.
    """
    if not cluster:
        return _registered(session, survey.id, group)
    if group not in COUNTED_BY_PUPILS:
        return None
    file = newest_school_file(session, survey.county_id, survey.year)
    if file is None:
        return None
    found = select(SchoolRecord.cells).where(
        SchoolRecord.school_file_id == file.id, SchoolRecord.school_code == cluster
    )
    cells = session.scalar(found)
    if cells is None:
        return None
    rows, _ = parse_school_rows([json.loads(cells)], file=file.file_name)
    return compulsory_pupils(rows[0]) if rows else None


def pupils_by_school(session: Session, survey: Survey) -> dict[str, int | None]:
    """Return the pupils of the compulsory stages of every school of the current file, by the school's code."""
    file = newest_school_file(session, survey.county_id, survey.year)
    return {school.row.school_code: compulsory_pupils(school.row) for school in filed_schools(session, file)}


def compulsory_pupils(row: SchoolRow) -> int | None:
    """Return a school's pupils of the compulsory stages, ``None`` where a stage's cell is blank.

    Special and vocational schools have no stage that the rules count by; their people are not known from here.
    """
    counted = [row.pupils(stage) for stage in row.stages]
    known = [n for n in counted if n is not None]
    return sum(known) if counted and len(known) == len(counted) else None


def _registered(session: Session, survey_id: int, group: Group) -> int | None:
    found = select(SurveyGroup.population).where(
        SurveyGroup.survey_id == survey_id, SurveyGroup.group_code == group.value
    )
    return session.scalar(found)
