"""What was entered and judged → findings on criteria: figures against limits, judgements by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from scoring.criteria_file import (
    CRITERIA_COLUMNS,
    CRITERIA_FILE,
    JUDGEMENTS,
    LEVELS,
    CriterionRow,
    Level,
    parse_criteria,
)
from scoring.figures import PLACES_OF_PERCENT, PLACES_OF_VALUES, is_borderline, shown
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason, combine_all
from scoring.ruleset import CriterionPart, Indicator, Kind, MonitoringNotSampled, RuleSet

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

_SAID = {
    Outcome.MET: ("达标", "met"),
    Outcome.NOT_MET: ("不达标", "not met"),
    Outcome.UNDECIDED: ("未判定", "undecided"),
    Outcome.NOT_APPLICABLE: ("不适用", "not applicable"),
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What counts of all that was entered about one part: the figure, the judgement, each with its row.

    ``contested``: the judgement stands at least as high and as late as the figure, so it may hold against it.
    """

    value: CriterionRow | None
    judgement: CriterionRow | None

    @property
    def contested(self) -> bool:
        """Say whether the judgement was made at or above the figure's level, and not before it."""
        if self.judgement is None:
            return False
        return self.value is None or _precedence(self.judgement) >= _precedence(self.value)

    @property
    def inputs(self) -> tuple[InputRef, ...]:
        """Return the rows that count, the file if there is none."""
        rows = [row for row in (self.value, self.judgement) if row is not None]
        refs = tuple(InputRef(CRITERIA_FILE, number) for number in dict.fromkeys(row.row for row in rows))
        return refs or (InputRef(CRITERIA_FILE),)


def _precedence(row: CriterionRow) -> tuple[int, int]:
    return row.level.rank, row.row


def entered(rows: Sequence[CriterionRow], code: str, part: str) -> Entered:
    """Return what counts about one part: the latest figure and the latest judgement of the highest level.

    Source: method §4 (county < city < province; file order is time order).
    """
    own = [row for row in rows if row.code == code and row.part == part]
    return Entered(
        value=max((row for row in own if row.value is not None), key=_precedence, default=None),
        judgement=max((row for row in own if row.judgement is not None), key=_precedence, default=None),
    )


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
        return _leaf(indicator, parts[0], entered(rows, indicator.code, ""), indicator.code)
    children = tuple(
        _leaf(indicator, part, entered(rows, indicator.code, part.code), f"{indicator.code}/{part.code}")
        for part in parts
    )
    outcome = combine_all(child.outcome for child in children)
    met = sum(child.outcome is Outcome.MET for child in children)
    zh, en = _SAID[outcome]
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


def _leaf(indicator: Indicator, part: CriterionPart, found: Entered, code: str) -> Finding:
    if part.kind is not Kind.NUMERIC or part.comparator is None or part.limit is None:
        outcome, reason = _judged(part, found)
        return Finding(
            code=code,
            title_zh=part.zh,
            title_en=part.en,
            outcome=outcome,
            reasons=(reason,),
            inputs=found.inputs,
            units=indicator.units,
        )
    value = found.value.value if found.value else None
    outcome, reason = _numeric(part, found)
    places = PLACES_OF_PERCENT if part.unit == "%" else PLACES_OF_VALUES
    gap = None if value is None else value - part.limit if part.comparator == "ge" else part.limit - value
    return Finding(
        code=code,
        title_zh=part.zh,
        title_en=part.en,
        outcome=outcome,
        required=shown(part.limit),
        actual=None if value is None else shown(value),
        margin=None if gap is None else shown(gap),
        unit=part.unit or None,
        borderline=value is not None and is_borderline(value, part.limit, places),
        reasons=(reason,),
        inputs=found.inputs,
        units=indicator.units,
    )


def _judged(part: CriterionPart, found: Entered) -> tuple[Outcome, Reason]:
    row = found.judgement
    if row is None or row.judgement is None:
        zh, en = f"“{part.zh}”尚无判定。", f"“{part.en}” has not been judged."
        return Outcome.UNDECIDED, Reason("not_judged", zh, en)
    said_zh, said_en = _SAID[row.judgement]
    reason = Reason(
        f"judged_{row.judgement}",
        f"“{part.zh}”经{row.level.zh}判定为{said_zh}。",
        f"“{part.en}” was judged {said_en} by the {row.level}.",
    )
    return row.judgement, reason


def _numeric(part: CriterionPart, found: Entered) -> tuple[Outcome, Reason]:
    judged = found.judgement.judgement if found.judgement and found.contested else None
    if judged in (Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE):
        outcome, reason = _judged(part, found)
        if found.value is None or found.value.value is None:
            return outcome, reason
        zh = f"{reason.zh[:-1]};填报数值为{_value_zh(found.value.value, part)},以判定为准。"
        en = f"{reason.en[:-1]}; the figure entered is {_value_en(found.value.value, part)}; the judgement counts."
        return outcome, Reason(reason.code, zh, en)
    if found.value is None or found.value.value is None or part.comparator is None or part.limit is None:
        zh, en = f"“{part.zh}”没有填报数值,无法判定。", f"No figure was entered for “{part.en}”."
        return Outcome.UNDECIDED, Reason("no_figure", zh, en)
    value = found.value.value
    holds = part.comparator.holds(value, part.limit)
    rule_zh = f"{part.comparator.sign}{_value_zh(part.limit, part)}"
    rule_en = f"{part.comparator.sign} {_value_en(part.limit, part)}"
    zh = f"{part.zh}为{_value_zh(value, part)},{'符合' if holds else '不符合'}要求({rule_zh})"
    en = f"{part.en}: {_value_en(value, part)} {'meets' if holds else 'does not meet'} the limit ({rule_en})"
    if judged is Outcome.MET and not holds and found.judgement:
        zh += f";{found.judgement.level.zh}判定为达标,但数值不达限值,以数值为准"
        en += f"; the {found.judgement.level} judged it met, but the figure counts"
    return (Outcome.MET if holds else Outcome.NOT_MET), Reason(
        "limit_met" if holds else "limit_not_met", f"{zh}。", f"{en}."
    )


def _value_zh(value: Fraction, part: CriterionPart) -> str:
    return f"{shown(value)}{part.unit}"


def _value_en(value: Fraction, part: CriterionPart) -> str:
    return f"{shown(value)} {part.unit_en}".rstrip()


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
