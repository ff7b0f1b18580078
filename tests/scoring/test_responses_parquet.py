"""responses.parquet: the same responses as the CSV file, and nothing in a hostile one but defects."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.demo import demonstration
from scoring.dossier import read_dossier, write_dossier
from scoring.errors import Defect, DossierError
from scoring.questionnaire import GROUPS
from scoring.responses import MOST_CLUSTERS, coarsen_clusters, records_of, response_table
from scoring.responses_file import RESPONSES_FILE, RESPONSES_PARQUET, responses_bytes
from scoring.responses_parquet import NAMES_KEY, responses_parquet
from scoring.responses_parquet_reader import parse_responses_parquet
from scoring.verdict import decide, robustness_of, uncertainty_of, verdict_document
from tests.scoring import dossiers
from tests.scoring.dossiers import auditor, packed, parquet_parts, parts, public, resealed, unpacked
from tests.scoring.test_code_cells import random_table

CONTENT = dossiers.content()
QUESTIONNAIRES = CONTENT.questionnaires


def good() -> bytes:
    return auditor(with_parquet=True)[RESPONSES_PARQUET]


def columns_of(data: bytes) -> tuple[pa.Table, dict[str, list[str]]]:
    file = pq.ParquetFile(pa.BufferReader(data))
    return file.read(), json.loads(file.metadata.metadata[NAMES_KEY])


def written(
    table: pa.Table,
    names: object,
    *,
    key: bytes = NAMES_KEY,
    rows_per_group: int = 1 << 17,
    **settings: object,
) -> bytes:
    """Write a table as anybody could, by default in the way of our own file."""
    stream = io.BytesIO()
    codes = [name for name in table.column_names if name not in ("response_id", "voided")]
    usual = {"compression": "NONE", "store_schema": False, "write_statistics": False, "use_dictionary": codes}
    chosen = {**usual, **settings}
    with pq.ParquetWriter(stream, table.schema, **chosen) as writer:
        writer.write_table(table, row_group_size=rows_per_group)
        writer.add_key_value_metadata({key: json.dumps(names, ensure_ascii=False, sort_keys=True).encode()})
    return stream.getvalue()


def with_cell(column: str, row: int, value: object) -> Callable[[pa.Table], pa.Table]:
    """Change one cell; the first row is 1."""

    def change(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(column)
        cells = table.column(column).to_pylist()
        cells[row - 1] = value
        return table.set_column(at, table.schema.field(at), pa.array(cells, table.schema.field(at).type))

    return change


def first_row(**wanted: int) -> int:
    """Return the number of the first row with some codes."""
    table, _ = columns_of(good())
    rows = table.to_pylist()
    return next(n for n, row in enumerate(rows, start=1) if all(row[c] == v for c, v in wanted.items()))


def defects_of(data: bytes) -> tuple[Defect, ...]:
    table, defects = parse_responses_parquet(data, QUESTIONNAIRES)
    assert table is None
    assert defects
    assert {d.file for d in defects} == {RESPONSES_PARQUET}
    return defects


def test_what_is_written_is_read_again() -> None:
    written_table = coarsen_clusters(CONTENT.responses, 10)
    dossier = read_dossier(parquet_parts().auditor)
    assert dossier.responses is not None
    expected = {record.response_id: record for record in records_of(written_table)}
    assert {record.response_id: record for record in records_of(dossier.responses)} == expected


def test_it_says_what_the_csv_file_says() -> None:
    from_csv, from_parquet = (read_dossier(p.auditor) for p in (parts(), parquet_parts()))
    assert from_csv.responses is not None
    assert from_parquet.responses is not None
    assert responses_bytes(from_parquet.responses, QUESTIONNAIRES) == auditor()[RESPONSES_FILE]
    assert responses_parquet(from_csv.responses, QUESTIONNAIRES) == good()
    one, other = decide(from_csv), decide(from_parquet)
    assert replace(one, dossier_sha256="") == replace(other, dossier_sha256="")
    assert verdict_document(replace(one, dossier_sha256="")) == verdict_document(replace(other, dossier_sha256=""))
    assert uncertainty_of(from_csv) == uncertainty_of(from_parquet)
    assert robustness_of(from_csv, one.recognition) == robustness_of(from_parquet, other.recognition)


def test_the_public_part_commits_to_it() -> None:
    public_part = unpacked(parquet_parts().public)
    assert set(public_part) == set(public())
    listed = json.loads(public_part["manifest.json"])["files"]
    assert listed[RESPONSES_PARQUET]["part"] == "auditor"
    assert RESPONSES_FILE not in listed
    assert read_dossier(parquet_parts().public).responses is None
    assert parquet_parts().sha256 == read_dossier(parquet_parts().public).manifest_sha256


def test_the_same_responses_give_the_same_bytes() -> None:
    shuffled = sorted(records_of(CONTENT.responses), key=lambda r: (r.answers, r.response_id))
    again = response_table(shuffled, QUESTIONNAIRES)
    assert write_dossier(replace(CONTENT, responses=again), parquet_from=1) == parquet_parts()


@pytest.mark.parametrize(("n", "name"), [(599, RESPONSES_PARQUET), (600, RESPONSES_PARQUET), (601, RESPONSES_FILE)])
def test_the_number_of_responses_decides_the_format(n: int, name: str) -> None:
    assert CONTENT.responses.n_responses == 600
    members = unpacked(write_dossier(CONTENT, parquet_from=n).auditor)
    assert set(members) & {RESPONSES_FILE, RESPONSES_PARQUET} == {name}


def test_a_hundred_thousand_responses_are_parquet_by_default() -> None:
    content = demonstration(2, 40, 100_000)
    members = unpacked(write_dossier(content).auditor)
    assert RESPONSES_PARQUET in members
    assert read_dossier(packed(members)).responses is not None
    assert RESPONSES_FILE in auditor()


def test_every_code_flag_and_mark_survives_over_many_row_groups() -> None:
    table = random_table(3, 800, 40, "C", QUESTIONNAIRES)
    data = responses_parquet(table, QUESTIONNAIRES)
    whole, names = columns_of(data)
    small = written(whole, names, rows_per_group=100)
    assert pq.read_metadata(pa.BufferReader(small)).num_row_groups > 20
    for file in (data, small):
        read, defects = parse_responses_parquet(file, QUESTIONNAIRES)
        assert defects == ()
        assert read is not None
        records = {r.response_id: r for r in records_of(read)}
        assert records == {r.response_id: r for r in records_of(table)}


def test_no_response_is_a_file_too() -> None:
    table = random_table(3, 0, 1, "C", QUESTIONNAIRES)
    read, defects = parse_responses_parquet(responses_parquet(table, QUESTIONNAIRES), QUESTIONNAIRES)
    assert defects == ()
    assert read is not None
    assert read.n_responses == 0


PARENT, SOCIAL = GROUPS.index("parent"), [q.form.value for q in QUESTIONNAIRES.questionnaires].index("social")
OVERALL = QUESTIONNAIRES.questionnaires[0].items[QUESTIONNAIRES.questionnaires[0].overall_index].code


@pytest.mark.parametrize(
    ("change", "places"),
    [
        pytest.param(with_cell("group", 7, 7), [(7, "group")], id="an eighth group"),
        pytest.param(with_cell("group", 7, -1), [(7, "group")], id="a negative group"),
        pytest.param(with_cell("form", 7, 99), [(7, "form")], id="a form without a name"),
        pytest.param(with_cell("cluster", 1, 4000), [(1, "cluster")], id="a cluster without a name"),
        pytest.param(with_cell("cluster", 600, -1), [(600, "cluster")], id="a negative cluster"),
        pytest.param(with_cell("q01", 5, 6), [(5, "q01")], id="an answer above the scale"),
        pytest.param(with_cell("q01", 5, -2), [(5, "q01")], id="an answer below blank"),
        pytest.param(with_cell("q01", 5, 256 + 5), [(5, "q01")], id="an answer that eight bits would take for 5"),
        pytest.param(with_cell(OVERALL, 9, -1), [(9, OVERALL)], id="overall item blank"),
        pytest.param(with_cell("flags", 3, 1 << 31), [(3, "flags")], id="a flag without a name"),
        pytest.param(with_cell("response_id", 4, b"\0" * 16), [(4, "response_id")], id="an id out of order"),
        pytest.param(
            lambda t: with_cell("response_id", 4, t.column("response_id")[2].as_py())(t),
            [(4, "response_id")],
            id="an id twice",
        ),
        pytest.param(
            lambda t: with_cell("q02", 8, 9)(with_cell("group", 8, 50)(t)),
            [(8, "group"), (8, "q02")],
            id="two cells of one row",
        ),
    ],
)
def test_what_is_wrong_in_a_row_is_named(
    change: Callable[[pa.Table], pa.Table], places: list[tuple[int | None, str | None]]
) -> None:
    table, names = columns_of(good())
    found = defects_of(written(change(table), names))
    assert sorted((d.row, d.column) for d in found) == places
    assert all(d.zh.startswith(f"{RESPONSES_PARQUET} 第{d.row}行“{d.column}”:") for d in found)


def test_a_form_answered_by_another_group_is_named() -> None:
    row = first_row(form=SOCIAL)
    table, names = columns_of(good())
    found = defects_of(written(with_cell("group", row, PARENT)(table), names))
    assert [(d.row, d.column) for d in found] == [(row, "group")]


def test_more_defects_than_anybody_reads_are_counted() -> None:
    table, names = columns_of(good())
    at = table.schema.get_field_index("q01")
    wrong = table.set_column(at, table.schema.field(at), pa.array([8] * 600, pa.int32()))
    found = defects_of(written(wrong, names))
    assert len(found) == 501
    assert "100 more defects" in found[-1].en


def retyped(column: str, kind: pa.DataType, *, nullable: bool = False) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(column)
        field = pa.field(column, kind, nullable=nullable)
        return table.set_column(at, field, table.column(column).cast(kind))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda t: t.drop_columns(["voided"]), "columns must be", id="a column less"),
        pytest.param(lambda t: t.append_column("ip", t.column("q01")), "columns must be", id="a column more"),
        pytest.param(lambda t: t.select(t.column_names[::-1]), "columns must be", id="another order"),
        pytest.param(lambda t: t.rename_columns(["id", *t.column_names[1:]]), "columns must be", id="renamed"),
        pytest.param(retyped("q01", pa.int64()), "q01 must be INT32", id="wider numbers"),
        pytest.param(retyped("q01", pa.int8()), "q01 must be INT32", id="numbers that a reader may cut"),
        pytest.param(retyped("q01", pa.float32()), "q01 must be INT32", id="fractions"),
        pytest.param(retyped("q01", pa.string()), "q01 must be INT32", id="text"),
        pytest.param(retyped("q01", pa.int32(), nullable=True), "q01 must be INT32", id="nullable"),
        pytest.param(retyped("flags", pa.int32()), "flags must be UINT32", id="flags with a sign"),
    ],
)
def test_other_columns_are_refused(change: Callable[[pa.Table], pa.Table], message: str) -> None:
    table, names = columns_of(good())
    (found,) = defects_of(written(change(table), names))
    assert message in found.en


@pytest.mark.parametrize("codec", ["SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4"])
def test_compressed_pages_are_refused(codec: str) -> None:
    """A page of zeros can unpack to a thousand times its size; the zip around the file is bounded, a page is not."""
    (found,) = defects_of(written(*columns_of(good()), compression=codec))
    assert "compressed" in found.en


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"use_dictionary": False, "column_encoding": {"q01": "DELTA_BINARY_PACKED"}}, id="differences"),
        pytest.param({"use_dictionary": False, "use_byte_stream_split": ["q01"]}, id="split streams"),
        pytest.param({"data_page_version": "2.0"}, id="pages of the second version"),
        pytest.param({"use_dictionary": ["response_id"]}, id="a dictionary of ids"),
    ],
)
def test_other_encodings_are_refused(settings: dict[str, object]) -> None:
    (found,) = defects_of(written(*columns_of(good()), **settings))
    assert "pages of column" in found.en


@pytest.mark.parametrize(
    "settings", [{"use_dictionary": False}, {"write_statistics": True}, {"write_page_index": True}, {"version": "1.0"}]
)
def test_what_other_writers_do_harmlessly_is_read(settings: dict[str, object]) -> None:
    if settings == {"version": "1.0"}:  # which knows no numbers without a sign, and widens them
        assert "flags must be" in defects_of(written(*columns_of(good()), **settings))[0].en
        return
    read, defects = parse_responses_parquet(written(*columns_of(good()), **settings), QUESTIONNAIRES)
    assert defects == ()
    assert read is not None
    assert responses_parquet(read, QUESTIONNAIRES) == good()


def renamed(**changed: object) -> Callable[[dict[str, list[str]]], object]:
    return lambda names: {**names, **changed}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda _: [], "lists of names", id="a list"),
        pytest.param(lambda names: {k: v for k, v in names.items() if k != "flags"}, "lists of names", id="no flags"),
        pytest.param(renamed(colour=[]), "lists of names", id="another list"),
        pytest.param(renamed(cluster=["", 7]), "lists of names", id="a number for a name"),
        pytest.param(renamed(group=["student"]), "group in", id="fewer groups"),
        pytest.param(renamed(form=["student", "robot"]), "form in", id="another form"),
        pytest.param(renamed(cluster=["A"]), "begin with the empty name", id="no pooled cluster"),
        pytest.param(renamed(cluster=["", "A", "A"]), "none twice", id="a cluster twice"),
        pytest.param(renamed(cluster=["", "A\n"]), "control characters", id="a line feed in a name"),
        pytest.param(renamed(cluster=["", "甲" * 65]), "too long", id="a long name"),
        pytest.param(renamed(cluster=["", *map(str, range(MOST_CLUSTERS))]), "too many", id="too many clusters"),
        pytest.param(renamed(flags=["Too fast"]), "flag codes", id="no flag code"),
        pytest.param(renamed(flags=["burst", "burst"]), "flag codes", id="a flag twice"),
        pytest.param(renamed(flags=[f"f{n}" for n in range(33)]), "too many", id="33 flags"),
    ],
)
def test_other_names_are_refused(change: Callable[[dict[str, list[str]]], object], message: str) -> None:
    table, names = columns_of(good())
    (found,) = defects_of(written(table, change(names)))
    assert message in found.en


def test_other_metadata_is_refused() -> None:
    """Arrow would rebuild its own types from ``ARROW:schema``, whatever the columns say."""
    table, names = columns_of(good())
    for data in (written(table, names, store_schema=True), written(table, names, key=b"note")):
        (found,) = defects_of(data)
        assert "metadata county-dossier.names and nothing else" in found.en


def with_footer(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = change(data[-8 - length : -8])
    return data[: -8 - length] + footer + struct.pack("<I", len(footer)) + b"PAR1"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"PAR1PAR1", id="marks only"),
        pytest.param(b"response_id,group\n" * 9, id="a CSV file"),
        pytest.param(good()[:-20], id="cut short"),
        pytest.param(good()[:-4] + b"PARE", id="encrypted"),
        pytest.param(good()[:-8] + b"\xff\xff\xff\x7fPAR1", id="a footer longer than the file"),
        pytest.param(good()[:-8] + b"\0\0\0\0PAR1", id="a footer of no length"),
        pytest.param(with_footer(good(), lambda f: b"\x1c" * 100 + f), id="structures in structures"),
        pytest.param(with_footer(good(), lambda f: b"\x19\xfc" + b"\xff" * 9 + b"\x01" + f), id="an endless list"),
        pytest.param(with_footer(good(), lambda f: b"\x18\xff\xff\xff\xff\x0f" + f), id="an endless text"),
        pytest.param(with_footer(good(), lambda f: b"\x16" + b"\xff" * 12 + f), id="an endless number"),
        pytest.param(with_footer(good(), lambda f: b"\x1b" + f), id="a kind that does not occur"),
        pytest.param(with_footer(good(), lambda f: b"\x19\xfc\xc0\x84\x3d" + b"\0" * 1_000_000), id="a million parts"),
    ],
)
def test_what_is_no_parquet_file_is_one_defect(data: bytes) -> None:
    assert len(defects_of(data)) == 1


def test_more_rows_than_ids_have_room_for_are_refused() -> None:
    """Runs of one answer take no room, so a file could claim millions of rows; ids cannot be packed."""
    n = 3_000_000
    whole, names = columns_of(good())
    arrays = [pa.array(np.zeros(n, np.int32))] * len(whole.schema)
    arrays[0] = pa.array([bytes(16)], pa.binary(16)).take(pa.array(np.zeros(n, np.int64)))
    arrays[-2], arrays[-1] = pa.array(np.zeros(n, np.uint32)), pa.array(np.zeros(n, np.bool_))
    data = written(pa.table(arrays, schema=whole.schema), names, use_dictionary=True)
    assert len(data) < n
    (found,) = defects_of(data)
    assert f"too short for {n} rows" in found.en


def test_spoiled_bytes_give_defects_or_a_table_and_nothing_else() -> None:
    """Some changes only change an answer or an id; all others must be refused, in words."""
    chance, data = random.Random(20261124), good()
    length = struct.unpack("<I", data[-8:-4])[0]
    regions = ((len(data) - 8 - length, len(data)), (9700, len(data) - length), (0, len(data)))
    refused = 0
    for _ in range(1500):
        spoiled = bytearray(data)
        low, high = chance.choice(regions)
        for _ in range(chance.choice((1, 1, 2, 4))):
            at = chance.randrange(low, min(high, len(spoiled)))
            if chance.random() < 0.8:
                spoiled[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
            else:
                del spoiled[at : at + chance.randrange(1, 9)]
        table, defects = parse_responses_parquet(bytes(spoiled), QUESTIONNAIRES)
        assert (table is None) == bool(defects)
        assert all(d.zh and d.en for d in defects)
        refused += table is None
    assert refused > 1000


def test_a_dossier_has_one_file_of_responses() -> None:
    both = {**auditor(), RESPONSES_PARQUET: good()}
    with pytest.raises(DossierError) as caught:
        read_dossier(packed(both))
    assert [(d.file, "does not list" in d.en) for d in caught.value.defects] == [(RESPONSES_PARQUET, True)]
    manifest = json.loads(both["manifest.json"])
    manifest["files"][RESPONSES_PARQUET] = {"sha256": "0" * 64, "part": "auditor"}
    with pytest.raises(DossierError, match=r"only one of this and responses\.csv"):
        read_dossier(packed(resealed({**both, "manifest.json": json.dumps(manifest).encode()})))


def test_small_cells_and_other_counts_are_named_in_a_parquet_dossier_too() -> None:
    table, names = columns_of(good())
    row = first_row(group=GROUPS.index("deputy"))
    named = with_cell("cluster", row, len(names["cluster"]))(table)
    data = written(named, {**names, "cluster": [*names["cluster"], "人大办公室"]})
    with pytest.raises(DossierError) as caught:
        read_dossier(packed(resealed({**auditor(with_parquet=True), RESPONSES_PARQUET: data})))
    assert [(d.file, d.column) for d in caught.value.defects] == [(RESPONSES_PARQUET, "cluster")]
    rows = table.column(OVERALL).to_pylist()
    other = with_cell(OVERALL, 1, 1 if rows[0] > 3 else 5)(table)
    with pytest.raises(DossierError) as caught:
        read_dossier(packed(resealed({**auditor(with_parquet=True), RESPONSES_PARQUET: written(other, names)})))
    assert {d.file for d in caught.value.defects} == {"counts.csv"}
