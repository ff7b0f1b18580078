"""Reading accounts, and the record of what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from surveyapp.accounts.models import Account, AuditEntry
from surveyapp.accounts.policy import StaffMember

ENTRIES_PER_PAGE = 50

Row = TypeVarTuple("Row")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; blank asks for all."""

    action: str = ""
    county: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class AuditSlice:
    """One page of the record, newest first, and what it was cut from."""

    entries: tuple[AuditEntry, ...]
    n_entries: int
    page: int
    n_pages: int
    actions: tuple[str, ...]


def all_accounts(session: Session) -> list[Account]:
    """List all accounts, those in use first."""
    return list(session.scalars(select(Account).order_by(Account.disabled_at.is_not(None), Account.login)))


def audit_slice(session: Session, staff: StaffMember, asked: AuditFilter) -> AuditSlice:
    """Read one page of what was done in a member's scope; what belongs to no county is for the whole state's."""
    visible = _visible(select(AuditEntry), staff)
    actions = tuple(session.scalars(
        _visible(select(AuditEntry.action).distinct(), staff).order_by(AuditEntry.action)))
    if asked.action:
        visible = visible.where(AuditEntry.action == asked.action)
    if asked.county:
        visible = visible.where(AuditEntry.county_code == asked.county)
    n = session.scalar(select(func.count()).select_from(visible.subquery())) or 0
    n_pages = max(1, -(-n // ENTRIES_PER_PAGE))
    page = min(max(1, asked.page), n_pages)
    newest = visible.order_by(AuditEntry.id.desc()).limit(ENTRIES_PER_PAGE).offset((page - 1) * ENTRIES_PER_PAGE)
    return AuditSlice(tuple(session.scalars(newest)), n, page, n_pages, actions)


def _visible(query: Select[*Row], staff: StaffMember) -> Select[*Row]:
    if not staff.scope:
        return query
    return query.where(AuditEntry.county_code.startswith(staff.scope, autoescape=True))
