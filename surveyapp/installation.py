"""Making an installation ready: tables, questionnaires, the plan, and the first operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from surveyapp import migrate
from surveyapp.accounts.models import Account, Role
from surveyapp.accounts.passwords import Draw, random_password
from surveyapp.accounts.services import create_account
from surveyapp.db import Database, require_durable
from surveyapp.plan.files import SHIPPED_PLANS, shipped_plan
from surveyapp.plan.services import load_plan
from surveyapp.surveys.questionnaires import store_questionnaires

FIRST_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Login:
    """An account just made, with the password that is shown once and kept nowhere."""

    login: str
    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """What preparing an installation did."""

    is_new: bool
    plans: tuple[str, ...]
    operator: Login | None


def prepare(database: Database, draw: Draw) -> Prepared:
    """Bring an installation up to date; what is there already stays as it is."""
    is_new = migrate.current(database) is None
    migrate.upgrade(database)
    require_durable(database)
    with database.reading() as session:
        now = database.now(session)
    store_questionnaires(database, now)
    plans = tuple(plan_id for plan_id in SHIPPED_PLANS if load_plan(database, shipped_plan(plan_id)))
    return Prepared(is_new, plans, first_operator(database, draw))


def first_operator(database: Database, draw: Draw) -> Login | None:
    """Make the first operator, unless there is an account that can make others."""
    with database.reading() as session:
        working = select(Account.id).where(Account.role == Role.OPERATOR.value, Account.disabled_at.is_(None))
        if session.scalars(working.limit(1)).first() is not None:
            return None
        taken = set(session.scalars(select(Account.login)))
    numbered = (f"{FIRST_OPERATOR}-{n}" for n in range(2, len(taken) + 3))
    login = next(name for name in (FIRST_OPERATOR, *numbered) if name not in taken)
    return new_operator(database, login, draw)


def new_operator(database: Database, login: str, draw: Draw) -> Login:
    """Make an operator's account with a random password."""
    with database.reading() as session:
        now = database.now(session)
    made = Login(login, "系统运维", random_password(draw))
    create_account(database, made.login, made.name, Role.OPERATOR, "", made.password, None, now)
    return made
