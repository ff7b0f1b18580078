"""How many answers are asked of each group, and what a small group cannot give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scoring.questionnaire import GROUPS, Group
from scoring.ruleset import Parameters


@dataclass(frozen=True, slots=True)
class GroupTarget:
    """What is asked of one group.

    ``quota`` is its share of the sample, ``target`` what is asked of it in the end, ``most`` what a small
    group can be asked for (``None`` where its population is not registered) and ``moved`` what it gave over
    to the parents (negative: what the parents took on).
    """

    group: Group
    population: int | None
    quota: int
    most: int | None
    target: int
    moved: int


@dataclass(frozen=True, slots=True)
class SampleTargets:
    """The sample of one survey: ``unplaced`` answers remain where the parents, too, are too few."""

    residents: int
    total: int
    groups: tuple[GroupTarget, ...]
    unplaced: int

    def of(self, group: str) -> GroupTarget:
        """Return one group's target.

        Raises
        ------
        KeyError
            If there is no such group.
        """
        for target in self.groups:
            if target.group == group:
                return target
        raise KeyError(group)


@dataclass(frozen=True, slots=True)
class StratumTarget:
    """What is asked of one part of a group: a locality or a grade band. It guides, it decides nothing."""

    code: str
    target: int


def group_targets(
    residents: int | None, populations: Mapping[str, int | None], parameters: Parameters
) -> SampleTargets | None:
    """Compute how many answers are asked of each group.

    The sample is ``sample_rate`` of the residents, rounded up, and not less than ``sample_minimum``. Parents
    get ``parent_share`` of it, rounded up; the other six groups share the rest equally, by largest remainder
    in the order of the groups. A group is asked for no more than ``small_group_return`` of its registered
    population, rounded up; what it cannot fill moves to the parents.

    Parameters
    ----------
    residents : int or None
        Resident population of the county, persons; ``None`` where it is not known.
    populations : mapping of group code to int or None
        Registered members of each group, persons; a group not named or ``None`` has no cap.
    parameters : Parameters
        The rule set's parameters.

    Returns
    -------
    SampleTargets or None
        Targets of all seven groups; ``None`` where the residents are not known: then nothing can be asked.

    Raises
    ------
    ValueError
        If residents are not positive, a population is negative, or a group is unknown.

    Notes
    -----
    Source: notice of 2024 on the survey (1.5 per mille, parents in principle half, other groups about
    equal; reference, domain 5.2); the 70 per cent return of the earlier round; method §3, coverage.

    Examples
    --------
    >>> from scoring.ruleset import load_rule_set
    >>> targets = group_targets(500_000, {"deputy": 40}, load_rule_set("national-2017").parameters)
    >>> targets.total, [(t.group.value, t.target) for t in targets.groups][:5]
    (750, [('student', 63), ('parent', 409), ('teacher', 63), ('principal', 63), ('deputy', 28)])
    """
    unknown = sorted(set(populations) - set(GROUPS))
    if unknown:
        raise ValueError(f"unknown groups: {', '.join(unknown)}")
    if any(n is not None and n < 0 for n in populations.values()):
        raise ValueError("a population is negative")
    if residents is None:
        return None
    if residents <= 0:
        raise ValueError("residents must be positive")
    total = max(_ceil(residents * parameters.sample_rate), parameters.sample_minimum)
    quotas = _quotas(total, parameters.parent_share)
    most = {g: _most(populations.get(g), parameters.small_group_return) for g in GROUPS}
    short = {g: max(0, quotas[g] - (m if (m := most[g]) is not None else quotas[g])) for g in GROUPS}
    taken = sum(n for g, n in short.items() if g is not Group.PARENT)
    asked = quotas[Group.PARENT] + taken
    cap = most[Group.PARENT]
    placed = asked if cap is None else min(asked, cap)
    groups = tuple(
        GroupTarget(
            group=g,
            population=populations.get(g),
            quota=quotas[g],
            most=most[g],
            target=placed if g is Group.PARENT else quotas[g] - short[g],
            moved=-taken if g is Group.PARENT else short[g],
        )
        for g in GROUPS
    )
    return SampleTargets(residents, total, groups, asked - placed)


def locality_targets(target: int, residents: Mapping[str, int]) -> tuple[StratumTarget, ...]:
    """Share a target between localities in proportion to their residents, by largest remainder.

    Parameters
    ----------
    target : int
        Answers to share, ≥ 0.
    residents : mapping of locality code to int
        Residents of each locality, persons, ≥ 0, not all 0.

    Returns
    -------
    tuple of StratumTarget
        In the order given; they add up to ``target``.

    Raises
    ------
    ValueError
        If the target or a number of residents is negative, or nobody lives anywhere.

    Notes
    -----
    Source: reference, domain 5.2 (rural, town and urban in proportion to residents); method §1.

    Examples
    --------
    >>> [t.target for t in locality_targets(10, {"urban": 1, "town": 1, "rural": 1})]
    [4, 3, 3]
    """
    if any(n < 0 for n in residents.values()) or sum(residents.values()) == 0:
        raise ValueError("residents must not be negative, and somebody must live somewhere")
    shares = largest_remainder(target, tuple(residents.values()))
    return tuple(StratumTarget(code, n) for code, n in zip(residents, shares, strict=True))


def grade_band_targets(target: int, bands: Sequence[str]) -> tuple[StratumTarget, ...]:
    """Share a target equally between grade bands; bands named first take the remainder.

    Source: reference, domain 5.2 (grade bands about equal); method §1.

    >>> [t.target for t in grade_band_targets(63, ["3-4", "5-6", "7-8", "9"])]
    [16, 16, 16, 15]
    """
    shares = largest_remainder(target, (1,) * len(bands)) if bands else ()
    return tuple(StratumTarget(code, n) for code, n in zip(bands, shares, strict=True))


def largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share a whole number in proportion to weights, the largest remainders rounded up, earlier ones first.

    Parameters
    ----------
    total : int
        What is shared, ≥ 0.
    weights : sequence of int
        ≥ 0, not all 0.

    Returns
    -------
    tuple of int
        One whole number per weight; they add up to ``total``.

    Raises
    ------
    ValueError
        If ``total`` is negative.

    Examples
    --------
    >>> largest_remainder(375, (1, 1, 1, 1, 1, 1))
    (63, 63, 63, 62, 62, 62)
    """
    if total < 0:
        raise ValueError("nothing to share: the total is negative")
    whole = sum(weights)
    floors = [total * w // whole for w in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(floors)]:
        floors[i] += 1
    return tuple(floors)


def missing_from(target: int | None, n: int) -> int | None:
    """Say how many answers a group still lacks.

    Parameters
    ----------
    target : int or None
        What is asked of the group, answers; ``None`` where nothing can be asked.
    n : int
        Answers that count, 0 or more.

    Returns
    -------
    int or None
        0 or more, 0 where the target is reached; ``None`` where there is no target.

    Notes
    -----
    Source: method §3, coverage.

    Examples
    --------
    >>> missing_from(63, 60), missing_from(63, 63), missing_from(63, 70), missing_from(None, 5)
    (3, 0, 0, None)
    """
    return None if target is None else max(0, target - n)


def _quotas(total: int, parent_share: Fraction) -> dict[Group, int]:
    parents = _ceil(total * parent_share)
    others = [g for g in GROUPS if g is not Group.PARENT]
    shares = largest_remainder(total - parents, (1,) * len(others))
    return {Group.PARENT: parents} | dict(zip(others, shares, strict=True))


def _most(population: int | None, small_group_return: Fraction) -> int | None:
    return None if population is None else _ceil(population * small_group_return)


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
