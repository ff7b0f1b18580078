"""A finding's inputs, back to the cells of the dossier's files; and what is different between two dossiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction

from scoring.counts import COUNTS_FILE
from scoring.criteria_file import CRITERIA_FILE
from scoring.dossier import RULE_SET_FILE, Dossier
from scoring.figures import shown
from scoring.findings import Finding, InputRef
from scoring.manifest import MANIFEST_FILE
from scoring.ruleset import RuleSet
from scoring.school_columns import SCHOOL_COLUMNS, SCHOOLS_FILE
from scoring.verdict import Verdict
from scoring.vetoes import VETOES_FILE


@dataclass(frozen=True, slots=True)
class CellKey:
    """A cell by what it is about, not by where it stands: ``subject`` is a school code or a criterion's entry."""

    file: str
    subject: str
    column: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that a finding looked at: where it stands, its column's name, and its text as the rules read it."""

    ref: InputRef
    key: CellKey
    label_zh: str
    label_en: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One finding, the cells it rests on, and the findings it follows from."""

    finding: Finding
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell that differs between two dossiers; ``None`` where one of them has no such row."""

    key: CellKey
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class FindingChange:
    """One finding whose outcome or figure differs, and the changed cells among those it rests on."""

    code: str
    title_zh: str
    title_en: str
    before: Finding | None
    after: Finding | None
    because: tuple[CellChange, ...]

    @property
    def flipped(self) -> bool:
        """Say whether the outcome itself is another one."""
        return (self.before and self.before.outcome) != (self.after and self.after.outcome)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one dossier to another, and which findings moved because of it."""

    cells: tuple[CellChange, ...]
    findings: tuple[FindingChange, ...]


_SCHOOL_LABELS = {column.name: (column.zh, column.en) for column in SCHOOL_COLUMNS}
_ENTRY_LABELS = {
    "value": ("填报数值", "figure entered"), "judgement": ("判定", "judgement"), "level": ("层级", "level"),
    "evidence": ("依据", "evidence"), "state": ("状态", "state"), "reason": ("理由", "reason"),
}


def explain(dossier: Dossier, verdict: Verdict, code: str) -> Explanation:
    """Return one finding with every cell it rests on.

    Parameters
    ----------
    dossier : Dossier
        What the verdict was decided from.
    verdict : Verdict
        Its verdict.
    code : str
        A code of the tree, such as ``1.schools/3714020001/primary/1.4``, ``2.11`` or ``4.1``.

    Returns
    -------
    Explanation
        Cells in the order of the finding's inputs; for a finding with children, those of all of them.

    Raises
    ------
    KeyError
        If the tree has no such finding.
    """
    finding = verdict.finding(code)
    index = _by_row(dossier)
    seen: dict[tuple[InputRef, CellKey], Cell] = {}
    for node in finding.walk():
        for ref in node.inputs:
            for cell in _cells_of(ref, index):
                seen.setdefault((cell.ref, cell.key), cell)
    return Explanation(finding, tuple(seen.values()))


def compare(before: Dossier, first: Verdict, after: Dossier, second: Verdict) -> Difference:
    """Return what changed between two dossiers and which findings moved because of it.

    Parameters
    ----------
    before, after : Dossier
        Two versions of a county's dossier, or two years.
    first, second : Verdict
        Their verdicts.

    Returns
    -------
    Difference
        Cells by file, subject and column; findings in the order of the second tree, gone ones last. A finding's
        ``because`` are the changed cells among its own inputs in either dossier, and the changed parameters of
        the rule set, which every finding rests on.
    """
    old, new = _all_cells(before), _all_cells(after)
    changed = {
        key: CellChange(key, old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    }
    rules = tuple(change for key, change in changed.items() if key.file in (RULE_SET_FILE, MANIFEST_FILE))
    old_found = {f.code: f for f in first.tree.walk()}
    new_found = {f.code: f for f in second.tree.walk()}
    old_index, new_index = _by_row(before), _by_row(after)
    moved = []
    for code in dict.fromkeys([*new_found, *old_found]):
        a, b = old_found.get(code), new_found.get(code)
        if a and b and (a.outcome, a.actual, a.required) == (b.outcome, b.actual, b.required):
            continue
        keys = dict.fromkeys([*_keys(a, old_index), *_keys(b, new_index)])
        because = tuple(changed[key] for key in keys if key in changed)
        named = b or a
        if named is not None:
            moved.append(FindingChange(code, named.title_zh, named.title_en, a, b, (*because, *rules)))
    return Difference(tuple(changed.values()), tuple(moved))


_Index = Mapping[tuple[str, int | None], Mapping[CellKey, tuple[str, InputRef]]]


def _by_row(dossier: Dossier) -> _Index:
    index: dict[tuple[str, int | None], dict[CellKey, tuple[str, InputRef]]] = {}
    for file, row, subject, texts in _rows(dossier):
        for column, text in texts.items():
            key, ref = CellKey(file, subject, column), InputRef(file, row, column)
            index.setdefault((file, row), {})[key] = (text, ref)
            index.setdefault((file, None), {})[key] = (text, ref)
    return index


def _all_cells(dossier: Dossier) -> dict[CellKey, str]:
    return {CellKey(file, subject, column): text
            for file, _, subject, texts in _rows(dossier) for column, text in texts.items()}


def _rows(dossier: Dossier) -> Iterator[tuple[str, int | None, str, dict[str, str]]]:
    for school in dossier.schools:
        texts = {name: _text(getattr(school, name)) for name in _SCHOOL_LABELS}
        yield SCHOOLS_FILE, school.row, school.school_code, texts
    seen: dict[str, int] = {}
    for row in dossier.criteria:
        name = f"{row.code}/{row.part}" if row.part else row.code
        subject = f"{name} {row.level}"
        seen[subject] = seen.get(subject, 0) + 1
        texts = {"value": _text(row.value), "judgement": _text(row.judgement), "evidence": row.evidence}
        yield CRITERIA_FILE, row.row, f"{subject} #{seen[subject]}", texts
    for veto in dossier.vetoes:
        seen[veto.code] = seen.get(veto.code, 0) + 1
        texts = {"state": str(veto.state), "level": str(veto.level), "reason": veto.reason}
        yield VETOES_FILE, veto.row, f"{veto.code} #{seen[veto.code]}", texts
    yield from _totals(dossier)


def _totals(dossier: Dossier) -> Iterator[tuple[str, int | None, str, dict[str, str]]]:
    counts, manifest = dossier.counts, dossier.manifest
    for group in counts.groups:
        yield COUNTS_FILE, None, str(group.group), {"valid": str(group.valid), "voided": str(group.voided)}
    for pooled in counts.pooled:
        subject = f"{pooled.satisfied_rule}+{pooled.dont_know_rule} {pooled.case}"
        yield COUNTS_FILE, None, subject, {"base": str(pooled.base), "satisfied": str(pooled.satisfied)}
    populations = {f"population_{g}": _text(n) for g, n in manifest.populations.items()}
    texts = {"residents": _text(manifest.residents), "sampled_in_monitoring": str(manifest.sampled_in_monitoring)}
    yield MANIFEST_FILE, None, "manifest", texts | populations
    yield RULE_SET_FILE, None, dossier.rule_set.id, _rule_texts(dossier.rule_set)


def _rule_texts(rule_set: RuleSet) -> dict[str, str]:
    texts = {field.name: str(getattr(rule_set.parameters, field.name)) for field in fields(rule_set.parameters)}
    for indicator in rule_set.indicators:
        if indicator.thresholds is not None:
            texts |= {f"{indicator.code} {stage}": shown(limit) for stage, limit in indicator.thresholds.items()}
        texts |= {f"{indicator.code} {part.code}".strip(): shown(part.limit)
                  for part in indicator.parts if part.limit is not None}
    return texts


def _cells_of(ref: InputRef, index: _Index) -> Iterator[Cell]:
    for key, (text, where) in index.get((ref.file, ref.row), {}).items():
        if ref.column in (None, key.column):
            zh, en = _SCHOOL_LABELS.get(key.column) or _ENTRY_LABELS.get(key.column) or (key.column, key.column)
            yield Cell(where, key, zh, en, text)


def _keys(finding: Finding | None, index: _Index) -> Iterator[CellKey]:
    if finding is not None:
        for node in finding.walk():
            for ref in node.inputs:
                yield from (cell.key for cell in _cells_of(ref, index))


def _text(value: Fraction | int | str | bool | None) -> str:
    if value is None:
        return ""
    return shown(value) if isinstance(value, Fraction) else str(value)
