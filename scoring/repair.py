"""What a county lacks under the resource rule, and the cheapest additions that make every row and every CV hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from scoring.costs import LEVERS, MOVE, Costs, LeverSpec
from scoring.findings import Outcome
from scoring.repair_programme import Cone, Effect, Lever, Programme
from scoring.repair_solver import TIGHTEN, Impossible, OutOfTime, Solved, solve
from scoring.resource_rule import standards_of
from scoring.resources import resource_finding
from scoring.ruleset import CvWeighting, RuleSet, Stage
from scoring.schools import SchoolRow, StageRow, StageRows, stage_rows

MOST_TIGHTENED = 1e-2
N_FIGURES = 7


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What one indicator of one row lacks, in the resource's own unit (persons, m², yuan, rooms)."""

    school_code: str
    stage: Stage
    code: str
    to_standard: Fraction
    to_floor: Fraction


@dataclass(frozen=True, slots=True)
class Addition:
    """So much of one lever for one school; ``stage`` for teachers only. Moves count teachers in (+) or out (−)."""

    school_code: str
    school_name: str
    stage: Stage | None
    lever: str
    amount: Fraction
    cost: Fraction


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """A plan that was recomputed exactly and meets domain 1; ``bound`` is a proved lower bound on any plan's cost."""

    additions: tuple[Addition, ...]
    cost: Fraction
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """Return how much cheaper the best plan could be at most, as a share of this plan's cost."""
        return 0.0 if self.cost == 0 else max(0.0, 1.0 - self.bound / float(self.cost))


@dataclass(frozen=True, slots=True)
class Conflict:
    """One demand that the prices and caps leave out of reach: a row's indicator, or a stage's coefficient."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why there is no plan: ``unknown`` cells come first, demands beyond the caps second, else time ran out."""

    reason: str
    conflicts: tuple[Conflict, ...]


def shortfalls(rows: StageRows, rule_set: RuleSet) -> tuple[Shortfall, ...]:
    """Return what every row lacks to the standard and to the floor, rows and indicators that lack nothing left out.

    Countable resources (teachers, rooms) are rounded up where they belong to one stage only.

    Source: method §6.
    """
    found = []
    for row in rows.rows:
        for index, standard in enumerate(standards_of(rule_set, row.stage)):
            have = row.resources[index]
            if have is None or row.pupils is None:
                continue
            whole = isinstance(have, int)
            lacks = _lack(standard.limit * row.pupils / standard.factor - have, whole=whole)
            if lacks:
                floor = _lack(standard.floor * row.pupils / standard.factor - have, whole=whole)
                found.append(Shortfall(row.school_code, row.stage, standard.code, lacks, floor))
    return tuple(found)


def _lack(amount: Fraction, *, whole: bool) -> Fraction:
    return max(Fraction(math.ceil(amount)) if whole else amount, Fraction(0))


def plan_repair(
    schools: Sequence[SchoolRow], rule_set: RuleSet, costs: Costs, *,
    gap: float = 0.01, seconds: float = 60.0, progress: Callable[[str], None] = lambda _: None,
) -> RepairPlan | NoPlan:
    """Return the cheapest additions after which domain 1 is met, within a relative gap.

    Every row passes the resource rule and all fourteen coefficients hold; teachers may move between schools of a
    stage, one of each of the three kinds at once (a moved teacher carries all three attributes). The programme
    works in floats; its amounts are rounded up to units that can be bought and the result is recomputed exactly.
    If rounding broke a coefficient, the limits are lowered and the programme runs again.

    Parameters
    ----------
    schools : sequence of SchoolRow
        The county's schools.
    rule_set : RuleSet
        Standards, floor and limits.
    costs : Costs
        Prices and caps.
    gap : float
        Relative gap asked for.
    seconds : float
        Bound on each call of the solver.
    progress : callable
        Told what has been done, in Chinese and English.

    Returns
    -------
    RepairPlan or NoPlan
        The empty plan of cost 0 where domain 1 is met already.

    Notes
    -----
    Source: method §6. With the unweighted form of the coefficient in force the cone is built on equal weights.
    """
    before = stage_rows(schools, rule_set.parameters)
    unknown = _unknown(before)
    if unknown:
        return NoPlan("unknown", unknown)
    tighten = TIGHTEN
    while tighten <= MOST_TIGHTENED:
        built = _Built(schools, before, rule_set, costs)
        found = solve(built.programme, gap=gap, seconds=seconds, tighten=tighten, progress=progress)
        if isinstance(found, Impossible):
            return NoPlan("impossible", built.conflicts(found))
        if isinstance(found, OutOfTime):
            return NoPlan("out_of_time", ())
        additions = built.additions(found)
        if domain_one(apply_plan(schools, additions), rule_set) in (Outcome.MET, Outcome.NOT_APPLICABLE):
            cost = sum((a.cost for a in additions), Fraction(0))
            return RepairPlan(additions, cost, min(found.bound, float(cost)), found.rounds)
        tighten *= 10
    return NoPlan("out_of_time", ())


def domain_one(schools: Sequence[SchoolRow], rule_set: RuleSet) -> Outcome:
    """Return the exact outcome of domain 1: the resource rule of every row, and every coefficient."""
    return resource_finding(stage_rows(schools, rule_set.parameters), rule_set).outcome


def apply_plan(schools: Sequence[SchoolRow], additions: Sequence[Addition]) -> tuple[SchoolRow, ...]:
    """Return the schools as they would be after the additions, blanks treated as what is added to nothing."""
    changed = {school.school_code: school for school in schools}
    for addition in additions:
        school = changed[addition.school_code]
        for column in _columns(addition.lever, addition.stage):
            have = getattr(school, column) or 0
            value = have + addition.amount
            changes: dict[str, Any] = {column: int(value) if isinstance(have, int) else value}
            school = replace(school, **changes)
        changed[addition.school_code] = school
    return tuple(changed[school.school_code] for school in schools)


def _columns(lever: str, stage: Stage | None) -> tuple[str, ...]:
    teachers = [spec for spec in LEVERS if len(spec.columns) > 1]
    wanted = teachers if lever == MOVE else [spec for spec in LEVERS if spec.code == lever]
    return tuple(c for spec in wanted for c in spec.columns if stage is None or c.endswith(f"_{stage.value}"))


def _unknown(rows: StageRows) -> tuple[Conflict, ...]:
    found = []
    for row in rows.rows:
        missing = [f"1.{i + 1}" for i, x in enumerate(row.resources) if x is None or row.pupils is None]
        if missing:
            codes = "、".join(missing)
            found.append(Conflict(
                f"1.schools/{row.school_code}/{row.stage}",
                f"{row.school_name}({row.stage.zh})的{codes}缺少数据,请先补齐学校数据(第{row.row}行)。",
                f"{row.school_name} ({row.stage.en}): figures for {', '.join(missing)} are missing; "
                f"complete line {row.row} of the school file first."))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Handle:
    """What a lever of the programme stands for."""

    school: SchoolRow
    stage: Stage | None
    lever: str
    sign: int
    price: Fraction
    decimals: int


class _Built:
    """The county as a programme, and the way back from the programme's numbers."""

    def __init__(self, schools: Sequence[SchoolRow], rows: StageRows, rule_set: RuleSet, costs: Costs) -> None:
        self.rows = rows.rows
        self.rule_set = rule_set
        self.index = {(row.school_code, row.stage): i for i, row in enumerate(self.rows)}
        self.handles: list[_Handle] = []
        levers: list[Lever] = []
        for school in schools:
            if any((school.school_code, stage) in self.index for stage in school.stages):
                self._school(school, costs, levers)
        self.cones = self._cone_keys()
        standards = [standards_of(rule_set, row.stage) for row in self.rows]
        pupils = [row.pupils or 0 for row in self.rows]
        unweighted = rule_set.parameters.cv_weighting is CvWeighting.UNWEIGHTED
        # The unweighted form is about the ratios themselves: every row weighs one, and its figure is its ratio.
        scale = np.array([1.0 / p if unweighted else 1.0 for p in pupils])
        need = np.array([[float(s.limit * p / s.factor) for s in of] for of, p in zip(standards, pupils, strict=True)])
        floor = np.array([[float(s.floor * p / s.factor) for s in of] for of, p in zip(standards, pupils, strict=True)])
        have = np.array([[float(x or 0) for x in row.resources] for row in self.rows])
        shape = (len(self.rows), N_FIGURES)
        self.programme = Programme(
            have=have.reshape(shape) * scale[:, None],
            standard=need.reshape(shape) * scale[:, None],
            floor=floor.reshape(shape) * scale[:, None],
            pupils=np.ones(len(pupils)) if unweighted else np.array(pupils, dtype=np.float64),
            levers=tuple(self._scaled(lever, scale) for lever in levers),
            cones=tuple(cone for _, _, cone in self.cones),
            pass_count=rule_set.parameters.resource_pass_count,
            pools=len(Stage),
        )

    @staticmethod
    def _scaled(lever: Lever, scale: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Lever:
        effects = tuple(Effect(e.row, e.figure, e.amount * float(scale[e.row])) for e in lever.effects)
        return replace(lever, effects=effects)

    def _cone_keys(self) -> list[tuple[Stage, int, Cone]]:
        keys = []
        for stage, limit in self.rule_set.parameters.cv_limit.items():
            rows = tuple(i for i, row in enumerate(self.rows) if row.stage is stage)
            if len(rows) > 1:
                keys += [(stage, figure, Cone(rows, figure, float(limit))) for figure in range(N_FIGURES)]
        return keys

    def _school(self, school: SchoolRow, costs: Costs, levers: list[Lever]) -> None:
        for spec in LEVERS:
            cap = costs.cap(school.school_code, spec.code)
            if cap <= 0:
                continue
            price = costs.prices[spec.code]
            for stage in school.stages if len(spec.columns) > 1 else (None,):
                effects = self._effects(school, spec, stage)
                if effects:
                    levers.append(Lever(float(price), float(cap), spec.countable, effects))
                    self.handles.append(_Handle(school, stage, spec.code, 1, price, spec.decimals))
        if costs.price_of_move is not None:
            for stage in school.stages:
                self._moves(school, stage, costs.price_of_move, float(costs.most_moves), levers)

    def _effects(self, school: SchoolRow, spec: LeverSpec, stage: Stage | None) -> tuple[Effect, ...]:
        # One unit more, through the rules themselves: how a shared resource is split has one home only.
        more = apply_plan((school,), (Addition(school.school_code, "", stage, spec.code, Fraction(1), Fraction(0)),))
        effects = []
        for after in stage_rows(more, self.rule_set.parameters).rows:
            row = self.index.get((after.school_code, after.stage))
            if row is None:
                continue
            before: StageRow = self.rows[row]
            for figure, (a, b) in enumerate(zip(after.resources, before.resources, strict=True)):
                if a is not None and b is not None and a != b:
                    effects.append(Effect(row, figure, float(a - b)))
        return tuple(effects)

    def _moves(self, school: SchoolRow, stage: Stage, price: Fraction, most: float, levers: list[Lever]) -> None:
        row = self.index.get((school.school_code, stage))
        if row is None:
            return
        pool = list(Stage).index(stage)
        present = min(int(self.rows[row].resources[i] or 0) for i in range(3))
        for sign, cap, cost in ((1, most, price), (-1, float(min(present, most)), Fraction(0))):
            if cap > 0:
                effects = tuple(Effect(row, figure, float(sign)) for figure in range(3))
                levers.append(Lever(float(cost), cap, True, effects, (pool, sign)))
                self.handles.append(_Handle(school, stage, MOVE, sign, cost, 0))

    def additions(self, found: Solved) -> tuple[Addition, ...]:
        """Turn amounts into units that can be bought: never less than the programme asked for."""
        additions = []
        for handle, amount in zip(self.handles, found.amounts, strict=True):
            step = 10**handle.decimals
            # 1e-6 of a step is the solver's noise, not somebody's square metre.
            whole = round(float(amount)) if handle.decimals == 0 else math.ceil(float(amount) * step - 1e-6)
            if whole > 0:
                exact = Fraction(whole, step)
                additions.append(Addition(handle.school.school_code, handle.school.school_name, handle.stage,
                                          handle.lever, exact * handle.sign, exact * handle.price))
        return tuple(additions)

    def conflicts(self, found: Impossible) -> tuple[Conflict, ...]:
        """Name the demands that had to give way."""
        conflicts = []
        for row_number, figure, lack in found.figures:
            row = self.rows[row_number]
            standard = standards_of(self.rule_set, row.stage)[figure]
            conflicts.append(Conflict(
                f"1.schools/{row.school_code}/{row.stage}/{standard.code}",
                f"{row.school_name}({row.stage.zh}){standard.title_zh}:在给定的单价和上限内仍差标准的{lack:.1%}。",
                f"{row.school_name} ({row.stage.en}), {standard.code}: {lack:.1%} of the standard stays out of reach "
                "with these prices and caps."))
        for number, lack in found.cones:
            stage, figure, cone = self.cones[number]
            conflicts.append(Conflict(
                f"1.cv/{stage}/1.{figure + 1}",
                f"{stage.zh}1.{figure + 1}的差异系数在给定的单价和上限内不能降到{cone.limit:g}以内(还差{lack:.3f})。",
                f"The difference coefficient of 1.{figure + 1}, {stage.en}, cannot be brought to {cone.limit:g} "
                f"with these prices and caps ({lack:.3f} is left)."))
        return tuple(conflicts)
