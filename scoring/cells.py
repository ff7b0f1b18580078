"""Text cells of a table → values, with every defect named by file, row and column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from scoring.errors import Defect

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
_LONGEST_TEXT = 2000
_MOST_DIGITS = 12


def normalised(text: str | None) -> str:
    """Return a cell's text with full-width forms narrowed and blanks around it dropped.

    >>> normalised(" 12.5 "), normalised(None)
    ('12.5', '')
    """
    return unicodedata.normalize("NFKC", text).strip() if text else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One stored code of a column and its labels."""

    code: str
    zh: str
    en: str


@dataclass(slots=True)
class CellReader:
    """One row being read; defects gather in the given list, ``None`` is blank or unreadable."""

    file: str
    row: int
    cells: Mapping[str, str | None]
    defects: list[Defect]
    broken: set[str] = field(default_factory=set)

    def note(self, column: str | None, zh: str, en: str, *, label: str = "") -> None:
        """Add a defect of this row; ``label`` is the column's Chinese name where it has one."""
        if column is not None:
            self.broken.add(column)
        place = f"{self.file} 第{self.row}行" + (f"“{label or column}”" if column else "")
        where = f"{self.file}, row {self.row}" + (f", {column}" if column else "")
        self.defects.append(Defect(self.file, self.row, column, f"{place}:{zh}。", f"{where}: {en}."))

    def text(self, column: str, label: str = "", *, longest: int = _LONGEST_TEXT) -> str:
        """Read free text; control characters and endless texts are refused."""
        # Not NFKC: names and evidence keep their own punctuation; only the blanks around them go.
        value = (self.cells.get(column) or "").strip()
        if len(value) > longest:
            self.note(column, f"超过{longest}个字符", f"longer than {longest} characters", label=label)
            return ""
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in value):
            self.note(column, "含有控制字符", "contains control characters", label=label)
            return ""
        return value

    def choice(self, column: str, choices: Sequence[Choice], label: str = "") -> str | None:
        """Read one of the codes of a column; its Chinese or English label is understood too."""
        value = normalised(self.cells.get(column))
        if not value:
            return None
        for choice in choices:
            if value in (choice.code, normalised(choice.zh), choice.en):
                return choice.code
        allowed = "、".join(f"{c.code}({c.zh})" for c in choices)
        codes = ", ".join(c.code for c in choices)
        self.note(
            column, f"“{value[:30]}”不在可选值中,应为 {allowed}", f"must be one of {codes}", label=label
        )
        return None

    def number(self, column: str, decimals: int, label: str = "", *, signed: bool = False) -> Fraction | None:
        """Read an exact decimal number with at most ``decimals`` decimal places."""
        value = normalised(self.cells.get(column))
        if not value:
            return None
        match = _NUMBER.fullmatch(value)
        if match is None:
            self.note(column, f"“{value[:30]}”不是数字", f"{value[:30]!r} is not a number", label=label)
            return None
        sign, whole, rest = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
        if sign == "-" and not signed and (int(whole[:_MOST_DIGITS]) or rest):
            self.note(column, f"“{value[:30]}”不能为负", f"{value[:30]} is negative", label=label)
        elif len(whole.lstrip("0")) > _MOST_DIGITS:
            self.note(column, "数值过大", "the number is too large", label=label)
        elif len(rest) > decimals:
            zh = f"“{value[:30]}”应为整数" if decimals == 0 else f"“{value[:30]}”最多{decimals}位小数"
            en = "a whole number is expected" if decimals == 0 else f"at most {decimals} decimal places"
            self.note(column, zh, en, label=label)
        else:
            return Fraction(f"{sign}{whole}.{rest or '0'}")
        return None

    def integer(self, column: str, label: str = "") -> int | None:
        """Read a whole number that is not negative."""
        value = self.number(column, 0, label)
        return None if value is None else int(value)


def header_defects(file: str, header: Sequence[str], columns: Sequence[str]) -> tuple[Defect, ...]:
    """Name every column of a header row that is missing, unknown or there twice.

    >>> [d.en for d in header_defects("a.csv", ["x", "x", "z"], ["x", "y"])]
    ['a.csv: column y is missing.', 'a.csv: column x occurs twice.', 'a.csv: column z is unknown.']
    """
    defects = []
    for name in columns:
        if name not in header:
            defects.append(
                Defect(file, 1, name, f"{file}:缺少列 {name}。", f"{file}: column {name} is missing.")
            )
    for name in dict.fromkeys(header):
        shown = name[:40]
        if name not in columns:
            zh, en = f"{file}:不认识列 {shown}。", f"{file}: column {shown} is unknown."
            defects.append(Defect(file, 1, shown, zh, en))
        if header.count(name) > 1:
            zh, en = f"{file}:列 {shown} 重复。", f"{file}: column {shown} occurs twice."
            defects.append(Defect(file, 1, shown, zh, en))
    return tuple(defects)
