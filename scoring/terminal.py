"""A verdict and a list of defects as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from scoring.errors import Defect
from scoring.figures import PLACES_OF_PERCENT, shown
from scoring.findings import Combinator, CountyOutcome, Finding, Outcome
from scoring.proportion import Interval
from scoring.recognition import Recognition
from scoring.recognition_finding import alternative_names
from scoring.robustness import Robustness
from scoring.uncertainty import Uncertainty
from scoring.verdict import Verdict
from scoring.verdict_document import NOTICE_EN, NOTICE_ZH

_OUTCOMES = {
    CountyOutcome.MEETS: "符合 / meets",
    CountyOutcome.DOES_NOT_MEET: "不符合 / does not meet",
    CountyOutcome.VETOED: "一票否决 / vetoed",
    CountyOutcome.UNDECIDED: "尚不能判定 / undecided",
}
MARKS = {
    Outcome.MET: "✓",
    Outcome.NOT_MET: "✗",
    Outcome.UNDECIDED: "?",
    Outcome.NOT_APPLICABLE: "–",
}
_OPEN = (Outcome.NOT_MET, Outcome.UNDECIDED)
_DEEPEST = 4


def verdict_lines(verdict: Verdict, sureness: Uncertainty | None = None) -> Iterator[str]:
    """Yield a verdict for people: outcome and reasons, recognition, and the tree where something is open."""
    demo = "【演示 / demonstration】" if verdict.demo else ""
    yield f"{demo}{plain(verdict.county_name)}({verdict.county_code}){verdict.year} · {verdict.purpose.zh}"
    yield f"结论 / outcome: {_OUTCOMES[verdict.outcome]}"
    for reason in verdict.reasons:
        yield f"  {reason.zh} {reason.en}"
    yield NOTICE_ZH
    yield NOTICE_EN
    yield f"规则集 / rule set: {verdict.rule_set_id} {verdict.rule_set_sha256[:16]}…"
    yield f"数据包 / dossier:  {verdict.dossier_sha256}"
    yield ""
    yield from _recognition_lines(verdict.recognition)
    yield from _interval_lines(sureness)
    yield ""
    yield "各项要求 / findings(✓ met  ✗ not met  ? undecided  – not applicable)"
    for child in verdict.tree.children:
        yield from _finding_lines(child, 1)


def defect_lines(defects: Sequence[Defect]) -> Iterator[str]:
    """Yield every defect of a dossier, Chinese first."""
    yield f"数据包无法读取,共{len(defects)}处错误。The dossier cannot be read: {len(defects)} defects."
    for defect in defects:
        yield f"  {plain(defect.zh)} {plain(defect.en)}"


def _recognition_lines(recognition: Recognition) -> Iterator[str]:
    yield f"社会认可度 / recognition: {MARKS[recognition.outcome]}"
    for reason in recognition.reasons:
        yield f"  {reason.zh} {reason.en}"
    for a in recognition.alternatives:
        share = "—" if a.count.share is None else f"{shown(100 * a.count.share, PLACES_OF_PERCENT)} %"
        zh, _ = alternative_names(a)
        force = " ← 所用口径 / in force" if a.in_force else ""
        yield f"  {MARKS[a.outcome]} {share:>7}  {zh}{force}"


def robustness_lines(robustness: Robustness | None) -> Iterator[str]:
    """Yield what the recognition outcome hangs on, one sentence a line; nothing for a public part."""
    if robustness is None:
        return
    yield ""
    yield "稳健性 / robustness"
    for sentence in robustness.sentences:
        yield plain(f"  {sentence.zh} {sentence.en}")


def _interval_lines(found: Uncertainty | None) -> Iterator[str]:
    if found is None:
        return
    estimate, mark = found.pooled.estimate, found.pooled.reliability
    if isinstance(estimate, Interval):
        low, high = (shown(Fraction(100 * end), PLACES_OF_PERCENT) for end in (estimate.low, estimate.high))
        level = shown(Fraction(100 * estimate.level), PLACES_OF_PERCENT)
        yield f"  {level} % 区间 / interval: {low}–{high} %({mark.mark.zh} / {mark.mark.value})"
    for reason in (*mark.reasons, *found.notes):
        yield f"  {reason.zh} {reason.en}"


def _finding_lines(finding: Finding, depth: int) -> Iterator[str]:
    figures = ""
    if finding.actual is not None:
        unit = finding.unit or ""
        figures = f"  {finding.actual}{unit}"
        if finding.required is not None:
            figures += f"(要求 / required {finding.required}{unit})"
    yield plain(f"{'  ' * depth}{MARKS[finding.outcome]} {finding.code} {finding.title_zh}{figures}")
    if finding.outcome not in _OPEN:
        return
    for reason in finding.reasons:
        yield plain(f"{'  ' * (depth + 2)}{reason.zh}")
    for child in finding.children:
        wanted = child.outcome in _OPEN or depth == 1
        if wanted and child.combinator is not Combinator.INFORMATIONAL and depth < _DEEPEST:
            yield from _finding_lines(child, depth + 1)


def plain(text: str) -> str:
    """Return text without control characters: names from a dossier must not steer the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
