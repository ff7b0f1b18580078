"""How sure the recognition figures are: interval, design effect and mark of each, from the auditor part."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.cluster_cells import SurveyCells
from scoring.findings import Reason
from scoring.linearisation import CellCounts
from scoring.proportion import (
    Estimate,
    NoBase,
    group_equal_share,
    group_shares,
    pooled_share,
    population_weighted_share,
)
from scoring.questionnaire import GROUPS, Form, Group
from scoring.recognition_shares import Weighting
from scoring.reliability import Reliability, reliability
from scoring.ruleset import Parameters, ReliabilityLimits


@dataclass(frozen=True, slots=True)
class Figure:
    """One share with its sampling error and whether it should be printed."""

    estimate: Estimate
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """The recognition share of one group."""

    group: Group
    figure: Figure


@dataclass(frozen=True, slots=True)
class WeightedFigure:
    """The share under fixed weights of the groups."""

    weighting: Weighting
    figure: Figure


@dataclass(frozen=True, slots=True)
class ItemFigure:
    """The positive share of one item, of one group or of all groups of the form (``group`` None)."""

    form: Form
    item: str
    group: Group | None
    figure: Figure


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Every recognition figure with its interval. It informs and never changes an outcome.

    ``strata`` are the localities of the design, ``n_psu`` its schools, offices and single people. ``notes`` say
    what everybody must read beside an interval, and which groups have more answers than members.
    """

    level: float
    strata: tuple[str, ...]
    n_psu: int
    pooled: Figure
    weighted: tuple[WeightedFigure, ...]
    groups: tuple[GroupFigure, ...]
    notes: tuple[Reason, ...]


def uncertainty(cells: SurveyCells, parameters: Parameters) -> Uncertainty:
    """Return the sampling error of every recognition figure of a survey.

    Parameters
    ----------
    cells : SurveyCells
        Responses by school or office and group.
    parameters : Parameters
        Level of the intervals and limits of the marks.

    Returns
    -------
    Uncertainty

    Notes
    -----
    Source: method §3 (interval).
    """
    level = float(parameters.interval_level)
    limits = parameters.reliability
    recognised = cells.recognition()
    own = group_shares(recognised, level)
    weighted = {
        Weighting.GROUP_EQUAL: group_equal_share(recognised, level),
        Weighting.POPULATION: population_weighted_share(recognised, level),
    }
    return Uncertainty(
        level=level,
        strata=cells.localities,
        n_psu=_n_psu(recognised),
        pooled=_figure(pooled_share(recognised, level=level), limits),
        weighted=tuple(WeightedFigure(kind, _figure(e, limits)) for kind, e in weighted.items()),
        groups=tuple(GroupFigure(g, _figure(e, limits)) for g, e in zip(GROUPS, own, strict=True)),
        notes=(_OPT_IN, _POOLED_CLUSTERS, *_over_counted(recognised)),
    )


def _figure(estimate: Estimate, limits: ReliabilityLimits) -> Figure:
    return Figure(estimate, reliability(estimate, limits))


def item_figures(cells: SurveyCells, parameters: Parameters) -> tuple[ItemFigure, ...]:
    """Return the sampling error of every item's positive share: of the groups of its form together, and of each.

    Items that a group left blank altogether have no figure for it.

    Parameters
    ----------
    cells : SurveyCells
    parameters : Parameters

    Returns
    -------
    tuple of ItemFigure
        In the order of forms, items and groups; the joint figure first where a form serves several groups.
    """
    level, limits = float(parameters.interval_level), parameters.reliability
    found = []
    for item in cells.items:
        counted = cells.item(item)
        if len(item.groups) > 1:
            columns = tuple(GROUPS.index(group) for group in item.groups)
            found.append(
                ItemFigure(item.form, item.item, None, _figure(pooled_share(counted, columns, level), limits))
            )
        for group in item.groups:
            estimate = pooled_share(counted, (GROUPS.index(group),), level)
            if not isinstance(estimate, NoBase):
                found.append(ItemFigure(item.form, item.item, group, _figure(estimate, limits)))
    return tuple(found)


def _n_psu(cells: CellCounts) -> int:
    rows = cells.n_design.sum(axis=1)
    return int((rows[~cells.individual] > 0).sum() + rows[cells.individual].sum())


def _over_counted(cells: CellCounts) -> tuple[Reason, ...]:
    totals = cells.n_design.sum(axis=0)
    return tuple(
        Reason(
            "more_answers_than_members",
            f"{GROUPS[g].zh}有效问卷{int(totals[g])}份,多于登记的{cells.populations[g]}人:登记数或作答有误,该群体不作有限总体校正。",
            f"{int(totals[g])} valid responses of {GROUPS[g].en}, but only {cells.populations[g]} are registered: "
            "register or answers are wrong, and no finite population correction is made.",
        )
        for g in cells.over_counted
    )


_OPT_IN = Reason(
    "opt_in",
    "公开链接的调查由愿意作答的人参加,不是概率抽样;区间只反映学校之间的差异,不反映谁没有作答。",
    "A survey by open link is answered by those who choose to, it is not a probability sample; the interval "
    "shows how schools differ, not who stayed away.",
)
_POOLED_CLUSTERS = Reason(
    "pooled_clusters",
    "不足公布下限的学校和单位,以及校长、人大代表、政协委员不注明单位,按个人计;因此区间可能偏窄。",
    "Schools and offices below the smallest published cell, principals, deputies and CPPCC members come without "
    "their unit and count as single people, so the interval may be too narrow.",
)
