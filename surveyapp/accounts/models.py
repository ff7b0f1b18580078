"""Accounts, their sessions, and the append-only record of what they did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.db import Base, UtcDateTime, one_of


class Role(StrEnum):
    """What an account is; what it may see is its scope."""

    OPERATOR = "operator"
    PROVINCE_INSPECTOR = "province_inspector"
    CITY_INSPECTOR = "city_inspector"
    COUNTY_ADMINISTRATOR = "county_administrator"


SCOPE_DIGITS = {
    Role.OPERATOR: 0,
    Role.PROVINCE_INSPECTOR: 2,
    Role.CITY_INSPECTOR: 4,
    Role.COUNTY_ADMINISTRATOR: 6,
}


class Account(Base):
    """A member of staff; ``scope`` is the prefix of the administrative codes the account may see."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint(
            " OR ".join(f"(role = '{role.value}' AND length(scope) = {n})" for role, n in SCOPE_DIGITS.items()),
            name="scope_fits_role",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    scope: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Base):
    """A signed-in browser, known by the hash of a random id and ended from the server's side."""

    __tablename__ = "staff_sessions"

    id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship(lazy="joined")


class FailedLogin(Base):
    """One refused sign-in, kept for as long as it counts against the login."""

    __tablename__ = "failed_logins"
    __table_args__ = (Index(None, "login", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """One act of one member of staff; the tables' triggers refuse to change or delete it."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    login: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    county_code: Mapped[str | None] = mapped_column(index=True)
    subject: Mapped[str]
    detail: Mapped[str]
