"""A link opens one survey's form for one group, county-wide or at one school or office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.db import Base, UtcDateTime, one_of
from surveyapp.surveys.models import Group, Survey


class Link(Base):
    """A public token of at least 128 random bits; it authorises nothing but opening this form."""

    __tablename__ = "links"
    __table_args__ = (
        one_of("group_code", Group),
        CheckConstraint("length(token) >= 22", name="token_is_long"),
        Index(None, "survey_id", "group_code", "cluster"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id", ondelete="CASCADE"))
    group_code: Mapped[str]
    cluster: Mapped[str]
    cluster_name: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[str]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    survey: Mapped[Survey] = relationship(lazy="joined")
