"""Why recognition is decided or left open, in sentences made where it is decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from scoring.counts import Case
from scoring.figures import shown
from scoring.findings import Reason
from scoring.questionnaire import Group

_CASES = {
    Case.ALL: ("全部有效问卷", "all valid questionnaires"),
    Case.WITHOUT_FLAGGED: ("去除有标记的", "without flagged ones"),
    Case.FLAGGED_AGAINST: ("有标记的均计为不满意", "flagged ones counted against"),
    Case.FLAGGED_FOR: ("有标记的均计为满意", "flagged ones counted for"),
}


def case_names(case: Case) -> tuple[str, str]:
    """Return a flip case's Chinese and English name."""
    return _CASES[case]


def share_reason(satisfied: int, base: int, limit: Fraction) -> Reason:
    """Say on which side of the limit the share is."""
    share = Fraction(satisfied, base)
    zh_side, en_side = ("达到", "reaches") if share >= limit else ("低于", "is below")
    text, bound = shown(100 * share, 4), shown(100 * limit)
    return Reason(
        "share",
        f"满意问卷{satisfied}份,计入{base}份,比例{text}%,{zh_side}{bound}%。",
        f"{satisfied} of {base} questionnaires are satisfied, {text} %, which {en_side} {bound} %.",
    )


def empty_base_reason(valid: int) -> Reason:
    """Say that there is nothing to compute a share from."""
    if valid:
        return Reason(
            "empty_base",
            f"{valid}份有效问卷的总体评价均为“不了解”,无法计算比例。",
            f"All {valid} valid questionnaires answer the overall item with “don't know”: there is no share.",
        )
    return Reason("empty_base", "没有有效问卷,无法计算比例。", "No questionnaire is valid: there is no share.")


def residents_reason() -> Reason:
    """Say that without residents no target can be computed."""
    return Reason(
        "residents_unknown",
        "未填常住人口数,无法计算样本量,不能判定调查对象是否足够。",
        "The resident population is not given, so the sample and its coverage cannot be judged.",
    )


def coverage_reasons(short: Iterable[tuple[Group, int, int]]) -> list[Reason]:
    """Name each group with fewer valid responses than its target (group, valid, target)."""
    return [
        Reason(
            "coverage",
            f"{group.zh}有效问卷{valid}份,目标{target}份,尚缺{target - valid}份。",
            f"{valid} valid responses of {group.en}, target {target}: {target - valid} missing.",
        )
        for group, valid, target in short
    ]


def fragile_reason(cases: Sequence[tuple[Case, Fraction | None]], flagged: int) -> Reason:
    """Say that the outcome hangs on how flagged responses are treated."""
    zh = "、".join(f"{_CASES[case][0]}{_percent(share)}" for case, share in cases)
    en = ", ".join(f"{_CASES[case][1]} {_percent(share)}" for case, share in cases)
    return Reason(
        "fragile",
        f"{flagged}份有标记的问卷如何处理会改变结论({zh}),故不作判定。",
        f"The outcome depends on how {flagged} flagged questionnaires are treated ({en}); it is left open.",
    )


def _percent(share: Fraction | None) -> str:
    return "—" if share is None else f"{shown(100 * share, 2)}%"
