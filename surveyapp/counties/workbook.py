"""A hostile xlsx file → a bounded grid of texts: looked at as a zip and as XML before anything reads its cells."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from posixpath import normpath
from xml.parsers import expat

import python_calamine

from scoring.schools import SchoolColumn
from surveyapp.counties.columns import MOST_COLUMNS, MOST_ROWS, SHEET, column_named, index_of, letters
from surveyapp.counties.refusals import FileDefect, SchoolFileRefused

MOST_MEMBERS = 200
MOST_BYTES = 50 * 1024 * 1024
MOST_RATIO = 100
# Members this small cannot hurt however well they are compressed.
_HARMLESS = 1024 * 1024
_CHUNK = 256 * 1024
_LONGEST_CELL = 2_000
_MOST_CELL_DEFECTS = 400
_FORBIDDEN = {
    "vbaproject.bin": "文件含有宏，请另存为不含宏的 .xlsx。",
    "externallinks/": "文件链接到其他文件，请断开外部链接（数据→编辑链接→断开）后再上传。",
    "embeddings/": "文件里嵌入了其他文件，请删除后再上传。",
    "encryptioninfo": "文件是加密的，请去掉密码后再上传。",
}
# What zip, its compressions, XML and the reader itself raise over bytes that make no workbook.
_UNREADABLE = (
    python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, struct.error,
    EOFError, KeyError, NotImplementedError, OSError, OverflowError, RuntimeError, ValueError,
)
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_WHOLE = Decimal(1)
_NOISE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet as texts from A1, and what is wrong with single cells of it."""

    sheet: str | None
    rows: tuple[tuple[str, ...], ...]
    defects: tuple[FileDefect, ...]


def is_zip(data: bytes) -> bool:
    """Say whether these bytes start as a zip archive does, which every xlsx is."""
    return data.startswith(b"PK\x03\x04")


def read_workbook(data: bytes) -> Grid:
    """Read the school sheet of a workbook: values only, within limits; formulas are defects of their cells."""
    _check_archive(data)
    try:
        # One at a time: the names, then the sheet that is wanted; both over bytes that were looked through.
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            visible = [m.name for m in book.sheets_metadata if m.visible is python_calamine.SheetVisibleEnum.Visible]
            if not visible:
                raise SchoolFileRefused([_whole("工作簿里没有可见的工作表。")])
            name = SHEET if SHEET in visible else visible[0]
            look = _look_through(data, name)
            values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except _UNREADABLE as error:
        raise SchoolFileRefused([_whole("文件已损坏，无法打开。请用表格软件重新保存为 .xlsx。")]) from error
    header = [str(value) for value in values[0]] if values else []
    columns = [column_named(text) for text in header]
    rows = tuple(
        tuple(_as_text(value, columns[i] if i < len(columns) else None) for i, value in enumerate(row))
        for row in values
    )
    return Grid(name, rows, tuple(look.defects))


def _check_archive(data: bytes) -> None:
    """Refuse archives that are too many, too big, too well compressed, or carry what no table needs."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _UNREADABLE as error:
        raise SchoolFileRefused([_whole("文件已损坏，无法打开。请用表格软件重新保存为 .xlsx。")]) from error
    with archive:
        members = archive.infolist()
        names = [member.filename.lower() for member in members]
        if len(members) > MOST_MEMBERS or len(set(names)) < len(names):
            raise SchoolFileRefused([_whole("文件的内部结构不正常，请用表格软件重新保存为 .xlsx。")])
        if "xl/workbook.xml" not in names:
            raise SchoolFileRefused([_whole("不是 .xlsx 工作簿。请使用下载的模板填写。")])
        defects = [_whole(what) for part, what in _FORBIDDEN.items() if any(part in name for name in names)]
        if any(member.flag_bits & 1 for member in members):
            defects.append(_whole(_FORBIDDEN["encryptioninfo"]))
        if defects:
            raise SchoolFileRefused(defects)
        _count_bytes(archive, members)


def _count_bytes(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    total = 0
    for member in members:
        size = 0
        try:
            # Counted while reading: what an archive declares of itself may be a lie.
            with archive.open(member) as stream:
                while chunk := stream.read(_CHUNK):
                    size, total = size + len(chunk), total + len(chunk)
                    bomb = size > _HARMLESS and size > MOST_RATIO * max(1, member.compress_size)
                    if bomb or total > MOST_BYTES:
                        raise SchoolFileRefused([_whole("文件解压后太大，请只保留学校数据一张表再上传。")])
        except _UNREADABLE as error:
            raise SchoolFileRefused([_whole("文件已损坏，无法打开。请用表格软件重新保存为 .xlsx。")]) from error


@dataclass(slots=True)
class _Look:
    """Looks through a sheet's XML: no document types, no cell outside the limits, no formula, no error value."""

    sheet: str
    defects: list[FileDefect] = field(default_factory=list)
    row: int = 0
    column: int = -1
    kind: str = ""

    def parse(self, xml: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self.start
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.Parse(xml, True)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() and len(number) < 9 else self.row + 1
            self.column = -1
        elif local == "c":
            found = _CELL.fullmatch(attributes.get("r", ""))
            self.column = index_of(found[1]) if found else self.column + 1
            self.row = int(found[2]) if found else self.row
            self.kind = attributes.get("t", "")
            self.within_limits()
            if self.kind == "e":
                self.note("单元格里是错误值，请改为数值或留空。")
        elif local == "f":
            self.note("单元格里是公式。请复制后“选择性粘贴→数值”，再上传。")
        elif local == "mergeCell":
            self.merged(attributes.get("ref", ""))

    def within_limits(self) -> None:
        if self.row > MOST_ROWS + 1 or self.column >= MOST_COLUMNS:
            what = f"超出范围：最多 {MOST_ROWS} 所学校、{MOST_COLUMNS} 列。请删除多余的行和列（包括只有格式的）。"
            raise SchoolFileRefused([FileDefect(self.sheet, self.row, letters(self.column), "", what)])

    def merged(self, reference: str) -> None:
        found = _CELL.match(reference)
        if found:
            self.row, self.column = int(found[2]), index_of(found[1])
            self.note(f"合并单元格 {reference[:20]}，请取消合并并逐格填写。")

    def note(self, message: str) -> None:
        if len(self.defects) < _MOST_CELL_DEFECTS:
            self.defects.append(FileDefect(self.sheet, self.row, letters(max(self.column, 0)), "", message))


def _look_through(data: bytes, sheet: str) -> _Look:
    look = _Look(sheet)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.lower().endswith((".xml", ".rels")) and not name.lower().startswith("xl/worksheets/"):
                _refuse_documents(archive.read(name))
        look.parse(archive.read(_member_of(archive, sheet)))
    return look


def _refuse_documents(xml: bytes) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(xml, True)


def _refuse_doctype(*_declared: object) -> None:
    raise SchoolFileRefused([_whole("文件的内部结构不正常（含有文档类型声明），没有读取。")])


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Find the archive member a sheet's name leads to."""
    relation = ""

    def in_workbook(name: str, attributes: dict[str, str]) -> None:
        nonlocal relation
        if name.rpartition(":")[2] == "sheet" and attributes.get("name") == sheet:
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")

    target = ""

    def in_relations(name: str, attributes: dict[str, str]) -> None:
        nonlocal target
        if name.rpartition(":")[2] == "Relationship" and attributes.get("Id") == relation:
            target = attributes.get("Target", "")

    for member, handler in (("xl/workbook.xml", in_workbook), ("xl/_rels/workbook.xml.rels", in_relations)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        parser.Parse(archive.read(member), True)
    return target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")


def _as_text(value: object, column: SchoolColumn | None) -> str:
    """Write a cell's value as text; a binary figure is rounded to the decimals its column declares."""
    if isinstance(value, bool):
        return str(value).upper()
    if not isinstance(value, (int, float)):
        return str(value)[: _LONGEST_CELL + 1]
    exact = Decimal(str(value))
    if not exact.is_finite() or abs(exact) >= Decimal(10) ** 15:
        return str(value)
    if column is not None and column.type == "decimal":
        exact = exact.quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP)
    elif abs(exact - exact.to_integral_value()) < _NOISE:
        # Half a person is a mistake to be told, not a figure to be rounded; only binary noise goes.
        exact = exact.quantize(_WHOLE)
    return f"{exact:f}"


def _whole(message: str) -> FileDefect:
    return FileDefect("", None, "", "", message)
