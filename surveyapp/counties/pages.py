"""What stands above every page about a county, and what the page of its schools is given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from scoring.cells import Choice
from scoring.schools import SCHOOL_COLUMNS
from surveyapp.counties.columns import SHEET
from surveyapp.counties.models import County, SchoolFile
from surveyapp.counties.queries import FiledSchool
from surveyapp.counties.refusals import FileDefect
from surveyapp.counties.schoolfile import canonical_cells
from surveyapp.counties.years import YearChoice
from surveyapp.frame import Crumb, Pages, Place, moment

SCHOOLS_PER_PAGE = 100
_TABS: tuple[tuple[str, LazyString], ...] = (
    ("board.county", lazy_gettext("概况与调查")),
    ("counties.schools", lazy_gettext("学校数据")),
    ("counties.criteria", lazy_gettext("指标判定")),
    ("counties.vetoes", lazy_gettext("否决事项")),
    ("reports.county_verdict", lazy_gettext("评估结论")),
)
_FIXED_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class CountyHead:
    """What stands above a county's page: ``staff/county.html``."""

    name: str
    code: str
    city: str
    year: int
    is_demonstration: bool
    trail: tuple[Crumb, ...]
    tabs: tuple[Place, ...]
    years: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One imported version."""

    version: int
    file_name: str
    sheet: str
    n_schools: int
    imported: str
    sha256: str
    original: str
    current: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table of schools, with its letter in the file."""

    header: str
    unit: str
    number: bool


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school: the row it stands in in the file, its name, its cells."""

    row: int
    code: str
    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchoolsPage:
    """Template ``staff/counties/schools.html``."""

    head: CountyHead
    may_import: bool
    files: tuple[FileRow, ...]
    columns: tuple[Column, ...]
    schools: tuple[SchoolLine, ...]
    pages: Pages


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Template ``staff/counties/refused.html``."""

    head: CountyHead
    file_name: str
    defects: tuple[FileDefect, ...]
    with_sheets: bool


def county_head(county: County, choice: YearChoice, here: str, *leaf: Crumb) -> CountyHead:
    """Make the head of a county's page; ``here`` is the endpoint of the tab it belongs to."""
    own = [(endpoint, str(label)) for endpoint, label in _TABS if endpoint in current_app.view_functions]
    address = {endpoint: url_for(endpoint, code=county.code, year=choice.year) for endpoint, _ in own}
    label = dict(own).get(here, "")
    trail = [Crumb(gettext("县区"), url_for("board.counties", year=choice.year))]
    if here == "board.county" and not leaf:
        trail.append(Crumb(county.name))
    else:
        trail.append(Crumb(county.name, address["board.county"]))
        if here != "board.county":
            trail.append(Crumb(label, address[here] if leaf else ""))
    return CountyHead(
        name=county.name,
        code=county.code,
        city=county.city,
        year=choice.year,
        is_demonstration=county.is_demonstration,
        trail=(*trail, *leaf),
        tabs=tuple(Place(text, address[endpoint], endpoint == here) for endpoint, text in own),
        years=tuple(
            Place(gettext("%(year)s年", year=year), url_for(here, code=county.code, year=year), year == choice.year)
            for year in choice.years
        ),
    )


def schools_page(
    head: CountyHead, files: Sequence[SchoolFile], schools: Sequence[FiledSchool], *, may_import: bool, page: int
) -> SchoolsPage:
    """Lay out the current list of schools, and the versions it came in."""
    n_pages = max(1, -(-len(schools) // SCHOOLS_PER_PAGE))
    page = min(max(1, page), n_pages)
    shown = schools[(page - 1) * SCHOOLS_PER_PAGE : page * SCHOOLS_PER_PAGE]
    letters: dict[str, str] = json.loads(files[0].columns) if files else {}

    def address(number: int) -> str:
        return url_for("counties.schools", code=head.code, year=head.year, page=number)

    return SchoolsPage(
        head=head,
        may_import=may_import,
        files=tuple(_file_row(file, head, current=index == 0) for index, file in enumerate(files)),
        columns=tuple(
            Column(f"{letters.get(column.name, '')} {column.zh}".strip(), column.unit,
                   column.type in ("int", "decimal"))
            for column in SCHOOL_COLUMNS[_FIXED_COLUMNS:]
        ),
        schools=tuple(_school_line(school) for school in shown),
        pages=Pages(
            gettext("第 %(page)s 页，共 %(all)s 页", page=page, all=n_pages),
            before=address(page - 1) if page > 1 else "",
            after=address(page + 1) if page < n_pages else "",
        ),
    )


def refused_page(head: CountyHead, file_name: str, defects: Sequence[FileDefect]) -> RefusedPage:
    """Lay out everything that kept a file from being imported."""
    sheets = {defect.sheet for defect in defects if defect.sheet}
    return RefusedPage(head, file_name, tuple(defects), bool(sheets - {SHEET}) or len(sheets) > 1)


def _file_row(file: SchoolFile, head: CountyHead, *, current: bool) -> FileRow:
    return FileRow(
        version=file.version,
        file_name=file.file_name,
        sheet=file.sheet_name or "CSV",
        n_schools=file.n_schools,
        imported=f"{moment(file.imported_at)} {file.imported_by}",
        sha256=file.sha256,
        original=url_for("counties.original", code=head.code, version=file.version, year=head.year),
        current=current,
    )


def _school_line(school: FiledSchool) -> SchoolLine:
    cells = canonical_cells(school.row)
    texts = tuple(
        _label(column.choices, cells[column.name]) if column.choices else cells[column.name]
        for column in SCHOOL_COLUMNS[_FIXED_COLUMNS:]
    )
    return SchoolLine(school.record.source_row, school.record.school_code, school.record.school_name, texts)


def _label(choices: Sequence[Choice], code: str) -> str:
    return next((choice.zh for choice in choices if choice.code == code), code)
