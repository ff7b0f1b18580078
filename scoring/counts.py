"""The public part of a survey: counts from which every outcome follows, with small cells merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from scoring.disclosure import (
    ALWAYS_PUBLISHED,
    Split,
    classes_of,
    mirrored,
    mirrored_code,
    own_splits,
    protected_pairs,
    protected_splits,
)
from scoring.questionnaire import DONT_KNOW, GROUPS, SCALE_CODES, Form, Group, QuestionnaireSet
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule
from scoring.tally import BaseTally, FlagCount, GroupTally, Tally

COUNTS_FILE = "counts.csv"
OVERALL = "overall"
"""The item code under which the overall item is pooled over all forms."""


class Case(StrEnum):
    """The four ways of treating flagged responses in the flip test."""

    ALL = "all"
    WITHOUT_FLAGGED = "without_flagged"
    FLAGGED_AGAINST = "flagged_against"
    FLAGGED_FOR = "flagged_for"


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many responses of a group are valid and how many voided."""

    group: Group
    valid: int
    voided: int


@dataclass(frozen=True, slots=True)
class PooledCount:
    """The base and the satisfied questionnaires of all groups under one alternative and one flip case."""

    satisfied_rule: SatisfiedRule
    dont_know_rule: DontKnowRule
    case: Case
    base: int
    satisfied: int


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Answers merged into one class: its codes in the order 5, 4, 3, 2, 1, 0, and how many answers it has."""

    codes: tuple[int, ...]
    n: int


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """The answers to one item: of one group, of a form's groups together (``group`` None), or of all forms.

    The classes are disjoint and hold every answer; a single class of all six codes withholds everything but
    ``answered``.
    """

    form: Form | None
    item: str
    group: Group | None
    answered: int
    classes: tuple[ClassCount, ...]

    def count_of(self, codes: Sequence[int]) -> int | None:
        """Return how many gave one of some codes, ``None`` where the published classes do not tell.

        >>> row = ItemCounts(None, "q01", None, 30, (ClassCount((5, 4), 20), ClassCount((3, 2, 1, 0), 10)))
        >>> row.count_of((5, 4)), row.count_of((5,))
        (20, None)
        """
        wanted = set(codes)
        inside = [c for c in self.classes if wanted.issuperset(c.codes)]
        if {code for c in inside for code in c.codes} != wanted:
            return 0 if self.answered == 0 else None
        return sum(c.n for c in inside)


@dataclass(frozen=True, slots=True)
class MeanCount:
    """How many questionnaires of one group have a mean of 4 or more; ``None``: withheld."""

    group: Group
    satisfied: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that is published of a survey, in one fixed order."""

    groups: tuple[GroupCount, ...]
    pooled: tuple[PooledCount, ...]
    flagged: int
    flags: tuple[FlagCount, ...]
    overall: ItemCounts
    items: tuple[ItemCounts, ...]
    means: tuple[MeanCount, ...]

    @property
    def valid(self) -> int:
        """Return the number of valid responses of all groups."""
        return sum(g.valid for g in self.groups)

    def pooled_under(self, satisfied_rule: SatisfiedRule, dont_know_rule: DontKnowRule, case: Case) -> PooledCount:
        """Return the pooled count of one alternative and one flip case.

        Raises
        ------
        KeyError
            If the counts lack it.
        """
        for count in self.pooled:
            if (count.satisfied_rule, count.dont_know_rule, count.case) == (
                satisfied_rule,
                dont_know_rule,
                case,
            ):
                return count
        raise KeyError(case)

    def item(self, form: Form, item: str, group: Group | None) -> ItemCounts | None:
        """Return the counts of one item of one group, or of the whole form."""
        for row in self.items:
            if (row.form, row.item, row.group) == (form, item, group):
                return row
        return None


def publish(tally: Tally, questionnaires: QuestionnaireSet, parameters: Parameters) -> Counts:
    """Return what may be published of a tally, so that every outcome can be recomputed from it.

    The valid responses of each group and the pooled base and satisfied questionnaires under every alternative
    and flip case are always published. All other counts are published in classes of answers: a class under
    ``smallest_cell`` is merged with its neighbours, and where a withheld class could be had by subtracting the
    others from a total, further classes are withheld until what remains hidden spans at least two groups and
    ``smallest_cell`` answers on each side (see ``scoring.disclosure``).

    Parameters
    ----------
    tally : Tally
        All counts.
    questionnaires : QuestionnaireSet
        The forms of the survey.
    parameters : Parameters
        ``smallest_cell`` is used.

    Returns
    -------
    Counts

    Notes
    -----
    Source: method §3 and §7.
    """
    smallest = parameters.smallest_cell
    items: list[ItemCounts] = []
    overall_rows: dict[Group, tuple[int, ...]] = {}
    overall_total = tally.everyone.overall
    for form in questionnaires.questionnaires:
        groups = [g for g in tally.groups if g.group in form.groups]
        for n, item in enumerate(form.items):
            if item.overall:
                overall_rows |= {g.group: g.items[n].by_code for g in groups}
            else:
                rows = {g.group: g.items[n].by_code for g in groups}
                items.extend(_item_counts(form.form, item.code, rows, item.reversed, smallest))
    splits_of_total = own_splits(overall_total, smallest) | ALWAYS_PUBLISHED
    overall_splits = protected_splits(overall_rows, splits_of_total, smallest)
    for form in questionnaires.questionnaires:
        code = form.items[form.overall_index].code
        for group in form.groups:
            counts = overall_rows[group]
            items.append(_row(form.form, code, group, counts, overall_splits[group], reverse=False))
    return Counts(
        groups=tuple(GroupCount(g.group, g.valid, g.voided) for g in tally.groups),
        pooled=pooled_counts(tally.everyone, tally.unflagged),
        flagged=tally.everyone.valid - tally.unflagged.valid,
        flags=tally.flags,
        overall=_row(None, OVERALL, None, overall_total, splits_of_total, reverse=False),
        items=_in_order(items, questionnaires),
        means=_means(tally.groups, smallest),
    )


def pooled_counts(everyone: BaseTally, unflagged: BaseTally) -> tuple[PooledCount, ...]:
    """Return base and satisfied under every alternative and flip case, in the order of their codes.

    Flagged responses counted against stay in the base and are not satisfied; counted for, they are all
    satisfied; what was in the base of the unflagged stays there.
    """
    rows: list[PooledCount] = []
    flagged = everyone.valid - unflagged.valid
    for rule, dont_know in product(SatisfiedRule, DontKnowRule):
        base, satisfied = _base(everyone, rule, dont_know)
        clean_base, clean = _base(unflagged, rule, dont_know)
        by_case = {
            Case.ALL: (base, satisfied),
            Case.WITHOUT_FLAGGED: (clean_base, clean),
            Case.FLAGGED_AGAINST: (clean_base + flagged, clean),
            Case.FLAGGED_FOR: (clean_base + flagged, clean + flagged),
        }
        rows.extend(PooledCount(rule, dont_know, case, *by_case[case]) for case in Case)
    return tuple(rows)


def _base(base: BaseTally, rule: SatisfiedRule, dont_know: DontKnowRule) -> tuple[int, int]:
    very, fairly, basic = base.overall[:3]
    satisfied = {
        SatisfiedRule.OVERALL_ITEM: very + fairly,
        SatisfiedRule.BASIC_COUNTS: very + fairly + basic,
        SatisfiedRule.MEAN_GE_4: base.mean_satisfied,
    }[rule]
    leaving = base.overall[SCALE_CODES.index(DONT_KNOW)] if dont_know is DontKnowRule.LEAVES_BASE else 0
    return base.valid - leaving, satisfied


def _item_counts(
    form: Form, item: str, rows: dict[Group, tuple[int, ...]], reverse: bool, smallest: int
) -> list[ItemCounts]:
    """Return the rows of one item that is not the overall one: the form's total, if it has groups, and theirs."""
    upright = {g: mirrored(c) if reverse else c for g, c in rows.items()}
    total = tuple(sum(column) for column in zip(*upright.values(), strict=True))
    splits_of_total = own_splits(total, smallest)
    splits = protected_splits(upright, splits_of_total, smallest)
    result = [_row(form, item, g, c, splits[g], reverse=reverse) for g, c in upright.items()]
    if len(rows) > 1:
        result.insert(0, _row(form, item, None, total, splits_of_total, reverse=reverse))
    return result


def _row(
    form: Form | None,
    item: str,
    group: Group | None,
    counts: tuple[int, ...],
    splits: frozenset[Split],
    *,
    reverse: bool,
) -> ItemCounts:
    """Merge counts, given the right way up, into the classes that may be published, with their real codes."""
    classes = []
    for codes in classes_of(splits):
        real = tuple(mirrored_code(code) if reverse else code for code in codes)
        n = sum(counts[SCALE_CODES.index(code)] for code in codes)
        classes.append(ClassCount(tuple(sorted(real, reverse=True)), n))
    ordered = tuple(sorted(classes, key=lambda c: c.codes, reverse=True))
    return ItemCounts(form, item, group, sum(counts), ordered)


def _means(groups: Sequence[GroupTally], smallest: int) -> tuple[MeanCount, ...]:
    pairs = {g.group: (g.mean_satisfied, g.valid - g.mean_satisfied) for g in groups}
    shown = protected_pairs(pairs, {g for g, pair in pairs.items() if min(pair) >= smallest}, smallest)
    return tuple(MeanCount(g, pairs[g][0] if g in shown else None) for g in GROUPS)


def _in_order(items: Sequence[ItemCounts], questionnaires: QuestionnaireSet) -> tuple[ItemCounts, ...]:
    forms = [q.form for q in questionnaires.questionnaires]
    group_order = {None: -1} | {g: n for n, g in enumerate(GROUPS)}

    def key(row: ItemCounts) -> tuple[int, str, int]:
        return forms.index(row.form) if row.form else -1, row.item, group_order[row.group]

    return tuple(sorted(items, key=key))
