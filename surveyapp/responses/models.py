"""What an answer leaves behind: a response that knows nobody, and apart from it the mark of a used form.

No column joins the two tables: no id, no time, and no order, for both are kept in the order of random keys. Before
the seal whoever holds the server can still join them by what the store keeps of its transactions: SQLite's log, and
PostgreSQL's transaction numbers, pair what was committed together (decision 0008).
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.db import Base


class Response(Base):
    """One accepted questionnaire: one character per item (0–5, ``-`` for blank), and codes of flags."""

    __tablename__ = "responses"
    __table_args__ = (
        CheckConstraint("length(id) = 16", name="id_is_random_128"),
        CheckConstraint("length(answers) > 0", name="answers_present"),
        Index(None, "survey_id", "link_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[bytes] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    questionnaire_id: Mapped[str] = mapped_column(ForeignKey("questionnaire_versions.id"))
    answers: Mapped[str]
    flags: Mapped[str]
    voided: Mapped[bool]


class UsedForm(Base):
    """The mark that one rendered form was used: keyed hashes only, destroyed at sealing."""

    __tablename__ = "used_forms"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    body_hash: Mapped[bytes]
