"""Shares and worst coefficients against counts and roots worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from scoring.findings import Outcome
from scoring.ruleset import Stage, load_rule_set
from scoring.schools import SCHOOL_COLUMN_NAMES, SchoolRow, parse_school_rows, stage_rows
from scoring.shares import (
    MetShare,
    WorstCoefficient,
    compare_coefficient,
    compare_share,
    county_shares,
    worst_coefficient,
)

RULES = load_rule_set("dezhou-2023")

# 100 primary pupils with exactly what each primary standard asks: 4.2 teachers would be no whole number, so 5;
# 1 backbone; 1 PE or arts teacher; 450 m² after taking 50 m² of indoor sports off; 750 m² with them; 20 万元 is
# 2000 yuan each; 3 rooms.
PRIMARY: Mapping[str, str] = {
    "kind": "primary", "sponsor": "public", "locality": "town", "boarding": "no",
    "pupils_primary": "100", "classes_primary": "3", "largest_class_primary": "45", "oversize_classes_primary": "0",
    "teachers_degree_primary": "5", "teachers_backbone_primary": "1", "teachers_pe_arts_primary": "1",
    "area_teaching": "500", "area_indoor_sports": "50", "area_sports_ground": "700", "equipment_10k": "20",
    "multimedia_rooms": "3", "music_rooms": "1", "art_rooms": "1",
}  # fmt: skip
# 100 + 100 pupils. Weighted pupils 100 + 1.1 × 100 = 210: the primary part gets 10/21, the junior part 11/21.
NINE_YEAR: Mapping[str, str] = PRIMARY | {
    "kind": "nine_year",
    "pupils_junior": "100", "classes_junior": "2", "largest_class_junior": "51", "oversize_classes_junior": "1",
    "teachers_degree_junior": "6", "teachers_backbone_junior": "1", "teachers_pe_arts_junior": "1",
    # 1.4: (1260 − 50)·10/21 = 576 m² primary, 634 junior; 1.5: (2100 + 50)·10/21 = 1024 and 1126 m²;
    # 1.6: 52.5 万元: 250 000 and 275 000 yuan; 1.7: 5 rooms: 2.381 and 2.619 per 100.
    "area_teaching": "1260", "area_sports_ground": "2100", "equipment_10k": "52.5", "multimedia_rooms": "5",
}  # fmt: skip


def schools(*files: Mapping[str, str]) -> tuple[SchoolRow, ...]:
    cells = [
        dict.fromkeys(SCHOOL_COLUMN_NAMES, "") | {"school_code": f"S{i}", "school_name": f"第{i}学校"} | dict(file)
        for i, file in enumerate(files, 1)
    ]
    rows, defects = parse_school_rows(cells, file="schools.csv")
    assert defects == ()
    return rows


def counted(share: MetShare) -> tuple[int, int, int]:
    return share.n_met, share.n_not_met, share.n_unknown


def test_a_nine_year_school_counts_once_in_each_stage() -> None:
    found = county_shares(schools(PRIMARY, NINE_YEAR), RULES)
    assert (found.n_rows, found.n_schools) == (3, 2)
    # Only the junior stage has a class of 51 > 50.
    assert counted(found.share("class_size")) == (2, 1, 0)
    assert counted(found.share("school_size")) == (3, 0, 0)
    assert [counted(found.share(f"1.{n}")) for n in range(1, 8)] == [(3, 0, 0)] * 7
    assert counted(found.share("resource_rule")) == (3, 0, 0)


@pytest.mark.parametrize(
    ("case", "changes", "standard", "rule"),
    [
        ("one short but at the floor", {"equipment_10k": "17"}, (0, 1, 0), (1, 0, 0)),
        ("one below the floor", {"equipment_10k": "16.99"}, (0, 1, 0), (0, 1, 0)),
        ("unknown and the rest met", {"equipment_10k": ""}, (0, 0, 1), (0, 0, 1)),
        ("unknown, another below its floor", {"equipment_10k": "", "multimedia_rooms": "1"}, (0, 0, 1), (0, 1, 0)),
    ],
)
def test_the_rule_lets_one_miss_its_standard_and_unknown_stays_unknown(
    case: str, changes: dict[str, str], standard: tuple[int, int, int], rule: tuple[int, int, int]
) -> None:
    found = county_shares(schools(PRIMARY | changes), RULES)
    assert counted(found.share("1.6")) == standard, case
    assert counted(found.share("resource_rule")) == rule, case


@pytest.mark.parametrize(
    ("largest", "oversize", "expected"),
    [
        ("45", "0", (1, 0, 0)),
        ("46", "1", (0, 1, 0)),
        ("45", "", (1, 0, 0)),
        ("46", "", (0, 1, 0)),
        ("", "1", (0, 1, 0)),
        ("", "0", (1, 0, 0)),
        ("", "", (0, 0, 1)),
    ],
)
def test_class_size_follows_from_whichever_figure_is_known(
    largest: str, oversize: str, expected: tuple[int, int, int]
) -> None:
    file = PRIMARY | {"largest_class_primary": largest, "oversize_classes_primary": oversize}
    assert counted(county_shares(schools(file), RULES).share("class_size")) == expected


@pytest.mark.parametrize(
    ("kind", "primary", "junior", "expected"),
    [
        ("primary", "2000", "", (1, 0, 0)),
        ("primary", "2001", "", (0, 1, 0)),
        ("primary", "", "", (0, 0, 1)),
        ("nine_year", "1500", "1000", (2, 0, 0)),
        ("nine_year", "1500", "1001", (0, 2, 0)),
        ("nine_year", "2501", "", (0, 2, 0)),
        ("nine_year", "1500", "", (0, 0, 2)),
    ],
)
def test_school_size_looks_at_the_whole_compulsory_part(
    kind: str, primary: str, junior: str, expected: tuple[int, int, int]
) -> None:
    identity = {"kind": kind, "pupils_primary": primary, "pupils_junior": junior}
    assert counted(county_shares(schools(identity), RULES).share("school_size")) == expected


def test_schools_out_of_scope_are_not_in_the_base() -> None:
    point = {"kind": "teaching_point", "pupils_primary": "49"}
    found = county_shares(schools(PRIMARY, {"kind": "special"}, point), RULES)
    assert (found.n_rows, found.n_schools) == (1, 1)


def test_without_a_school_there_is_no_share() -> None:
    found = county_shares((), RULES)
    assert (found.share("1.1").least, found.share("1.1").most) == (None, None)
    assert compare_share(found.share("1.1"), Fraction(100)).outcome is Outcome.NOT_APPLICABLE
    assert compare_coefficient(found.coefficients[0], Fraction(1)).outcome is Outcome.NOT_APPLICABLE


def test_the_worst_of_the_seven_is_named() -> None:
    # Two primary schools of 100 pupils; equipment 20 and 60: mean 40, spread 20, CV 1/2, CV² 1/4. Multimedia 3
    # and 4: mean 3.5, spread 0.5, CV 1/7. Nothing else differs.
    rows = schools(PRIMARY, PRIMARY | {"equipment_10k": "60", "multimedia_rooms": "4"})
    worst = worst_coefficient(stage_rows(rows, RULES.parameters), Stage.PRIMARY, RULES)
    assert (worst.indicator, worst.squared, worst.n_rows, worst.n_unknown) == ("1.6", Fraction(1, 4), 2, 0)


@pytest.mark.parametrize(
    ("changes", "bound", "outcome"),
    [
        ({}, "0.50", Outcome.MET),
        ({}, "0.49", Outcome.NOT_MET),
        ({"multimedia_rooms": ""}, "0.50", Outcome.UNDECIDED),
        ({"multimedia_rooms": ""}, "0.49", Outcome.NOT_MET),
    ],
)
def test_a_missing_figure_decides_nothing_but_what_is_known_still_can(
    changes: dict[str, str], bound: str, outcome: Outcome
) -> None:
    rows = schools(PRIMARY, PRIMARY | {"equipment_10k": "60"} | changes)
    worst = worst_coefficient(stage_rows(rows, RULES.parameters), Stage.PRIMARY, RULES)
    assert compare_coefficient(worst, Fraction(bound)).outcome is outcome


def test_a_resource_nobody_has_cannot_reach_a_bound() -> None:
    rows = schools(PRIMARY | {"teachers_backbone_primary": "0"})
    worst = worst_coefficient(stage_rows(rows, RULES.parameters), Stage.PRIMARY, RULES)
    assert (worst.n_without, compare_coefficient(worst, Fraction(9)).outcome) == (1, Outcome.NOT_MET)


@pytest.mark.parametrize(
    ("met", "rest", "target", "outcome"),
    [
        # 齐河县 plans 31 of 42 and 38 of 42, printed as 73.81 and 90.48.
        (31, 11, "73.81", Outcome.MET),
        (30, 12, "73.81", Outcome.NOT_MET),
        (38, 4, "90.48", Outcome.MET),
        (37, 5, "90.48", Outcome.NOT_MET),
        (1, 0, "100", Outcome.MET),
        (9999, 1, "100", Outcome.NOT_MET),
    ],
)
def test_a_share_is_compared_as_the_plan_prints_it(met: int, rest: int, target: str, outcome: Outcome) -> None:
    assert compare_share(MetShare("class_size", met, rest, 0), Fraction(target)).outcome is outcome


def test_the_gap_is_in_percentage_points() -> None:
    # 1 of 4 is 25 %, 15 points below 40 %.
    assert compare_share(MetShare("1.1", 1, 3, 0), Fraction(40)).gap == -15


def test_the_order_of_schools_changes_nothing() -> None:
    rows = schools(PRIMARY, NINE_YEAR, PRIMARY | {"equipment_10k": "16"})
    assert county_shares(rows, RULES) == county_shares(tuple(reversed(rows)), RULES)


def test_another_form_of_the_coefficient_is_followed() -> None:
    # 100 pupils with 5 teachers, 300 with 5: by pupils m = 1/40, x = 1/20 and 1/60, CV² = 1/3.
    # Unweighted: m = 1/30, deviations ±1/60, CV² = 1/4.
    larger = {"pupils_primary": "300", "classes_primary": "8", "area_teaching": "1500", "area_sports_ground": "2200"}
    same = {"teachers_backbone_primary": "3", "teachers_pe_arts_primary": "3", "equipment_10k": "60"}
    rooms = {"multimedia_rooms": "9", "area_indoor_sports": "150", "area_sports_ground": "2100"}
    rows = stage_rows(schools(PRIMARY, PRIMARY | larger | same | rooms), RULES.parameters)
    unweighted = replace(RULES, parameters=replace(RULES.parameters, cv_weighting="unweighted"))
    by_pupils = worst_coefficient(rows, Stage.PRIMARY, RULES)
    plain = worst_coefficient(rows, Stage.PRIMARY, unweighted)
    assert (by_pupils.indicator, by_pupils.squared) == ("1.1", Fraction(1, 3))
    assert (plain.indicator, plain.squared) == ("1.1", Fraction(1, 4))


def test_a_coefficient_on_its_bound_has_no_gap() -> None:
    at_bound = WorstCoefficient(Stage.JUNIOR, "1.1", Fraction(81, 400), 3, 0)
    assert compare_coefficient(at_bound, Fraction("0.45")).gap == 0
