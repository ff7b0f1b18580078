"""Reading ``responses.parquet``, which may come from anybody: bounded memory, and every defect by row and column."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.errors import Defect
from scoring.parquet_footer import Footer, UnfitError, checked_footer
from scoring.questionnaire import GROUPS, Form, QuestionnaireSet
from scoring.response_rows import NOT_READ, ResponseRows, RowCodes
from scoring.responses import (
    BLANK,
    FLAG_CODE,
    ID_BYTES,
    MOST_CLUSTERS,
    MOST_FLAG_CODES,
    POOLED_CLUSTER,
    BoolArray,
    IdArray,
    Int32Array,
    ResponseTable,
)
from scoring.responses_file import CLUSTER_NAME, RESPONSES_PARQUET
from scoring.responses_parquet import NAMED_COLUMNS, NAMES_KEY, column_kinds

_ROWS_AT_A_TIME = 1 << 14
_HIGHEST_ANSWER = 5

_Names = dict[str, list[str]]


def parse_responses_parquet(
    data: bytes, questionnaires: QuestionnaireSet
) -> tuple[ResponseTable | None, tuple[Defect, ...]]:
    """Read ``responses.parquet`` into a table of codes.

    Memory stays within a few times the file: a row takes 16 bytes of it at least, for its id, and columns are read some
    16,000 rows at a time, as whole numbers, without a string for any row.

    Parameters
    ----------
    data : bytes
        The file.
    questionnaires : QuestionnaireSet
        The forms the responses answer.

    Returns
    -------
    tuple
        The table, or ``None`` where there is any defect, and the defects by row (the first row is 1) and column (the
        first 500 by name, of the rest the number).
    """
    defects: list[Defect] = []
    try:
        return _Reader(data, questionnaires, defects).table(), tuple(defects)
    except UnfitError as error:
        zh, en = error.zh, error.en
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # Whatever is wrong inside the format: Arrow raises one of these, and none of them means anything else here.
        zh, en = "不是可读的 Parquet 文件", f"not a readable Parquet file ({type(error).__name__})"
    defects.append(
        Defect(RESPONSES_PARQUET, None, None, f"{RESPONSES_PARQUET}:{zh}。", f"{RESPONSES_PARQUET}: {en}.")
    )
    return None, tuple(defects)


class _Reader:
    def __init__(self, data: bytes, questionnaires: QuestionnaireSet, defects: list[Defect]) -> None:
        self._questionnaires = questionnaires
        footer = checked_footer(data, column_kinds(questionnaires), ID_BYTES)
        self._names = _names(footer, questionnaires)
        self._n_rows = footer.n_rows
        self._file = pq.ParquetFile(pa.BufferReader(data))
        self._rows = ResponseRows(RESPONSES_PARQUET, questionnaires, defects, self._sizes())
        self._last = (-1, -1)

    def table(self) -> ResponseTable | None:
        row = 1
        for batch in self._batches(None):
            self._take(batch, row)
            row += batch.num_rows
        if row != self._n_rows + 1:
            raise UnfitError(f"应有{self._n_rows}行,实有{row - 1}行", f"{self._n_rows} rows expected, {row - 1} found")
        return self._rows.table(tuple(self._names["cluster"]), tuple(self._names["flags"]))

    def _sizes(self) -> dict[Form, int]:
        """Count the rows of each form, so that the table can be laid out before it is filled."""
        forms = self._questionnaires.questionnaires
        sizes = np.zeros(len(forms), dtype=np.int64)
        for batch in self._batches(["form"]):
            codes = _numbers(batch, "form")
            sizes += np.bincount(codes[(codes >= 0) & (codes < len(forms))], minlength=len(forms))
        return {form.form: int(n) for form, n in zip(forms, sizes, strict=True)}

    def _batches(self, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
        yield from self._file.iter_batches(batch_size=_ROWS_AT_A_TIME, columns=columns, use_threads=False)

    def _take(self, batch: pa.RecordBatch, row: int) -> None:
        bits = _numbers(batch, "flags").view(np.uint32)
        unknown = bits.astype(np.uint64) >> np.uint64(len(self._names["flags"])) != 0
        self._rows.note_where(unknown, row, "flags", "含有未列出的标记", "a flag without a name")
        codes = RowCodes(
            ids=self._ids(batch, row),
            groups=self._codes(batch, row, "group", 0, len(GROUPS) - 1).astype(np.int8),
            clusters=self._codes(batch, row, "cluster", 0, len(self._names["cluster"]) - 1),
            forms=self._codes(batch, row, "form", 0, len(self._names["form"]) - 1).astype(np.int8),
            flags=bits,
            voided=_truths(batch, "voided"),
            answers={
                code: self._codes(batch, row, code, BLANK, _HIGHEST_ANSWER).astype(np.int8)
                for code in self._questionnaires.item_columns
            },
        )
        self._rows.take(codes, row)

    def _codes(self, batch: pa.RecordBatch, row: int, column: str, low: int, high: int) -> Int32Array:
        """Return a column's codes; those out of range are named and stand as not read."""
        codes = _numbers(batch, column)
        if codes.min(initial=low) < low or codes.max(initial=high) > high:
            wrong: BoolArray = (codes < low) | (codes > high)
            self._rows.note_where(wrong, row, column, f"应为{low}至{high}", f"{low} to {high} expected")
            return np.where(wrong, NOT_READ, codes).astype(np.int32)
        return codes

    def _ids(self, batch: pa.RecordBatch, row: int) -> IdArray:
        """Return the ids; each must be greater than the one before, so that none can occur twice."""
        column = batch.column("response_id")
        if not len(column):
            return np.zeros(0, dtype=f"V{ID_BYTES}")
        ids: IdArray = np.frombuffer(
            column.buffers()[1], dtype=f"V{ID_BYTES}", count=len(column), offset=column.offset * ID_BYTES
        )
        halves = ids.view(">u8").reshape(-1, 2)
        first, second = (halves[:, i].astype(np.uint64) for i in (0, 1))
        same, rising = np.zeros(len(ids), dtype=np.bool_), np.ones(len(ids), dtype=np.bool_)
        same[1:] = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
        rising[1:] = (first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] > second[:-1]))
        own = (int(first[0]), int(second[0]))
        same[0], rising[0] = own == self._last, own > self._last
        self._last = (int(first[-1]), int(second[-1]))
        self._rows.note_where(same, row, "response_id", "编号与上一行重复", "the id of the row before")
        self._rows.note_where(~rising & ~same, row, "response_id", "未按编号升序排列", "ids must be in ascending order")
        return ids


def _numbers(batch: pa.RecordBatch, column: str) -> Int32Array:
    # Straight from Arrow's buffers: its own conversion would import pandas, 60 MB, on the way.
    values = batch.column(column)
    if not len(values):
        return np.zeros(0, dtype=np.int32)
    return np.frombuffer(values.buffers()[1], dtype=np.int32, count=len(values), offset=values.offset * 4)


def _truths(batch: pa.RecordBatch, column: str) -> BoolArray:
    values = batch.column(column)
    if not len(values):
        return np.zeros(0, dtype=np.bool_)
    bits = np.frombuffer(values.buffers()[1], dtype=np.uint8)
    unpacked = np.unpackbits(bits, count=values.offset + len(values), bitorder="little")
    return unpacked[values.offset :].astype(np.bool_)


def _names(footer: Footer, questionnaires: QuestionnaireSet) -> _Names:
    """Return the names behind the codes; any other metadata is refused, for Arrow would act on some of it."""
    key = NAMES_KEY.decode()
    metadata = footer.metadata
    if set(metadata) != {NAMES_KEY}:
        raise UnfitError(f"元数据应有且仅有 {key}", f"metadata {key} and nothing else expected")
    try:
        names = json.loads(metadata[NAMES_KEY].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnfitError(f"{key} 不是 JSON", f"{key} is not JSON") from error
    lists = names.values() if isinstance(names, dict) and set(names) == set(NAMED_COLUMNS) else ()
    if not lists or not all(isinstance(one, list) and all(isinstance(name, str) for name in one) for one in lists):
        wanted = ", ".join(NAMED_COLUMNS)
        raise UnfitError(f"{key} 应有 {wanted} 的名称列表", f"{key} must have lists of names for {wanted}")
    found: _Names = names
    for column, expected in (
        ("group", [group.value for group in GROUPS]),
        ("form", [q.form.value for q in questionnaires.questionnaires]),
    ):
        if found[column] != expected:
            listed = ", ".join(expected)
            raise UnfitError(f"{key} 的 {column} 应为 {listed}", f"{column} in {key} must be {listed}")
    clusters, flags = found["cluster"], found["flags"]
    if len(clusters) > MOST_CLUSTERS or len(flags) > MOST_FLAG_CODES:
        most = f"{MOST_CLUSTERS}, {MOST_FLAG_CODES}"
        raise UnfitError(f"单位或标记过多(最多 {most})", f"too many clusters or flag codes (at most {most})")
    if clusters[:1] != [POOLED_CLUSTER] or len(set(clusters)) < len(clusters):
        raise UnfitError("单位名称应以空名开头且不重复", "clusters must begin with the empty name, none twice")
    if not all(CLUSTER_NAME.fullmatch(name) for name in clusters):
        raise UnfitError("单位名称过长或含控制字符", "a cluster too long or with control characters")
    if len(set(flags)) < len(flags) or not all(FLAG_CODE.fullmatch(code) for code in flags):
        raise UnfitError("标记编码不合规或重复", "flag codes that are not such, or occur twice")
    return found
