"""Responses → counts: how many of each group answered what, and how many count as satisfied under each rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.questionnaire import DONT_KNOW, GROUPS, SCALE_CODES, Form, Group, Questionnaire, QuestionnaireSet
from scoring.responses import BoolArray, FormResponses, Int8Array, ResponseTable

Int64Array = NDArray[np.int64]

_CHUNK = 1 << 16
_N_CODES = 7
_SHIFT = 1
"""Answer codes start at -1 (blank); shifted by one they are positions in a table of counts."""
_SATISFIED_MEAN = 4


@dataclass(frozen=True, slots=True)
class ItemTally:
    """The valid answers of one group to one item: ``by_code`` in the order 5, 4, 3, 2, 1, 0, and the blanks."""

    item: str
    by_code: tuple[int, ...]
    blank: int


@dataclass(frozen=True, slots=True)
class GroupTally:
    """One group: valid and voided responses, its items, and how many are satisfied by their mean."""

    group: Group
    form: Form | None
    valid: int
    voided: int
    mean_satisfied: int
    items: tuple[ItemTally, ...]


@dataclass(frozen=True, slots=True)
class BaseTally:
    """All groups together, over some of the valid responses.

    ``overall`` counts the overall item by code 5, 4, 3, 2, 1, 0; ``mean_satisfied`` those whose mean is 4 or
    more and whose overall answer is not 不了解.
    """

    valid: int
    overall: tuple[int, ...]
    mean_satisfied: int


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How many valid responses carry a flag."""

    code: str
    n: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that is counted of a survey, before anything is withheld."""

    groups: tuple[GroupTally, ...]
    everyone: BaseTally
    unflagged: BaseTally
    flags: tuple[FlagCount, ...]


def tally(responses: ResponseTable, questionnaires: QuestionnaireSet) -> Tally:
    """Count the responses of a survey.

    A valid response is one that is not voided. Its mean is taken over the items answered 1 to 5, the reversed
    item mirrored (6 − x), 不了解 and blanks left out; it is satisfied by its mean where that is 4 or more,
    unless its overall answer is 不了解, which satisfies no rule. A flag never removes a response.

    Parameters
    ----------
    responses : ResponseTable
        In any order of rows.
    questionnaires : QuestionnaireSet
        The forms the responses answer.

    Returns
    -------
    Tally
        All seven groups in their order, groups without responses included.

    Raises
    ------
    KeyError
        If the table holds a form that is not among the questionnaires.

    Notes
    -----
    Source: method §3.
    """
    counted: dict[Group, GroupTally] = {}
    everyone, unflagged = _Sums(), _Sums()
    flags = np.zeros(len(responses.flag_codes), dtype=np.int64)
    for block in responses.forms:
        form = questionnaires.for_form(block.form)
        if form is None:
            raise KeyError(block.form)
        counted |= _count_form(block, form, everyone, unflagged)
        for n in range(len(flags)):
            flags[n] += int(np.count_nonzero((block.flags >> np.uint32(n) & np.uint32(1)) & ~block.voided))
    return Tally(
        groups=tuple(counted.get(g, _nobody(g, questionnaires.for_group(g))) for g in GROUPS),
        everyone=everyone.tally(),
        unflagged=unflagged.tally(),
        flags=tuple(FlagCount(c, int(n)) for c, n in sorted(zip(responses.flag_codes, flags, strict=True)) if n),
    )


class _Sums:
    """A base tally in the making."""

    def __init__(self) -> None:
        self.overall = np.zeros(_N_CODES, dtype=np.int64)
        self.mean_satisfied = 0

    def add(self, overall: Int8Array, mean_satisfied: BoolArray) -> None:
        self.overall += np.bincount(overall + _SHIFT, minlength=_N_CODES)
        self.mean_satisfied += int(np.count_nonzero(mean_satisfied))

    def tally(self) -> BaseTally:
        codes = _by_code(self.overall)
        return BaseTally(sum(codes), codes, self.mean_satisfied)


def _count_form(
    block: FormResponses, form: Questionnaire, everyone: _Sums, unflagged: _Sums
) -> dict[Group, GroupTally]:
    n_groups, n_items = len(GROUPS), len(form.items)
    codes = np.zeros((n_items, n_groups * _N_CODES), dtype=np.int64)
    mean = np.zeros(n_groups, dtype=np.int64)
    valid = np.zeros(n_groups, dtype=np.int64)
    mirrored = np.array([item.reversed for item in form.items], dtype=np.bool_)
    # Chunks keep the intermediate arrays inside the processor's cache and the memory flat.
    for start in range(0, len(block.groups), _CHUNK):
        part = slice(start, start + _CHUNK)
        keep = ~block.voided[part]
        answers, groups = block.answers[part][keep], block.groups[part][keep]
        overall = answers[:, form.overall_index]
        satisfied = mean_satisfied(answers, mirrored) & (overall != DONT_KNOW)
        cell = groups.astype(np.int16) * _N_CODES + _SHIFT
        for i in range(n_items):
            codes[i] += np.bincount(cell + answers[:, i], minlength=n_groups * _N_CODES)
        mean += np.bincount(groups[satisfied], minlength=n_groups)
        valid += np.bincount(groups, minlength=n_groups)
        clean = block.flags[part][keep] == 0
        everyone.add(overall, satisfied)
        unflagged.add(overall[clean], satisfied[clean])
    voided = np.bincount(block.groups[block.voided], minlength=n_groups)
    table = codes.reshape(n_items, n_groups, _N_CODES)
    return {
        group: GroupTally(
            group=group,
            form=form.form,
            valid=int(valid[g]),
            voided=int(voided[g]),
            mean_satisfied=int(mean[g]),
            items=tuple(
                ItemTally(item.code, _by_code(table[i, g]), int(table[i, g, 0])) for i, item in enumerate(form.items)
            ),
        )
        for g, group in enumerate(GROUPS)
        if group in form.groups
    }


def mean_satisfied(answers: Int8Array, mirrored: BoolArray) -> BoolArray:
    """Say of each response whether its mean is 4 or more, compared as sum ≥ 4 × number: whole numbers only."""
    on_scale = answers >= 1
    scores = np.where(mirrored & on_scale, 6 - answers, answers)
    total = np.where(on_scale, scores, 0).sum(axis=1, dtype=np.int32)
    number = on_scale.sum(axis=1, dtype=np.int32)
    result: BoolArray = (number > 0) & (total >= _SATISFIED_MEAN * number)
    return result


def _by_code(counts: Int64Array) -> tuple[int, ...]:
    return tuple(int(counts[code + _SHIFT]) for code in SCALE_CODES)


def _nobody(group: Group, form: Questionnaire | None) -> GroupTally:
    items = () if form is None else tuple(ItemTally(c, (0,) * len(SCALE_CODES), 0) for c in form.item_codes)
    return GroupTally(group, None if form is None else form.form, 0, 0, 0, items)
