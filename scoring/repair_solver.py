"""The cheapest additions under the resource rule and the difference coefficients, as a mixed-integer programme.

CV ≤ c is a second-order cone in the additions: the pupil-weighted spread is a norm of an affine function, the
mean is affine. HiGHS has no cones, so the cone is approached from outside by tangent planes. Planes on the whole
norm converge hopelessly slowly with hundreds of schools; the cone is therefore taken apart first, one small cone a
school: w_r (x_r − m)² ≤ q_r · c·m and Σ q_r ≤ c·m (the disaggregation of Vielma, Dunning, Huchette and Lubin,
"Extended formulations in mixed integer conic quadratic programming", 2017). Each plane is valid for every
feasible plan, so the programme's own bound stays a true lower bound on the cost of the best plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array

from scoring.repair_programme import Cone, Floats, Programme

# HiGHS keeps constraints to about 1e-7 only, and the method asks for 1e-9. The programme therefore aims at limits
# lowered by TIGHTEN, and a plan that misses those by less than it holds the true ones with room to spare; the
# bound is taken afterwards from the programme with the true limits.
TIGHTEN = 1e-4
ENOUGH = 0.9 * TIGHTEN
MOST_ROUNDS = 60
MOST_INTEGER_ROUNDS = 25
INFEASIBLE = 2
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan: the amount of each lever, its cost, and a proved lower bound on any plan's cost."""

    amounts: Floats
    cost: float
    bound: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Impossible:
    """No plan exists: the rows' figures and the cones that cannot hold together, with what is lacking (relative)."""

    figures: tuple[tuple[int, int, float], ...]
    cones: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """No plan was found in the time given; whether one exists is not known."""

    bound: float


@dataclass(slots=True)
class _Rows:
    """Rows of a sparse constraint matrix while they are being written down."""

    i: list[int] = field(default_factory=list)
    j: list[int] = field(default_factory=list)
    v: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[int, float]], low: float) -> None:
        row = len(self.low)
        for column, value in terms:
            self.i.append(row)
            self.j.append(column)
            self.v.append(value)
        self.low.append(low)

    def constraint(self, width: int) -> LinearConstraint:
        matrix = csr_array(coo_array((self.v, (self.i, self.j)), shape=(len(self.low), width)))
        return LinearConstraint(matrix, lb=np.array(self.low))


def solve(
    programme: Programme, *, gap: float, seconds: float, tighten: float = TIGHTEN,
    progress: Progress = lambda _: None,
) -> Solved | Impossible | OutOfTime:
    """Return the cheapest plan within a relative gap, or what makes every plan impossible.

    Parameters
    ----------
    programme : Programme
        Rows, levers and cones.
    gap : float
        Relative gap at which the search may stop, e.g. 0.01.
    seconds : float
        Bound on each call of the solver.
    tighten : float
        By how much each cone's limit is lowered while searching.
    progress : callable
        Told in a few words what has been done, in Chinese and English.

    Returns
    -------
    Solved, Impossible or OutOfTime
        ``Solved.bound`` never exceeds the cost of any plan for the true limits.
    """
    work = _Work(programme, tighten)
    rounds = 0
    while rounds < MOST_ROUNDS:
        result = work.run(relaxed=True, gap=gap, seconds=seconds)
        if result.x is None:
            if result.status == INFEASIBLE:
                return work.why_impossible(seconds)
            break  # HiGHS gave up on nearly parallel planes: the integer rounds go on from those found
        rounds += 1
        violation = work.cut(np.asarray(result.x, dtype=np.float64))
        progress(f"线性松弛 relaxation {rounds}: {result.fun:,.0f} ({violation:.1e})")
        if violation <= ENOUGH:
            break
    return _whole_numbers(work, gap=gap, seconds=seconds, rounds=rounds, progress=progress)


def _whole_numbers(
    work: _Work, *, gap: float, seconds: float, rounds: int, progress: Progress
) -> Solved | Impossible | OutOfTime:
    # Each integer solution that violates a cone is cut off, and meanwhile repaired: with its counts kept, the
    # amounts that can be divided are chosen again until the cones hold.
    best: Floats | None = None
    cost, bound = float("inf"), float("-inf")
    for _ in range(MOST_INTEGER_ROUNDS):
        result = work.run(relaxed=False, gap=gap / 4, seconds=seconds)
        rounds += 1
        if result.x is None:
            if result.status == INFEASIBLE and best is None:
                return work.why_impossible(seconds)
            break
        bound = max(bound, _bound(result))
        solution = np.asarray(result.x, dtype=np.float64)
        violation = work.cut(solution)
        found = solution if violation <= ENOUGH else work.repaired(solution, seconds)
        if found is not None and work.cost(found) < cost:
            best, cost = found, work.cost(found)
        progress(f"整数规划 integer {rounds}: {cost:,.0f} ≥ {bound:,.0f} ({violation:.1e})")
        if best is not None and (violation <= ENOUGH or cost - bound <= gap / 2 * cost):
            break
    if best is None:
        return OutOfTime(bound)
    proved = work.at_full_limits().run(relaxed=False, gap=gap / 4, seconds=seconds)
    return Solved(best[: work.n_levers], cost, _bound(proved), rounds)


def _bound(result: OptimizeResult) -> float:
    bound = getattr(result, "mip_dual_bound", None)
    return float(bound) if bound is not None else float("-inf")


class _Work:
    """The programme as matrices: levers, pass marks, each cone's mean and its schools' parts, and the planes."""

    def __init__(self, programme: Programme, tighten: float) -> None:
        self.p = programme
        self.n_rows, self.n_figures = programme.have.shape
        self.n_levers = len(programme.levers)
        self.limits = [cone.limit - tighten for cone in programme.cones]
        self.means: list[int] = []
        width = self.n_levers + self.n_rows * self.n_figures
        for cone in programme.cones:
            self.means.append(width)
            width += 1 + len(cone.rows)
        self.width = width
        self.effect = self._effects()
        self.fixed, self.planes = _Rows(), _Rows()
        self.touched: list[tuple[int, int, float]] = []
        self._resource_rule(self.fixed)
        self._cones(self.fixed)
        self.prices = np.zeros(self.width)
        self.prices[: self.n_levers] = [lever.price for lever in programme.levers]
        self.countable = np.zeros(self.width, dtype=np.uint8)
        self.countable[: self.n_levers] = [lever.countable for lever in programme.levers]
        self.countable[self.n_levers : self.n_levers + self.n_rows * self.n_figures] = 1

    def _effects(self) -> csr_array:
        entries = [(e.row * self.n_figures + e.figure, v, e.amount)
                   for v, lever in enumerate(self.p.levers) for e in lever.effects]
        i, j, a = (list(column) for column in zip(*entries, strict=True)) if entries else ([], [], [])
        return csr_array(coo_array((a, (i, j)), shape=(self.n_rows * self.n_figures, self.n_levers)))

    def _terms(self, row: int, figure: int, scale: float) -> list[tuple[int, float]]:
        cell = row * self.n_figures + figure
        low, high = self.effect.indptr[cell], self.effect.indptr[cell + 1]
        return [(int(c), float(v) * scale)
                for c, v in zip(self.effect.indices[low:high], self.effect.data[low:high], strict=True)]

    def _resource_rule(self, rows: _Rows, *, slack_from: int | None = None) -> None:
        p = self.p
        for r in range(self.n_rows):
            passes = [self.n_levers + r * self.n_figures + f for f in range(self.n_figures)]
            for f in range(self.n_figures):
                scale = 1.0 / p.standard[r, f]
                floor = p.floor[r, f] * scale
                terms = [*self._terms(r, f, scale), (passes[f], floor - 1.0)]
                if slack_from is not None:
                    terms.append((slack_from + r * self.n_figures + f, 1.0))
                rows.add(terms, floor - p.have[r, f] * scale)
            rows.add([(mark, 1.0) for mark in passes], float(p.pass_count))
        for pool in range(p.pools):
            signed = [(v, float(lever.balance[1])) for v, lever in enumerate(p.levers)
                      if lever.balance is not None and lever.balance[0] == pool]
            rows.add(signed, 0.0)
            rows.add([(v, -s) for v, s in signed], 0.0)

    def _cones(self, rows: _Rows, *, slack_from: int | None = None) -> None:
        # Every figure is measured in its county mean as it is now, so that teachers and yuan weigh alike.
        for number, (cone, limit) in enumerate(zip(self.p.cones, self.limits, strict=True)):
            unit, total = self._unit(cone), float(self.p.pupils[list(cone.rows)].sum())
            mean = self.means[number]
            terms = [(mean, -1.0)]
            constant = 0.0
            for r in cone.rows:
                constant += self.p.have[r, cone.figure] / (unit * total)
                terms += self._terms(r, cone.figure, 1.0 / (unit * total))
            rows.add(terms, -constant)
            rows.add([(c, -v) for c, v in terms], constant)
            weights = [-float(self.p.pupils[r]) / total for r in cone.rows]
            parts = [(mean, limit), *((mean + 1 + k, weight) for k, weight in enumerate(weights))]
            if slack_from is not None:
                parts.append((slack_from + number, 1.0))
            rows.add(parts, 0.0)

    def _unit(self, cone: Cone) -> float:
        rows = list(cone.rows)
        return float(self.p.have[rows, cone.figure].sum() / self.p.pupils[rows].sum()) or 1.0

    def _bounds(self, extra: int = 0) -> Bounds:
        free = self.width - self.n_levers - self.n_rows * self.n_figures + extra
        top = np.concatenate([[lever.cap for lever in self.p.levers],
                              np.ones(self.n_rows * self.n_figures), np.full(free, np.inf)])
        return Bounds(np.zeros(self.width + extra), top)

    def cost(self, solution: Floats) -> float:
        """Return what a solution costs."""
        return float(self.prices @ solution)

    def run(self, *, relaxed: bool, gap: float, seconds: float, bounds: Bounds | None = None) -> OptimizeResult:
        """Solve the programme with the planes found so far."""
        constraints = [rows.constraint(self.width) for rows in (self.fixed, self.planes) if rows.low]
        return milp(self.prices, integrality=None if relaxed else self.countable, bounds=bounds or self._bounds(),
                    constraints=constraints, options={"mip_rel_gap": gap, "time_limit": seconds})

    def repaired(self, solution: Floats, seconds: float) -> Floats | None:
        """Keep a solution's counts and choose its divisible amounts again until every cone holds."""
        bounds = self._bounds()
        whole = self.countable == 1
        bounds.lb[whole] = bounds.ub[whole] = np.round(solution[whole])
        for _ in range(MOST_ROUNDS):
            result = self.run(relaxed=True, gap=0.0, seconds=seconds, bounds=bounds)
            if result.x is None:
                return None
            found = np.asarray(result.x, dtype=np.float64)
            if self.cut(found) <= ENOUGH:
                return found
        return None

    def cut(self, solution: Floats) -> float:
        """Add planes at every cone a solution violates; return the worst violation (in units of CV)."""
        amounts = solution[: self.n_levers]
        values = self.p.have + (self.effect @ amounts).reshape(self.n_rows, self.n_figures)
        worst = 0.0
        for number, (cone, limit) in enumerate(zip(self.p.cones, self.limits, strict=True)):
            rows = list(cone.rows)
            pupils, unit = self.p.pupils[rows], self._unit(cone)
            ratios = values[rows, cone.figure] / (pupils * unit)
            mean = float((ratios * pupils).sum() / pupils.sum())
            if mean <= 0:
                worst = max(worst, 1.0)
                continue
            spread = float(np.sqrt((pupils * (ratios - mean) ** 2).sum() / pupils.sum()))
            violation = spread / mean - limit
            if violation > ENOUGH:
                self._touch(number, (ratios - mean) / (limit * mean), solution)
            worst = max(worst, violation)
        return worst

    def _touch(self, number: int, slopes: Floats, solution: Floats) -> None:
        # Q_r ≥ (x_r − m)² / (c m) is touched where (x_r − m) / (c m) = ρ by Q_r ≥ 2ρ (x_r − m) − ρ² c m.
        limit, mean = self.limits[number], self.means[number]
        for k, slope in enumerate(slopes):
            rho = float(slope)
            if rho * rho * limit * float(solution[mean]) > float(solution[mean + 1 + k]) + 1e-12:
                self.touched.append((number, k, rho))
                self._plane(number, k, rho)

    def _plane(self, number: int, k: int, rho: float) -> None:
        cone, limit, mean = self.p.cones[number], self.limits[number], self.means[number]
        r = cone.rows[k]
        scale = 2.0 * rho / (float(self.p.pupils[r]) * self._unit(cone))
        terms = [(mean + 1 + k, 1.0), (mean, 2.0 * rho + rho * rho * limit),
                 *((c, -v) for c, v in self._terms(r, cone.figure, scale))]
        self.planes.add(terms, scale * float(self.p.have[r, cone.figure]))

    def at_full_limits(self) -> _Work:
        """Return the same programme with the limits as they are, and the planes touched so far."""
        full = _Work(self.p, 0.0)
        for number, k, rho in self.touched:
            full._plane(number, k, rho)
        full.touched = list(self.touched)
        return full

    def why_impossible(self, seconds: float) -> Impossible:
        """Let every demand give way a little and say which ones had to."""
        n_cells, n_cones = self.n_rows * self.n_figures, len(self.p.cones)
        extra, width = n_cells + n_cones, self.width + n_cells + n_cones
        rows = _Rows()
        self._resource_rule(rows, slack_from=self.width)
        self._cones(rows, slack_from=self.width + n_cells)
        cost = np.concatenate([np.zeros(self.width), np.ones(extra)])
        countable = np.concatenate([self.countable, np.zeros(extra, dtype=np.uint8)])
        constraints = [part.constraint(width) for part in (rows, self.planes) if part.low]
        found = milp(cost, integrality=countable, bounds=self._bounds(extra), constraints=constraints,
                     options={"time_limit": seconds, "mip_rel_gap": 0.05})
        if found.x is None:
            return Impossible((), ())
        slack = np.asarray(found.x, dtype=np.float64)[self.width :]
        figures = tuple((int(c) // self.n_figures, int(c) % self.n_figures, float(slack[c]))
                        for c in np.flatnonzero(slack[:n_cells] > 1e-7))
        cones = tuple((int(c), float(slack[n_cells + c])) for c in np.flatnonzero(slack[n_cells:] > 1e-7))
        return Impossible(figures, cones)
