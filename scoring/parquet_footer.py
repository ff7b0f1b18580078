"""What a Parquet file says of itself, checked to the last page before any library is let near the file.

A file that passes holds fixed-width columns on uncompressed pages that lie inside it: it can neither unpack to more
than a few times its size nor lead a decoder anywhere it was not meant to go.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (the numbers below).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.thrift_struct import Struct, ThriftError, read_struct

MAGIC = b"PAR1"
_LENGTH_BYTES = 4
_LONGEST_FOOTER = 4 << 20
_REQUIRED = 0
_NO_COMPRESSION = 0
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_PLAIN, _PLAIN_DICTIONARY, _RLE, _BIT_PACKED, _RLE_DICTIONARY = 0, 2, 3, 4, 8
_BY_DICTIONARY = (_PLAIN_DICTIONARY, _RLE_DICTIONARY)
BOOLEAN, INT32, FIXED_LENGTH = 0, 1, 7
_WIDTHS = {BOOLEAN: 1 / 8, INT32: 4}


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """Physical type of a column, its length in bytes where that is told, and whether its numbers have no sign."""

    physical: int
    length: int = 0
    unsigned: bool = False

    @property
    def shown(self) -> str:
        """Return the kind as a defect names it."""
        name = {BOOLEAN: "BOOLEAN", INT32: "UINT32" if self.unsigned else "INT32"}
        return name.get(self.physical, f"FIXED_LEN_BYTE_ARRAY({self.length})")


@dataclass(frozen=True, slots=True)
class Footer:
    """What is needed of a footer that was found in order."""

    n_rows: int
    metadata: Mapping[bytes, bytes]


class UnfitError(Exception):
    """The file as a whole cannot be read; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def checked_footer(data: bytes, columns: Mapping[str, ColumnKind], fewest_bytes_a_row: int) -> Footer:
    """Check a file against the columns it must have.

    Parameters
    ----------
    data : bytes
        The file.
    columns : mapping of name to ColumnKind
        Its columns in order, none of them nullable or nested.
    fewest_bytes_a_row : int
        A file with more rows than it has room for at so many bytes each is refused.

    Returns
    -------
    Footer

    Raises
    ------
    UnfitError
        With the first thing that is wrong.
    """
    if len(data) < 2 * len(MAGIC) + _LENGTH_BYTES or data[: len(MAGIC)] != MAGIC or data[-len(MAGIC) :] != MAGIC:
        raise UnfitError("不是 Parquet 文件(或已加密)", "not a Parquet file, or an encrypted one")
    end = len(data) - len(MAGIC) - _LENGTH_BYTES
    length = int.from_bytes(data[end : end + _LENGTH_BYTES], "little")
    if length > min(_LONGEST_FOOTER, end - len(MAGIC)):
        raise UnfitError("文件尾长度不可能", "a footer of a length that cannot be")
    whole = memoryview(data)
    try:
        footer, _ = read_struct(whole[end - length : end])
        _check_schema(footer, columns)
        n_rows = footer.number(3)
        groups = footer.struct_lists.get(4, [])
        if any(group.number(3) < 0 for group in groups) or sum(group.number(3) for group in groups) != n_rows:
            raise UnfitError("行数不一致", "row groups whose rows do not add up")
        if n_rows * fewest_bytes_a_row > len(data):
            raise UnfitError(f"文件容不下{n_rows}行", f"too short for {n_rows} rows")
        for group in groups:
            chunks = group.struct_lists.get(1, [])
            if len(chunks) != len(columns):
                raise UnfitError("行组缺少列", "a row group without all columns")
            for chunk, (name, kind) in zip(chunks, columns.items(), strict=True):
                _check_chunk(whole[: end - length], chunk, name, kind, group.number(3))
    except ThriftError as error:
        raise UnfitError("内部结构已损坏", f"its inner structure is damaged ({error})") from error
    pairs = footer.struct_lists.get(5, [])
    return Footer(n_rows, {pair.texts.get(1, b""): pair.texts.get(2, b"") for pair in pairs})


def _check_schema(footer: Struct, columns: Mapping[str, ColumnKind]) -> None:
    if footer.structs.keys() & {8} or footer.texts.keys() & {9}:
        raise UnfitError("不得加密", "must not be encrypted")
    elements = footer.struct_lists.get(2, [])
    names = [element.texts.get(4, b"") for element in elements[1:]]
    if names != [name.encode() for name in columns] or elements[0].numbers.get(5) != len(columns):
        listed = ", ".join(columns)
        raise UnfitError(f"列应依次为 {listed}", f"its columns must be {listed}")
    for element, (name, kind) in zip(elements[1:], columns.items(), strict=True):
        if _kind(element) != kind or element.number(3) != _REQUIRED or element.numbers.get(5):
            raise UnfitError(f"列“{name}”应为 {kind.shown},不可空", f"column {name} must be {kind.shown}, not nullable")


def _kind(element: Struct) -> ColumnKind | None:
    """Return a column's kind; ``None`` where its numbers are annotated as anything but 32 bits without sign."""
    unsigned = 10 in element.structs
    if unsigned:
        annotated = element.structs[10]
        integer = annotated.structs.get(10)
        if list(annotated.structs) != [10] or integer is None or integer.numbers != {1: 32, 2: 0}:
            return None
    if element.numbers.get(6, _UINT_32) != _UINT_32 or (6 in element.numbers) > unsigned:
        return None
    return ColumnKind(element.number(1), element.numbers.get(2, 0), unsigned)


_UINT_32 = 13


def _check_chunk(data: memoryview, chunk: Struct, name: str, kind: ColumnKind, n_rows: int) -> None:
    """Check where a column's pages of one row group lie, and each page's header."""
    wrong = UnfitError(f"列“{name}”的数据页不合规", f"pages of column {name} that cannot be read here")
    about = chunk.struct(3)
    if chunk.texts or chunk.structs.keys() & {8} or about.text_lists.get(3) != [name.encode()]:
        raise wrong
    if about.number(1) != kind.physical or about.number(5) != n_rows:
        raise wrong
    if about.number(4) != _NO_COMPRESSION:
        raise UnfitError(f"列“{name}”不得压缩", f"column {name} must not be compressed")
    first = about.number(9)
    start = about.numbers.get(11, 0) or first
    end = start + about.number(7)
    inside = len(MAGIC) <= start <= first <= end <= len(data)
    if not inside or about.number(6) != about.number(7) or 10 in about.numbers:
        raise wrong
    at, n_values, n_entries = start, 0, -1
    while at < end:
        header, body = read_struct(data[:end], at)
        size = header.number(3)
        at = body + size
        if size < 0 or header.number(2) != size or at > end:
            raise wrong
        if header.number(1) == _DICTIONARY_PAGE and n_entries < 0 and n_values == 0:
            n_entries = header.struct(7).number(1)
            plain = header.struct(7).number(2) in (_PLAIN, _PLAIN_DICTIONARY)
            if kind.physical != INT32 or not plain or not 0 <= n_entries * _WIDTHS[INT32] <= size:
                raise wrong
        elif header.number(1) == _DATA_PAGE:
            page = header.struct(5)
            n_values += _values(page, size, kind, has_dictionary=n_entries >= 0, wrong=wrong)
        else:
            raise wrong
    if n_values != n_rows:
        raise wrong


def _values(page: Struct, size: int, kind: ColumnKind, *, has_dictionary: bool, wrong: UnfitError) -> int:
    """Return how many values a data page holds, which must fit it where each has its own place."""
    n, encoding = page.number(1), page.number(2)
    levels = {page.number(3), page.number(4)}
    fits = n * (kind.length or _WIDTHS[kind.physical]) <= size
    known = (
        (encoding == _PLAIN and fits)
        or (encoding in _BY_DICTIONARY and has_dictionary)
        or (encoding == _RLE and kind.physical == BOOLEAN)
    )
    if n < 0 or not known or not levels <= {_RLE, _BIT_PACKED}:
        raise wrong
    return n
