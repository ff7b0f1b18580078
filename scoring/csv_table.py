"""A CSV file of a dossier: strict UTF-8, a header row, and text cells with nothing guessed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from scoring.cells import header_defects
from scoring.errors import Defect


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    r"""Return a CSV file: UTF-8, header row, lines ended by a line feed, quotes only where needed.

    >>> csv_bytes(["a", "b"], [["1", "x,y"]])
    b'a,b\n1,"x,y"\n'
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def cells_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> bytes:
    """Return a CSV file of rows given as mappings; a missing or ``None`` cell is empty.

    Raises
    ------
    ValueError
        If a row has a column that the file does not.
    """
    lines = []
    for row in rows:
        unknown = sorted(set(row) - set(columns))
        if unknown:
            raise ValueError(f"unknown columns: {', '.join(unknown)}")
        lines.append([row.get(column) or "" for column in columns])
    return csv_bytes(columns, lines)


def read_lines(data: bytes, file: str, defects: list[Defect]) -> Iterator[list[str]]:
    """Yield the records of a CSV file, header first; what cannot be read is noted and ends the reading."""
    text = decoded(data, file, defects)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    while True:
        row += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            zh, en = f"{file} 第{row}行:不是合规的 CSV({error})。", f"{file}, row {row}: not CSV ({error})."
            defects.append(Defect(file, row, None, zh, en))
            return
        if record is None:
            return
        yield record


def decoded(data: bytes, file: str, defects: list[Defect]) -> str | None:
    """Return a file's text, or note that it is not plain UTF-8 and return ``None``."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        zh = f"{file}:第{error.start + 1}字节处不是 UTF-8 编码。"
        defects.append(Defect(file, None, None, zh, f"{file}: not UTF-8 at byte {error.start + 1}."))
        return None
    for mark, zh, en in (("\x00", "空字符", "a NUL character"), ("\ufeff", "字节顺序标记", "a byte order mark")):
        if mark in text[:1] or (mark == "\x00" and mark in text):
            defects.append(Defect(file, None, None, f"{file}:含有{zh}。", f"{file}: contains {en}."))
            return None
    return text


def read_cells(data: bytes, file: str, columns: Sequence[str], defects: list[Defect]) -> list[dict[str, str | None]]:
    """Return a CSV file's rows as mappings of column to text, noting every defect of shape.

    Parameters
    ----------
    data : bytes
        The file.
    file : str
        Its name in the defects.
    columns : sequence of str
        The columns it must have, no more and no fewer, in any order.
    defects : list of Defect
        Where defects are added: encoding, quoting, header, rows of another length.

    Returns
    -------
    list of dict
        One per row after the header; empty where the header is wrong.
    """
    lines = read_lines(data, file, defects)
    header = next(lines, None)
    if header is None:
        if not defects:
            defects.append(Defect(file, 1, None, f"{file}:缺少表头。", f"{file}: the header row is missing."))
        return []
    wrong = header_defects(file, header, columns)
    if wrong:
        defects.extend(wrong)
        return []
    rows: list[dict[str, str | None]] = []
    for number, record in enumerate(lines, start=2):
        if len(record) != len(header):
            defects.append(_length_defect(file, number, len(record), len(header)))
        # A row too short or too long keeps its place, so that the rows below it keep their numbers.
        rows.append(dict(zip_longest(header, record[: len(header)])))
    return rows


def _length_defect(file: str, row: int, found: int, expected: int) -> Defect:
    zh = f"{file} 第{row}行:有{found}格,应为{expected}格。"
    return Defect(file, row, None, zh, f"{file}, row {row}: {found} cells, {expected} are expected.")
