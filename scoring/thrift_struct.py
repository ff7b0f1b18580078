"""Structures in Thrift's compact protocol, in which a Parquet file describes itself: decoded within bounds or refused.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from dataclasses import dataclass, field

_DEEPEST = 8
_MOST_VALUES = 1 << 18
_LONGEST_NUMBER = 10
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_LONG_LIST = 15


class ThriftError(ValueError):
    """These bytes are no such structure."""


@dataclass(frozen=True, slots=True)
class Struct:
    """One structure: its fields by their number, apart by kind. Truth values are 0 and 1, doubles are passed over."""

    numbers: dict[int, int] = field(default_factory=dict)
    texts: dict[int, bytes] = field(default_factory=dict)
    structs: dict[int, Struct] = field(default_factory=dict)
    number_lists: dict[int, list[int]] = field(default_factory=dict)
    text_lists: dict[int, list[bytes]] = field(default_factory=dict)
    struct_lists: dict[int, list[Struct]] = field(default_factory=dict)

    def number(self, at: int) -> int:
        """Return a whole number that must be there."""
        if at not in self.numbers:
            raise ThriftError(f"field {at} is not a number")
        return self.numbers[at]

    def struct(self, at: int) -> Struct:
        """Return a structure that must be there."""
        if at not in self.structs:
            raise ThriftError(f"field {at} is not a structure")
        return self.structs[at]


def read_struct(data: memoryview, start: int = 0) -> tuple[Struct, int]:
    """Decode the structure that begins at ``start``, and say where it ends.

    Raises
    ------
    ThriftError
        If the bytes end early, nest deeper than 8, hold more than 262,144 values, repeat a field or have a kind of
        value that Parquet does not use.

    Examples
    --------
    >>> found, end = read_struct(memoryview(bytes([0x15, 0x54, 0x18, 2, 0x68, 0x69, 0])))
    >>> found.number(1), found.texts[2], end
    (42, b'hi', 7)
    """
    reader = _Reader(data, start)
    return reader.struct(0), reader.at


class _Reader:
    def __init__(self, data: memoryview, start: int) -> None:
        self._data, self.at = data, start
        self._room = _MOST_VALUES

    def struct(self, depth: int) -> Struct:
        if depth > _DEEPEST:
            raise ThriftError("nested too deeply")
        found, number, seen = Struct(), 0, set[int]()
        while head := self._byte():
            step, kind = head >> 4, head & 0xF
            number = number + step if step else self._signed()
            if number in seen:
                raise ThriftError(f"field {number} occurs twice")
            seen.add(number)
            self._count(1)
            if kind in (_TRUE, _FALSE):
                found.numbers[number] = int(kind == _TRUE)
            elif kind in (_BYTE, _I16, _I32, _I64):
                found.numbers[number] = self._byte() if kind == _BYTE else self._signed()
            elif kind == _BINARY:
                found.texts[number] = self._text()
            elif kind == _STRUCT:
                found.structs[number] = self.struct(depth + 1)
            elif kind in (_LIST, _SET):
                self._list(found, number, depth)
            elif kind == _DOUBLE:
                self._bytes(8)
            else:
                raise ThriftError(f"a value of kind {kind}")
        return found

    def _list(self, found: Struct, number: int, depth: int) -> None:
        head = self._byte()
        kind, length = head & 0xF, head >> 4
        if length == _LONG_LIST:
            length = self._unsigned()
        self._count(length)
        if kind in (_TRUE, _FALSE, _BYTE):
            found.number_lists[number] = [self._byte() for _ in range(length)]
        elif kind in (_I16, _I32, _I64):
            found.number_lists[number] = [self._signed() for _ in range(length)]
        elif kind == _BINARY:
            found.text_lists[number] = [self._text() for _ in range(length)]
        elif kind == _STRUCT:
            found.struct_lists[number] = [self.struct(depth + 1) for _ in range(length)]
        else:
            raise ThriftError(f"a list of kind {kind}")

    def _count(self, values: int) -> None:
        self._room -= values
        if self._room < 0:
            raise ThriftError("too many values")

    def _signed(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)

    def _unsigned(self) -> int:
        value = 0
        for place in range(_LONGEST_NUMBER):
            byte = self._byte()
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise ThriftError("a number too long")

    def _text(self) -> bytes:
        return self._bytes(self._unsigned())

    def _byte(self) -> int:
        if self.at >= len(self._data):
            raise ThriftError("the bytes end early")
        self.at += 1
        return self._data[self.at - 1]

    def _bytes(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            raise ThriftError("the bytes end early")
        self.at += length
        return bytes(self._data[self.at - length : self.at])
