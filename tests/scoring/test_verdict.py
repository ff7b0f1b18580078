"""The verdict: order of outcomes, the whole tree, and bytes that are the same everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import SCORING_VERSION
from scoring.demo import demonstration
from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.findings import Combinator, CountyOutcome, Finding, Outcome, combine_all
from scoring.resource_rule import Standing, six_of_seven_with_floor
from scoring.verdict import county_outcome, decide, domain_findings, verdict_bytes, verdict_schema
from scoring.vetoes import veto_finding
from tests.scoring.builders import JUNIOR, PRIMARY, RULES, all_absent, all_met, cells, entries, schools, vetoes

MET, NOT, OPEN, NONE = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE


def _children(outcomes: dict[str, Outcome], veto: str) -> list[Finding]:
    domains = [Finding(code, code, code, outcomes.get(code, MET)) for code in "01234"]
    others = tuple(row for row in all_absent() if row.code != "5.1")
    said = () if veto == "unassessed" else vetoes(("5.1", veto, "city"))
    return [*domains, veto_finding((*said, *others), RULES)]


TREES = {
    "all met": ({}, MET),
    "resources not met": ({"1": NOT}, NOT),
    "recognition not met": ({"4": NOT}, NOT),
    "precondition not met": ({"0": NOT}, NOT),
    "one not met, one open": ({"2": NOT, "3": OPEN}, NOT),
    "quality open": ({"3": OPEN}, OPEN),
    "recognition open": ({"4": OPEN}, OPEN),
    "quality does not apply": ({"3": NONE}, MET),
}
EXPECTED = {
    # tree outcome × veto state → county, from the order: confirmed veto, tree not met, anything open, meets.
    (MET, "absent"): "meets",
    (MET, "dismissed"): "meets",
    (MET, "raised"): "undecided",
    (MET, "unassessed"): "undecided",
    (MET, "confirmed"): "vetoed",
    (OPEN, "absent"): "undecided",
    (OPEN, "dismissed"): "undecided",
    (OPEN, "raised"): "undecided",
    (OPEN, "unassessed"): "undecided",
    (OPEN, "confirmed"): "vetoed",
    (NOT, "absent"): "does_not_meet",
    (NOT, "dismissed"): "does_not_meet",
    (NOT, "raised"): "does_not_meet",
    (NOT, "unassessed"): "does_not_meet",
    (NOT, "confirmed"): "vetoed",
}


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("veto", ["absent", "dismissed", "raised", "unassessed", "confirmed"])
def test_a_confirmed_veto_then_the_tree_then_anything_open(tree: str, veto: str) -> None:
    outcomes, kind = TREES[tree]
    outcome, reasons = county_outcome(_children(outcomes, veto))
    assert outcome == EXPECTED[kind, veto]
    assert reasons
    assert all(reason.zh.endswith("。") and reason.en.endswith(".") for reason in reasons)


def test_where_a_veto_decides_the_rest_is_still_said() -> None:
    outcome, reasons = county_outcome(_children({"1": NOT, "3": OPEN}, "confirmed"))
    assert outcome is CountyOutcome.VETOED
    assert [reason.code for reason in reasons] == ["vetoed", "not_met", "undecided"]


# --- the domains from rows --------------------------------------------------------------------------------------


def test_a_county_that_just_meets_everything_and_one_thing_less_each() -> None:
    county = schools(cells(PRIMARY), cells(JUNIOR, "S2"))
    rows = all_met()
    found = domain_findings(RULES, county, entries(*rows), sampled_in_monitoring=True)
    assert [(f.code, f.outcome) for f in found] == [("0", MET), ("1", MET), ("2", MET), ("3", MET)]
    no_precondition = [row for row in rows if row["code"] != "0"]
    found = domain_findings(RULES, county, entries(*no_precondition), sampled_in_monitoring=True)
    assert [f.outcome for f in found] == [OPEN, MET, MET, MET]
    crowded = schools(cells(PRIMARY, oversize_classes_primary="1", largest_class_primary="46"), cells(JUNIOR, "S2"))
    found = domain_findings(RULES, crowded, entries(*rows), sampled_in_monitoring=True)
    assert [f.outcome for f in found] == [MET, MET, NOT, MET]


@given(st.permutations(range(6)))
@settings(max_examples=20, deadline=None)
def test_row_order_never_matters(order: list[int]) -> None:
    texts = [
        cells(PRIMARY, "A"),
        cells(PRIMARY, "B", equipment_10k="17"),
        cells(PRIMARY, "C", multimedia_rooms=""),
        cells(PRIMARY, "D", kind="nine_year", pupils_junior="50"),
        cells(JUNIOR, "E", kind="twelve_year", pupils_primary="77", pupils_senior="20"),
        cells(JUNIOR, "F", oversize_classes_junior="1", largest_class_junior="60"),
    ]

    def outcomes(rows: list[dict[str, str]]) -> dict[str, tuple[str, str | None]]:
        found = domain_findings(RULES, schools(*rows), entries(*all_met()), sampled_in_monitoring=True)
        return {f.code: (f.outcome.value, f.actual) for top in found for f in top.walk()}

    assert outcomes([texts[i] for i in order]) == outcomes(texts)


# --- whole dossiers ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parts() -> tuple[bytes, bytes]:
    written = write_dossier(demonstration(20261123, 40, 800))
    return written.public, written.auditor


@pytest.fixture(scope="module")
def dossier(parts: tuple[bytes, bytes]) -> Dossier:
    return read_dossier(parts[0])


def test_the_verdict_follows_its_schema(dossier: Dossier) -> None:
    schema = json.loads(verdict_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(verdict_bytes(decide(dossier)))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["scoring_version"] == SCORING_VERSION
    assert document["rule_set"] == {"id": dossier.rule_set.id, "sha256": dossier.rule_set.sha256}
    assert document["dossier_sha256"] == dossier.manifest_sha256
    assert document["demo"] is True
    assert "国家" in document["notice"]["zh"]


@pytest.mark.parametrize("key", ["tree", "outcome", "recognition", "demo"])
def test_the_schema_refuses_a_verdict_without(dossier: Dossier, key: str) -> None:
    document = json.loads(verdict_bytes(decide(dossier)))
    del document[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(verdict_schema())).validate(document)


def test_bytes_are_canonical_and_repeat(parts: tuple[bytes, bytes]) -> None:
    for part in parts:
        data = verdict_bytes(decide(read_dossier(part)))
        assert data == verdict_bytes(decide(read_dossier(part)))
        document = json.loads(data)
        again = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
        assert data == again.encode()
        assert all(isinstance(n, int) for n in _numbers(document))


def test_both_parts_give_the_same_bytes(parts: tuple[bytes, bytes]) -> None:
    public, auditor = (verdict_bytes(decide(read_dossier(part))) for part in parts)
    assert public == auditor


def _numbers(value: object) -> Iterator[int | float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value


def test_every_node_follows_from_its_children_by_its_combinator(dossier: Dossier) -> None:
    tree = decide(dossier).tree
    assert [child.code for child in tree.children] == ["0", "1", "2", "3", "4", "5"]
    for node in tree.walk():
        children = [child for child in node.children if child.combinator is not Combinator.INFORMATIONAL]
        outcomes = [child.outcome for child in children]
        if (node.combinator is Combinator.ALL and children) or node.combinator is Combinator.NONE_PRESENT:
            assert node.outcome is combine_all(outcomes), node.code
        elif node.combinator is Combinator.SIX_OF_SEVEN_WITH_FLOOR:
            assert len(children) == 7
            assert node.outcome is six_of_seven_with_floor([_standing(c) for c in children], 6), node.code
        elif node.combinator is Combinator.LEAF:
            assert children == [], node.code


def _standing(leaf: Finding) -> Standing:
    by_reason = {"standard_met": 0, "floor_reached": 1, "below_floor": 2, "figure_unknown": 3}
    return Standing(by_reason[leaf.reasons[0].code])


def test_every_finding_that_decides_says_why_in_whole_sentences(dossier: Dossier) -> None:
    codes = set()
    for node in decide(dossier).tree.walk():
        assert node.code not in codes, f"{node.code} occurs twice"
        codes.add(node.code)
        assert node.title_zh
        assert node.title_en
        if node.combinator is not Combinator.INFORMATIONAL and not node.code.startswith("1.cv/"):
            assert node.reasons, node.code
        for reason in node.reasons:
            assert reason.zh.endswith("。"), reason
            assert reason.en.endswith("."), reason
            assert "None" not in reason.zh + reason.en, reason
            assert "Fraction" not in reason.zh + reason.en, reason
    assert {f"1.cv/{s}/1.{n}" for s in ("primary", "junior") for n in range(1, 8)} <= codes
    assert {i.code for i in RULES.indicators if i.domain != "1"} <= codes


def test_informational_nodes_never_propagate(dossier: Dossier) -> None:
    tree = decide(dossier).tree
    informational = [node for node in tree.walk() if node.combinator is Combinator.INFORMATIONAL]
    assert {"1.cv/primary/composite", "1.cv/primary/1.1/unweighted", "1.cv/junior/1.4/mean"} <= {
        node.code for node in informational
    }
    assert any(node.code.startswith("2.5/") for node in informational)


def test_the_whole_tree_is_there_even_under_a_veto(dossier: Dossier) -> None:
    plain = decide(dossier)
    vetoed = decide(replace(dossier, vetoes=vetoes(("5.6", "confirmed", "province"))))
    assert vetoed.outcome is CountyOutcome.VETOED
    assert {node.code for node in vetoed.tree.walk()} == {node.code for node in plain.tree.walk()}


def test_a_finding_is_found_by_its_code(dossier: Dossier) -> None:
    verdict = decide(dossier)
    assert verdict.finding("1.cv/primary/1.4").title_zh == "生均教学及辅助用房面积:差异系数"
    assert verdict.finding("county") is verdict.tree
    with pytest.raises(KeyError):
        verdict.finding("6")


def test_a_verdict_names_the_manifest_it_was_made_from(parts: tuple[bytes, bytes], dossier: Dossier) -> None:
    verdict = decide(dossier)
    assert len(verdict.dossier_sha256) == len(hashlib.sha256(b"").hexdigest())
    assert verdict.dossier_sha256 == read_dossier(parts[1]).manifest_sha256
    assert (verdict.county_code, verdict.year, verdict.purpose) == (
        dossier.manifest.county_code,
        dossier.manifest.year,
        dossier.manifest.purpose,
    )
