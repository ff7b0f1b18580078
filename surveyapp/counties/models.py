"""Counties, their school files with every figure's origin, and what was judged of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.db import Base, UtcDateTime, one_of


class Level(StrEnum):
    """The level of government that judged; a higher one overrules a lower one."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


class JudgementCode(StrEnum):
    """What can be judged of a criterion."""

    MET = "met"
    NOT_MET = "not_met"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not_applicable"


class VetoState(StrEnum):
    """Where a veto item stands; only the city or the province confirms or dismisses."""

    UNASSESSED = "unassessed"
    ABSENT = "absent"
    RAISED = "raised"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class County(Base):
    """A county, known by its administrative code; cities and provinces are prefixes of that code."""

    __tablename__ = "counties"
    __table_args__ = (CheckConstraint("length(code) = 6", name="code_has_six_digits"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    city: Mapped[str]
    province: Mapped[str]
    rule_set_id: Mapped[str]
    residents: Mapped[int | None]
    is_demonstration: Mapped[bool]


class SchoolFile(Base):
    """One imported version of a county's school figures, with the bytes it came from."""

    __tablename__ = "school_files"
    __table_args__ = (
        UniqueConstraint("county_id", "year", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("counties.id"))
    year: Mapped[int]
    version: Mapped[int]
    file_name: Mapped[str]
    sheet_name: Mapped[str | None]
    sha256: Mapped[str]
    original: Mapped[bytes] = mapped_column(deferred=True)
    # Which letters each column had in the file, as JSON {column: letters}: a county may order them as it likes.
    columns: Mapped[str] = mapped_column(default="{}")
    n_schools: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    imported_by: Mapped[str]


class SchoolRecord(Base):
    """One school of one file: the cells as the dossier will carry them, and the row they stood in."""

    __tablename__ = "school_records"
    __table_args__ = (UniqueConstraint("school_file_id", "school_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    school_file_id: Mapped[int] = mapped_column(ForeignKey("school_files.id", ondelete="CASCADE"))
    source_row: Mapped[int]
    school_code: Mapped[str]
    school_name: Mapped[str]
    kind: Mapped[str]
    locality: Mapped[str]
    cells: Mapped[str]


class Judgement(Base):
    """One entry about (part of) a criterion: a figure, a judgement or both; none is changed, a later one counts."""

    __tablename__ = "judgements"
    __table_args__ = (
        one_of("level", Level),
        one_of("judgement", JudgementCode),
        CheckConstraint("value IS NOT NULL OR judgement IS NOT NULL", name="something_said"),
        Index(None, "county_id", "year", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("counties.id"))
    year: Mapped[int]
    code: Mapped[str]
    part: Mapped[str]
    value: Mapped[str | None]
    judgement: Mapped[str | None]
    level: Mapped[str]
    evidence: Mapped[str]
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_by: Mapped[str]


class VetoAct(Base):
    """One step in the life of a veto item; the latest is its state."""

    __tablename__ = "veto_acts"
    __table_args__ = (
        one_of("level", Level),
        one_of("state", VetoState),
        CheckConstraint("state NOT IN ('confirmed', 'dismissed') OR level <> 'county'", name="decided_above_county"),
        CheckConstraint("length(reason) > 0", name="reason_given"),
        Index(None, "county_id", "year", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[int] = mapped_column(ForeignKey("counties.id"))
    year: Mapped[int]
    code: Mapped[str]
    state: Mapped[str]
    level: Mapped[str]
    reason: Mapped[str]
    acted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acted_by: Mapped[str]


