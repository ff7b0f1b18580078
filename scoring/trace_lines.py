"""Explanations and differences as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.findings import Finding
from scoring.terminal import MARKS, plain
from scoring.traces import CellChange, Difference, Explanation
from scoring.verdict import Verdict


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Yield a finding, its reasons, the findings below it and every cell it rests on."""
    finding = explanation.finding
    yield plain(f"{MARKS[finding.outcome]} {finding.code} {finding.title_zh} / {finding.title_en}{_figures(finding)}")
    for reason in finding.reasons:
        yield plain(f"  {reason.zh} {reason.en}")
    if finding.units:
        yield plain(f"  责任单位 / responsible: {'、'.join(finding.units)}")
    for child in finding.children:
        yield plain(f"    {MARKS[child.outcome]} {child.code} {child.title_zh}{_figures(child)}")
    yield f"依据 / inputs({len(explanation.cells)})"
    for cell in explanation.cells:
        row = f":{cell.ref.row}" if cell.ref.row else ""
        yield plain(f"  {cell.ref.file}{row} [{cell.key.subject}] {cell.label_zh} = {cell.text or '(空)'}")


def difference_lines(difference: Difference, first: Verdict, second: Verdict) -> Iterator[str]:
    """Yield what changed, then every finding that moved with the changes it follows from."""
    yield plain(f"{first.county_name} {first.year} → {second.county_name} {second.year}: "
                f"{first.outcome} → {second.outcome}")
    yield f"改变的数据 / changed cells({len(difference.cells)})"
    for change in difference.cells:
        yield plain(f"  {_change(change)}")
    flipped = sum(f.flipped for f in difference.findings)
    yield f"改变的判定 / findings that moved({len(difference.findings)},其中结论改变 flipped {flipped})"
    for moved in difference.findings:
        before = f"{MARKS[moved.before.outcome]}{_actual(moved.before)}" if moved.before else "(无)"
        after = f"{MARKS[moved.after.outcome]}{_actual(moved.after)}" if moved.after else "(无)"
        yield plain(f"  {'!' if moved.flipped else ' '} {moved.code} {moved.title_zh}: {before} → {after}")
        for change in moved.because:
            yield plain(f"        因为 / because {_change(change)}")


def _change(change: CellChange) -> str:
    key = change.key
    before = "(无)" if change.before is None else change.before or "(空)"
    after = "(无)" if change.after is None else change.after or "(空)"
    return f"{key.file} [{key.subject}] {key.column}: {before} → {after}"


def _figures(finding: Finding) -> str:
    if finding.actual is None:
        return ""
    unit = finding.unit or ""
    required = "" if finding.required is None else f"(要求 / required {finding.required}{unit})"
    return f"  {finding.actual}{unit}{required}"


def _actual(finding: Finding) -> str:
    return "" if finding.actual is None else f" {finding.actual}{finding.unit or ''}"
