"""Rows of a responses file, in whichever format → the table of codes, and what is wrong with them by row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.errors import Defect
from scoring.questionnaire import GROUPS, Form, Questionnaire, QuestionnaireSet
from scoring.responses import (
    BLANK,
    ID_BYTES,
    BoolArray,
    FormResponses,
    IdArray,
    Int8Array,
    Int32Array,
    ResponseTable,
    UInt32Array,
    moved_flags,
)

MOST_DEFECTS = 500
NOT_READ = -9
"""Stands for a group, form or answer that was already named as a defect."""


@dataclass(frozen=True, slots=True, eq=False)
class RowCodes:
    """Some rows of the file as codes: ``answers`` by item code, ``forms`` by position among the questionnaires."""

    ids: IdArray
    groups: Int8Array
    clusters: Int32Array
    forms: Int8Array
    flags: UInt32Array
    voided: BoolArray
    answers: Mapping[str, Int8Array]


class ResponseRows:
    """The rows of one file while they are read; defects gather in the list that is given, the first 500 by name."""

    def __init__(
        self,
        file: str,
        questionnaires: QuestionnaireSet,
        defects: list[Defect],
        sizes: Mapping[Form, int] | None = None,
    ) -> None:
        self._file = file
        self._questionnaires = questionnaires.questionnaires
        self._defects = defects
        self._n_defects = 0
        self._forms = [_FormRows(q, (sizes or {}).get(q.form, 0)) for q in self._questionnaires]

    def take(self, codes: RowCodes, row: int) -> None:
        """Add some rows, of which the first is row ``row`` of the file, and note what contradicts its form."""
        for n, (form, rows) in enumerate(zip(self._questionnaires, self._forms, strict=True)):
            here: BoolArray = codes.forms == n
            served = np.isin(codes.groups, [GROUPS.index(g) for g in form.groups] + [NOT_READ])
            zh, en = f"不填写 {form.form} 卷", f"is not served by form {form.form}"
            self.note_where(here & ~served, row, "group", zh, en)
            for code, column in codes.answers.items():
                if code not in form.item_codes:
                    foreign = here & (column >= 0)
                    self.note_where(foreign, row, code, f"{form.form} 卷没有此题", f"form {form.form} has no such item")
            overall = form.item_codes[form.overall_index]
            missing = here & (codes.answers[overall] == BLANK)
            self.note_where(missing, row, overall, "总体评价题不得为空", "the overall item must be answered")
            rows.append(codes, np.flatnonzero(here))

    def table(self, cluster_names: Sequence[str], flag_codes: Sequence[str]) -> ResponseTable | None:
        """Return what was read, or ``None`` where anything was wrong; defects that were not named are counted.

        Clusters (after the first, the pooled one) and flags come in alphabetical order, whatever order the file had:
        sums of floating-point numbers depend on it in their last digits.
        """
        if self._n_defects > MOST_DEFECTS:
            more = self._n_defects - MOST_DEFECTS
            zh, en = f"{self._file}:另有{more}处错误。", f"{self._file}: {more} more defects."
            self._defects.append(Defect(self._file, None, None, zh, en))
        if self._defects:
            return None
        names, codes = (*cluster_names[:1], *sorted(cluster_names[1:])), tuple(sorted(flag_codes))
        place = {name: n for n, name in enumerate(names)}
        clusters = np.array([place[name] for name in cluster_names], dtype=np.int32)
        bits = [codes.index(code) for code in flag_codes]
        for rows in self._forms:
            rows.rename(clusters, bits)
        return ResponseTable(names, codes, tuple(rows.block() for rows in self._forms))

    def note_where(self, wrong: BoolArray, row: int, column: str | None, zh: str, en: str) -> None:
        """Note a defect in every row marked, counted from row ``row``."""
        places = np.flatnonzero(wrong)
        room = max(0, MOST_DEFECTS - self._n_defects)
        for place in places[:room].tolist():
            self.note(row + place, column, zh, en)
        self._n_defects += max(0, len(places) - room)

    def note(self, row: int | None, column: str | None, zh: str, en: str) -> None:
        """Note one defect; without a row it is about the file or the whole column."""
        self._n_defects += 1
        if self._n_defects <= MOST_DEFECTS:
            place = self._file + (f" 第{row}行" if row else "") + (f"“{column}”" if column else "")
            where = self._file + (f", row {row}" if row else "") + (f", {column}" if column else "")
            self._defects.append(Defect(self._file, row, column, f"{place}:{zh}。", f"{where}: {en}."))


class _FormRows:
    """The rows of one form: arrays with room to grow, the answers item by item."""

    def __init__(self, form: Questionnaire, room: int) -> None:
        self._form = form
        self._n = 0
        self._block = _empty(form, room)

    def append(self, codes: RowCodes, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
        start, end = self._n, self._n + len(places)
        if end > len(self._block.groups):
            before, self._block = self._block, _empty(self._form, max(end, 2 * start))
            _copy(before, self._block, start)
        block = self._block
        block.response_ids[start:end] = codes.ids[places]
        block.groups[start:end] = codes.groups[places]
        block.clusters[start:end] = codes.clusters[places]
        block.flags[start:end] = codes.flags[places]
        block.voided[start:end] = codes.voided[places]
        for i, code in enumerate(self._form.item_codes):
            block.answers[start:end, i] = codes.answers[code][places]
        self._n = end

    def rename(self, clusters: Int32Array, bits: Sequence[int]) -> None:
        """Give clusters their new codes and flags their new bits."""
        block = self._block
        if not np.array_equal(clusters, np.arange(len(clusters))):
            block.clusters[: self._n] = clusters[block.clusters[: self._n]]
        if list(bits) != sorted(bits):
            block.flags[: self._n] = moved_flags(block.flags[: self._n], bits)

    def block(self) -> FormResponses:
        whole = self._block
        return FormResponses(
            form=self._form.form,
            response_ids=whole.response_ids[: self._n],
            groups=whole.groups[: self._n],
            clusters=whole.clusters[: self._n],
            answers=whole.answers[: self._n],
            flags=whole.flags[: self._n],
            voided=whole.voided[: self._n],
        )


def _empty(form: Questionnaire, room: int) -> FormResponses:
    return FormResponses(
        form=form.form,
        response_ids=np.zeros(room, dtype=f"V{ID_BYTES}"),
        groups=np.zeros(room, dtype=np.int8),
        clusters=np.zeros(room, dtype=np.int32),
        answers=np.zeros((room, len(form.items)), dtype=np.int8, order="F"),
        flags=np.zeros(room, dtype=np.uint32),
        voided=np.zeros(room, dtype=np.bool_),
    )


def _copy(source: FormResponses, target: FormResponses, n: int) -> None:
    target.response_ids[:n] = source.response_ids[:n]
    target.groups[:n] = source.groups[:n]
    target.clusters[:n] = source.clusters[:n]
    target.answers[:n] = source.answers[:n]
    target.flags[:n] = source.flags[:n]
    target.voided[:n] = source.voided[:n]
