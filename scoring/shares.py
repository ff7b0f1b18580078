"""Shares of stage rows that meet each standard, and the worst coefficient: what a plan's targets speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from scoring.assurance import classes_over, school_size
from scoring.figures import shown_root
from scoring.findings import Outcome
from scoring.resource_rule import FACTORS, Standard, Standing, six_of_seven_with_floor, standards_of
from scoring.ruleset import Parameters, RuleSet, Stage
from scoring.schools import SchoolRow, StageRow, StageRows, stage_rows
from scoring.spread import squared_coefficient

PLACES_OF_TARGETS = 2


@dataclass(frozen=True, slots=True)
class MetShare:
    """Of all stage rows in scope: how many meet a standard, how many do not, of how many it is unknown."""

    measure: str
    n_met: int
    n_not_met: int
    n_unknown: int

    @property
    def n_rows(self) -> int:
        """Return the number of stage rows in scope."""
        return self.n_met + self.n_not_met + self.n_unknown

    @property
    def least(self) -> Fraction | None:
        """Return the share if no unknown row meets the standard, in [0, 1]; ``None`` without rows."""
        return Fraction(self.n_met, self.n_rows) if self.n_rows else None

    @property
    def most(self) -> Fraction | None:
        """Return the share if every unknown row meets the standard, in [0, 1]; ``None`` without rows."""
        return Fraction(self.n_met + self.n_unknown, self.n_rows) if self.n_rows else None


@dataclass(frozen=True, slots=True)
class WorstCoefficient:
    """The largest of one stage's seven difference coefficients.

    ``squared`` is its exact square, ``None`` where no coefficient can be computed. ``n_unknown`` counts the
    indicators of which a figure is missing, ``n_without`` those of which no school has anything: they have no
    coefficient, and the rule counts that as not met.
    """

    stage: Stage
    indicator: str | None
    squared: Fraction | None
    n_rows: int
    n_unknown: int
    n_without: int = 0


@dataclass(frozen=True, slots=True)
class CountyShares:
    """Everything a plan's targets can be compared with, from one school file."""

    n_rows: int
    n_schools: int
    shares: tuple[MetShare, ...]
    coefficients: tuple[WorstCoefficient, ...]

    def share(self, measure: str) -> MetShare:
        """Return the share of one measure; raises ``KeyError`` for an unknown one."""
        for found in self.shares:
            if found.measure == measure:
                return found
        raise KeyError(measure)


@dataclass(frozen=True, slots=True)
class TargetComparison:
    """Where a computed figure stands against a planned one.

    ``gap`` is positive on the side that reaches the target: percentage points for shares, the coefficient's
    distance below its bound for coefficients (rounded to six places, because a root is not exact); ``None``
    where the figure is not known.
    """

    outcome: Outcome
    gap: Fraction | None


def county_shares(schools: Sequence[SchoolRow], rule_set: RuleSet) -> CountyShares:
    """Count, over all stage rows in scope, those that meet each standard.

    The measures are ``1.1`` to ``1.7`` (the standard itself, not the floor), ``resource_rule`` (six of seven,
    the rest at the floor), ``class_size`` (no class of the stage above its limit) and ``school_size`` (the
    school's compulsory pupils within its limit). A school with both stages counts once in each.

    Parameters
    ----------
    schools : sequence of SchoolRow
        The school file.
    rule_set : RuleSet
        Standards and limits.

    Returns
    -------
    CountyShares
        A row whose figures are missing is counted as unknown, never as meeting nor as failing.

    Notes
    -----
    Source: 德政办字〔2023〕28号,附件3, whose columns these are; rules as in 教督〔2017〕6号.
    """
    rows = stage_rows(schools, rule_set.parameters)
    by_code = {school.school_code: school for school in schools}
    standards = {stage: standards_of(rule_set, stage) for stage in Stage}
    standings = [row_standings(row, standards[row.stage]) for row in rows.rows]
    pass_count = rule_set.parameters.resource_pass_count
    shares = [
        _counted(standard.code, (_standard_outcome(found[i]) for found in standings))
        for i, standard in enumerate(standards[Stage.PRIMARY])
    ]
    parameters = rule_set.parameters
    shares += [
        _counted(
            "resource_rule",
            (
                Outcome.UNDECIDED if row.pupils is None else six_of_seven_with_floor(found, pass_count)
                for row, found in zip(rows.rows, standings, strict=True)
            ),
        ),
        _counted("class_size", (_class_size(by_code[r.school_code], r.stage, parameters) for r in rows.rows)),
        _counted("school_size", (_school_size(by_code[r.school_code], parameters) for r in rows.rows)),
    ]
    return CountyShares(
        n_rows=len(rows.rows),
        n_schools=len({row.school_code for row in rows.rows}),
        shares=tuple(shares),
        coefficients=tuple(worst_coefficient(rows, stage, rule_set) for stage in Stage),
    )


def row_standings(row: StageRow, standards: Sequence[Standard]) -> tuple[Standing, ...]:
    """Return where each of a stage row's seven indicators stands against standard and floor.

    Unknown where the resource or the pupils are unknown.
    """
    return tuple(
        _standing(row.resources[i], row.pupils, FACTORS[i], standard) for i, standard in enumerate(standards)
    )


def worst_coefficient(rows: StageRows, stage: Stage, rule_set: RuleSet) -> WorstCoefficient:
    """Return the largest of a stage's seven difference coefficients, in the form that decides.

    Parameters
    ----------
    rows : StageRows
        All stage rows of the county.
    stage : Stage
        Which stage.
    rule_set : RuleSet
        The form of the coefficient (by pupils, or unweighted).

    Returns
    -------
    WorstCoefficient
        Of the coefficients that can be computed; the rest are counted in ``n_unknown``.

    Notes
    -----
    Source: 德政办字〔2023〕28号,附件3 plans one bound per stage; since each of the seven is limited, the bound
    is read as that of the largest.
    """
    mine = rows.of_stage(stage)
    weighting = rule_set.parameters.cv_weighting
    pupils = [row.pupils for row in mine if row.pupils is not None]
    indicator, worst, unknown, without = None, None, 0, 0
    for i, known in enumerate(rule_set.domain("1") if mine else ()):
        resources = [row.resources[i] for row in mine]
        present = [resource for resource in resources if resource is not None]
        if len(pupils) < len(mine) or len(present) < len(mine):
            unknown += 1
            continue
        squared = squared_coefficient(present, pupils, weighting)
        if squared is None:
            without += 1
        elif worst is None or squared > worst:
            indicator, worst = known.code, squared
    return WorstCoefficient(stage, indicator, worst, len(mine), unknown, without)


def compare_share(share: MetShare, target_percent: Fraction) -> TargetComparison:
    """Compare a share with a planned percentage as it is printed.

    Plans print their targets rounded to two places (31 of 42 as 73.81), so the share is rounded in the same way
    before it is compared; a target is no threshold of the standard, and no outcome of it hangs on this.

    Parameters
    ----------
    share : MetShare
        The computed share.
    target_percent : Fraction
        The planned figure in per cent.

    Returns
    -------
    TargetComparison
        ``UNDECIDED`` where unknown rows could change it, ``NOT_APPLICABLE`` without rows; ``gap`` in percentage
        points, of the least share.

    Examples
    --------
    >>> compare_share(MetShare("class_size", 31, 11, 0), Fraction("73.81")).outcome
    <Outcome.MET: 'met'>
    >>> compare_share(MetShare("class_size", 30, 11, 1), Fraction("73.81")).outcome
    <Outcome.UNDECIDED: 'undecided'>
    """
    if share.least is None or share.most is None:
        return TargetComparison(Outcome.NOT_APPLICABLE, None)
    least, most = _as_printed(share.least), _as_printed(share.most)
    if least >= target_percent:
        outcome = Outcome.MET
    else:
        outcome = Outcome.UNDECIDED if most >= target_percent else Outcome.NOT_MET
    return TargetComparison(outcome, least - target_percent)


def compare_coefficient(worst: WorstCoefficient, bound: Fraction) -> TargetComparison:
    """Compare the largest coefficient of a stage with a planned upper bound, exactly, as CV² with bound².

    Parameters
    ----------
    worst : WorstCoefficient
        The computed one.
    bound : Fraction
        The planned bound; equality reaches it.

    Returns
    -------
    TargetComparison
        ``NOT_APPLICABLE`` for a stage without rows; ``UNDECIDED`` where a coefficient that is not known could be
        larger.

    Examples
    --------
    >>> at_bound = WorstCoefficient(Stage.PRIMARY, "1.5", Fraction(1, 4), 20, 0)
    >>> compare_coefficient(at_bound, Fraction("0.50"))
    TargetComparison(outcome=<Outcome.MET: 'met'>, gap=Fraction(0, 1))
    """
    if worst.n_rows == 0:
        return TargetComparison(Outcome.NOT_APPLICABLE, None)
    if worst.squared is None:
        return TargetComparison(Outcome.NOT_MET if worst.n_without else Outcome.UNDECIDED, None)
    gap = bound - _root(worst.squared)
    if worst.squared > bound * bound or worst.n_without:
        return TargetComparison(Outcome.NOT_MET, gap)
    return TargetComparison(Outcome.UNDECIDED if worst.n_unknown else Outcome.MET, gap)


def _counted(measure: str, outcomes: Iterable[Outcome]) -> MetShare:
    seen = list(outcomes)
    return MetShare(
        measure, seen.count(Outcome.MET), seen.count(Outcome.NOT_MET), seen.count(Outcome.UNDECIDED)
    )


def _standard_outcome(standing: Standing) -> Outcome:
    if standing is Standing.UNKNOWN:
        return Outcome.UNDECIDED
    return Outcome.MET if standing is Standing.MEETS else Outcome.NOT_MET


def _standing(
    resource: int | Fraction | None, pupils: int | None, factor: int, standard: Standard
) -> Standing:
    if resource is None or pupils is None:
        return Standing.UNKNOWN
    value = factor * Fraction(resource) / pupils
    if value >= standard.limit:
        return Standing.MEETS
    return Standing.REACHES_FLOOR if value >= standard.floor else Standing.BELOW_FLOOR


def _class_size(school: SchoolRow, stage: Stage, parameters: Parameters) -> Outcome:
    n_over, certain = classes_over(school, stage, int(parameters.class_size[stage]))
    if n_over:
        return Outcome.NOT_MET
    return Outcome.MET if certain else Outcome.UNDECIDED


def _school_size(school: SchoolRow, parameters: Parameters) -> Outcome:
    check = school_size(school, parameters)
    return Outcome.NOT_APPLICABLE if check is None else check.outcome


def _as_printed(share: Fraction) -> Fraction:
    scale = 100 * 10**PLACES_OF_TARGETS
    scaled = (2 * share.numerator * scale + share.denominator) // (2 * share.denominator)
    return Fraction(scaled, 10**PLACES_OF_TARGETS)


def _root(square: Fraction) -> Fraction:
    return Fraction(shown_root(square))
