"""Cell counts (school or office × group) → linearised variance of a share made of cell totals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CellCounts:
    """How many answered and how many of them count, for each primary sampling unit and group.

    A row is one school or office (the primary sampling unit, PSU) across all groups, because what a school
    does is felt by its pupils, parents and teachers together. A row marked ``individual`` is no cluster at
    all: a pool of people of whom no school or office is known; each of them is a PSU of their own.

    Parameters
    ----------
    n : array of shape (n_rows, n_groups)
        Responses in the base of the figure.
    k : array of shape (n_rows, n_groups)
        Those among them that count, 0 ≤ k ≤ n.
    n_design : array of shape (n_rows, n_groups)
        All responses of the design, n ≤ n_design; more than ``n`` where an item was left blank.
    stratum : array of shape (n_rows,)
        Code of the row's stratum (locality), ≥ 0. Groups are never strata.
    individual : array of bool of shape (n_rows,)
        Rows that are pools of single people.
    populations : tuple of int or None, one per group
        Registered members N_g of each group; ``None`` where not known.

    Raises
    ------
    ValueError
        If shapes disagree or counts are impossible.

    Source: method §3 (interval).
    """

    n: IntArray
    k: IntArray
    n_design: IntArray
    stratum: IntArray
    individual: BoolArray
    populations: tuple[int | None, ...]

    def __post_init__(self) -> None:
        rows, shape = self.n.shape[0], self.n.shape
        if self.n.ndim != 2 or self.k.shape != shape or self.n_design.shape != shape:
            raise ValueError("n, k and n_design must have one shape: rows × groups")
        if self.stratum.shape != (rows,) or self.individual.shape != (rows,):
            raise ValueError("stratum and individual must have one entry per row")
        if len(self.populations) != shape[1]:
            raise ValueError("populations must have one entry per group")
        if (self.k < 0).any() or (self.k > self.n).any() or (self.n > self.n_design).any():
            raise ValueError("counts must satisfy 0 <= k <= n <= n_design")
        if (self.stratum < 0).any():
            raise ValueError("strata are codes from 0")
        if any(population is not None and population < 0 for population in self.populations):
            raise ValueError("a group cannot have fewer than 0 members")

    @property
    def n_groups(self) -> int:
        """Return the number of groups."""
        return int(self.n.shape[1])

    def over_counted(self) -> tuple[int, ...]:
        """Return the groups with more responses than registered members, by column.

        Such a register is contradicted by the answers, so nothing is known of how much of the group is left.
        """
        totals = self.n_design.sum(axis=0)
        known = [(g, size) for g, size in enumerate(self.populations) if size is not None]
        return tuple(g for g, size in known if totals[g] > size)

    def left_to_sample(self) -> FloatArray:
        """Return 1 − n_g / N_g for each group: 0 for a full count, 1 where N_g is unknown or contradicted."""
        totals = self.n.sum(axis=0)
        left = np.ones(self.n_groups)
        over = self.over_counted()
        for g, population in enumerate(self.populations):
            if population and g not in over:
                left[g] = (population - int(totals[g])) / population
        return left


def cell_counts(
    n: IntArray | list[list[int]],
    k: IntArray | list[list[int]],
    *,
    stratum: IntArray | list[int] | None = None,
    populations: tuple[int | None, ...] | None = None,
    individual: BoolArray | list[bool] | None = None,
    n_design: IntArray | list[list[int]] | None = None,
) -> CellCounts:
    """Return cell counts: one stratum, no registers, no pools and ``n_design`` = ``n`` unless told otherwise.

    Examples
    --------
    >>> cells = cell_counts([[10, 4], [8, 0]], [[9, 4], [6, 0]], populations=(None, 4))
    >>> cells.n_groups, int(cells.n.sum()), cells.left_to_sample().tolist()
    (2, 22, [1.0, 0.0])
    """
    base = np.asarray(n, dtype=np.int64)
    return CellCounts(
        n=base,
        k=np.asarray(k, dtype=np.int64),
        n_design=base if n_design is None else np.asarray(n_design, dtype=np.int64),
        stratum=np.asarray(np.zeros(len(base)) if stratum is None else stratum, dtype=np.int64),
        individual=np.asarray(np.zeros(len(base)) if individual is None else individual, dtype=np.bool_),
        populations=(None,) * base.shape[1] if populations is None else populations,
    )


@dataclass(frozen=True, slots=True)
class DomainSize:
    """In how many primary sampling units and strata a domain was met."""

    n_psu: int
    n_strata: int

    @property
    def df(self) -> int:
        """Return the degrees of freedom: PSUs less strata, both counted within the domain."""
        return self.n_psu - self.n_strata


@dataclass(frozen=True, slots=True)
class LinearisedVariance:
    """Variance of one share between primary sampling units, and what stands behind it.

    ``variance`` is ``None`` where a stratum that matters has a lone PSU (``lone_strata``) or where no
    degree of freedom is left. ``size`` counts where those groups of the domain were met that are not fully
    counted.
    """

    variance: float | None
    size: DomainSize
    lone_strata: tuple[int, ...] = ()


def linearised_variance(cells: CellCounts, weight: FloatArray, centre: FloatArray) -> LinearisedVariance:
    """Return the with-replacement variance between PSUs of a share's linearised scores.

    The score of one response with value y ∈ {0, 1} in group g is ``weight[g] · √(1 − n_g/N_g) · (y −
    centre[g])``; scores are added up within a PSU and compared between the PSUs of a stratum. Every PSU of
    the design takes part, with score 0 where the domain was not met (domain estimation on the full design).
    Only cell totals are needed, so the cost does not depend on the number of responses.

    Parameters
    ----------
    cells : CellCounts
    weight : array of shape (n_groups,)
        Derivative of the share with respect to a group's total, 0 for groups outside the domain.
    centre : array of shape (n_groups,)
        What the linearisation subtracts: the pooled share, or each group's own.

    Returns
    -------
    LinearisedVariance
        ``variance`` ≥ 0; ``None`` if it cannot be estimated.

    Source: Taylor linearisation with the first-stage "ultimate cluster" variance, as ``svyrecvar`` of R
    ``survey`` computes it with ``lonely.psu="fail"``; correction per group: method §3.
    """
    factor = weight * np.sqrt(cells.left_to_sample())
    scores = cells.k @ factor - cells.n @ (factor * centre)
    single_squares = cells.k @ (factor**2 * (1 - 2 * centre)) + cells.n @ (factor * centre) ** 2
    in_design = _psus(cells, cells.n_design.sum(axis=1))
    in_domain = _psus(cells, cells.n[:, factor != 0].sum(axis=1))
    total, lone = 0.0, []
    for code in np.unique(cells.stratum[in_domain > 0]):
        here = cells.stratum == code
        n_psu = int(in_design[here].sum())
        if n_psu == 1:
            lone.append(int(code))
            continue
        mean = float(scores[here].sum()) / n_psu
        whole, pooled = here & ~cells.individual & (in_design > 0), here & cells.individual
        spread = float(np.square(scores[whole] - mean).sum())
        singles = single_squares[pooled] - 2 * mean * scores[pooled] + mean**2 * in_design[pooled]
        total += n_psu / (n_psu - 1) * (spread + max(0.0, float(singles.sum())))
    size = domain_size(cells, factor != 0)
    known = not lone and size.df > 0
    return LinearisedVariance(total if known else None, size, tuple(lone))


def domain_size(cells: CellCounts, domain: BoolArray) -> DomainSize:
    """Return in how many PSUs and strata the groups of a domain were met.

    >>> cells = cell_counts([[3, 0], [2, 1]], [[3, 0], [0, 0]], stratum=[0, 1])
    >>> domain_size(cells, np.array([True, False])).n_psu, domain_size(cells, np.array([False, True])).n_psu
    (2, 1)
    """
    met = _psus(cells, cells.n[:, domain].sum(axis=1))
    return DomainSize(int(met.sum()), int(np.unique(cells.stratum[met > 0]).size))


def _psus(cells: CellCounts, responses: IntArray) -> IntArray:
    """Return the PSUs each row stands for: one if anybody answered, or every single person of a pool."""
    psus: IntArray = np.where(cells.individual, responses, (responses > 0).astype(np.int64))
    return psus
