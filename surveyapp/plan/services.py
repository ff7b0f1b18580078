"""Loading a plan into the tables: once, whole, and never over another one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.plan.files import MEASURES, CountyTargets, PlanFile, Remark, Step
from surveyapp.plan.models import Plan, PlanRemark, PlanStep, PlanTarget
from surveyapp.plan.refusals import PlanChanged


def load_plan(database: Database, offered: PlanFile) -> bool:
    """Store a plan and the counties it names that are new; say whether anything was stored."""
    with database.writing() as session:
        if session.get(Plan, offered.id) is not None:
            if _stored(session, offered) != offered:
                raise PlanChanged(f"计划 {offered.id} 已入库,与数据文件不同 / plan {offered.id} is stored and differs")
            return False
        session.add(
            Plan(
                id=offered.id,
                title=offered.title,
                document_number=offered.document_number,
                issued_by=offered.issued_by,
                issued_on=offered.issued_on,
                scope=offered.scope,
                year=offered.year,
                rule_set_id=offered.rule_set_id,
            )
        )
        session.flush()
        for county in offered.targets:
            county_id = _county_id(session, offered, county.code, county.name)
            session.add_all(
                PlanTarget(plan_id=offered.id, county_id=county_id, measure=measure, value=value)
                for measure, value in zip(MEASURES, county.values, strict=True)
            )
        session.add_all(
            PlanStep(
                plan_id=offered.id,
                step=step.step,
                time=step.time,
                stage=step.stage,
                measures=step.measures,
                target_counties=step.target_counties,
                note=step.note,
            )
            for step in offered.steps
        )
        session.add_all(
            PlanRemark(
                plan_id=offered.id,
                subject=remark.subject,
                text_says=remark.text_says,
                annex_says=remark.annex_says,
            )
            for remark in offered.remarks
        )
        return True


def _county_id(session: Session, plan: PlanFile, code: str, name: str) -> int:
    found = session.scalar(select(County.id).where(County.code == code))
    if found is not None:
        return found
    county = County(
        code=code,
        name=name,
        city=plan.city,
        province=plan.province,
        rule_set_id=plan.rule_set_id,
        residents=None,
        is_demonstration=False,
    )
    session.add(county)
    session.flush()
    return county.id


def _stored(session: Session, like: PlanFile) -> PlanFile:
    """Return the stored plan as a file; its counties' city and province are theirs to change."""
    plan = session.get_one(Plan, like.id)
    named = select(County.code, County.name, PlanTarget.measure, PlanTarget.value).join_from(PlanTarget, County)
    values: dict[tuple[str, str], dict[str, str]] = {}
    for code, name, measure, value in session.execute(
        named.where(PlanTarget.plan_id == plan.id).order_by(PlanTarget.id)
    ):
        values.setdefault((code, name), {})[measure] = value
    steps = session.scalars(select(PlanStep).where(PlanStep.plan_id == plan.id).order_by(PlanStep.step))
    remarks = session.scalars(select(PlanRemark).where(PlanRemark.plan_id == plan.id).order_by(PlanRemark.id))
    return PlanFile(
        id=plan.id,
        title=plan.title,
        document_number=plan.document_number,
        issued_by=plan.issued_by,
        issued_on=plan.issued_on,
        scope=plan.scope,
        city=like.city,
        province=like.province,
        year=plan.year,
        rule_set_id=plan.rule_set_id,
        targets=tuple(
            CountyTargets(code, name, tuple(figures.get(measure, "") for measure in MEASURES))
            for (code, name), figures in values.items()
        ),
        steps=tuple(Step(s.step, s.time, s.stage, s.measures, s.target_counties, s.note) for s in steps),
        remarks=tuple(Remark(r.subject, r.text_says, r.annex_says) for r in remarks),
    )
