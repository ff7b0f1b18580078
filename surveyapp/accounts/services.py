"""Signing in and out, passwords, and the accounts; every act is written down in its own transaction."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from surveyapp.accounts.audit import record_act
from surveyapp.accounts.models import SCOPE_DIGITS, Account, AuditEntry, FailedLogin, Role, StaffSession
from surveyapp.accounts.passwords import hash_password, password_fault, verify_password
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.refusals import (
    AccountUnknown,
    LoginMalformed,
    LoginTaken,
    OwnAccount,
    PasswordRefused,
    PasswordWrong,
    ScopeUnfit,
    SignInRefused,
    SignInThrottled,
)
from surveyapp.db import Database

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
ATTEMPTS, ATTEMPTS_WITHIN = 10, timedelta(minutes=5)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
_LONGEST_ATTEMPT = 64


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed to sign in."""

    login: str
    password: str


def normalised_login(login: str) -> str:
    """Return the one form of a login: what is typed with capitals or blanks around is the same account."""
    return login.strip().casefold()


def session_hash(session_id: str) -> bytes:
    """Return what the table keeps of a session's id; the id itself is only in the browser."""
    return hashlib.sha256(session_id.encode()).digest()


def create_account(
    database: Database, login: str, name: str, role: Role, scope: str, password: str,
    staff: StaffMember | None, now: datetime,
) -> int:
    """Create an account; without a staff member it is the installation itself that creates it."""
    login = normalised_login(login)
    if not _LOGIN.fullmatch(login):
        raise LoginMalformed(login)
    if len(scope) != SCOPE_DIGITS[role] or not (scope.isascii() and (scope.isdigit() or not scope)):
        raise ScopeUnfit(scope)
    fault = password_fault(password, login)
    if fault is not None:
        raise PasswordRefused(fault)
    kept = hash_password(password)
    with database.writing() as session:
        if session.scalar(select(Account.id).where(Account.login == login)) is not None:
            raise LoginTaken(login)
        account = Account(login=login, name=name.strip(), password_hash=kept, role=role.value, scope=scope,
                          created_at=now)
        session.add(account)
        session.flush()
        _record(session, staff, "account_created", account, now, detail=f"{role.value} {scope}".strip())
        return account.id


def sign_in(database: Database, credentials: Credentials, session_id: str, now: datetime) -> StaffMember:
    """Open a session under a new id, or refuse in the same words and after the same work as always."""
    login = normalised_login(credentials.login)[:_LONGEST_ATTEMPT]
    with database.writing() as session:
        _count_attempt(session, login, now)
        account = session.scalars(
            select(Account).where(Account.login == login, Account.disabled_at.is_(None))
        ).one_or_none()
    # The attempt is on record before the password is looked at, so that parallel guesses do not pass uncounted.
    if not verify_password(account.password_hash if account else None, credentials.password) or account is None:
        raise SignInRefused
    with database.writing() as session:
        # Asked again: the account may have been disabled, or its password changed, while the hash was computed.
        still = select(Account.id).where(
            Account.id == account.id, Account.disabled_at.is_(None), Account.password_hash == account.password_hash
        )
        if session.scalar(still) is None:
            raise SignInRefused
        session.execute(delete(FailedLogin).where(FailedLogin.login == login))
        session.execute(delete(StaffSession).where(
            (StaffSession.created_at < now - ABSOLUTE) | (StaffSession.seen_at < now - IDLE)))
        session.add(StaffSession(id_hash=session_hash(session_id), account_id=account.id, created_at=now, seen_at=now))
        member = member_of(account)
        record_act(session, member, "signed_in", subject=login, now=now)
    return member


def member_of(account: Account) -> StaffMember:
    """Return an account as the one who is asking."""
    return StaffMember(account.id, account.login, account.name, Role(account.role), account.scope)


def touch_session(database: Database, session_id: str, now: datetime) -> StaffMember | None:
    """Return whose session this is, if it still runs, and note that it was used."""
    key = session_hash(session_id)
    with database.reading() as session:
        found = session.get(StaffSession, key)
        if found is None or found.account.disabled_at is not None:
            return None
        if now - found.seen_at > IDLE or now - found.created_at > ABSOLUTE:
            return None
        member, seen_at = member_of(found.account), found.seen_at
    if now - seen_at >= SEEN_EVERY:
        with database.writing() as session:
            session.execute(update(StaffSession).where(StaffSession.id_hash == key).values(seen_at=now))
    return member


def sign_out(database: Database, session_id: str, staff: StaffMember, now: datetime) -> None:
    """End one session."""
    with database.writing() as session:
        session.execute(delete(StaffSession).where(StaffSession.id_hash == session_hash(session_id)))
        record_act(session, staff, "signed_out", subject=staff.login, now=now)


def change_password(
    database: Database, staff: StaffMember, current: str, wanted: str, now: datetime
) -> None:
    """Change one's own password; every session of the account ends, this one too."""
    with database.reading() as session:
        account = session.get_one(Account, staff.account_id)
    if not verify_password(account.password_hash, current):
        raise PasswordWrong
    fault = password_fault(wanted, account.login)
    if fault is not None:
        raise PasswordRefused(fault)
    _set_password(database, account.id, wanted, staff, "password_changed", now)


def reset_password(database: Database, account_id: int, wanted: str, staff: StaffMember, now: datetime) -> Account:
    """Give an account a new password because its owner lost the old one; every session of it ends."""
    return _set_password(database, account_id, wanted, staff, "password_reset", now)


def disable_account(database: Database, account_id: int, staff: StaffMember, now: datetime) -> Account:
    """Close an account for good and end its sessions; what it did stays on record."""
    if account_id == staff.account_id:
        raise OwnAccount
    with database.writing() as session:
        account = session.get(Account, account_id)
        if account is None:
            raise AccountUnknown(account_id)
        if account.disabled_at is None:
            account.disabled_at = now
            session.execute(delete(StaffSession).where(StaffSession.account_id == account_id))
            _record(session, staff, "account_disabled", account, now)
        return account


def _set_password(
    database: Database, account_id: int, wanted: str, staff: StaffMember, action: str, now: datetime
) -> Account:
    kept = hash_password(wanted)
    with database.writing() as session:
        account = session.get(Account, account_id)
        if account is None or account.disabled_at is not None:
            raise AccountUnknown(account_id)
        account.password_hash = kept
        session.execute(delete(StaffSession).where(StaffSession.account_id == account_id))
        _record(session, staff, action, account, now)
        return account


def _count_attempt(session: Session, login: str, now: datetime) -> None:
    session.execute(delete(FailedLogin).where(FailedLogin.at < now - ATTEMPTS_WITHIN))
    n = session.scalar(select(func.count()).select_from(FailedLogin).where(FailedLogin.login == login)) or 0
    if n >= ATTEMPTS:
        raise SignInThrottled
    session.add(FailedLogin(login=login, at=now))
    session.flush()


def _record(
    session: Session, staff: StaffMember | None, action: str, account: Account, now: datetime, *, detail: str = ""
) -> None:
    if staff is not None:
        record_act(session, staff, action, subject=account.login, now=now, detail=detail)
    else:
        session.add(AuditEntry(at=now, account_id=None, login="", role="", action=action, county_code=None,
                               subject=account.login, detail=detail))
