"""The dossier: what is written is read again, and whatever is wrong with one is named, all at once."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.dossier import MEMBERS, read_dossier, write_dossier
from scoring.errors import DossierError, RuleSetError
from scoring.questionnaire import GROUPS, Group
from scoring.responses import ALWAYS_POOLED, cell_sizes, coarsen_clusters, records_of, response_table
from scoring.verdict import decide, verdict_bytes
from tests.scoring import dossiers
from tests.scoring.dossiers import Members, auditor, edited, line, packed, parts, public, resealed, with_line
from tests.scoring.surveys import FORM_OF, FORMS, records

Place = tuple[str, int | None, str | None]


def defects_of(source: bytes | Path) -> list[tuple[Place, str]]:
    with pytest.raises(DossierError) as caught:
        read_dossier(source)
    return [((d.file, d.row, d.column), d.en) for d in caught.value.defects]


def test_what_is_written_is_read_again() -> None:
    content = dossiers.content()
    dossier = read_dossier(parts().auditor)
    manifest = dossier.manifest
    assert (manifest.county_code, manifest.county_name, manifest.year) == ("000000", "演示县", 2026)
    assert (manifest.purpose, manifest.demo) == (content.purpose, True)
    assert (manifest.residents, manifest.populations) == (content.residents, content.populations)
    assert dossier.manifest_sha256 == parts().sha256
    assert dossier.questionnaires == content.questionnaires
    assert [s.school_code for s in dossier.schools] == [c["school_code"] for c in content.schools]
    assert len(dossier.criteria) == len(content.criteria)
    assert len(dossier.vetoes) == len(content.vetoes)
    assert dossier.responses is not None
    written = coarsen_clusters(content.responses, 10)
    by_id = {r.response_id: r for r in records_of(written)}
    assert {r.response_id: r for r in records_of(dossier.responses)} == by_id


def test_both_parts_give_the_same_verdict_under_the_same_name() -> None:
    """Method §7: whoever holds only the public part recomputes the same bytes as an auditor."""
    public, auditor = read_dossier(parts().public), read_dossier(parts().auditor)
    assert public.responses is None
    assert auditor.responses is not None
    assert verdict_bytes(decide(public)) == verdict_bytes(decide(auditor))
    assert public.manifest_sha256 == auditor.manifest_sha256 == parts().sha256


def test_the_same_content_gives_the_same_bytes() -> None:
    assert write_dossier(dossiers.content()) == parts()


def test_the_order_of_responses_leaves_no_trace() -> None:
    content = dossiers.content()
    rows = sorted(records_of(content.responses), key=lambda r: (r.answers, r.response_id))
    again = response_table(rows, content.questionnaires)
    assert write_dossier(replace(content, responses=again)) == parts()


def test_the_public_part_has_no_responses() -> None:
    assert sorted(set(auditor()) - set(public())) == ["responses.csv"]
    listed = json.loads(public()["manifest.json"])["files"]
    assert listed["responses.csv"]["sha256"] == hashlib.sha256(auditor()["responses.csv"]).hexdigest()


def test_folder_zip_and_bytes_are_read_alike(tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    folder.mkdir()
    for name, data in auditor().items():
        (folder / name).write_bytes(data)
    (tmp_path / "dossier.zip").write_bytes(parts().auditor)
    sources = (folder, tmp_path / "dossier.zip", parts().auditor)
    assert len({verdict_bytes(decide(read_dossier(source))) for source in sources}) == 1


def test_content_with_defects_is_not_written() -> None:
    content = dossiers.content()
    schools = [dict(content.schools[0], kind="kindergarten"), *content.schools[1:]]
    vetoes = [{"code": "5.9", "state": "absent", "level": "city", "reason": ""}]
    with pytest.raises(DossierError) as caught:
        write_dossier(replace(content, schools=schools, vetoes=vetoes))
    assert [(d.file, d.row, d.column) for d in caught.value.defects] == [
        ("schools.csv", 2, "kind"),
        ("vetoes.csv", 2, "code"),
    ]
    with pytest.raises(DossierError, match="too long"):
        write_dossier(replace(content, county_name="县" * 65))
    with pytest.raises(RuleSetError):
        write_dossier(replace(content, rule_set=b"id = 1"))
    with pytest.raises(ValueError, match="unknown columns: colour"):
        write_dossier(replace(content, schools=[dict(content.schools[0], colour="red")]))


def spoiled(change: Callable[[Members], Members]) -> bytes:
    """Return a spoiled auditor part whose hashes were put right, so that only the change itself is wrong."""
    return packed(resealed(change(auditor())))


def cells_changed(file: str, number: int, **changed: str) -> Callable[[Members], Members]:
    def change(members: Members) -> Members:
        header, cells = line(members, file, 1), line(members, file, number)
        for column, value in changed.items():
            cells[header.index(column)] = value
        return with_line(members, file, number, ",".join(cells))

    return change


@pytest.mark.parametrize(
    ("change", "places"),
    [
        pytest.param(
            cells_changed("schools.csv", 3, pupils_primary="-4"),
            [("schools.csv", 3, "pupils_primary")],
            id="negative pupils",
        ),
        pytest.param(
            cells_changed("schools.csv", 3, kind="kindergarten", locality="moon"),
            [("schools.csv", 3, "kind"), ("schools.csv", 3, "locality")],
            id="two cells of one row",
        ),
        pytest.param(
            lambda m: edited(m, "schools.csv", "art_rooms", "art_studios"),
            [("schools.csv", 1, "art_rooms"), ("schools.csv", 1, "art_studios")],
            id="a column renamed is one missing and one unknown",
        ),
        pytest.param(
            lambda m: with_line(m, "vetoes.csv", 2, "5.1,absent,city"),
            [("vetoes.csv", 2, None)],
            id="a row too short",
        ),
        pytest.param(
            lambda m: with_line(m, "vetoes.csv", 2, '5.1,"absent,city,'),
            [("vetoes.csv", None, None)],
            id="a quote never closed",
        ),
        pytest.param(
            lambda m: {**m, "criteria.csv": "代码".encode("gb18030")},
            [("criteria.csv", None, None)],
            id="not UTF-8",
        ),
        pytest.param(
            lambda m: {**m, "criteria.csv": b"\xef\xbb\xbf" + m["criteria.csv"]},
            [("criteria.csv", None, None)],
            id="a byte order mark",
        ),
        pytest.param(
            lambda m: {**m, "criteria.csv": m["criteria.csv"] + b"\x00"},
            [("criteria.csv", None, None)],
            id="a NUL character",
        ),
        pytest.param(lambda m: {**m, "schools.csv": b""}, [("schools.csv", 1, None)], id="an empty file"),
        pytest.param(
            cells_changed("vetoes.csv", 2, state="confirmed", level="county"),
            [("vetoes.csv", 2, "level")],
            id="a county that confirms",
        ),
        pytest.param(lambda m: {**m, "rule_set.toml": b"not toml"}, [("rule_set.toml", None, None)], id="no rule set"),
        pytest.param(
            lambda m: edited(m, "rule_set.toml", 'id = "national-2017"', 'id = "other-2017"'),
            [("rule_set.toml", None, None)],
            id="another rule set than the manifest's",
        ),
        pytest.param(
            lambda m: {**m, "questionnaires.json": b"{}"}, [("questionnaires.json", None, None)], id="no questionnaires"
        ),
        pytest.param(
            cells_changed("responses.csv", 5, group="pupil"), [("responses.csv", 5, "group")], id="unknown group"
        ),
        pytest.param(
            cells_changed("responses.csv", 5, response_id="zz", voided="no"),
            [("responses.csv", 5, "response_id"), ("responses.csv", 5, "voided")],
            id="a strange id and a strange mark",
        ),
        pytest.param(
            cells_changed("responses.csv", 5, q01="7", q02="满意"),
            [("responses.csv", 5, "q01"), ("responses.csv", 5, "q02")],
            id="answers off the scale",
        ),
        pytest.param(cells_changed("responses.csv", 5, q06=""), [("responses.csv", 5, "q06")], id="overall item blank"),
        pytest.param(
            cells_changed("responses.csv", 5, flags="Bad Flag"), [("responses.csv", 5, "flags")], id="no flag code"
        ),
        pytest.param(
            cells_changed("responses.csv", 5, cluster="x" * 65),
            [("responses.csv", 5, "cluster")],
            id="cluster too long",
        ),
        pytest.param(
            lambda m: with_line(m, "responses.csv", 4, ",".join(line(m, "responses.csv", 5))),
            [("responses.csv", None, "response_id")],
            id="an id twice",
        ),
        pytest.param(
            lambda m: edited(m, "responses.csv", "voided", "void"),
            [("responses.csv", 1, "voided"), ("responses.csv", 1, "void")],
            id="a column of the responses renamed",
        ),
    ],
)
def test_defects_are_named_with_their_place(change: Callable[[Members], Members], places: list[Place]) -> None:
    found = [place for place, _ in defects_of(spoiled(change)) if place[0] != "counts.csv"]
    # An unclosed quote is noticed where the file ends, so its row is left to the csv reader.
    assert [(f, None if w[1] is None else r, c) for (f, r, c), w in zip(found, places, strict=True)] == places


def test_defects_of_all_files_are_named_at_once() -> None:
    def change(members: Members) -> Members:
        members = cells_changed("schools.csv", 2, pupils_primary="many", multimedia_rooms="-1")(members)
        members = cells_changed("criteria.csv", 3, level="village")(members)
        members = cells_changed("vetoes.csv", 4, code="5.9")(members)
        members = cells_changed("responses.csv", 9, q03="9")(members)
        del members["questionnaires.json"]
        return members

    files = [place[0] for place, _ in defects_of(spoiled(change))]
    assert files == ["questionnaires.json", "schools.csv", "schools.csv", "criteria.csv", "vetoes.csv"]


@pytest.mark.parametrize("name", sorted(rule.name for rule in MEMBERS if rule.required))
def test_a_missing_file_is_named(name: str) -> None:
    members = {n: d for n, d in auditor().items() if n != name}
    assert ((name, None, None), f"{name}: this file is missing.") in defects_of(packed(members))


@pytest.mark.parametrize("name", sorted(rule.name for rule in MEMBERS if rule.name != "manifest.json"))
def test_an_altered_file_is_named(name: str) -> None:
    members = auditor(with_parquet=name == "responses.parquet")
    members[name] += b"\n"
    found = defects_of(packed(members))
    assert any(place[0] == name and "not the file of the manifest" in en for place, en in found)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        pytest.param(lambda m: m["county"].pop("name"), "county.name", id="county without a name"),
        pytest.param(lambda m: m.update(year="2026"), "year", id="year as text"),
        pytest.param(lambda m: m.update(year=1026), "year", id="year of another age"),
        pytest.param(lambda m: m.update(purpose="fun"), "purpose", id="unknown purpose"),
        pytest.param(lambda m: m.update(demo="yes"), "demo", id="demo not a flag"),
        pytest.param(lambda m: m.update(format="county-dossier/9"), "format", id="another format"),
        pytest.param(lambda m: m.update(residents=0), "residents", id="no residents"),
        pytest.param(lambda m: m.pop("residents"), "residents", id="residents not even null"),
        pytest.param(lambda m: m["populations"].update(pupil=3), "populations.pupil", id="unknown group"),
        pytest.param(lambda m: m["populations"].update(deputy=-1), "populations.deputy", id="negative group"),
        pytest.param(lambda m: m["populations"].update(deputy=1.5), "populations.deputy", id="half a deputy"),
        pytest.param(lambda m: m["files"].pop("responses.csv"), "files.responses.csv", id="responses unlisted"),
        pytest.param(lambda m: m["files"]["counts.csv"].update(sha256="x"), "files.counts.csv.sha256", id="no hash"),
        pytest.param(
            lambda m: m["files"]["responses.csv"].update(part="both"), "files.responses.csv.part", id="part for all"
        ),
        pytest.param(lambda m: m["files"].update(virus=1), "files.virus", id="unknown file listed"),
        pytest.param(lambda m: m.update(score=100), "score", id="unknown key"),
        pytest.param(lambda m: m["county"].update(name="县\x1b[2J"), "county.name", id="a name that steers terminals"),
        pytest.param(lambda m: m["county"].update(code="../x"), "county.code", id="a path as county code"),
    ],
)
def test_a_wrong_manifest_is_named_by_key(change: Callable[[dict[str, object]], object], key: str) -> None:
    manifest = json.loads(public()["manifest.json"])
    change(manifest)
    found = defects_of(packed({**public(), "manifest.json": json.dumps(manifest).encode()}))
    assert [place for place, _ in found] == [("manifest.json", None, key)]


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"{", b"[" * 100_000])
def test_a_manifest_that_is_none(data: bytes) -> None:
    found = defects_of(packed({**public(), "manifest.json": data}))
    assert [place for place, _ in found] == [("manifest.json", None, None)]


def test_questionnaires_other_than_the_manifests_are_named() -> None:
    manifest = json.loads(public()["manifest.json"])
    manifest["questionnaires"] = ["parent-2025.1"]
    found = defects_of(packed({**public(), "manifest.json": json.dumps(manifest).encode()}))
    assert [place for place, _ in found] == [("questionnaires.json", None, None)]


def test_counts_other_than_the_responses_are_named() -> None:
    # One parent's answer changed: everything that hangs on it differs from the published counts.
    members = auditor()
    number = next(n for n in range(2, 99) if line(members, "responses.csv", n)[3] == "parent")
    cells = line(members, "responses.csv", number)
    at = line(members, "responses.csv", 1).index("q06")
    change = cells_changed("responses.csv", number, q06="1" if cells[at] in "45" else "5")
    found = defects_of(spoiled(change))
    assert {place for place, _ in found} == {("counts.csv", None, "count")}
    assert any("satisfied,overall_item,valid_not_satisfied,all is" in en for _, en in found)


def test_a_forged_public_share_is_noticed() -> None:
    rows = public()["counts.csv"].decode().splitlines()
    number = next(
        n for n, row in enumerate(rows) if row.startswith("satisfied,,,,overall_item,valid") and ",all," in row
    )
    head, count = rows[number].rsplit(",", 1)
    rows[number] = f"{head},{int(count) + 1}"
    members = {**public(), "counts.csv": ("\n".join(rows) + "\n").encode()}
    found = defects_of(packed(resealed(members)))
    assert any("contradict one another" in en for _, en in found)


def test_clusters_too_small_or_not_allowed_are_named() -> None:
    members = auditor()
    numbers = {line(members, "responses.csv", n)[1]: n for n in range(2, 600)}
    change = cells_changed("responses.csv", numbers["deputy"], cluster="人大办公室")
    other = cells_changed("responses.csv", numbers["public"], cluster="某居委会")
    found = defects_of(spoiled(lambda m: other(change(m))))
    assert {place for place, _ in found} == {("responses.csv", None, "cluster")}
    assert [en.split(": ", 1)[1] for _, en in found] == [
        "people's congress deputies must not carry the cluster 人大办公室.",
        "other members of the public in 某居委会: 1, fewer than 10.",
    ]


def stored(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../manifest.json", "/etc/passwd", "folder/", "schools.csv/", "C:\\x", "evil.py", "SCHOOLS.CSV", "schools.csv "],
)
def test_foreign_members_are_refused(name: str) -> None:
    found = defects_of(stored(*public().items(), (name, b"x")))
    assert [en for _, en in found] == [f"{name}: does not belong to a dossier."]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_members_are_refused() -> None:
    found = defects_of(stored(*public().items(), ("schools.csv", b"x")))
    assert [en for _, en in found] == ["schools.csv: occurs twice in the zip."]


def test_bombs_are_refused_while_they_are_read() -> None:
    bomb = b"\x00" * (8 << 20)
    found = defects_of(stored(*{**public(), "schools.csv": bomb}.items()))
    assert [en for place, en in found if place[0] == "schools.csv"] == ["schools.csv: compressed more than 200 to 1."]
    found = defects_of(stored(*{**public(), "manifest.json": os.urandom(2 << 20)}.items()))
    assert [en for place, en in found] == ["manifest.json: longer than 1048576 bytes."]


def test_a_size_that_lies_is_not_believed() -> None:
    data = bytearray(stored(("manifest.json", b"\x00" * (8 << 20))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(signature) + offset
        data[at : at + 4] = struct.pack("<I", 10)
    assert defects_of(bytes(data))[0][0][0] == "manifest.json"


def test_too_many_members_are_refused() -> None:
    found = defects_of(stored(*((f"{n}.csv", b"") for n in range(33))))
    assert [en for _, en in found] == ["zip: more than 32 members."]


def test_encrypted_members_are_refused() -> None:
    data = bytearray(parts().public)
    at = data.index(b"PK\x01\x02") + 8
    data[at] |= 1
    assert any("must not be encrypted" in en for _, en in defects_of(bytes(data)))


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", parts().public[:2000]])
def test_what_is_no_zip(data: bytes) -> None:
    assert [place[0] for place, _ in defects_of(data)] == ["zip"]


def test_links_and_folders_inside_a_folder_are_refused(tmp_path: Path) -> None:
    for name, data in public().items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "schools.csv").unlink()
    (tmp_path / "schools.csv").symlink_to("/etc/passwd")
    (tmp_path / "vetoes.csv").unlink()
    (tmp_path / "vetoes.csv").mkdir()
    (tmp_path / ".DS_Store").write_bytes(b"")
    assert [en for _, en in defects_of(tmp_path)] == [
        ".DS_Store: does not belong to a dossier.",
        "schools.csv: must be a regular file.",
        "vetoes.csv: must be a regular file.",
    ]


def test_what_does_not_exist(tmp_path: Path) -> None:
    assert [en for _, en in defects_of(tmp_path / "none.zip")] == ["none.zip: no such file or folder."]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(public())), st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.booleans())
def test_damaged_files_are_refused_and_never_crash(name: str, at: int, noise: bytes, insert: bool) -> None:
    members = public()
    data = members[name]
    at %= len(data)
    members[name] = data[:at] + noise + data[at + (0 if insert else len(noise)) :]
    if members[name] == data:
        return
    try:
        dossier = read_dossier(packed(members))
    except DossierError:
        return
    # Blanks between the manifest's keys change nothing it says; but it is no longer the same dossier.
    assert name == "manifest.json"
    assert dossier.manifest_sha256 != parts().sha256


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_damaged_zips_are_refused_or_harmless(at: int, noise: bytes) -> None:
    data = parts().public
    at %= len(data)
    damaged = data[:at] + noise + data[at + len(noise) :]
    try:
        dossier = read_dossier(damaged)
    except DossierError:
        return
    assert dossier.manifest_sha256 == parts().sha256


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param({"A": 10, "B": 12}, {"A": 10, "B": 12}, id="large enough"),
        pytest.param({"A": 9, "B": 12, "C": 30}, {"": 21, "C": 30}, id="nine needs company: the next smallest"),
        pytest.param({"A": 9, "B": 4, "C": 30}, {"": 13, "C": 30}, id="small ones together are enough"),
        pytest.param({"": 3, "A": 30, "B": 20}, {"": 23, "A": 30}, id="unnamed ones need company too"),
        pytest.param({"": 10, "A": 30}, {"": 10, "A": 30}, id="unnamed ones are enough"),
        pytest.param({"A": 4, "B": 3}, {"": 7}, id="the whole group is one cell"),
    ],
)
def test_clusters_are_pooled_until_no_cell_is_small(cells: dict[str, int], expected: dict[str, int]) -> None:
    rows = [
        replace(row, response_id=f"{n:032x}", cluster=cluster)
        for n, (cluster, row) in enumerate(
            (cluster, row) for cluster, n in cells.items() for row in records((Group.PARENT, n, "515"))
        )
    ]
    coarse = coarsen_clusters(response_table(rows, FORMS), 10)
    sizes = cell_sizes(coarse)[GROUPS.index(Group.PARENT)]
    found = {name: int(n) for name, n in zip(coarse.cluster_names, sizes, strict=True) if n}
    assert found == expected


@given(
    st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(["", "A", "B", "C"])), max_size=120),
    st.integers(1, 12),
)
def test_no_small_cell_ever_leaves(people: list[tuple[Group, str]], smallest: int) -> None:
    rows = [
        replace(records((group, 1, "515"))[0], response_id=f"{n:032x}", cluster=cluster, form=FORM_OF[group])
        for n, (group, cluster) in enumerate(people)
    ]
    coarse = coarsen_clusters(response_table(rows, FORMS), smallest)
    sizes = cell_sizes(coarse)
    for g, group in enumerate(GROUPS):
        present = [(name, int(n)) for name, n in zip(coarse.cluster_names, sizes[g], strict=True) if n]
        assert sum(n for _, n in present) == sum(1 for other, _ in people if other is group)
        if group in ALWAYS_POOLED:
            assert [name for name, _ in present] in ([], [""])
        assert len(present) <= 1 or min(n for _, n in present) >= smallest
        assert all(n >= smallest for name, n in present if name)
