"""What is published: classes of answers that hide small cells, and totals that do not give them away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from scoring.counts import Case, ClassCount, Counts, ItemCounts, MeanCount, publish
from scoring.counts_check import counts_defects
from scoring.counts_file import COUNTS_COLUMNS, counts_bytes, parse_counts
from scoring.csv_table import read_cells
from scoring.disclosure import Split, classes_of, own_splits, protected_pairs, protected_splits
from scoring.questionnaire import GROUPS, SCALE_CODES, Form, Group
from scoring.ruleset import DontKnowRule, SatisfiedRule
from scoring.tally import BaseTally, GroupTally, ItemTally, Tally
from tests.scoring.surveys import FORM_OF, FORMS, PARAMETERS, overall, published, records

Codes = tuple[int, ...]
SMALLEST = PARAMETERS.smallest_cell
HIDEABLE = (*((code,) for code in SCALE_CODES), *Split.SATISFIED.sides)
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=300)


def tally_of(tables: dict[Group, tuple[Codes, Codes, Codes, int]]) -> Tally:
    """Return the tally whose items q01, q02, q03 of each group are given by code, with its mean count."""
    groups = []
    for g in GROUPS:
        first, turned, last, mean = tables.get(g, ((0,) * 6, (0,) * 6, (0,) * 6, 0))
        valid = sum(last)
        items = tuple(
            ItemTally(f"q{n:02d}", codes, valid - sum(codes)) for n, codes in enumerate((first, turned, last), 1)
        )
        groups.append(GroupTally(g, FORM_OF[g], valid, 0, mean, items))
    everyone = BaseTally(
        valid=sum(g.valid for g in groups),
        overall=tuple(sum(column) for column in zip(*(g.items[2].by_code for g in groups), strict=True)),
        mean_satisfied=sum(g.mean_satisfied for g in groups),
    )
    return Tally(tuple(groups), everyone, everyone, ())


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """Draw counties whose groups are of all sizes and lean to one side, as real ones do."""
    cell = st.one_of(st.just(0), st.integers(0, 14), st.integers(0, 60))
    tables = {}
    for group in draw(st.sets(st.sampled_from(GROUPS), min_size=1)):
        last = tuple(draw(st.lists(cell, min_size=6, max_size=6)))
        others = []
        for _ in range(2):
            codes = draw(st.lists(cell, min_size=6, max_size=6))
            while sum(codes) > sum(last):
                codes = [c // 2 for c in codes]
            others.append(tuple(codes))
        mean = draw(st.integers(0, sum(last[:5])))
        tables[group] = (others[0], others[1], last, mean)
    return tally_of(tables)


class Intruder:
    """Somebody who knows the published rows of one item and solves for what is hidden."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = list(groups)
        self._rows: list[np.ndarray] = []
        self._values: list[int] = []

    def vector(self, group: Group | None, codes: Iterable[int]) -> np.ndarray:
        matrix = np.zeros((len(self.groups), len(SCALE_CODES)))
        at = range(len(self.groups)) if group is None else [self.groups.index(group)]
        for g in at:
            for code in codes:
                matrix[g, SCALE_CODES.index(code)] = 1
        return matrix.ravel()

    def learn(self, row: ItemCounts) -> None:
        for c in row.classes:
            self._rows.append(self.vector(row.group, c.codes))
            self._values.append(c.n)

    def range_of(self, group: Group, codes: Iterable[int]) -> tuple[int, int]:
        objective = self.vector(group, codes)
        ends = []
        for sign in (1, -1):
            found = linprog(sign * objective, A_eq=np.array(self._rows), b_eq=self._values, bounds=(0, None))
            assert found.success, found.message
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


def not_told(row: ItemCounts) -> list[Codes]:
    """Return the single codes, and the two sides of satisfaction, that a published row leaves open."""
    return [codes for codes in HIDEABLE if row.count_of(codes) is None]


def rows_of(counts: Counts, form: Form, item: str) -> list[ItemCounts]:
    return [r for r in counts.items if (r.form, r.item) == (form, item) and r.group and r.answered]


def solve_every_item(tally: Tally) -> None:
    """Everything published of an item of the social form, solved for every hidden cell: none is determined."""
    counts = publish(tally, FORMS, PARAMETERS)
    for item in ("q01", "q02"):
        rows = rows_of(counts, Form.SOCIAL, item)
        total = counts.item(Form.SOCIAL, item, None)
        assert total is not None
        intruder = Intruder([r.group for r in rows if r.group])
        for row in (*rows, total) if rows else ():
            intruder.learn(row)
        for row in rows:
            for codes in not_told(row):
                assert row.group is not None
                low, high = intruder.range_of(row.group, codes)
                assert low < high, f"{row.group} {codes} is {low}"


def solve_the_overall_item(tally: Tally) -> None:
    """Whatever small count can be worked out of a group follows from what is always published.

    Where nobody at all chose 3, 2 or 1, the pooled counts say so, and a group's published class of ten unsatisfied
    is then ten of 不了解: a determined count is allowed where it is not small.
    """
    counts = publish(tally, FORMS, PARAMETERS)
    rows = [r for r in counts.items if r.item == "q03" and r.group and r.answered]
    groups = [r.group for r in rows if r.group]
    knows_all, knows_pooled = Intruder(groups), Intruder(groups)
    for row in (counts.overall, *rows) if rows else ():
        knows_all.learn(row)
        whole = row if row.group is None else replace(row, classes=(ClassCount(SCALE_CODES, row.answered),))
        knows_pooled.learn(whole)
    for row in rows:
        for codes in not_told(row):
            assert row.group is not None
            low, high = knows_all.range_of(row.group, codes)
            if low == high and low < SMALLEST:
                assert knows_pooled.range_of(row.group, codes) == (low, low), f"{row.group} {codes} is {low}"


@FEW
@given(tallies())
def test_no_hidden_count_of_an_item_can_be_worked_out(tally: Tally) -> None:
    solve_every_item(tally)


@FEW
@given(tallies())
def test_the_pooled_overall_item_gives_no_group_away(tally: Tally) -> None:
    solve_the_overall_item(tally)


@pytest.mark.slow
@MANY
@given(tallies())
def test_nothing_hidden_can_be_worked_out_in_many_counties(tally: Tally) -> None:
    solve_every_item(tally)
    solve_the_overall_item(tally)


@given(tallies())
def test_no_class_under_the_smallest_cell_is_published(tally: Tally) -> None:
    counts = publish(tally, FORMS, PARAMETERS)
    for row in counts.items:
        assert len(row.classes) == 1 or min(c.n for c in row.classes) >= SMALLEST
        assert sorted(code for c in row.classes for code in c.codes) == sorted(SCALE_CODES)
    for mean, group in zip(counts.means, counts.groups, strict=True):
        if mean.satisfied is not None:
            assert min(mean.satisfied, group.valid - mean.satisfied) >= SMALLEST


@given(tallies())
def test_hidden_means_span_two_groups_and_ten_on_each_side(tally: Tally) -> None:
    counts = publish(tally, FORMS, PARAMETERS)
    valid = {g.group: g.valid for g in counts.groups}
    hidden = [m.group for m in counts.means if m.satisfied is None and valid[m.group]]
    shown = sum(m.satisfied or 0 for m in counts.means)
    if hidden and len(hidden) < sum(1 for n in valid.values() if n):
        left = tally.everyone.mean_satisfied - shown
        assert len(hidden) > 1
        assert min(left, sum(valid[g] for g in hidden) - left) >= SMALLEST


@given(tallies())
def test_published_classes_hold_the_true_counts(tally: Tally) -> None:
    counts = publish(tally, FORMS, PARAMETERS)
    for row in counts.items:
        if row.group:
            true = next(g for g in tally.groups if g.group is row.group)
            by_code = next(i.by_code for i in true.items if i.item == row.item)
            for c in row.classes:
                assert c.n == sum(by_code[SCALE_CODES.index(code)] for code in c.codes)


@given(tallies())
def test_what_is_published_agrees_with_itself(tally: Tally) -> None:
    counts = publish(tally, FORMS, PARAMETERS)
    assert counts_defects(counts, FORMS, PARAMETERS) == ()


@given(tallies())
def test_written_and_read_again(tally: Tally) -> None:
    counts = publish(tally, FORMS, PARAMETERS)
    defects: list[object] = []
    cells = read_cells(counts_bytes(counts), "counts.csv", COUNTS_COLUMNS, defects)  # type: ignore[arg-type]
    assert parse_counts(cells, FORMS) == (counts, ())
    assert parse_counts(list(reversed(cells)), FORMS) == (counts, ())
    assert defects == []


@pytest.mark.parametrize(
    ("counts", "classes"),
    [
        pytest.param((10, 10, 10, 10, 10, 10), ["5", "4", "3", "2", "1", "0"], id="all of ten"),
        pytest.param((10, 10, 10, 10, 9, 10), ["5", "4", "3", "21", "0"], id="nine joins its neighbour"),
        pytest.param((10, 9, 10, 10, 10, 10), ["54", "3", "2", "1", "0"], id="so on the good side"),
        pytest.param((10, 10, 10, 10, 10, 9), ["5", "4", "3", "210"], id="不了解 joins the unsatisfied"),
        pytest.param((10, 10, 9, 10, 10, 10), ["5", "4", "3210"], id="基本满意 joins them"),
        pytest.param((50, 50, 3, 3, 2, 1), ["543210"], id="nine unsatisfied: nothing is told"),
        pytest.param((50, 50, 3, 3, 2, 2), ["5", "4", "3210"], id="ten unsatisfied"),
        pytest.param((60, 0, 0, 0, 0, 0), ["543210"], id="everybody very satisfied: nothing is told"),
        pytest.param((0, 0, 0, 0, 0, 0), ["543210"], id="nobody"),
    ],
)
def test_the_classes_a_row_may_publish(counts: Codes, classes: list[str]) -> None:
    made = classes_of(own_splits(counts, SMALLEST))
    assert ["".join(str(c) for c in codes) for codes in made] == classes


@pytest.mark.parametrize(
    ("pairs", "still"),
    [
        pytest.param({"student": (50, 50), "parent": (60, 60)}, {"student", "parent"}, id="nobody hides"),
        pytest.param({"student": (50, 50), "parent": (60, 5)}, set(), id="one hides: the other must too"),
        pytest.param(
            {"student": (50, 50), "parent": (60, 60), "public": (9, 9)}, {"parent"}, id="the next smallest joins"
        ),
        pytest.param(
            {"student": (90, 90), "deputy": (9, 5), "cppcc": (9, 5)}, {"student"}, id="two hide ten on each side"
        ),
        pytest.param(
            {"student": (90, 90), "parent": (99, 99), "deputy": (9, 5), "cppcc": (9, 4)},
            {"parent"},
            id="two hide nine on one side: the next joins",
        ),
        pytest.param(
            {"student": (50, 50), "parent": (60, 60), "public": (0, 0)},
            {"student", "parent"},
            id="the empty hide nothing",
        ),
    ],
)
def test_who_withholds_with_whom(pairs: dict[str, tuple[int, int]], still: set[str]) -> None:
    by_group = {Group(g): pair for g, pair in pairs.items()}
    able = {g for g, pair in by_group.items() if min(pair) >= SMALLEST}
    assert {g.value for g in protected_pairs(by_group, able, SMALLEST)} == still


def test_a_group_that_withholds_a_split_withholds_what_splits_it_further() -> None:
    rows = {Group.STUDENT: (40, 40, 40, 40, 40, 40), Group.PARENT: (9, 0, 0, 0, 0, 0)}
    total = own_splits((49, 40, 40, 40, 40, 40), SMALLEST)
    assert protected_splits(rows, total, SMALLEST) == {Group.STUDENT: frozenset(), Group.PARENT: frozenset()}


def test_every_alternative_and_case_is_published() -> None:
    rows = [*overall(6, 2), *records((Group.PARENT, 1, "333"), (Group.PARENT, 1, "510"))]
    rows += records((Group.PARENT, 2, "525"), (Group.PARENT, 3, "242"), (Group.PARENT, 1, "510"), flags=("f",))
    counts = published(rows)
    # Unflagged: 6 satisfied, 2 not, one 基本满意, one 不了解; flagged: 2 satisfied, 3 not, one 不了解: 16 in all.
    stays, leaves = DontKnowRule.VALID_NOT_SATISFIED, DontKnowRule.LEAVES_BASE
    expected = {
        (SatisfiedRule.OVERALL_ITEM, stays): [(16, 8), (10, 6), (16, 6), (16, 12)],
        (SatisfiedRule.OVERALL_ITEM, leaves): [(14, 8), (9, 6), (15, 6), (15, 12)],
        (SatisfiedRule.BASIC_COUNTS, stays): [(16, 9), (10, 7), (16, 7), (16, 13)],
        (SatisfiedRule.BASIC_COUNTS, leaves): [(14, 9), (9, 7), (15, 7), (15, 13)],
        # Means: "525" (5+4+5)/3 ≥ 4 yes; "242" and "333" no; "510" is 不了解 on the overall item: no.
        (SatisfiedRule.MEAN_GE_4, stays): [(16, 8), (10, 6), (16, 6), (16, 12)],
        (SatisfiedRule.MEAN_GE_4, leaves): [(14, 8), (9, 6), (15, 6), (15, 12)],
    }
    for (rule, dont_know), values in expected.items():
        found = [counts.pooled_under(rule, dont_know, case) for case in Case]
        assert [(p.base, p.satisfied) for p in found] == values, (rule, dont_know)


SURVEY = [*overall(200, 40), *overall(100, 20, Group.STUDENT), *overall(90, 30, Group.PUBLIC)]


def _changed(counts: Counts, change: Callable[[list[dict[str, str | None]]], None]) -> list[str]:
    cells = read_cells(counts_bytes(counts), "counts.csv", COUNTS_COLUMNS, [])
    change(cells)
    read, defects = parse_counts(cells, FORMS)
    assert defects
    assert read is None
    return [d.en for d in defects]


def test_a_missing_row_is_named() -> None:
    found = _changed(published(SURVEY), lambda cells: cells.__delitem__(0))
    assert found == ["counts.csv: a row is missing (valid,student,,,,,,,)."]


def test_unknown_and_repeated_rows_and_numbers_that_are_none_are_named() -> None:
    def spoil(cells: list[dict[str, str | None]]) -> None:
        cells.append(dict(cells[0]))
        cells.append(cells[1] | {"figure": "valued"})
        cells.append(cells[2] | {"count": "-1"})
        cells.append(cells[3] | {"item": "q99", "count": ""})

    found = _changed(published(SURVEY), spoil)
    n = len(read_cells(counts_bytes(published(SURVEY)), "counts.csv", COUNTS_COLUMNS, []))
    assert [e.split(":")[0] for e in found] == [
        f"counts.csv, row {n + 2}",
        f"counts.csv, row {n + 3}, figure",
        f"counts.csv, row {n + 4}, count",
        f"counts.csv, row {n + 5}, count",
    ]


def test_rows_nobody_asked_for_are_named() -> None:
    def spoil(cells: list[dict[str, str | None]]) -> None:
        cells.append(cells[0] | {"group": "pupil"})

    assert _changed(published(SURVEY), spoil)[0].endswith("this row is unknown (valid,pupil,,,,,,,).")


def test_codes_that_overlap_or_lack_are_named() -> None:
    def spoil(cells: list[dict[str, str | None]]) -> None:
        row = next(c for c in cells if c["figure"] == "answers" and c["codes"] == "5+4")
        row["codes"] = "5+3"

    assert any("must occur exactly once" in e for e in _changed(published(SURVEY), spoil))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            lambda c: replace(c, pooled=(replace(c.pooled[0], satisfied=c.pooled[0].satisfied + 1), *c.pooled[1:])),
            "contradict one another",
            id="one satisfied questionnaire more",
        ),
        pytest.param(
            lambda c: replace(c, groups=(replace(c.groups[0], valid=c.groups[0].valid + 1), *c.groups[1:])),
            "valid responses",
            id="one valid response more",
        ),
        pytest.param(
            lambda c: replace(c, means=(MeanCount(Group.STUDENT, 119), *c.means[1:])),
            "fewer than 10",
            id="a mean count that tells of one",
        ),
        pytest.param(lambda c: replace(c, flagged=1), "more responses are flagged", id="flagged without any flag"),
    ],
)
def test_counts_that_contradict_one_another_are_named(spoil: Callable[[Counts], Counts], message: str) -> None:
    found = counts_defects(spoil(published(SURVEY)), FORMS, PARAMETERS)
    assert any(message in d.en for d in found), [d.en for d in found]


def test_a_class_too_small_is_named() -> None:
    counts = published(SURVEY)
    small = ItemCounts(Form.PARENT, "q01", Group.PARENT, 240, (ClassCount((5, 4), 231), ClassCount((3, 2, 1, 0), 9)))
    items = tuple(small if (r.form, r.item) == (Form.PARENT, "q01") else r for r in counts.items)
    found = counts_defects(replace(counts, items=items), FORMS, PARAMETERS)
    assert [d.en for d in found] == ["counts.csv: parent/q01/parent publishes fewer than 10 answers."]
