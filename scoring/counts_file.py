"""The file ``counts.csv``: the public counts, written in one order and read with every defect named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from scoring.cells import CellReader, Choice
from scoring.counts import (
    COUNTS_FILE,
    OVERALL,
    Case,
    ClassCount,
    Counts,
    GroupCount,
    ItemCounts,
    MeanCount,
    PooledCount,
)
from scoring.csv_table import csv_bytes
from scoring.errors import Defect
from scoring.questionnaire import GROUPS, SCALE_CODES, Form, Group, QuestionnaireSet
from scoring.ruleset import DontKnowRule, SatisfiedRule
from scoring.tally import FlagCount

COUNTS_COLUMNS = ("figure", "group", "form", "item", "rule", "dont_know", "case", "flag", "codes", "count")

Key = tuple[str, ...]
"""A row's cells without its count: what the row is about."""

FIGURES = tuple(
    Choice(code, zh, en)
    for code, zh, en in (
        ("valid", "有效问卷", "valid responses"),
        ("voided", "作废问卷", "voided responses"),
        ("flagged", "有标记问卷", "flagged responses"),
        ("base", "计入基数", "base"),
        ("satisfied", "满意问卷", "satisfied questionnaires"),
        ("mean_ge_4", "平均4分以上", "mean of 4 or more"),
        ("answers", "回答", "answers"),
    )
)


def counts_bytes(counts: Counts) -> bytes:
    """Return the file ``counts.csv``; reading it back gives the same counts."""
    return csv_bytes(COUNTS_COLUMNS, [(*key, str(n)) for key, n in count_rows(counts)])


def parse_counts(
    cells: Sequence[Mapping[str, str | None]], questionnaires: QuestionnaireSet, *, first_row: int = 2
) -> tuple[Counts | None, tuple[Defect, ...]]:
    """Read the rows of ``counts.csv`` into counts, in whichever order they are.

    Parameters
    ----------
    cells : sequence of mapping
        The rows' text cells by column.
    questionnaires : QuestionnaireSet
        The forms whose items must be there.
    first_row : int
        The line of the first row (header = 1).

    Returns
    -------
    tuple
        Counts, or ``None`` where there is any defect, and the defects: unknown, repeated and missing rows,
        numbers that are none, and classes that do not add up.
    """
    defects: list[Defect] = []
    found: dict[Key, int] = {}
    rows: dict[Key, int] = {}
    for n, row in enumerate(cells, start=first_row):
        reader = CellReader(COUNTS_FILE, n, row, defects)
        key = tuple(reader.text(column) for column in COUNTS_COLUMNS[:-1])
        reader.choice("figure", FIGURES)
        count = reader.integer("count")
        if reader.broken:
            continue
        if count is None:
            reader.note("count", "缺少数字", "a number is missing")
        elif key in found:
            reader.note(None, f"与第{rows[key]}行重复", f"repeats row {rows[key]}")
        else:
            found[key], rows[key] = count, n
    if defects:
        return None, tuple(defects)
    counts = _Taker(found, rows, defects).counts(questionnaires)
    return (None if defects else counts), tuple(defects)


def _key(figure: str, **cells: str) -> Key:
    return (figure, *(cells.get(column, "") for column in COUNTS_COLUMNS[1:-1]))


def count_rows(counts: Counts) -> Iterator[tuple[Key, int]]:
    """Yield what each row of the file is about, and its count."""
    for group in counts.groups:
        yield _key("valid", group=group.group), group.valid
        yield _key("voided", group=group.group), group.voided
    yield _key("flagged"), counts.flagged
    for flag in counts.flags:
        yield _key("flagged", flag=flag.code), flag.n
    for p in counts.pooled:
        cells = {"rule": p.satisfied_rule.value, "dont_know": p.dont_know_rule.value, "case": p.case.value}
        yield _key("base", **cells), p.base
        yield _key("satisfied", **cells), p.satisfied
    for mean in counts.means:
        if mean.satisfied is not None:
            yield _key("mean_ge_4", group=mean.group), mean.satisfied
    for row in (counts.overall, *counts.items):
        for c in row.classes:
            yield _answers_key(row.form, row.item, row.group, c.codes), c.n


def _answers_key(form: Form | None, item: str, group: Group | None, codes: Sequence[int]) -> Key:
    return _key("answers", group=group or "", form=form or "", item=item, codes=_codes_text(codes))


def _codes_text(codes: Sequence[int]) -> str:
    return "+".join(str(c) for c in codes)


class _Taker:
    """The rows of the file, taken one by one by what must be there; what is left over is unknown."""

    def __init__(self, found: dict[Key, int], rows: dict[Key, int], defects: list[Defect]) -> None:
        self._found = dict(found)
        self._rows = rows
        self._defects = defects

    def counts(self, questionnaires: QuestionnaireSet) -> Counts:
        """Return the counts, noting every row that is missing, unknown or does not add up."""
        counts = Counts(
            groups=tuple(
                GroupCount(g, self._take(_key("valid", group=g)), self._take(_key("voided", group=g))) for g in GROUPS
            ),
            flagged=self._take(_key("flagged")),
            flags=self._flags(),
            pooled=tuple(
                self._pooled(rule, dont_know, case)
                for rule, dont_know, case in product(SatisfiedRule, DontKnowRule, Case)
            ),
            means=tuple(MeanCount(g, self._found.pop(_key("mean_ge_4", group=g), None)) for g in GROUPS),
            overall=self._item(None, OVERALL, None),
            items=tuple(
                self._item(form.form, code, group)
                for form in questionnaires.questionnaires
                for code in form.item_codes
                for group in self._of_item(code == form.items[form.overall_index].code, form.groups)
            ),
        )
        for key in self._found:
            text = ",".join(key)[:80]
            self._note(self._rows[key], f"不认识此行({text})", f"this row is unknown ({text})")
        return counts

    @staticmethod
    def _of_item(overall: bool, groups: tuple[Group, ...]) -> tuple[Group | None, ...]:
        ordered = tuple(g for g in GROUPS if g in groups)
        return ordered if overall or len(ordered) == 1 else (None, *ordered)

    def _take(self, key: Key) -> int:
        n = self._found.pop(key, None)
        if n is None:
            text = ",".join(key)
            self._note(None, f"缺少行({text})", f"a row is missing ({text})")
        return n or 0

    def _flags(self) -> tuple[FlagCount, ...]:
        at = COUNTS_COLUMNS.index("flag")
        keys = sorted(k for k in self._found if k[0] == "flagged" and k == _key("flagged", flag=k[at]))
        return tuple(FlagCount(key[at], self._found.pop(key)) for key in keys)

    def _pooled(self, rule: SatisfiedRule, dont_know: DontKnowRule, case: Case) -> PooledCount:
        cells = {"rule": rule.value, "dont_know": dont_know.value, "case": case.value}
        base, satisfied = (self._take(_key(figure, **cells)) for figure in ("base", "satisfied"))
        return PooledCount(rule, dont_know, case, base, satisfied)

    def _item(self, form: Form | None, item: str, group: Group | None) -> ItemCounts:
        at = COUNTS_COLUMNS.index("codes")
        mine = [
            key
            for key in self._found
            if key == (*_key("answers", group=group or "", form=form or "", item=item)[:at], key[at])
        ]
        by_text = {key[at]: self._found.pop(key) for key in mine}
        classes = []
        for text, n in by_text.items():
            codes = tuple(int(c) for c in text.split("+") if c.isdecimal() and int(c) in SCALE_CODES)
            if not codes or _codes_text(codes) != text:
                self._note(None, f"题目 {item} 的编码“{text[:20]}”不合规定", f"codes of {item} are not valid")
                continue
            classes.append(ClassCount(codes, n))
        classes.sort(key=lambda c: c.codes, reverse=True)
        if sorted(code for c in classes for code in c.codes) != sorted(SCALE_CODES):
            place = "/".join(part for part in (form, group, item) if part)
            zh = f"{place} 的回答编码应各出现一次"
            self._note(None, zh, f"every answer code of {place} must occur exactly once")
        return ItemCounts(form, item, group, sum(c.n for c in classes), tuple(classes))

    def _note(self, row: int | None, zh: str, en: str) -> None:
        place, where = (f"第{row}行", f", row {row}") if row else ("", "")
        defect = Defect(COUNTS_FILE, row, None, f"{COUNTS_FILE}{place}:{zh}。", f"{COUNTS_FILE}{where}: {en}.")
        self._defects.append(defect)
