"""Shares under group weights, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scoring.findings import Outcome
from scoring.recognition_shares import SharedCount, WeightedShare, Weighting, against, weighted_shares

LIMIT = Fraction(85, 100)


def weighted(
    counts: list[SharedCount], populations: list[int | None], pooled: Fraction | None = Fraction(9, 10)
) -> dict[Weighting, WeightedShare]:
    """Return both shares by their weighting."""
    return {found.weighting: found for found in weighted_shares(counts, populations, pooled, LIMIT)}


def test_both_weightings_by_hand() -> None:
    # 0.9 of 100, 0.5 of 10, 1.0 of 4: mean 0.8. Registered: 300 and 100 of the first two: (270 + 50)/400 = 0.8.
    counts = [SharedCount(100, 90), SharedCount(10, 5), SharedCount(4, 4)]
    found = weighted(counts, [300, 100, None])
    assert found[Weighting.GROUP_EQUAL].share == Fraction(4, 5)
    assert found[Weighting.GROUP_EQUAL].n_groups == 3
    assert found[Weighting.POPULATION].share == Fraction(4, 5)
    assert found[Weighting.POPULATION].n_groups == 2


def test_the_sentence_says_on_which_side_it_falls() -> None:
    counts = [SharedCount(100, 90), SharedCount(10, 5)]
    other = weighted(counts, [1000, 1])
    assert other[Weighting.GROUP_EQUAL].outcome is Outcome.NOT_MET
    assert other[Weighting.GROUP_EQUAL].reason.code == "other_side"
    assert "70%" in other[Weighting.GROUP_EQUAL].reason.zh
    assert other[Weighting.POPULATION].reason.code == "same_side"


def test_exactly_on_the_limit_is_met() -> None:
    found = weighted([SharedCount(10, 9), SharedCount(10, 8)], [None, None])
    assert found[Weighting.GROUP_EQUAL].share == LIMIT
    assert found[Weighting.GROUP_EQUAL].outcome is Outcome.MET


def test_a_group_without_answers_stays_outside() -> None:
    found = weighted([SharedCount(10, 9), SharedCount(0, 0), SharedCount(0, None)], [100, 900, 1])
    assert found[Weighting.GROUP_EQUAL].share == Fraction(9, 10)
    assert found[Weighting.POPULATION].share == Fraction(9, 10)
    assert found[Weighting.POPULATION].n_groups == 1


@pytest.mark.parametrize("hidden", [SharedCount(50, None), SharedCount(None, None), SharedCount(None, 4)])
def test_a_withheld_group_withholds_what_would_tell_it(hidden: SharedCount) -> None:
    found = weighted([SharedCount(10, 9), hidden], [100, None])
    assert found[Weighting.GROUP_EQUAL].share is None
    assert found[Weighting.GROUP_EQUAL].outcome is Outcome.UNDECIDED
    assert found[Weighting.GROUP_EQUAL].reason.code == "withheld"
    assert found[Weighting.POPULATION].share == Fraction(9, 10)  # the hidden group has no weight in it


def test_without_weights_there_is_no_share() -> None:
    found = weighted([SharedCount(10, 9)], [None])
    assert found[Weighting.POPULATION].share is None
    assert found[Weighting.POPULATION].reason.code == "no_weight"
    assert weighted([SharedCount(0, None)], [5], None)[Weighting.GROUP_EQUAL].reason.code == "no_weight"


def test_a_share_alone_decides_on_or_above_the_limit() -> None:
    assert against(LIMIT, LIMIT) is Outcome.MET
    assert against(LIMIT - Fraction(1, 10**9), LIMIT) is Outcome.NOT_MET
    assert against(None, LIMIT) is Outcome.UNDECIDED
