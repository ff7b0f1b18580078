"""A repair plan and nearest flips as lines for a terminal, and a plan as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from scoring.costs import LEVERS, MOVE
from scoring.figures import shown
from scoring.flip import Flip
from scoring.recognition_finding import Json
from scoring.repair import Addition, NoPlan, RepairPlan
from scoring.verdict import Verdict

FORMAT = "county-repair/1"
_NAMES = {spec.code: (spec.zh, spec.unit_zh) for spec in LEVERS} | {MOVE: ("教师交流", "人")}
_NO_PLAN = {
    "unknown": "学校数据不全,先补齐以下数据才能做方案。 Figures are missing; complete these first.",
    "impossible": "在给定的单价和上限内没有可行方案,原因如下。 No plan exists within the prices and caps given:",
    "out_of_time": "限定时间内没有找到方案,是否存在尚不可知。 No plan was found in the time given.",
}


def plan_lines(plan: RepairPlan | NoPlan, verdict: Verdict) -> Iterator[str]:
    """Yield a plan, dearest school first, or why there is none."""
    demo = "【演示 / demonstration】" if verdict.demo else ""
    yield f"{demo}{verdict.county_name}({verdict.county_code})资源配置达标的最省方案 / cheapest plan for domain 1"
    if isinstance(plan, NoPlan):
        yield _NO_PLAN[plan.reason]
        for conflict in plan.conflicts:
            yield f"  {conflict.code}  {conflict.zh} {conflict.en}"
        return
    yield (f"总费用 / cost: {shown(plan.cost, 2)} 元 yuan;最优方案不低于 / no plan costs less than "
           f"{plan.bound:,.0f};差距 / gap {plan.gap:.2%}")
    spent: dict[str, Fraction] = {}
    for addition in plan.additions:
        spent[addition.school_code] = spent.get(addition.school_code, Fraction(0)) + addition.cost
    for addition in sorted(plan.additions, key=lambda a: (-spent[a.school_code], a.school_code)):
        yield f"  {_addition(addition)}"


def _addition(addition: Addition) -> str:
    name, unit = _NAMES[addition.lever]
    stage = f"({addition.stage.zh})" if addition.stage else ""
    sign = "+" if addition.amount > 0 else "−"
    return (f"{addition.school_code} {addition.school_name}{stage}  {name} "
            f"{sign}{shown(abs(addition.amount), 2)}{unit}  {shown(addition.cost, 2)} 元")


def flip_lines(flips: Sequence[Flip]) -> Iterator[str]:
    """Yield the smallest change for every finding not met."""
    yield ""
    yield f"各项未达标判定的最小改变,单独计算({len(flips)}项) / smallest change for each finding not met, each alone"
    for flip in flips:
        yield f"  {flip.code}  {flip.zh} {flip.en}"


def plan_document(plan: RepairPlan | NoPlan, verdict: Verdict) -> dict[str, Json]:
    """Return a plan as JSON values: exact amounts and costs as strings, the bound and the gap rounded to six places."""
    head: dict[str, Json] = {
        "format": FORMAT,
        "dossier_sha256": verdict.dossier_sha256,
        "county": {"code": verdict.county_code, "name": verdict.county_name},
        "year": verdict.year,
        "demo": verdict.demo,
    }
    if isinstance(plan, NoPlan):
        conflicts: list[Json] = [{"code": c.code, "zh": c.zh, "en": c.en} for c in plan.conflicts]
        return head | {"plan": None, "reason": plan.reason, "conflicts": conflicts}
    additions: list[Json] = [
        {
            "school_code": a.school_code,
            "school_name": a.school_name,
            "stage": a.stage.value if a.stage else None,
            "lever": a.lever,
            "amount": shown(a.amount),
            "cost": shown(a.cost),
        }
        for a in plan.additions
    ]
    figures: dict[str, Json] = {
        "cost": shown(plan.cost),
        "bound": shown(Fraction(plan.bound)),
        "gap": shown(Fraction(plan.gap)),
        "additions": additions,
    }
    return head | {"plan": figures, "reason": None, "conflicts": []}
