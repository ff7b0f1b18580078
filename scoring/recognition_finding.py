"""Recognition as a node of the verdict tree, and as the values its JSON shows."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from scoring.counts import COUNTS_FILE
from scoring.figures import PLACES_OF_PERCENT, is_borderline, shown
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason
from scoring.mean_index import IndexBounds
from scoring.recognition import Alternative, FlipCase, GroupRecognition, Recognition
from scoring.recognition_reasons import case_names
from scoring.recognition_shares import SharedCount, WeightedShare
from scoring.ruleset import DontKnowRule, RuleSet, SatisfiedRule

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

CODE = "4.1"
_PLACES_OF_SHARES = PLACES_OF_PERCENT + 2
_RULES = {
    SatisfiedRule.OVERALL_ITEM: ("总体评价为满意以上", "overall item 4 or 5"),
    SatisfiedRule.BASIC_COUNTS: ("总体评价为基本满意以上", "overall item 3, 4 or 5"),
    SatisfiedRule.MEAN_GE_4: ("各题平均4分以上", "mean of the items 4 or more"),
}
_DONT_KNOW = {
    DontKnowRule.VALID_NOT_SATISFIED: ("不了解计入基数", "don't know stays in the base"),
    DontKnowRule.LEAVES_BASE: ("不了解不计入基数", "don't know leaves the base"),
}


def recognition_finding(recognition: Recognition, rule_set: RuleSet) -> Finding:
    """Return finding 4.1: the outcome of recognition, and below it what is shown but never propagates.

    Parameters
    ----------
    recognition : Recognition
        What :func:`scoring.recognition.recognise` found.
    rule_set : RuleSet
        For the indicator's wording and its responsible units.

    Returns
    -------
    Finding
        Figures are shares in [0, 1]. Its children, alternatives, flip cases and groups, are informational.
    """
    indicator = rule_set.indicator(CODE)
    inputs = (InputRef(COUNTS_FILE),)
    share, limit = recognition.share, recognition.limit
    return Finding(
        code=CODE,
        title_zh=indicator.short_zh,
        title_en=indicator.short_en,
        outcome=recognition.outcome,
        required=shown(limit),
        actual=_shown(share),
        margin=None if share is None else shown(share - limit),
        borderline=share is not None and is_borderline(share, limit, _PLACES_OF_SHARES),
        reasons=recognition.reasons,
        inputs=inputs,
        units=indicator.units,
        children=(
            _beside(
                "alternatives",
                "其他计算口径(仅供参考)",
                "Other ways of counting (for information)",
                tuple(_alternative(a, limit) for a in recognition.alternatives),
            ),
            _beside(
                "flips",
                "有标记问卷的处理(仅供参考)",
                "Treatment of flagged questionnaires (for information)",
                tuple(_flip(f, limit) for f in recognition.flips),
            ),
            _beside(
                "groups",
                "各类群体(仅供参考)",
                "Groups (for information)",
                tuple(_group(g, limit) for g in recognition.groups),
            ),
            _beside(
                "weighted",
                "按群体加权的比例(仅供参考)",
                "Shares under group weights (for information)",
                tuple(_weighted(w, limit) for w in recognition.weighted),
            ),
        ),
    )


def recognition_document(recognition: Recognition) -> dict[str, Json]:
    """Return recognition as the verdict's JSON shows it: counts as numbers, all other figures as strings."""
    targets = recognition.targets
    return {
        "valid": recognition.valid,
        "voided": recognition.voided,
        "flagged": recognition.flagged,
        "dont_know": recognition.dont_know,
        "satisfied_rule": recognition.satisfied_rule.value,
        "dont_know_rule": recognition.dont_know_rule.value,
        **_count(recognition.count),
        "limit": shown(recognition.limit),
        "outcome": recognition.outcome.value,
        "fragile": recognition.fragile,
        "reasons": [{"code": r.code, "zh": r.zh, "en": r.en} for r in recognition.reasons],
        "alternatives": [_alternative_document(a) for a in recognition.alternatives],
        "flips": [{"case": f.case.value, "outcome": f.outcome.value, **_count(f.count)} for f in recognition.flips],
        "groups": [
            {
                "group": g.group.value,
                "valid": g.valid,
                "voided": g.voided,
                "index": _index(g.index),
                "quota": g.quota,
                "target": g.target,
                "shortfall": g.shortfall,
                **_count(g.count),
                "alternatives": [_alternative_document(a) for a in g.alternatives],
            }
            for g in recognition.groups
        ],
        "weighted": [
            {
                "weighting": w.weighting.value,
                "n_groups": w.n_groups,
                "share": _shown(w.share),
                "outcome": w.outcome.value,
                "reason": {"code": w.reason.code, "zh": w.reason.zh, "en": w.reason.en},
            }
            for w in recognition.weighted
        ],
        "items": [
            {
                "form": i.form.value,
                "item": i.item,
                "group": i.group.value if i.group else None,
                "reversed": i.reversed,
                "answered": i.answered,
                "positive": i.count.satisfied,
                "share": _shown(i.count.share),
            }
            for i in recognition.items
        ],
        "index": _index(recognition.index),
        "sample": None
        if targets is None
        else {"residents": targets.residents, "total": targets.total, "unplaced": targets.unplaced},
    }


def _alternative_document(alternative: Alternative) -> dict[str, Json]:
    return {
        "satisfied_rule": alternative.satisfied_rule.value,
        "dont_know_rule": alternative.dont_know_rule.value,
        "in_force": alternative.in_force,
        "outcome": alternative.outcome.value,
        **_count(alternative.count),
    }


def alternative_names(alternative: Alternative) -> tuple[str, str]:
    """Return the Chinese and English name of a combination of rules."""
    rule, dont_know = _RULES[alternative.satisfied_rule], _DONT_KNOW[alternative.dont_know_rule]
    return f"{rule[0]},{dont_know[0]}", f"{rule[1]}, {dont_know[1]}"


def _beside(code: str, zh: str, en: str, children: tuple[Finding, ...]) -> Finding:
    return Finding(
        code=f"{CODE}/{code}",
        title_zh=zh,
        title_en=en,
        outcome=Outcome.NOT_APPLICABLE,
        combinator=Combinator.INFORMATIONAL,
        children=children,
    )


def _alternative(alternative: Alternative, limit: Fraction) -> Finding:
    zh, en = alternative_names(alternative)
    code = f"{CODE}/alternatives/{alternative.code}"
    return _leaf(code, zh, en, alternative.count.share, alternative.outcome, limit)


def _flip(flip: FlipCase, limit: Fraction) -> Finding:
    zh, en = case_names(flip.case)
    return _leaf(f"{CODE}/flips/{flip.case.value}", zh, en, flip.count.share, flip.outcome, limit)


def _group(group: GroupRecognition, limit: Fraction) -> Finding:
    share = group.count.share
    outcome = Outcome.UNDECIDED
    if share is not None:
        outcome = Outcome.MET if share >= limit else Outcome.NOT_MET
    elif not group.valid:
        outcome = Outcome.NOT_APPLICABLE
    name = f"{CODE}/groups/{group.group.value}"
    return _leaf(name, group.group.zh, group.group.en, share, outcome, limit)


def _weighted(weighted: WeightedShare, limit: Fraction) -> Finding:
    kind, share = weighted.weighting, weighted.share
    code = f"{CODE}/weighted/{kind.value}"
    return _leaf(code, kind.zh, kind.en, share, weighted.outcome, limit, (weighted.reason,))


def _leaf(
    code: str,
    zh: str,
    en: str,
    share: Fraction | None,
    outcome: Outcome,
    limit: Fraction,
    reasons: tuple[Reason, ...] = (),
) -> Finding:
    return Finding(
        code=code,
        title_zh=zh,
        title_en=en,
        outcome=outcome,
        combinator=Combinator.INFORMATIONAL,
        required=shown(limit),
        actual=_shown(share),
        margin=None if share is None else shown(share - limit),
        borderline=share is not None and is_borderline(share, limit, _PLACES_OF_SHARES),
        reasons=reasons,
    )


def _count(count: SharedCount) -> dict[str, Json]:
    return {"base": count.base, "satisfied": count.satisfied, "share": _shown(count.share)}


def _index(bounds: IndexBounds | None) -> Json:
    return None if bounds is None else {"low": shown(bounds.low), "high": shown(bounds.high)}


def _shown(value: Fraction | None) -> str | None:
    return None if value is None else shown(value)
