"""Would the recognition outcome stand? Every school, group and locality left out in turn, and all other sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from scoring.cluster_cells import NO_LOCALITY, SurveyCells
from scoring.findings import Outcome, Reason
from scoring.questionnaire import GROUPS, Bilingual, Group
from scoring.recognition import Recognition
from scoring.recognition_shares import SharedCount, WeightedShare, against, weighted_shares
from scoring.responses import POOLED_CLUSTER
from scoring.robustness_reasons import (
    alternative_sentence,
    flip_sentence,
    leave_one_out_sentence,
)
from scoring.ruleset import Parameters
from scoring.school_columns import LOCALITIES


class LeftOutKind(StrEnum):
    """What is left out, one at a time."""

    SCHOOL = "school"
    GROUP = "group"
    LOCALITY = "locality"


_KIND_NAMES = {
    LeftOutKind.SCHOOL: Bilingual("学校或单位", "school or office"),
    LeftOutKind.GROUP: Bilingual("群体", "group"),
    LeftOutKind.LOCALITY: Bilingual("城乡类别", "locality"),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The recognition share without one unit: ``n`` valid responses left out, share of the rest, and its side."""

    code: str
    name: Bilingual
    n: int
    share: Fraction | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Every unit of a kind left out in turn.

    ``n_units`` were left out; ``n_small`` have fewer responses than the smallest published cell and were not, for
    the difference would tell their answers. ``lowest`` and ``highest`` are the shares that come out, ``flips``
    the units without which the share is on another side of the limit.
    """

    kind: LeftOutKind
    n_units: int
    n_small: int
    lowest: LeftOut | None
    highest: LeftOut | None
    flips: tuple[LeftOut, ...]
    sentence: Reason


@dataclass(frozen=True, slots=True)
class Robustness:
    """All that could turn the recognition outcome, with one sentence each: ``sentences`` has every one in order.

    For holders of the auditor part: figures by school, and of groups whose split is withheld from the public.
    """

    leave_one_out: tuple[LeaveOneOut, ...]
    weighted: tuple[WeightedShare, ...]
    sentences: tuple[Reason, ...]


def robustness(
    cells: SurveyCells, recognition: Recognition, names: Mapping[str, str], parameters: Parameters
) -> Robustness:
    """Return what the recognition outcome hangs on.

    Parameters
    ----------
    cells : SurveyCells
        Responses by school or office and group, under the rule in force.
    recognition : Recognition
        What the same responses' counts gave: flip test and alternatives are taken from it.
    names : mapping of school code to name
        Clusters that are not in it are called by their code.
    parameters : Parameters
        Limit and smallest cell.

    Returns
    -------
    Robustness
        Leave-one-out in the order school, group, locality. Sentences: flip test, leave-one-out, weighted shares,
        every alternative rule.

    Notes
    -----
    Source: method §3 (flip test, alternatives, group-equal and population-weighted share).
    """
    side = against(recognition.share, recognition.limit)
    totals = zip(cells.base.sum(axis=0).tolist(), cells.satisfied.sum(axis=0).tolist(), strict=True)
    counts = [SharedCount(n, k) for n, k in totals]
    weighted = weighted_shares(counts, cells.populations, recognition.share, recognition.limit)
    out = tuple(leave_one_out(cells, kind, names, parameters) for kind in LeftOutKind)
    sentences = (
        flip_sentence(recognition.flips),
        *(one.sentence for one in out),
        *(one.reason for one in weighted),
        *(alternative_sentence(a, a.outcome is side) for a in recognition.alternatives if not a.in_force),
    )
    return Robustness(out, weighted, sentences)


def leave_one_out(
    cells: SurveyCells, kind: LeftOutKind, names: Mapping[str, str], parameters: Parameters
) -> LeaveOneOut:
    """Leave out every school (or office), group or locality in turn, where it has enough responses.

    Parameters
    ----------
    cells : SurveyCells
    kind : LeftOutKind
    names : mapping of school code to name
    parameters : Parameters

    Returns
    -------
    LeaveOneOut
        Exact shares; a unit without which nobody is left gives none, and its side is undecided. The pool of
        people whose school is not told is no unit and stays in the base.
    """
    n, k, limit = int(cells.base.sum()), int(cells.satisfied.sum()), parameters.recognition_limit
    side = against(Fraction(k, n) if n else None, limit)
    units = list(_units(cells, kind))
    tried = [unit for unit in units if unit.valid >= parameters.smallest_cell]

    def without(unit: _Unit) -> LeftOut:
        share = Fraction(k - unit.satisfied, n - unit.base) if n > unit.base else None
        return LeftOut(unit.code, _name(kind, unit.code, names), unit.valid, share, against(share, limit))

    # A quotient of two integers is correctly rounded, so it orders the units as the fractions would.
    known = [((k - unit.satisfied) / (n - unit.base), unit.code, unit) for unit in tried if n > unit.base]
    lowest, highest = (without(min(known)[2]), without(max(known)[2])) if known else (None, None)
    one_side = lowest and highest and len(known) == len(tried) and {lowest.outcome, highest.outcome} == {side}
    flips = () if one_side else tuple(one for one in map(without, tried) if one.outcome is not side)
    sentence = leave_one_out_sentence(
        _KIND_NAMES[kind],
        len(tried),
        None if lowest is None or highest is None else (lowest.share, highest.share),
        [(one.name, one.share) for one in flips],
    )
    n_small = sum(1 for unit in units if 0 < unit.valid < parameters.smallest_cell)
    return LeaveOneOut(kind, len(tried), n_small, lowest, highest, flips, sentence)


@dataclass(frozen=True, slots=True, order=True)
class _Unit:
    """One school or office, group or locality: its valid responses, its base and the satisfied among them."""

    code: str
    valid: int
    base: int
    satisfied: int


def _units(cells: SurveyCells, kind: LeftOutKind) -> Iterator[_Unit]:
    """Yield every unit of a kind; the pool of single people is no school, and no locality is no locality."""
    axis = 0 if kind is LeftOutKind.GROUP else 1
    totals = [one.sum(axis=axis) for one in (cells.valid, cells.base, cells.satisfied)]
    codes: Sequence[str] = GROUPS if kind is LeftOutKind.GROUP else cells.clusters
    if kind is LeftOutKind.LOCALITY:
        codes = cells.localities
        totals = [np.bincount(cells.stratum, one, len(codes)).astype(np.int64) for one in totals]
    nobody = {LeftOutKind.SCHOOL: POOLED_CLUSTER, LeftOutKind.LOCALITY: NO_LOCALITY}.get(kind)
    for code, valid, base, satisfied in zip(codes, *(one.tolist() for one in totals), strict=True):
        if code != nobody:
            yield _Unit(str(code), valid, base, satisfied)


def _name(kind: LeftOutKind, code: str, names: Mapping[str, str]) -> Bilingual:
    """Return what a unit is called in a sentence."""
    if kind is LeftOutKind.GROUP:
        return Bilingual(Group(code).zh, Group(code).en)
    if kind is LeftOutKind.LOCALITY:
        choice = next(choice for choice in LOCALITIES if choice.code == code)
        return Bilingual(choice.zh, choice.en)
    name = f"{names[code]}({code})" if code in names else code
    return Bilingual(name, name)
