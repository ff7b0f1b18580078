"""Reading a plan, and each county's figures beside its targets, within the scope of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.ruleset import RuleSet, load_rule_set
from scoring.schools import parse_school_rows
from scoring.shares import CountyShares, county_shares
from surveyapp.accounts.policy import StaffMember
from surveyapp.counties.models import County, SchoolFile
from surveyapp.plan.models import Plan, PlanRemark, PlanStep, PlanTarget
from surveyapp.plan.refusals import PlanUnknown
from surveyapp.results.rows import school_cells


@dataclass(frozen=True, slots=True)
class CountyStanding:
    """One county of a plan: its targets as printed, and what its newest school file gives, if it has one."""

    county: County
    targets: tuple[PlanTarget, ...]
    school_file: SchoolFile | None
    shares: CountyShares | None

    def target(self, measure: str) -> str | None:
        """Return the planned figure of a measure as printed."""
        return next((target.value for target in self.targets if target.measure == measure), None)


def plans_in_scope(session: Session, staff: StaffMember) -> list[Plan]:
    """List the plans that concern a county the member may see."""
    return [plan for plan in session.scalars(select(Plan).order_by(Plan.id)) if _concerns(plan, staff)]


def plan_in_scope(session: Session, staff: StaffMember, plan_id: str) -> Plan:
    """Return one plan, or say it is unknown when it concerns nobody in the scope."""
    plan = session.get(Plan, plan_id)
    if plan is None or not _concerns(plan, staff):
        raise PlanUnknown(plan_id)
    return plan


def steps_of(session: Session, plan_id: str) -> list[PlanStep]:
    """List a plan's schedule."""
    return list(session.scalars(select(PlanStep).where(PlanStep.plan_id == plan_id).order_by(PlanStep.step)))


def remarks_of(session: Session, plan_id: str) -> list[PlanRemark]:
    """List where a plan disagrees with itself."""
    return list(session.scalars(select(PlanRemark).where(PlanRemark.plan_id == plan_id).order_by(PlanRemark.id)))


def standings_of(session: Session, plan: Plan, staff: StaffMember) -> list[CountyStanding]:
    """Compute, for every county of a plan in scope, what its targets are compared with."""
    named = select(PlanTarget, County).join(County, County.id == PlanTarget.county_id)
    found: dict[int, tuple[County, list[PlanTarget]]] = {}
    for target, county in session.execute(named.where(PlanTarget.plan_id == plan.id).order_by(PlanTarget.id)):
        if staff.covers(county.code):
            found.setdefault(county.id, (county, []))[1].append(target)
    rule_set = load_rule_set(plan.rule_set_id)
    return [_standing(session, county, tuple(targets), rule_set) for county, targets in found.values()]


def _concerns(plan: Plan, staff: StaffMember) -> bool:
    return plan.scope.startswith(staff.scope) or staff.scope.startswith(plan.scope)


def _standing(
    session: Session, county: County, targets: tuple[PlanTarget, ...], rule_set: RuleSet
) -> CountyStanding:
    school_file = _newest_school_file(session, county.id)
    if school_file is None:
        return CountyStanding(county, targets, None, None)
    rows, defects = parse_school_rows(school_cells(session, school_file), file=school_file.file_name)
    if defects:
        raise ValueError(f"school file {school_file.id} was imported with defects: {defects[0].en}")
    return CountyStanding(county, targets, school_file, county_shares(rows, rule_set))


def _newest_school_file(session: Session, county_id: int) -> SchoolFile | None:
    newest_first = select(SchoolFile).order_by(SchoolFile.year.desc(), SchoolFile.version.desc())
    return session.scalars(newest_first.where(SchoolFile.county_id == county_id).limit(1)).first()
