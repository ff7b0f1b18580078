"""Nearest flips: the smallest change, checked by making it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scoring.flip import level_up
from scoring.ruleset import CvWeighting, load_rule_set
from scoring.schools import stage_rows
from scoring.spread import squared_coefficient
from tests.scoring.test_repair import primary

RULES = load_rule_set("national-2017")


def rows_with(equipment: list[int], pupils: list[int]) -> tuple[object, ...]:
    schools = [primary(f"S{i}", pupils=p, equipment_10k=Fraction(e), row=i + 2)
               for i, (e, p) in enumerate(zip(equipment, pupils, strict=True))]
    return stage_rows(schools, RULES.parameters).rows


def test_the_lower_of_two_equal_schools_is_raised_to_a_third_of_the_higher() -> None:
    # CV = (x2 − x1)/(x1 + x2) ≤ 0.5 ⟺ x1 ≥ x2/3: with 90 万元 at one school the other needs 30; it has 20.
    raises = level_up(rows_with([20, 90], [100, 100]), 5, RULES)
    assert [(r.row.school_code, r.amount) for r in raises or ()] == [("S0", Fraction(100_000))]


def test_a_coefficient_within_its_limit_needs_nothing() -> None:
    assert level_up(rows_with([30, 90], [100, 100]), 5, RULES) == ()


def test_nothing_at_all_cannot_be_levelled() -> None:
    assert level_up(rows_with([0, 0], [100, 100]), 5, RULES) is None


@pytest.mark.parametrize("weighting", list(CvWeighting))
def test_the_change_reaches_the_limit_and_one_unit_less_does_not(weighting: CvWeighting) -> None:
    rules = replace(RULES, parameters=replace(RULES.parameters, cv_weighting=weighting))
    rows = rows_with([5, 10, 12, 300, 40], [200, 100, 150, 300, 80])
    raises = level_up(rows, 5, rules) or ()
    given = {r.row.school_code: r.amount for r in raises}
    have = [Fraction(row.resources[5] or 0) + given.get(row.school_code, 0) for row in rows]
    pupils = [row.pupils or 0 for row in rows]
    limit = Fraction(1, 4)
    after = squared_coefficient(have, pupils, weighting)
    assert after is not None
    assert after <= limit
    short = [x - Fraction(1, 10) * bool(given.get(row.school_code)) for x, row in zip(have, rows, strict=True)]
    before = squared_coefficient(short, pupils, weighting)
    assert before is not None
    assert before > limit
