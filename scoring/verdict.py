"""Everything a dossier says → the county's verdict: one tree of findings, one outcome, no total score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.assurance import assurance_finding
from scoring.cluster_cells import SurveyCells, survey_cells
from scoring.criteria import CriterionRow, criterion_finding, quality_finding
from scoring.findings import Combinator, CountyOutcome, Finding, Outcome, Reason, combine_all
from scoring.manifest import Purpose
from scoring.recognition import Recognition, recognise
from scoring.recognition_finding import recognition_finding
from scoring.resources import resource_finding
from scoring.robustness import Robustness, robustness
from scoring.ruleset import RuleSet
from scoring.schools import SchoolRow, stage_rows
from scoring.uncertainty import Uncertainty, uncertainty
from scoring.verdict_document import verdict_bytes, verdict_document, verdict_schema
from scoring.vetoes import veto_finding

if TYPE_CHECKING:
    from scoring.dossier import Dossier

__all__ = [
    "Verdict",
    "cells_of",
    "county_outcome",
    "decide",
    "domain_findings",
    "robustness_of",
    "uncertainty_of",
    "verdict_bytes",
    "verdict_document",
    "verdict_schema",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one county and year, for a named purpose, with all that led to it.

    Recognition (认定) itself belongs to the state: a verdict says whether the figures and judgements of a
    dossier meet the rule set it names.
    """

    rule_set_id: str
    rule_set_sha256: str
    dossier_sha256: str
    county_code: str
    county_name: str
    year: int
    purpose: Purpose
    demo: bool
    outcome: CountyOutcome
    reasons: tuple[Reason, ...]
    recognition: Recognition
    tree: Finding

    def finding(self, code: str) -> Finding:
        """Return the finding of a code, such as ``1.cv/primary/1.4``.

        Raises
        ------
        KeyError
            If the tree has no such finding.
        """
        for finding in self.tree.walk():
            if finding.code == code:
                return finding
        raise KeyError(code)


def decide(dossier: Dossier) -> Verdict:
    """Decide a county from its dossier.

    The tree is always computed whole, whatever decides the outcome.

    Parameters
    ----------
    dossier : Dossier
        The public part suffices; the auditor part gives the same verdict, byte for byte.

    Returns
    -------
    Verdict

    Notes
    -----
    Source: 教督〔2017〕6号 (all domains must be met, a veto item excludes); method §5.
    """
    manifest, rule_set = dossier.manifest, dossier.rule_set
    recognition = recognise(
        dossier.counts,
        dossier.questionnaires,
        manifest.populations,
        manifest.residents,
        rule_set.parameters,
    )
    children = (
        *domain_findings(
            rule_set,
            dossier.schools,
            dossier.criteria,
            sampled_in_monitoring=manifest.sampled_in_monitoring,
        ),
        _recognition_domain(recognition_finding(recognition, rule_set)),
        veto_finding(dossier.vetoes, rule_set),
    )
    outcome, reasons = county_outcome(children)
    return Verdict(
        rule_set_id=rule_set.id,
        rule_set_sha256=rule_set.sha256,
        dossier_sha256=dossier.manifest_sha256,
        county_code=manifest.county_code,
        county_name=manifest.county_name,
        year=manifest.year,
        purpose=manifest.purpose,
        demo=manifest.demo,
        outcome=outcome,
        reasons=reasons,
        recognition=recognition,
        tree=_root(children, reasons),
    )


def uncertainty_of(dossier: Dossier) -> Uncertainty | None:
    """Return the sampling error of the recognition figures; ``None`` for a public part, which cannot tell it."""
    cells = cells_of(dossier)
    return None if cells is None else uncertainty(cells, dossier.rule_set.parameters)


def robustness_of(dossier: Dossier, recognition: Recognition) -> Robustness | None:
    """Return what the recognition outcome hangs on; ``None`` for a public part, which cannot tell it.

    Shares by school and of groups withheld from the public are in it: for holders of the auditor part only.
    """
    cells = cells_of(dossier)
    names = {school.school_code: school.school_name for school in dossier.schools}
    return None if cells is None else robustness(cells, recognition, names, dossier.rule_set.parameters)


def cells_of(dossier: Dossier) -> SurveyCells | None:
    """Return a dossier's responses by school or office and group; ``None`` for a public part."""
    if dossier.responses is None:
        return None
    localities = {school.school_code: school.locality for school in dossier.schools}
    parameters, populations = dossier.rule_set.parameters, dossier.manifest.populations
    return survey_cells(dossier.responses, dossier.questionnaires, localities, populations, parameters)


def domain_findings(
    rule_set: RuleSet,
    schools: Sequence[SchoolRow],
    criteria: Sequence[CriterionRow],
    *,
    sampled_in_monitoring: bool,
) -> tuple[Finding, ...]:
    """Return the findings ``0`` to ``3``: precondition, resources, assurance, quality."""
    return (
        criterion_finding(rule_set.precondition, criteria, rule_set),
        resource_finding(stage_rows(schools, rule_set.parameters), rule_set),
        assurance_finding(schools, criteria, rule_set),
        quality_finding(criteria, rule_set, sampled_in_monitoring=sampled_in_monitoring),
    )


def county_outcome(children: Sequence[Finding]) -> tuple[CountyOutcome, tuple[Reason, ...]]:
    """Return the county's outcome from the top findings, and why.

    In this order: a confirmed veto item → vetoed; a domain not met → does not meet; anything undecided, or a
    veto item raised or unassessed → undecided; else meets.

    Parameters
    ----------
    children : sequence of Finding
        The findings ``0`` to ``5``; the one with combinator ``none_present`` holds the veto items.

    Returns
    -------
    CountyOutcome, tuple of Reason
        The first reason decides; where a veto decides, what else is not met follows.

    Notes
    -----
    Source: method §5.
    """
    vetoes = [child for child in children if child.combinator is Combinator.NONE_PRESENT]
    domains = [child for child in children if child.combinator is not Combinator.NONE_PRESENT]
    met = combine_all(child.outcome for child in domains)
    vetoed = combine_all(child.outcome for child in vetoes)
    failed = [child for child in domains if child.outcome is Outcome.NOT_MET]
    open_ = [child for child in (*domains, *vetoes) if child.outcome is Outcome.UNDECIDED]
    reasons = []
    if vetoed is Outcome.NOT_MET:
        zh, en = "存在已确认的否决性指标,一票否决。", "A veto item is confirmed, which alone decides."
        reasons.append(Reason("vetoed", zh, en))
    if failed:
        zh, en = f"不符合要求:{_names_zh(failed)}。", f"Not met: {_names_en(failed)}."
        reasons.append(Reason("not_met", zh, en))
    if open_:
        zh, en = f"尚不能判定:{_names_zh(open_)}。", f"Cannot be decided yet: {_names_en(open_)}."
        reasons.append(Reason("undecided", zh, en))
    if vetoed is Outcome.NOT_MET:
        return CountyOutcome.VETOED, tuple(reasons)
    if met is Outcome.NOT_MET:
        return CountyOutcome.DOES_NOT_MEET, tuple(reasons)
    if open_ or met is not Outcome.MET or vetoed is not Outcome.MET:
        return CountyOutcome.UNDECIDED, tuple(reasons)
    zh, en = "各项要求均符合,且没有否决性指标所列情形。", "Everything is met and no veto item is present."
    return CountyOutcome.MEETS, (Reason("meets", zh, en),)


def _recognition_domain(finding: Finding) -> Finding:
    return Finding(
        code="4",
        title_zh="社会认可度",
        title_en="Social recognition",
        outcome=combine_all([finding.outcome]),
        combinator=Combinator.ALL,
        reasons=finding.reasons,
        children=(finding,),
    )


def _root(children: tuple[Finding, ...], reasons: tuple[Reason, ...]) -> Finding:
    return Finding(
        code="county",
        title_zh="县域义务教育优质均衡发展",
        title_en="High-quality balanced compulsory education in the county",
        outcome=combine_all(child.outcome for child in children),
        combinator=Combinator.ALL,
        reasons=reasons,
        children=children,
    )


def _names_zh(findings: Sequence[Finding]) -> str:
    return "、".join(finding.title_zh for finding in findings)


def _names_en(findings: Sequence[Finding]) -> str:
    return ", ".join(finding.title_en for finding in findings)
