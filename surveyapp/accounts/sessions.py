"""Signed-in browsers: a random id in the signed cookie, everything else on the server."""

from __future__ import annotations

from typing import cast
from urllib.parse import unquote

from flask import Flask, abort, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from surveyapp.accounts.passwords import nobodys_hash
from surveyapp.accounts.policy import ANYONE, Permission, permission_of
from surveyapp.accounts.services import touch_session
from surveyapp.extensions import the_database, the_time

SESSION_BYTES = 32
SMALL_BODY = 64 * 1024
_KEY = "sid"
_FROM_ELSEWHERE = frozenset({"cross-site", "same-site"})


def guard(app: Flask) -> None:
    """Ask every request for the permission its view names; whoever has not signed in is sent to do so."""
    nobodys_hash()

    def ask() -> Response | None:
        g.staff_member = None
        endpoint = request.endpoint
        if endpoint == "static":
            return None
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site") in _FROM_ELSEWHERE:
            abort(403)
        permission = permission_of(app, endpoint) if endpoint else None
        if permission is not Permission.IMPORT_SCHOOLS:
            request.max_content_length = SMALL_BODY
        g.staff_member = member = touch_session(the_database(), session_id(), the_time()) if session_id() else None
        if endpoint is None or permission in ANYONE:
            return None
        if member is None:
            wanted = request.script_root + request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("accounts.sign_in_page", next=wanted), 303)
        if permission is None or not member.may(permission):
            abort(403)
        return None

    app.before_request(ask)


def session_id() -> str:
    """Return the id this browser brings, or nothing."""
    return cast("str", session.get(_KEY, ""))


def renew_session(fresh: str) -> None:
    """Forget everything the browser brought and give it a new id."""
    session.clear()
    session[_KEY] = fresh


def forget_session() -> None:
    """Take the id away from the browser."""
    session.clear()


def safe_next(target: str, fallback: str) -> str:
    """Return where to go after signing in: a path of this staff site, whatever the address says."""
    own = request.script_root + "/"
    plain = unquote(unquote(target))
    if not target.startswith(own) or not plain.startswith(own) or plain.startswith(("//", "/\\")):
        return fallback
    return target if plain.isprintable() and "\\" not in plain else fallback
