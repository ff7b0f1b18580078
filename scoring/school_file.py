"""The text cells of a school file → school rows; whatever is impossible is named, all of it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from scoring.cells import CellReader
from scoring.errors import Defect
from scoring.ruleset import Stage
from scoring.school_columns import SCHOOL_COLUMNS, SchoolColumn, SchoolKind, SchoolRow

_CODE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,30}[0-9A-Za-z])?")
_LONGEST_NAME = 100
_COLUMNS = {column.name: column for column in SCHOOL_COLUMNS}
_TEACHERS = ("teachers_degree", "teachers_backbone", "teachers_pe_arts")
_SHARED = (
    "area_teaching",
    "area_indoor_sports",
    "area_sports_ground",
    "equipment_10k",
    "multimedia_rooms",
    "music_rooms",
    "art_rooms",
)


def parse_school_rows(
    cells: Sequence[Mapping[str, str | None]], *, file: str, first_row: int = 2
) -> tuple[tuple[SchoolRow, ...], tuple[Defect, ...]]:
    """Read the rows of a school file.

    Never raises for content: everything that is wrong is named with file, row and column, and a row with a
    defect is left out of the rows returned. Rows whose cells are all blank are passed over. Full-width digits
    and blanks around a value are understood; a choice may be given as code or as label.

    Parameters
    ----------
    cells : sequence of mappings
        One mapping column name → text per row of the file; a missing key is a blank cell.
    file : str
        Name of the file (and sheet), for messages.
    first_row : int
        Line of the first row in the file; the header is line 1.

    Returns
    -------
    tuple of SchoolRow, tuple of Defect
        Rows in file order; defects in file order, duplicates of school codes last.

    Examples
    --------
    >>> cells = {"school_code": "01", "school_name": "一小", "kind": "primary", "pupils_primary": "-3"}
    >>> rows, defects = parse_school_rows([cells], file="a.csv")
    >>> rows, defects[0].row, defects[0].column
    ((), 2, 'pupils_primary')
    """
    rows: list[SchoolRow] = []
    defects: list[Defect] = []
    first_seen: dict[str, int] = {}
    repeated: list[Defect] = []
    for number, texts in enumerate(cells, start=first_row):
        if not any((value or "").strip() for value in texts.values()):
            continue
        reader = CellReader(file, number, texts, defects)
        row = _row(reader)
        if row.school_code and row.school_code in first_seen:
            again = CellReader(file, number, texts, repeated)
            earlier = first_seen[row.school_code]
            zh = f"学校代码“{row.school_code}”与第{earlier}行重复"
            again.note("school_code", zh, f"the code stands in row {earlier} already", label="学校代码")
        first_seen.setdefault(row.school_code, number)
        if not reader.broken:
            rows.append(row)
    return tuple(rows), (*defects, *repeated)


def _row(reader: CellReader) -> SchoolRow:
    code, name = _text(reader, "school_code"), _text(reader, "school_name", _LONGEST_NAME)
    if code and not _CODE.fullmatch(code):
        zh = "只能用字母、数字、点和连字符,不超过32个"
        reader.note("school_code", zh, "letters, digits, dots and hyphens, at most 32", label="学校代码")
        code = ""
    kind = _choice(reader, "kind")
    row = SchoolRow(
        row=reader.row,
        school_code=code,
        school_name=name,
        kind=SchoolKind(kind) if kind else SchoolKind.SPECIAL,
        sponsor=_choice(reader, "sponsor"),
        locality=_choice(reader, "locality"),
        boarding=_choice(reader, "boarding"),
        pupils_primary=_count(reader, "pupils_primary"),
        pupils_junior=_count(reader, "pupils_junior"),
        pupils_senior=_count(reader, "pupils_senior"),
        classes_primary=_count(reader, "classes_primary"),
        classes_junior=_count(reader, "classes_junior"),
        largest_class_primary=_count(reader, "largest_class_primary"),
        largest_class_junior=_count(reader, "largest_class_junior"),
        oversize_classes_primary=_count(reader, "oversize_classes_primary"),
        oversize_classes_junior=_count(reader, "oversize_classes_junior"),
        teachers_degree_primary=_count(reader, "teachers_degree_primary"),
        teachers_degree_junior=_count(reader, "teachers_degree_junior"),
        teachers_backbone_primary=_count(reader, "teachers_backbone_primary"),
        teachers_backbone_junior=_count(reader, "teachers_backbone_junior"),
        teachers_pe_arts_primary=_count(reader, "teachers_pe_arts_primary"),
        teachers_pe_arts_junior=_count(reader, "teachers_pe_arts_junior"),
        area_teaching=_measure(reader, "area_teaching"),
        area_indoor_sports=_measure(reader, "area_indoor_sports"),
        area_sports_ground=_measure(reader, "area_sports_ground"),
        equipment_10k=_measure(reader, "equipment_10k"),
        multimedia_rooms=_count(reader, "multimedia_rooms"),
        music_rooms=_count(reader, "music_rooms"),
        art_rooms=_count(reader, "art_rooms"),
    )
    for column in SCHOOL_COLUMNS:
        if (
            column.required
            and column.name not in reader.broken
            and not (reader.cells.get(column.name) or "").strip()
        ):
            reader.note(column.name, "不能为空", "must not be blank", label=column.zh)
    if kind:
        _check_kind(reader, row, kind)
    for stage in Stage:
        _check_stage(reader, row, stage)
    _check_shared(reader, row)
    return row


def _text(reader: CellReader, name: str, longest: int = 32) -> str:
    return reader.text(name, _COLUMNS[name].zh, longest=longest)


def _choice(reader: CellReader, name: str) -> str | None:
    return reader.choice(name, _COLUMNS[name].choices, _COLUMNS[name].zh)


def _count(reader: CellReader, name: str) -> int | None:
    return reader.integer(name, _COLUMNS[name].zh)


def _measure(reader: CellReader, name: str) -> Fraction | None:
    return reader.number(name, _COLUMNS[name].decimals, _COLUMNS[name].zh)


def _figure(row: SchoolRow, name: str) -> int | Fraction | None:
    value: int | Fraction | None = getattr(row, name)
    return value


def _note(reader: CellReader, column: SchoolColumn | str, zh: str, en: str) -> None:
    name = column if isinstance(column, str) else column.name
    reader.note(name, zh, en, label=_COLUMNS[name].zh)


def _check_kind(reader: CellReader, row: SchoolRow, kind: str) -> None:
    for column in SCHOOL_COLUMNS:
        if kind not in column.kinds and _figure(row, column.name):
            label = next(choice for choice in _COLUMNS["kind"].choices if choice.code == kind)
            zh = f"{label.zh}没有这一学段,应留空"
            _note(reader, column, zh, f"a {label.en} has no such stage: leave it blank")


def _check_stage(reader: CellReader, row: SchoolRow, stage: Stage) -> None:
    pupils, classes = row.pupils(stage), row.classes(stage)
    largest, oversize = row.largest_class(stage), row.oversize_classes(stage)
    if pupils == 0:
        for name in ("classes", "largest_class", "oversize_classes", *_TEACHERS):
            if _figure(row, f"{name}_{stage}"):
                zh = f"{stage.zh}学生数为0,不应有此项"
                _note(
                    reader,
                    f"{name}_{stage}",
                    zh,
                    f"there are no {stage.en} pupils, so this must be 0 or blank",
                )
        return
    if pupils is not None and classes is not None and (classes == 0 or classes > pupils):
        zh = f"班级数{classes}与学生数{pupils}不符"
        _note(reader, f"classes_{stage}", zh, f"{classes} classes cannot hold {pupils} pupils")
    if largest is not None and pupils is not None and largest > pupils:
        zh = f"最大班级{largest}人多于学生数{pupils}"
        _note(
            reader,
            f"largest_class_{stage}",
            zh,
            f"the largest class ({largest}) exceeds the pupils ({pupils})",
        )
    elif largest is not None and pupils is not None and classes and largest * classes < pupils:
        zh = f"{classes}个班、最多{largest}人,容不下{pupils}名学生"
        en = f"{classes} classes of at most {largest} cannot hold {pupils} pupils"
        _note(reader, f"largest_class_{stage}", zh, en)
    if oversize is not None and classes is not None and oversize > classes:
        zh = f"超标准班额班级数{oversize}多于班级数{classes}"
        _note(
            reader, f"oversize_classes_{stage}", zh, f"{oversize} exceeds the number of classes ({classes})"
        )


def _check_shared(reader: CellReader, row: SchoolRow) -> None:
    whole, part = row.area_teaching, row.area_indoor_sports
    if whole is not None and part is not None and part > whole:
        zh = "室内体育用房面积大于教学及辅助用房面积,后者应包含前者"
        _note(reader, "area_indoor_sports", zh, "exceeds the teaching floor area, which must include it")
    pupils = (row.pupils_primary, row.pupils_junior, row.pupils_senior)
    if row.stages and 0 in pupils and not any(pupils) and all(row.pupils(stage) == 0 for stage in row.stages):
        if row.pupils_senior is None and row.kind in (SchoolKind.COMPLETE_SECONDARY, SchoolKind.TWELVE_YEAR):
            return
        for name in _SHARED:
            if _figure(row, name):
                _note(
                    reader,
                    name,
                    "学校没有学生,不应有此项",
                    "the school has no pupils, so this must be 0 or blank",
                )
