"""Questionnaire versions that never change, surveys with their window, and each group's target."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.counties.models import County
from surveyapp.db import Base, UtcDateTime, one_of


class Group(StrEnum):
    """The seven groups the rules name."""

    STUDENT = "student"
    PARENT = "parent"
    TEACHER = "teacher"
    PRINCIPAL = "principal"
    DEPUTY = "deputy"
    CPPCC = "cppcc"
    PUBLIC = "public"


class Purpose(StrEnum):
    """What a survey and its verdict are made for; recognition itself belongs to the state."""

    SELF_EVALUATION = "self_evaluation"
    REVIEW = "review"
    PROVINCIAL_EVALUATION = "provincial_evaluation"
    REHEARSAL = "rehearsal"


class SurveyState(StrEnum):
    """Where a survey is, by the clock and by what was done to it."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    SEALED = "sealed"


def end_of(closes_at: datetime, closed_early_at: datetime | None) -> datetime:
    """Return the instant from which a window accepts nothing."""
    return min(closes_at, closed_early_at) if closed_early_at else closes_at


def state_at(
    now: datetime, opens_at: datetime, closes_at: datetime, closed_early_at: datetime | None,
    sealed_at: datetime | None,
) -> SurveyState:
    """Decide a survey's state at an instant from its times alone: the one rule of the window."""
    if sealed_at is not None:
        return SurveyState.SEALED
    if now >= end_of(closes_at, closed_early_at):
        return SurveyState.CLOSED
    return SurveyState.OPEN if now >= opens_at else SurveyState.SCHEDULED


class QuestionnaireVersion(Base):
    """One form in one version: stored once, never changed, named by the responses that answer it."""

    __tablename__ = "questionnaire_versions"
    __table_args__ = (UniqueConstraint("version", "form"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    form: Mapped[str]
    sha256: Mapped[str]
    body: Mapped[str]
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Survey(Base):
    """A county's survey: one window, one questionnaire version, one purpose."""

    __tablename__ = "surveys"
    __table_args__ = (
        one_of("purpose", Purpose),
        UniqueConstraint("county_id", "year", "purpose", "title", "opens_at", "closes_at"),
        CheckConstraint("opens_at < closes_at", name="window_has_length"),
        CheckConstraint("sealed_at IS NULL OR sealed_at >= opens_at", name="sealed_after_opening"),
        CheckConstraint("residents IS NULL OR residents > 0", name="residents_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("counties.id"), index=True)
    title: Mapped[str]
    purpose: Mapped[str]
    year: Mapped[int]
    questionnaire_version: Mapped[str]
    rule_set_id: Mapped[str]
    residents: Mapped[int | None]
    sampled_in_monitoring: Mapped[bool]
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_early_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str]

    county: Mapped[County] = relationship(lazy="joined")

    @property
    def closed_at(self) -> datetime:
        """Return the instant from which no response is accepted."""
        return end_of(self.closes_at, self.closed_early_at)

    def state(self, now: datetime) -> SurveyState:
        """Return the survey's state at an instant; the window needs nobody to close it."""
        return state_at(now, self.opens_at, self.closes_at, self.closed_early_at, self.sealed_at)


class SurveyGroup(Base):
    """One group in one survey: how many people it has, if registered, and how many answers are asked."""

    __tablename__ = "survey_groups"
    __table_args__ = (
        one_of("group_code", Group),
        CheckConstraint("population IS NULL OR population > 0", name="population_positive"),
        CheckConstraint("target >= 0", name="target_not_negative"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True)
    group_code: Mapped[str] = mapped_column(primary_key=True)
    population: Mapped[int | None]
    target: Mapped[int | None]


class SurveyKey(Base):
    """The secret a survey's tickets, receipts and hashes are made with; destroyed at sealing."""

    __tablename__ = "survey_keys"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes]
