"""Reading a school file and making stage rows: scope, splits, unknowns, and every impossible input named."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.figures import shown
from scoring.ruleset import Stage
from scoring.schools import SCHOOL_COLUMN_NAMES, SCHOOL_COLUMNS, SchoolRow, parse_school_rows, stage_rows
from tests.scoring.builders import JUNIOR, PRIMARY, RULES, cells, schools

PARAMETERS = RULES.parameters
# The columns of schools.csv, typed in again from the description of the dossier.
COLUMNS = [
    "school_code",
    "school_name",
    "kind",
    "sponsor",
    "locality",
    "boarding",
    "pupils_primary",
    "pupils_junior",
    "pupils_senior",
    "classes_primary",
    "classes_junior",
    "largest_class_primary",
    "largest_class_junior",
    "oversize_classes_primary",
    "oversize_classes_junior",
    "teachers_degree_primary",
    "teachers_degree_junior",
    "teachers_backbone_primary",
    "teachers_backbone_junior",
    "teachers_pe_arts_primary",
    "teachers_pe_arts_junior",
    "area_teaching",
    "area_indoor_sports",
    "area_sports_ground",
    "equipment_10k",
    "multimedia_rooms",
    "music_rooms",
    "art_rooms",
]


def test_columns_are_those_of_the_dossier_and_of_the_row() -> None:
    assert list(SCHOOL_COLUMN_NAMES) == COLUMNS
    assert list(SchoolRow.__slots__) == ["row", *COLUMNS]
    assert all(column.zh and column.en for column in SCHOOL_COLUMNS)


# --- splits -----------------------------------------------------------------------------------------------------


def _split(kind: str, **figures: str) -> dict[str, Fraction | int | None]:
    row = {"school_code": "S", "school_name": "S", "kind": kind, **figures}
    return {r.stage.value: r.resources[6] for r in stage_rows(schools(row), PARAMETERS).rows}


def test_nine_year_split_is_that_of_the_published_example() -> None:
    # https://www.dyhzdl.cn/k/doc/da4bfb8403d8ce2f0166234d.html (2015): 166 primary and 210 junior pupils share 23226
    # books; 23226 / (166 + 210 × 1.1 = 397) = 58.5 per primary pupil; primary 58.5 × 166 = 9711, junior 23226 − 9711
    # = 13515 (the example rounds the per-pupil figure first).
    shares = _split("nine_year", pupils_primary="166", pupils_junior="210", multimedia_rooms="23226")
    primary, junior = shares["primary"], shares["junior"]
    assert isinstance(primary, Fraction)
    assert isinstance(junior, Fraction)
    assert primary == Fraction(23226 * 166, 397)
    assert shown(primary / 166, 1) == "58.5"
    assert abs(primary - 9711) < 1
    assert abs(junior - 13515) < 1
    assert primary + junior == 23226


@pytest.mark.parametrize(
    ("kind", "figures", "expected"),
    [
        # 200 + 1.1 × 100 = 310: primary 3100 × 200/310, junior 3100 × 110/310.
        (
            "nine_year",
            {"pupils_primary": "200", "pupils_junior": "100", "multimedia_rooms": "3100"},
            {"primary": 2000, "junior": 1100},
        ),
        # 300 + 1.2 × 250 = 600: junior 1200 × 300/600; the senior half is dropped.
        (
            "complete_secondary",
            {"pupils_junior": "300", "pupils_senior": "250", "multimedia_rooms": "1200"},
            {"junior": 600},
        ),
        # 200 + 1.1 × 100 + 1.32 × 100 = 442: primary 4420 × 200/442, junior 4420 × 110/442.
        (
            "twelve_year",
            {"pupils_primary": "200", "pupils_junior": "100", "pupils_senior": "100", "multimedia_rooms": "4420"},
            {"primary": 2000, "junior": 1100},
        ),
        # No senior pupils this year: all to the junior stage.
        (
            "complete_secondary",
            {"pupils_junior": "300", "pupils_senior": "0", "multimedia_rooms": "12"},
            {"junior": 12},
        ),
        # One stage empty: the other has everything and the empty one is left out.
        ("nine_year", {"pupils_primary": "0", "pupils_junior": "80", "multimedia_rooms": "5"}, {"junior": 5}),
        # A stage not known: no share can be told …
        (
            "nine_year",
            {"pupils_primary": "100", "pupils_junior": "", "multimedia_rooms": "5"},
            {"primary": None, "junior": None},
        ),
        (
            "twelve_year",
            {"pupils_primary": "100", "pupils_junior": "100", "pupils_senior": "", "multimedia_rooms": "5"},
            {"primary": None, "junior": None},
        ),
        # … except of nothing.
        (
            "nine_year",
            {"pupils_primary": "100", "pupils_junior": "", "multimedia_rooms": "0"},
            {"primary": 0, "junior": 0},
        ),
        ("primary", {"pupils_primary": "100", "multimedia_rooms": "5"}, {"primary": 5}),
    ],
)
def test_shared_resources_are_split_by_weighted_pupils(
    kind: str, figures: dict[str, str], expected: dict[str, int | None]
) -> None:
    assert _split(kind, **figures) == expected


def test_only_the_four_shared_resources_are_split_and_units_are_changed() -> None:
    row = cells(
        PRIMARY,
        kind="nine_year",
        pupils_primary="200",
        pupils_junior="100",
        classes_primary="5",
        teachers_degree_primary="9",
        teachers_degree_junior="7",
        teachers_backbone_junior="2",
        teachers_pe_arts_junior="1",
        area_teaching="3150",
        area_indoor_sports="50",
        area_sports_ground="3050",
        equipment_10k="31",
        multimedia_rooms="31",
    )
    primary, junior = stage_rows(schools(row), PARAMETERS).rows
    # Weighted pupils 310; 1.4: 3150 − 50 = 3100; 1.5: 3050 + 50 = 3100; 1.6: 31 万元 = 310000 yuan; 1.7: 31.
    assert primary.resources == (9, 1, 1, 2000, 2000, 200_000, 20)
    assert junior.resources == (7, 2, 1, 1100, 1100, 110_000, 11)
    assert (primary.stage, primary.pupils, junior.stage, junior.pupils) == (Stage.PRIMARY, 200, Stage.JUNIOR, 100)


def test_a_blank_is_never_zero_and_indoor_sports_rooms_matter_to_both_areas() -> None:
    blank = {name: "" for name in PRIMARY if name not in ("kind", "pupils_primary", "area_teaching")}
    (row,) = stage_rows(schools(cells(PRIMARY, **blank)), PARAMETERS).rows
    assert row.resources == (None,) * 7


# --- scope ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "teaching_point", "pupils_primary": "49"}, "small_teaching_point"),
        ({"kind": "teaching_point", "pupils_primary": "50"}, None),
        ({"kind": "teaching_point", "pupils_primary": ""}, None),
        ({"kind": "primary", "pupils_primary": "46"}, None),
        ({"kind": "special"}, "special_out_of_scope"),
        ({"kind": "vocational"}, "vocational_out_of_scope"),
    ],
)
def test_scope_of_the_seven_indicators(changed: dict[str, str], reason: str | None) -> None:
    changed = {"largest_class_primary": "", **changed}
    rows = stage_rows(schools(cells(PRIMARY, **changed)), PARAMETERS)
    assert [left.reason.code for left in rows.left_out] == ([reason] if reason else [])
    assert len(rows.rows) == (0 if reason else 1)


def test_a_stage_without_pupils_is_left_out_and_said() -> None:
    row = {"school_code": "S", "school_name": "某校", "kind": "nine_year", "pupils_primary": "0", "pupils_junior": "9"}
    rows = stage_rows(schools(row), PARAMETERS)
    assert [r.stage for r in rows.rows] == [Stage.JUNIOR]
    (left,) = rows.left_out
    assert (left.stage, left.reason.code, left.row) == (Stage.PRIMARY, "no_pupils", 2)
    assert "某校小学" in left.reason.zh


def test_a_complete_secondary_school_has_one_row() -> None:
    row = {"school_code": "S", "school_name": "S", "kind": "complete_secondary", "pupils_junior": "9"}
    assert [r.stage for r in stage_rows(schools(row), PARAMETERS).rows] == [Stage.JUNIOR]


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"school_code": ""}, "school_code"),
        ({"school_code": "a/b"}, "school_code"),
        ({"school_code": "x" * 33}, "school_code"),
        ({"school_name": "  "}, "school_name"),
        ({"school_name": "甲" * 101}, "school_name"),
        ({"school_name": "甲\x00"}, "school_name"),
        ({"kind": ""}, "kind"),
        ({"kind": "college"}, "kind"),
        ({"sponsor": "10"}, "sponsor"),
        ({"locality": "village"}, "locality"),
        ({"boarding": "1"}, "boarding"),
        ({"pupils_primary": "-1"}, "pupils_primary"),
        ({"pupils_primary": "12.5"}, "pupils_primary"),
        ({"pupils_primary": "一百"}, "pupils_primary"),
        ({"pupils_primary": "1,000"}, "pupils_primary"),
        ({"pupils_primary": "1e3"}, "pupils_primary"),
        ({"pupils_primary": "nan"}, "pupils_primary"),
        ({"pupils_primary": "١٠٠"}, "pupils_primary"),
        ({"pupils_primary": "9" * 13}, "pupils_primary"),
        ({"area_teaching": "500.125"}, "area_teaching"),
        ({"equipment_10k": "-0.5"}, "equipment_10k"),
        ({"area_indoor_sports": "500.01"}, "area_indoor_sports"),
        ({"oversize_classes_primary": "4"}, "oversize_classes_primary"),
        ({"largest_class_primary": "33"}, "largest_class_primary"),
        ({"largest_class_primary": "101"}, "largest_class_primary"),
        ({"classes_primary": "0"}, "classes_primary"),
        ({"classes_primary": "101"}, "classes_primary"),
        ({"pupils_junior": "5"}, "pupils_junior"),
        ({"teachers_degree_junior": "5"}, "teachers_degree_junior"),
        ({"pupils_senior": "5"}, "pupils_senior"),
        ({"pupils_primary": "0", "classes_primary": "0", "largest_class_primary": ""}, "teachers_degree_primary"),
        ({"pupils_primary": "0", "classes_primary": "0", "largest_class_primary": ""}, "area_teaching"),
    ],
)
def test_impossible_input_is_named_with_file_row_and_column(changed: dict[str, str], column: str) -> None:
    rows, defects = parse_school_rows([cells(PRIMARY), cells(PRIMARY, "S2", **changed)], file="a.xlsx[学校]")
    found = {d.column: d for d in defects}
    assert column in found
    assert (found[column].file, found[column].row) == ("a.xlsx[学校]", 3)
    assert "第3行" in found[column].zh
    assert "row 3" in found[column].en
    assert [row.school_code for row in rows] == ["S1"]


@pytest.mark.parametrize(
    "changed",
    [
        {"largest_class_primary": "34"},
        {"oversize_classes_primary": "3"},
        {"area_indoor_sports": "500"},
        {"area_teaching": "500.120"},
        {"pupils_junior": "0"},
        {"pupils_primary": "100.0"},
        {"pupils_primary": " 100\u3000"},
        {"pupils_primary": "１００"},
        {"kind": "小学"},
        {"locality": "乡村", "boarding": "是", "sponsor": "民办"},
        {"music_rooms": "-0"},
    ],
)
def test_what_is_possible_is_accepted(changed: dict[str, str]) -> None:
    (row,) = schools(cells(PRIMARY, **changed))
    assert (row.pupils_primary, row.kind) == (100, "primary")


def test_ten_defects_in_one_file_are_ten_messages() -> None:
    bad = [
        cells(PRIMARY, "S1", pupils_primary="x", art_rooms="-2"),
        cells(PRIMARY, "S2", kind="college", sponsor="?"),
        cells(JUNIOR, "S3", area_teaching="1.234", multimedia_rooms="2.5"),
        cells(JUNIOR, "S4", oversize_classes_junior="9", pupils_primary="3"),
        cells(JUNIOR, "", school_name=""),
        cells(JUNIOR, "S4"),
    ]
    _, defects = parse_school_rows(bad, file="schools.csv")
    assert [(d.row, d.column) for d in defects] == [
        (2, "pupils_primary"),
        (2, "art_rooms"),
        (3, "kind"),
        (3, "sponsor"),
        (4, "area_teaching"),
        (4, "multimedia_rooms"),
        (5, "pupils_primary"),
        (5, "oversize_classes_junior"),
        (6, "school_code"),
        (6, "school_name"),
        (7, "school_code"),
    ]


def test_the_row_of_a_school_is_its_line_in_the_file_even_after_blank_rows() -> None:
    rows, defects = parse_school_rows([{}, {"school_code": " "}, cells(PRIMARY)], file="f", first_row=4)
    assert [row.row for row in rows] == [6]
    assert defects == ()


def test_decimals_are_read_exactly() -> None:
    (row,) = schools(cells(PRIMARY, area_teaching="500.10", equipment_10k="20.000001"))
    assert (row.area_teaching, row.equipment_10k) == (Fraction(5001, 10), Fraction(20_000_001, 10**6))


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=12)))
def test_no_content_makes_the_reader_raise(texts: dict[str, str]) -> None:
    rows, defects = parse_school_rows([texts], file="f")
    filled = any(value.strip() for value in texts.values())
    assert len(rows) + bool(defects) == (1 if filled else 0)
