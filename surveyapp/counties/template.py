"""The school file to be filled in: Chinese headers, dropdowns, checks and notes, and a sheet that explains."""

from __future__ import annotations

import io

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from scoring.schools import SCHOOL_COLUMNS, SchoolColumn
from surveyapp.counties.columns import MOST_ROWS, SHEET, header_of, kinds_of

_TYPES = {"text": "文字", "choice": "下拉选择", "int": "整数", "decimal": "小数"}
_EXPLAINED = ("列", "单位", "类型", "是否必填", "哪些学校填写", "说明")
_WIDE, _USUAL = 30, 13
_GUIDE = (
    "1. 每所学校一行，从第 2 行填起。表头和列的顺序请保持不变，不要合并单元格，不要使用公式。",
    "2. 没有的填 0，不知道的留空。留空不等于 0：缺少数据的指标显示为“未定”。",
    "3. 九年一贯制、十二年一贯制学校和完全中学只填一行：学生、班级、教师按学段分列填写；"
    "用房、场馆、设备、多媒体教室填全校合计，由系统按规定比例在学段之间分配。",
    "4. 音乐、美术专用教室只计使用面积达标的（见指标 2.3）。教学仪器设备值的单位是万元。",
    "5. 上传后如有问题，系统会一次列出全部出错的单元格，改正后重新上传；有一处错误就不会导入任何数据。",
)


def template_xlsx(year: int) -> bytes:
    """Make the workbook to be filled in."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        header = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1,
                                  "bg_color": "#E9F0FA", "font_size": 10})  # fmt: skip
        needed = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1,
                                  "bg_color": "#FFF4DA", "font_size": 10})  # fmt: skip
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(SHEET)
        for index, column in enumerate(SCHOOL_COLUMNS):
            cells = book.add_format({"num_format": _number_format(column), "locked": False})
            sheet.set_column(index, index, _WIDE if column.name == "school_name" else _USUAL, cells)
            sheet.write_string(0, index, header_of(column), needed if column.required else header)
            _add_note(sheet, index, column)
            _add_check(sheet, index, column)
        sheet.set_row(0, 48)
        sheet.freeze_panes(1, 2)
        _explain(book.add_worksheet("填写说明"), year, header, wrapped)
        book.set_properties({"title": f"{year}年义务教育学校数据"})
    return out.getvalue()


def _number_format(column: SchoolColumn) -> str:
    if column.type == "int":
        return "0"
    return "0.######" if column.type == "decimal" else "@"


def _add_note(sheet: Worksheet, index: int, column: SchoolColumn) -> None:
    lines = [column.note_zh, f"填写：{kinds_of(column)}" if kinds_of(column) else "", "必填" if column.required else ""]
    text = "\n".join(line for line in lines if line)
    if text:
        sheet.write_comment(0, index, text, {"x_scale": 2})


def _add_check(sheet: Worksheet, index: int, column: SchoolColumn) -> None:
    if column.type == "text":
        return
    rule: dict[str, object] = {"validate": "list", "source": [choice.zh for choice in column.choices],
                               "error_title": column.zh, "error_message": "请从下拉列表中选择。"}  # fmt: skip
    if column.type != "choice":
        rule = {"validate": "integer" if column.type == "int" else "decimal", "criteria": ">=", "value": 0,
                "error_title": column.zh, "error_message": "请填写不小于 0 的数；不知道请留空。"}  # fmt: skip
    sheet.data_validation(1, index, MOST_ROWS, index, rule)


def _explain(sheet: Worksheet, year: int, header: object, wrapped: object) -> None:
    sheet.write_string(0, 0, f"{year}年义务教育学校数据填写说明")
    for number, line in enumerate(_GUIDE, start=1):
        sheet.merge_range(number, 0, number, len(_EXPLAINED) - 1, line, wrapped)
        sheet.set_row(number, 32)
    top = len(_GUIDE) + 2
    for index, text in enumerate(_EXPLAINED):
        sheet.write_string(top, index, text, header)
    for number, column in enumerate(SCHOOL_COLUMNS, start=top + 1):
        note = column.note_zh or "；".join(choice.zh for choice in column.choices)
        texts = (column.zh, column.unit, _TYPES[column.type], "是" if column.required else "",
                 kinds_of(column) or "全部学校", note)  # fmt: skip
        for index, text in enumerate(texts):
            sheet.write_string(number, index, text, wrapped)
    for index, width in enumerate((26, 8, 10, 10, 40, 44)):
        sheet.set_column(index, index, width)
