"""The file ``responses.csv``, the auditor part: written in the order of its random ids, read in chunks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from scoring.cells import header_defects
from scoring.csv_table import read_lines
from scoring.errors import Defect
from scoring.questionnaire import GROUPS, QuestionnaireSet
from scoring.response_rows import MOST_DEFECTS, NOT_READ, ResponseRows, RowCodes
from scoring.responses import (
    BLANK,
    FLAG_CODE,
    ID_BYTES,
    ID_LENGTH,
    MOST_CLUSTERS,
    MOST_FLAG_CODES,
    POOLED_CLUSTER,
    BoolArray,
    IdArray,
    Int8Array,
    ResponseTable,
    flag_codes_of,
    id_array,
    id_texts,
)

RESPONSES_FILE = "responses.csv"
RESPONSES_PARQUET = "responses.parquet"
FLAG_SEPARATOR = ";"

_CHUNK = 1 << 15
_EMPTY = "\x00"
"""Stands for an empty cell while a column is one string; NUL cannot occur in a file that was decoded."""
_HEX = re.compile(r"[0-9a-f]*")
CLUSTER_NAME = re.compile(r"[^\x00-\x1f\x7f]{0,64}")
_LEADING = ("response_id", "group", "cluster", "form")
_TRAILING = ("flags", "voided")


def responses_columns(questionnaires: QuestionnaireSet) -> tuple[str, ...]:
    """Return the columns of the file: every item code any form has, between who and what was noted."""
    return (*_LEADING, *questionnaires.item_columns, *_TRAILING)


def responses_bytes(table: ResponseTable, questionnaires: QuestionnaireSet) -> bytes:
    """Return the file ``responses.csv``: rows in the order of their ids, which were drawn at random."""
    columns = questionnaires.item_columns
    ids = np.concatenate([b.response_ids for b in table.forms])
    matrix = np.full((len(ids), len(columns)), BLANK, dtype=np.int8)
    start = 0
    for block in table.forms:
        form = questionnaires.for_form(block.form)
        at = [columns.index(code) for code in form.item_codes] if form else []
        matrix[start : start + len(block.groups), at] = block.answers
        start += len(block.groups)
    groups = np.concatenate([b.groups for b in table.forms])
    clusters = np.concatenate([b.clusters for b in table.forms])
    flags = np.concatenate([b.flags for b in table.forms])
    voided = np.concatenate([b.voided for b in table.forms])
    forms = np.repeat(np.arange(len(table.forms)), [len(b.groups) for b in table.forms])
    masks = {int(m): FLAG_SEPARATOR.join(flag_codes_of(int(m), table.flag_codes)) for m in np.unique(flags)}
    cells = np.array(["", "0", "1", "2", "3", "4", "5"], dtype=object)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(responses_columns(questionnaires))
    order = np.argsort(ids, kind="stable")
    for begin in range(0, len(order), _CHUNK):
        rows = order[begin : begin + _CHUNK]
        writer.writerows(
            zip(
                id_texts(ids[rows]),
                [GROUPS[g].value for g in groups[rows].tolist()],
                [table.cluster_names[c] for c in clusters[rows].tolist()],
                [table.forms[f].form.value for f in forms[rows].tolist()],
                *cells[matrix[rows].T + 1].tolist(),
                [masks[m] for m in flags[rows].tolist()],
                ["1" if v else "0" for v in voided[rows].tolist()],
                strict=True,
            )
        )
    return text.getvalue().encode("utf-8")


def parse_responses(data: bytes, questionnaires: QuestionnaireSet) -> tuple[ResponseTable | None, tuple[Defect, ...]]:
    """Read ``responses.csv`` into a table of codes.

    Parameters
    ----------
    data : bytes
        The file.
    questionnaires : QuestionnaireSet
        The forms the responses answer.

    Returns
    -------
    tuple
        The table, or ``None`` where there is any defect, and the defects by row and column (the first 500 by
        name, of the rest the number).
    """
    defects: list[Defect] = []
    lines = read_lines(data, RESPONSES_FILE, defects)
    header = next(lines, None)
    columns = responses_columns(questionnaires)
    if header is None:
        if not defects:
            zh, en = f"{RESPONSES_FILE}:缺少表头。", f"{RESPONSES_FILE}: the header row is missing."
            defects.append(Defect(RESPONSES_FILE, 1, None, zh, en))
        return None, tuple(defects)
    wrong = header_defects(RESPONSES_FILE, header, columns)
    if wrong:
        return None, wrong
    reader = _Reader(header, questionnaires, defects)
    row = 2
    while chunk := list(islice(lines, _CHUNK)):
        reader.take(chunk, row)
        row += len(chunk)
    return reader.table(), tuple(defects)


class _Reader:
    """The file being read: cells become codes chunk by chunk."""

    def __init__(self, header: Sequence[str], questionnaires: QuestionnaireSet, defects: list[Defect]) -> None:
        self._header = list(header)
        self._questionnaires = questionnaires
        self._rows = ResponseRows(RESPONSES_FILE, questionnaires, defects)
        self._ids: list[IdArray] = []
        self._row = 2
        self._unread_ids = False
        self._clusters: dict[str, int] = {POOLED_CLUSTER: 0}
        self._flag_codes: dict[str, int] = {}
        self._flag_masks: dict[str, int] = {"": 0}

    def take(self, records: list[list[str]], row: int) -> None:
        """Read some rows; ``row`` is the line of the first."""
        self._row = row
        width = len(self._header)
        for n, record in enumerate(records):
            if len(record) != width:
                self._note(n, None, f"有{len(record)}格,应为{width}格", f"{len(record)} cells instead of {width}")
                record[:] = (record + [""] * width)[:width]
        cells = dict(zip(self._header, zip(*records, strict=True), strict=True))
        names = {q.form.value: n for n, q in enumerate(self._questionnaires.questionnaires)}
        ids = self._read_ids(cells["response_id"])
        self._ids.append(ids)
        codes = RowCodes(
            ids=ids,
            groups=self._codes(cells["group"], "group", {g.value: n for n, g in enumerate(GROUPS)}),
            forms=self._codes(cells["form"], "form", names),
            clusters=np.array([self._cluster(n, c) for n, c in enumerate(cells["cluster"])], dtype=np.int32),
            flags=np.array([self._mask(n, c) for n, c in enumerate(cells["flags"])], dtype=np.uint32),
            voided=self._codes(cells["voided"], "voided", {"0": 0, "1": 1}) == 1,
            answers={code: self._answers(cells[code], code) for code in self._questionnaires.item_columns},
        )
        self._rows.take(codes, row)

    def table(self) -> ResponseTable | None:
        """Return what was read, and note ids that occur twice."""
        ids = np.sort(np.concatenate([np.zeros(0, dtype=f"V{ID_BYTES}"), *self._ids]))
        again = ids[1:][ids[1:] == ids[:-1]]
        for text in dict.fromkeys(id_texts(again[:MOST_DEFECTS])):
            if not self._unread_ids or text != "0" * ID_LENGTH:
                self._rows.note(None, "response_id", f"编号 {text} 重复", f"id {text} occurs more than once")
        if len(self._flag_codes) > MOST_FLAG_CODES:
            self._rows.note(None, "flags", f"标记多于{MOST_FLAG_CODES}种", f"more than {MOST_FLAG_CODES} flag codes")
        if len(self._clusters) > MOST_CLUSTERS:
            self._rows.note(None, "cluster", f"单位多于{MOST_CLUSTERS}个", f"more than {MOST_CLUSTERS} clusters")
        return self._rows.table(tuple(self._clusters), tuple(self._flag_codes))

    def _read_ids(self, cells: Sequence[str]) -> IdArray:
        joined = "".join(cells)
        if not _HEX.fullmatch(joined) or any(len(c) != ID_LENGTH for c in cells):
            for n, cell in enumerate(cells):
                if len(cell) != ID_LENGTH or not _HEX.fullmatch(cell):
                    zh, en = f"应为{ID_LENGTH}位小写十六进制数", f"{ID_LENGTH} lower-case hexadecimal digits expected"
                    self._note(n, "response_id", zh, en)
            self._unread_ids = True
            return np.zeros(len(cells), dtype=f"V{ID_BYTES}")
        return id_array(joined)

    def _codes(self, cells: Sequence[str], column: str, codes: dict[str, int]) -> Int8Array:
        read = np.array([codes.get(c, NOT_READ) for c in cells], dtype=np.int8)
        allowed = "、".join(codes)
        self._note_where(read == NOT_READ, column, f"应为 {allowed} 之一", f"must be one of {', '.join(codes)}")
        return read

    def _cluster(self, n: int, name: str) -> int:
        known = self._clusters.get(name)
        if known is None:
            if not CLUSTER_NAME.fullmatch(name):
                self._note(n, "cluster", "过长或含控制字符", "too long or with control characters")
                return 0
            known = self._clusters[name] = len(self._clusters)
        return known

    def _mask(self, n: int, text: str) -> int:
        known = self._flag_masks.get(text)
        if known is None:
            codes = text.split(FLAG_SEPARATOR)
            if not all(FLAG_CODE.fullmatch(code) for code in codes) or len(codes) != len(set(codes)):
                self._note(n, "flags", "应为以分号分隔的标记编码", "flag codes separated by semicolons expected")
                return 0
            bits = [self._flag_codes.setdefault(code, len(self._flag_codes)) for code in codes]
            known = self._flag_masks[text] = sum(1 << bit for bit in bits if bit < MOST_FLAG_CODES)
        return known

    def _answers(self, cells: Sequence[str], column: str) -> Int8Array:
        joined = "".join([c if len(c) == 1 else ("?" if c else _EMPTY) for c in cells])
        raw = np.frombuffer(joined.encode("latin-1", "replace"), dtype=np.uint8)
        codes = np.where(raw == 0, BLANK, raw.astype(np.int16) - ord("0"))
        wrong: BoolArray = (raw != 0) & ((codes < 0) | (codes > 5))
        self._note_where(wrong, column, "应为0至5或空", "0 to 5 or nothing expected")
        return codes.astype(np.int8)

    def _note_where(self, wrong: BoolArray, column: str, zh: str, en: str) -> None:
        self._rows.note_where(wrong, self._row, column, zh, en)

    def _note(self, n: int, column: str | None, zh: str, en: str) -> None:
        self._rows.note(self._row + n, column, zh, en)
