"""Responses → counts: how many of each group answered what, and how many count as satisfied under each rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.code_cells import N_CODES, SHIFT, CodeCells, FormCells, Int64Array, code_cells
from scoring.questionnaire import GROUPS, SCALE_CODES, Form, Group, Questionnaire, QuestionnaireSet
from scoring.responses import ResponseTable


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
    return tally_of(code_cells(responses, questionnaires, by_cluster=False), questionnaires)


def tally_of(cells: CodeCells, questionnaires: QuestionnaireSet) -> Tally:
    """Return the tally of responses that were counted by cell.

    Parameters
    ----------
    cells : CodeCells
        By cluster or not.
    questionnaires : QuestionnaireSet
        The forms the responses answer.

    Returns
    -------
    Tally
    """
    counted: dict[Group, GroupTally] = {}
    for block in cells.forms:
        form = questionnaires.for_form(block.form)
        if form is None:
            raise KeyError(block.form)
        counted |= _groups(block, form)
    flags = sorted(zip(cells.flag_codes, cells.flags.tolist(), strict=True))
    return Tally(
        groups=tuple(counted.get(g, _nobody(g, questionnaires.for_group(g))) for g in GROUPS),
        everyone=_base(cells, flagged_too=True),
        unflagged=_base(cells, flagged_too=False),
        flags=tuple(FlagCount(code, n) for code, n in flags if n),
    )


def _groups(block: FormCells, form: Questionnaire) -> dict[Group, GroupTally]:
    by_code, marked = block.by_code.sum(axis=1), block.marked.sum(axis=(0, 3, 4))
    return {
        group: GroupTally(
            group=group,
            form=form.form,
            valid=int(marked[g].sum()),
            voided=int(block.voided[g]),
            mean_satisfied=int(marked[g, 1]),
            items=tuple(
                ItemTally(code, _by_code(counts), int(counts[0]))
                for code, counts in zip(form.item_codes, by_code[:, g], strict=True)
            ),
        )
        for g, group in enumerate(form.groups)
    }


def _base(cells: CodeCells, *, flagged_too: bool) -> BaseTally:
    """Return the tally over all groups, with or without those that carry a flag."""
    flagged = slice(None) if flagged_too else slice(0, 1)
    tables = [block.marked[:, :, :, flagged].sum(axis=(0, 1, 3)) for block in cells.forms]
    codes = _by_code(sum((table.sum(axis=0) for table in tables), start=_NO_ANSWERS))
    return BaseTally(sum(codes), codes, sum(int(table[1].sum()) for table in tables))


_NO_ANSWERS: Int64Array = np.zeros(N_CODES, dtype=np.int64)


def _by_code(counts: Int64Array) -> tuple[int, ...]:
    return tuple(int(counts[code + SHIFT]) for code in SCALE_CODES)


def _nobody(group: Group, form: Questionnaire | None) -> GroupTally:
    items = () if form is None else tuple(ItemTally(c, (0,) * len(SCALE_CODES), 0) for c in form.item_codes)
    return GroupTally(group, None if form is None else form.form, 0, 0, 0, items)
