"""Role × permission, in one table; a staff route without a permission does not start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from flask import Flask

from surveyapp.accounts.models import Role


class Permission(StrEnum):
    """What a staff route lets someone do."""

    SIGN_IN = "sign_in"
    OWN_ACCOUNT = "own_account"
    MANAGE_ACCOUNTS = "manage_accounts"
    READ_AUDIT = "read_audit"
    VIEW_COUNTIES = "view_counties"
    IMPORT_SCHOOLS = "import_schools"
    JUDGE = "judge"
    RAISE_VETO = "raise_veto"
    DECIDE_VETO = "decide_veto"
    PREPARE_SURVEY = "prepare_survey"
    VIEW_PROGRESS = "view_progress"
    CLOSE_AND_SEAL = "close_and_seal"
    PUBLIC_PART = "public_part"
    AUDITOR_PART = "auditor_part"
    VIEW_VERDICT = "view_verdict"
    VIEW_PLAN = "view_plan"


ANYONE = frozenset({Permission.SIGN_IN})
EVERY_ROLE = frozenset({Permission.OWN_ACCOUNT, Permission.VIEW_COUNTIES, Permission.VIEW_PROGRESS,
                        Permission.PUBLIC_PART, Permission.VIEW_VERDICT, Permission.VIEW_PLAN})
INSPECTORS = EVERY_ROLE | {Permission.JUDGE, Permission.RAISE_VETO, Permission.DECIDE_VETO,
                           Permission.CLOSE_AND_SEAL, Permission.AUDITOR_PART, Permission.READ_AUDIT}

GRANTED: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: EVERY_ROLE | {Permission.MANAGE_ACCOUNTS, Permission.READ_AUDIT},
    Role.PROVINCE_INSPECTOR: INSPECTORS,
    Role.CITY_INSPECTOR: INSPECTORS,
    Role.COUNTY_ADMINISTRATOR: EVERY_ROLE | {Permission.IMPORT_SCHOOLS, Permission.JUDGE, Permission.RAISE_VETO,
                                             Permission.PREPARE_SURVEY},
}


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who is asking: what the session of this request says, and nothing the request itself says."""

    account_id: int
    login: str
    name: str
    role: Role
    scope: str

    def may(self, permission: Permission) -> bool:
        """Say whether the role grants a permission."""
        return permission in GRANTED[self.role]

    def covers(self, county_code: str) -> bool:
        """Say whether a county lies in this member's scope."""
        return county_code.startswith(self.scope)


View = TypeVar("View", bound=Callable[..., object])


def needs(permission: Permission) -> Callable[[View], View]:
    """Mark a view with the one permission it asks for."""

    def mark(view: View) -> View:
        view.__dict__["permission"] = permission
        return view

    return mark


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    """Return the permission an endpoint asks for; static files ask for none."""
    if endpoint == "static":
        return Permission.SIGN_IN
    found = app.view_functions[endpoint].__dict__.get("permission")
    return found if isinstance(found, Permission) else None


def refuse_unguarded(app: Flask) -> None:
    """Stop the start of an app that has a route nobody decided about."""
    unguarded = sorted({r.endpoint for r in app.url_map.iter_rules() if permission_of(app, r.endpoint) is None})
    if unguarded:
        raise RuntimeError(f"routes without a policy: {', '.join(unguarded)}")
