"""The signs flags are made of, each on both sides of its boundary; boundaries are computed by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from scoring.flag_signals import (
    FormOutline,
    beyond_chance,
    chance_of,
    contradicts,
    in_burst,
    outline_of,
    repeats,
    shortest_seconds,
)
from scoring.link_state import LinkState, empty_state, observe, sketch_cells
from scoring.ruleset import load_rule_set
from tests.crowds.playback import shipped_form

THRESHOLDS = load_rule_set("national-2017").parameters.flags
SALT = b"salt"
VARIED = "444444455533"
PLAIN_FORM = FormOutline((15,) * 12, (False,) * 12)
REVERSED_FORM = FormOutline((15,) * 12, (False,) * 11 + (True,))
UNEVEN = ((900, 1), (901, 2), (902, 3), (903, 10), (904, 20), (905, 30))
ROW = st.text("012345-", min_size=12, max_size=12)


COLUMN = st.tuples(st.sampled_from("12345"), st.text("0-", max_size=11), st.sampled_from("12345")).map(
    lambda parts: (parts[1] + parts[0] * 11)[:11] + parts[2]
)


def after(
    *rows: tuple[str, int], start: LinkState | None = None, bucket: int | None = None, form: FormOutline = PLAIN_FORM
) -> LinkState:
    """Return a state that has seen some rows of answers so many times."""
    state = start or empty_state(12)
    for answers, times in rows:
        state = observe(state, answers, form.reversed_items, bucket=bucket, flagged=False, salt=SALT, times=times)
    return state


def test_the_floor_follows_the_wording_and_the_speed() -> None:
    form = FormOutline((30, 15), (False, False))
    # 2 × 1 + 45 / 15 = 5; at a third of the speed 2 + 9 = 11.
    assert shortest_seconds("44", form, THRESHOLDS) == 5
    assert shortest_seconds("44", form, replace(THRESHOLDS, characters_per_second=Fraction(5))) == 11


def test_the_parents_form_is_counted_without_punctuation() -> None:
    outline = outline_of(shipped_form("parent"))
    assert outline.characters[0] == 11  # 孩子免试就近入学的安排
    assert outline.characters[11] == 13  # 总的来说,本县义务教育的情况: the comma is not read
    assert [i for i, turned in enumerate(outline.reversed_items) if turned] == [6]


@pytest.mark.parametrize(
    ("case", "answers", "contradictory"),
    [
        ("content, and fully agrees with the complaint", "45454545454" + "5", True),
        ("content, and merely agrees", "45454545454" + "4", False),
        ("content, and denies it", "45454545454" + "1", False),
        ("one fair answer among the good ones", "35454545454" + "5", False),
        ("discontent, and fully denies the complaint", "12121212121" + "1", True),
        ("discontent, and merely denies it", "12121212121" + "2", False),
        ("discontent, and agrees", "12121212121" + "5", False),
        ("one good answer among the bad ones", "42121212121" + "1", False),
        ("three answers are enough", "455--------" + "5", True),
        ("two are not", "45---------" + "5", False),
        ("don't knows are no answers", "45000000000" + "5", False),
        ("the complaint left blank", "45454545454" + "-", False),
        ("the complaint not known", "45454545454" + "0", False),
    ],
)
def test_contradicts(case: str, answers: str, contradictory: bool) -> None:
    assert contradicts(answers, REVERSED_FORM) is contradictory, case
    assert contradicts(answers, PLAIN_FORM) is False


def test_one_column_is_plain_whatever_the_reversed_item_says() -> None:
    row = "4" * 11 + "2"
    state = after((row, 500), form=REVERSED_FORM)
    assert not repeats(state, row, REVERSED_FORM, THRESHOLDS, SALT)
    assert state.n_varied == 0


def test_the_chance_of_a_row_by_hand() -> None:
    # 90 plain 4 and 10 rows "4…42": prevailing 4: (100 + 10) / 110 = 1; departure (10 + 2) / 110; twice that.
    state = after(("4" * 12, 90), ("4" * 11 + "2", 10))
    assert chance_of(state, "4" * 11 + "2", PLAIN_FORM, THRESHOLDS) == Fraction(24, 110)
    # Nobody has prevailing 5 yet: 10 / 110, and a departure nobody made has 2 / 110.
    assert chance_of(state, "5" * 11 + "4", PLAIN_FORM, THRESHOLDS) == 2 * Fraction(10, 110) * Fraction(2, 110)
    # A departure that all share counts as 0.60, never more: 2 · 0.6 is above 1, which is as far as chance goes.
    certain = after(("4" * 11 + "2", 1000))
    assert chance_of(certain, "4" * 11 + "2", PLAIN_FORM, THRESHOLDS) == 1
    three = after(("4" * 9 + "222", 1000))
    assert chance_of(three, "4" * 9 + "222", PLAIN_FORM, THRESHOLDS) == 2 * Fraction(6, 10) ** 3


# Without a rhythm one response per bucket is usual: 2 · 1 · 3 = 6 expected, 6 + 4 + 4 √6 = 19.8, so the 20th.
# With six buckets of 10: 2 · 10 · 3 = 60 expected, 60 + 4 + 4 √60 = 94.98, so the 95th.
@pytest.mark.parametrize(
    ("case", "rhythm", "burst"),
    [
        ("19th of two buckets", ((999, 9), (1000, 9)), False),
        ("20th of two buckets", ((999, 10), (1000, 9)), True),
        ("20th, but spread over three", ((998, 10), (1000, 9)), False),
        ("94th where ten are usual", (*((n, 10) for n in range(900, 906)), (1000, 93)), False),
        ("95th where ten are usual", (*((n, 10) for n in range(900, 906)), (1000, 94)), True),
        ("19th, with an empty bucket before", ((1000, 18),), False),
        ("20th, with an empty bucket before", ((1000, 19),), True),
        ("19th, the first of its bucket", ((999, 18),), False),
        ("20th, the first of its bucket", ((999, 19),), True),
        (
            "94th where the upper median is ten",
            (*UNEVEN, (1000, 93)),
            False,
        ),
        (
            "95th where the upper median is ten",
            (*UNEVEN, (1000, 94)),
            True,
        ),
        ("five buckets are no rhythm yet", (*((n, 10) for n in range(900, 905)), (1000, 19)), True),
        ("one earlier flood is not the rhythm", (*((n, 10) for n in range(900, 905)), (905, 900), (1000, 94)), True),
        ("later buckets are not the rhythm", (*((n, 10) for n in range(1001, 1007)), (1000, 19)), True),
    ],
)
def test_in_burst(case: str, rhythm: tuple[tuple[int, int], ...], burst: bool) -> None:
    state = replace(empty_state(12), n_responses=sum(n for _, n in rhythm), rhythm=rhythm)
    assert in_burst(state, 1000, THRESHOLDS) is burst, case


@pytest.mark.parametrize("expected", [Fraction(n, 1000) for n in (1, 10, 100, 500, 1000, 2000, 5000)]
                         + [Fraction(n) for n in (10, 30, 100, 1000, 10000)])  # fmt: skip
def test_beyond_chance_is_rarer_than_one_in_ten_thousand(expected: Fraction) -> None:
    first = next(n for n in range(1, 20000) if beyond_chance(n, expected, THRESHOLDS))
    assert not beyond_chance(first - 1, expected, THRESHOLDS)
    assert poisson.sf(first - 1, float(expected)) < 1e-4


@given(COLUMN, st.integers(0, 1000))
def test_one_column_beside_any_reversed_answer_never_counts_as_repeated(answers: str, times: int) -> None:
    state = after((answers, times), form=REVERSED_FORM)
    assert not repeats(state, answers, REVERSED_FORM, THRESHOLDS, SALT)


@given(ROW, st.lists(st.tuples(ROW, st.integers(1, 300)), max_size=5))
def test_a_chance_is_a_probability(answers: str, rows: list[tuple[str, int]]) -> None:
    assert 0 < chance_of(after(*rows), answers, PLAIN_FORM, THRESHOLDS) <= 1


def test_a_row_counts_as_often_as_the_least_of_its_cells() -> None:
    # Another row that shares one cell, or two, does not make this one frequent.
    cells = sketch_cells(VARIED, SALT)
    for shared in (cells[:1], cells[1:], cells):
        sketch = tuple(50 if cell in shared else 0 for cell in range(len(empty_state(12).sketch)))
        state = replace(after(("4" * 12, 100)), sketch=sketch)
        assert repeats(state, VARIED, PLAIN_FORM, THRESHOLDS, SALT) is (shared == cells)


def test_the_chance_of_a_row_without_a_prevailing_answer() -> None:
    # 6 of 10 know nothing at all: (6 + 10) / 20, every departure min(0.6, (6 + 2) / 20); doubled.
    state = after(("0" * 12, 6), ("4" * 12, 4))
    assert chance_of(state, "0" * 12, PLAIN_FORM, THRESHOLDS) == 2 * Fraction(16, 20) * Fraction(8, 20) ** 12


@pytest.mark.parametrize(("count", "beyond"), [(3, False), (4, True)])
def test_where_nothing_is_expected_four_are_too_many(count: int, beyond: bool) -> None:
    assert beyond_chance(count, Fraction(0), THRESHOLDS) is beyond
