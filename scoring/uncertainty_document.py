"""Intervals as the verdict's JSON shows them: an interval, or nothing with the reason."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from scoring.figures import shown
from scoring.findings import Reason
from scoring.proportion import Interval, NoBase, WhyNot
from scoring.uncertainty import Figure

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

_PUBLIC_PART = Reason(
    "public_part",
    "区间由审计部分计算;公开部分不含各校各单位的答卷。",
    "Intervals need the auditor part; the public part does not tell responses by school or office.",
)
_WITHHELD = Reason(
    "withheld",
    "该比例低于公布下限而不予公布,区间亦不公布。",
    "The share is withheld because a count is below the smallest published cell, and so is its interval.",
)
_NO_BASE = Reason("no_base", "没有可计入的问卷。", "No questionnaire counts here.")
_WHY_NOT = {
    WhyNot.LONE_PSU: Reason(
        "lone_psu",
        "有一层只有一所学校或一个单位,抽样误差无法估计。",
        "A stratum has a lone school or office, so the sampling error cannot be estimated.",
    ),
    WhyNot.NO_DEGREES_OF_FREEDOM: Reason(
        "no_degrees_of_freedom",
        "作答者来自同一所学校或同一个单位,抽样误差无法估计。",
        "All answers come from one school or office, so the sampling error cannot be estimated.",
    ),
}


def interval_document(figure: Figure | None, *, withheld: bool = False) -> dict[str, Json]:
    """Return ``interval`` and ``interval_reason`` of one share.

    Parameters
    ----------
    figure : Figure or None
        ``None`` where only the public part is at hand.
    withheld : bool
        Whether the share itself is not published; its interval would tell it.

    Returns
    -------
    dict
        Either the interval with figures as strings of at most six places and no reason, or ``None`` and a reason.
    """
    if figure is None:
        return _without(_PUBLIC_PART)
    if isinstance(figure.estimate, NoBase):
        return _without(_NO_BASE)
    if withheld:
        return _without(_WITHHELD)
    if not isinstance(figure.estimate, Interval):
        return _without(_WHY_NOT[figure.estimate.why])
    return {"interval": _interval(figure.estimate, figure), "interval_reason": None}


def _interval(estimate: Interval, figure: Figure) -> Json:
    return {
        "low": _shown(estimate.low),
        "high": _shown(estimate.high),
        "level": _shown(estimate.level),
        "standard_error": _shown(estimate.standard_error),
        "design": "full_count" if estimate.full_count else "clusters_in_localities",
        "n": estimate.n,
        "n_psu": estimate.n_psu,
        "df": estimate.df,
        "n_eff": _shown(estimate.n_eff),
        "deff": None if estimate.deff is None else _shown(estimate.deff),
        "more_answers_than_members": bool(estimate.over_counted),
        "mark": figure.reliability.mark.value,
        "mark_reasons": [{"code": r.code, "zh": r.zh, "en": r.en} for r in figure.reliability.reasons],
        "complement_unreliable": figure.reliability.complement_unreliable,
    }


def _without(reason: Reason) -> dict[str, Json]:
    return {"interval": None, "interval_reason": {"code": reason.code, "zh": reason.zh, "en": reason.en}}


def _shown(value: float) -> str:
    return shown(Fraction(value))
