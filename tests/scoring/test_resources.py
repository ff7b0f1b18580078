"""The seven indicators of a row, and the rule over them: both sides of every boundary."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.figures import shown
from scoring.findings import Combinator, Finding, InputRef, Outcome, Reason, leaf_finding
from scoring.resource_rule import Standing, six_of_seven_with_floor, standards_of
from scoring.resources import evaluate_row, resource_finding
from scoring.ruleset import Stage
from scoring.schools import SchoolKind, StageRow, stage_rows
from tests.scoring.builders import JUNIOR, PRIMARY, RULES, cells, lone_stage_row, schools

MET, NOT, OPEN = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED


def _leaf(finding: Finding, code: str) -> Finding:
    return next(child for child in finding.children if child.code.endswith(f"/{code}"))


@pytest.mark.parametrize(
    ("base", "changed", "code", "outcome"),
    [
        # 小学; 100 pupils unless said. Both sides of each standard, one unit of the figure apart.
        (PRIMARY, {"pupils_primary": "500", "classes_primary": "12", "teachers_degree_primary": "21"}, "1.1", MET),
        (PRIMARY, {"pupils_primary": "500", "classes_primary": "12", "teachers_degree_primary": "20"}, "1.1", NOT),
        (PRIMARY, {"teachers_backbone_primary": "1"}, "1.2", MET),
        (PRIMARY, {"pupils_primary": "101"}, "1.2", NOT),
        (PRIMARY, {"pupils_primary": "111"}, "1.3", MET),  # 100/111 = 0.9009
        (PRIMARY, {"pupils_primary": "112"}, "1.3", NOT),  # 100/112 = 0.8929
        (PRIMARY, {"area_teaching": "500", "area_indoor_sports": "50"}, "1.4", MET),  # 4.50
        (PRIMARY, {"area_teaching": "500", "area_indoor_sports": "50.01"}, "1.4", NOT),
        (PRIMARY, {"area_sports_ground": "700", "area_indoor_sports": "50"}, "1.5", MET),  # 7.50
        (PRIMARY, {"area_sports_ground": "699.99"}, "1.5", NOT),
        (PRIMARY, {"equipment_10k": "20"}, "1.6", MET),  # 2000 yuan
        (PRIMARY, {"equipment_10k": "19.999999"}, "1.6", NOT),
        (PRIMARY, {"pupils_primary": "130", "multimedia_rooms": "3"}, "1.7", MET),  # 2.3077
        (PRIMARY, {"pupils_primary": "131", "multimedia_rooms": "3"}, "1.7", NOT),  # 2.2901
        (JUNIOR, {"pupils_junior": "1000", "classes_junior": "20", "teachers_degree_junior": "53"}, "1.1", MET),
        (JUNIOR, {"pupils_junior": "1000", "classes_junior": "20", "teachers_degree_junior": "52"}, "1.1", NOT),
        (JUNIOR, {"area_teaching": "630"}, "1.4", MET),
        (JUNIOR, {"area_teaching": "629.99"}, "1.4", NOT),
        (JUNIOR, {"area_sports_ground": "970"}, "1.5", MET),
        (JUNIOR, {"area_sports_ground": "969.99"}, "1.5", NOT),
        (JUNIOR, {"equipment_10k": "25"}, "1.6", MET),
        (JUNIOR, {"equipment_10k": "24.9999"}, "1.6", NOT),
        (JUNIOR, {"pupils_junior": "125", "classes_junior": "3"}, "1.7", MET),  # 2.4
        (JUNIOR, {"pupils_junior": "126", "classes_junior": "3"}, "1.7", NOT),
    ],
)
def test_each_standard_includes_equality(
    base: dict[str, str], changed: dict[str, str], code: str, outcome: Outcome
) -> None:
    changed = {"largest_class_primary": "", "largest_class_junior": "", **changed}
    finding = evaluate_row(lone_stage_row(base, **changed), RULES)
    assert _leaf(finding, code).outcome is outcome


@pytest.mark.parametrize(
    ("changed", "outcome", "reason"),
    [
        pytest.param({}, MET, "all_standards_met", id="seven of seven"),
        # 1.6: standard 2000, floor 1700 yuan per pupil; 100 pupils.
        pytest.param({"equipment_10k": "17"}, MET, "enough_standards_met", id="six, the last at 85 %"),
        pytest.param({"equipment_10k": "16.98"}, NOT, "indicator_below_floor", id="six, the last at 84.9 %"),
        pytest.param({"equipment_10k": "16.9999"}, NOT, "indicator_below_floor", id="six, the last just below 85 %"),
        # 1.4 at 4.49 and 1.6 at 1999: both nearly there, but only five meet.
        pytest.param(
            {"area_teaching": "499", "equipment_10k": "19.99"}, NOT, "too_few_standards_met", id="five, both near"
        ),
        pytest.param({"equipment_10k": ""}, OPEN, "unknown_could_decide", id="six and an unknown"),
        pytest.param(
            {"equipment_10k": "", "area_teaching": "499"},
            OPEN,
            "unknown_could_decide",
            id="five, one at floor, unknown",
        ),
        pytest.param(
            {"equipment_10k": "", "area_teaching": "300"},
            NOT,
            "indicator_below_floor",
            id="unknown, but another below the floor",
        ),
        pytest.param(
            {"equipment_10k": "", "area_teaching": "499", "area_sports_ground": "699"},
            NOT,
            "too_few_standards_met",
            id="unknown, but two others miss",
        ),
        pytest.param(
            {"equipment_10k": "", "multimedia_rooms": ""}, OPEN, "unknown_could_decide", id="five and two unknown"
        ),
        pytest.param({"pupils_primary": ""}, OPEN, "pupils_unknown", id="pupils unknown"),
        pytest.param(
            {"pupils_primary": "", "equipment_10k": "0"}, OPEN, "pupils_unknown", id="pupils unknown, none of one"
        ),
    ],
)
def test_six_of_seven_and_the_last_at_85_percent(changed: dict[str, str], outcome: Outcome, reason: str) -> None:
    finding = evaluate_row(lone_stage_row(PRIMARY, **changed), RULES)
    assert finding.outcome is outcome
    assert [r.code for r in finding.reasons] == [reason]
    assert finding.combinator is Combinator.SIX_OF_SEVEN_WITH_FLOOR


def test_an_unknown_leaves_a_row_open_exactly_where_it_could_change_it() -> None:
    # Brute force from the rule's own words: an unknown row is open iff some completion passes and some fails.
    known = (Standing.MEETS, Standing.REACHES_FLOOR, Standing.BELOW_FLOOR)

    def passes(standings: tuple[Standing, ...]) -> bool:
        met = sum(s is Standing.MEETS for s in standings)
        return met >= 6 and all(s is not Standing.BELOW_FLOOR for s in standings)

    def completions(standings: tuple[Standing, ...]) -> list[tuple[Standing, ...]]:
        if Standing.UNKNOWN not in standings:
            return [standings]
        at = standings.index(Standing.UNKNOWN)
        return [c for k in known for c in completions((*standings[:at], k, *standings[at + 1 :]))]

    for n_met in range(8):
        for n_floor in range(8 - n_met):
            for n_below in range(8 - n_met - n_floor):
                n_unknown = 7 - n_met - n_floor - n_below
                standings = (
                    *([Standing.MEETS] * n_met),
                    *([Standing.REACHES_FLOOR] * n_floor),
                    *([Standing.BELOW_FLOOR] * n_below),
                    *([Standing.UNKNOWN] * n_unknown),
                )
                results = {passes(c) for c in completions(standings)}
                expected = OPEN if len(results) == 2 else MET if results == {True} else NOT
                assert six_of_seven_with_floor(standings, 6) is expected, standings


@pytest.mark.parametrize(
    ("pupils", "teachers", "borderline", "outcome"),
    [
        ("1000", "42", False, MET),  # 4.2 exactly: shown as it is
        ("1001", "42", True, NOT),  # 4.1958 is shown as 4.20
        ("999", "42", True, MET),  # 4.2042 is shown as 4.20
        ("1000", "41", False, NOT),  # 4.1
        ("2000", "83", False, NOT),  # 4.15 is shown as 4.15
    ],
)
def test_values_that_rounding_would_hide_are_marked(
    pupils: str, teachers: str, borderline: bool, outcome: Outcome
) -> None:
    row = lone_stage_row(
        PRIMARY,
        pupils_primary=pupils,
        classes_primary="45",
        largest_class_primary="",
        teachers_degree_primary=teachers,
    )
    leaf = _leaf(evaluate_row(row, RULES), "1.1")
    assert (leaf.borderline, leaf.outcome) == (borderline, outcome)


def test_a_leaf_says_required_actual_margin_unit_reason_inputs_and_units() -> None:
    row = lone_stage_row(PRIMARY, pupils_primary="112", largest_class_primary="")
    leaf = _leaf(evaluate_row(row, RULES), "1.3")
    assert leaf.code == "1.schools/S1/primary/1.3"
    # 100 × 1 / 112 = 0.892857142…; 0.892857 − 0.9 = −0.007143
    assert (leaf.required, leaf.actual, leaf.margin, leaf.unit) == ("0.9", "0.892857", "-0.007143", "人/百名学生")
    assert leaf.reasons[0].zh == (
        "第S1学校(小学)每百名学生拥有体育、艺术专任教师数为0.89人/百名学生,未达到标准0.9,但不低于下限0.765。"
    )
    assert leaf.reasons[0].en.startswith("PE and arts teachers per 100 pupils, 第S1学校 (primary): 0.89 per 100 pupils")
    assert {(i.file, i.row, i.column) for i in leaf.inputs} == {
        ("schools.csv", 2, "teachers_pe_arts_primary"),
        ("schools.csv", 2, "pupils_primary"),
    }
    assert leaf.units == RULES.indicator("1.3").units


def test_split_shares_name_the_pupils_of_every_stage_among_their_inputs() -> None:
    row = cells(PRIMARY, kind="nine_year", pupils_junior="50")
    primary = evaluate_row(stage_rows(schools(row), RULES.parameters).rows[0], RULES)
    assert {i.column for i in _leaf(primary, "1.5").inputs} == {
        "area_sports_ground",
        "area_indoor_sports",
        "pupils_primary",
        "pupils_junior",
    }


def test_pass_count_and_floor_are_the_rule_sets() -> None:
    row = lone_stage_row(PRIMARY, equipment_10k="17", area_teaching="499")
    assert evaluate_row(row, RULES).outcome is NOT
    softer = replace(RULES, parameters=replace(RULES.parameters, resource_pass_count=5))
    assert evaluate_row(row, softer).outcome is MET
    stricter = replace(softer, parameters=replace(softer.parameters, resource_floor=Fraction(86, 100)))
    assert evaluate_row(row, stricter).outcome is NOT


def _domain(*rows: dict[str, str]) -> Finding:
    return resource_finding(stage_rows(schools(*rows), RULES.parameters), RULES)


def test_domain_1_needs_every_school_and_says_what_was_left_out() -> None:
    one = _domain(cells(PRIMARY), cells(JUNIOR, "S2"), {"school_code": "X", "school_name": "特校", "kind": "special"})
    assert one.outcome is MET
    assert [child.code for child in one.children] == ["1.schools", "1.cv"]
    reasons = one.children[0].reasons
    assert [r.code for r in reasons] == ["schools_met", "special_out_of_scope"]
    worse = _domain(cells(PRIMARY), cells(PRIMARY, "S2", equipment_10k="16"))
    assert (worse.outcome, worse.children[0].actual, worse.children[0].required) == (NOT, "1", "2")
    open_ = _domain(cells(PRIMARY), cells(PRIMARY, "S2", equipment_10k=""))
    assert open_.outcome is OPEN


def test_no_school_at_all_is_undecided() -> None:
    assert _domain().outcome is OPEN


# --- properties -------------------------------------------------------------------------------------------------

AMOUNTS = st.one_of(st.none(), st.integers(0, 10_000), st.fractions(0, 10_000, max_denominator=100))


@st.composite
def rows(draw: st.DrawFn) -> StageRow:
    template = lone_stage_row(PRIMARY)
    return replace(
        template,
        school_code=f"S{draw(st.integers(0, 10**6))}",
        kind=SchoolKind.PRIMARY,
        stage=draw(st.sampled_from(list(Stage))),
        pupils=draw(st.integers(1, 3000)),
        resources=tuple(draw(st.lists(AMOUNTS, min_size=7, max_size=7))),
    )


@given(rows(), st.integers(1, 50))
def test_scaling_pupils_and_resources_changes_no_ratio(row: StageRow, factor: int) -> None:
    assert row.pupils is not None
    larger = replace(
        row,
        pupils=row.pupils * factor,
        resources=tuple(None if x is None else x * factor for x in row.resources),
    )
    assert evaluate_row(larger, RULES) == evaluate_row(row, RULES)


@given(rows(), st.integers(0, 6), st.fractions(0, 1000, max_denominator=100))
def test_more_of_a_resource_never_turns_met_into_not_met(row: StageRow, i: int, more: Fraction) -> None:
    amount = row.resources[i]
    if amount is None:
        return
    richer = replace(row, resources=(*row.resources[:i], amount + more, *row.resources[i + 1 :]))
    before, after = evaluate_row(row, RULES).outcome, evaluate_row(richer, RULES).outcome
    assert not (before is MET and after is not MET)
    assert not (after is NOT and before is not NOT)


@given(rows())
def test_a_row_agrees_with_plain_fractions(row: StageRow) -> None:
    assert row.pupils is not None
    standards = {
        Stage.PRIMARY: ("4.2", "1", "0.9", "4.5", "7.5", "2000", "2.3"),
        Stage.JUNIOR: ("5.3", "1", "0.9", "5.8", "10.2", "2500", "2.4"),
    }[row.stage]
    for i, child in enumerate(evaluate_row(row, RULES).children):
        amount = row.resources[i]
        if amount is None:
            assert child.outcome is OPEN
        else:
            value = Fraction(amount) * (100 if i in (0, 1, 2, 6) else 1) / row.pupils
            assert child.outcome is (MET if value >= Fraction(standards[i]) else NOT)
            assert child.actual is not None
            assert abs(Fraction(child.actual) - value) <= Fraction(1, 2 * 10**6)


def test_a_leaf_is_a_finding_like_any_other() -> None:
    """It is made in a quicker way; nobody may notice."""
    reason = Reason("standard_met", "达到标准。", "Meets the standard.")
    arguments = ("1.1", "教师", "Teachers", Outcome.MET)
    quick = leaf_finding(*arguments, "4", "5", "1", "人", False, reason, (InputRef("schools.csv", 2),), ("教育局",))
    usual = Finding(
        *arguments, Combinator.LEAF, "4", "5", "1", "人", False, (reason,), (InputRef("schools.csv", 2),), ("教育局",)
    )
    assert type(quick) is Finding
    assert (quick, hash(quick), repr(quick)) == (usual, hash(usual), repr(usual))
    assert replace(quick, actual="6").actual == "6"
    assert pickle.loads(pickle.dumps(quick)) == usual  # noqa: S301 – our own bytes
    with pytest.raises(FrozenInstanceError):
        quick.actual = "6"  # type: ignore[misc]


def test_a_limit_of_more_than_six_places_is_shown_all_the_same() -> None:
    first = RULES.domain("1")[0]
    assert first.thresholds is not None
    odd = replace(first, thresholds=replace(first.thresholds, primary=Fraction(1, 3)))
    rules = replace(RULES, indicators=tuple(odd if i.code == "1.1" else i for i in RULES.indicators))
    standards = standards_of(rules, Stage.PRIMARY)
    assert standards[0].limit_millionths is None
    assert standards[1].limit_millionths is not None
    row = lone_stage_row(PRIMARY)
    leaf = evaluate_row(row, rules).children[0]
    assert row.resources[0] is not None
    assert row.pupils is not None
    value = Fraction(100 * row.resources[0], row.pupils)
    assert (leaf.actual, leaf.margin) == (shown(value), shown(value - Fraction(1, 3)))
