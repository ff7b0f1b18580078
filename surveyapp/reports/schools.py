"""The table of schools × seven indicators, read out of the verdict's tree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext, lazy_gettext

from scoring.figures import PLACES_OF_VALUES, shown
from scoring.findings import Finding, Outcome
from scoring.ruleset import RuleSet, Stage
from surveyapp.frame import Mark, mark_of
from surveyapp.reports.numbers import fixed
from surveyapp.reports.tree import SchoolAddress

# What scoring says of one indicator of one school, and how that is shown.
_STANDINGS = {
    "standard_met": ("met", "✓", lazy_gettext("达到标准")),
    "floor_reached": ("floor", "△", lazy_gettext("未达标准，不低于下限")),
    "below_floor": ("not-met", "✕", lazy_gettext("低于下限")),
    "figure_unknown": ("undecided", "?", lazy_gettext("缺数据")),
}


FILTER = "schools"


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

    href: str
    name: str
    stage: str
    cells: tuple[IndicatorCell, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class FilterLink:
    """One way to look at the table, and how many rows it has."""

    href: str
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
    n_left_out: int


def school_table(
    tree: Finding, rule_set: RuleSet, chosen: SchoolFilter, address: SchoolAddress
) -> SchoolTable:
    """Lay out the schools of a verdict."""
    schools = child_of(child_of(tree, "1"), "1.schools")
    outcomes = [row.outcome for row in schools.children]
    left_out = tuple(reason.zh for reason in schools.reasons[1:])
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
        lines=tuple(_line(row, address) for row in schools.children if chosen.keeps(row.outcome)),
        filters=tuple(
            FilterLink(_same_page(kind), words[kind], sum(map(kind.keeps, outcomes)), kind is chosen)
            for kind in SchoolFilter
        ),
        left_out=left_out,
        n_left_out=len(left_out),
    )


def _same_page(kind: SchoolFilter) -> str:
    kept = {name: value for name, value in request.args.items() if name != FILTER}
    return f"?{urlencode(kept | {FILTER: kind.value})}#schools"


def _line(row: Finding, address: SchoolAddress) -> SchoolLine:
    stage = Stage(row.code.rsplit("/", 1)[-1])
    return SchoolLine(
        href=address(row.code.split("/")[1]),
        name=row.title_zh.removesuffix(f"({stage.zh})"),
        stage=stage.zh,
        cells=tuple(_cell(leaf) for leaf in row.children),
        mark=mark_of(row.outcome),
    )


def _cell(leaf: Finding) -> IndicatorCell:
    code, sign, word = _STANDINGS[leaf.reasons[0].code]
    standing = Mark(code, sign, str(word))
    if leaf.actual is None:
        return IndicatorCell("–", standing)
    value = leaf.actual if leaf.borderline else fixed(leaf.actual, PLACES_OF_VALUES)
    return IndicatorCell(value, standing)


def child_of(finding: Finding, code: str) -> Finding:
    """Return one child of a finding."""
    return next(child for child in finding.children if child.code == code)
