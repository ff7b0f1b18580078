"""Signing in and out, and one's own account."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.forms import PasswordForm, SignInForm
from surveyapp.accounts.labels import ROLES
from surveyapp.accounts.pages import OwnPage, SignInPage, fault_text
from surveyapp.accounts.policy import Permission, needs
from surveyapp.accounts.refusals import PasswordRefused, PasswordWrong, SignInRefused, SignInThrottled
from surveyapp.accounts.services import Credentials, change_password, sign_in, sign_out
from surveyapp.accounts.sessions import SESSION_BYTES, forget_session, renew_session, safe_next, session_id
from surveyapp.extensions import the_database, the_time
from surveyapp.frame import Crumb

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@needs(Permission.SIGN_IN)
def sign_in_page() -> str:
    """Ask who it is."""
    page = SignInPage(SignInForm(formdata=None), request.args.get("next", ""), "")
    return render_template("staff/accounts/sign_in.html", page=page)


@blueprint.post("/login")
@needs(Permission.SIGN_IN)
def enter() -> Response | tuple[str, int]:
    """Let somebody in, under a new session."""
    form, wanted = SignInForm(), request.form.get("next", "")
    if not form.validate():
        return _not_in(form, wanted, "", 422)
    credentials = Credentials(form.login.data or "", form.password.data or "")
    fresh = secrets.token_hex(SESSION_BYTES)
    try:
        sign_in(the_database(), credentials, fresh, the_time())
    except SignInRefused:
        return _not_in(form, wanted, gettext("登录名或口令不正确。"), 401)
    except SignInThrottled:
        return _not_in(form, wanted, gettext("这个登录名尝试次数过多，请 5 分钟后再试。"), 429)
    renew_session(fresh)
    return redirect(safe_next(wanted, url_for("board.index")), 303)


def _not_in(form: SignInForm, wanted: str, refusal: str, status: int) -> tuple[str, int]:
    return render_template("staff/accounts/sign_in.html", page=SignInPage(form, wanted, refusal)), status


@blueprint.post("/logout")
@needs(Permission.OWN_ACCOUNT)
def sign_out_here() -> Response:
    """End this session."""
    sign_out(the_database(), session_id(), the_staff_member(), the_time())
    forget_session()
    flash(gettext("您已退出。"), "done")
    return redirect(url_for("accounts.sign_in_page"), 303)


@blueprint.get("/account/")
@needs(Permission.OWN_ACCOUNT)
def own() -> str:
    """Show one's own account."""
    return _own(PasswordForm(formdata=None))


@blueprint.post("/account/")
@needs(Permission.OWN_ACCOUNT)
def change() -> Response | tuple[str, int]:
    """Change one's own password."""
    form = PasswordForm()
    if form.validate() and form.wanted.data != form.again.data:
        form.again.errors = [gettext("两次填写的新口令不一致。")]
    if form.errors:
        return _own(form), 422
    try:
        change_password(the_database(), the_staff_member(), form.current.data or "", form.wanted.data or "", the_time())
    except PasswordWrong:
        form.current.errors = [gettext("现在的口令不正确。")]
    except PasswordRefused as refused:
        form.wanted.errors = [fault_text(refused.fault)]
    if form.errors:
        return _own(form), 422
    forget_session()
    flash(gettext("口令已修改，所有登录都已结束。请用新口令重新登录。"), "done")
    return redirect(url_for("accounts.sign_in_page"), 303)


def _own(form: PasswordForm) -> str:
    staff = the_staff_member()
    trail = (Crumb(gettext("我的账号")),)
    page = OwnPage(form, staff.login, staff.name, str(ROLES[staff.role]), staff.scope or gettext("全部"), trail)
    return render_template("staff/accounts/own.html", page=page)
