"""Responses → cell counts: school or office × group × answer, the one pass that intervals and leave-one-out need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.code_cells import SHIFT, CodeCells, FormCells, code_cells
from scoring.linearisation import BoolArray, CellCounts, IntArray
from scoring.questionnaire import DONT_KNOW, GROUPS, Form, Group, QuestionnaireSet
from scoring.responses import POOLED_CLUSTER, ResponseTable
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule

NO_LOCALITY = ""
"""The stratum of offices, and of people whose school is not told."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemCells:
    """One item of one form: who answered it and who positively (5 or 4; the reversed item mirrored), by cell."""

    form: Form
    item: str
    groups: tuple[Group, ...]
    answered: IntArray
    positive: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class SurveyCells:
    """A survey by cluster and group: C clusters (cluster 0 is the pool), seven groups.

    ``stratum`` (C,) points into ``localities``; ``valid``, ``base`` and ``satisfied`` are (C, 7): valid responses,
    those in the base of the rule in force, and the satisfied among them; ``items`` hold (C, 7) arrays too.
    """

    clusters: tuple[str, ...]
    localities: tuple[str, ...]
    stratum: IntArray
    populations: tuple[int | None, ...]
    valid: IntArray
    base: IntArray
    satisfied: IntArray
    items: tuple[ItemCells, ...]

    @property
    def pooled(self) -> BoolArray:
        """Return which cluster is the pool of people whose school or office is not told."""
        return np.array([name == POOLED_CLUSTER for name in self.clusters], dtype=np.bool_)

    def recognition(self) -> CellCounts:
        """Return the cells of the recognition share under the rule in force."""
        return self._cells(self.base, self.satisfied)

    def item(self, item: ItemCells) -> CellCounts:
        """Return the cells of an item's positive share."""
        return self._cells(item.answered, item.positive)

    def _cells(self, n: IntArray, k: IntArray) -> CellCounts:
        return CellCounts(n, k, self.valid, self.stratum, self.pooled, self.populations)


def survey_cells(
    responses: ResponseTable,
    questionnaires: QuestionnaireSet,
    localities: Mapping[str, str | None],
    populations: Mapping[str, int | None],
    parameters: Parameters,
) -> SurveyCells:
    """Count the valid responses of a survey by cluster, group and answer.

    Parameters
    ----------
    responses : ResponseTable
        With the clusters as they left the county.
    questionnaires : QuestionnaireSet
        The forms the responses answer.
    localities : mapping of school code to locality or None
        From the school file. Clusters that are not in it are offices and have no locality.
    populations : mapping of group code to int or None
        Registered members of each group.
    parameters : Parameters
        The rule in force.

    Returns
    -------
    SurveyCells

    Raises
    ------
    KeyError
        If the table holds a form that is not among the questionnaires.

    Notes
    -----
    Source: method §3 (interval: the sampling unit is a school or office across all groups, strata are localities).
    """
    return survey_cells_of(
        code_cells(responses, questionnaires), questionnaires, localities, populations, parameters
    )


def survey_cells_of(
    cells: CodeCells,
    questionnaires: QuestionnaireSet,
    localities: Mapping[str, str | None],
    populations: Mapping[str, int | None],
    parameters: Parameters,
) -> SurveyCells:
    """Return the cells of the rule in force from responses that were counted by cluster.

    Parameters and exceptions are those of ``survey_cells``, with counts in place of responses.
    """
    shape = (len(cells.clusters), len(GROUPS))
    valid, base, satisfied = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    items: list[ItemCells] = []
    for block in cells.forms:
        form = questionnaires.for_form(block.form)
        if form is None:
            raise KeyError(block.form)
        overall = block.by_code[form.overall_index]
        columns = [GROUPS.index(group) for group in block.groups]
        valid[:, columns] += overall.sum(axis=2)
        base[:, columns] += overall.sum(axis=2)
        if parameters.dont_know_rule is DontKnowRule.LEAVES_BASE:
            base[:, columns] -= overall[:, :, DONT_KNOW + SHIFT]
        satisfied[:, columns] += _satisfied(block, overall, parameters)
        answered = block.by_code[:, :, :, SHIFT:].sum(axis=3)
        positive = _answered_with(block.by_code, (5, 4))
        reversed_positive = _answered_with(block.by_code, (2, 1))
        for place, item in enumerate(form.items):
            chosen = reversed_positive if item.reversed else positive
            items.append(
                ItemCells(form.form, item.code, form.groups, *(_spread(c[place], columns) for c in (answered, chosen)))
            )
    of_cluster = [localities.get(name) or NO_LOCALITY for name in cells.clusters]
    names = tuple(sorted(set(of_cluster)))
    return SurveyCells(
        clusters=cells.clusters,
        localities=names,
        stratum=np.array([names.index(locality) for locality in of_cluster], dtype=np.int64),
        populations=tuple(populations.get(group.value) for group in GROUPS),
        valid=valid,
        base=base,
        satisfied=satisfied,
        items=tuple(items),
    )


def _satisfied(block: FormCells, overall: IntArray, parameters: Parameters) -> IntArray:
    if parameters.satisfied_rule is SatisfiedRule.MEAN_GE_4:
        by_mean: IntArray = block.marked[:, :, 1].sum(axis=(2, 3))
        return by_mean
    return _answered_with(overall, (5, 4, 3) if parameters.satisfied_rule is SatisfiedRule.BASIC_COUNTS else (5, 4))


def _answered_with(by_code: IntArray, wanted: tuple[int, ...]) -> IntArray:
    total = np.zeros(by_code.shape[:-1], dtype=np.int64)
    for code in wanted:
        total += by_code[..., code + SHIFT]
    return total


def _spread(counts: IntArray, columns: list[int]) -> IntArray:
    """Put the columns of a form's groups among those of all groups."""
    every = np.zeros((len(counts), len(GROUPS)), dtype=np.int64)
    every[:, columns] = counts
    return every
