"""k of n → share with its interval, from cell counts; what cannot be estimated is a type of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import betaincinv, stdtrit

from scoring.linearisation import CellCounts, FloatArray, domain_size, linearised_variance

LEVEL = 0.95


class WhyNot(StrEnum):
    """Why no sampling error can be given."""

    LONE_PSU = "lone_psu"
    NO_DEGREES_OF_FREEDOM = "no_degrees_of_freedom"


@dataclass(frozen=True, slots=True)
class NoBase:
    """Nobody answered: there is no share, not a share of nought."""


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """The share is known, its sampling error is not.

    ``lone_psu``: a stratum in which the group was met has one school or office only;
    ``no_degrees_of_freedom``: the group was met in a single school or office (of each stratum). A figure
    never stands in for it.
    """

    share: float
    n: int
    n_psu: int
    why: WhyNot
    lone_strata: tuple[int, ...] = ()
    over_counted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Interval:
    """A share in [0, 1] with its sampling error and its Korn–Graubard interval.

    ``n_eff`` is share · (1 − share) / variance, at most ``n``: how many independent answers would have told
    as much. The interval uses it after the adjustment for ``df`` degrees of freedom. ``deff`` is the
    variance against that of a simple random sample with replacement of the same size; ``None`` for a share
    of 0 or 1. ``full_count``: every member of every group that answered at all did, so nothing is left to
    chance and the interval has no width. ``over_counted``: groups (columns) with more answers than registered members;
    they get no finite population correction.
    """

    share: float
    standard_error: float
    low: float
    high: float
    level: float
    n: int
    n_eff: float
    df: int
    n_psu: int
    deff: float | None
    full_count: bool = False
    over_counted: tuple[int, ...] = ()


Estimate = Interval | NotEstimable | NoBase


def korn_graubard(
    share: float, variance: float, n: int, df: int, level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the Korn–Graubard interval of a share, and the effective sample size behind it.

    The exact (Clopper–Pearson) interval of a binomial with n* = min(n, n_eff · (t_{n−1} / t_df)²) trials,
    both quantiles at 1 − (1 − level)/2. A share of 0 or 1 and a variance of 0 have n* = n.

    Parameters
    ----------
    share : float
        In [0, 1].
    variance : float
        Design variance of the share, ≥ 0.
    n : int
        Responses in the base, ≥ 1.
    df : int
        Degrees of freedom of the variance, ≥ 1.
    level : float
        Coverage aimed at, in (0, 1).

    Returns
    -------
    tuple of float
        Low ≤ share ≤ high, and n_eff before the adjustment for degrees of freedom, 0 < n_eff ≤ n.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Source: Korn and Graubard, Survey Methodology 24 (1998), 193–201; ``svyciprop(method="beta")`` of R
    ``survey``, which does not cap n*; the cap: Parker et al., Vital Health Stat 2(175), 2017.

    Examples
    --------
    >>> low, high, n_eff = korn_graubard(0.9, 0.0009, 400, 59)
    >>> round(low, 4), round(high, 4), round(n_eff)
    (0.8221, 0.9517, 100)
    """
    if not 0 <= share <= 1 or variance < 0 or n < 1 or df < 1 or not 0 < level < 1:
        raise ValueError("share in [0, 1], variance >= 0, n >= 1, df >= 1 and level in (0, 1) are required")
    tail = (1 - level) / 2
    spread = share * (1 - share)
    n_eff = min(float(n), spread / variance) if variance > 0 and spread > 0 else float(n)
    trials = float(n)
    if variance > 0 and spread > 0 and n > 1:
        trials = min(trials, spread / variance * float(stdtrit(n - 1, tail) / stdtrit(df, tail)) ** 2)
    hits, misses = trials * share, trials * (1 - share)
    low = float(betaincinv(hits, misses + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, misses, 1 - tail)) if misses > 0 else 1.0
    return low, high, n_eff


def pooled_share(cells: CellCounts, groups: tuple[int, ...] | None = None, level: float = LEVEL) -> Estimate:
    """Return the share of all responses of the given groups, each response with the same weight.

    Parameters
    ----------
    cells : CellCounts
    groups : tuple of int, optional
        Columns that form the domain; all by default. Responses of other groups stay in the design with
        score 0.
    level : float
        Coverage aimed at, in (0, 1).

    Returns
    -------
    Interval, NotEstimable or NoBase
        ``NoBase`` if nobody of these groups answered.

    Source: method §3; yardstick ``svymean``/``svyciprop(method="beta")`` on ``subset(design, group %in% …)``.

    Examples
    --------
    >>> from scoring.linearisation import cell_counts
    >>> cells = cell_counts([[10], [10], [10]], [[9], [8], [7]])
    >>> estimate = pooled_share(cells)
    >>> estimate.share, round(estimate.standard_error, 6), estimate.df
    (0.8, 0.057735, 2)
    """
    wanted = np.zeros(cells.n_groups)
    wanted[list(range(cells.n_groups) if groups is None else groups)] = 1
    n = int(cells.n.sum(axis=0) @ wanted)
    if n == 0:
        return NoBase()
    k = int(cells.k.sum(axis=0) @ wanted)
    return _estimate(cells, wanted / n, np.full(cells.n_groups, k / n), k / n, n, k in (0, n), level)


def group_shares(cells: CellCounts, level: float = LEVEL) -> tuple[Estimate, ...]:
    """Return each group's own share, as a domain of the full design, in column order."""
    return tuple(pooled_share(cells, (g,), level) for g in range(cells.n_groups))


def weighted_share(cells: CellCounts, weights: tuple[int, ...], level: float = LEVEL) -> Estimate:
    """Return the sum of the groups' own shares under fixed weights, with its own linearised variance.

    Parameters
    ----------
    cells : CellCounts
    weights : tuple of int, one per group
        Weight of each group, ≥ 0, in any unit; 0 leaves a group out. A group with a weight but without
        responses is left out too and the others keep their proportions.
    level : float
        Coverage aimed at, in (0, 1).

    Returns
    -------
    Interval, NotEstimable or NoBase
        ``NoBase`` if no group with a weight has responses.

    Raises
    ------
    ValueError
        If there is not one non-negative weight per group.

    Source: method §3; yardstick ``svymean(postStratify(subset(design, …), ~group, weights))``.

    Examples
    --------
    >>> from scoring.linearisation import cell_counts
    >>> cells = cell_counts([[4, 1], [4, 1]], [[4, 0], [2, 1]])
    >>> weighted_share(cells, (1, 1)).share
    0.625
    """
    if len(weights) != cells.n_groups or min(weights, default=0) < 0:
        raise ValueError("one weight per group, none below 0, is required")
    totals, hits = cells.n.sum(axis=0), cells.k.sum(axis=0)
    wanted = np.where(totals > 0, np.asarray(weights, dtype=np.float64), 0.0)
    if not wanted.any():
        return NoBase()
    fixed = wanted / wanted.sum()
    base = np.maximum(totals, 1)
    own = hits / base
    inside = wanted > 0
    n, k = int(totals[inside].sum()), int(hits[inside].sum())
    share = 0.0 if k == 0 else 1.0 if k == n else float(fixed @ own)
    return _estimate(cells, fixed / base, own, share, n, k in (0, n), level)


def group_equal_share(cells: CellCounts, level: float = LEVEL) -> Estimate:
    """Return the plain mean of the shares of all groups that answered."""
    return weighted_share(cells, (1,) * cells.n_groups, level)


def population_weighted_share(cells: CellCounts, level: float = LEVEL) -> Estimate:
    """Return the mean of the group shares weighted by registered members; unregistered ones stay outside."""
    return weighted_share(cells, tuple(population or 0 for population in cells.populations), level)


def _estimate(
    cells: CellCounts,
    weight: FloatArray,
    centre: FloatArray,
    share: float,
    n: int,
    certain: bool,
    level: float,
) -> Estimate:
    """Join share and variance; ``certain``: every response in the base has the same value."""
    domain = weight > 0
    over = tuple(g for g in cells.over_counted if domain[g])
    if not (cells.left_to_sample * cells.n.sum(axis=0))[domain].any():
        size = domain_size(cells, domain)
        return Interval(
            share, 0.0, share, share, level, n, float(n), size.df, size.n_psu, None if certain else 0.0, True
        )
    found = linearised_variance(cells, weight, centre)
    size = found.size
    if found.variance is None:
        why = WhyNot.LONE_PSU if found.lone_strata else WhyNot.NO_DEGREES_OF_FREEDOM
        return NotEstimable(share, n, size.n_psu, why, found.lone_strata, over)
    variance = 0.0 if certain else found.variance
    low, high, n_eff = korn_graubard(share, variance, n, size.df, level)
    deff = None if certain else variance * (n - 1) / (share * (1 - share))
    se = variance**0.5
    return Interval(share, se, low, high, level, n, n_eff, size.df, size.n_psu, deff, over_counted=over)
