"""Shares of satisfied questionnaires: the pooled one that decides, and those under group weights shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from scoring.figures import shown
from scoring.findings import Outcome, Reason


@dataclass(frozen=True, slots=True)
class SharedCount:
    """A share with its counts; ``share`` is in [0, 1], ``None`` where the base is empty or withheld."""

    base: int | None
    satisfied: int | None

    @property
    def share(self) -> Fraction | None:
        """Return satisfied ÷ base."""
        if not self.base or self.satisfied is None:
            return None
        return Fraction(self.satisfied, self.base)

    @property
    def withheld(self) -> bool:
        """Say whether there are answers whose split is not published."""
        return self.base is None or (self.base > 0 and self.satisfied is None)


class Weighting(StrEnum):
    """How the groups' own shares are joined beside the pooled share."""

    GROUP_EQUAL = "group_equal"
    POPULATION = "population_weighted"

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        return "各群体权重相同" if self is Weighting.GROUP_EQUAL else "各群体按登记人数加权"

    @property
    def en(self) -> str:
        """Return the English name."""
        return "all groups weigh the same" if self is Weighting.GROUP_EQUAL else "groups weigh by registered members"


@dataclass(frozen=True, slots=True)
class WeightedShare:
    """The exact share under fixed weights of the groups. It informs and never decides.

    ``share`` is ``None`` where no group has both weight and answers, or where a group's split is withheld.
    """

    weighting: Weighting
    n_groups: int
    share: Fraction | None
    outcome: Outcome
    reason: Reason


def against(share: Fraction | None, limit: Fraction) -> Outcome:
    """Return the outcome of a share alone: on or above the limit it is met, without a share undecided.

    >>> against(Fraction(85, 100), Fraction(85, 100)).value, against(None, Fraction(85, 100)).value
    ('met', 'undecided')
    """
    if share is None:
        return Outcome.UNDECIDED
    return Outcome.MET if share >= limit else Outcome.NOT_MET


def weighted_shares(
    counts: Sequence[SharedCount], populations: Sequence[int | None], pooled: Fraction | None, limit: Fraction
) -> tuple[WeightedShare, ...]:
    """Return the share under equal weights, and under registered members, exactly.

    Parameters
    ----------
    counts : sequence of SharedCount
        Base and satisfied of each group.
    populations : sequence of int or None
        Registered members of each group, in the same order.
    pooled : Fraction or None
        The share that decides, to say whether the others are on its side.
    limit : Fraction
        What a share is compared with.

    Returns
    -------
    tuple of WeightedShare
        Equal weights join all groups that answered; weights by members only those that are registered as well.

    Notes
    -----
    Source: method §3.

    Examples
    --------
    90 of 100 and 6 of 10, with 300 and 100 registered members: (0.9 + 0.6) / 2 and (300 · 0.9 + 100 · 0.6) / 400.

    >>> counts = [SharedCount(100, 90), SharedCount(10, 6)]
    >>> [str(w.share) for w in weighted_shares(counts, [300, 100], Fraction(96, 110), Fraction(85, 100))]
    ['3/4', '33/40']
    """
    side = against(pooled, limit)
    return tuple(
        _weighted(kind, counts, [1 if kind is Weighting.GROUP_EQUAL else n or 0 for n in populations], side, limit)
        for kind in Weighting
    )


def _weighted(
    kind: Weighting, counts: Sequence[SharedCount], weights: Sequence[int], side: Outcome, limit: Fraction
) -> WeightedShare:
    inside = [(weight, count) for weight, count in zip(weights, counts, strict=True) if weight and count.base != 0]
    total = sum(weight for weight, _ in inside)
    share: Fraction | None = None
    if total and not any(count.withheld for _, count in inside):
        known = ((weight, count.share) for weight, count in inside)
        share = sum((weight * own for weight, own in known if own is not None), Fraction(0)) / total
    outcome = against(share, limit)
    return WeightedShare(kind, len(inside), share, outcome, _reason(kind, share, bool(total), outcome is side))


def _reason(kind: Weighting, share: Fraction | None, any_group: bool, same_side: bool) -> Reason:
    if share is None and any_group:
        zh = f"若{kind.zh}的比例不予公布:有群体的满意份数低于公布下限。"
        return Reason("withheld", zh, f"Where {kind.en} the share is withheld: a group has too few answers of a kind.")
    if share is None:
        zh = f"若{kind.zh},比例无法计算:没有可加权的群体。"
        return Reason("no_weight", zh, f"Where {kind.en} there is no share: no group has both answers and a weight.")
    text = f"{shown(100 * share, 4)}%"
    if same_side:
        zh, en = f"若{kind.zh},比例为{text},结论相同。", f"Where {kind.en} the share is {text}, on the same side."
        return Reason("same_side", zh, en)
    zh, en = f"若{kind.zh},比例为{text},结论不同。", f"Where {kind.en} the share is {text}, on the other side."
    return Reason("other_side", zh, en)
