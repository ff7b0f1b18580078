"""Schools and entries to start from: everything just meets the national standard, so that a test changes one thing."""

from __future__ import annotations

from fractions import Fraction

from scoring.criteria import CriterionRow, parse_criteria
from scoring.ruleset import RuleSet, load_rule_set
from scoring.schools import SchoolRow, StageRow, parse_school_rows, stage_rows
from scoring.vetoes import VetoRow, parse_vetoes

RULES = load_rule_set("national-2017")

PRIMARY = {
    "kind": "primary",
    "sponsor": "public",
    "locality": "rural",
    "boarding": "no",
    "pupils_primary": "100",
    "classes_primary": "3",
    "largest_class_primary": "45",
    "oversize_classes_primary": "0",
    "teachers_degree_primary": "5",
    "teachers_backbone_primary": "1",
    "teachers_pe_arts_primary": "1",
    "area_teaching": "500",
    "area_indoor_sports": "50",
    "area_sports_ground": "700",
    "equipment_10k": "20",
    "multimedia_rooms": "3",
    "music_rooms": "1",
    "art_rooms": "1",
}
JUNIOR = {
    "kind": "junior",
    "sponsor": "public",
    "locality": "town",
    "boarding": "yes",
    "pupils_junior": "100",
    "classes_junior": "2",
    "largest_class_junior": "50",
    "oversize_classes_junior": "0",
    "teachers_degree_junior": "6",
    "teachers_backbone_junior": "1",
    "teachers_pe_arts_junior": "1",
    "area_teaching": "630",
    "area_indoor_sports": "50",
    "area_sports_ground": "970",
    "equipment_10k": "25",
    "multimedia_rooms": "3",
    "music_rooms": "1",
    "art_rooms": "1",
}


def cells(base: dict[str, str], code: str = "S1", **changed: str) -> dict[str, str]:
    """Return the text cells of one school."""
    return {"school_code": code, "school_name": f"第{code}学校", **base, **changed}


def schools(*rows: dict[str, str]) -> tuple[SchoolRow, ...]:
    """Return school rows of cells that must be free of defects."""
    read, defects = parse_school_rows(rows, file="schools.csv")
    assert defects == ()
    return read


def lone_stage_row(base: dict[str, str], **changed: str) -> StageRow:
    """Return the only stage row of one school."""
    (row,) = stage_rows(schools(cells(base, **changed)), RULES.parameters).rows
    return row


def resources_row(code: str, pupils: int, amount: int | Fraction, *, stage: str = "primary") -> dict[str, str]:
    """Return the cells of a school whose multimedia rooms (1.7) are all that is given."""
    kind = "primary" if stage == "primary" else "junior"
    return {
        "school_code": code,
        "school_name": code,
        "kind": kind,
        f"pupils_{stage}": str(pupils),
        "multimedia_rooms": str(amount),
    }


def entries(*rows: dict[str, str], rules: RuleSet = RULES) -> tuple[CriterionRow, ...]:
    """Return criterion rows of cells that must be free of defects; the level is the county's by default."""
    read, defects = parse_criteria([{"level": "county", **row} for row in rows], rule_set=rules)
    assert defects == ()
    return read


def vetoes(*rows: tuple[str, str, str], rules: RuleSet = RULES) -> tuple[VetoRow, ...]:
    """Return veto rows of (code, state, level)."""
    texts = [{"code": code, "state": state, "level": level, "reason": "说明"} for code, state, level in rows]
    read, defects = parse_vetoes(texts, rule_set=rules)
    assert defects == ()
    return read


def all_met(rules: RuleSet = RULES) -> list[dict[str, str]]:
    """Return entries under which the precondition and every criterion that is not computed are met."""
    rows = []
    for indicator in (rules.precondition, *rules.domain("2"), *rules.domain("3")):
        for part in indicator.parts:
            if indicator.computed is None:
                value = (
                    {"value": str(float(part.most or part.limit))} if part.limit is not None else {"judgement": "met"}
                )
                if part.comparator == "lt":
                    value = {"value": "0.1"}
                rows.append({"code": indicator.code, "part": part.code, "level": "county", **value})
    return rows


def all_absent(rules: RuleSet = RULES) -> tuple[VetoRow, ...]:
    """Return rows that say of every veto item that it is absent."""
    return vetoes(*((indicator.code, "absent", "city") for indicator in rules.domain("5")), rules=rules)
