"""The table of schools × seven indicators, and of the fourteen coefficients, read out of the verdict's tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from flask_babel import gettext

from scoring.figures import PLACES_OF_COEFFICIENTS, PLACES_OF_VALUES, shown
from scoring.findings import Combinator, Finding, Outcome
from scoring.ruleset import RuleSet, Stage
from surveyapp.frame import Mark, mark_of

_STANDINGS = {
    "standard_met": "met",
    "floor_reached": "floor",
    "below_floor": "below",
    "figure_unknown": "undecided",
}


class SchoolFilter(StrEnum):
    """Which rows of the school table are shown."""

    ALL = "all"
    FAILING = "failing"
    OPEN = "open"

    def keeps(self, outcome: Outcome) -> bool:
        """Say whether a row of some outcome is shown."""
        if self is SchoolFilter.FAILING:
            return outcome is Outcome.NOT_MET
        return self is SchoolFilter.ALL or outcome is Outcome.UNDECIDED


@dataclass(frozen=True, slots=True)
class IndicatorCell:
    """One indicator of one stage of one school."""

    value: str
    standing: Mark


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One stage of one school."""

    anchor: str
    name: str
    stage: str
    cells: tuple[IndicatorCell, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class FilterLink:
    """One way to look at the table, and how many rows it has."""

    code: str
    words: str
    n_rows: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class SchoolTable:
    """All stage rows that the filter keeps."""

    heads: tuple[tuple[str, str], ...]
    standards: tuple[tuple[str, tuple[str, ...]], ...]
    lines: tuple[SchoolLine, ...]
    filters: tuple[FilterLink, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoefficientLine:
    """One of a stage's seven coefficients, with its place on a strip of 100 steps."""

    code: str
    title: str
    value: str
    limit: str
    mean: str
    unweighted: str
    mark: Mark
    reason: str
    dot: int | None
    row: int


@dataclass(frozen=True, slots=True)
class CoefficientStage:
    """One stage's coefficients; ``limit_at`` and the dots are steps of :data:`STRIP_STEPS` to ``top``."""

    stage: str
    title: str
    lines: tuple[CoefficientLine, ...]
    limit: str
    limit_at: int
    top: str
    composite: str


STRIP_STEPS = 200


def school_table(tree: Finding, rule_set: RuleSet, chosen: SchoolFilter) -> SchoolTable:
    """Lay out the schools of a verdict."""
    schools = _child(_child(tree, "1"), "1.schools")
    outcomes = [row.outcome for row in schools.children]
    words = {
        SchoolFilter.ALL: gettext("全部"),
        SchoolFilter.FAILING: gettext("只看未达标"),
        SchoolFilter.OPEN: gettext("只看未定"),
    }
    return SchoolTable(
        heads=tuple((item.code, item.short_zh) for item in rule_set.domain("1")),
        standards=tuple(
            (stage.zh, tuple(shown(item.thresholds[stage]) for item in rule_set.domain("1") if item.thresholds))
            for stage in Stage
        ),
        lines=tuple(_line(row) for row in schools.children if chosen.keeps(row.outcome)),
        filters=tuple(
            FilterLink(kind.value, words[kind], sum(map(kind.keeps, outcomes)), kind is chosen)
            for kind in SchoolFilter
        ),
        left_out=tuple(reason.zh for reason in schools.reasons[1:]),
    )


def _line(row: Finding) -> SchoolLine:
    stage = Stage(row.code.rsplit("/", 1)[-1])
    return SchoolLine(
        anchor="f-" + row.code.replace("/", "-"),
        name=row.title_zh.removesuffix(f"({stage.zh})"),
        stage=stage.zh,
        cells=tuple(_cell(leaf) for leaf in row.children),
        mark=mark_of(row.outcome),
    )


def _cell(leaf: Finding) -> IndicatorCell:
    standing = _STANDINGS[leaf.reasons[0].code]
    marks = {
        "met": Mark("met", "✓", gettext("达到标准")),
        "floor": Mark("floor", "◐", gettext("未达标准,不低于下限")),
        "below": Mark("not-met", "✕", gettext("低于下限")),
        "undecided": Mark("undecided", "?", gettext("缺数据")),
    }
    if leaf.actual is None:
        return IndicatorCell("–", marks[standing])
    value = leaf.actual if leaf.borderline else shown(Fraction(leaf.actual), PLACES_OF_VALUES)
    return IndicatorCell(value, marks[standing])


def coefficient_stages(tree: Finding) -> tuple[CoefficientStage, ...]:
    """Lay out the coefficients of both stages on strips of one scale."""
    stages = [stage for stage in _child(_child(tree, "1"), "1.cv").children if stage.children]
    leaves = [leaf for stage in stages for leaf in stage.children]
    figures = [Fraction(text) for leaf in leaves for text in (leaf.actual, leaf.required) if text]
    # The next tenth above the largest figure, so that no dot stands on the edge.
    top = Fraction(int(max(figures, default=Fraction(0)) * 10) + 1, 10)
    return tuple(_stage(stage, top) for stage in stages)


def _stage(stage: Finding, top: Fraction) -> CoefficientStage:
    leaves = [leaf for leaf in stage.children if leaf.combinator is not Combinator.INFORMATIONAL]
    composite = next(leaf for leaf in stage.children if leaf.combinator is Combinator.INFORMATIONAL)
    limit = Fraction(leaves[0].required or 0)
    return CoefficientStage(
        stage=stage.code.rsplit("/", 1)[-1],
        title=stage.title_zh,
        lines=tuple(_coefficient(leaf, number, top) for number, leaf in enumerate(leaves)),
        limit=shown(limit, PLACES_OF_VALUES),
        limit_at=_step(limit, top),
        top=shown(top, 1),
        composite=_rounded(composite.actual, False),
    )


def _coefficient(leaf: Finding, number: int, top: Fraction) -> CoefficientLine:
    beside = {child.code.rsplit("/", 1)[-1]: child for child in leaf.children}
    mean = beside.get("mean")
    other = beside.get("unweighted") or beside.get("pupils")
    mean_text = "–"
    if mean is not None and mean.actual is not None:
        mean_text = f"{shown(Fraction(mean.actual), PLACES_OF_VALUES)} {mean.unit or ''}".rstrip()
    return CoefficientLine(
        code=leaf.code.rsplit("/", 1)[-1],
        title=leaf.title_zh.partition(":")[0],
        value=_rounded(leaf.actual, leaf.borderline),
        limit=leaf.required or "",
        mean=mean_text,
        unweighted=_rounded(other.actual if other else None, False),
        mark=mark_of(leaf.outcome),
        reason=leaf.reasons[0].zh,
        dot=None if leaf.actual is None else _step(Fraction(leaf.actual), top),
        row=number,
    )


def _rounded(text: str | None, borderline: bool) -> str:
    if text is None:
        return "–"
    return text if borderline else shown(Fraction(text), PLACES_OF_COEFFICIENTS)


def _step(value: Fraction, top: Fraction) -> int:
    return round(value / top * STRIP_STEPS)


def _child(finding: Finding, code: str) -> Finding:
    return next(child for child in finding.children if child.code == code)
