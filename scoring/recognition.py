"""Counts → recognition: the share compared with 85 %, whether it may be compared at all, and what else it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from scoring.counts import Case, Counts, ItemCounts, PooledCount
from scoring.findings import Outcome, Reason
from scoring.mean_index import IndexBounds, group_index, pooled_index
from scoring.questionnaire import GROUPS, Form, Group, QuestionnaireSet
from scoring.recognition_reasons import (
    coverage_reasons,
    empty_base_reason,
    fragile_reason,
    residents_reason,
    share_reason,
)
from scoring.recognition_shares import SharedCount, WeightedShare, against, weighted_shares
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule
from scoring.sample import SampleTargets, group_targets, missing_from

_RULE_CODES = {
    SatisfiedRule.OVERALL_ITEM: (5, 4),
    SatisfiedRule.BASIC_COUNTS: (5, 4, 3),
}


@dataclass(frozen=True, slots=True)
class Alternative:
    """What one combination of rules would give: counts, and the outcome of its share alone."""

    satisfied_rule: SatisfiedRule
    dont_know_rule: DontKnowRule
    count: SharedCount
    outcome: Outcome
    in_force: bool

    @property
    def code(self) -> str:
        """Return the code of the combination."""
        return f"{self.satisfied_rule}+{self.dont_know_rule}"


@dataclass(frozen=True, slots=True)
class FlipCase:
    """The rule in force with flagged responses treated in one of four ways, and the outcome of its share."""

    case: Case
    count: SharedCount
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class GroupRecognition:
    """One group: responses, share under the rule in force, mean index, and its target.

    ``target`` and ``shortfall`` are ``None`` where no target can be computed.
    """

    group: Group
    valid: int
    voided: int
    count: SharedCount
    index: IndexBounds | None
    quota: int | None
    target: int | None
    shortfall: int | None
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class ItemRecognition:
    """One item of one group, or of the whole form (``group`` None): share of 5 and 4 among all who answered.

    The reversed item is mirrored first; 不了解 is an answer that is not positive; blanks are left out.
    """

    form: Form
    item: str
    group: Group | None
    reversed: bool
    answered: int
    count: SharedCount


@dataclass(frozen=True, slots=True)
class Recognition:
    """The recognition of a county by those it serves (indicator 4.1).

    ``count`` and ``limit`` are what is compared; ``outcome`` is ``undecided`` with its reasons wherever the
    comparison may not decide. ``dont_know`` are the valid responses whose overall answer is 不了解.
    """

    valid: int
    voided: int
    flagged: int
    dont_know: int
    satisfied_rule: SatisfiedRule
    dont_know_rule: DontKnowRule
    count: SharedCount
    limit: Fraction
    outcome: Outcome
    reasons: tuple[Reason, ...]
    fragile: bool
    alternatives: tuple[Alternative, ...]
    flips: tuple[FlipCase, ...]
    groups: tuple[GroupRecognition, ...]
    weighted: tuple[WeightedShare, ...]
    items: tuple[ItemRecognition, ...]
    index: IndexBounds | None
    targets: SampleTargets | None

    @property
    def share(self) -> Fraction | None:
        """Return the share that is compared with the limit."""
        return self.count.share


def recognise(
    counts: Counts,
    questionnaires: QuestionnaireSet,
    populations: Mapping[str, int | None],
    residents: int | None,
    parameters: Parameters,
) -> Recognition:
    """Decide the recognition of a county from the public counts of its survey.

    The share of satisfied among valid questionnaires, pooled over all groups without weights, is compared
    exactly with the limit. It decides only where every group reached its target (coverage) and where treating
    flagged responses in four ways leads to the same side (flip test); else the outcome is undecided, whichever
    side the share is on.

    Parameters
    ----------
    counts : Counts
        The public part; nothing else of the responses is looked at, so that the public and the auditor part of
        a dossier give the same.
    questionnaires : QuestionnaireSet
        The forms of the survey.
    populations : mapping of group code to int or None
        Registered members of each group.
    residents : int or None
        Resident population; ``None`` leaves the targets, and with them the outcome, open.
    parameters : Parameters
        The rule set's parameters.

    Returns
    -------
    Recognition
        ``share`` is ``None`` where nobody answered (or, under ``leaves_base``, nobody knew).

    Notes
    -----
    Source: indicator 4.1; national form Ⅵ (one verdict per questionnaire, pooled); method §3.
    """
    limit = parameters.recognition_limit
    rule, dont_know = parameters.satisfied_rule, parameters.dont_know_rule
    targets = group_targets(residents, populations, parameters)
    flips = tuple(_flip(counts.pooled_under(rule, dont_know, case), limit) for case in Case)
    count = flips[0].count
    groups = tuple(_group(counts, g, questionnaires, targets, parameters) for g in GROUPS)
    fragile = count.share is not None and len({flip.outcome for flip in flips}) > 1
    open_reasons: list[Reason] = []
    if count.share is None:
        open_reasons.append(empty_base_reason(counts.valid))
    if targets is None:
        open_reasons.append(residents_reason())
    open_reasons += coverage_reasons((g.group, g.valid, g.target or 0) for g in groups if g.shortfall)
    if fragile:
        open_reasons.append(fragile_reason([(f.case, f.count.share) for f in flips], counts.flagged))
    decided = against(count.share, limit)
    reasons = () if count.share is None else (share_reason(count.satisfied or 0, count.base or 0, limit),)
    return Recognition(
        valid=counts.valid,
        voided=sum(g.voided for g in counts.groups),
        flagged=counts.flagged,
        dont_know=counts.overall.count_of((0,)) or 0,
        satisfied_rule=rule,
        dont_know_rule=dont_know,
        count=count,
        limit=limit,
        outcome=Outcome.UNDECIDED if open_reasons else decided,
        reasons=(*open_reasons, *reasons),
        fragile=fragile,
        alternatives=_alternatives(counts, parameters),
        flips=flips,
        groups=groups,
        weighted=weighted_shares(
            [g.count for g in groups], [populations.get(g.group.value) for g in groups], count.share, limit
        ),
        items=_items(counts, questionnaires),
        index=pooled_index(counts, questionnaires),
        targets=targets,
    )


def _flip(pooled: PooledCount, limit: Fraction) -> FlipCase:
    count = SharedCount(pooled.base, pooled.satisfied)
    return FlipCase(pooled.case, count, against(count.share, limit))


def _alternatives(counts: Counts, parameters: Parameters) -> tuple[Alternative, ...]:
    in_force = (parameters.satisfied_rule, parameters.dont_know_rule)
    found = []
    for pooled in counts.pooled:
        if pooled.case is Case.ALL:
            count = SharedCount(pooled.base, pooled.satisfied)
            rules = (pooled.satisfied_rule, pooled.dont_know_rule)
            outcome = against(count.share, parameters.recognition_limit)
            found.append(Alternative(*rules, count, outcome, rules == in_force))
    return tuple(found)


def _group(
    counts: Counts,
    group: Group,
    questionnaires: QuestionnaireSet,
    targets: SampleTargets | None,
    parameters: Parameters,
) -> GroupRecognition:
    number = next(g for g in counts.groups if g.group is group)
    target = targets.of(group) if targets else None
    alternatives = _group_alternatives(counts, group, number.valid, questionnaires, parameters)
    return GroupRecognition(
        group=group,
        valid=number.valid,
        voided=number.voided,
        count=next(a.count for a in alternatives if a.in_force),
        index=group_index(counts, group, questionnaires),
        quota=target.quota if target else None,
        target=target.target if target else None,
        shortfall=missing_from(target.target if target else None, number.valid),
        alternatives=alternatives,
    )


def _group_alternatives(
    counts: Counts, group: Group, valid: int, questionnaires: QuestionnaireSet, parameters: Parameters
) -> tuple[Alternative, ...]:
    in_force = (parameters.satisfied_rule, parameters.dont_know_rule)
    found = []
    for rule, dont_know in product(SatisfiedRule, DontKnowRule):
        count = _group_count(counts, group, valid, questionnaires, rule, dont_know)
        outcome = against(count.share, parameters.recognition_limit)
        found.append(Alternative(rule, dont_know, count, outcome, (rule, dont_know) == in_force))
    return tuple(found)


def _group_count(
    counts: Counts, group: Group, valid: int, questionnaires: QuestionnaireSet, rule: SatisfiedRule,
    dont_know: DontKnowRule,
) -> SharedCount:
    form = questionnaires.for_group(group)
    row = counts.item(form.form, form.items[form.overall_index].code, group) if form else None
    if row is None:
        return SharedCount(valid, None)
    base: int | None = valid
    if dont_know is DontKnowRule.LEAVES_BASE:
        leaving = row.count_of((0,))
        base = None if leaving is None else valid - leaving
    if rule is SatisfiedRule.MEAN_GE_4:
        satisfied = next(m.satisfied for m in counts.means if m.group is group)
    else:
        satisfied = row.count_of(_RULE_CODES[rule])
    return SharedCount(base, satisfied)


def _items(counts: Counts, questionnaires: QuestionnaireSet) -> tuple[ItemRecognition, ...]:
    turned = {(q.form, i.code) for q in questionnaires.questionnaires for i in q.items if i.reversed}
    return tuple(_item(row, (row.form, row.item) in turned) for row in counts.items)


def _item(row: ItemCounts, is_reversed: bool) -> ItemRecognition:
    if row.form is None:
        raise ValueError("an item of no form")
    positive = row.count_of((2, 1) if is_reversed else (5, 4))
    count = SharedCount(row.answered, positive)
    return ItemRecognition(row.form, row.item, row.group, is_reversed, row.answered, count)
