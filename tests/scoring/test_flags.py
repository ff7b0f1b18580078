"""Each flag on both sides of its boundary; the boundaries are computed by hand in the comments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.flag_signals import (
    FormOutline,
)
from scoring.flags import FLAG_RULES, Observation, bucket_of, flag, review_reasons
from scoring.link_state import LinkState, empty_state, observe
from scoring.ruleset import load_rule_set

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


ROW = st.text("012345-", min_size=12, max_size=12)


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


@given(ROW, st.floats(0, 100), st.floats(0, 100), st.integers(0, 500), st.integers(1, 9))
def test_more_time_never_adds_a_flag(answers: str, one: float, other: float, n: int, uses: int) -> None:
    state = after((answers, n), bucket=1000, form=REVERSED_FORM)
    quick, slow = sorted((one, other))
    given_quick = codes(answers, seconds=quick, state=state, form=REVERSED_FORM, population=400, device_uses=uses)
    given_slow = codes(answers, seconds=slow, state=state, form=REVERSED_FORM, population=400, device_uses=uses)
    assert set(given_slow) <= set(given_quick)
