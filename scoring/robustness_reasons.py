"""What could turn the recognition outcome, one full sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from scoring.figures import shown
from scoring.findings import Reason
from scoring.questionnaire import Bilingual
from scoring.recognition import Alternative, FlipCase
from scoring.recognition_finding import alternative_names
from scoring.recognition_reasons import case_names

_MOST_NAMED = 5


def flip_sentence(flips: Sequence[FlipCase]) -> Reason:
    """Say whether the treatment of flagged questionnaires matters, with all four shares."""
    named = [(case_names(flip.case), _percent(flip.count.share)) for flip in flips]
    zh = "、".join(f"{name[0]}{share}" for name, share in named)
    en = ", ".join(f"{name[1]} {share}" for name, share in named)
    if len({flip.outcome for flip in flips}) == 1:
        return Reason(
            "flip_test",
            f"有标记的问卷无论怎样处理,结论都相同({zh})。",
            f"The outcome is the same however flagged questionnaires are treated ({en}).",
        )
    return Reason(
        "flip_test",
        f"有标记的问卷怎样处理会改变结论({zh})。",
        f"How flagged questionnaires are treated changes the outcome ({en}).",
    )


def leave_one_out_sentence(
    kind: Bilingual,
    n_units: int,
    ends: tuple[Fraction | None, Fraction | None] | None,
    flips: Sequence[tuple[Bilingual, Fraction | None]],
) -> Reason:
    """Say whether leaving out any one unit matters: how many were tried, the shares' range, and which turn it."""
    if not n_units:
        return Reason(
            "leave_one_out",
            f"没有份数足够的{kind.zh}可供逐一去除。",
            f"No {kind.en} has enough questionnaires to be left out.",
        )
    low, high = ("—", "—") if ends is None else (_percent(ends[0]), _percent(ends[1]))
    zh = f"逐一去除{n_units}个{kind.zh},其余问卷的比例在{low}至{high}之间"
    en = f"Leaving out any one of {n_units} (by {kind.en}), the share of the others is between {low} and {high}"
    if not flips:
        return Reason("leave_one_out", f"{zh},结论都不改变。", f"{en}; the outcome never changes.")
    named_zh = "、".join(f"{name.zh}({_percent(share)})" for name, share in flips[:_MOST_NAMED])
    named_en = ", ".join(f"{name.en} ({_percent(share)})" for name, share in flips[:_MOST_NAMED])
    more_zh, more_en = ("等", " and others") if len(flips) > _MOST_NAMED else ("", "")
    return Reason(
        "leave_one_out",
        f"{zh};去除其中{len(flips)}个会改变结论:{named_zh}{more_zh}。",
        f"{en}; without {len(flips)} of them the outcome changes: {named_en}{more_en}.",
    )


def alternative_sentence(alternative: Alternative, same_side: bool) -> Reason:
    """Say what an alternative rule would give, and whether it falls on the other side."""
    zh, en = alternative_names(alternative)
    share = alternative.count.share
    if share is None:
        return Reason("alternative", f"若按“{zh}”计算,没有可计入的问卷。", f"Under “{en}” there is nothing to count.")
    zh, en = f"若按“{zh}”计算,比例为{_percent(share)}", f"Under “{en}” the share is {_percent(share)}"
    if same_side:
        return Reason("alternative", f"{zh},结论相同。", f"{en}, on the same side.")
    return Reason("alternative", f"{zh},结论不同。", f"{en}, on the other side.")


def _percent(share: Fraction | None) -> str:
    return "—" if share is None else f"{shown(100 * share, 4)}%"
