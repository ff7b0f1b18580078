"""Where a county stands by what was entered, judged and said of it: rows of the tables → findings of scoring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.assurance import computed_finding
from scoring.criteria import CriterionRow, Entered, criterion_finding, entered, parse_criteria
from scoring.findings import Finding
from scoring.ruleset import Indicator, RuleSet
from scoring.schools import SchoolRow
from scoring.vetoes import Standing, VetoRow, parse_vetoes, standing_of
from surveyapp.counties.models import Judgement, VetoAct

FIRST_ROW = 2


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """One criterion: what scoring finds, and which of the entries count, part by part."""

    indicator: Indicator
    finding: Finding
    entries: tuple[Judgement, ...]
    counting: frozenset[int]
    given: bool


@dataclass(frozen=True, slots=True)
class VetoStanding:
    """One veto item: where it stands, the act that put it there, and all acts, the latest last."""

    indicator: Indicator
    standing: Standing
    by: VetoAct | None
    acts: tuple[VetoAct, ...]


def criteria_of(rule_set: RuleSet) -> tuple[Indicator, ...]:
    """Return all that can be entered and judged: the precondition, the 15 and the 9."""
    return (rule_set.precondition, *rule_set.domain("2"), *rule_set.domain("3"))


def criterion_rows(judgements: Sequence[Judgement], rule_set: RuleSet) -> tuple[CriterionRow, ...]:
    """Read stored judgements as scoring reads them from a dossier; row numbers count from :data:`FIRST_ROW`."""
    rows, defects = parse_criteria([criterion_cells(row) for row in judgements], rule_set=rule_set)
    if defects:
        raise ValueError(f"a stored judgement cannot be read: {defects[0].en}")
    return rows


def criterion_cells(row: Judgement) -> dict[str, str]:
    """Return a judgement as the text cells of a dossier."""
    return {"code": row.code, "part": row.part, "value": row.value or "", "judgement": row.judgement or "",
            "level": row.level, "evidence": row.evidence}  # fmt: skip


def criteria_standings(
    judgements: Sequence[Judgement], schools: Sequence[SchoolRow], rule_set: RuleSet
) -> tuple[CriterionStanding, ...]:
    """Say of every criterion where it stands."""
    rows = criterion_rows(judgements, rule_set)
    return tuple(_criterion(indicator, judgements, rows, schools, rule_set) for indicator in criteria_of(rule_set))


def n_given(judgements: Sequence[Judgement], has_schools: bool, rule_set: RuleSet) -> int:
    """Count the criteria of domains 2 and 3 of which everything was entered, or that the school file answers."""
    given = {(row.code, row.part) for row in judgements}
    return sum(
        _is_given(indicator, given, has_schools) for indicator in (*rule_set.domain("2"), *rule_set.domain("3"))
    )


def veto_standings(acts: Sequence[VetoAct], rule_set: RuleSet) -> tuple[VetoStanding, ...]:
    """Say of every veto item where it stands."""
    rows = veto_rows(acts, rule_set)
    return tuple(_veto(indicator, acts, rows) for indicator in rule_set.domain("5"))


def veto_rows(acts: Sequence[VetoAct], rule_set: RuleSet) -> tuple[VetoRow, ...]:
    """Read stored acts as scoring reads them from a dossier."""
    cells = [{"code": a.code, "state": a.state, "level": a.level, "reason": a.reason} for a in acts]
    rows, defects = parse_vetoes(cells, rule_set=rule_set)
    if defects:
        raise ValueError(f"a stored act on a veto item cannot be read: {defects[0].en}")
    return rows


def _criterion(
    indicator: Indicator, judgements: Sequence[Judgement], rows: tuple[CriterionRow, ...],
    schools: Sequence[SchoolRow], rule_set: RuleSet,
) -> CriterionStanding:
    if indicator.computed is None:
        finding = criterion_finding(indicator, rows, rule_set, sampled_in_monitoring=False)
    else:
        finding = computed_finding(indicator, schools, rows, rule_set)
    found: list[Entered] = [entered(rows, indicator.code, part.code) for part in indicator.parts]
    counting = {row.row for each in found for row in (each.value, each.judgement) if row is not None}
    given = {(row.code, row.part) for row in judgements}
    return CriterionStanding(
        indicator=indicator,
        finding=finding,
        entries=tuple(row for row in judgements if row.code == indicator.code),
        counting=frozenset(judgements[number - FIRST_ROW].id for number in counting),
        given=_is_given(indicator, given, bool(schools)),
    )


def _is_given(indicator: Indicator, given: set[tuple[str, str]], has_schools: bool) -> bool:
    if indicator.computed is not None:
        return has_schools
    of_parts = [(indicator.code, part.code) in given for part in indicator.parts]
    # A criterion by subject (3.9) has only the subjects that were sampled.
    return any(of_parts) if any(part.group for part in indicator.parts) else all(of_parts)


def _veto(indicator: Indicator, acts: Sequence[VetoAct], rows: tuple[VetoRow, ...]) -> VetoStanding:
    own = tuple(act for act in acts if act.code == indicator.code)
    standing = standing_of([row for row in rows if row.code == indicator.code])
    by = acts[standing.by.row - FIRST_ROW] if standing.by else None
    return VetoStanding(indicator, standing, by, own)
