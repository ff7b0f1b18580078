"""Signing in without the page: for walks that need a fresh session for every single request."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from flask import Flask
from flask.testing import FlaskClient

from surveyapp.accounts.models import StaffSession
from surveyapp.accounts.services import session_hash
from surveyapp.db import Database


def as_account(app: Flask, database: Database, account_id: int) -> FlaskClient:
    """Return a browser of the staff app (mounted at the root) with a session of its own for an account."""
    session_id, now = secrets.token_hex(32), datetime.now(UTC)
    with database.writing() as rows:
        rows.add(StaffSession(id_hash=session_hash(session_id), account_id=account_id, created_at=now, seen_at=now))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["sid"] = session_id
    return client
