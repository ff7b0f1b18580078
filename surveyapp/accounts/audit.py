"""The record of staff acts: one line per act, in the transaction of the act itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from surveyapp.accounts.models import AuditEntry
from surveyapp.accounts.policy import StaffMember


def record_act(
    session: Session, staff: StaffMember, action: str, *, subject: str, now: datetime,
    county_code: str | None = None, detail: str = "",
) -> None:
    """Write one act down; it is kept exactly when the act is."""
    session.add(AuditEntry(at=now, account_id=staff.account_id, login=staff.login, role=staff.role.value,
                           action=action, county_code=county_code, subject=subject, detail=detail))
