"""A county's clerk: fills in the downloaded template by another hand than the one that reads it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from openpyxl import load_workbook

from scoring.school_columns import SCHOOL_COLUMNS


def filled_in(template: bytes, schools: Sequence[Mapping[str, str]]) -> bytes:
    """Return the template with one row per school: numbers as numbers, choices by their Chinese names."""
    book = load_workbook(io.BytesIO(template))
    sheet = book.worksheets[0]
    headers = [str(cell.value) for cell in sheet[1]]
    for column in SCHOOL_COLUMNS:
        at = next(n for n, header in enumerate(headers, 1) if header.split("（")[0] == column.zh)
        names = {choice.code: choice.zh for choice in column.choices}
        for row, school in enumerate(schools, 2):
            text = school.get(column.name, "")
            if not text:
                continue
            if column.type == "text":
                sheet.cell(row, at, text)
            elif column.type == "choice":
                sheet.cell(row, at, names[text])
            else:
                sheet.cell(row, at, int(text) if column.type == "int" else float(text))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
