"""The rule sets say what the standard says, exactly, and a wrong one is refused with every defect."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

from scoring.errors import RuleSetError
from scoring.ruleset import SHIPPED_RULE_SETS, Comparator, Kind, load_rule_set, parse_rule_set, rule_set_bytes

# Typed in again from annex 1 of 德政办字〔2023〕28号: standard of 1.1 to 1.7 for primary and junior schools.
STANDARDS = {
    "1.1": ("4.2", "5.3"),
    "1.2": ("1", "1"),
    "1.3": ("0.9", "0.9"),
    "1.4": ("4.5", "5.8"),
    "1.5": ("7.5", "10.2"),
    "1.6": ("2000", "2500"),
    "1.7": ("2.3", "2.4"),
}
# Likewise the limits of the numeric criteria (part, comparator, limit).
LIMITS = {
    "2.3": [("", "le", "0")],
    "2.4": [("", "le", "0")],
    "2.5": [("", "le", "0")],
    "2.6": [("", "ge", "100")],
    "2.7": [("", "ge", "6000")],
    "2.8": [("", "ge", "100")],
    "2.9": [("", "ge", "100")],
    "2.11": [("rotation", "ge", "10"), ("backbone", "ge", "20")],
    "2.12": [("", "ge", "100")],
    "2.13": [("primary", "ge", "100"), ("junior", "ge", "95")],
    "2.14": [("allotment", "ge", "50")],
    "2.15": [("migrant", "ge", "85")],
    "3.1": [("", "ge", "95")],
    "3.2": [("", "ge", "95")],
    "3.4": [("", "ge", "5")],
    "3.9": [
        (f"{subject}/{measure}", comparator, limit)
        for subject in ("chinese", "mathematics", "science", "pe", "arts", "moral")
        for measure, comparator, limit in (("level", "ge", "3"), ("rate", "lt", "0.15"))
    ],
}
CODES = [
    *(f"1.{n}" for n in range(1, 8)),
    *(f"2.{n}" for n in range(1, 16)),
    *(f"3.{n}" for n in range(1, 10)),
    "4.1",
    *(f"5.{n}" for n in range(1, 7)),
]


@pytest.mark.parametrize("rule_set_id", SHIPPED_RULE_SETS)
def test_a_shipped_rule_set_has_the_38_indicators_of_annex_1_in_order(rule_set_id: str) -> None:
    rules = load_rule_set(rule_set_id)
    assert [indicator.code for indicator in rules.indicators] == CODES
    assert len(CODES) == 38
    assert rules.id == rule_set_id
    assert rules.sha256 == hashlib.sha256(rule_set_bytes(rule_set_id)).hexdigest()


@pytest.mark.parametrize("rule_set_id", SHIPPED_RULE_SETS)
def test_thresholds_are_those_of_the_standard(rule_set_id: str) -> None:
    rules = load_rule_set(rule_set_id)
    for code, (primary, junior) in STANDARDS.items():
        thresholds = rules.indicator(code).thresholds
        assert thresholds is not None
        assert (thresholds["primary"], thresholds["junior"]) == (Fraction(primary), Fraction(junior)), code
        assert rules.indicator(code).comparator is Comparator.GE
    limits = {
        i.code: [(p.code, str(p.comparator), p.limit) for p in i.parts if p.kind is Kind.NUMERIC]
        for i in rules.indicators
    }
    expected = {code: [(p, c, Fraction(v)) for p, c, v in rows] for code, rows in LIMITS.items()}
    assert {code: rows for code, rows in limits.items() if rows} == expected


@pytest.mark.parametrize("rule_set_id", SHIPPED_RULE_SETS)
def test_parameters_are_the_defaults_of_the_method(rule_set_id: str) -> None:
    p = load_rule_set(rule_set_id).parameters
    assert (p.resource_pass_count, p.resource_floor) == (6, Fraction(85, 100))
    assert (p.cv_limit["primary"], p.cv_limit["junior"]) == (Fraction(1, 2), Fraction(45, 100))
    assert p.cv_weighting == "pupils"
    assert p.recognition_limit == Fraction(85, 100)
    assert (p.satisfied_rule, p.dont_know_rule) == ("overall_item", "valid_not_satisfied")
    assert (p.sample_rate, p.sample_minimum) == (Fraction(15, 10000), 0)
    assert (p.parent_share, p.small_group_return, p.smallest_cell) == (Fraction(1, 2), Fraction(7, 10), 10)
    assert p.special_school_fund == 6000
    assert p.monitoring_not_sampled == "not_applicable"
    assert [p.class_size["primary"], p.class_size["junior"]] == [45, 50]
    assert (p.school_size.single_stage, p.school_size.multi_stage) == (2000, 2500)
    assert (p.classes_per_room, p.teaching_point_minimum, p.basic_balance_years) == (12, 50, 3)
    nine, complete, twelve = p.split_weights.nine_year, p.split_weights.complete_secondary, p.split_weights.twelve_year
    assert [nine.primary, nine.junior, nine.senior] == [1, Fraction(11, 10), 0]
    assert [complete.primary, complete.junior, complete.senior] == [0, 1, Fraction(12, 10)]
    assert [twelve.primary, twelve.junior, twelve.senior] == [1, Fraction(11, 10), Fraction(132, 100)]


@pytest.mark.parametrize("rule_set_id", SHIPPED_RULE_SETS)
def test_every_indicator_has_wording_in_both_languages_units_and_source(rule_set_id: str) -> None:
    rules = load_rule_set(rule_set_id)
    for indicator in (rules.precondition, *rules.indicators):
        for text in (indicator.zh, indicator.short_zh):
            assert any("\u4e00" <= c <= "\u9fff" for c in text), indicator.code
        for text in (indicator.en, indicator.short_en):
            assert not any("\u4e00" <= c <= "\u9fff" for c in text), indicator.code
        assert indicator.units
        assert indicator.source


def test_dezhou_names_the_units_of_annex_1() -> None:
    assert load_rule_set("dezhou-2023").indicator("3.2").units == ("市教育体育局", "市残联", "各县(市、区)")


def test_a_rule_set_that_is_not_shipped_is_no_file_name() -> None:
    with pytest.raises(KeyError):
        rule_set_bytes("../ruleset")


def _defects(text: str) -> set[str | None]:
    with pytest.raises(RuleSetError) as caught:
        parse_rule_set(text.encode())
    assert all(d.zh and d.en and d.file == "rule_set.toml" for d in caught.value.defects)
    return {d.column for d in caught.value.defects}


NATIONAL = rule_set_bytes("national-2017").decode()


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("resource_pass_count = 6", "resource_pass_count = 8", "parameters.resource_pass_count"),
        ("resource_pass_count = 6", "resource_pass_count = true", "parameters.resource_pass_count"),
        ("resource_floor = 0.85", "resource_floor = 85", "parameters.resource_floor"),
        ("resource_floor = 0.85", 'resource_floor = "0.85"', "parameters.resource_floor"),
        ("resource_floor = 0.85\n", "", "parameters.resource_floor"),
        ("resource_floor", "resource_flor", "parameters.resource_flor"),
        ('cv_weighting = "pupils"', 'cv_weighting = "schools"', "parameters.cv_weighting"),
        ("{ primary = 0.50, junior = 0.45 }", "{ primary = 0.50 }", "parameters.cv_limit.junior"),
        ("limit = 5\n", 'limit = "5"\n', "indicators[3.4].limit"),
        ('limit_from = "special_school_fund"', 'limit_from = "sample_rate"', "indicators[2.7].limit_from"),
        ('code = "5.6"', 'code = "5.5"', "indicators"),
        ('code = "1.7"', 'code = "1.8"', "indicators"),
        ('code = "4.1"\nkind = "survey"', 'code = "4.1"\nkind = "veto"', "indicators[4.1].kind"),
        ('format = "rule-set/1"', 'format = "rule-set/9"', "format"),
        ('id = "national-2017"', 'id = "../x"', "id"),
        ('comparator = "lt"', 'comparator = "gt"', "indicators[3.9].parts[rate].comparator"),
        ("nine_year = { primary = 1,", "nine_year = { primary = 0,", "parameters.split_weights.nine_year.primary"),
        ('code = "backbone"', 'code = "rotation"', "indicators[2.11].parts"),
    ],
)
def test_a_changed_rule_set_is_refused_naming_the_key(old: str, new: str, column: str) -> None:
    assert old in NATIONAL
    assert column in _defects(NATIONAL.replace(old, new, 1))


def test_all_defects_are_named_at_once() -> None:
    text = NATIONAL.replace("sample_minimum = 0", "sample_minimum = -1").replace("smallest_cell = 10", "surprise = 1")
    assert _defects(text) == {"parameters.sample_minimum", "parameters.smallest_cell", "parameters.surprise"}


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe", b"a = ", b"a = 1e999999999", b"a = nan", b"x = " + b"[" * 100_000, b"#" * 600_000],
    ids=["not UTF-8", "cut off", "exponent", "nan", "nested", "long"],
)
def test_bytes_that_are_no_rule_set_give_one_defect(data: bytes) -> None:
    with pytest.raises(RuleSetError) as caught:
        parse_rule_set(data)
    assert len(caught.value.defects) == 1


def test_a_province_may_change_a_copy() -> None:
    text = NATIONAL.replace('id = "national-2017"', 'id = "liaoning-2025"').replace(
        "special_school_fund = 6000", "special_school_fund = 8000"
    )
    rules = parse_rule_set(text.encode())
    assert rules.indicator("2.7").parts[0].limit == 8000
    assert rules.sha256 != load_rule_set("national-2017").sha256


@pytest.mark.parametrize(
    ("comparator", "actual", "holds"),
    [
        *[("ge", 1, True), ("ge", 2, True), ("ge", 0, False)],
        *[("le", 1, True), ("le", 2, False), ("le", 0, True)],
        *[("lt", 1, False), ("lt", 0, True), ("lt", 2, False)],
    ],
)
def test_only_lt_excludes_equality(comparator: str, actual: int, holds: bool) -> None:
    assert Comparator(comparator).holds(Fraction(actual), Fraction(1)) is holds
