"""Explanations lead back to the cell, and a difference names what moved a finding."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from scoring.demo import demonstration
from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.findings import Outcome
from scoring.traces import compare, explain
from scoring.verdict import decide


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    return read_dossier(write_dossier(demonstration(1, 60, 3000)).auditor)


def with_school(dossier: Dossier, code: str, **figures: object) -> Dossier:
    schools = tuple(replace(s, **figures) if s.school_code == code else s for s in dossier.schools)  # type: ignore[arg-type]
    return replace(dossier, schools=schools)


def test_an_indicator_is_explained_down_to_file_row_and_column(dossier: Dossier) -> None:
    school = next(s for s in dossier.schools if s.kind == "primary")
    explanation = explain(dossier, decide(dossier), f"1.schools/{school.school_code}/primary/1.5")
    found = {(c.ref.file, c.ref.row, c.ref.column): c.text for c in explanation.cells}
    assert found[("schools.csv", school.row, "pupils_primary")] == str(school.pupils_primary)
    assert Fraction(found[("schools.csv", school.row, "area_sports_ground")]) == school.area_sports_ground
    assert {column for _, _, column in found} == {"area_sports_ground", "area_indoor_sports", "pupils_primary"}


def test_a_criterion_is_explained_by_the_entries_that_count(dossier: Dossier) -> None:
    explanation = explain(dossier, decide(dossier), "2.11")
    assert {c.ref.file for c in explanation.cells} == {"criteria.csv"}
    assert {c.key.subject.split()[0] for c in explanation.cells} == {"2.11/rotation", "2.11/backbone"}


def test_an_unknown_code_is_an_error_not_an_empty_explanation(dossier: Dossier) -> None:
    with pytest.raises(KeyError):
        explain(dossier, decide(dossier), "9.9")


def test_the_same_dossier_differs_in_nothing(dossier: Dossier) -> None:
    verdict = decide(dossier)
    difference = compare(dossier, verdict, dossier, verdict)
    assert (difference.cells, difference.findings) == ((), ())


def test_one_changed_cell_is_named_as_the_cause_of_what_flipped(dossier: Dossier) -> None:
    verdict = decide(dossier)
    failing = next(f for f in verdict.finding("1.schools").children if f.outcome is Outcome.NOT_MET
                   and any(c.code.endswith("/1.5") and c.outcome is Outcome.NOT_MET for c in f.children))
    code = failing.code.split("/")[1]
    better = with_school(dossier, code, area_sports_ground=Fraction(999_999))
    difference = compare(dossier, verdict, better, decide(better))
    assert [(c.key.subject, c.key.column, c.after) for c in difference.cells] == [
        (code, "area_sports_ground", "999999")]
    moved = {f.code: f for f in difference.findings}
    leaf = moved[f"{failing.code}/1.5"]
    assert leaf.flipped
    assert leaf.after is not None
    assert leaf.after.outcome is Outcome.MET
    assert [c.key.column for c in leaf.because] == ["area_sports_ground"]
    assert all(f.because for f in difference.findings)


def test_rows_that_only_moved_are_no_difference(dossier: Dossier) -> None:
    moved = replace(dossier, schools=tuple(replace(s, row=s.row + 7) for s in dossier.schools))
    difference = compare(dossier, decide(dossier), moved, decide(moved))
    assert difference.cells == ()
    assert difference.findings == ()


def test_a_changed_parameter_is_the_cause_where_no_cell_changed(dossier: Dossier) -> None:
    parameters = replace(dossier.rule_set.parameters, recognition_limit=Fraction(99, 100))
    stricter = replace(dossier, rule_set=replace(dossier.rule_set, parameters=parameters))
    difference = compare(dossier, decide(dossier), stricter, decide(stricter))
    assert [c.key.column for c in difference.cells] == ["recognition_limit"]
    recognition = next(f for f in difference.findings if f.code == "4.1")
    assert recognition.flipped
    assert [c.key.column for c in recognition.because] == ["recognition_limit"]
