"""Stage rows → the seven resource indicators of each school, and the outcome of domain 1."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.coefficients import difference_coefficients
from scoring.figures import PLACES_OF_VALUES, shown_against, shown_ratio
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason, combine_all, leaf_finding
from scoring.resource_rule import Standard, Standing, six_of_seven_with_floor, standards_of
from scoring.ruleset import RuleSet, Stage
from scoring.schools import SCHOOLS_FILE, StageRow, StageRows

__all__ = [
    "difference_coefficients",
    "evaluate_row",
    "resource_finding",
]

_HIDDEN_BY_ROUNDING = 2 * 10**PLACES_OF_VALUES
_STANDINGS = tuple(Standing)


def evaluate_row(row: StageRow, rule_set: RuleSet, standards: tuple[Standard, ...] | None = None) -> Finding:
    """Decide the resource rule for one stage of one school.

    Parameters
    ----------
    row : StageRow
        Pupils and the seven numerators.
    rule_set : RuleSet
        Standards, floor and pass count.
    standards : tuple of Standard, optional
        ``standards_of(rule_set, row.stage)``, when many rows are decided.

    Returns
    -------
    Finding
        Code ``1.schools/<school>/<stage>``, combinator ``six_of_seven_with_floor``, children 1.1 to 1.7.
        Unknown pupils leave the row undecided whatever else is known: the stage may have none and drop out.

    Notes
    -----
    Source: 教督〔2017〕6号, resource allocation; 国教督办函〔2019〕30号, rule per school.
    """
    standards = standards or standards_of(rule_set, row.stage)
    name_zh, name_en = f"{row.school_name}({row.stage.zh})", f"{row.school_name} ({row.stage.en})"
    code = f"1.schools/{row.school_code}/{row.stage}"
    children, standings = [], []
    for i, standard in enumerate(standards):
        child, standing = _leaf(row, i, standard, code, name_zh, name_en)
        children.append(child)
        standings.append(standing)
    pass_count = rule_set.parameters.resource_pass_count
    if row.pupils is None:
        outcome = Outcome.UNDECIDED
        reason = Reason(
            "pupils_unknown",
            f"{name_zh}没有填报学生数,无法判定。",
            f"The pupils of {name_en} were not reported, so it cannot be decided.",
        )
    else:
        outcome = six_of_seven_with_floor(standings, pass_count)
        reason = _row_reason(outcome, standings, standards, pass_count, name_zh, name_en)
    return Finding(
        code=code,
        title_zh=name_zh,
        title_en=name_en,
        outcome=outcome,
        combinator=Combinator.SIX_OF_SEVEN_WITH_FLOOR,
        required=str(pass_count),
        actual=str(standings.count(Standing.MEETS)),
        unit="项",
        reasons=(reason,),
        inputs=(InputRef(SCHOOLS_FILE, row.row),),
        children=tuple(children),
    )


def _leaf(
    row: StageRow, i: int, standard: Standard, parent: str, name_zh: str, name_en: str
) -> tuple[Finding, Standing]:
    resource, pupils = row.resources[i], row.pupils
    subject_zh, subject_en = f"{name_zh}{standard.title_zh}", f"{standard.title_en}, {name_en}"
    actual = margin = None
    borderline = False
    if resource is None or pupils is None:
        standing, outcome = Standing.UNKNOWN, Outcome.UNDECIDED
        reason = Reason(
            "figure_unknown",
            f"{subject_zh}所需数据未填报完整,无法判定。",
            f"{subject_en}: not all figures it needs were reported, so it cannot be decided.",
        )
    else:
        # value = numerator / denominator; everything below compares whole numbers.
        numerator, denominator = standard.factor * resource.numerator, resource.denominator * pupils
        above, below = standard.limit_ratio
        surplus, base = numerator * below - above * denominator, denominator * below
        if standard.limit_millionths is None:
            actual, margin = shown_ratio(numerator, denominator), shown_ratio(surplus, base)
            rounded = shown_ratio(numerator, denominator, PLACES_OF_VALUES)
        else:
            actual, margin, rounded = shown_against(numerator, denominator, standard.limit_millionths)
        borderline = surplus != 0 and abs(surplus) * _HIDDEN_BY_ROUNDING <= base
        value = actual if borderline else rounded
        value_zh, value_en = (
            f"{subject_zh}为{value}{standard.unit}",
            f"{subject_en}: {value} {standard.unit_en}",
        )
        if surplus >= 0:
            standing, outcome = Standing.MEETS, Outcome.MET
            reason = Reason(
                "standard_met",
                f"{value_zh},达到标准{standard.required}。",
                f"{value_en} meets the standard of {standard.required}.",
            )
        elif numerator * standard.floor_ratio[1] >= standard.floor_ratio[0] * denominator:
            standing, outcome = Standing.REACHES_FLOOR, Outcome.NOT_MET
            reason = Reason(
                "floor_reached",
                f"{value_zh},未达到标准{standard.required},但不低于下限{standard.floor_text}。",
                f"{value_en} misses the standard of {standard.required} but reaches the floor of "
                f"{standard.floor_text}.",
            )
        else:
            standing, outcome = Standing.BELOW_FLOOR, Outcome.NOT_MET
            reason = Reason(
                "below_floor",
                f"{value_zh},未达到标准{standard.required},且低于下限{standard.floor_text}。",
                f"{value_en} misses the standard of {standard.required} and is below the floor of "
                f"{standard.floor_text}.",
            )
    finding = leaf_finding(
        f"{parent}/{standard.code}",
        standard.title_zh,
        standard.title_en,
        outcome,
        standard.required,
        actual,
        margin,
        standard.unit,
        borderline,
        reason,
        row.inputs[i],
        standard.units,
    )
    return finding, standing


def _row_reason(
    outcome: Outcome,
    standings: Sequence[Standing],
    standards: tuple[Standard, ...],
    pass_count: int,
    name_zh: str,
    name_en: str,
) -> Reason:
    if standings.count(Standing.MEETS) == len(standings):
        zh, en = f"{name_zh}{len(standings)}项指标全部达到标准。", f"{name_en} meets all {len(standings)} standards."
        return Reason("all_standards_met", zh, en)
    codes: dict[Standing, list[str]] = {s: [] for s in _STANDINGS}
    for standard, standing in zip(standards, standings, strict=True):
        codes[standing].append(standard.code)
    met, below, unknown = len(codes[Standing.MEETS]), codes[Standing.BELOW_FLOOR], codes[Standing.UNKNOWN]
    short = codes[Standing.REACHES_FLOOR]
    if outcome is Outcome.MET:
        return Reason(
            "enough_standards_met",
            f"{name_zh}达到{met}项标准,其余指标({'、'.join(short)})不低于下限,符合要求。",
            f"{name_en} meets {met} standards, and the rest ({', '.join(short)}) reach the floor.",
        )
    if below:
        return Reason(
            "indicator_below_floor",
            f"{name_zh}有指标({'、'.join(below)})低于下限,不符合要求。",
            f"{name_en} is below the floor in {', '.join(below)}.",
        )
    if outcome is Outcome.NOT_MET:
        more_zh = f",即使未知的{len(unknown)}项达到也" if unknown else ","
        more_en = f" even if the {len(unknown)} unknown ones were met" if unknown else ""
        return Reason(
            "too_few_standards_met",
            f"{name_zh}只达到{met}项标准{more_zh}不足{pass_count}项。",
            f"{name_en} meets only {met} standards, fewer than {pass_count}{more_en}.",
        )
    return Reason(
        "unknown_could_decide",
        f"{name_zh}的指标{'、'.join(unknown)}缺少数据,可能改变结论,无法判定。",
        f"{name_en}: figures for {', '.join(unknown)} are missing and could change the outcome.",
    )


def resource_finding(rows: StageRows, rule_set: RuleSet) -> Finding:
    """Decide domain 1: every stage row passes the resource rule, and all difference coefficients hold.

    Parameters
    ----------
    rows : StageRows
        All stage rows of the county, and what was left out.
    rule_set : RuleSet
        The rules in force.

    Returns
    -------
    Finding
        Code ``1`` with children ``1.schools`` and ``1.cv``. A county without any stage row is undecided: an
        empty school file is not a county that complies.

    Notes
    -----
    Source: 教督〔2017〕6号 and 国教督办函〔2019〕30号: every school passes, no county share below 100 %.
    """
    children = (_schools(rows, rule_set), difference_coefficients(rows, rule_set))
    outcome = combine_all(child.outcome for child in children)
    zh, en = {
        Outcome.MET: ("资源配置符合要求。", "Resource allocation meets the rule."),
        Outcome.NOT_MET: ("资源配置不符合要求。", "Resource allocation does not meet the rule."),
    }.get(outcome, ("资源配置尚不能判定。", "Resource allocation cannot be decided yet."))
    return Finding(
        code="1",
        title_zh="资源配置",
        title_en="Resource allocation",
        outcome=outcome,
        combinator=Combinator.ALL,
        reasons=(Reason(f"domain_{outcome}", zh, en),),
        children=children,
    )


def _schools(rows: StageRows, rule_set: RuleSet) -> Finding:
    standards = {stage: standards_of(rule_set, stage) for stage in Stage}
    children = tuple(evaluate_row(row, rule_set, standards[row.stage]) for row in rows.rows)
    outcomes = [child.outcome for child in children]
    outcome = combine_all(outcomes) if children else Outcome.UNDECIDED
    n, met = len(children), outcomes.count(Outcome.MET)
    failed, unknown = outcomes.count(Outcome.NOT_MET), outcomes.count(Outcome.UNDECIDED)
    if children:
        reason = Reason(
            f"schools_{outcome}",
            f"在范围内的{n}个学段中,{met}个符合要求,{failed}个不符合,{unknown}个无法判定;要求全部符合。",
            f"Of {n} school stages in scope, {met} pass, {failed} fail and {unknown} cannot be decided; all must pass.",
        )
    else:
        zh, en = "没有任何在范围内的学校数据,无法判定。", "There is no school in scope to decide on."
        reason = Reason("no_schools", zh, en)
    return Finding(
        code="1.schools",
        title_zh="各校7项指标",
        title_en="Seven indicators of every school",
        outcome=outcome,
        combinator=Combinator.ALL,
        required=str(n),
        actual=str(met),
        margin=str(met - n),
        unit="个",
        reasons=(reason, *(left.reason for left in rows.left_out)),
        inputs=(InputRef(SCHOOLS_FILE),),
        children=children,
    )
