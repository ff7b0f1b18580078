"""An uploaded school file → rows of schools, or everything that is wrong with it, each defect with its place."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from scoring.errors import Defect
from scoring.schools import SCHOOL_COLUMN_NAMES, SCHOOL_COLUMNS, SchoolColumn, SchoolRow, parse_school_rows
from surveyapp.counties.columns import MOST_COLUMNS, MOST_ROWS, column_named, header_of, letters
from surveyapp.counties.refusals import FileDefect, SchoolFileRefused
from surveyapp.counties.workbook import Grid, is_zip, read_workbook

_LONGEST_NAME = 120
_HEADER_ROW = 1
_MOST_DEFECTS = 500
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class SchoolTable:
    """What a school file says: its schools, each with the row it stands in, the sheet, and the columns' letters."""

    sheet: str | None
    columns: Mapping[str, str]
    rows: tuple[SchoolRow, ...]


def read_school_file(file_name: str, data: bytes) -> SchoolTable:
    """Read an xlsx or csv file, or refuse it with every defect that can be found."""
    if not data:
        raise SchoolFileRefused([_of_file("文件是空的。")])
    if data.startswith(_OLD_EXCEL):
        raise SchoolFileRefused([_of_file("这是旧版 Excel 文件（.xls）或加密的文件，请另存为不加密的 .xlsx 再上传。")])
    if is_zip(data):
        grid = read_workbook(data)
    elif file_name.lower().endswith(".csv"):
        grid = _read_csv(data)
    else:
        raise SchoolFileRefused([_of_file("不是 .xlsx 或 .csv 文件。请使用下载的模板填写。")])
    return _table(grid)


def canonical_cells(row: SchoolRow) -> dict[str, str]:
    """Return a school as the text cells its dossier will carry: codes and exact decimals."""
    return {name: _text(getattr(row, name)) for name in SCHOOL_COLUMN_NAMES}


def shown_file_name(file_name: str) -> str:
    """Return a file's name as it may be shown: no folders, no control or direction characters, not endless."""
    base = re.split(r"[\\/]", file_name)[-1]
    plain = "".join(c for c in base if unicodedata.category(c)[0] != "C").strip()
    return plain[-_LONGEST_NAME:] or "school-file"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Fraction):
        # Figures come with a fixed number of decimals, so their denominators are made of twos and fives.
        places = max((column.decimals for column in SCHOOL_COLUMNS), default=0)
        scaled = value * 10**places
        whole, rest = divmod(int(scaled), 10**places)
        return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")
    return str(value)


def _table(grid: Grid) -> SchoolTable:
    defects = list(grid.defects)
    if not grid.rows:
        raise SchoolFileRefused(defects or [_of_sheet(grid.sheet, "工作表是空的，没有表头。")])
    columns = _columns(grid, defects)
    headers = {letters(index): column.zh for index, column in columns.items()}
    defects = [replace(d, header=d.header or headers.get(d.column, "")) for d in defects]
    cells = [
        {column.name: row[index] for index, column in columns.items() if index < len(row)}
        for row in grid.rows[_HEADER_ROW:]
    ]
    rows, found = parse_school_rows(cells, file=grid.sheet or "", first_row=_HEADER_ROW + 1)
    places = {column.name: index for index, column in columns.items()}
    reported = {(defect.row, defect.column) for defect in defects}
    for defect in found:
        each = _placed(defect, grid, places)
        # A formula or an error value reads as blank, and so does a missing column: what is said of those is enough.
        if (defect.column is None or defect.column in places) and (each.row, each.column) not in reported:
            defects.append(each)
    if not rows and not defects:
        defects.append(_of_sheet(grid.sheet, "表头下面没有学校。"))
    if defects:
        defects.sort(key=lambda defect: (defect.row or 0, len(defect.column), defect.column))
        raise SchoolFileRefused(_bounded(defects, grid.sheet))
    return SchoolTable(grid.sheet, {name: letters(index) for name, index in places.items()}, rows)


def _columns(grid: Grid, defects: list[FileDefect]) -> dict[int, SchoolColumn]:
    header = grid.rows[0]
    width = max((i + 1 for row in grid.rows for i, text in enumerate(row) if text.strip()), default=0)
    columns: dict[int, SchoolColumn] = {}
    for index in range(width):
        text = header[index].strip() if index < len(header) else ""
        column = column_named(text)
        place = (grid.sheet or "", _HEADER_ROW, letters(index), text[:40])
        if column is None:
            what = f"不认识的列“{text[:40]}”。请不要改动模板的表头。" if text else "这一列有内容，但没有表头。"
            defects.append(FileDefect(*place, what))
        elif column in columns.values():
            defects.append(FileDefect(*place, f"列“{column.zh}”出现了两次。"))
        else:
            columns[index] = column
    missing = [column for column in SCHOOL_COLUMNS if column not in columns.values()]
    defects.extend(
        FileDefect(grid.sheet or "", _HEADER_ROW, "", header_of(column), f"缺少列“{header_of(column)}”。")
        for column in missing
    )
    return columns


def _placed(defect: Defect, grid: Grid, places: dict[str, int]) -> FileDefect:
    """Put a defect of scoring at its cell; the place in front of its sentence is shown in columns of its own."""
    index = places.get(defect.column or "")
    column = next((column for column in SCHOOL_COLUMNS if column.name == defect.column), None)
    return FileDefect(
        sheet=grid.sheet or "",
        row=defect.row,
        column="" if index is None else letters(index),
        header=column.zh if column else "",
        message=defect.zh.partition(":")[2] or defect.zh,
    )


def _read_csv(data: bytes) -> Grid:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise SchoolFileRefused([_of_file("文字编码无法识别，请保存为 UTF-8 或 GB18030（ANSI）编码。")]) from error
    if "\0" in text:
        raise SchoolFileRefused([_of_file("这不是文本文件。")])
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            rows.append(tuple(row))
            if len(rows) > MOST_ROWS + 1 or len(row) > MOST_COLUMNS:
                raise SchoolFileRefused([_of_file(f"超过 {MOST_ROWS} 行或 {MOST_COLUMNS} 列。")])
    except csv.Error as error:
        raise SchoolFileRefused([FileDefect("", len(rows) + 1, "", "", "这一行的引号没有配对。")]) from error
    return Grid(None, tuple(rows), ())


def _bounded(defects: Sequence[FileDefect], sheet: str | None) -> Sequence[FileDefect]:
    if len(defects) <= _MOST_DEFECTS:
        return defects
    rest = f"另有 {len(defects) - _MOST_DEFECTS} 处问题未列出。请先改正以上各处。"
    return [*defects[:_MOST_DEFECTS], _of_sheet(sheet, rest)]


def _of_file(message: str) -> FileDefect:
    return FileDefect("", None, "", "", message)


def _of_sheet(sheet: str | None, message: str) -> FileDefect:
    return FileDefect(sheet or "", None, "", "", message)
