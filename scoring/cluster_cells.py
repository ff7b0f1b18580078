"""Responses → cell counts: school or office × group × answer, the one pass that intervals and leave-one-out need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring.linearisation import BoolArray, CellCounts, IntArray
from scoring.questionnaire import DONT_KNOW, GROUPS, Form, Group, Questionnaire, QuestionnaireSet
from scoring.responses import POOLED_CLUSTER, FormResponses, ResponseTable
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule
from scoring.tally import mean_satisfied

NO_LOCALITY = ""
"""The stratum of offices, and of people whose school is not told."""

_CHUNK = 1 << 16
_N_CODES = 7
_SHIFT = 1


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
    shape = (len(responses.cluster_names), len(GROUPS))
    valid, base, satisfied = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    items: list[ItemCells] = []
    for block in responses.forms:
        form = questionnaires.for_form(block.form)
        if form is None:
            raise KeyError(block.form)
        codes, by_mean = _count(block, form, shape, parameters.satisfied_rule is SatisfiedRule.MEAN_GE_4)
        overall = codes[form.overall_index]
        valid += overall.sum(axis=2)
        base += overall.sum(axis=2)
        if parameters.dont_know_rule is DontKnowRule.LEAVES_BASE:
            base -= overall[:, :, DONT_KNOW + _SHIFT]
        satisfied += by_mean if by_mean is not None else _answered_with(overall, _codes_of_rule(parameters))
        for place, item in enumerate(form.items):
            positive = _answered_with(codes[place], (2, 1) if item.reversed else (5, 4))
            answered = codes[place][:, :, _SHIFT:].sum(axis=2)
            items.append(ItemCells(form.form, item.code, form.groups, answered, positive))
    of_cluster = [localities.get(name) or NO_LOCALITY for name in responses.cluster_names]
    names = tuple(sorted(set(of_cluster)))
    return SurveyCells(
        clusters=responses.cluster_names,
        localities=names,
        stratum=np.array([names.index(locality) for locality in of_cluster], dtype=np.int64),
        populations=tuple(populations.get(group.value) for group in GROUPS),
        valid=valid,
        base=base,
        satisfied=satisfied,
        items=tuple(items),
    )


def _count(
    block: FormResponses, form: Questionnaire, shape: tuple[int, int], by_mean: bool
) -> tuple[IntArray, IntArray | None]:
    """Return counts (items, clusters, groups, codes from blank to 5), and those satisfied by their mean if asked."""
    n_cells, n_items = shape[0] * shape[1], len(form.items)
    codes = np.zeros((n_items, n_cells * _N_CODES), dtype=np.int64)
    mean = np.zeros(n_cells, dtype=np.int64)
    mirrored = np.array([item.reversed for item in form.items], dtype=np.bool_)
    for start in range(0, len(block.groups), _CHUNK):
        part = slice(start, start + _CHUNK)
        keep = ~block.voided[part]
        answers = block.answers[part][keep]
        cell = block.clusters[part][keep].astype(np.int64) * shape[1] + block.groups[part][keep]
        first = cell * _N_CODES + _SHIFT
        for place in range(n_items):
            codes[place] += np.bincount(first + answers[:, place], minlength=codes.shape[1])
        if by_mean:
            knows = answers[:, form.overall_index] != DONT_KNOW
            mean += np.bincount(cell[mean_satisfied(answers, mirrored) & knows], minlength=n_cells)
    return codes.reshape(n_items, *shape, _N_CODES), mean.reshape(shape) if by_mean else None


def _codes_of_rule(parameters: Parameters) -> tuple[int, ...]:
    return (5, 4, 3) if parameters.satisfied_rule is SatisfiedRule.BASIC_COUNTS else (5, 4)


def _answered_with(codes: IntArray, wanted: tuple[int, ...]) -> IntArray:
    total: IntArray = codes[:, :, [code + _SHIFT for code in wanted]].sum(axis=2)
    return total
