"""The file ``responses.parquet``: the columns of ``responses.csv`` as codes, for surveys with many responses.

All columns are whole numbers of a fixed width on pages without compression, so that a file cannot unpack to more than
a few times its size; the names behind the codes are in the file's own metadata.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scoring.parquet_footer import BOOLEAN, FIXED_LENGTH, INT32, ColumnKind
from scoring.questionnaire import GROUPS, QuestionnaireSet
from scoring.responses import BLANK, ID_BYTES, POOLED_CLUSTER, ResponseTable, moved_flags
from scoring.responses_file import responses_columns

NAMES_KEY = b"county-dossier.names"
"""Where the metadata has the names behind the codes of four columns: JSON, a list of names for each."""
NAMED_COLUMNS = ("cluster", "flags", "form", "group")

_ID = ColumnKind(FIXED_LENGTH, ID_BYTES)
_CODE = ColumnKind(INT32)
_BITS = ColumnKind(INT32, unsigned=True)
_YES_NO = ColumnKind(BOOLEAN)
_TYPES = {_ID: pa.binary(ID_BYTES), _CODE: pa.int32(), _BITS: pa.uint32(), _YES_NO: pa.bool_()}
_ROWS_PER_GROUP = 1 << 18


def column_kinds(questionnaires: QuestionnaireSet) -> dict[str, ColumnKind]:
    """Return the columns of the file in order, each with its kind; none may be null."""
    kinds = dict.fromkeys(responses_columns(questionnaires), _CODE)
    return kinds | {"response_id": _ID, "flags": _BITS, "voided": _YES_NO}


def responses_parquet(table: ResponseTable, questionnaires: QuestionnaireSet) -> bytes:
    """Return the file ``responses.parquet``: rows in the order of their ids, which were drawn at random.

    The same responses give the same bytes with the same version of pyarrow, whatever order they were in.

    Parameters
    ----------
    table : ResponseTable
        With the clusters that may leave.
    questionnaires : QuestionnaireSet
        The forms the responses answer.

    Returns
    -------
    bytes

    Raises
    ------
    KeyError
        If the table holds a form that is not among the questionnaires.
    """
    kinds = column_kinds(questionnaires)
    clusters = [POOLED_CLUSTER, *sorted(set(table.cluster_names) - {POOLED_CLUSTER})]
    flags = sorted(table.flag_codes)
    names = {
        "cluster": clusters,
        "flags": flags,
        "form": [q.form.value for q in questionnaires.questionnaires],
        "group": [group.value for group in GROUPS],
    }
    code_of = {name: code for code, name in enumerate(clusters)}
    new_clusters = np.array([code_of[name] for name in table.cluster_names], dtype=np.int32)
    new_bits = [flags.index(code) for code in table.flag_codes]
    schema = pa.schema([pa.field(name, _TYPES[kind], nullable=False) for name, kind in kinds.items()])
    ids = np.concatenate([block.response_ids for block in table.forms])
    order = np.argsort(ids, kind="stable")
    last_of_block = np.cumsum([len(block.groups) for block in table.forms])
    stream = io.BytesIO()
    with pq.ParquetWriter(
        stream,
        schema,
        version="2.6",
        compression="NONE",
        store_schema=False,
        write_statistics=False,
        use_dictionary=[name for name, kind in kinds.items() if kind in (_CODE, _BITS)],
    ) as writer:
        for start in range(0, len(order), _ROWS_PER_GROUP):
            rows = order[start : start + _ROWS_PER_GROUP]
            columns: dict[str, NDArray[Any]] = {name: np.full(len(rows), BLANK, dtype=np.int32) for name in kinds}
            columns["flags"], columns["voided"] = np.zeros(len(rows), np.uint32), np.zeros(len(rows), np.bool_)
            of_block = np.searchsorted(last_of_block, rows, side="right")
            for n, block in enumerate(table.forms):
                form = questionnaires.for_form(block.form)
                if form is None:
                    raise KeyError(block.form)
                here = np.flatnonzero(of_block == n)
                there = rows[here] - (last_of_block[n] - len(block.groups))
                columns["group"][here] = block.groups[there]
                columns["cluster"][here] = new_clusters[block.clusters[there]]
                columns["form"][here] = questionnaires.questionnaires.index(form)
                columns["flags"][here] = moved_flags(block.flags[there], new_bits)
                columns["voided"][here] = block.voided[there]
                for i, code in enumerate(form.item_codes):
                    columns[code][here] = block.answers[there, i]
            columns["response_id"] = ids[rows]
            arrays = [_arrow(columns[name], kind) for name, kind in kinds.items()]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=_ROWS_PER_GROUP)
        writer.add_key_value_metadata({NAMES_KEY: json.dumps(names, ensure_ascii=False, sort_keys=True).encode()})
    return stream.getvalue()


def _arrow(values: NDArray[np.generic], kind: ColumnKind) -> pa.Array:
    # From the bytes as they are: Arrow's own conversion would import pandas, a second and 60 MB, on the way.
    packed = np.packbits(values, bitorder="little") if kind == _YES_NO else values  # type: ignore[call-overload]
    return pa.Array.from_buffers(_TYPES[kind], len(values), [None, pa.py_buffer(packed.tobytes())])
