"""Which classes of answers may be published, so that no small cell can be read or worked out.

The six codes of the scale are split step by step: all → {5,4} and {3,2,1,0}; {5,4} → {5} and {4};
{3,2,1,0} → {3} and {2,1,0}; {2,1,0} → {2,1} and {0}; {2,1} → {2} and {1}. A row of counts publishes a split
only where both sides have at least the smallest cell; zero is a small cell, for "nobody" tells of everybody.

Where a total over several groups publishes a split that some of them withhold, subtracting the others from the
total gives the sum of those that withhold it. That sum must span two groups or more and must itself be a
publishable split; else the smallest group that still publishes it withholds it too. Where all groups withhold
a split, only the total is left, which publishes it in its own right.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from scoring.questionnaire import GROUPS, SCALE_CODES, Group

Codes = tuple[int, ...]


class Split(Enum):
    """One step of splitting the scale: the class that is split and its two sides; parents come first."""

    SATISFIED = ((5, 4, 3, 2, 1, 0), (5, 4), (3, 2, 1, 0))
    VERY = ((5, 4), (5,), (4,))
    BASIC = ((3, 2, 1, 0), (3,), (2, 1, 0))
    DONT_KNOW = ((2, 1, 0), (2, 1), (0,))
    LOWEST = ((2, 1), (2,), (1,))

    @property
    def whole(self) -> Codes:
        """Return the class that is split."""
        return self._steps()[0]

    @property
    def sides(self) -> tuple[Codes, Codes]:
        """Return its two sides."""
        return self._steps()[1:]

    def _steps(self) -> tuple[Codes, Codes, Codes]:
        steps: tuple[Codes, Codes, Codes] = self.value
        return steps


ALWAYS_PUBLISHED = frozenset({Split.SATISFIED, Split.BASIC, Split.DONT_KNOW})
"""What the pooled satisfied counts of every alternative tell of the overall item anyway."""

Splits = frozenset[Split]
NO_SPLIT: Splits = frozenset()


def mirrored_code(code: int) -> int:
    """Return the code of a reversed item the right way up: 6 − x on the scale, 不了解 as it is.

    >>> [mirrored_code(c) for c in (5, 3, 1, 0)]
    [1, 3, 5, 0]
    """
    return 6 - code if code else code


def mirrored(counts: Codes) -> Codes:
    """Return counts in the order 5, 4, 3, 2, 1, 0 with the scale turned round.

    >>> mirrored((50, 40, 30, 20, 10, 7))
    (10, 20, 30, 40, 50, 7)
    """
    return (*reversed(counts[:-1]), counts[-1])


def classes_of(splits: Splits) -> tuple[Codes, ...]:
    """Return the classes that are left when some splits are made, highest codes first.

    >>> classes_of(frozenset({Split.SATISFIED, Split.BASIC}))
    ((5, 4), (3,), (2, 1, 0))
    """
    classes: list[Codes] = [SCALE_CODES]
    for split in Split:
        if split in splits:
            at = classes.index(split.whole)
            classes[at : at + 1] = split.sides
    return tuple(classes)


def pair_of(counts: Codes, split: Split) -> tuple[int, int]:
    """Return how many answers lie on each side of a split."""
    first, second = (sum(counts[SCALE_CODES.index(c)] for c in side) for side in split.sides)
    return first, second


def own_splits(counts: Codes, smallest: int) -> Splits:
    """Return the splits a row of counts may publish by itself.

    >>> sorted(s.name for s in own_splits((30, 20, 9, 1, 0, 0), 10))
    ['SATISFIED', 'VERY']
    """
    made: set[Split] = set()
    classes: set[Codes] = {SCALE_CODES}
    for split in Split:
        if split.whole in classes and min(pair_of(counts, split)) >= smallest:
            made.add(split)
            classes.update(split.sides)
    return frozenset(made)


def protected_splits(rows: Mapping[Group, Codes], splits_of_total: Splits, smallest: int) -> dict[Group, Splits]:
    """Return the splits each group may publish beside the splits of their total.

    Parameters
    ----------
    rows : mapping of Group to counts
        Answers by code 5, 4, 3, 2, 1, 0.
    splits_of_total : frozenset of Split
        What the sum of all rows publishes.
    smallest : int
        The smallest cell.

    Returns
    -------
    dict
        Splits of each group, always closed towards the whole scale.
    """
    made = {group: own_splits(counts, smallest) for group, counts in rows.items()}
    for split in Split:
        if split in splits_of_total:
            pairs = {group: pair_of(counts, split) for group, counts in rows.items()}
            publishing = {group for group in rows if split in made[group]}
            weights = {group: sum(counts) for group, counts in rows.items()}
            still = protected_pairs(pairs, publishing, smallest, weights)
            for group in publishing - still:
                made[group] = _without(made[group], split)
    return made


def protected_pairs(
    pairs: Mapping[Group, tuple[int, int]],
    publishing: set[Group],
    smallest: int,
    sizes: Mapping[Group, int] | None = None,
) -> set[Group]:
    """Return which groups may still publish a split in two when the total over all groups publishes it.

    Parameters
    ----------
    pairs : mapping of Group to (int, int)
        Answers on each side.
    publishing : set of Group
        The groups that would publish it by themselves.
    smallest : int
        The smallest cell.
    sizes : mapping of Group to int, optional
        Answers of each group; the smallest groups withhold first. Default: the sum of the pair.

    Returns
    -------
    set of Group
        A part of ``publishing``. The rest, with those who withheld it before, is either nobody, or everybody,
        or at least two groups with at least ``smallest`` answers on each side.

    Examples
    --------
    >>> pairs = {Group.STUDENT: (90, 30), Group.PARENT: (300, 40), Group.TEACHER: (20, 3)}
    >>> [g.value for g in protected_pairs(pairs, {Group.STUDENT, Group.PARENT}, 10)]
    ['parent']
    """
    weight = sizes or {g: sum(pair) for g, pair in pairs.items()}
    present = {g for g in pairs if weight[g]}
    still = publishing & present
    while still:
        hidden = present - still
        if not hidden:
            break
        first, second = (sum(pairs[g][side] for g in hidden) for side in (0, 1))
        if len(hidden) > 1 and min(first, second) >= smallest:
            break
        still.discard(min(still, key=lambda g: (weight[g], GROUPS.index(g))))
    return still


def _without(splits: Splits, split: Split) -> Splits:
    """Drop a split and all that split one of its sides further."""
    gone = {split}
    for other in Split:
        if any(other.whole in parent.sides for parent in gone):
            gone.add(other)
    return splits - gone
