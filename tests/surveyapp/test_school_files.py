"""School files: whole or not at all, every defect named at its cell, every hostile workbook refused."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import func, select

from scoring.demo import demo_schools
from scoring.ruleset import load_rule_set
from scoring.schools import SCHOOL_COLUMN_NAMES, SCHOOL_COLUMNS
from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.counties.columns import SHEET, header_of, index_of, letters
from surveyapp.counties.models import County, SchoolFile, SchoolRecord
from surveyapp.counties.refusals import SchoolFileRefused
from surveyapp.counties.schoolfile import canonical_cells, read_school_file, shown_file_name
from surveyapp.counties.template import template_xlsx
from surveyapp.db import Database
from tests.support.schoolfile import filled_in
from tests.support.visitors import StaffClient, Visitor, parsed

SCHOOLS = demo_schools(np.random.default_rng(11), 20, load_rule_set("national-2017"))
SCHOOLS_AT = "/staff/counties/371402/schools/"
IMPORT, PAGE = f"{SCHOOLS_AT}import?year=2026", f"{SCHOOLS_AT}?year=2026"
Edit = Callable[[Worksheet], None]


@pytest.fixture
def administrator(staff_client: StaffClient, county: County) -> Visitor:
    return staff_client(Role.COUNTY_ADMINISTRATOR, "371402")


def workbook(edit: Edit | None = None, n_schools: int = 20) -> bytes:
    """Return the template filled in with good schools, then spoilt."""
    data = filled_in(template_xlsx(2026), SCHOOLS[:n_schools])
    if edit is None:
        return data
    book = load_workbook(io.BytesIO(data))
    edit(book[SHEET])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(encoding: str, *, by_code: bool = False) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name if by_code else header_of(column) for column in SCHOOL_COLUMNS])
    words = {(c.name, choice.code): choice.zh for c in SCHOOL_COLUMNS for choice in c.choices}
    for cells in SCHOOLS:
        texts = [cells.get(name, "") for name in SCHOOL_COLUMN_NAMES]
        pairs = zip(SCHOOL_COLUMN_NAMES, texts, strict=True)
        writer.writerow(texts if by_code else [words.get(pair, pair[1]) for pair in pairs])
    return out.getvalue().encode(encoding)


def upload(visitor: Visitor, data: bytes, name: str = "学校.xlsx", path: str = IMPORT) -> Any:
    return visitor.submit(path, {"file": (io.BytesIO(data), name)}, page=PAGE)


def refused(data: bytes, name: str = "学校.xlsx") -> list[tuple[str, str]]:
    """Return the defects a file is refused with: cell and message."""
    with pytest.raises(SchoolFileRefused) as caught:
        read_school_file(name, data)
    return [(defect.cell, defect.message) for defect in caught.value.defects]


def stored(database: Database) -> list[SchoolFile]:
    with database.reading() as session:
        return list(session.scalars(select(SchoolFile)))


# Good files.


def test_what_is_filled_in_is_what_is_kept(administrator: Visitor, database: Database) -> None:
    template = administrator.get("/staff/counties/371402/schools/template.xlsx?year=2026")
    assert template.status_code == 200
    data = filled_in(template.get_data(), SCHOOLS)
    answer = upload(administrator, data, path=IMPORT)
    assert answer.status_code == 303
    (file,) = stored(database)
    assert (file.version, file.n_schools, file.sha256) == (1, 20, hashlib.sha256(data).hexdigest())
    with database.reading() as session:
        records = list(session.scalars(select(SchoolRecord).order_by(SchoolRecord.source_row)))
    assert [record.source_row for record in records] == list(range(2, 22))
    assert [json.loads(record.cells) for record in records] == [
        {name: cells.get(name, "") for name in SCHOOL_COLUMN_NAMES} for cells in SCHOOLS
    ]
    page = administrator.page(PAGE)
    assert "已导入 20 所学校，成为第 1 版" in page.get_text()
    assert SCHOOLS[0]["school_name"] in page.get_text()


def test_each_import_is_a_new_version_and_the_originals_stay(administrator: Visitor, database: Database) -> None:
    first, second = workbook(n_schools=20), workbook(n_schools=12)
    assert upload(administrator, first).status_code == 303
    assert upload(administrator, second).status_code == 303
    assert [(file.version, file.n_schools) for file in stored(database)] == [(1, 20), (2, 12)]
    text = administrator.page(PAGE).get_text()
    assert "第 2 版" in text
    assert "当前使用" in text
    for version, data in ((1, first), (2, second)):
        answer = administrator.get(f"{SCHOOLS_AT}{version}/original?year=2026")
        assert answer.get_data() == data
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert administrator.get(f"{SCHOOLS_AT}3/original?year=2026").status_code == 404
    with database.reading() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.county_code == "371402")))
    assert actions.count("schools_imported") == 2
    assert actions.count("schools_downloaded") == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("by_code", [False, True], ids=["Chinese headers", "codes"])
def test_a_csv_says_the_same_as_the_workbook(encoding: str, by_code: bool) -> None:
    table = read_school_file("学校.csv", as_csv(encoding, by_code=by_code))
    assert table.sheet is None
    assert [canonical_cells(row) for row in table.rows] == [
        canonical_cells(row) for row in read_school_file("学校.xlsx", workbook()).rows
    ]


def test_columns_may_stand_in_any_order_and_their_letters_are_kept() -> None:
    def swap(sheet: Worksheet) -> None:
        sheet.move_range("X1:X21", cols=20)
        sheet.move_range("V1:V21", cols=2)
        sheet.move_range("AR1:AR21", cols=-22)

    table = read_school_file("学校.xlsx", workbook(swap))
    assert (table.columns["area_teaching"], table.columns["area_sports_ground"]) == ("X", "V")
    assert [canonical_cells(row) for row in table.rows] == [
        canonical_cells(row) for row in read_school_file("学校.xlsx", workbook()).rows
    ]


def test_the_school_sheet_is_found_wherever_it_stands() -> None:
    book = load_workbook(io.BytesIO(workbook()))
    book.move_sheet("填写说明", offset=-1)
    out = io.BytesIO()
    book.save(out)
    table = read_school_file("学校.xlsx", out.getvalue())
    assert (table.sheet, len(table.rows)) == (SHEET, 20)


def test_full_width_digits_blanks_and_binary_noise_are_understood() -> None:
    def type_oddly(sheet: Worksheet) -> None:
        sheet["G2"] = " ９１１ "
        sheet["V2"] = 0.1 + 0.2 + 5000
        sheet["W2"] = 12.3456
        sheet["J2"] = 26.0000000001

    (row, *_) = read_school_file("学校.xlsx", workbook(type_oddly)).rows
    cells = canonical_cells(row)
    # 5000.3 written in binary is 5000.300000000001; 12.3456 m² is rounded to the column's two decimals.
    assert (cells["pupils_primary"], cells["area_teaching"]) == ("911", "5000.3")
    assert (cells["area_indoor_sports"], cells["classes_primary"]) == ("12.35", "26")


def test_letters_of_columns_are_those_of_spreadsheets() -> None:
    assert [letters(n) for n in (0, 25, 26, 51, 701, 702, 16383)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA", "XFD"]
    assert all(index_of(letters(n)) == n for n in range(1000))


# Defects.

CANARY = '<img src=x onerror="alert(1)">'


def spoil(sheet: Worksheet) -> None:
    """Put ten defects into ten cells."""
    sheet["C2"] = "幼儿园"
    sheet["G3"] = -5
    sheet["G4"] = CANARY
    sheet["G5"] = 12.5
    sheet["A6"] = sheet["A7"].value
    sheet["B8"] = None
    sheet["Z9"] = "=SUM(1,2)"
    sheet["AB10"] = "#N/A"
    sheet["AB10"].data_type = "e"
    sheet["W11"] = 999_999
    sheet["N12"] = 500


# Row 7, not 6, is the second of the two equal codes; 室内体育用房 stands inside 教学及辅助用房 (columns W, V).
TEN = {"C2", "G3", "G4", "G5", "A7", "B8", "Z9", "AB10", "W11", "N12"}


def test_ten_defects_are_named_on_one_page_and_nothing_is_imported(administrator: Visitor, database: Database) -> None:
    answer = upload(administrator, workbook(spoil))
    assert answer.status_code == 422
    page = parsed(answer)
    assert "文件有 10 处问题" in page.select("h1")[0].get_text()
    assert {cell.get_text() for cell in page.select("tbody th")} == TEN
    messages = {row.select("th")[0].get_text(): row.get_text(" ") for row in page.select("tbody tr")}
    for cell, word in {"C2": "幼儿园", "G3": "不能为负", "G5": "整数", "A7": "重复", "B8": "不能为空", "Z9": "公式",
                       "AB10": "错误值"}.items():  # fmt: skip
        assert word in messages[cell]
    assert "小学学生数" in messages["G3"]
    assert page.select("main img") == []
    assert CANARY[:20] in page.get_text()
    assert stored(database) == []
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SchoolRecord)) == 0
        assert session.scalar(select(func.count()).where(AuditEntry.action == "schools_imported")) == 0


def test_a_refused_file_leaves_the_version_before_it(administrator: Visitor, database: Database) -> None:
    upload(administrator, workbook())
    assert upload(administrator, workbook(spoil)).status_code == 422
    assert [file.version for file in stored(database)] == [1]


def test_a_hostile_file_name_is_only_ever_text(administrator: Visitor, database: Database) -> None:
    answer = upload(administrator, workbook(spoil), name="../<b>x</b>.xlsx")
    assert parsed(answer).select("main b") == []
    upload(administrator, workbook(), name="..\\..\\<b>学校</b>\u202e.xlsx")
    (file,) = stored(database)
    assert file.file_name == "b>.xlsx"
    assert parsed(administrator.get(PAGE)).select("main td b") == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a/b/学校.xlsx", "学校.xlsx"), ("C:\\x\\表.csv", "表.csv"), ("\u202egnp.xlsx", "gnp.xlsx"), ("", "school-file"),
     ("x" * 300 + ".xlsx", "x" * 115 + ".xlsx"), ("a\r\nb.xlsx", "ab.xlsx")],
)  # fmt: skip
def test_a_file_name_is_cut_to_what_may_be_shown(name: str, shown: str) -> None:
    assert shown_file_name(name) == shown


@pytest.mark.parametrize(
    ("edit", "cell", "word"),
    [
        (lambda sheet: sheet.__setitem__("G1", "学生"), "G1", "不认识的列"),
        (lambda sheet: sheet.__setitem__("G1", None), "G1", "没有表头"),
        (lambda sheet: sheet.__setitem__("H1", sheet["G1"].value), "H1", "出现了两次"),
        (lambda sheet: sheet.delete_cols(7), "1", "缺少列“小学学生数（人）”"),
        (lambda sheet: sheet.merge_cells("D5:E6"), "D5", "合并单元格 D5:E6"),
        (lambda sheet: sheet.delete_rows(2, 30), "", "没有学校"),
    ],
    ids=["unknown header", "no header", "header twice", "column missing", "merged", "no schools"],
)
def test_what_is_wrong_with_the_sheet_is_named_at_its_place(edit: Edit, cell: str, word: str) -> None:
    found = [message for place, message in refused(workbook(edit)) if place == cell]
    assert any(word in message for message in found), refused(workbook(edit))


def test_defects_of_rows_are_named_beside_those_of_the_header() -> None:
    def both(sheet: Worksheet) -> None:
        sheet["H1"] = "别的"
        sheet["G3"] = -5

    places = [place for place, _ in refused(workbook(both))]
    assert {"H1", "G3"} <= set(places)


def test_endless_defects_are_cut_short_and_it_is_said() -> None:
    lines = [",".join(SCHOOL_COLUMN_NAMES), *(f"{n},,x" for n in range(2000))]
    found = refused("\n".join(lines).encode(), "学校.csv")
    assert len(found) == 501
    assert "另有" in found[-1][1]


# Hostile files.


def repacked(change: Callable[[dict[str, bytes]], None], good: bytes | None = None) -> bytes:
    """Return a good workbook with its archive's members changed."""
    with zipfile.ZipFile(io.BytesIO(good or workbook())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


SHEET_XML = "xl/worksheets/sheet1.xml"


def replaced(member: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        assert old in members[member]
        members[member] = members[member].replace(old, new, 1)

    return change


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
FAR_DOWN = b'<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
FAR_RIGHT = b'<row r="22"><c r="XFD22"><v>1</v></c></row></sheetData>'
RELATIONS = "xl/_rels/workbook.xml.rels"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "bomb": (repacked(lambda m: m.update({"xl/media/a.bin": bytes(60_000_000)})), "太大"),
    "big": (repacked(lambda m: m.update({"a.bin": random.Random(1).randbytes(1000) * 55_000})), "太大"),
    "members": (repacked(lambda m: m.update({f"xl/media/{n}.bin": b"" for n in range(250)})), "内部结构"),
    "macro": (repacked(lambda m: m.update({"xl/vbaProject.bin": b"macro"})), "宏"),
    "external": (repacked(lambda m: m.update({"xl/externalLinks/externalLink1.xml": b"<x/>"})), "外部链接"),
    "embedded": (repacked(lambda m: m.update({"xl/embeddings/oleObject1.bin": b"x"})), "嵌入"),
    "doctype in the sheet": (repacked(replaced(SHEET_XML, b"<worksheet", DOCTYPE + b"<worksheet")), "文档类型"),
    "doctype in the strings": (
        repacked(replaced("xl/sharedStrings.xml", b"<sst", DOCTYPE + b"<sst"), template_xlsx(2026)), "文档类型"),
    "doctype in the workbook": (
        repacked(replaced("xl/workbook.xml", b"<workbook", DOCTYPE + b"<workbook")), "文档类型"),
    "cell far below": (repacked(replaced(SHEET_XML, b"</sheetData>", FAR_DOWN)), "超出范围"),
    "cell far right": (repacked(replaced(SHEET_XML, b"</sheetData>", FAR_RIGHT)), "超出范围"),
    "unclosed": (repacked(replaced(SHEET_XML, b"</sheetData>", b"")), "损坏"),
    "no sheet": (repacked(lambda m: m.pop(SHEET_XML)), "损坏"),
    "no relations": (repacked(lambda m: m.pop(RELATIONS)), "损坏"),
    "sheet elsewhere": (repacked(replaced(RELATIONS, b"worksheets/sheet1.xml", b"../../etc/passwd")), "损坏"),
    "not a workbook": (repacked(lambda m: m.pop("xl/workbook.xml")), "不是 .xlsx"),
    "cut off": (workbook()[:5000], "损坏"),
    "only the start": (b"PK\x03\x04", "损坏"),
    "old or encrypted": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "旧版"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "不是 .xlsx 或 .csv"),
    "nothing": (b"", "空的"),
}


@pytest.mark.parametrize(("data", "word"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_workbook_is_refused_in_words(data: bytes, word: str) -> None:
    ((_, message),) = refused(data)
    assert word in message


@pytest.mark.parametrize("kind", ["bomb", "cell far below", "macro", "nothing"])
def test_a_hostile_upload_is_a_page_and_stores_nothing(administrator: Visitor, database: Database, kind: str) -> None:
    answer = upload(administrator, HOSTILE[kind][0])
    assert answer.status_code == 422
    assert stored(database) == []


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\xff\xff\x80\x80", b"a\0b", b'school_code,school_name\n"x,y\n', b"\n\n\n", b",,,\n"],
    ids=["no encoding", "NUL", "open quote", "blank lines", "blank header"],
)
def test_a_broken_csv_is_refused_in_words(data: bytes) -> None:
    assert refused(data, "学校.csv")


def test_too_many_rows_are_refused() -> None:
    lines = [",".join(SCHOOL_COLUMN_NAMES)] + ["1,a,primary"] * 5001
    assert "超过 5000 行" in refused("\n".join(lines).encode(), "学校.csv")[0][1]


def test_a_workbook_whose_bytes_were_hit_is_read_or_refused_but_never_half(administrator: Visitor) -> None:
    good, hits = workbook(), random.Random(20261123)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(hits.randint(1, 8)):
            data[hits.randrange(len(data))] = hits.randrange(256)
        try:
            n_schools = len(read_school_file("学校.xlsx", bytes(data)).rows)
        except SchoolFileRefused:
            continue
        assert n_schools == 20


def test_an_upload_above_the_limit_is_told_so_and_other_forms_have_a_smaller_one(administrator: Visitor) -> None:
    kind = "multipart/form-data; boundary=x"
    assert administrator.post(IMPORT, data=bytes(6 * 1024 * 1024), content_type=kind).status_code == 413
    answer = administrator.submit("/staff/counties/371402/vetoes/5.1?year=2026",
                                  {"state": "raised", "reason": "x" * 70_000},
                                  page="/staff/counties/371402/vetoes/?year=2026")  # fmt: skip
    assert answer.status_code == 413


def test_the_template_offers_choices_checks_notes_and_no_formula() -> None:
    book: Workbook = load_workbook(io.BytesIO(template_xlsx(2026)))
    sheet = book[SHEET]
    assert [cell.value for cell in sheet[1]] == [header_of(column) for column in SCHOOL_COLUMNS]
    assert sheet["G1"].value == "小学学生数（人）"
    lists = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert lists["C2:C5001"].startswith('"小学,教学点,初级中学,九年一贯制学校')
    numbers = [rule for rule in sheet.data_validations.dataValidation if rule.type in ("whole", "decimal")]
    assert len(numbers) == sum(column.type in ("int", "decimal") for column in SCHOOL_COLUMNS)
    assert sheet["G1"].comment is not None
    assert not any(cell.data_type == "f" for page in book for row in page.iter_rows() for cell in row)
