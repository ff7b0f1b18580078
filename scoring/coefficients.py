"""Stage rows → difference coefficients (校际差异系数), decided on exact squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from scoring.figures import (
    PLACES_IN_FINDINGS,
    PLACES_OF_COEFFICIENTS,
    shown,
    shown_ratio,
)
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason, combine_all
from scoring.resource_rule import FACTORS
from scoring.ruleset import CvWeighting, Indicator, RuleSet, Stage
from scoring.schools import SCHOOLS_FILE, StageRow, StageRows, resource_columns
from scoring.spread import Part, Ratio, squared_bounds, squared_ratio, total_ratio

_DEEP = 10**24
_TITLE = ("差异系数", "Difference coefficient")


@dataclass(frozen=True, slots=True)
class _Column:
    """One indicator over the rows of one stage: what is known of it."""

    indicator: Indicator
    factor: int
    columns: tuple[str, ...]
    stage: Stage
    limit: Fraction
    parts: list[Part]
    n_unknown: int


def difference_coefficients(rows: StageRows, rule_set: RuleSet) -> Finding:
    """Decide the difference coefficients of all seven indicators in both stages.

    Each coefficient is compared with its stage's limit as CV² against limit², in whole numbers. The form that
    does not decide, the county mean and the mean of the seven coefficients are shown and never propagate.

    Parameters
    ----------
    rows : StageRows
        All stage rows of the county.
    rule_set : RuleSet
        Limits and weighting.

    Returns
    -------
    Finding
        Code ``1.cv``, children ``1.cv/<stage>`` with ``1.cv/<stage>/1.1`` and so on. A stage without rows
        does not apply; one row has the coefficient 0; a resource that no school has is not met; an unknown
        figure leaves the coefficient undecided.

    Notes
    -----
    Source: 教督〔2017〕6号 (each of the seven, primary ≤ 0.50, junior ≤ 0.45); formula: notes of 2012.
    """
    children = tuple(_stage(rows.of_stage(stage), stage, rule_set) for stage in Stage)
    outcome = combine_all(child.outcome for child in children)
    coefficients = [leaf.outcome for child in children for leaf in child.children if leaf.required is not None]
    met = coefficients.count(Outcome.MET)
    return Finding(
        code="1.cv",
        title_zh="校际差异系数",
        title_en="Difference coefficients between schools",
        outcome=outcome,
        combinator=Combinator.ALL,
        required=str(len(coefficients)),
        actual=str(met),
        margin=str(met - len(coefficients)),
        unit="个",
        reasons=(
            Reason(
                f"coefficients_{outcome}",
                f"{len(coefficients)}个差异系数中,{met}个在限值以内,"
                f"{coefficients.count(Outcome.NOT_MET)}个超出或无法计算,"
                f"{coefficients.count(Outcome.UNDECIDED)}个因缺数据无法判定。",
                f"Of {len(coefficients)} difference coefficients, {met} are within their limit, "
                f"{coefficients.count(Outcome.NOT_MET)} are not, and "
                f"{coefficients.count(Outcome.UNDECIDED)} cannot be decided for want of figures.",
            ),
        ),
        children=children,
    )


def _stage(rows: tuple[StageRow, ...], stage: Stage, rule_set: RuleSet) -> Finding:
    code = f"1.cv/{stage}"
    titles = (f"{stage.zh}校际差异系数", f"Difference coefficients, {stage.en}")
    if not rows:
        zh, en = f"没有在范围内的{stage.zh}学段,不适用。", f"There is no {stage.en} stage in scope."
        return Finding(code, *titles, Outcome.NOT_APPLICABLE, Combinator.ALL, reasons=(Reason("no_rows", zh, en),))
    deciding = rule_set.parameters.cv_weighting
    leaves, roots = [], []
    columns = resource_columns(stage)
    for i, indicator in enumerate(rule_set.domain("1")):
        parts = [
            (x.numerator, x.denominator, row.pupils)
            for row in rows
            if (x := row.resources[i]) is not None and row.pupils is not None
        ]
        column = _Column(
            indicator=indicator,
            factor=FACTORS[i],
            columns=(*columns[i], f"pupils_{stage}"),
            stage=stage,
            limit=rule_set.parameters.cv_limit[stage],
            parts=parts,
            n_unknown=len(rows) - len(parts),
        )
        leaf, root = _coefficient(column, code, deciding)
        leaves.append(leaf)
        roots.append(root)
    return Finding(
        code,
        *titles,
        combine_all(leaf.outcome for leaf in leaves),
        Combinator.ALL,
        children=(*leaves, _composite(code, stage, roots)),
    )


def _coefficient(column: _Column, parent: str, deciding: CvWeighting) -> tuple[Finding, int | None]:
    code, indicator = f"{parent}/{column.indicator.code}", column.indicator
    subject_zh = f"{column.stage.zh}{indicator.short_zh}的差异系数"
    subject_en = f"The difference coefficient of {column.stage.en} {_lower(indicator.short_en)}"
    required = shown(column.limit)
    actual = margin = None
    root: int | None = None
    borderline = False
    children: tuple[Finding, ...] = ()
    if column.n_unknown:
        outcome = Outcome.UNDECIDED
        reason = Reason(
            "figures_unknown",
            f"{subject_zh}缺少{column.n_unknown}个学段的数据,无法判定。",
            f"{subject_en} lacks the figures of {column.n_unknown} school stages and cannot be decided.",
        )
    elif (judged := _judge(column)) is None:
        outcome = Outcome.NOT_MET
        zh, en = (
            "全县该项资源为0,无法计算,视为不符合。",
            "does not exist because the county has none of it: not met.",
        )
        reason = Reason("nothing_there", f"{subject_zh}:{zh}", f"{subject_en} {en}")
    else:
        chosen = judged[deciding]
        root, outcome, borderline = chosen.root, chosen.outcome, chosen.borderline
        cv = _rounded(root)
        actual, margin = shown(cv), shown(column.limit - cv)
        value = actual if borderline else shown(cv, PLACES_OF_COEFFICIENTS)
        children = (_mean(column, code), _other_form(column, code, deciding, judged))
        if outcome is Outcome.MET:
            zh, en = f"为{value},不超过{required}。", f"is {value}, not above {required}."
            reason = Reason("within_limit", f"{subject_zh}{zh}", f"{subject_en} {en}")
        else:
            zh, en = f"为{value},超过{required}。", f"is {value}, above {required}."
            reason = Reason("above_limit", f"{subject_zh}{zh}", f"{subject_en} {en}")
    finding = Finding(
        code=code,
        title_zh=f"{indicator.short_zh}:{_TITLE[0]}",
        title_en=f"{indicator.short_en}: {_lower(_TITLE[1])}",
        outcome=outcome,
        required=required,
        actual=actual,
        margin=margin,
        borderline=borderline,
        reasons=(reason,),
        inputs=tuple(InputRef(SCHOOLS_FILE, None, name) for name in column.columns),
        units=indicator.units,
        children=children,
    )
    return finding, root


@dataclass(frozen=True, slots=True)
class _Judged:
    """A coefficient to 24 places, on which side of its limit it is, and whether rounding could hide that."""

    root: int
    outcome: Outcome
    borderline: bool


def _judge(column: _Column) -> dict[CvWeighting, _Judged] | None:
    """Judge both forms; in whole numbers that bound CV², or exactly where the bounds do not agree."""
    bounds = squared_bounds(column.parts)
    if bounds is None:
        return None
    judged = {}
    for weighting, (low, high) in bounds.items():
        judged[weighting] = _judged(low, column.limit)
        if judged[weighting] != _judged(high, column.limit):
            exact = squared_ratio(column.parts, weighting)
            judged[weighting] = _judged(exact or low, column.limit)
    return judged


def _judged(square: Ratio, limit: Fraction) -> _Judged:
    return _Judged(_deep_root(square), *_against(square, limit))


def _against(square: Ratio, limit: Fraction) -> tuple[Outcome, bool]:
    numerator, denominator = square

    def beyond(bound: Fraction) -> int:
        return numerator * bound.denominator**2 - denominator * bound.numerator**2

    over = beyond(limit)
    half = Fraction(1, 2 * 10**PLACES_OF_COEFFICIENTS)
    near = over != 0 and beyond(limit + half) <= 0 and (limit <= half or beyond(limit - half) >= 0)
    return (Outcome.NOT_MET if over > 0 else Outcome.MET), near


def _deep_root(square: Ratio) -> int:
    return isqrt(square[0] * _DEEP * _DEEP // square[1])


def _rounded(root: int) -> Fraction:
    # 24 digits are kept, so the half that decides the sixth place is met only by figures that are that half.
    step = _DEEP // 10**PLACES_IN_FINDINGS
    return Fraction((2 * root + step) // (2 * step), 10**PLACES_IN_FINDINGS)


def _mean(column: _Column, parent: str) -> Finding:
    numerator, denominator = total_ratio([(n, d) for n, d, _ in column.parts])
    mean = shown_ratio(column.factor * numerator, denominator * sum(p for _, _, p in column.parts))
    zh, en = f"全县{column.stage.zh}{column.indicator.short_zh}均值为{mean}。", f"The county mean is {mean}."
    return _informational(f"{parent}/mean", ("全县均值", "County mean"), mean, column.indicator.unit, zh, en)


def _other_form(
    column: _Column, parent: str, deciding: CvWeighting, judged: dict[CvWeighting, _Judged]
) -> Finding:
    other = CvWeighting.UNWEIGHTED if deciding is CvWeighting.PUPILS else CvWeighting.PUPILS
    value, verdict = shown(_rounded(judged[other].root)), judged[other].outcome
    names = {
        CvWeighting.PUPILS: ("按学生数加权", "weighted by pupils"),
        CvWeighting.UNWEIGHTED: ("不加权", "unweighted"),
    }
    zh, en = names[other]
    would_zh = {Outcome.MET: "在限值以内", Outcome.NOT_MET: "超过限值"}.get(verdict, "无法计算")
    would_en = {Outcome.MET: "within the limit", Outcome.NOT_MET: "above the limit"}.get(verdict, "not defined")
    return _informational(
        f"{parent}/{other}",
        (f"差异系数({zh})", f"Difference coefficient, {en}"),
        value,
        None,
        f"{zh}的差异系数为{value},{would_zh};仅供参考,不影响结论。",
        f"The {en} form is {value}, {would_en}; it informs and never decides.",
    )


def _composite(parent: str, stage: Stage, roots: Sequence[int | None]) -> Finding:
    known = [root for root in roots if root is not None]
    mean = shown(_rounded(sum(known) // len(known))) if len(known) == len(roots) else None
    titles = (f"{stage.zh}综合差异系数", f"Composite difference coefficient, {stage.en}")
    if mean is None:
        zh, en = (
            "有差异系数尚缺,无法计算综合差异系数。",
            "A coefficient is missing, so there is no composite.",
        )
    else:
        zh = f"7个差异系数的平均值为{mean};仅供参考,不影响结论。"
        en = f"The mean of the seven coefficients is {mean}; it informs and never decides."
    return _informational(f"{parent}/composite", titles, mean, None, zh, en)


def _informational(
    code: str, titles: tuple[str, str], actual: str | None, unit: str | None, zh: str, en: str
) -> Finding:
    return Finding(
        code,
        *titles,
        Outcome.NOT_APPLICABLE,
        Combinator.INFORMATIONAL,
        actual=actual,
        unit=unit,
        reasons=(Reason("informs", zh, en),),
    )


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
