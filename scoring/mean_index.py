"""The mean index, 0 to 100, between the bounds that the published classes leave open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from scoring.counts import Counts, ItemCounts
from scoring.disclosure import mirrored_code
from scoring.questionnaire import DONT_KNOW, Group, QuestionnaireSet

_POINTS_PER_STEP = 25


@dataclass(frozen=True, slots=True)
class IndexBounds:
    """The lowest and the highest mean index, 0 to 100, that agrees with the published classes."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class _Class:
    """Some answers: the points each could have, and whether each could be 不了解 and have none."""

    n: int
    points: tuple[int, ...]
    may_leave: bool


def group_index(counts: Counts, group: Group, questionnaires: QuestionnaireSet) -> IndexBounds | None:
    """Return the mean index of one group over all items it answered.

    An answer of x on the scale has (x − 1) × 25 points, the reversed item mirrored first; 不了解 and blanks
    have none and leave the base.

    Returns
    -------
    IndexBounds or None
        ``None`` where the group answered nothing, or where an item is withheld altogether.

    Notes
    -----
    Source: method §3 (c); the mapping 0, 25, 50, 75, 100 is linear in the scale.
    """
    form = questionnaires.for_group(group)
    if form is None:
        return None
    rows = [counts.item(form.form, item.code, group) for item in form.items]
    if any(row is None or _withheld(row) for row in rows):
        return None
    turned = [item.reversed for item in form.items]
    return _bounds(c for row, t in zip(rows, turned, strict=True) if row for c in _classes(row, t))


def pooled_index(counts: Counts, questionnaires: QuestionnaireSet) -> IndexBounds | None:
    """Return the mean index over all groups and items; ``None`` where nothing was answered.

    Withheld answers widen the bounds, they are never left out.
    """
    classes = _classes(counts.overall, turned=False)
    for form in questionnaires.questionnaires:
        for item in form.items:
            group = None if len(form.groups) > 1 else form.groups[0]
            row = counts.item(form.form, item.code, group)
            if row is not None and not item.overall:
                classes += _classes(row, item.reversed)
    return _bounds(classes)


def _withheld(row: ItemCounts) -> bool:
    return row.answered > 0 and len(row.classes) == 1


def _classes(row: ItemCounts, turned: bool) -> list[_Class]:
    classes = []
    for counted in row.classes:
        codes = [mirrored_code(c) if turned else c for c in counted.codes]
        points = tuple((c - 1) * _POINTS_PER_STEP for c in codes if c != DONT_KNOW)
        if counted.n and points:
            classes.append(_Class(counted.n, points, DONT_KNOW in codes))
    return classes


def _bounds(classes: Iterable[_Class]) -> IndexBounds | None:
    known = list(classes)
    low, high = _extreme(known, lowest=True), _extreme(known, lowest=False)
    return None if low is None or high is None else IndexBounds(low, high)


def _extreme(classes: list[_Class], *, lowest: bool) -> Fraction | None:
    """Return the least or the greatest mean; answers that may leave the base do so where it is more extreme."""
    sign = 1 if lowest else -1
    signed = sorted((sign * (min(c.points) if lowest else max(c.points)), c.n, c.may_leave) for c in classes)
    points = sum(p * n for p, n, may_leave in signed if not may_leave)
    base = sum(n for _, n, may_leave in signed if not may_leave)
    for p, n, may_leave in signed:
        if may_leave and (base == 0 or p * base < points):
            points, base = points + p * n, base + n
    return Fraction(sign * points, base) if base else None
