"""How many answers are asked of whom: the sample of a survey."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.questionnaire import GROUPS, Group
from scoring.sample import (
    grade_band_targets,
    group_targets,
    largest_remainder,
    locality_targets,
    missing_from,
)
from tests.scoring.surveys import PARAMETERS

RESIDENTS = st.integers(1, 20_000_000)
POPULATIONS = st.dictionaries(st.sampled_from([g.value for g in GROUPS]), st.none() | st.integers(0, 5000))


def test_the_ministrys_example_of_half_a_million_residents() -> None:
    """500 000 residents: 750 answers, at least 375 parents, about 62 in each other group (domain 5.2)."""
    targets = group_targets(500_000, {}, PARAMETERS)
    assert targets is not None
    assert targets.total == 750
    # 375 remain for six groups: 62.5 each, so the first three groups in order take 63.
    assert {t.group.value: t.target for t in targets.groups} == {
        "student": 63,
        "parent": 375,
        "teacher": 63,
        "principal": 63,
        "deputy": 62,
        "cppcc": 62,
        "public": 62,
    }
    assert targets.unplaced == 0


@pytest.mark.parametrize(
    ("residents", "total"),
    [
        pytest.param(1, 1, id="a fraction of an answer is one answer"),
        pytest.param(666, 1, id="0.999 is one"),
        pytest.param(667, 2, id="1.0005 is two: not less than 1.5 per mille"),
        pytest.param(400_000, 600, id="exact"),
        pytest.param(400_001, 601, id="one resident more"),
    ],
)
def test_sample_size_is_rounded_up(residents: int, total: int) -> None:
    targets = group_targets(residents, {}, PARAMETERS)
    assert targets is not None
    assert targets.total == total


def test_a_minimum_holds_where_the_rule_set_has_one() -> None:
    stricter = replace(PARAMETERS, sample_minimum=600)
    small, large = group_targets(100_000, {}, stricter), group_targets(500_000, {}, stricter)
    assert small is not None
    assert large is not None
    assert (small.total, large.total) == (600, 750)


@pytest.mark.parametrize(
    ("deputies", "target", "parents"),
    [
        # quota 62; 70 % rounded up: 89 → 62.3 → 63, so no cap; 88 → 61.6 → 62; 87 → 60.9 → 61; 10 → 7.
        pytest.param(None, 62, 375, id="not registered: no cap"),
        pytest.param(89, 62, 375, id="large enough"),
        pytest.param(88, 62, 375, id="just large enough"),
        pytest.param(87, 61, 376, id="one short, moved to parents"),
        pytest.param(10, 7, 430, id="a small group"),
        pytest.param(0, 0, 437, id="nobody there"),
    ],
)
def test_what_a_small_group_cannot_fill_moves_to_parents(deputies: int | None, target: int, parents: int) -> None:
    targets = group_targets(500_000, {"deputy": deputies}, PARAMETERS)
    assert targets is not None
    assert targets.of("deputy").target == target
    assert targets.of("deputy").moved == 62 - target
    assert targets.of("parent").target == parents
    assert targets.of("parent").moved == target - 62


def test_what_the_parents_cannot_fill_either_is_named() -> None:
    # Parents: quota 375 + 62 from the deputies; 70 % of 500 is 350, so 87 answers find no place.
    targets = group_targets(500_000, {"deputy": 0, "parent": 500}, PARAMETERS)
    assert targets is not None
    assert (targets.of("parent").target, targets.unplaced) == (350, 87)


@given(RESIDENTS, POPULATIONS)
def test_every_answer_of_the_sample_is_placed_or_named(residents: int, populations: dict[str, int | None]) -> None:
    targets = group_targets(residents, populations, PARAMETERS)
    assert targets is not None
    assert sum(t.target for t in targets.groups) + targets.unplaced == targets.total
    assert sum(t.quota for t in targets.groups) == targets.total
    assert sum(t.moved for t in targets.groups) == 0
    assert 2 * targets.of("parent").quota >= targets.total
    others = [t.quota for t in targets.groups if t.group is not Group.PARENT]
    assert max(others) - min(others) <= 1


def test_without_residents_nothing_is_asked() -> None:
    assert group_targets(None, {}, PARAMETERS) is None


@pytest.mark.parametrize(
    ("residents", "populations"),
    [(0, {}), (-1, {}), (1000, {"deputy": -1}), (1000, {"pupil": 3}), (None, {"pupil": 3})],
)
def test_impossible_input_is_refused(residents: int | None, populations: dict[str, int | None]) -> None:
    with pytest.raises(ValueError, match=r"positive|negative|unknown"):
        group_targets(residents, populations, PARAMETERS)


def test_localities_follow_their_residents() -> None:
    # 63 × 300/500 = 37.8, × 150/500 = 18.9, × 50/500 = 6.3: two left over, to .9 and .8.
    shares = locality_targets(63, {"urban": 300_000, "town": 150_000, "rural": 50_000})
    assert [(s.code, s.target) for s in shares] == [("urban", 38), ("town", 19), ("rural", 6)]


def test_localities_need_residents() -> None:
    with pytest.raises(ValueError, match="somebody must live somewhere"):
        locality_targets(10, {"urban": 0})
    with pytest.raises(ValueError, match="must not be negative"):
        locality_targets(10, {"urban": -1, "town": 3})


def test_grade_bands_are_equal() -> None:
    assert [t.target for t in grade_band_targets(8, ["3-4", "5-6", "7-9"])] == [3, 3, 2]
    assert grade_band_targets(8, []) == ()


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50), min_size=1).filter(any))
def test_largest_remainder_stays_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    shares = largest_remainder(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("target", "n", "missing"),
    [(63, 0, 63), (63, 62, 1), (63, 63, 0), (63, 64, 0), (0, 0, 0), (None, 0, None), (None, 9, None)],
)
def test_what_is_missing_ends_at_the_target(target: int | None, n: int, missing: int | None) -> None:
    assert missing_from(target, n) == missing


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        largest_remainder(-1, (1, 2))
