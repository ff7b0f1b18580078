"""The pass over the codes: every response in one cell, whatever its form, order in memory or chunk."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import code_cells as module
from scoring.cluster_cells import survey_cells, survey_cells_of
from scoring.code_cells import CodeCells, code_cells
from scoring.questionnaire import GROUPS, Form, QuestionnaireSet
from scoring.responses import ID_BYTES, FormResponses, ResponseTable, records_of
from scoring.ruleset import DontKnowRule, SatisfiedRule
from scoring.tally import tally, tally_of
from tests.scoring.surveys import FORMS, PARAMETERS

FLAGS = ("burst", "too_fast")


def random_table(seed: int, n_rows: int, n_clusters: int, order: str, forms: QuestionnaireSet = FORMS) -> ResponseTable:
    """Return a table with every code, flag and mark in it; rows in no order."""
    rng = np.random.default_rng(seed)
    blocks = []
    for form in forms.questionnaires:
        n = int(rng.integers(n_rows // 2, n_rows + 1))
        answers = rng.integers(-1, 6, size=(n, len(form.items)), dtype=np.int8)
        answers[:, form.overall_index] = rng.integers(0, 6, size=n)
        blocks.append(
            FormResponses(
                form=form.form,
                response_ids=np.frombuffer(rng.bytes(n * ID_BYTES), dtype=f"V{ID_BYTES}"),
                groups=np.array([GROUPS.index(g) for g in form.groups], dtype=np.int8)[
                    rng.integers(0, len(form.groups), n)
                ],
                clusters=rng.integers(0, n_clusters, n).astype(np.int32),
                answers=np.asarray(answers, order=order),  # type: ignore[call-overload]
                flags=rng.integers(0, 4, n).astype(np.uint32),
                voided=rng.random(n) < 0.1,
            )
        )
    return ResponseTable(("", *(f"学校{i}" for i in range(1, n_clusters))), FLAGS, tuple(blocks))


def one_by_one(table: ResponseTable) -> Counter[tuple[object, ...]]:
    """Count responses with nothing but a loop and whole numbers; written from the rule, not from the code."""
    found: Counter[tuple[object, ...]] = Counter()
    for row in records_of(table):
        if row.voided:
            found["voided", row.form, row.group] += 1
            continue
        form = FORMS.for_form(row.form)
        assert form is not None
        scores = []
        for item, answer in zip(form.items, row.answers, strict=True):
            found["answer", row.form, row.cluster, row.group, item.code, answer] += 1
            if answer in "12345":
                scores.append(6 - int(answer) if item.reversed else int(answer))
        overall = row.answers[form.overall_index]
        content = overall != "0" and Fraction(sum(scores), len(scores)) >= 4
        found["response", row.form, row.cluster, row.group, content, bool(row.flags), overall] += 1
        found.update(("flag", flag) for flag in row.flags)
    return found


def counted(cells: CodeCells) -> Counter[tuple[object, ...]]:
    """Return the cells under the same keys."""
    found: Counter[tuple[object, ...]] = Counter()
    for block in cells.forms:
        form = FORMS.for_form(block.form)
        assert form is not None
        for (i, c, g, code), n in np.ndenumerate(block.by_code):
            key = ("answer", block.form, cells.clusters[c], block.groups[g], form.items[i].code, "-012345"[code])
            found[key] += int(n)
        for (c, g, content, flagged, code), n in np.ndenumerate(block.marked):
            where = (block.form, cells.clusters[c], block.groups[g])
            found["response", *where, bool(content), bool(flagged), "-012345"[code]] += int(n)
        for group, n in zip(block.groups, block.voided.tolist(), strict=True):
            found["voided", block.form, group] += n
    found.update({("flag", code): int(n) for code, n in zip(cells.flag_codes, cells.flags, strict=True)})
    return +found


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 400),
    st.integers(1, 7),
    st.sampled_from(["C", "F"]),
    st.sampled_from([7, 100, 1 << 17]),
)
def test_it_counts_what_a_loop_counts(seed: int, n_rows: int, n_clusters: int, order: str, chunk: int) -> None:
    """Few rows are counted item by item, many two items at a time: 98 rows or more with one cell, 392 with 7."""
    table = random_table(seed, n_rows, n_clusters, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        assert counted(code_cells(table, FORMS)) == one_by_one(table)


@pytest.mark.parametrize("n_items", [2, 3])
def test_two_items_at_a_time_and_the_odd_one_give_the_same_as_one_at_a_time(
    n_items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = QuestionnaireSet(tuple(replace(q, items=q.items[-n_items:]) for q in FORMS.questionnaires))
    table = random_table(5, 3000, 3, "F", forms)
    together = code_cells(table, forms)
    monkeypatch.setattr(module, "_LARGEST_TABLE", 0)
    alone = code_cells(table, forms)
    for a, b in zip(together.forms, alone.forms, strict=True):
        assert np.array_equal(a.by_code, b.by_code)
        assert np.array_equal(a.marked, b.marked)


@pytest.mark.parametrize("rule", list(SatisfiedRule))
@pytest.mark.parametrize("dont_know", list(DontKnowRule))
def test_one_pass_serves_the_tally_and_the_clusters(rule: SatisfiedRule, dont_know: DontKnowRule) -> None:
    table = random_table(11, 900, 6, "F")
    parameters = replace(PARAMETERS, satisfied_rule=rule, dont_know_rule=dont_know)
    once = code_cells(table, FORMS)
    assert tally_of(once, FORMS) == tally(table, FORMS)
    localities = {"学校1": "town"}
    mine = survey_cells_of(once, FORMS, localities, {}, parameters)
    theirs = survey_cells(table, FORMS, localities, {}, parameters)
    for name in ("valid", "base", "satisfied", "stratum"):
        assert np.array_equal(getattr(mine, name), getattr(theirs, name)), name
    satisfied = {"overall_item": "45", "basic_counts": "345", "mean_ge_4": "12345"}[rule.value]
    naive = one_by_one(table)
    expected = sum(
        n
        for (kind, *key), n in naive.items()
        if kind == "response" and key[5] in satisfied and (rule is not SatisfiedRule.MEAN_GE_4 or key[3])
    )
    in_base = sum(
        n for (kind, *key), n in naive.items() if kind == "response" and (key[5] != "0" or "valid" in dont_know.value)
    )
    assert (int(mine.satisfied.sum()), int(mine.base.sum())) == (expected, in_base)


def test_an_empty_survey_has_empty_cells() -> None:
    table = random_table(1, 0, 1, "C")
    assert table.n_responses == 0
    assert counted(code_cells(table, FORMS)) == Counter()


def test_what_no_form_or_cluster_stands_for_is_refused() -> None:
    table = random_table(2, 50, 3, "C")
    student = next(b for b in table.forms if b.form is Form.STUDENT)
    parents = replace(student, groups=np.full_like(student.groups, GROUPS.index("parent")))
    with pytest.raises(ValueError, match="does not serve"):
        code_cells(replace(table, forms=(parents,)), FORMS)
    nowhere = replace(student, clusters=np.full_like(student.clusters, 3))
    with pytest.raises(ValueError, match="cluster"):
        code_cells(replace(table, forms=(nowhere,)), FORMS)
    without = QuestionnaireSet(tuple(q for q in FORMS.questionnaires if q.form is not Form.STUDENT))
    with pytest.raises(KeyError):
        code_cells(table, without)
