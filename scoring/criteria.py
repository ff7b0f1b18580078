"""What was entered and judged → findings on criteria: figures against limits, judgements by level."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.criteria_file import (
    CRITERIA_COLUMNS,
    CRITERIA_FILE,
    JUDGEMENTS,
    LEVELS,
    CriterionRow,
    Level,
    parse_criteria,
)
from scoring.criterion_part import SAID, Entered, entered, part_finding
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason, combine_all
from scoring.ruleset import Indicator, MonitoringNotSampled, RuleSet

__all__ = [
    "CRITERIA_COLUMNS",
    "CRITERIA_FILE",
    "JUDGEMENTS",
    "LEVELS",
    "CriterionRow",
    "Entered",
    "Level",
    "criterion_finding",
    "domain_finding",
    "entered",
    "parse_criteria",
    "quality_finding",
]


def criterion_finding(
    indicator: Indicator, rows: Sequence[CriterionRow], rule_set: RuleSet, *, sampled_in_monitoring: bool = True
) -> Finding:
    """Decide one criterion of domains 2 and 3, or the precondition.

    A figure is compared with its limit. A judgement can hold a figure against the county, never for it: one that
    was made at the figure's level or above, and says not met, undecided or not applicable, counts instead; "met"
    without a figure leaves a numeric part undecided. A judged part follows the latest judgement of the highest
    level. All parts must hold.

    Parameters
    ----------
    indicator : Indicator
        The criterion; those computed from the school file are decided in ``assurance``.
    rows : sequence of CriterionRow
        All rows of the county in file order.
    rule_set : RuleSet
        The rules in force.
    sampled_in_monitoring : bool
        Whether the national monitoring sampled the county this year (3.9 only).

    Returns
    -------
    Finding
        Code of the criterion; with several parts a node ``all`` over ``<code>/<part>``. Of a criterion by subject
        only subjects of which something was entered take part; if there is none, the outcome is that of the
        parameter ``monitoring_not_sampled`` in a county not sampled, and undecided in a sampled one.

    Notes
    -----
    Source: 教督〔2017〕6号, government assurance and education quality; limits as in the rule set.
    """
    parts = indicator.parts
    if any(part.group for part in parts):
        given = {row.part for row in rows if row.code == indicator.code}
        groups = {part.group for part in parts if part.code in given}
        parts = tuple(part for part in parts if part.group in groups)
        if not parts:
            return _not_monitored(indicator, rule_set, sampled_in_monitoring)
    if len(parts) == 1 and not parts[0].code:
        return part_finding(indicator, parts[0], entered(rows, indicator.code, ""), indicator.code)
    children = tuple(
        part_finding(indicator, part, entered(rows, indicator.code, part.code), f"{indicator.code}/{part.code}")
        for part in parts
    )
    outcome = combine_all(child.outcome for child in children)
    met = sum(child.outcome is Outcome.MET for child in children)
    zh, en = SAID[outcome]
    return Finding(
        code=indicator.code,
        title_zh=indicator.short_zh,
        title_en=indicator.short_en,
        outcome=outcome,
        combinator=Combinator.ALL,
        required=str(len(children)),
        actual=str(met),
        unit="项",
        reasons=(
            Reason(
                f"parts_{outcome}",
                f"{indicator.short_zh}的{len(children)}个分项中{met}项达标:{zh}。",
                f"{indicator.short_en}: {met} of {len(children)} parts are met, so it is {en}.",
            ),
        ),
        units=indicator.units,
        children=children,
    )


def _not_monitored(indicator: Indicator, rule_set: RuleSet, sampled: bool) -> Finding:
    if sampled:
        outcome = Outcome.UNDECIDED
        zh, en = "本年度被抽样监测,但没有填报任何学科的结果", "sampled this year, but no subject's result was entered"
    elif rule_set.parameters.monitoring_not_sampled is MonitoringNotSampled.NOT_APPLICABLE:
        outcome, zh, en = Outcome.NOT_APPLICABLE, "本年度未被抽样,不适用", "not sampled this year, so it does not apply"
    else:
        outcome, zh, en = Outcome.UNDECIDED, "本年度未被抽样,无法判定", "not sampled this year, so it is undecided"
    return Finding(
        code=indicator.code,
        title_zh=indicator.short_zh,
        title_en=indicator.short_en,
        outcome=outcome,
        combinator=Combinator.ALL,
        reasons=(Reason("not_monitored", f"{indicator.short_zh}:{zh}。", f"{indicator.short_en}: {en}."),),
        inputs=(InputRef(CRITERIA_FILE),),
        units=indicator.units,
    )


def domain_finding(code: str, title_zh: str, title_en: str, children: tuple[Finding, ...]) -> Finding:
    """Return the finding of a domain all of whose criteria must be met."""
    outcomes = [child.outcome for child in children]
    outcome = combine_all(outcomes)
    met, neutral = outcomes.count(Outcome.MET), outcomes.count(Outcome.NOT_APPLICABLE)
    failed = "、".join(child.code for child in children if child.outcome is Outcome.NOT_MET)
    unknown = "、".join(child.code for child in children if child.outcome is Outcome.UNDECIDED)
    zh = f"{title_zh}{len(children)}项中{met}项达标" + (f",{neutral}项不适用" if neutral else "")
    en = f"{title_en}: {met} of {len(children)} are met" + (f", {neutral} do not apply" if neutral else "")
    if failed:
        zh, en = f"{zh};不达标:{failed}", f"{en}; not met: {failed.replace('、', ', ')}"
    if unknown:
        zh, en = f"{zh};未判定:{unknown}", f"{en}; undecided: {unknown.replace('、', ', ')}"
    return Finding(
        code=code,
        title_zh=title_zh,
        title_en=title_en,
        outcome=outcome,
        combinator=Combinator.ALL,
        required=str(len(children) - neutral),
        actual=str(met),
        margin=str(met + neutral - len(children)),
        unit="项",
        reasons=(Reason(f"domain_{outcome}", f"{zh}。", f"{en}."),),
        children=children,
    )


def quality_finding(rows: Sequence[CriterionRow], rule_set: RuleSet, *, sampled_in_monitoring: bool) -> Finding:
    """Decide domain 3, education quality: all its criteria must be met.

    See :func:`criterion_finding`.
    """
    children = tuple(
        criterion_finding(indicator, rows, rule_set, sampled_in_monitoring=sampled_in_monitoring)
        for indicator in rule_set.domain("3")
    )
    return domain_finding("3", "教育质量", "Education quality", children)
