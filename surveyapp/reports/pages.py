"""The verdict's page as one value: the outcome in a sentence first, then everything it follows from."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from scoring.dossier import Dossier
from scoring.findings import CountyOutcome, Finding, Outcome
from scoring.ruleset import RuleSet
from scoring.verdict import Verdict
from surveyapp.counties.models import County
from surveyapp.counties.pages import CountyHead, county_head
from surveyapp.counties.years import YearChoice
from surveyapp.frame import Crumb, Mark, mark_of, mark_of_county
from surveyapp.reports.coefficients import CoefficientStage, coefficient_stages
from surveyapp.reports.recognition import RecognitionView, recognition_view
from surveyapp.reports.schools import SchoolFilter, SchoolTable, school_table
from surveyapp.reports.tree import Node, SchoolAddress, node_of
from surveyapp.surveys.labels import PURPOSES
from surveyapp.surveys.models import Purpose, Survey

RESULTS = "reports.county_verdict"


@dataclass(frozen=True, slots=True)
class DomainTile:
    """One of the six parts of the verdict, for a first glance."""

    anchor: str
    code: str
    title: str
    mark: Mark
    reason: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the verdict was computed from, and how to compute it again elsewhere."""

    survey_id: int
    survey_title: str
    dossier_sha256: str
    verdict_sha256: str
    scoring_version: str
    command: str
    sealed_at: str
    sealed_by: str
    agrees: bool
    offers_auditor_part: bool


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """Template ``staff/reports/verdict.html``; without ``recognition`` and ``provenance`` it is preliminary."""

    head: CountyHead
    purpose: str
    mark: Mark
    sentence: str
    reasons: tuple[str, ...]
    rule_set_title: str
    rule_set_id: str
    rule_set_sha256: str
    tiles: tuple[DomainTile, ...]
    domains: tuple[Node, ...]
    stages: tuple[CoefficientStage, ...]
    schools: SchoolTable
    recognition: RecognitionView | None
    provenance: Provenance | None


def sealed_page(
    survey: Survey, dossier: Dossier, verdict: Verdict, provenance: Provenance, chosen: SchoolFilter
) -> VerdictPage:
    """Make the page of a sealed survey's verdict."""
    recognition = recognition_view(verdict.recognition, dossier.questionnaires)
    return _page(survey.county, verdict, dossier.rule_set, chosen, recognition, provenance)


def preliminary_page(county: County, dossier: Dossier, verdict: Verdict, chosen: SchoolFilter) -> VerdictPage:
    """Make the page of what would be, were nothing but the survey missing."""
    return _page(county, verdict, dossier.rule_set, chosen, None, None)


def _page(
    county: County,
    verdict: Verdict,
    rule_set: RuleSet,
    chosen: SchoolFilter,
    recognition: RecognitionView | None,
    provenance: Provenance | None,
) -> VerdictPage:
    domains = verdict.tree.children
    address = school_address(county, verdict.year, provenance)
    return VerdictPage(
        head=head_of(county, verdict.year, Crumb(provenance.survey_title if provenance else gettext("初步核对"))),
        purpose=str(PURPOSES[Purpose(verdict.purpose)]),
        mark=mark_of_county(verdict.outcome),
        sentence=_sentence(county, verdict) if provenance else _preliminary_sentence(county, verdict),
        reasons=tuple(reason.zh for reason in verdict.reasons),
        rule_set_title=rule_set.title_zh,
        rule_set_id=rule_set.id,
        rule_set_sha256=rule_set.sha256,
        tiles=tuple(_tile(domain) for domain in domains),
        domains=tuple(node_of(domain, rule_set, address) for domain in domains),
        stages=coefficient_stages(verdict.tree),
        schools=school_table(verdict.tree, rule_set, chosen, address),
        recognition=recognition,
        provenance=provenance,
    )


def school_address(county: County, year: int, provenance: Provenance | None) -> SchoolAddress:
    """Return how the page of a school is found from this verdict."""
    if provenance is None:
        return lambda school: url_for("reports.preliminary_school", code=county.code, school=school, year=year)
    return lambda school: url_for("reports.survey_school", survey_id=provenance.survey_id, school=school)


def _sentence(county: County, verdict: Verdict) -> str:
    said = {
        CountyOutcome.MEETS: gettext("符合全部标准"),
        CountyOutcome.DOES_NOT_MEET: gettext("未达到标准"),
        CountyOutcome.VETOED: gettext("存在否决性指标所列情形，一票否决"),
        CountyOutcome.UNDECIDED: gettext("尚不能判定"),
    }
    sentence: str = gettext(
        "%(county)s%(year)s年义务教育优质均衡发展%(purpose)s结论：%(said)s。",
        county=county.name,
        year=verdict.year,
        purpose=PURPOSES[Purpose(verdict.purpose)],
        said=said[verdict.outcome],
    )
    return sentence


def _preliminary_sentence(county: County, verdict: Verdict) -> str:
    failed = any(domain.outcome is Outcome.NOT_MET for domain in verdict.tree.children)
    said = gettext("已有未达标项目") if failed else gettext("尚不能判定")
    sentence: str = gettext(
        "%(county)s%(year)s年初步核对（没有已封存的调查）：%(said)s。", county=county.name, year=verdict.year, said=said
    )
    return sentence


def _tile(domain: Finding) -> DomainTile:
    return DomainTile(
        anchor="f-" + domain.code,
        code=domain.code,
        title=domain.title_zh,
        mark=mark_of(domain.outcome),
        reason=domain.reasons[0].zh if domain.reasons else "",
    )


def head_of(county: County, year: int, *leaf: Crumb) -> CountyHead:
    """Return what stands above every page of a county's results."""
    return county_head(county, YearChoice(year, (year,)), RESULTS, *leaf)
