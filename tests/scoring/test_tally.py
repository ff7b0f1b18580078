"""Responses → counts: every answer counted once, where it belongs."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import code_cells as code_cells_module
from scoring.questionnaire import GROUPS, Form, Group, QuestionnaireSet
from scoring.responses import ResponseRecord, records_of, response_table
from scoring.tally import FlagCount, Tally, tally
from tests.scoring.surveys import FORM_OF, FORMS, records, renumbered, table

RECORDS = st.builds(
    lambda group, first, turned, overall, flags, voided: ResponseRecord(
        "", group, "", FORM_OF[group], first + turned + overall, flags, voided
    ),
    st.sampled_from(GROUPS),
    st.sampled_from("012345-"),
    st.sampled_from("012345-"),
    st.sampled_from("012345"),
    st.sampled_from([(), ("too_fast",), ("contradiction", "too_fast")]),
    st.booleans(),
)


def counted(rows: list[ResponseRecord]) -> Tally:
    return tally(table(rows), FORMS)


@pytest.mark.parametrize(
    ("answers", "satisfied"),
    [
        # q01, q02 reversed, q03 overall; the mean mirrors q02: 6 − x.
        pytest.param("444", False, id="(4 + 2 + 4)/3 = 3.33"),
        pytest.param("424", True, id="(4 + 4 + 4)/3 = 4: equality counts"),
        pytest.param("524", True, id="(5 + 4 + 4)/3 = 4.33"),
        pytest.param("434", False, id="(4 + 3 + 4)/3 = 3.67"),
        pytest.param("415", True, id="(4 + 5 + 5)/3 = 4.67"),
        pytest.param("5-3", True, id="(5 + 3)/2 = 4: a blank is left out"),
        pytest.param("4-3", False, id="(4 + 3)/2 = 3.5"),
        pytest.param("503", True, id="(5 + 3)/2 = 4: 不了解 is left out"),
        pytest.param("--4", True, id="the overall item alone"),
        pytest.param("510", False, id="overall 不了解 satisfies no rule"),
        pytest.param("--0", False, id="nothing on the scale"),
        pytest.param("000", False, id="不了解 throughout"),
    ],
)
def test_satisfied_by_the_mean(answers: str, satisfied: bool) -> None:
    result = counted(records((Group.PARENT, 1, answers)))
    assert result.everyone.mean_satisfied == int(satisfied)


def test_codes_blanks_and_groups() -> None:
    result = counted(records((Group.PARENT, 2, "5-4"), (Group.PARENT, 1, "010"), (Group.PUBLIC, 3, "333")))
    parents = next(g for g in result.groups if g.group is Group.PARENT)
    assert (parents.valid, parents.form) == (3, Form.PARENT)
    assert [(i.item, i.by_code, i.blank) for i in parents.items] == [
        ("q01", (2, 0, 0, 0, 0, 1), 0),
        ("q02", (0, 0, 0, 0, 1, 0), 2),
        ("q03", (0, 2, 0, 0, 0, 1), 0),
    ]
    assert result.everyone.overall == (0, 2, 3, 0, 0, 1)
    assert [(g.group.value, g.valid) for g in result.groups if g.valid] == [("parent", 3), ("public", 3)]


def test_voided_responses_are_counted_apart_and_nowhere_else() -> None:
    rows = records((Group.TEACHER, 2, "515")) + records((Group.TEACHER, 3, "111"), voided=True, flags=("too_fast",))
    result = counted(rows)
    teachers = next(g for g in result.groups if g.group is Group.TEACHER)
    assert (teachers.valid, teachers.voided) == (2, 3)
    assert result.everyone.overall == (2, 0, 0, 0, 0, 0)
    assert result.flags == ()


def test_flagged_responses_stay_valid() -> None:
    rows = [
        *records((Group.PARENT, 4, "515")),
        *records((Group.PARENT, 2, "151"), flags=("too_fast",)),
        *records((Group.STUDENT, 1, "515"), flags=("burst", "too_fast")),
    ]
    result = counted(rows)
    assert (result.everyone.valid, result.unflagged.valid) == (7, 4)
    assert result.everyone.overall == (5, 0, 0, 0, 2, 0)
    assert result.unflagged.overall == (4, 0, 0, 0, 0, 0)
    assert result.flags == (FlagCount("burst", 1), FlagCount("too_fast", 3))


@given(st.lists(RECORDS, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(rows: list[ResponseRecord], chance: random.Random) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert counted(rows) == counted(shuffled)


@given(st.lists(RECORDS, max_size=40))
def test_it_agrees_with_counting_one_by_one(rows: list[ResponseRecord]) -> None:
    result = counted(rows)
    valid = [r for r in rows if not r.voided]
    assert result.everyone.valid == len(valid)
    assert result.unflagged.valid == sum(not r.flags for r in valid)
    for group in result.groups:
        mine = [r for r in valid if r.group is group.group]
        assert group.voided == sum(r.voided and r.group is group.group for r in rows)
        for n, item in enumerate(group.items):
            assert item.by_code == tuple(sum(r.answers[n] == code for r in mine) for code in "543210")
            assert item.blank == sum(r.answers[n] == "-" for r in mine)


@given(st.lists(RECORDS, max_size=40))
def test_a_table_keeps_its_responses(rows: list[ResponseRecord]) -> None:
    numbered = renumbered(rows)
    assert sorted(records_of(response_table(numbered, FORMS)), key=lambda r: r.response_id) == numbered


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = records((Group.PARENT, 50, "515"), (Group.PUBLIC, 30, "333"), (Group.STUDENT, 7, "0-2"))
    whole = counted(rows)
    monkeypatch.setattr(code_cells_module, "_CHUNK", 3)
    assert counted(rows) == whole


def test_a_form_without_questionnaire_is_refused() -> None:
    rows = table(records((Group.PARENT, 1, "515")))
    without = QuestionnaireSet(tuple(q for q in FORMS.questionnaires if q.form is not Form.PARENT))
    with pytest.raises(KeyError):
        tally(rows, without)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"form": Form.SOCIAL}, "does not serve", id="another group's form"),
        pytest.param({"answers": "55"}, "do not fit", id="too few answers"),
        pytest.param({"answers": "5155"}, "do not fit", id="too many answers"),
        pytest.param({"answers": "516"}, "do not fit", id="no such code"),
        pytest.param({"answers": "55-"}, "do not fit", id="overall item blank"),
        pytest.param({"response_id": "abc"}, "hexadecimal", id="short id"),
        pytest.param({"response_id": "G" * 32}, "hexadecimal", id="id of other characters"),
        pytest.param({"flags": ("Too fast",)}, "flag code", id="flag with a blank"),
        pytest.param({"flags": ("a;b",)}, "flag code", id="flag with a separator"),
    ],
)
def test_records_that_cannot_be_are_refused(change: dict[str, object], message: str) -> None:
    record = records((Group.PARENT, 1, "515"))[0]
    with pytest.raises(ValueError, match=message):
        response_table([replace(record, **change)], FORMS)  # type: ignore[arg-type]


def test_ids_must_differ() -> None:
    record = records((Group.PARENT, 1, "515"))[0]
    with pytest.raises(ValueError, match="twice"):
        response_table([record, record], FORMS)


def test_codes_are_small() -> None:
    block = table(records((Group.PARENT, 3, "515"))).forms[1]
    assert (block.answers.dtype, block.groups.dtype) == (np.int8, np.int8)
