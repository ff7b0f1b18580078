"""The plan's pages as values: planned beside computed, with words and rounding, ready to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext

from scoring.figures import PLACES_OF_COEFFICIENTS, shown, shown_root
from scoring.findings import Outcome
from scoring.ruleset import RuleSet
from scoring.shares import (
    PLACES_OF_TARGETS,
    CountyShares,
    MetShare,
    TargetComparison,
    WorstCoefficient,
    compare_coefficient,
    compare_share,
)
from surveyapp.frame import Mark, mark_of
from surveyapp.plan.files import COEFFICIENT_MEASURES, MEASURES
from surveyapp.plan.models import Plan, PlanRemark, PlanStep
from surveyapp.plan.queries import CountyStanding
from surveyapp.reports.numbers import fixed, percent, signed


@dataclass(frozen=True, slots=True)
class PlanLink:
    """One plan in the list."""

    id: str
    title: str
    document_number: str


@dataclass(frozen=True, slots=True)
class PlanListPage:
    """Template ``staff/plan/index.html``."""

    plans: tuple[PlanLink, ...]


@dataclass(frozen=True, slots=True)
class MeasureHead:
    """One column of the targets."""

    code: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class FigureCell:
    """One computed figure: the figure, what it was counted from, the gap to the target, and how it stands."""

    text: str
    detail: str
    gap: str
    mark: Mark
    reached: bool


@dataclass(frozen=True, slots=True)
class CountyBlock:
    """One county: its line of targets, and its line of computed figures if it has a school file."""

    code: str
    name: str
    planned: tuple[str, ...]
    computed: tuple[FigureCell, ...]
    source: str
    n_reached: int


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Template ``staff/plan/plan.html``."""

    title: str
    document_number: str
    issued_by: str
    issued_on: str
    year: int
    measures: tuple[MeasureHead, ...]
    counties: tuple[CountyBlock, ...]
    steps: tuple[PlanStep, ...]
    remarks: tuple[PlanRemark, ...]
    n_measures: int
    n_with_files: int


def plan_page(
    plan: Plan,
    rule_set: RuleSet,
    standings: Sequence[CountyStanding],
    steps: Sequence[PlanStep],
    remarks: Sequence[PlanRemark],
) -> PlanPage:
    """Make the page of one plan."""
    counties = tuple(_block(standing) for standing in standings)
    return PlanPage(
        title=plan.title,
        document_number=plan.document_number,
        issued_by=plan.issued_by,
        issued_on=plan.issued_on,
        year=plan.year,
        measures=_heads(rule_set),
        counties=counties,
        steps=tuple(steps),
        remarks=tuple(remarks),
        n_measures=len(MEASURES),
        n_with_files=sum(1 for county in counties if county.computed),
    )


def _heads(rule_set: RuleSet) -> tuple[MeasureHead, ...]:
    sizes = rule_set.parameters.class_size
    class_detail = gettext("小学%(p)s人、初中%(j)s人", p=shown(sizes.primary), j=shown(sizes.junior))
    school_size = rule_set.parameters.school_size
    size_detail = gettext("%(one)s人；两学段%(two)s人", one=school_size.single_stage, two=school_size.multi_stage)
    rule_detail = gettext(
        "%(n)s项达标，其余不低于%(floor)s%%",
        n=rule_set.parameters.resource_pass_count,
        floor=shown(rule_set.parameters.resource_floor * 100),
    )
    return (
        MeasureHead("cv_primary", gettext("小学差异系数"), gettext("7项中最大者")),
        MeasureHead("cv_junior", gettext("初中差异系数"), gettext("7项中最大者")),
        MeasureHead("class_size", gettext("标准班额"), class_detail),
        MeasureHead("school_size", gettext("学校规模"), size_detail),
        MeasureHead("resource_rule", gettext("资源配置7项"), rule_detail),
        *(MeasureHead(item.code, item.short_zh, item.code) for item in rule_set.domain("1")),
    )


def _block(standing: CountyStanding) -> CountyBlock:
    shares, file = standing.shares, standing.school_file
    computed: tuple[FigureCell, ...] = ()
    source = gettext("尚无学校数据")
    if shares is not None and file is not None:
        computed = tuple(_cell(measure, standing.target(measure), shares) for measure in MEASURES)
        source = gettext(
            "%(year)s年学校数据第%(version)s版：%(schools)s所学校，%(rows)s个学段",
            year=file.year,
            version=file.version,
            schools=shares.n_schools,
            rows=shares.n_rows,
        )
    return CountyBlock(
        code=standing.county.code,
        name=standing.county.name,
        planned=tuple(_planned(measure, standing.target(measure)) for measure in MEASURES),
        computed=computed,
        source=source,
        n_reached=sum(1 for cell in computed if cell.reached),
    )


def _planned(measure: str, value: str | None) -> str:
    if value is None:
        return "–"
    return f"≤{value}" if measure in COEFFICIENT_MEASURES else f"{value}%"


def _cell(measure: str, target: str | None, shares: CountyShares) -> FigureCell:
    if measure in COEFFICIENT_MEASURES:
        worst = shares.coefficients[COEFFICIENT_MEASURES.index(measure)]
        compared = None if target is None else compare_coefficient(worst, Fraction(target))
        return _coefficient_cell(worst, compared)
    share = shares.share(measure)
    return _share_cell(share, None if target is None else compare_share(share, Fraction(target)))


def _coefficient_cell(worst: WorstCoefficient, compared: TargetComparison | None) -> FigureCell:
    places = PLACES_OF_COEFFICIENTS
    text = "–" if worst.squared is None else fixed(shown_root(worst.squared, places), places)
    detail = gettext("指标%(code)s", code=worst.indicator) if worst.indicator else ""
    if worst.n_unknown:
        detail = gettext("%(n)s项缺数据", n=worst.n_unknown)
    if worst.n_rows == 0:
        detail = gettext("没有学校")
    return FigureCell(text, detail, _gap(compared, places), _mark(compared), _reached(compared))


def _share_cell(share: MetShare, compared: TargetComparison | None) -> FigureCell:
    if share.least is None:
        return FigureCell("–", gettext("没有学校"), "", _mark(compared), _reached(compared))
    detail = f"{share.n_met}/{share.n_rows}"
    if share.n_unknown:
        detail = gettext("%(counts)s，缺%(n)s", counts=detail, n=share.n_unknown)
    text = percent(share.least, PLACES_OF_TARGETS)
    gap = _gap(compared, PLACES_OF_TARGETS)
    return FigureCell(text, detail, gap, _mark(compared), _reached(compared))


def _gap(compared: TargetComparison | None, places: int) -> str:
    if compared is None or compared.gap is None:
        return ""
    return signed(compared.gap, places)


def _mark(compared: TargetComparison | None) -> Mark:
    outcome = Outcome.NOT_APPLICABLE if compared is None else compared.outcome
    shown_as = mark_of(outcome)
    words = {Outcome.MET: gettext("已达目标"), Outcome.NOT_MET: gettext("未达目标")}
    return Mark(shown_as.code, shown_as.sign, words.get(outcome, shown_as.word))


def _reached(compared: TargetComparison | None) -> bool:
    return compared is not None and compared.outcome is Outcome.MET
