"""Answers of a demonstration county: enough of every group, a little above the limit, schools that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from scoring.questionnaire import DONT_KNOW, GROUPS, Group, Questionnaire, QuestionnaireSet
from scoring.responses import (
    BLANK,
    ID_BYTES,
    POOLED_CLUSTER,
    FormResponses,
    Int8Array,
    ResponseTable,
)
from scoring.sample import SampleTargets

FLAG_CODES = ("contradiction", "too_fast")

_SHARES = {
    Group.STUDENT: 200,
    Group.TEACHER: 100,
    Group.PRINCIPAL: 25,
    Group.DEPUTY: 25,
    Group.CPPCC: 25,
    Group.PUBLIC: 60,
}
"""Answers of a group per thousand; the parents have the rest."""
_SATISFIED = {
    Group.STUDENT: 915,
    Group.PARENT: 857,
    Group.TEACHER: 842,
    Group.PRINCIPAL: 920,
    Group.DEPUTY: 890,
    Group.CPPCC: 875,
    Group.PUBLIC: 835,
}
"""Satisfied per thousand, given exactly to every group, so that chance cannot move the county's share."""
_AT_SCHOOL = (Group.STUDENT, Group.PARENT, Group.TEACHER, Group.PRINCIPAL)
_N_FLAGGED_PER_THOUSAND = 8
_N_VOIDED_PER_THOUSAND = 2


@dataclass(frozen=True, slots=True)
class DemoCluster:
    """A school that people of the county answer for: its code and how many they are."""

    code: str
    pupils: int


def demo_clusters(schools: Sequence[Mapping[str, str]]) -> tuple[DemoCluster, ...]:
    """Return the schools with compulsory stages and their pupils."""
    found = []
    for cells in schools:
        pupils = sum(int(cells.get(f"pupils_{stage}", "0") or 0) for stage in ("primary", "junior"))
        if pupils:
            found.append(DemoCluster(cells["school_code"], pupils))
    return tuple(found)


def demo_residents(n_responses: int, sample_rate: Fraction) -> int:
    """Return a resident population of which the sample is about a quarter of the responses, at most 1.5 million."""
    return max(10_000, min(1_500_000, int(n_responses / (4 * sample_rate)) // 1000 * 1000))


def demo_populations(schools: Sequence[Mapping[str, str]], n_responses: int) -> dict[str, int | None]:
    """Return the registered members of each group; the public is not registered.

    Pupils, parents and teachers are as many as a large number of responses needs; offices are not.
    """
    pupils = sum(cluster.pupils for cluster in demo_clusters(schools))
    sizes = {
        Group.STUDENT: pupils * 2 // 3,
        Group.PARENT: pupils * 8 // 5,
        Group.TEACHER: pupils // 14,
        Group.PRINCIPAL: len(schools) * 8 // 5,
        Group.DEPUTY: 240,
        Group.CPPCC: 210,
    }
    grown = dict(sizes)
    for group, per_thousand in ((Group.STUDENT, 200), (Group.PARENT, 800), (Group.TEACHER, 100)):
        grown[group] = max(sizes[group], n_responses * per_thousand // 800)
    return {**{g.value: n for g, n in grown.items()}, Group.PUBLIC.value: None}


def demo_group_sizes(
    n_responses: int, targets: SampleTargets | None, populations: Mapping[str, int | None]
) -> dict[Group, int]:
    """Return how many answer in each group: at least its target, no more than it has, parents the rest."""
    sizes = {}
    for group, share in _SHARES.items():
        wanted = max(n_responses * share // 1000, targets.of(group).target + 2 if targets else 1)
        population = populations.get(group)
        sizes[group] = wanted if population is None else min(wanted, population)
    rest = n_responses - sum(sizes.values())
    if rest < 1:
        raise ValueError("too few responses for a demonstration of all seven groups")
    return {group: rest if group is Group.PARENT else sizes[group] for group in GROUPS}


def demo_responses(
    rng: np.random.Generator,
    questionnaires: QuestionnaireSet,
    clusters: Sequence[DemoCluster],
    sizes: Mapping[Group, int],
) -> ResponseTable:
    """Return answers to any questionnaires, shaped so that recognition is interesting.

    The overall item is satisfied by about 87 of 100, whichever seed; the mean of the items is stricter than it.
    Schools differ. Some answers are blank, 不了解, flagged or voided.

    Parameters
    ----------
    rng : numpy Generator
        The only source of chance.
    questionnaires : QuestionnaireSet
        The forms that are answered.
    clusters : sequence of DemoCluster
        The schools; students, parents, teachers and principals answer for one of them.
    sizes : mapping of Group to int
        How many answer in each group.

    Returns
    -------
    ResponseTable
    """
    moods = rng.normal(0, 0.5, size=len(clusters))
    weights = np.array([c.pupils for c in clusters], dtype=np.float64)
    blocks = tuple(_form(rng, form, sizes, moods, weights / weights.sum()) for form in questionnaires.questionnaires)
    return ResponseTable((POOLED_CLUSTER, *(c.code for c in clusters)), FLAG_CODES, blocks)


def _form(
    rng: np.random.Generator,
    form: Questionnaire,
    sizes: Mapping[Group, int],
    moods: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> FormResponses:
    groups, clusters, answers = [], [], []
    for group in form.groups:
        n = sizes[group]
        at_school = group in _AT_SCHOOL
        school = rng.choice(len(weights), size=n, p=weights) if at_school else np.zeros(n, dtype=np.int64)
        mood = rng.normal(0, 1, size=n) + (moods[school] if at_school else 0)
        overall = _overall(rng, mood, n * _SATISFIED[group] // 1000)
        groups.append(np.full(n, GROUPS.index(group), dtype=np.int8))
        clusters.append((school + 1 if at_school else school).astype(np.int32))
        answers.append(_items(rng, form, overall))
    n = sum(len(g) for g in groups)
    ids = np.frombuffer(rng.bytes(n * ID_BYTES), dtype=f"V{ID_BYTES}")
    order = np.argsort(ids, kind="stable")
    flags = np.where(rng.random(n) < _N_FLAGGED_PER_THOUSAND / 1000, rng.integers(1, 4, size=n), 0)
    return FormResponses(
        form=form.form,
        response_ids=ids[order],
        groups=np.concatenate(groups)[order],
        clusters=np.concatenate(clusters)[order],
        answers=np.concatenate(answers)[order],
        flags=flags.astype(np.uint32),
        voided=rng.random(n) < _N_VOIDED_PER_THOUSAND / 1000,
    )


def _overall(rng: np.random.Generator, mood: NDArray[np.float64], n_satisfied: int) -> Int8Array:
    """Return the overall item: the best moods are satisfied, as many as asked for."""
    overall = np.empty(len(mood), dtype=np.int8)
    by_mood = np.argsort(-mood, kind="stable")
    content, rest = by_mood[:n_satisfied], by_mood[n_satisfied:]
    overall[content] = np.where(rng.random(len(content)) < 0.5, 5, 4)
    overall[rest] = rng.choice(np.array([3, 2, 1, DONT_KNOW]), size=len(rest), p=[0.52, 0.22, 0.11, 0.15])
    return overall


def _items(rng: np.random.Generator, form: Questionnaire, overall: Int8Array) -> Int8Array:
    """Return all items, scattered around the overall one; a few do not notice that an item is reversed."""
    n = len(overall)
    level = np.where(overall == DONT_KNOW, 3, overall)
    answers = np.empty((n, len(form.items)), dtype=np.int8)
    for i, item in enumerate(form.items):
        if item.overall:
            answers[:, i] = overall
            continue
        scattered = np.clip(np.rint(level + 0.15 + rng.normal(0, 0.6, size=n)), 1, 5)
        if item.reversed:
            scattered = np.where(rng.random(n) < 0.03, scattered, 6 - scattered)
        unknown = rng.random(n)
        scattered[unknown < 0.035] = DONT_KNOW
        scattered[unknown < 0.02] = BLANK
        answers[:, i] = scattered
    return answers
