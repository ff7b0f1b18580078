"""A TOML table read with every defect named: nothing missing, nothing unknown, nothing of the wrong kind."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from scoring.errors import Defect

E = TypeVar("E", bound=StrEnum)

_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,15}")


class NotTomlError(ValueError):
    """The bytes are not a TOML document that this program reads."""


def _exact(text: str) -> Fraction:
    # Exponents and underscores are refused: 1e999999999 would fill the memory, and no rule is written so.
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not a plain decimal: {text[:40]}")
    return Fraction(text)


def load_toml(data: bytes, *, most_bytes: int = 512_000) -> dict[str, object]:
    """Return the document with its decimals as exact fractions.

    Raises
    ------
    NotTomlError
        If it is too large, not UTF-8, not TOML, or nested beyond reason.
    """
    if len(data) > most_bytes:
        raise NotTomlError(f"longer than {most_bytes} bytes")
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=_exact)
    except UnicodeDecodeError as error:
        raise NotTomlError(f"not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise NotTomlError(str(error) or "nested too deeply") from error


class Table:
    """One table with its place in the file; every reading method notes a defect and returns a stand-in.

    Whoever reads a document must look at ``defects`` before using anything that was read.
    """

    def __init__(self, content: dict[str, object], place: str, file: str, defects: list[Defect]) -> None:
        self._content = content
        self._place = place
        self._file = file
        self._seen: set[str] = set()
        self.defects = defects

    def _where(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def note(self, key: str, zh: str, en: str) -> None:
        """Add a defect about one key of this table."""
        where = self._where(key)
        self.defects.append(
            Defect(self._file, None, where, f"{self._file}“{where}”:{zh}。", f"{self._file}, {where}: {en}.")
        )

    def has(self, key: str) -> bool:
        """Say whether the key is there."""
        return key in self._content

    def _take(self, key: str) -> object | None:
        self._seen.add(key)
        value = self._content.get(key)
        if value is None:
            self.note(key, "缺少此项", "this key is missing")
        return value

    def text(self, key: str) -> str:
        """Read a text that is not empty."""
        value = self._take(key)
        if isinstance(value, str) and value.strip():
            return value
        if value is not None:
            self.note(key, "应为非空文字", "a text that is not empty is expected")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of one or more texts."""
        value = self._take(key)
        if isinstance(value, list) and value and all(isinstance(v, str) and v.strip() for v in value):
            return tuple(str(v) for v in value)
        if value is not None:
            self.note(key, "应为非空文字的列表", "a list of texts is expected")
        return ()

    def number(self, key: str, low: Fraction | int, high: Fraction | int) -> Fraction:
        """Read an exact number between two bounds, both included."""
        value = self._take(key)
        if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
            if low <= value <= high:
                return Fraction(value)
            self.note(key, f"应在{low}与{high}之间", f"must lie between {low} and {high}")
        elif value is not None:
            self.note(key, "应为数字", "a number is expected")
        return Fraction(1)

    def integer(self, key: str, low: int, high: int) -> int:
        """Read a whole number between two bounds, both included."""
        value = self._take(key)
        if isinstance(value, int) and not isinstance(value, bool):
            if low <= value <= high:
                return value
            self.note(key, f"应在{low}与{high}之间", f"must lie between {low} and {high}")
        elif value is not None:
            self.note(key, "应为整数", "a whole number is expected")
        return 1

    def integer_or_null(self, key: str, low: int, high: int) -> int | None:
        """Read a whole number, or the null that says it is not known; the key itself must be there."""
        if key in self._content and self._content[key] is None:
            self._seen.add(key)
            return None
        return self.integer(key, low, high)

    def flag(self, key: str) -> bool:
        """Read true or false."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self.note(key, "应为 true 或 false", "true or false is expected")
        return value is True

    def keys(self) -> tuple[str, ...]:
        """Return the keys that are there, in the order of the document."""
        return tuple(self._content)

    def choice(self, key: str, choices: type[E]) -> E:
        """Read one of the values of an enumeration."""
        value = self._take(key)
        members = list(choices)
        for member in members:
            if member.value == value:
                return member
        if value is not None:
            allowed = "、".join(m.value for m in members)
            self.note(key, f"应为其中之一:{allowed}", "must be one of " + ", ".join(m.value for m in members))
        return members[0]

    def table(self, key: str) -> Table:
        """Read a table inside this one."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self.note(key, "应为表", "a table is expected")
        content = value if isinstance(value, dict) else {}
        return Table(content, self._where(key), self._file, self.defects)

    def tables(self, key: str, name: Callable[[dict[str, object], int], str]) -> Sequence[Table]:
        """Read a list of tables; ``name`` gives each its place in messages."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
            self.note(key, "应为非空的表的列表", "a list of tables is expected")
            return ()
        places = [f"{self._where(key)}[{name(v, i)}]" for i, v in enumerate(value)]
        return [Table(v, at, self._file, self.defects) for v, at in zip(value, places, strict=True)]

    def finish(self) -> None:
        """Note every key that nothing asked for: a misspelt parameter must not be passed over."""
        for key in self._content:
            if key not in self._seen:
                self.note(key, "不认识此项", "unknown key")
