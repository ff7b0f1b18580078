"""The accounts, and the record of what was done with them."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.labels import ROLES
from surveyapp.accounts.models import Role
from surveyapp.accounts.passwords import random_password
from surveyapp.accounts.policy import Permission, needs
from surveyapp.accounts.queries import AuditFilter, all_accounts, audit_slice
from surveyapp.accounts.refusals import LoginTaken, OwnAccount, ScopeUnfit
from surveyapp.accounts.services import create_account, disable_account, reset_password
from surveyapp.counties.queries import scope_names
from surveyapp.extensions import the_database, the_time
from surveyapp.frame import Crumb
from surveyapp.oversight.forms import AccountForm
from surveyapp.oversight.pages import FirstPasswordPage, accounts_page, audit_page

blueprint = Blueprint("oversight", __name__)


@blueprint.get("/accounts/")
@needs(Permission.MANAGE_ACCOUNTS)
def accounts() -> str:
    """List all accounts."""
    return _listed(_account_form())


@blueprint.post("/accounts/")
@needs(Permission.MANAGE_ACCOUNTS)
def create() -> str | tuple[str, int]:
    """Create an account and show its first password, this once."""
    form, password = _account_form(), random_password(secrets.SystemRandom())
    if not form.validate():
        return _listed(form), 422
    try:
        create_account(the_database(), form.login.data or "", form.name.data or "", Role(form.role.data),
                       form.scope.data or "", password, the_staff_member(), the_time())
    except LoginTaken:
        form.login.errors = [gettext("这个登录名已经存在。")]
    except ScopeUnfit:
        form.scope.errors = [gettext("管辖范围与角色不一致：省级督导选省，市级督导选市，县级管理员选县。")]
    if form.errors:
        return _listed(form), 422
    return _first_password(form.login.data or "", form.name.data or "", password, created=True)


@blueprint.post("/accounts/<int:account_id>/password")
@needs(Permission.MANAGE_ACCOUNTS)
def reset(account_id: int) -> str:
    """Give an account a new password and show it, this once."""
    password = random_password(secrets.SystemRandom())
    account = reset_password(the_database(), account_id, password, the_staff_member(), the_time())
    return _first_password(account.login, account.name, password, created=False)


@blueprint.post("/accounts/<int:account_id>/disable")
@needs(Permission.MANAGE_ACCOUNTS)
def disable(account_id: int) -> Response:
    """Close an account."""
    try:
        account = disable_account(the_database(), account_id, the_staff_member(), the_time())
        flash(gettext("账号 %(login)s 已停用，它的登录都已结束。", login=account.login), "done")
    except OwnAccount:
        flash(gettext("不能停用自己正在使用的账号。"), "wrong")
    return redirect(url_for("oversight.accounts"), 303)


@blueprint.get("/audit/")
@needs(Permission.READ_AUDIT)
def audit() -> str:
    """Show what was done, newest first."""
    number = request.args.get("page", "1")
    asked = AuditFilter(request.args.get("action", ""), request.args.get("county", ""),
                        int(number) if number.isdecimal() and len(number) < 8 else 1)  # fmt: skip
    with the_database().reading() as rows:
        found = audit_slice(rows, the_staff_member(), asked)
        names = scope_names(rows, the_staff_member().scope)
    counties = {code: name for code, name in names.items() if len(code) == 6}
    page = audit_page(found, asked, counties, lambda n: url_for(
        "oversight.audit", action=asked.action or None, county=asked.county or None, page=n))
    return render_template("staff/oversight/audit.html", page=page)


def _account_form() -> AccountForm:
    form = AccountForm(formdata=request.form if request.method == "POST" else None)
    with the_database().reading() as rows:
        form.scope.choices = list(_scopes(rows).items())
    form.role.choices = [("", gettext("请选择"))] + [(role.value, str(label)) for role, label in ROLES.items()]
    return form


def _scopes(rows: Session) -> dict[str, str]:
    return {"": gettext("全部")} | scope_names(rows)


def _listed(form: AccountForm) -> str:
    with the_database().reading() as rows:
        page = accounts_page(all_accounts(rows), form, the_staff_member().account_id, _scopes(rows))
    return render_template("staff/oversight/accounts.html", page=page)


def _first_password(login: str, name: str, password: str, *, created: bool) -> str:
    trail = (Crumb(gettext("账号管理"), url_for("oversight.accounts")), Crumb(gettext("首次口令")))
    page = FirstPasswordPage(login.strip().casefold(), name, password, created, trail)
    return render_template("staff/oversight/password.html", page=page)
