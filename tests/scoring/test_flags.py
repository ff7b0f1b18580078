"""Each flag on both sides of its boundary; the boundaries are computed by hand in the comments."""

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
from scoring.flags import FLAG_RULES, Observation, bucket_of, flag, review_reasons
from scoring.link_state import LinkState, empty_state, observe
from scoring.ruleset import load_rule_set
from tests.crowds.playback import shipped_form

THRESHOLDS = load_rule_set("national-2017").parameters.flags
SALT = b"salt"
# Twelve items of 15 characters: 12 × 1 s + 180 / 15 s = 24 s; hurried below 1.2 × 24 s = 28.8 s.
PLAIN_FORM = FormOutline((15,) * 12, (False,) * 12)
REVERSED_FORM = FormOutline((15,) * 12, (False,) * 11 + (True,))
UNHURRIED = 60.0
# Seven 4, three 5, two 3: departs from its prevailing answer five times.
VARIED = "444444455533"


def after(
    *rows: tuple[str, int], start: LinkState | None = None, bucket: int | None = None, form: FormOutline = PLAIN_FORM
) -> LinkState:
    """Return a state that has seen some rows of answers so many times."""
    state = start or empty_state(12)
    for answers, times in rows:
        state = observe(state, answers, form.reversed_items, bucket=bucket, flagged=False, salt=SALT, times=times)
    return state


def codes(
    answers: str = "4" * 12,
    *,
    seconds: float | None = UNHURRIED,
    state: LinkState | None = None,
    form: FormOutline = PLAIN_FORM,
    bucket: int = 1000,
    population: int | None = None,
    device_uses: int | None = None,
) -> tuple[str, ...]:
    """Return the flags of one submission that is beyond reproach unless told otherwise."""
    observation = Observation(answers, seconds, bucket, population, device_uses)
    return flag(state or empty_state(12), observation, form, THRESHOLDS, SALT).codes


@pytest.mark.parametrize(
    ("case", "answers", "seconds", "flagged"),
    [
        ("a whole form at the floor of 24 s", "4" * 12, 24.0, False),
        ("a whole form just below it", "4" * 12, 23.999, True),
        ("don't know is read like any answer", "0" * 12, 23.999, True),
        ("six items need 6 + 90/15 = 12 s", "-" * 6 + "4" * 6, 12.0, False),
        ("six items in less", "-" * 6 + "4" * 6, 11.999, True),
        ("one item alone still needs 5 s", "-" * 11 + "4", 5.0, False),
        ("one item in less", "-" * 11 + "4", 4.999, True),
        ("no time at all", "4" * 12, 0.0, True),
        ("an hour", "4" * 12, 3600.0, False),
        ("a time nobody knows", "4" * 12, None, False),
    ],
)
def test_too_fast(case: str, answers: str, seconds: float | None, flagged: bool) -> None:
    assert codes(answers, seconds=seconds) == (("too_fast",) if flagged else ()), case


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


@pytest.mark.parametrize(
    ("case", "seconds", "expected"),
    [
        ("read at leisure", 28.8, ()),
        ("hurried", 28.799, ("contradiction",)),
        ("hurried, at the floor", 24.0, ("contradiction",)),
        ("too fast as well", 23.999, ("too_fast", "contradiction")),
        ("time unknown", None, ()),
    ],
)
def test_a_contradiction_counts_only_in_a_hurry(case: str, seconds: float | None, expected: tuple[str, ...]) -> None:
    assert codes("45454545454" + "5", seconds=seconds, form=REVERSED_FORM) == expected, case


@pytest.mark.parametrize(("seconds", "expected"), [(12.0, ()), (11.999, ("contradiction",))])
def test_hurry_ends_exactly_at_its_limit(seconds: float, expected: tuple[str, ...]) -> None:
    # Five items of 15 characters: 5 + 75 / 15 = 10 s, and 1.2 times that is 12 s, which a float holds exactly.
    assert codes("-" * 7 + "4545" + "5", seconds=seconds, form=REVERSED_FORM) == expected


@pytest.mark.parametrize(
    ("case", "earlier", "population", "flagged"),
    [
        ("the last of 400 people", 399, 400, False),
        ("one more than there are", 400, 400, True),
        ("a group that nobody has counted", 4000, None, False),
        ("a group that is empty", 0, 0, True),
    ],
)
def test_over_population(case: str, earlier: int, population: int | None, flagged: bool) -> None:
    state = after(("4" * 12, earlier)) if earlier else empty_state(12)
    assert codes(state=state, population=population) == (("over_population",) if flagged else ()), case


@pytest.mark.parametrize(("uses", "flagged"), [(None, False), (1, False), (3, False), (4, True), (60, True)])
def test_repeated_device(uses: int | None, flagged: bool) -> None:
    assert codes(device_uses=uses) == (("repeated_device",) if flagged else ())


# 50 plain rows before: each of the 5 departures has share (4 + 2) / (54 + 10), so chance is below 0.0001 and the
# expectation is the sketch's 4/256: the 5th copy exceeds it by 0.98 > 4 √0.016 = 0.51, the 4th by nothing.
# In an empty link the rows teach their own departures. 8th copy: 8 · 2 (9/17)^5 + 7/256 = 0.693, excess 3.307,
# squared 10.94 < 16 · 0.693 = 11.08. 9th: 9 · 2 (10/18)^5 + 8/256 = 0.984, excess 4.016, squared 16.13 > 15.74.
@pytest.mark.parametrize(
    ("case", "state", "answers", "flagged"),
    [
        ("4th copy among 50 others", after(("4" * 12, 50), (VARIED, 3)), VARIED, False),
        ("5th copy among 50 others", after(("4" * 12, 50), (VARIED, 4)), VARIED, True),
        ("8th copy where nobody else came", after((VARIED, 7)), VARIED, False),
        ("9th copy where nobody else came", after((VARIED, 8)), VARIED, True),
        ("another row beside many copies", after(("4" * 12, 50), (VARIED, 40)), "444444455335", False),
        ("one column 500 times", after(("4" * 12, 500)), "4" * 12, False),
        ("one column with a don't know", after(("4" * 11 + "0", 500)), "4" * 11 + "0", False),
        ("one column with a blank", after(("4" * 11 + "-", 500)), "4" * 11 + "-", False),
        ("nothing known", after(("0" * 12, 500)), "0" * 12, False),
        ("one departure that half of them share", after(("4" * 12, 50), ("4" * 11 + "2", 50)), "4" * 11 + "2", False),
    ],
)
def test_repeated_answers(case: str, state: LinkState, answers: str, flagged: bool) -> None:
    assert codes(answers, state=state) == (("repeated_answers",) if flagged else ()), case


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
        ("five buckets are no rhythm yet", (*((n, 10) for n in range(900, 905)), (1000, 19)), True),
        ("one earlier flood is not the rhythm", (*((n, 10) for n in range(900, 905)), (905, 900), (1000, 94)), True),
        ("later buckets are not the rhythm", (*((n, 10) for n in range(1001, 1007)), (1000, 19)), True),
    ],
)
def test_in_burst(case: str, rhythm: tuple[tuple[int, int], ...], burst: bool) -> None:
    state = replace(empty_state(12), n_responses=sum(n for _, n in rhythm), rhythm=rhythm)
    assert in_burst(state, 1000, THRESHOLDS) is burst, case


@pytest.mark.parametrize(
    ("case", "seconds", "uses", "expected"),
    [
        ("a parents' meeting", 28.8, 1, ()),
        ("a hurried form", 28.799, 1, ("burst",)),
        ("a form too fast", 10.0, 1, ("too_fast", "burst")),
        ("a device's fourth form", 28.8, 4, ("repeated_device", "burst")),
        ("time unknown", None, 1, ()),
    ],
)
def test_a_burst_counts_only_beside_another_sign(
    case: str, seconds: float | None, uses: int, expected: tuple[str, ...]
) -> None:
    state = after(("4" * 12, 100), bucket=1000)
    assert codes(state=state, seconds=seconds, device_uses=uses) == expected, case


def test_hurry_alone_is_no_flag() -> None:
    assert codes(seconds=24.0) == ()


def test_every_sign_at_once_comes_in_the_order_of_the_catalogue() -> None:
    row = VARIED.replace("3", "5")[:11] + "5"
    state = after(("4" * 12, 100), (row, 30), bucket=1000, form=REVERSED_FORM)
    found = codes(row, seconds=1.0, state=state, form=REVERSED_FORM, population=10, device_uses=9)
    assert found == tuple(rule.code for rule in FLAG_RULES)


def test_a_submission_enters_the_state_with_its_flag() -> None:
    before = after(("4" * 12, 2), bucket=7)
    outcome = flag(before, Observation("5" * 12, 1.0, 8), PLAIN_FORM, THRESHOLDS, SALT)
    assert outcome.codes == ("too_fast",)
    assert (outcome.state.n_responses, outcome.state.n_flagged) == (3, 1)
    assert outcome.state.rhythm == ((7, 2), (8, 1))
    assert outcome.state.prevailing == (0, 0, 0, 0, 2, 1)


@pytest.mark.parametrize(
    ("n", "n_flagged", "population", "expected"),
    [
        (400, 40, 400, ()),
        (400, 41, 400, ("many_flagged",)),
        (401, 0, 400, ("over_population",)),
        (401, 401, 400, ("over_population", "many_flagged")),
        (4, 2, None, ()),
        (4, 3, None, ("many_flagged",)),
        (0, 0, 0, ()),
    ],
)
def test_a_link_to_be_reviewed(n: int, n_flagged: int, population: int | None, expected: tuple[str, ...]) -> None:
    state = replace(empty_state(12), n_responses=n, n_flagged=n_flagged)
    reasons = review_reasons(state, population, THRESHOLDS)
    assert tuple(reason.code for reason in reasons) == expected
    assert all(str(n) in reason.zh and str(n) in reason.en for reason in reasons)


def test_buckets_are_five_minutes() -> None:
    assert [bucket_of(seconds, THRESHOLDS) for seconds in (0, 299, 300, 599, 600)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    ("answers", "seconds", "population", "uses"),
    [("46", 1.0, None, None), ("", 1.0, None, None), ("4", -0.1, None, None), ("4", float("nan"), None, None),
     ("4", 1.0, -1, None), ("4", 1.0, None, 0)],
)  # fmt: skip
def test_an_impossible_observation_is_refused(
    answers: str, seconds: float, population: int | None, uses: int | None
) -> None:
    with pytest.raises(ValueError, match=r"codes 0 to 5|0 seconds|0 or more|once or more"):
        Observation(answers, seconds, 0, population, uses)


def test_forms_of_another_length_are_refused() -> None:
    for state, answers in ((empty_state(11), "4" * 12), (empty_state(12), "4" * 11)):
        with pytest.raises(ValueError, match="different length"):
            flag(state, Observation(answers, 60, 0), PLAIN_FORM, THRESHOLDS, SALT)


def test_the_catalogue_names_every_flag_once_in_both_languages() -> None:
    # Codes and versions are stored with responses and hashed into reports: changing one is a decision.
    assert {rule.code: rule.version for rule in FLAG_RULES} == {
        "too_fast": 1,
        "contradiction": 1,
        "repeated_answers": 1,
        "over_population": 1,
        "repeated_device": 1,
        "burst": 1,
    }
    assert len(FLAG_RULES) == 6
    assert all(rule.zh and rule.en for rule in FLAG_RULES)


@pytest.mark.parametrize("expected", [Fraction(n, 1000) for n in (1, 10, 100, 500, 1000, 2000, 5000)]
                         + [Fraction(n) for n in (10, 30, 100, 1000, 10000)])  # fmt: skip
def test_beyond_chance_is_rarer_than_one_in_ten_thousand(expected: Fraction) -> None:
    first = next(n for n in range(1, 20000) if beyond_chance(n, expected, THRESHOLDS))
    assert not beyond_chance(first - 1, expected, THRESHOLDS)
    assert poisson.sf(first - 1, float(expected)) < 1e-4


ROW = st.text("012345-", min_size=12, max_size=12)
COLUMN = st.tuples(st.sampled_from("12345"), st.text("0-", max_size=11), st.sampled_from("12345")).map(
    lambda parts: (parts[1] + parts[0] * 11)[:11] + parts[2]
)


@given(
    st.sampled_from("12345"),
    st.lists(st.tuples(ROW, st.integers(1, 200), st.integers(990, 1000)), max_size=6),
    st.floats(28.8, 1e6) | st.none(),
    st.sampled_from([PLAIN_FORM, REVERSED_FORM]),
)
def test_all_the_same_at_an_honest_pace_is_never_flagged(
    code: str, rows: list[tuple[str, int, int]], seconds: float | None, form: FormOutline
) -> None:
    state = empty_state(12)
    for answers, times, bucket in [*rows, (code * 12, 300, 1000)]:
        state = after((answers, times), start=state, bucket=bucket, form=form)
    assert codes(code * 12, seconds=seconds, state=state, form=form, device_uses=3) == ()


@given(COLUMN, st.integers(0, 1000))
def test_one_column_beside_any_reversed_answer_never_counts_as_repeated(answers: str, times: int) -> None:
    state = after((answers, times), form=REVERSED_FORM)
    assert not repeats(state, answers, REVERSED_FORM, THRESHOLDS, SALT)


@given(ROW, st.floats(0, 100), st.floats(0, 100), st.integers(0, 500), st.integers(1, 9))
def test_more_time_never_adds_a_flag(answers: str, one: float, other: float, n: int, uses: int) -> None:
    state = after((answers, n), bucket=1000, form=REVERSED_FORM)
    quick, slow = sorted((one, other))
    given_quick = codes(answers, seconds=quick, state=state, form=REVERSED_FORM, population=400, device_uses=uses)
    given_slow = codes(answers, seconds=slow, state=state, form=REVERSED_FORM, population=400, device_uses=uses)
    assert set(given_slow) <= set(given_quick)


@given(ROW, st.lists(st.tuples(ROW, st.integers(1, 300)), max_size=5))
def test_a_chance_is_a_probability(answers: str, rows: list[tuple[str, int]]) -> None:
    assert 0 < chance_of(after(*rows), answers, PLAIN_FORM, THRESHOLDS) <= 1
