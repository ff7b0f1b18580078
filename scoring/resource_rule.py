"""The resource rule: what each indicator asks of a stage, and "six of seven, the rest at the floor"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from scoring.figures import shown
from scoring.findings import Outcome
from scoring.ruleset import RuleSet, Stage

FACTORS = (100, 100, 100, 1, 1, 1, 100)
"""1.1, 1.2, 1.3 and 1.7 are per 100 pupils, 1.4, 1.5 and 1.6 per pupil."""


class Standing(IntEnum):
    """Where one indicator of one row stands against its standard."""

    MEETS = 0
    REACHES_FLOOR = 1
    BELOW_FLOOR = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Standard:
    """One indicator's standard for one stage; the ratios are there for whole-number comparison.

    ``limit_millionths`` is ``None`` for a limit of more than six decimal places.
    """

    code: str
    title_zh: str
    title_en: str
    factor: int
    limit: Fraction
    floor: Fraction
    limit_ratio: tuple[int, int]
    floor_ratio: tuple[int, int]
    limit_millionths: int | None
    required: str
    floor_text: str
    unit: str
    unit_en: str
    units: tuple[str, ...]


def standards_of(rule_set: RuleSet, stage: Stage) -> tuple[Standard, ...]:
    """Return the seven standards of a stage, 1.1 first."""
    standards = []
    for indicator, factor in zip(rule_set.domain("1"), FACTORS, strict=True):
        if indicator.thresholds is None:
            raise ValueError(f"{indicator.code} has no thresholds")
        limit = indicator.thresholds[stage]
        floor = limit * rule_set.parameters.resource_floor
        standards.append(
            Standard(
                code=indicator.code,
                title_zh=indicator.short_zh,
                title_en=indicator.short_en,
                factor=factor,
                limit=limit,
                floor=floor,
                limit_ratio=limit.as_integer_ratio(),
                floor_ratio=floor.as_integer_ratio(),
                limit_millionths=int(10**6 * limit) if 10**6 % limit.denominator == 0 else None,
                required=shown(limit),
                floor_text=shown(floor),
                unit=indicator.unit,
                unit_en=indicator.unit_en,
                units=indicator.units,
            )
        )
    return tuple(standards)


def six_of_seven_with_floor(standings: Sequence[Standing], pass_count: int) -> Outcome:
    """Return the outcome of one row from the standings of its indicators.

    Met if at least ``pass_count`` meet their standard and all the rest reach the floor. An unknown indicator
    leaves the row undecided only where it could still change the outcome: not where another one is below the
    floor already, nor where too few can meet the standard whatever the unknown is.

    Parameters
    ----------
    standings : sequence of Standing
        One per indicator (seven in the shipped rule sets).
    pass_count : int
        How many must meet their standard (6 by default).

    Returns
    -------
    Outcome
        Never ``NOT_APPLICABLE``.

    Notes
    -----
    Source: 国教督办函〔2019〕30号: at least six of the seven standards met, the remaining one at the floor
    or more.

    Examples
    --------
    >>> m, f, b, u = Standing
    >>> six_of_seven_with_floor([m, m, m, m, m, m, f], 6)
    <Outcome.MET: 'met'>
    >>> six_of_seven_with_floor([m, m, m, m, m, f, f], 6)
    <Outcome.NOT_MET: 'not_met'>
    >>> six_of_seven_with_floor([m, m, m, m, m, m, u], 6)
    <Outcome.UNDECIDED: 'undecided'>
    >>> six_of_seven_with_floor([m, m, m, m, m, b, u], 6)
    <Outcome.NOT_MET: 'not_met'>
    """
    unknown = standings.count(Standing.UNKNOWN)
    if Standing.BELOW_FLOOR in standings or standings.count(Standing.MEETS) + unknown < pass_count:
        return Outcome.NOT_MET
    return Outcome.UNDECIDED if unknown else Outcome.MET
