"""One school of a verdict: what was reported of it, and everything that was concluded from that."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flask_babel import gettext

from scoring.dossier import Dossier
from scoring.figures import shown
from scoring.school_columns import SCHOOL_COLUMNS, SCHOOLS_FILE, SchoolColumn, SchoolRow
from scoring.verdict import Verdict
from surveyapp.counties.models import County
from surveyapp.counties.pages import CountyHead
from surveyapp.frame import Crumb
from surveyapp.reports.pages import head_of
from surveyapp.reports.tree import Node, node_of
from surveyapp.results.refusals import SchoolUnknown


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """One cell of the school file."""

    name: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class SchoolPage:
    """Template ``staff/reports/school.html``."""

    head: CountyHead
    name: str
    code: str
    place: str
    figures: tuple[ReportedFigure, ...]
    findings: tuple[Node, ...]


def school_page(county: County, dossier: Dossier, verdict: Verdict, code: str, back: str) -> SchoolPage:
    """Make the page of one school; ``back`` is the address of the verdict."""
    row = next((school for school in dossier.schools if school.school_code == code), None)
    if row is None:
        raise SchoolUnknown(code)
    concerned = [
        finding
        for finding in verdict.tree.walk()
        if (finding.code.startswith(f"1.schools/{code}/") and finding.children)
        or (finding.code.startswith("2.") and finding.code.partition("/")[2] == code)
    ]
    return SchoolPage(
        head=head_of(county, verdict.year, Crumb(gettext("结论"), back), Crumb(row.school_name)),
        name=row.school_name,
        code=code,
        place=gettext("%(file)s 第%(row)s行", file=SCHOOLS_FILE, row=row.row),
        figures=tuple(_figure(row, column) for column in SCHOOL_COLUMNS if row.kind in column.kinds),
        findings=tuple(node_of(finding, dossier.rule_set) for finding in concerned),
    )


def _figure(row: SchoolRow, column: SchoolColumn) -> ReportedFigure:
    value: object = getattr(row, column.name)
    if value is None:
        return ReportedFigure(column.zh, gettext("未填报"), "")
    labels = {choice.code: choice.zh for choice in column.choices}
    text = shown(value, column.decimals) if isinstance(value, Fraction) else labels.get(str(value), str(value))
    return ReportedFigure(column.zh, text, column.unit)
