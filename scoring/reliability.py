"""May a share be printed? Marks in the manner of the NCHS presentation standards for proportions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from scoring.findings import Reason
from scoring.proportion import Estimate, Interval, NoBase
from scoring.ruleset import ReliabilityLimits


class Mark(StrEnum):
    """What the standard says of printing a figure."""

    PRESENT = "present"
    REVIEW = "review"
    SUPPRESS = "suppress"

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        return {"present": "可发布", "review": "须经复核再发布"}.get(self.value, "不宜发布")


@dataclass(frozen=True, slots=True)
class Reliability:
    """A mark with its reasons; ``complement_unreliable`` asks for a note where 1 − share would not pass itself."""

    mark: Mark
    reasons: tuple[Reason, ...] = ()
    complement_unreliable: bool = False


def reliability(estimate: Estimate, limits: ReliabilityLimits) -> Reliability:
    """Say whether a share is reliable enough to be printed.

    Steps, the first that suppresses decides: effective sample size below ``smallest_sample``; interval as
    wide as ``wide`` or wider; interval wider than ``narrow`` and wider than ``relative_width`` × share.
    What remains is printed, after review where the degrees of freedom are below ``fewest_df`` or the share
    is 0 or 1. A figure whose error cannot be estimated is for review if it has enough answers, else it is
    suppressed. A full count has no sampling error and is printed.

    Parameters
    ----------
    estimate : Interval, NotEstimable or NoBase
    limits : ReliabilityLimits

    Returns
    -------
    Reliability

    Source: Parker et al., National Center for Health Statistics Data Presentation Standards for Proportions,
    Vital Health Stat 2(175), 2017. What it says of the sampling error that cannot be estimated and of full
    counts is ours: it does not speak of them.

    Examples
    --------
    >>> from scoring.linearisation import cell_counts
    >>> from scoring.proportion import pooled_share
    >>> from scoring.ruleset import load_rule_set
    >>> nchs = load_rule_set("national-2017").parameters.reliability
    >>> found = reliability(pooled_share(cell_counts([[12], [12], [12]], [[9], [10], [11]])), nchs)
    >>> found.mark.value, [reason.code for reason in found.reasons]
    ('suppress', ['width'])
    """
    if isinstance(estimate, NoBase):
        return Reliability(Mark.SUPPRESS, (_NO_BASE,))
    if not isinstance(estimate, Interval):
        if estimate.n < limits.smallest_sample:
            return Reliability(Mark.SUPPRESS, (_too_few(estimate.n, limits),))
        return Reliability(Mark.REVIEW, (_NOT_ESTIMABLE,))
    if estimate.full_count:
        return Reliability(Mark.PRESENT)
    if estimate.n_eff < limits.smallest_sample:
        return Reliability(Mark.SUPPRESS, (_too_few(int(estimate.n_eff), limits),))
    width = estimate.high - estimate.low
    if width >= limits.wide:
        return Reliability(Mark.SUPPRESS, (_too_wide(width, limits),))
    if not _relatively_narrow(width, estimate.share, limits):
        return Reliability(Mark.SUPPRESS, (_relatively_wide(width, estimate.share, limits),))
    return _printable(estimate, limits, not _relatively_narrow(width, 1 - estimate.share, limits))


def _printable(estimate: Interval, limits: ReliabilityLimits, complement: bool) -> Reliability:
    """Return the mark of a figure that passed: with or without review."""
    reasons = []
    if estimate.df < limits.fewest_df:
        zh = f"只来自很少的学校或单位(自由度 {estimate.df},少于 {limits.fewest_df}),须由统计人员复核。"
        en = (
            f"It comes from few schools or offices ({estimate.df} degrees of freedom, "
            f"fewer than {limits.fewest_df}); a statistician must review it."
        )
        reasons.append(Reason("few_degrees_of_freedom", zh, en))
    if estimate.share in (0.0, 1.0):
        reasons.append(_ALL_ALIKE)
    return Reliability(Mark.REVIEW if reasons else Mark.PRESENT, tuple(reasons), complement)


def _relatively_narrow(width: float, share: float, limits: ReliabilityLimits) -> bool:
    """Say whether a width passes beside a share; one of 0 has no relative width and is left to review."""
    return width <= limits.narrow or share <= 0 or width <= limits.relative_width * Fraction(share)


_NO_BASE = Reason("no_base", "没有人作答,没有比例。", "Nobody answered; there is no share.")
_ALL_ALIKE = Reason(
    "all_alike",
    "所有答卷的回答相同(0% 或 100%),须由统计人员复核。",
    "All answers are alike (0 or 100 %); a statistician must review it.",
)
_NOT_ESTIMABLE = Reason(
    "not_estimable",
    "抽样误差无法估计(某一层或整体只有一所学校或一个单位),须由统计人员复核。",
    "Its sampling error cannot be estimated (a lone school or office); a statistician must review it.",
)


def _too_few(n: int, limits: ReliabilityLimits) -> Reason:
    zh = f"有效样本量约 {n},少于 {limits.smallest_sample},不宜发布。"
    en = f"The effective sample size is about {n}, below {limits.smallest_sample}; it should not be published."
    return Reason("effective_sample_size", zh, en)


def _too_wide(width: float, limits: ReliabilityLimits) -> Reason:
    wide = float(100 * limits.wide)
    zh = f"区间宽 {100 * width:.1f} 个百分点,达到或超过 {wide:g} 个百分点,不宜发布。"
    en = f"The interval is {100 * width:.1f} points wide, {wide:g} or more; it should not be published."
    return Reason("width", zh, en)


def _relatively_wide(width: float, share: float, limits: ReliabilityLimits) -> Reason:
    relative, limit = 100 * width / share, float(100 * limits.relative_width)
    zh = f"区间宽度是比例本身的 {relative:.0f}%,超过 {limit:g}%,不宜发布。"
    en = f"The interval is {relative:.0f} % of the share itself, above {limit:g} %; it should not be published."
    return Reason("relative_width", zh, en)
