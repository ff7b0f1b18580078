"""How submissions and the sealing of their survey keep out of each other's way.

Submissions hold a shared lock on their survey and never wait for one another; sealing takes the exclusive one
and so waits for those in flight, while later ones wait for it and then find the survey sealed. SQLite needs
neither: its write transactions come one after another anyway.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from surveyapp.links.models import Link

SURVEY_LOCKS = 20261


def share_survey(connection: Connection, link_token: str) -> None:
    """Hold off the sealing of a link's survey until this transaction ends."""
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock_shared(SURVEY_LOCKS, Link.survey_id)
        connection.execute(select(lock).where(Link.token == link_token))


def hold_survey(session: Session, survey_id: int) -> None:
    """Wait for a survey's submissions in flight and hold off later ones until this transaction ends."""
    # Asking for the connection begins the transaction, which is all SQLite needs: without it the write lock
    # would be taken only by the first statement that follows.
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(SURVEY_LOCKS, survey_id)))
