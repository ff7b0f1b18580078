"""Reading a plan from the data files it is kept in, and naming everything that is wrong with them."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from surveyapp.plan.refusals import PlanFileInvalid

SHIPPED = Path(__file__).resolve().parent / "data"
SHIPPED_PLANS = ("dezhou-2023",)
PLAN_FILE, TARGETS_FILE, SCHEDULE_FILE = "plan.toml", "targets.csv", "schedule.csv"

COEFFICIENT_MEASURES = ("cv_primary", "cv_junior")
SHARE_MEASURES = ("class_size", "school_size", "resource_rule", *(f"1.{n}" for n in range(1, 8)))
MEASURES = COEFFICIENT_MEASURES + SHARE_MEASURES

_PRINTED = re.compile(r"\d+(\.\d+)?")
_CODE = re.compile(r"\d{6}")
_STEP_COLUMNS = ("step", "time", "stage", "measures", "target_counties", "note")


@dataclass(frozen=True, slots=True)
class CountyTargets:
    """One county's line of the targets: its figures as printed, in the order of :data:`MEASURES`."""

    code: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the schedule."""

    step: int
    time: str
    stage: str
    measures: str
    target_counties: str
    note: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One place where text and annexes disagree."""

    subject: str
    text_says: str
    annex_says: str


@dataclass(frozen=True, slots=True)
class PlanFile:
    """One plan, whole."""

    id: str
    title: str
    document_number: str
    issued_by: str
    issued_on: str
    scope: str
    city: str
    province: str
    year: int
    rule_set_id: str
    targets: tuple[CountyTargets, ...]
    steps: tuple[Step, ...]
    remarks: tuple[Remark, ...]


def shipped_plan(plan_id: str) -> PlanFile:
    """Read a plan that ships with the program."""
    return read_plan(SHIPPED / plan_id)


def read_plan(folder: Path) -> PlanFile:
    """Read a plan from a folder, or name everything that is wrong with it."""
    head = tomllib.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    targets, steps = _lines(folder / TARGETS_FILE), _lines(folder / SCHEDULE_FILE)
    faults = [
        *_header_faults(TARGETS_FILE, targets, ("county_code", "county", *MEASURES)),
        *_header_faults(SCHEDULE_FILE, steps, _STEP_COLUMNS),
    ]
    if not faults:
        faults = [*_target_faults(targets, str(head["scope"])), *_step_faults(steps)]
    if faults:
        raise PlanFileInvalid(f"{folder.name}: " + "; ".join(faults))
    return PlanFile(
        id=head["id"],
        title=head["title"],
        document_number=head["document_number"],
        issued_by=head["issued_by"],
        issued_on=head["issued_on"],
        scope=head["scope"],
        city=head["city"],
        province=head["province"],
        year=head["year"],
        rule_set_id=head["rule_set_id"],
        targets=tuple(
            CountyTargets(line["county_code"], line["county"], tuple(line[measure] for measure in MEASURES))
            for line in targets
        ),
        steps=tuple(Step(int(line["step"]), *(line[name] for name in _STEP_COLUMNS[1:])) for line in steps),
        remarks=tuple(Remark(r["subject"], r["text_says"], r["annex_says"]) for r in head.get("remarks", ())),
    )


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{str(name): value or "" for name, value in line.items()} for line in csv.DictReader(file)]


def _header_faults(file: str, lines: list[dict[str, str]], expected: tuple[str, ...]) -> Iterator[str]:
    found = tuple(lines[0]) if lines else ()
    if found != expected:
        yield f"{file}:1 表头应为 {','.join(expected)},现为 {','.join(found)}"


def _target_faults(lines: list[dict[str, str]], scope: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, line in enumerate(lines, 2):
        code = line["county_code"]
        if not _CODE.fullmatch(code) or not code.startswith(scope):
            yield f"{TARGETS_FILE}:{number} county_code 应为以 {scope} 开头的六位代码,现为 {code!r}"
        if code in seen:
            yield f"{TARGETS_FILE}:{number} county_code {code} 重复"
        seen.add(code)
        for measure in MEASURES:
            if not _PRINTED.fullmatch(line[measure]):
                yield f"{TARGETS_FILE}:{number} {measure} 应为数字,现为 {line[measure]!r}"


def _step_faults(lines: list[dict[str, str]]) -> Iterator[str]:
    for number, line in enumerate(lines, 2):
        if line["step"] != str(number - 1):
            yield f"{SCHEDULE_FILE}:{number} step 应为 {number - 1},现为 {line['step']!r}"
