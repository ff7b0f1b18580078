"""Cell counts (school or office × group) → linearised variance of a share made of cell totals."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    Attributes
    ----------
    over_counted : tuple of int
        Columns of groups with more responses than registered members. Such a register is contradicted by the
        answers, so nothing is known of how much of the group is left.
    left_to_sample : array of shape (n_groups,)
        1 − n_g / N_g: 0 for a full count, 1 where N_g is unknown or contradicted.

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
    over_counted: tuple[int, ...] = field(init=False)
    left_to_sample: FloatArray = field(init=False)

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
        answered, members = self.n_design.sum(axis=0).tolist(), self.populations
        over = tuple(g for g, size in enumerate(members) if size is not None and answered[g] > size)
        left = np.ones(self.n_groups)
        for g, in_base in enumerate(self.n.sum(axis=0).tolist()):
            size = members[g]
            if size and g not in over:
                left[g] = (size - in_base) / size
        object.__setattr__(self, "over_counted", over)
        object.__setattr__(self, "left_to_sample", left)

    @property
    def n_groups(self) -> int:
        """Return the number of groups."""
        return int(self.n.shape[1])


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
    >>> cells.n_groups, int(cells.n.sum()), cells.left_to_sample.tolist()
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
    left = cells.left_to_sample
    columns = np.flatnonzero(weight * left)
    factor, own_centre = weight[columns] * np.sqrt(left[columns]), centre[columns]
    n, k = cells.n[:, columns], cells.k[:, columns]
    scores: FloatArray = k @ factor - n @ (factor * own_centre)
    n_strata = int(cells.stratum.max(initial=0)) + 1
    in_design = _psus(cells, cells.n_design.sum(axis=1))
    n_psu = np.bincount(cells.stratum, in_design, n_strata)
    mean = np.bincount(cells.stratum, scores, n_strata) / np.maximum(n_psu, 1)
    centred = mean[cells.stratum]
    spread = np.where(in_design > 0, np.square(scores - centred), 0.0)
    if cells.individual.any():
        squares = k @ (factor**2 * (1 - 2 * own_centre)) + n @ (factor * own_centre) ** 2
        singles = squares - 2 * centred * scores + centred**2 * in_design
        spread = np.where(cells.individual, np.maximum(singles, 0.0), spread)
    met = np.bincount(cells.stratum, _psus(cells, n.sum(axis=1)), n_strata) > 0
    lone = met & (n_psu == 1)
    size = _size(cells, columns)
    if lone.any() or size.df < 1:
        return LinearisedVariance(None, size, tuple(np.flatnonzero(lone).tolist()))
    within = np.bincount(cells.stratum, spread, n_strata)[met]
    return LinearisedVariance(float((n_psu[met] / (n_psu[met] - 1) * within).sum()), size)


def domain_size(cells: CellCounts, domain: BoolArray) -> DomainSize:
    """Return in how many PSUs and strata the groups of a domain were met.

    >>> cells = cell_counts([[3, 0], [2, 1]], [[3, 0], [0, 0]], stratum=[0, 1])
    >>> domain_size(cells, np.array([True, False])).n_psu, domain_size(cells, np.array([False, True])).n_psu
    (2, 1)
    """
    return _size(cells, np.flatnonzero(domain))


def _size(cells: CellCounts, columns: IntArray) -> DomainSize:
    met = _psus(cells, cells.n[:, columns].sum(axis=1))
    return DomainSize(int(met.sum()), int(np.count_nonzero(np.bincount(cells.stratum, met))))


def _psus(cells: CellCounts, responses: IntArray) -> IntArray:
    """Return the PSUs each row stands for: one if anybody answered, or every single person of a pool."""
    psus: IntArray = np.where(cells.individual, responses, responses > 0)
    return psus
