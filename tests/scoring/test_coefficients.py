"""The difference coefficient: the published example, both sides of its limits, and what it must not depend on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.coefficients import _Column, _judge, difference_coefficients
from scoring.figures import shown_root
from scoring.findings import Combinator, Finding, Outcome
from scoring.ruleset import CvWeighting, RuleSet, Stage
from scoring.schools import stage_rows
from scoring.spread import squared_bounds, squared_coefficient, squared_ratio
from tests.scoring.builders import PRIMARY as TEMPLATE
from tests.scoring.builders import RULES, lone_stage_row, resources_row, schools

MET, NOT, OPEN, NONE = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE

# "县域义务教育校际均衡指标计算方法(以生均图书册数为例)", https://m.777doc.com/doc-2019910.html: five primary schools,
# pupils and books; it finds 6.33 books per pupil, S² = 10.65, S = 3.26 and the coefficient 0.515, that is 0.52.
EXAMPLE_PUPILS = [45, 37, 89, 76, 55]
EXAMPLE_BOOKS = [279, 137, 935, 160, 402]


def test_the_published_example_of_2012() -> None:
    assert (sum(EXAMPLE_PUPILS), sum(EXAMPLE_BOOKS)) == (302, 1913)
    square = squared_coefficient(EXAMPLE_BOOKS, EXAMPLE_PUPILS)
    assert square is not None
    assert shown_root(square, 3) == "0.515"
    assert shown_root(square, 2) == "0.52"
    mean = Fraction(1913, 302)
    assert abs(square * mean**2 - Fraction("10.65")) < Fraction("0.05")


def test_the_published_example_through_the_rule() -> None:
    rows = [
        resources_row(f"小学{i}", p, b).items()
        for i, (p, b) in enumerate(zip(EXAMPLE_PUPILS, EXAMPLE_BOOKS, strict=True))
    ]
    texts = [dict(row) | {"school_code": f"S{i}"} for i, row in enumerate(rows)]
    leaf = _leaf(_find(texts), "1.cv/primary/1.7")
    assert leaf.outcome is NOT
    assert leaf.actual is not None
    assert leaf.actual.startswith("0.515")
    assert "0.515" in leaf.reasons[0].zh
    children = {child.code.rsplit("/", 1)[1]: child for child in leaf.children}
    # 100 × 1913 / 302 = 633.443708…; the unweighted form of the same example is 0.49 (population) as its readers found.
    assert children["mean"].actual == "633.443709"
    assert children["unweighted"].actual is not None
    assert children["unweighted"].actual.startswith("0.48")
    assert {child.combinator for child in children.values()} == {Combinator.INFORMATIONAL}


def _find(texts: list[dict[str, str]], rules: RuleSet = RULES) -> Finding:
    return difference_coefficients(stage_rows(schools(*texts), rules.parameters), rules)


def _leaf(finding: Finding, code: str) -> Finding:
    return next(f for f in finding.walk() if f.code == code)


@pytest.mark.parametrize(
    ("stage", "amounts", "outcome", "actual", "borderline"),
    [
        # Two schools of 100 pupils with a and b: CV = |a − b| / (a + b).
        ("primary", (1, 3), MET, "0.5", False),  # 2/4
        ("primary", (1000, 3001), NOT, "0.500125", True),  # 2001/4001 = 0.50012497
        ("primary", (1000, 2999), MET, "0.499875", True),  # 1999/3999 = 0.49987497
        ("primary", (1000, 3008), NOT, "0.500998", False),  # 2008/4008 = 0.50099800
        ("junior", (11, 29), MET, "0.45", False),  # 18/40
        ("junior", (1100, 2901), NOT, "0.450137", True),  # 1801/4001 = 0.45013747
        ("junior", (1100, 2899), MET, "0.449862", True),  # 1799/3999 = 0.44986247
        ("junior", (1, 3), NOT, "0.5", False),
        ("primary", (7, 7), MET, "0", False),
        ("primary", (0, 5), NOT, "1", False),
    ],
)
def test_both_sides_of_each_limit(
    stage: str, amounts: tuple[int, int], outcome: Outcome, actual: str, borderline: bool
) -> None:
    texts = [resources_row(f"S{i}", 100, amount, stage=stage) for i, amount in enumerate(amounts)]
    leaf = _leaf(_find(texts), f"1.cv/{stage}/1.7")
    assert (leaf.outcome, leaf.actual, leaf.borderline) == (outcome, actual, borderline)
    assert leaf.required == {"primary": "0.5", "junior": "0.45"}[stage]


def test_a_difference_beyond_any_float_still_decides() -> None:
    # a : b = 1 : 3 gives exactly 0.5; one in 10^11 more is above it, though both print as 0.5.
    n = 10**11
    for more, outcome in ((0, MET), (1, NOT)):
        leaf = _leaf(_find([resources_row("A", 100, n), resources_row("B", 100, 3 * n + more)]), "1.cv/primary/1.7")
        assert (leaf.outcome, leaf.actual, leaf.borderline) == (outcome, "0.5", bool(more))


def test_one_row_has_the_coefficient_zero() -> None:
    leaf = _leaf(_find([resources_row("A", 100, 3)]), "1.cv/primary/1.7")
    assert (leaf.outcome, leaf.actual) == (MET, "0")


def test_a_resource_nobody_has_is_not_met_with_that_reason() -> None:
    leaf = _leaf(_find([resources_row("A", 100, 0), resources_row("B", 90, 0)]), "1.cv/primary/1.7")
    assert (leaf.outcome, leaf.actual, leaf.reasons[0].code) == (NOT, None, "nothing_there")


def test_a_stage_without_rows_does_not_apply() -> None:
    found = _find([resources_row("A", 100, 3)])
    assert [(c.code, c.outcome) for c in found.children][1] == ("1.cv/junior", NONE)
    assert [c.outcome for c in _find([]).children] == [NONE, NONE]


def test_an_unknown_figure_leaves_its_coefficient_open_and_unknown_pupils_all_of_them() -> None:
    one = lone_stage_row(TEMPLATE)
    blank = replace(one, school_code="S2", resources=(None, *one.resources[1:]))
    stages = stage_rows((), RULES.parameters)
    found = difference_coefficients(replace(stages, rows=(one, blank)), RULES)
    assert [c.outcome for c in found.children[0].children[:7]] == [OPEN, *[MET] * 6]
    found = difference_coefficients(replace(stages, rows=(one, replace(one, pupils=None))), RULES)
    assert [c.outcome for c in found.children[0].children[:7]] == [OPEN] * 7


def test_the_rule_set_may_let_the_unweighted_form_decide() -> None:
    # 300 pupils with 300 and 100 with 300: x = 1 and 3. Unweighted: mean 2, CV 1/2. By pupils: mean 3/2,
    # S² = (3/4)(1/4) + (1/4)(9/4) = 3/4, CV² = (3/4)/(9/4) = 1/3, CV 0.577350.
    texts = [resources_row("A", 300, 300), resources_row("B", 100, 300)]
    leaf = _leaf(_find(texts), "1.cv/primary/1.7")
    assert (leaf.outcome, leaf.actual, leaf.children[1].actual) == (NOT, "0.57735", "0.5")
    rules = replace(RULES, parameters=replace(RULES.parameters, cv_weighting=CvWeighting.UNWEIGHTED))
    leaf = _leaf(_find(texts, rules), "1.cv/primary/1.7")
    assert (leaf.outcome, leaf.actual, leaf.children[1].actual) == (MET, "0.5", "0.57735")
    assert leaf.children[1].code == "1.cv/primary/1.7/pupils"


def test_composite_is_the_mean_of_seven_and_decides_nothing() -> None:
    one = lone_stage_row(TEMPLATE)
    assert one.pupils == 100
    rows = (
        replace(one, resources=(1, 1, 1, 1, 1, 1, 1)),
        replace(one, resources=(3, 1, 1, 1, 1, 1, 9)),
    )
    stages = replace(stage_rows((), RULES.parameters), rows=rows)
    primary = difference_coefficients(stages, RULES).children[0]
    # Coefficients 1/2, 0 × 5 and 8/10: mean 1.3/7 = 0.185714…
    composite = primary.children[-1]
    assert (composite.actual, composite.combinator) == ("0.185714", Combinator.INFORMATIONAL)
    assert primary.outcome is NOT


@pytest.mark.parametrize(("resources", "pupils"), [([], []), ([1], [1, 2]), ([1], [0]), ([1, 2], [1, -2])], ids=str)
def test_impossible_input_raises(resources: list[int], pupils: list[int]) -> None:
    with pytest.raises(ValueError, match="one positive number of pupils"):
        squared_coefficient(resources, pupils)


# --- properties -------------------------------------------------------------------------------------------------

SCHOOLS = st.lists(
    st.tuples(st.one_of(st.integers(0, 5000), st.fractions(0, 5000, max_denominator=300)), st.integers(1, 3000)),
    min_size=1,
    max_size=12,
)
FORMS = st.sampled_from(list(CvWeighting))


def _square(rows: list[tuple[int | Fraction, int]], form: CvWeighting) -> Fraction | None:
    return squared_coefficient([x for x, _ in rows], [p for _, p in rows], form)


@given(SCHOOLS, st.randoms(use_true_random=False), FORMS)
def test_row_order_never_matters(rows: list[tuple[int | Fraction, int]], random: object, form: CvWeighting) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _square(shuffled, form) == _square(rows, form)


@given(SCHOOLS, st.integers(1, 100), st.fractions("1/100", 100), FORMS)
def test_scaling_pupils_or_resources_of_all_changes_nothing(
    rows: list[tuple[int | Fraction, int]], k: int, factor: Fraction, form: CvWeighting
) -> None:
    assert _square([(x * factor, p * k) for x, p in rows], form) == _square(rows, form)


@given(SCHOOLS)
def test_splitting_a_school_in_equal_halves_changes_nothing_by_pupils(rows: list[tuple[int | Fraction, int]]) -> None:
    x, p = rows[0]
    halves = [(Fraction(x) / 2, p), (Fraction(x) / 2, p), *((y, 2 * q) for y, q in rows[1:])]
    doubled = [(x, 2 * p), *((y, 2 * q) for y, q in rows[1:])]
    assert _square(halves, CvWeighting.PUPILS) == _square(doubled, CvWeighting.PUPILS)


@given(SCHOOLS, FORMS)
def test_agrees_with_numpy_on_the_definition(rows: list[tuple[int | Fraction, int]], form: CvWeighting) -> None:
    square = _square(rows, form)
    pupils = np.array([p for _, p in rows], dtype=float)
    x = np.array([float(r) for r, _ in rows]) / pupils
    weights = pupils / pupils.sum() if form is CvWeighting.PUPILS else np.full(len(rows), 1 / len(rows))
    mean = float((weights * x).sum())
    if square is None:
        assert mean == 0
    else:
        spread = float((weights * (x - mean) ** 2).sum()) ** 0.5
        assert float(square) ** 0.5 == pytest.approx(spread / mean, rel=1e-6, abs=1e-7)


@given(SCHOOLS)
def test_the_shown_coefficient_is_correctly_rounded(rows: list[tuple[int | Fraction, int]]) -> None:
    square = _square(rows, CvWeighting.PUPILS)
    if square is not None:
        shown = Fraction(shown_root(square))
        half = Fraction(1, 2 * 10**6)
        assert max(Fraction(0), shown - half) ** 2 <= square <= (shown + half) ** 2


def test_stages_are_apart() -> None:
    texts = [
        resources_row("A", 100, 1),
        resources_row("B", 100, 1),
        resources_row("C", 100, 1, stage="junior"),
        resources_row("D", 100, 9, stage="junior"),
    ]
    found = _find(texts)
    assert _leaf(found, f"1.cv/{Stage.PRIMARY}/1.7").outcome is MET
    assert _leaf(found, f"1.cv/{Stage.JUNIOR}/1.7").outcome is NOT


PARTS = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(1, 10**7), st.integers(1, 5000)), min_size=1, max_size=12
)


@given(PARTS)
def test_the_bounds_hold_the_coefficient_between_them(parts: list[tuple[int, int, int]]) -> None:
    bounds = squared_bounds(parts)
    for weighting in CvWeighting:
        exact = squared_ratio(parts, weighting)
        assert (exact is None) == (bounds is None) == all(n == 0 for n, _, _ in parts)
        if exact is not None and bounds is not None:
            low, high = (Fraction(*bound) for bound in bounds[weighting])
            assert 0 <= low <= Fraction(*exact) <= high
            assert high - low < Fraction(1, 10**20)


@given(PARTS, st.integers(-1, 1))
def test_judging_by_bounds_is_judging_exactly_also_where_a_coefficient_is_its_limit(
    parts: list[tuple[int, int, int]], step: int
) -> None:
    """With limits that are the root of the coefficient to 24 places, a step below or above it, or far away."""
    for weighting in CvWeighting:
        exact = squared_ratio(parts, weighting)
        if exact is None:
            continue
        root = isqrt(exact[0] * 10**48 // exact[1])
        for limit in (Fraction(max(0, root + step), 10**24), Fraction(1, 2)):
            column = _Column(RULES.indicator("1.1"), 100, (), Stage.PRIMARY, limit, parts, 0)
            judged = _judge(column)
            assert judged is not None
            square = Fraction(*exact)
            assert judged[weighting].outcome is (Outcome.MET if square <= limit * limit else Outcome.NOT_MET)
            assert judged[weighting].root == root


def test_a_coefficient_on_its_limit_is_met() -> None:
    """Two schools of 100 with 1 and 3: CV = 1/2 exactly, which no bound decides."""
    column = _Column(RULES.indicator("1.1"), 100, (), Stage.PRIMARY, Fraction(1, 2), [(1, 1, 100), (3, 1, 100)], 0)
    judged = _judge(column)
    assert judged is not None
    assert {(one.outcome, one.borderline, one.root) for one in judged.values()} == {(Outcome.MET, False, 5 * 10**23)}
