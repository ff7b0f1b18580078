"""Responses by school and group: counted one by one in plain Python beside the arrays."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from scoring.cluster_cells import NO_LOCALITY, SurveyCells, survey_cells
from scoring.questionnaire import GROUPS, Form, Group, QuestionnaireSet
from scoring.responses import ResponseRecord, coarsen_clusters
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule
from tests.scoring.surveys import FORM_OF, FORMS, PARAMETERS, table

LOCALITIES: dict[str, str | None] = {"S1": "urban", "S2": "rural", "S3": None}
CLUSTERS = ("", "S1", "S2", "S3", "office")


def many(n: int, seed: int = 5) -> list[ResponseRecord]:
    """Return n responses of random groups, schools and answers, some voided."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        group = rng.choice(GROUPS)
        answers = rng.choice("012345-") + rng.choice("012345-") + rng.choice("0123455544")
        cluster = rng.choice(CLUSTERS)
        rows.append(ResponseRecord(f"{i:032x}", group, cluster, FORM_OF[group], answers, (), rng.random() < 0.1))
    return rows


def cells_of(rows: list[ResponseRecord], parameters: Parameters = PARAMETERS) -> SurveyCells:
    """Return the cells of some responses."""
    return survey_cells(table(rows), FORMS, LOCALITIES, {"parent": 500, "cppcc": None}, parameters)


def is_satisfied(answers: str, rule: SatisfiedRule) -> bool:
    """Say by the words of the rule whether a questionnaire of three items, the second reversed, is satisfied."""
    overall = answers[2]
    if rule is SatisfiedRule.OVERALL_ITEM:
        return overall in "45"
    if rule is SatisfiedRule.BASIC_COUNTS:
        return overall in "345"
    scores = [int(answers[0])] if answers[0] in "12345" else []
    scores += [6 - int(answers[1])] if answers[1] in "12345" else []
    scores += [int(overall)] if overall in "12345" else []
    return overall != "0" and sum(scores) / len(scores) >= 4


@pytest.mark.parametrize("rule", list(SatisfiedRule))
@pytest.mark.parametrize("dont_know", list(DontKnowRule))
def test_every_cell_is_what_counting_by_hand_gives(rule: SatisfiedRule, dont_know: DontKnowRule) -> None:
    rows = many(3000)
    cells = cells_of(rows, replace(PARAMETERS, satisfied_rule=rule, dont_know_rule=dont_know))
    assert set(cells.clusters) == set(CLUSTERS)
    for c, cluster in enumerate(cells.clusters):
        for g, group in enumerate(GROUPS):
            own = [r for r in rows if (r.cluster, r.group, r.voided) == (cluster, group, False)]
            knowing = [r for r in own if dont_know is DontKnowRule.VALID_NOT_SATISFIED or r.answers[2] != "0"]
            assert cells.valid[c, g] == len(own)
            assert cells.base[c, g] == len(knowing)
            assert cells.satisfied[c, g] == sum(is_satisfied(r.answers, rule) for r in own)


def test_items_are_counted_with_the_reversed_one_mirrored_and_blanks_left_out() -> None:
    rows = many(2000)
    cells = cells_of(rows)
    assert len(cells.items) == 5 * 3
    for item in cells.items:
        place = int(item.item[-1]) - 1
        good = "12" if place == 1 else "45"
        for c, cluster in enumerate(cells.clusters):
            for group in item.groups:
                own = [r.answers[place] for r in rows if (r.cluster, r.group, r.voided) == (cluster, group, False)]
                assert item.answered[c, GROUPS.index(group)] == sum(a != "-" for a in own)
                assert item.positive[c, GROUPS.index(group)] == sum(a in good for a in own)


def test_many_chunks_count_as_one() -> None:
    # 70,000 responses of one group are more than one chunk of 65,536.
    cells = cells_of([ResponseRecord("", Group.PARENT, "S1", Form.PARENT, "525")] * 70_000)
    assert cells.valid.sum() == cells.satisfied.sum() == 70_000


def test_schools_have_their_locality_and_offices_none() -> None:
    cells = cells_of(many(500))
    of = {name: cells.localities[cells.stratum[c]] for c, name in enumerate(cells.clusters)}
    assert of == {"": NO_LOCALITY, "S1": "urban", "S2": "rural", "S3": NO_LOCALITY, "office": NO_LOCALITY}
    assert [name for name, pooled in zip(cells.clusters, cells.pooled, strict=True) if pooled] == [""]


def test_registers_are_by_group() -> None:
    assert cells_of(many(10)).populations == (None, 500, None, None, None, None, None)


def test_coarser_clusters_keep_every_total() -> None:
    rows = many(900)
    fine, coarse = table(rows), coarsen_clusters(table(rows), 10)
    before = survey_cells(fine, FORMS, LOCALITIES, {}, PARAMETERS)
    after = survey_cells(coarse, FORMS, LOCALITIES, {}, PARAMETERS)
    assert before.satisfied.sum(axis=0).tolist() == after.satisfied.sum(axis=0).tolist()
    assert after.valid[0, GROUPS.index(Group.DEPUTY)] == before.valid[:, GROUPS.index(Group.DEPUTY)].sum()


def test_cells_of_the_share_keep_all_responses_in_the_design() -> None:
    parameters = replace(PARAMETERS, dont_know_rule=DontKnowRule.LEAVES_BASE)
    counted = cells_of(many(1000), parameters).recognition()
    assert counted.n.sum() < counted.n_design.sum()
    assert counted.individual.tolist().count(True) == 1


def test_a_form_that_is_not_in_force_is_refused() -> None:
    with pytest.raises(KeyError):
        survey_cells(table(many(50)), QuestionnaireSet(FORMS.questionnaires[:2]), {}, {}, PARAMETERS)
