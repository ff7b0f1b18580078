"""The columns of the school file as spreadsheets show them: headers with units, letters, hints."""

from __future__ import annotations

from scoring.cells import normalised
from scoring.schools import KINDS, SCHOOL_COLUMNS, SchoolColumn

SHEET = "学校数据"
MOST_ROWS, MOST_COLUMNS = 5_000, 100

_KIND_NAMES = {choice.code: choice.zh for choice in KINDS}


def header_of(column: SchoolColumn) -> str:
    """Return a column's header in the template: its name and, where it has one, its unit."""
    return f"{column.zh}（{column.unit}）" if column.unit else column.zh


def column_named(header: str) -> SchoolColumn | None:
    """Find the column a header means: the template's, the bare name, the English name or the code."""
    return _BY_HEADER.get(normalised(header).casefold())


def letters(index: int) -> str:
    """Return the letters of a column counted from 0, as spreadsheets show them.

    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def index_of(letter_name: str) -> int:
    """Return the index from 0 of a column's letters.

    >>> index_of("A"), index_of("AA")
    (0, 26)
    """
    index = 0
    for letter in letter_name:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def kinds_of(column: SchoolColumn) -> str:
    """Say which kinds of schools fill a column; blank where all do."""
    return "" if len(column.kinds) == len(_KIND_NAMES) else "、".join(_KIND_NAMES[kind] for kind in column.kinds)


_BY_HEADER = {
    normalised(header).casefold(): column
    for column in SCHOOL_COLUMNS
    for header in (header_of(column), column.zh, column.en, column.name)
}
