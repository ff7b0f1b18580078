"""The dossier as it was frozen, and the verdict computed from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.db import Base, UtcDateTime


class SealedDossier(Base):
    """Both parts of one survey's dossier, and the verdict as each gives it: written once, at sealing.

    The outcome and all counts are the same in both; the auditor part adds the intervals.
    """

    __tablename__ = "sealed_dossiers"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    dossier_sha256: Mapped[str]
    public_part: Mapped[bytes] = mapped_column(deferred=True)
    auditor_part: Mapped[bytes] = mapped_column(deferred=True)
    verdict: Mapped[bytes] = mapped_column(deferred=True)
    uncertainty: Mapped[bytes] = mapped_column(deferred=True)
    outcome: Mapped[str]
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed_by: Mapped[str]
