"""The two apps, and visitors to them for whom every page they get is inspected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from surveyapp import STAFF_PREFIX, create_public_app, create_staff_app
from surveyapp.accounts.models import Role
from surveyapp.config import Config
from surveyapp.db import Database
from tests.support.inspection import inspect_headers, inspect_page

PUBLIC_URL = "http://127.0.0.1:8000"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSWORD = "一个相当长的口令-2026"


class Visitor(Client):
    """A browser without a screen; every page it is given is inspected, and faults fail the test.

    Paths are what the address bar would show: ``/s/<token>`` for respondents, ``/staff/…`` for staff.
    """

    anonymous = False

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask, and look at what came."""
        kwargs.setdefault("base_url", PUBLIC_URL)
        response = super().open(*args, **kwargs)
        faults = inspect_headers(response)
        redirected = response.status_code in REDIRECTS
        if response.mimetype == "text/html" and response.get_data() and not redirected:
            faults += inspect_page(response.get_data(as_text=True))
        if self.anonymous:
            faults += [
                f"a respondent was given a cookie: {text}" for text in response.headers.getlist("Set-Cookie")
            ]
            faults += ["varies by cookie"] if "cookie" in response.headers.get("Vary", "").lower() else []
        asked = f"{response.request.method} {response.request.path} ({response.status})"
        assert not faults, f"{asked}: " + "; ".join(faults)
        return response

    def page(self, path: str, status: int = 200) -> BeautifulSoup:
        """Get a page that must come with this status, and return it parsed."""
        response = self.get(path)
        assert response.status_code == status, (
            f"{path}: {response.status}\n{response.get_data(as_text=True)[:2000]}"
        )
        return parsed(response)

    def submit(
        self, path: str, data: dict[str, Any] | None = None, *, page: str | None = None, **kwargs: Any
    ) -> TestResponse:
        """Post to ``path`` with the hidden fields of the form on ``page`` (the same path unless told)."""
        form = form_to(self.page(page or path), path)
        return self.post(path, data=hidden_fields(form) | (data or {}), **kwargs)


class Respondent(Visitor):
    """Someone with a phone, to whom no cookie may ever be given."""

    anonymous = True


def parsed(response: TestResponse) -> BeautifulSoup:
    """Return an answer's page parsed."""
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def form_to(page: BeautifulSoup, path: str) -> BeautifulSoup:
    """Return the page's one form that posts to a path (or to the page itself)."""
    forms = [form for form in page.find_all("form") if str(form.get("method", "get")).lower() == "post"]
    found = [form for form in forms if form.get("action") == path] or [
        form for form in forms if not form.get("action")
    ]
    assert len(found) == 1, (
        f"{len(found)} forms post to {path}; the page has {[form.get('action') for form in forms]}"
    )
    return found[0]


def hidden_fields(form: BeautifulSoup) -> dict[str, str]:
    """Return what a form carries unseen: the protection against forged posts, tickets, keys."""
    return {
        str(field["name"]): str(field.get("value", "")) for field in form.select('input[type="hidden"][name]')
    }


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """Give the configuration of an embedded installation in this test's own folder."""
    return Config(
        database_url=database_url,
        secret=b"a secret that only this test knows",
        public_url=PUBLIC_URL,
        service=False,
        https=False,
        instance=tmp_path,
    )


@pytest.fixture
def public_app(config: Config, database: Database) -> Flask:
    """Give the respondents' app."""
    app = create_public_app(config, database)
    app.testing = True
    return app


@pytest.fixture
def staff_app(config: Config, database: Database) -> Flask:
    """Give the staff app."""
    app = create_staff_app(config, database)
    app.testing = True
    return app


@pytest.fixture
def application(public_app: Flask, staff_app: Flask) -> DispatcherMiddleware:
    """Give both apps mounted as in service, but with their exceptions let through to the test."""
    return DispatcherMiddleware(public_app.wsgi_app, {STAFF_PREFIX: staff_app.wsgi_app})


@pytest.fixture
def public_client(public_app: Flask) -> Respondent:
    """Give someone with a phone, who meets the respondents' app alone."""
    return Respondent(public_app)


@pytest.fixture
def visitor(application: DispatcherMiddleware) -> Visitor:
    """Give someone at the staff's door who has not signed in."""
    return Visitor(application)


StaffClient = Callable[[Role | str, str], Visitor]


@pytest.fixture
def staff_client(application: DispatcherMiddleware, database: Database) -> StaffClient:
    """Give a way to sign in, through the real page, as a new account of some role and scope."""

    def sign_in(role: Role | str, scope: str, login: str | None = None) -> Visitor:
        from surveyapp.accounts.services import create_account

        role = Role(role)
        login = login or f"{role.value.replace('_', '-')}-{scope or 'all'}"
        create_account(
            database, login, f"{role.value} {scope}", role, scope, PASSWORD, None, datetime.now(UTC)
        )
        client = Visitor(application)
        answer = client.submit("/staff/login", {"login": login, "password": PASSWORD})
        assert answer.status_code in (302, 303), f"sign-in refused: {answer.get_data(as_text=True)[:2000]}"
        return client

    return sign_in
