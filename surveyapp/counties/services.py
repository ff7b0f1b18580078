"""What is done to a county: its school file imported, its criteria judged, its veto items raised and decided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from scoring.criteria import parse_criteria
from scoring.errors import Defect
from scoring.ruleset import RuleSet, load_rule_set
from scoring.vetoes import VetoRow, parse_vetoes, standing_of
from scoring.vetoes import VetoState as ScoringVetoState
from surveyapp.accounts.audit import record_act
from surveyapp.accounts.models import Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County, Judgement, Level, SchoolFile, SchoolRecord, VetoAct, VetoState
from surveyapp.counties.queries import veto_acts_of
from surveyapp.counties.refusals import (
    CriterionUnknown,
    JudgementRefused,
    NothingEntered,
    ReasonMissing,
    ReasonRefused,
    VetoActOutOfPlace,
)
from surveyapp.counties.schoolfile import canonical_cells, read_school_file, shown_file_name
from surveyapp.counties.standing import FIRST_ROW, veto_rows
from surveyapp.db import Database

LEVEL_OF = {
    Role.COUNTY_ADMINISTRATOR: Level.COUNTY,
    Role.CITY_INSPECTOR: Level.CITY,
    Role.PROVINCE_INSPECTOR: Level.PROVINCE,
}
"""The level a role speaks for; an operator speaks for none."""

EVIDENCE = "evidence"
"""Where a defect of the evidence stands among those of the parts."""


@dataclass(frozen=True, slots=True)
class NewCounty:
    """A county to be added."""

    code: str
    name: str
    city: str
    province: str
    rule_set_id: str
    residents: int | None
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one part of a criterion, as typed; blank is nothing said."""

    part: str
    value: str
    judgement: str


def create_county(database: Database, new: NewCounty, staff: StaffMember | None, now: datetime) -> County:
    """Add a county; without a staff member it is the installation itself that adds it."""
    load_rule_set(new.rule_set_id)
    county = County(code=new.code, name=new.name, city=new.city, province=new.province, residents=new.residents,
                    rule_set_id=new.rule_set_id, is_demonstration=new.is_demonstration)
    with database.writing() as session:
        session.add(county)
        if staff is not None:
            record_act(session, staff, "county_created", subject=new.name, now=now, county_code=new.code)
    return county


def import_schools(
    database: Database, county: County, year: int, file_name: str, data: bytes, staff: StaffMember, now: datetime
) -> SchoolFile:
    """Import a school file as a new version, whole or not at all; the bytes are kept as they came."""
    table = read_school_file(file_name, data)
    with database.writing() as session:
        newest = select(func.max(SchoolFile.version)).where(
            SchoolFile.county_id == county.id, SchoolFile.year == year)
        file = SchoolFile(
            county_id=county.id, year=year, version=(session.scalar(newest) or 0) + 1,
            file_name=shown_file_name(file_name), sheet_name=table.sheet, sha256=hashlib.sha256(data).hexdigest(),
            original=data, columns=json.dumps(dict(table.columns)), n_schools=len(table.rows),
            imported_at=now, imported_by=staff.name,
        )  # fmt: skip
        session.add(file)
        session.flush()
        session.add_all(
            SchoolRecord(
                school_file_id=file.id, source_row=row.row, school_code=row.school_code, school_name=row.school_name,
                kind=row.kind.value, locality=row.locality or "",
                cells=json.dumps(canonical_cells(row), ensure_ascii=False),
            )
            for row in table.rows
        )  # fmt: skip
        subject = f"{year} v{file.version} {file.file_name}"
        record_act(session, staff, "schools_imported", subject=subject, now=now, county_code=county.code,
                   detail=f"{file.n_schools} / sha256 {file.sha256}")
    return file


def judge(
    database: Database, county: County, year: int, code: str, entries: Sequence[Entry], evidence: str,
    staff: StaffMember, now: datetime,
) -> list[Judgement]:
    """Write down what a level says of a criterion, part by part; nothing said before is changed."""
    said = [entry for entry in entries if entry.value.strip() or entry.judgement]
    if not said:
        raise NothingEntered
    level, evidence = LEVEL_OF[staff.role], _plain_lines(evidence)
    cells = [{"code": code, "part": entry.part, "value": entry.value, "judgement": entry.judgement,
              "level": level.value, "evidence": evidence} for entry in said]  # fmt: skip
    _, defects = parse_criteria(cells, rule_set=load_rule_set(county.rule_set_id), first_row=FIRST_ROW)
    if defects:
        raise JudgementRefused(_placed(defects, said))
    with database.writing() as session:
        rows = [
            Judgement(county_id=county.id, year=year, code=code, part=entry.part, value=entry.value.strip() or None,
                      judgement=entry.judgement or None, level=level.value, evidence=evidence,
                      judged_at=now, judged_by=staff.name)
            for entry in said
        ]  # fmt: skip
        session.add_all(rows)
        detail = "; ".join(f"{e.part or code}: {e.value} {e.judgement}".strip() for e in said)
        record_act(session, staff, "judged", subject=f"{year} {code}", now=now, county_code=county.code,
                   detail=detail)
    return rows


def act_on_veto(
    database: Database, county: County, year: int, code: str, state: VetoState, reason: str,
    staff: StaffMember, now: datetime,
) -> VetoAct:
    """Say something of a veto item, if it moves the item by the rules of who may overrule whom."""
    rule_set, level, reason = load_rule_set(county.rule_set_id), LEVEL_OF[staff.role], _plain_lines(reason)
    if code not in {indicator.code for indicator in rule_set.domain("5")}:
        raise CriterionUnknown(code)
    if not reason:
        raise ReasonMissing
    with database.writing() as session:
        # What counts is decided against all that was said before, inside the transaction that says it.
        acts = veto_acts_of(session, county.id, year)
        before = [row for row in veto_rows(acts, rule_set) if row.code == code]
        act = VetoAct(county_id=county.id, year=year, code=code, state=state.value, level=level.value,
                      reason=reason, acted_at=now, acted_by=staff.name)
        if not _moves(before, _row_of(act, before, rule_set)):
            raise VetoActOutOfPlace(code, VetoState(standing_of(before).state))
        session.add(act)
        record_act(session, staff, "veto_acted", subject=f"{year} {code} {state.value}", now=now,
                   county_code=county.code, detail=reason)
    return act


def _row_of(act: VetoAct, before: Sequence[VetoRow], rule_set: RuleSet) -> VetoRow | None:
    """Read an act as it will be read back from the dossier, or refuse its reason; no row is a county that decides."""
    number = max((row.row for row in before), default=FIRST_ROW) + 1
    cells = {"code": act.code, "state": act.state, "level": act.level, "reason": act.reason}
    rows, defects = parse_vetoes([cells], rule_set=rule_set, first_row=number)
    for defect in defects:
        if defect.column == "reason":
            raise ReasonRefused(defect)
    return rows[0] if rows else None


def _moves(before: Sequence[VetoRow], new: VetoRow | None) -> bool:
    """Say whether an act changes who or what is the item's standing; a county cannot decide at all."""
    if new is None or new.state is ScoringVetoState.UNASSESSED:
        return False
    raised_once = (ScoringVetoState.RAISED, ScoringVetoState.CONFIRMED, ScoringVetoState.DISMISSED)
    if new.state is ScoringVetoState.DISMISSED and standing_of(before).state not in raised_once:
        return False
    return standing_of([*before, new]).by is new


def _plain_lines(typed: str) -> str:
    """Return a text with its lines ended as the dossier ends them; browsers send CRLF."""
    return typed.replace("\r\n", "\n").replace("\r", "\n").strip()


def _placed(defects: Sequence[Defect], said: Sequence[Entry]) -> list[tuple[str, Defect]]:
    """Put each defect at the part it is about, and one of the evidence, which all parts share, there and once."""
    shared = [defect for defect in defects if defect.column == EVIDENCE][:1]
    of_parts = [(said[(defect.row or FIRST_ROW) - FIRST_ROW].part, defect)
                for defect in defects if defect.column != EVIDENCE]  # fmt: skip
    return of_parts + [(EVIDENCE, defect) for defect in shared]
