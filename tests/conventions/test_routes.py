"""No staff route exists that nobody decided about, and no permission that nothing asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from surveyapp import create_public_app, create_staff_app
from surveyapp.accounts.models import Role
from surveyapp.accounts.policy import ANYONE, GRANTED, Permission, permission_of, refuse_unguarded
from surveyapp.config import Config
from surveyapp.db import Database


@pytest.fixture
def staff(tmp_path: Path) -> Flask:
    """Give the staff app over a database nobody asks anything of."""
    return create_staff_app(configuration(tmp_path), Database(f"sqlite:///{tmp_path / 'unused.db'}"))


@pytest.fixture
def public(tmp_path: Path) -> Flask:
    """Give the respondents' app over a database nobody asks anything of."""
    return create_public_app(configuration(tmp_path), Database(f"sqlite:///{tmp_path / 'unused.db'}"))


def configuration(folder: Path) -> Config:
    """Return a configuration that points nowhere in particular."""
    return Config(database_url="sqlite://", secret=b"x" * 32, public_url="http://127.0.0.1", service=False,
                  https=False, instance=folder)  # fmt: skip


def test_every_staff_route_asks_for_a_permission(staff: Flask) -> None:
    asked = {rule.endpoint: permission_of(staff, rule.endpoint) for rule in staff.url_map.iter_rules()}
    assert len(asked) > 1
    assert [endpoint for endpoint, permission in asked.items() if permission is None] == []


def test_an_undecided_route_stops_the_start(staff: Flask) -> None:
    staff.add_url_rule("/unguarded", "unguarded", lambda: "")
    with pytest.raises(RuntimeError, match="unguarded"):
        refuse_unguarded(staff)


def test_every_permission_is_asked_for_somewhere(staff: Flask) -> None:
    asked = {permission_of(staff, rule.endpoint) for rule in staff.url_map.iter_rules()}
    assert set(Permission) - asked == set()


def test_every_permission_is_granted_to_somebody_and_every_role_is_decided() -> None:
    assert set(GRANTED) == set(Role)
    assert frozenset().union(*GRANTED.values()) | ANYONE == set(Permission)


def test_no_view_answers_both_a_link_and_a_form(staff: Flask) -> None:
    methods: dict[str, set[str]] = {}
    for rule in staff.url_map.iter_rules():
        methods.setdefault(rule.endpoint, set()).update(rule.methods or set())
    assert [endpoint for endpoint, asked in methods.items() if {"GET", "POST"} <= asked] == []


def test_what_is_named_after_an_act_is_not_done_by_a_link(staff: Flask) -> None:
    acts = ("/revoke", "/seal", "/import", "/logout", "/disable")
    found = [rule.rule for rule in staff.url_map.iter_rules() if "GET" in (rule.methods or set())]
    assert [rule for rule in found if rule.rstrip("/").endswith(acts)] == []


def test_the_respondents_app_has_no_way_in_for_staff(public: Flask) -> None:
    assert [rule.rule for rule in public.url_map.iter_rules() if "staff" in rule.rule or "login" in rule.rule] == []
    assert public.secret_key is None
