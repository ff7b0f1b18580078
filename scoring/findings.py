"""What every rule says of its subject: one finding, with the reason, the inputs and the combinator of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, make_dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a rule can say; nothing is a boolean, because not knowing is an answer too."""

    MET = "met"
    NOT_MET = "not_met"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not_applicable"


class Combinator(StrEnum):
    """How a node's outcome follows from its children's (method §5)."""

    LEAF = "leaf"
    ALL = "all"
    SIX_OF_SEVEN_WITH_FLOOR = "six_of_seven_with_floor"
    NONE_PRESENT = "none_present"
    INFORMATIONAL = "informational"


class CountyOutcome(StrEnum):
    """The county's outcome, in the order in which it is decided (method §5)."""

    VETOED = "vetoed"
    DOES_NOT_MEET = "does_not_meet"
    UNDECIDED = "undecided"
    MEETS = "meets"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence that decided an outcome, in both languages, under a stable code."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class InputRef:
    """Where a figure came from: a file of the dossier, its 1-based line (header = 1) and its column."""

    file: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One node of the verdict tree.

    ``required``, ``actual`` and ``margin`` are display strings made from exact figures: rounded to six
    places, trailing zeros dropped; ``None`` where the rule has no such figure. ``margin`` is positive on the
    side that meets the rule.
    """

    code: str
    title_zh: str
    title_en: str
    outcome: Outcome
    combinator: Combinator = Combinator.LEAF
    required: str | None = None
    actual: str | None = None
    margin: str | None = None
    unit: str | None = None
    borderline: bool = False
    reasons: tuple[Reason, ...] = ()
    inputs: tuple[InputRef, ...] = ()
    units: tuple[str, ...] = ()
    children: tuple[Finding, ...] = ()

    def walk(self) -> Iterator[Finding]:
        """Yield this finding and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


_Draft = make_dataclass("_Draft", [one.name for one in fields(Finding)], slots=True)
"""The fields of a finding in a class that lets them be set: see ``leaf_finding``."""


def leaf_finding(
    code: str,
    title_zh: str,
    title_en: str,
    outcome: Outcome,
    required: str | None,
    actual: str | None,
    margin: str | None,
    unit: str | None,
    borderline: bool,
    reason: Reason,
    inputs: tuple[InputRef, ...],
    units: tuple[str, ...],
) -> Finding:
    """Return a finding without children, as ``Finding(...)`` would, in a sixth of the time.

    A county has thousands of them, and a frozen dataclass sets its fields one slow call after another. So the fields
    are set on a class of the same shape that is not frozen, and the object is then handed over to ``Finding``.

    >>> reason = Reason("standard_met", "达到标准。", "Meets the standard.")
    >>> leaf_finding("1.1", "教师", "Teachers", Outcome.MET, "4", "5", "1", "人", False, reason, (), ()) == Finding(
    ...     "1.1", "教师", "Teachers", Outcome.MET, Combinator.LEAF, "4", "5", "1", "人", False, (reason,)
    ... )
    True
    """
    finding: Finding = _Draft(
        code, title_zh, title_en, outcome, Combinator.LEAF, required, actual, margin, unit, borderline, (reason,),
        inputs, units, (),
    )
    finding.__class__ = Finding
    return finding


def combine_all(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the outcome of a node whose children must all hold.

    Any not met decides; else any undecided leaves it open; children that do not apply are neutral, and a node
    with nothing that applies does not apply itself.

    Source: method §5, combinator ``all``.

    >>> combine_all([Outcome.MET, Outcome.UNDECIDED, Outcome.NOT_MET])
    <Outcome.NOT_MET: 'not_met'>
    >>> combine_all([])
    <Outcome.NOT_APPLICABLE: 'not_applicable'>
    """
    seen = set(outcomes)
    for decisive in (Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.MET):
        if decisive in seen:
            return decisive
    return Outcome.NOT_APPLICABLE
