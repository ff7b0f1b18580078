"""2.3 to 2.5 come from the school file: both sides of each limit, unknowns that matter and that do not."""

from __future__ import annotations

import pytest

from scoring.assurance import assurance_finding, class_size, computed_finding, school_size, special_rooms
from scoring.findings import Finding, Outcome
from tests.scoring.builders import JUNIOR, PRIMARY, RULES, all_met, cells, entries, schools

MET, NOT, OPEN = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED
P = RULES.parameters
LOOSE = {"largest_class_primary": "", "largest_class_junior": "", "oversize_classes_primary": ""}


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        # One music and one art room for every 12 classes begun, each on its own.
        ({"classes_primary": "12", "music_rooms": "1", "art_rooms": "1"}, MET),
        ({"classes_primary": "13", "music_rooms": "1", "art_rooms": "2"}, NOT),
        ({"classes_primary": "13", "music_rooms": "2", "art_rooms": "2"}, MET),
        ({"classes_primary": "24", "music_rooms": "2", "art_rooms": "2"}, MET),
        ({"classes_primary": "25", "music_rooms": "4", "art_rooms": "2"}, NOT),
        ({"classes_primary": "1", "music_rooms": "1", "art_rooms": "0"}, NOT),
        ({"classes_primary": "", "music_rooms": "1", "art_rooms": "1"}, OPEN),
        ({"classes_primary": "12", "music_rooms": "1", "art_rooms": ""}, OPEN),
        ({"classes_primary": "12", "music_rooms": "0", "art_rooms": ""}, NOT),  # art unknown, music short already
        # A nine-year school needs rooms for all its classes; 13 known ones need two of each already.
        ({"kind": "nine_year", "classes_primary": "13", "classes_junior": "", "music_rooms": "1"}, NOT),
        ({"kind": "nine_year", "classes_primary": "6", "classes_junior": "6", "pupils_junior": "9"}, MET),
        ({"kind": "nine_year", "classes_primary": "6", "classes_junior": "7", "pupils_junior": "9"}, NOT),
        ({"kind": "nine_year", "classes_primary": "6", "classes_junior": "", "pupils_junior": "0"}, MET),
        ({"kind": "nine_year", "classes_primary": "6", "classes_junior": ""}, OPEN),
        ({"kind": "teaching_point", "pupils_primary": "49", "music_rooms": "0"}, None),
        ({"kind": "teaching_point", "pupils_primary": "50", "music_rooms": "0"}, NOT),
        ({"kind": "special", "music_rooms": "0"}, None),
    ],
)
def test_music_and_art_rooms(changed: dict[str, str], outcome: Outcome | None) -> None:
    (row,) = schools(cells(PRIMARY, **{**LOOSE, "pupils_primary": "400", **changed}))
    check = special_rooms(row, P)
    assert (check.outcome if check else None) is outcome


@pytest.mark.parametrize(
    ("base", "changed", "outcome"),
    [
        (PRIMARY, {"pupils_primary": "2000"}, MET),
        (PRIMARY, {"pupils_primary": "2001"}, NOT),
        (PRIMARY, {"pupils_primary": ""}, OPEN),
        (JUNIOR, {"pupils_junior": "2000"}, MET),
        (JUNIOR, {"pupils_junior": "2001"}, NOT),
        (PRIMARY, {"kind": "nine_year", "pupils_primary": "1500", "pupils_junior": "1000"}, MET),
        (PRIMARY, {"kind": "nine_year", "pupils_primary": "1500", "pupils_junior": "1001"}, NOT),
        (PRIMARY, {"kind": "nine_year", "pupils_primary": "1500", "pupils_junior": ""}, OPEN),
        (PRIMARY, {"kind": "nine_year", "pupils_primary": "2501", "pupils_junior": ""}, NOT),
        # Only the compulsory part counts.
        (JUNIOR, {"kind": "twelve_year", "pupils_primary": "1500", "pupils_junior": "1000", "pupils_senior": "9"}, MET),
        (JUNIOR, {"kind": "complete_secondary", "pupils_junior": "2000", "pupils_senior": "3000"}, MET),
        (JUNIOR, {"kind": "complete_secondary", "pupils_junior": "2001"}, NOT),
        (PRIMARY, {"kind": "special", "pupils_primary": "9000"}, None),
    ],
)
def test_school_size(base: dict[str, str], changed: dict[str, str], outcome: Outcome | None) -> None:
    wide = {"classes_primary": "60", "classes_junior": "60"} if changed.get("kind") != "primary" else {}
    wide = {name: value for name, value in wide.items() if name in base}
    (row,) = schools(cells(base, **{**LOOSE, **wide, **changed}))
    check = school_size(row, P)
    assert (check.outcome if check else None) is outcome


@pytest.mark.parametrize(
    ("base", "changed", "outcome", "n_over"),
    [
        (PRIMARY, {"oversize_classes_primary": "0", "largest_class_primary": "45"}, MET, 0),
        (PRIMARY, {"oversize_classes_primary": "0", "largest_class_primary": ""}, MET, 0),
        (PRIMARY, {"oversize_classes_primary": "", "largest_class_primary": "45"}, MET, 0),
        (PRIMARY, {"oversize_classes_primary": "", "largest_class_primary": "46"}, NOT, 1),
        (PRIMARY, {"oversize_classes_primary": "2", "largest_class_primary": "46"}, NOT, 2),
        # The largest class contradicts a reported 0: at least one is above.
        (PRIMARY, {"oversize_classes_primary": "0", "largest_class_primary": "46"}, NOT, 1),
        (PRIMARY, {"oversize_classes_primary": "", "largest_class_primary": ""}, OPEN, 0),
        # 100 pupils in 2 classes cannot all sit in classes of 45; in 3 they can.
        (
            PRIMARY,
            {"classes_primary": "2", "oversize_classes_primary": "", "largest_class_primary": ""},
            NOT,
            1,
        ),
        (
            PRIMARY,
            {
                "pupils_primary": "45",
                "classes_primary": "",
                "oversize_classes_primary": "",
                "largest_class_primary": "",
            },
            MET,
            0,
        ),
        (
            PRIMARY,
            {
                "pupils_primary": "46",
                "classes_primary": "",
                "oversize_classes_primary": "",
                "largest_class_primary": "",
            },
            OPEN,
            0,
        ),
        (JUNIOR, {"largest_class_junior": "50"}, MET, 0),
        (JUNIOR, {"largest_class_junior": "51"}, NOT, 1),
        (PRIMARY, {"kind": "teaching_point", "pupils_primary": "49", "classes_primary": "1"}, NOT, 1),
        (PRIMARY, {"kind": "vocational"}, None, 0),
    ],
)
def test_class_size(base: dict[str, str], changed: dict[str, str], outcome: Outcome | None, n_over: int) -> None:
    largest = {"largest_class_primary": ""} if changed.get("pupils_primary") else {}
    (row,) = schools(cells(base, **{**largest, **changed}))
    check = class_size(row, P)
    assert (check.outcome if check else None) is outcome
    assert (check.n_over if check else 0) == n_over


def test_each_stage_of_a_school_has_its_own_limit() -> None:
    base = {**PRIMARY, "kind": "nine_year", "pupils_junior": "100", "classes_junior": "2", "largest_class_junior": "50"}
    (row,) = schools(cells(base))
    check = class_size(row, P)
    assert check is not None
    assert check.outcome is MET
    (row,) = schools(cells(base, largest_class_primary="50"))
    check = class_size(row, P)
    assert check is not None
    assert check.outcome is NOT


def _computed(code: str, *rows: dict[str, str], typed: tuple[dict[str, str], ...] = ()) -> Finding:
    given = entries(*({"code": code, **row} for row in typed))
    return computed_finding(RULES.indicator(code), schools(*rows), given, RULES)


def test_a_criterion_counts_what_breaks_it_and_lists_only_that() -> None:
    found = _computed(
        "2.5",
        cells(PRIMARY, "A"),
        cells(PRIMARY, "B", oversize_classes_primary="2", largest_class_primary="48"),
        cells(JUNIOR, "C", oversize_classes_junior="1", largest_class_junior="51"),
    )
    assert (found.outcome, found.actual, found.required, found.margin, found.unit) == (NOT, "3", "0", "-3", "个")
    assert [child.code for child in found.children] == ["2.5/B", "2.5/C"]
    assert "第B学校" in found.children[0].reasons[0].zh


@pytest.mark.parametrize(
    ("blank", "outcome"),
    [({}, MET), ({"largest_class_primary": "", "oversize_classes_primary": ""}, OPEN)],
)
def test_an_unknown_school_leaves_it_open_unless_another_breaks_it(blank: dict[str, str], outcome: Outcome) -> None:
    assert _computed("2.5", cells(PRIMARY, "A"), cells(PRIMARY, "B", **blank)).outcome is outcome
    over = cells(PRIMARY, "C", oversize_classes_primary="1", largest_class_primary="46")
    assert _computed("2.5", cells(PRIMARY, "B", **blank), over).outcome is NOT


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ((), ["computed_not_met"]),
        (({"value": "1"},), ["computed_not_met"]),
        (({"value": "0"},), ["computed_not_met", "typed_differs"]),
        (({"judgement": "met", "level": "province"},), ["computed_not_met", "judgement_differs"]),
        (({"judgement": "not_met", "level": "city"},), ["computed_not_met"]),
    ],
)
def test_a_typed_value_that_differs_is_named_and_the_computed_one_counts(
    typed: tuple[dict[str, str], ...], codes: list[str]
) -> None:
    found = _computed(
        "2.4", cells(PRIMARY, **{**LOOSE, "pupils_primary": "2001", "classes_primary": "60"}), typed=typed
    )
    assert found.outcome is NOT
    assert [reason.code for reason in found.reasons] == codes
    if "typed_differs" in codes:
        assert "0" in found.reasons[1].zh
        assert "1" in found.reasons[1].zh


def test_a_typed_value_is_not_contradicted_by_what_is_unknown() -> None:
    blank = cells(PRIMARY, **{**LOOSE, "pupils_primary": ""})
    assert [r.code for r in _computed("2.4", blank, typed=({"value": "1"},)).reasons] == ["computed_undecided"]


def test_without_schools_nothing_is_computed() -> None:
    assert _computed("2.3").outcome is OPEN


def test_only_computed_criteria_are_computed() -> None:
    with pytest.raises(ValueError, match=r"2\.1"):
        computed_finding(RULES.indicator("2.1"), (), (), RULES)


def test_assurance_needs_all_fifteen() -> None:
    county = schools(cells(PRIMARY), cells(JUNIOR, "S2"))
    rows = all_met()
    found = assurance_finding(county, entries(*rows), RULES)
    assert found.outcome is MET
    assert [child.code for child in found.children] == [f"2.{n}" for n in range(1, 16)]
    for row in (r for r in rows if r["code"].startswith("2.")):
        fewer = [r for r in rows if r is not row]
        assert assurance_finding(county, entries(*fewer), RULES).outcome is OPEN, row
