"""Criteria: figures against limits, judgements by level and time, parts, and 3.9 by subject."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scoring.criteria import criterion_finding, domain_finding, entered, parse_criteria, quality_finding
from scoring.findings import Combinator, Finding, Outcome
from scoring.ruleset import MonitoringNotSampled
from tests.scoring.builders import RULES, all_met, entries

MET, NOT, OPEN, NONE = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.NOT_APPLICABLE


def _decide(code: str, *rows: dict[str, str]) -> Finding:
    return criterion_finding(RULES.indicator(code), entries(*({"code": code, **row} for row in rows)), RULES)


@pytest.mark.parametrize(
    ("code", "part", "below", "at"),
    [
        ("2.6", "", "99.99", "100"),
        ("2.7", "", "5999.99", "6000"),
        ("2.8", "", "99.99", "100"),
        ("2.9", "", "99.99", "100"),
        ("2.11", "rotation", "9.99", "10"),
        ("2.11", "backbone", "19.99", "20"),
        ("2.12", "", "99.99", "100"),
        ("2.13", "primary", "99.99", "100"),
        ("2.13", "junior", "94.99", "95"),
        ("2.14", "allotment", "49.99", "50"),
        ("2.15", "migrant", "84.99", "85"),
        ("3.1", "", "94.99", "95"),
        ("3.2", "", "94.99", "95"),
        ("3.4", "", "4.99", "5"),
        ("3.9", "science/level", "2", "3"),
    ],
)
def test_a_lower_limit_includes_equality(code: str, part: str, below: str, at: str) -> None:
    for value, outcome in ((below, NOT), (at, MET)):
        found = _decide(code, {"part": part, "value": value})
        leaf = found if not part else next(c for c in found.children if c.code == f"{code}/{part}")
        assert leaf.outcome is outcome, value
        assert leaf.required is not None
        assert leaf.actual is not None


@pytest.mark.parametrize(
    ("rate", "outcome", "borderline"),
    [("0.149999", MET, True), ("0.15", NOT, False), ("0.150001", NOT, True), ("0.14", MET, False), ("0", MET, False)],
)
def test_the_between_school_rate_is_strictly_below(rate: str, outcome: Outcome, borderline: bool) -> None:
    found = _decide("3.9", {"part": "arts/level", "value": "Ⅲ"}, {"part": "arts/rate", "value": rate})
    assert found.outcome is outcome
    assert [c.code for c in found.children] == ["3.9/arts/level", "3.9/arts/rate"]
    assert found.children[1].borderline is borderline


@pytest.mark.parametrize(
    ("value", "borderline", "margin"),
    [("84.96", True, "-0.04"), ("85", False, "0"), ("85.04", True, "0.04"), ("84.9", False, "-0.1")],
)
def test_per_cents_are_shown_to_one_place_and_marked_within_it(value: str, borderline: bool, margin: str) -> None:
    found = _decide("2.15", {"part": "migrant", "value": value})
    leaf = found.children[1]
    assert (leaf.borderline, leaf.margin, leaf.unit) == (borderline, margin, "%")


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        pytest.param([], OPEN, id="nothing said"),
        pytest.param([("met", "county")], MET, id="county alone"),
        pytest.param([("met", "county"), ("not_met", "county")], NOT, id="later of one level"),
        pytest.param([("not_met", "city"), ("met", "county")], NOT, id="city over a later county"),
        pytest.param([("not_met", "city"), ("met", "province"), ("not_met", "city")], MET, id="province over all"),
        pytest.param([("met", "city"), ("undecided", "city")], OPEN, id="taken back"),
        pytest.param([("not_applicable", "county")], NONE, id="does not apply"),
    ],
)
def test_the_latest_judgement_of_the_highest_level_counts(rows: list[tuple[str, str]], outcome: Outcome) -> None:
    found = _decide("3.6", *({"judgement": judgement, "level": level} for judgement, level in rows))
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        # 3.1: at least 95 %. Rows are (value, judgement, level) in order of time.
        pytest.param([("96", "", "county")], MET, id="figure"),
        pytest.param([("", "met", "province")], OPEN, id="met without a figure"),
        pytest.param([("", "not_met", "city")], NOT, id="not met without a figure"),
        pytest.param([("", "not_applicable", "county")], NONE, id="does not apply"),
        pytest.param([("96", "", "county"), ("", "met", "city")], MET, id="figure confirmed"),
        pytest.param([("96", "", "county"), ("", "not_met", "city")], NOT, id="figure contested by the city"),
        pytest.param([("96", "", "county"), ("", "undecided", "city")], OPEN, id="figure in doubt"),
        pytest.param([("", "not_met", "county"), ("96", "", "city")], MET, id="city's figure over county's doubt"),
        pytest.param([("", "not_met", "city"), ("96", "", "county")], NOT, id="county cannot type over the city"),
        pytest.param([("94", "met", "county")], NOT, id="met cannot lift a figure"),
        pytest.param([("94", "", "county"), ("", "met", "province")], NOT, id="not even from the province"),
        pytest.param([("94", "", "county"), ("96", "", "county")], MET, id="later figure"),
        pytest.param([("96", "", "county"), ("94", "", "city"), ("97", "", "county")], NOT, id="city's figure"),
    ],
)
def test_a_judgement_holds_a_figure_against_the_county_never_for_it(
    rows: list[tuple[str, str, str]], outcome: Outcome
) -> None:
    found = _decide("3.1", *({"value": v, "judgement": j, "level": level} for v, j, level in rows))
    assert found.outcome is outcome


def test_where_figure_and_judgement_differ_the_reason_names_both() -> None:
    contested = _decide("3.1", {"value": "96"}, {"judgement": "not_met", "level": "city"})
    assert contested.reasons[0].zh == "“初中三年巩固率”经市级判定为不达标;填报数值为96%,以判定为准。"
    assert [i.row for i in contested.inputs] == [2, 3]
    lifted = _decide("3.1", {"value": "94"}, {"judgement": "met", "level": "city"})
    assert "94%" in lifted.reasons[0].zh
    assert "市级判定为达标" in lifted.reasons[0].zh
    assert "the figure counts" in lifted.reasons[0].en


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("10", "20", MET),
        ("10", "", OPEN),
        ("9", "", NOT),  # the unknown second part cannot change it
        ("9", "20", NOT),
    ],
)
def test_all_parts_must_hold(first: str, second: str, outcome: Outcome) -> None:
    rows = [{"part": p, "value": v} for p, v in (("rotation", first), ("backbone", second)) if v]
    found = _decide("2.11", *rows)
    assert found.outcome is outcome
    assert found.combinator is Combinator.ALL


def test_a_part_that_is_judged_stands_beside_one_that_is_a_figure() -> None:
    rows = ({"part": "allotment", "value": "60"}, {"part": "rural_tilt", "judgement": "not_met"})
    assert _decide("2.14", *rows[:1]).outcome is OPEN
    assert _decide("2.14", *rows).outcome is NOT


@pytest.mark.parametrize(
    ("sampled", "parameter", "rows", "outcome"),
    [
        (False, "not_applicable", [], NONE),
        (False, "undecided", [], OPEN),
        (True, "not_applicable", [], OPEN),
        (True, "not_applicable", [("pe/level", "3")], OPEN),
        (True, "not_applicable", [("pe/level", "3"), ("pe/rate", "0.1")], MET),
        (True, "not_applicable", [("pe/level", "2")], NOT),
        # A failing result stands, whatever the manifest says of sampling.
        (False, "not_applicable", [("pe/level", "3"), ("pe/rate", "0.2")], NOT),
        (True, "undecided", [("pe/level", "3"), ("pe/rate", "0.1"), ("arts/rate", "0.1")], OPEN),
    ],
)
def test_monitoring_only_by_subjects_sampled(
    sampled: bool, parameter: str, rows: list[tuple[str, str]], outcome: Outcome
) -> None:
    rules = replace(RULES, parameters=replace(RULES.parameters, monitoring_not_sampled=MonitoringNotSampled(parameter)))
    given = entries(*({"code": "3.9", "part": part, "value": value} for part, value in rows))
    found = criterion_finding(rules.indicator("3.9"), given, rules, sampled_in_monitoring=sampled)
    assert found.outcome is outcome
    assert found.reasons[0].zh.endswith("。")


def test_quality_needs_all_nine_and_names_those_not_met() -> None:
    rows = all_met()
    assert quality_finding(entries(*rows), RULES, sampled_in_monitoring=True).outcome is MET
    worse = [*rows, {"code": "3.8", "judgement": "not_met", "level": "city"}]
    found = quality_finding(entries(*worse), RULES, sampled_in_monitoring=True)
    assert (found.outcome, found.actual, found.required) == (NOT, "8", "9")
    assert "不达标:3.8" in found.reasons[0].zh
    unsampled = [row for row in rows if row["code"] != "3.9"]
    found = quality_finding(entries(*unsampled), RULES, sampled_in_monitoring=False)
    assert (found.outcome, found.actual, found.required) == (MET, "8", "8")


def test_a_domain_of_nothing_that_applies_does_not_apply() -> None:
    assert domain_finding("2", "甲", "A", ()).outcome is NONE


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"code": "9.9", "judgement": "met"}, "code"),
        ({"code": "1.1", "judgement": "met"}, "code"),
        ({"code": "4.1", "judgement": "met"}, "code"),
        ({"code": "5.1", "judgement": "met"}, "code"),
        ({"code": "", "judgement": "met"}, "code"),
        ({"code": "2.11", "value": "10"}, "part"),
        ({"code": "2.11", "part": "other", "value": "10"}, "part"),
        ({"code": "3.1", "part": "x", "value": "10"}, "part"),
        ({"code": "3.6", "value": "10"}, "value"),
        ({"code": "3.1", "value": "100.01"}, "value"),
        ({"code": "3.1", "value": "-1"}, "value"),
        ({"code": "3.1", "value": "九十六"}, "value"),
        ({"code": "3.1", "value": "96.0000001"}, "value"),
        ({"code": "3.9", "part": "pe/rate", "value": "12"}, "value"),
        ({"code": "3.9", "part": "pe/level", "value": "Ⅴ"}, "value"),
        ({"code": "3.1", "judgement": "passed"}, "judgement"),
        ({"code": "3.1"}, "judgement"),
        ({"code": "2.7", "value": "1", "judgement": "not_applicable"}, "judgement"),
        ({"code": "3.1", "value": "96", "level": ""}, "level"),
        ({"code": "3.1", "value": "96", "level": "state"}, "level"),
        ({"code": "3.1", "value": "96", "evidence": "甲" * 2001}, "evidence"),
    ],
)
def test_impossible_entries_are_named(row: dict[str, str], column: str) -> None:
    texts = [{"code": "3.6", "judgement": "met", "level": "city"}, {"level": "county", **row}]
    read, defects = parse_criteria(texts, rule_set=RULES, file="criteria.csv")
    assert (column, 3, "criteria.csv") in {(d.column, d.row, d.file) for d in defects}
    assert [r.row for r in read] == [2]


@pytest.mark.parametrize(
    ("code", "part", "text", "value"),
    [
        ("3.1", "", "９６．５", "96.5"),
        ("3.1", "", "96.5%", "96.5"),
        ("3.1", "", "96.5％", "96.5"),
        ("3.9", "arts/level", "Ⅳ", "4"),
        ("3.9", "arts/level", "iii", "3"),
        ("2.8", "", "104.2", "104.2"),
        ("2.4", "", "2", "2"),
    ],
)
def test_values_as_officials_type_them(code: str, part: str, text: str, value: str) -> None:
    (row,) = entries({"code": code, "part": part, "value": text})
    assert row.value is not None
    assert row.value.as_integer_ratio() == entries({"code": "2.7", "value": value})[0].value.as_integer_ratio()  # type: ignore[union-attr]


def test_labels_are_understood_as_codes() -> None:
    (row,) = entries({"code": "3.6", "judgement": "达标", "level": "市级"})
    assert (row.judgement, row.level) == (MET, "city")


def test_entered_keeps_figure_and_judgement_apart() -> None:
    rows = entries({"code": "3.1", "value": "96"}, {"code": "3.1", "judgement": "met", "level": "city"})
    found = entered(rows, "3.1", "")
    assert found.value is rows[0]
    assert found.judgement is rows[1]
    assert entered(rows, "3.2", "").inputs[0].row is None


def test_the_precondition_is_judged() -> None:
    assert _decide("0").outcome is OPEN
    assert _decide("0", {"judgement": "met"}).outcome is MET
