"""What the templates about accounts and the record of acts are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from surveyapp.accounts.labels import ACTIONS, ROLES
from surveyapp.accounts.models import Account, Role
from surveyapp.accounts.queries import AuditFilter, AuditSlice
from surveyapp.frame import Crumb, Mark, Pages, moment
from surveyapp.oversight.forms import AccountForm


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in the list."""

    id: int
    login: str
    name: str
    role: str
    scope: str
    created: str
    state: Mark
    changeable: bool


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """Template ``staff/oversight/accounts.html``."""

    rows: tuple[AccountRow, ...]
    form: AccountForm
    trail: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class FirstPasswordPage:
    """A password that is shown this once: template ``staff/oversight/password.html``."""

    login: str
    name: str
    password: str
    created: bool
    trail: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act."""

    at: str
    login: str
    role: str
    action: str
    county: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Template ``staff/oversight/audit.html``."""

    rows: tuple[AuditRow, ...]
    n_entries: int
    actions: tuple[Option, ...]
    counties: tuple[Option, ...]
    filtered: bool
    pages: Pages
    trail: tuple[Crumb, ...]


def accounts_page(
    accounts: Sequence[Account], form: AccountForm, own_id: int, scopes: Mapping[str, str]
) -> AccountsPage:
    """Lay out the list of accounts and the form for a new one."""
    rows = tuple(
        AccountRow(
            id=account.id, login=account.login, name=account.name, role=str(ROLES[Role(account.role)]),
            scope=scopes.get(account.scope, account.scope), created=moment(account.created_at),
            state=Mark("met", "✓", gettext("在用")) if account.disabled_at is None
            else Mark("not-applicable", "–", gettext("已停用")),
            changeable=account.disabled_at is None and account.id != own_id,
        )
        for account in accounts
    )  # fmt: skip
    return AccountsPage(rows, form, (Crumb(gettext("账号管理")),))


def audit_page(
    found: AuditSlice, asked: AuditFilter, counties: Mapping[str, str], address: Callable[[int], str]
) -> AuditPage:
    """Lay out one page of the record; ``address`` gives the address of another page of it."""
    rows = tuple(
        AuditRow(
            at=moment(entry.at), login=entry.login or gettext("系统"),
            role=str(ROLES[Role(entry.role)]) if entry.role else "",
            action=action_label(entry.action), county=counties.get(entry.county_code or "", entry.county_code or "–"),
            subject=entry.subject, detail=entry.detail,
        )
        for entry in found.entries
    )  # fmt: skip
    return AuditPage(
        rows=rows,
        n_entries=found.n_entries,
        actions=tuple(Option(code, action_label(code), code == asked.action) for code in found.actions),
        counties=tuple(Option(code, name, code == asked.county) for code, name in counties.items()),
        filtered=bool(asked.action or asked.county),
        pages=Pages(
            gettext("第 %(page)s 页，共 %(all)s 页", page=found.page, all=found.n_pages),
            before=address(found.page - 1) if found.page > 1 else "",
            after=address(found.page + 1) if found.page < found.n_pages else "",
        ),
        trail=(Crumb(gettext("操作记录")),),
    )


def action_label(code: str) -> str:
    """Return the word for an act, or its code where a later version wrote it."""
    return str(ACTIONS[code]) if code in ACTIONS else code
