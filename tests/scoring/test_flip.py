"""Nearest flips: the smallest change, checked by making it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scoring.demo import demonstration
from scoring.dossier import read_dossier, write_dossier
from scoring.findings import Combinator, Finding, Outcome
from scoring.flip import level_up, nearest_flips
from scoring.recognition import Recognition, SharedCount
from scoring.ruleset import CvWeighting, load_rule_set
from scoring.schools import stage_rows
from scoring.spread import squared_coefficient
from scoring.verdict import decide
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
    # By pupils the change is the least to a tenth of a yuan a school; unweighted to a thousandth of itself.
    less = {code: Fraction(1, 10) if weighting is CvWeighting.PUPILS else x / 1000 for code, x in given.items()}
    short = [x - less.get(row.school_code, 0) for x, row in zip(have, rows, strict=True)]
    before = squared_coefficient(short, pupils, weighting)
    assert before is not None
    assert before > limit


def test_in_the_unweighted_form_a_small_school_is_the_cheapest_to_raise() -> None:
    # Ratios 1/10, 0.1, 1, 1, 1 (万元 per pupil) of schools with 10, 1000, 100, 100, 100 pupils. Raising both low
    # ratios to one level costs mostly the large school's; 9 万元 bring the small school's ratio to 1, and then
    # m = 4.1/5 = 0.82, S² = (4 × 0.18² + 0.72²)/5 = 0.1296, CV = 0.36/0.82 = 0.439: less than 9 万元 will do.
    rules = replace(RULES, parameters=replace(RULES.parameters, cv_weighting=CvWeighting.UNWEIGHTED))
    rows = rows_with([1, 100, 100, 100, 100], [10, 1000, 100, 100, 100])
    raises = level_up(rows, 5, rules) or ()
    assert [r.row.school_code for r in raises] == ["S0"]
    assert raises[0].amount < 90_000


def tree_of(*findings: Finding) -> Finding:
    return Finding("county", "县", "county", Outcome.NOT_MET, Combinator.ALL, children=findings)


def flips(finding: Finding, recognition: Recognition) -> list[tuple[str, Fraction | None]]:
    rows = stage_rows([primary("A")], RULES.parameters)
    return [(f.code, f.amount) for f in nearest_flips(tree_of(finding), rows, recognition, RULES)]


@pytest.fixture(scope="module")
def recognition() -> Recognition:
    return decide(read_dossier(write_dossier(demonstration(1, 12, 300)).public)).recognition


def test_a_computed_criterion_lacks_what_its_schools_have_too_much_of(recognition: Recognition) -> None:
    school = Finding("2.5/A", "A", "A", Outcome.NOT_MET, Combinator.INFORMATIONAL, actual="2")
    finding = Finding("2.5", "班额", "class size", Outcome.NOT_MET, required="0", actual="2", margin="-2",
                      unit="个", children=(school,))
    assert flips(finding, recognition) == [("2.5", Fraction(2))]


def test_a_rate_exactly_on_a_strict_limit_must_fall_below_it(recognition: Recognition) -> None:
    finding = Finding("3.9/chinese/rate", "校际差异率", "rate", Outcome.NOT_MET, required="0.15", actual="0.15",
                      margin="0")
    rows = stage_rows([primary("A")], RULES.parameters)
    (flip,) = nearest_flips(tree_of(finding), rows, recognition, RULES)
    assert flip.amount is None
    assert "须低于0.15" in flip.zh


@pytest.mark.parametrize(("limit", "lacking", "more"), [
    # 840 of 1,000 at 85 %: 850 − 840 = 10; new ones, all satisfied: (840 + m)/(1000 + m) ≥ 0.85 → m ≥ 10/0.15 = 66.7
    pytest.param(Fraction(85, 100), 10, "67份", id="ten more, or 67 new"),
    pytest.param(Fraction(1), 160, None, id="everybody"),
])
def test_what_recognition_lacks(recognition: Recognition, limit: Fraction, lacking: int, more: str | None) -> None:
    short = replace(recognition, limit=limit, count=SharedCount(1000, 840))
    rows = stage_rows([primary("A")], RULES.parameters)
    finding = Finding("4.1", "社会认可度", "recognition", Outcome.NOT_MET)
    (flip,) = nearest_flips(tree_of(finding), rows, short, RULES)
    assert flip.amount == lacking
    assert (more in flip.zh) if more else ("另外" not in flip.zh)
