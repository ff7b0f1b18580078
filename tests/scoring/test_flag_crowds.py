"""Measured on simulated crowds: who is flagged wrongly, who is caught, and who cannot be.

The limits are those the method sets: at most 1 in 100 honest people flagged in every crowd, at least 95 in 100
forged forms. What is measured here is printed in docs/flags.md; seeds are fixed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from random import Random

import pytest

from scoring.flag_signals import in_burst, outline_of
from scoring.flags import OVER_POPULATION, review_reasons
from scoring.link_state import empty_state, is_plain, observe
from scoring.ruleset import load_rule_set
from tests.crowds.honest import HONEST, everyday_school, meeting_before_anybody, parents_meeting, quick_readers
from tests.crowds.hostile import Style, sabotage_of_a_county, script_at_a_school, staff_room
from tests.crowds.playback import SALT, Crowd, Played, play, play_apart

THRESHOLDS = load_rule_set("national-2017").parameters.flags
SEEDS = (11, 12, 13)
MANY_SEEDS = tuple(range(100, 130))
MAY_BE_WRONG = 0.01
MUST_BE_CAUGHT = 0.95
CARELESS = (Style.AT_ONCE, Style.SHORT_WAIT)

Play = Callable[[Crowd], Played]


def at_one_worker(crowd: Crowd) -> Played:
    return play(crowd, THRESHOLDS)


def at_four_workers(crowd: Crowd) -> Played:
    return play_apart(crowd, THRESHOLDS, Random(1), 4)


def share(make: Callable[[Random], Crowd], seeds: tuple[int, ...], how: Play, *, hostile: bool) -> float:
    """Return the share flagged of the hostile or the honest, over all seeds."""
    pairs = [how(make(Random(seed))).flagged(hostile=hostile) for seed in seeds]
    return sum(flagged for flagged, _ in pairs) / sum(n for _, n in pairs)


@pytest.mark.parametrize("how", [at_one_worker, at_four_workers])
@pytest.mark.parametrize("crowd", HONEST, ids=lambda crowd: crowd.__name__)
def test_honest_people_are_hardly_ever_flagged(crowd: Callable[[Random], Crowd], how: Play) -> None:
    assert share(crowd, SEEDS, how, hostile=False) <= MAY_BE_WRONG


@pytest.mark.slow
@pytest.mark.parametrize("crowd", HONEST, ids=lambda crowd: crowd.__name__)
def test_honest_people_are_hardly_ever_flagged_in_thirty_runs(crowd: Callable[[Random], Crowd]) -> None:
    assert share(crowd, MANY_SEEDS, at_one_worker, hostile=False) <= MAY_BE_WRONG


@pytest.mark.parametrize("how", [at_one_worker, at_four_workers])
@pytest.mark.parametrize("style", [*CARELESS, Style.ONE_ROW_PATIENT])
def test_a_script_at_a_school_is_caught(style: Style, how: Play) -> None:
    for seed in SEEDS:
        played = how(script_at_a_school(Random(seed), style))
        flagged, n = played.flagged(hostile=True)
        assert n == 1000
        assert flagged >= MUST_BE_CAUGHT * n
        reasons = review_reasons(played.states["school"], 400, THRESHOLDS)
        assert {reason.code for reason in reasons} == {"over_population", "many_flagged"}


@pytest.mark.parametrize("style", [Style.TWENTY_ROWS_PATIENT, Style.PLAIN_PATIENT, Style.MIXED_PATIENT])
def test_a_patient_script_is_caught_from_the_roster_on_and_brings_the_school_to_review(style: Style) -> None:
    # 60 honest and 340 forged fit under 400 people; from then on every form is one too many.
    for seed in SEEDS:
        played = at_one_worker(script_at_a_school(Random(seed), style))
        assert played.by_code(hostile=True)[OVER_POPULATION] == 660
        assert len(review_reasons(played.states["school"], 400, THRESHOLDS)) == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_staff_room_with_its_device_is_caught(seed: int) -> None:
    flagged, n = at_one_worker(staff_room(Random(seed), keeps_token=True)).flagged(hostile=True)
    assert n == 60
    assert flagged >= 57


def test_a_staff_room_that_clears_its_device_is_caught_by_its_haste() -> None:
    seeds = tuple(range(20))
    assert share(partial(staff_room, keeps_token=False), seeds, at_one_worker, hostile=True) >= MUST_BE_CAUGHT


@pytest.mark.parametrize("how", [at_one_worker, at_four_workers])
@pytest.mark.parametrize("style", CARELESS)
def test_sabotage_of_a_county_is_caught_and_its_honest_answers_are_not(style: Style, how: Play) -> None:
    for seed in SEEDS:
        played = how(sabotage_of_a_county(Random(seed), style))
        flagged, n = played.flagged(hostile=True)
        assert n == 300
        assert flagged >= MUST_BE_CAUGHT * n
        wrongly, honest = played.flagged(hostile=False)
        assert honest == 5000
        assert wrongly <= MAY_BE_WRONG * honest


def test_patient_sabotage_is_not_caught() -> None:
    # Written down so that nobody promises more: whoever waits like a reader and varies like one passes.
    for style in (Style.PLAIN_PATIENT, Style.MIXED_PATIENT, Style.TWENTY_ROWS_PATIENT):
        assert share(partial(sabotage_of_a_county, style=style), SEEDS, at_one_worker, hostile=True) < 0.05


def test_the_meeting_is_a_burst_of_equal_answers_and_still_passes() -> None:
    crowd = meeting_before_anybody(Random(11))
    outline = outline_of(crowd.form)
    state, bursting, plain = empty_state(12), 0, 0
    for arrival in crowd.arrivals:
        bucket = int(arrival.sent_at) // THRESHOLDS.bucket_seconds
        bursting += in_burst(state, bucket, THRESHOLDS)
        plain += is_plain(arrival.answers, outline.reversed_items)
        state = observe(state, arrival.answers, outline.reversed_items, bucket=bucket, flagged=False, salt=SALT)
    assert bursting > len(crowd.arrivals) // 2
    assert plain > len(crowd.arrivals) // 2
    most_given = Counter(arrival.answers for arrival in crowd.arrivals).most_common(1)[0][1]
    assert most_given > 50


def test_the_crowds_would_show_a_floor_that_is_too_high() -> None:
    # Four seconds an item is what many need: a rule set that called it too fast would be found out here.
    strict = replace(THRESHOLDS, seconds_per_item=Fraction(4))
    for make in (everyday_school, parents_meeting, quick_readers):
        flagged, n = play(make(Random(11)), strict).flagged(hostile=False)
        assert flagged > MAY_BE_WRONG * n


def test_the_crowds_would_show_repeats_counted_without_a_null_model() -> None:
    # If every departure were thought a rarity, honest rows of a school with one grievance would be flagged.
    naive = replace(THRESHOLDS, repeat_ceiling=Fraction(1, 1000), repeat_factor=Fraction(1))
    make = next(make for make in HONEST if make.__name__ == "shared_grievance")
    flagged, n = play(make(Random(11)), naive).flagged(hostile=False)
    assert flagged > MAY_BE_WRONG * n
