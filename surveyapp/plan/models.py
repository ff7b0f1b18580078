"""A city's plan as data: each county's targets and the schedule, as printed."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.db import Base


class Plan(Base):
    """One published plan; ``scope`` is the prefix of its counties' codes."""

    __tablename__ = "plans"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    document_number: Mapped[str]
    issued_by: Mapped[str]
    issued_on: Mapped[str]
    scope: Mapped[str]
    year: Mapped[int]
    rule_set_id: Mapped[str]


class PlanTarget(Base):
    """One county's planned figure for one measure, as printed (a decimal string)."""

    __tablename__ = "plan_targets"
    __table_args__ = (UniqueConstraint("plan_id", "county_id", "measure"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    county_id: Mapped[int] = mapped_column(ForeignKey("counties.id"))
    measure: Mapped[str]
    value: Mapped[str]


class PlanStep(Base):
    """One step of the schedule, in the plan's own words."""

    __tablename__ = "plan_steps"
    __table_args__ = (UniqueConstraint("plan_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    step: Mapped[int]
    time: Mapped[str]
    stage: Mapped[str]
    measures: Mapped[str]
    target_counties: Mapped[str]
    note: Mapped[str]


class PlanRemark(Base):
    """One place where the plan's text and its annexes disagree: both sayings, neither preferred."""

    __tablename__ = "plan_remarks"
    __table_args__ = (UniqueConstraint("plan_id", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    subject: Mapped[str]
    text_says: Mapped[str]
    annex_says: Mapped[str]
