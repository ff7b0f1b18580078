"""Responses → one table of counts by cluster, group, item and answer: the only pass over the responses there is.

Tallies, shares and clustered errors are all sums of these cells, so each response is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.questionnaire import GROUPS, Form, Group, Questionnaire, QuestionnaireSet
from scoring.responses import BoolArray, FormResponses, Int8Array, ResponseTable

Int64Array = NDArray[np.int64]

N_CODES = 7
SHIFT = 1
"""Answer codes start at -1 (blank); shifted by one they are positions in a table of counts."""

_CHUNK = 1 << 17
_LARGEST_TABLE = 1 << 15
_SATISFIED_MEAN = 4
_MARKS = 2 * 2 * N_CODES


@dataclass(frozen=True, slots=True, eq=False)
class FormCells:
    """The responses to one form: k items, C clusters, the form's G groups, answers from blank (-1) to 5.

    ``by_code`` (k, C, G, 7) counts the answers of valid responses to each item; ``marked`` (C, G, 2, 2, 7) the
    valid responses by mean below 4 or not, unflagged or flagged, and overall answer; ``voided`` (G,) the others.
    """

    form: Form
    groups: tuple[Group, ...]
    by_code: Int64Array
    marked: Int64Array
    voided: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class CodeCells:
    """All responses of a survey by cell; ``flags`` (one per code) counts valid responses that carry a flag."""

    clusters: tuple[str, ...]
    flag_codes: tuple[str, ...]
    forms: tuple[FormCells, ...]
    flags: Int64Array


def code_cells(
    responses: ResponseTable, questionnaires: QuestionnaireSet, *, by_cluster: bool = True
) -> CodeCells:
    """Count the responses of a survey by cell: exact, in one pass, in memory that does not grow with it.

    A valid response is one that is not voided. Its mean is taken over the items answered 1 to 5, the reversed
    item mirrored (6 − x), 不了解 and blanks left out.

    Parameters
    ----------
    responses : ResponseTable
        In any order of rows. Answers are counted fastest where they lie in memory item by item.
    questionnaires : QuestionnaireSet
        The forms the responses answer.
    by_cluster : bool
        Without it there is a single cell of all clusters, whose name is empty.

    Returns
    -------
    CodeCells

    Raises
    ------
    KeyError
        If the table holds a form that is not among the questionnaires.
    ValueError
        If a response is of a group that its form does not serve.

    Notes
    -----
    Source: method §3.
    """
    forms = []
    flags = np.zeros(len(responses.flag_codes), dtype=np.int64)
    for block in responses.forms:
        form = questionnaires.for_form(block.form)
        if form is None:
            raise KeyError(block.form)
        forms.append(_Counter(form, block, len(responses.cluster_names) if by_cluster else 1).counted())
        flagged = block.flags[(block.flags != 0) & ~block.voided]
        for bit in range(len(flags)):
            flags[bit] += np.count_nonzero(flagged >> np.uint32(bit) & np.uint32(1))
    names = responses.cluster_names if by_cluster else ("",)
    return CodeCells(names, responses.flag_codes, tuple(forms), flags)


class _Counter:
    """The counting of one form, chunk by chunk, so that all that is needed at a time fits the processor's cache.

    Two items are counted at once, as one answer of 49, where the table for that is small beside the cache and the
    responses. Voided responses are counted into one cell more than there are, which is then dropped.
    """

    def __init__(self, form: Questionnaire, block: FormResponses, n_clusters: int) -> None:
        self._form, self._block = form, block
        self._n_clusters, self._n_groups = n_clusters, len(form.groups)
        self._n_cells = n_clusters * self._n_groups
        n_items = len(form.items)
        room = min(_LARGEST_TABLE, len(block.groups))
        step = 2 if (self._n_cells + 1) * N_CODES**2 <= room else 1
        self._together = [range(first, min(first + step, n_items)) for first in range(0, n_items, step)]
        self._joint = [self._table(N_CODES ** len(items)) for items in self._together]
        self._marked = self._table(_MARKS)
        size = min(_CHUNK, len(block.groups))
        self._first, self._index = np.empty(size, dtype=np.intp), np.empty(size, dtype=np.intp)
        self._code, self._on_scale = np.empty(size, dtype=np.int8), np.empty(size, dtype=np.bool_)
        self._total = np.empty(size, dtype=np.int16)

    def _table(self, n_codes: int) -> Int64Array:
        return np.zeros((self._n_cells + 1) * n_codes, dtype=np.int64)

    def counted(self) -> FormCells:
        """Count every response of the block."""
        served = sum(np.count_nonzero(self._block.groups == GROUPS.index(group)) for group in self._form.groups)
        if served != len(self._block.groups):
            raise ValueError(f"form {self._form.form} does not serve every group that answered it")
        for start in range(0, len(self._block.groups), _CHUNK):
            self._take(slice(start, start + _CHUNK))
        shape = (self._n_clusters, self._n_groups)
        voided = np.bincount(self._block.groups[self._block.voided], minlength=len(GROUPS))
        return FormCells(
            form=self._form.form,
            groups=self._form.groups,
            by_code=np.stack(list(self._single_items())).reshape(-1, *shape, N_CODES),
            marked=self._marked[:-_MARKS].reshape(*shape, 2, 2, N_CODES),
            voided=voided[[GROUPS.index(group) for group in self._form.groups]].astype(np.int64),
        )

    def _take(self, part: slice) -> None:
        answers = self._block.answers[part]
        if answers.strides[0] != answers.itemsize:
            answers = np.asfortranarray(answers)
        n = len(answers)
        cell, first, code = self._cells(part), self._first[:n], self._code[:n]
        np.multiply(cell, N_CODES ** len(self._together[0]), out=first)
        for items, joint in zip(self._together, self._joint, strict=True):
            if len(items) == 2:
                np.multiply(answers[:, items[0]], N_CODES, out=code)
                code += answers[:, items[1]]
                code += SHIFT * N_CODES + SHIFT
            else:
                np.add(answers[:, items[0]], SHIFT, out=code)
                np.multiply(cell, N_CODES, out=first)
            self._count(joint, first, code)
        np.multiply(self._satisfied(answers), np.int8(2 * N_CODES), out=code)
        code += (self._block.flags[part] != 0) * np.int8(N_CODES)
        code += answers[:, self._form.overall_index]
        code += SHIFT
        self._count(self._marked, np.multiply(cell, _MARKS, out=first), code)

    def _count(self, table: Int64Array, first: NDArray[np.intp], code: Int8Array) -> None:
        """Count each response at the first place of its cell plus its code."""
        index = np.add(first, code, out=self._index[: len(first)])
        table += np.bincount(index, minlength=len(table))

    def _cells(self, part: slice) -> NDArray[np.intp]:
        groups = self._block.groups[part]
        if self._n_clusters > 1:
            cell = self._block.clusters[part].astype(np.intp)
            if cell.min(initial=0) < 0 or cell.max(initial=0) >= self._n_clusters:
                raise ValueError("a cluster without a name")
        else:
            cell = np.zeros(len(groups), dtype=np.intp)
        if self._n_groups > 1:
            place = [self._form.groups.index(g) if g in self._form.groups else 0 for g in GROUPS]
            cell *= self._n_groups
            cell += np.array(place, dtype=np.intp)[groups]
        cell[self._block.voided[part]] = self._n_cells
        return cell

    def _satisfied(self, answers: Int8Array) -> BoolArray:
        """Say of each response whether its mean is 4 or more: the sum of score − 4 is not negative, in whole numbers.

        An overall answer of 不了解 satisfies no rule. It is never blank, so the mean has an item to be taken over.
        """
        n = len(answers)
        on_scale, beyond, total = self._on_scale[:n], self._code[:n], self._total[:n]
        total[:] = 0
        for place, item in enumerate(self._form.items):
            column = answers[:, place]
            np.greater_equal(column, 1, out=on_scale)
            if item.reversed:
                np.subtract(6 - _SATISFIED_MEAN, column, out=beyond)
            else:
                np.subtract(column, _SATISFIED_MEAN, out=beyond)
            np.multiply(beyond, on_scale, out=beyond)
            total += beyond
        satisfied: BoolArray = (total >= 0) & (answers[:, self._form.overall_index] >= 1)
        return satisfied

    def _single_items(self) -> Iterator[Int64Array]:
        """Yield the table of each item: cells by answer."""
        for items, joint in zip(self._together, self._joint, strict=True):
            table = joint.reshape(self._n_cells + 1, *(N_CODES,) * len(items))[:-1]
            if len(items) == 2:
                # The sums over either answer; einsum adds whole numbers exactly, four times as fast as sum().
                yield from (np.einsum("cab->ca", table), np.einsum("cab->cb", table))
            else:
                yield table
