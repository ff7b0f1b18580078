"""The plainest app that could do the respondents' three steps: Flask, Jinja, one INSERT, the same SQLite.

It checks nothing but the choices, knows no survey, no window and no repeated form: the yardstick of what the
product's own care costs.
"""

from __future__ import annotations

import os
import secrets
import threading
from pathlib import Path

import pysqlite3
from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from surveyapp.surveys.questionnaires import load_questionnaires

ITEMS = next(form for form in load_questionnaires() if form.form == "parent").items
CHOICES = {"5": "非常满意", "4": "满意", "3": "基本满意", "2": "不满意", "1": "非常不满意", "0": "不了解"}
INSERT = "INSERT INTO responses (id, answers) VALUES (?, ?)"

application = Flask("bare", root_path=str(Path(__file__).parent))
_local = threading.local()


def _connection() -> pysqlite3.Connection:
    """Return this thread's connection, set exactly as the product sets its own."""
    if not hasattr(_local, "connection"):
        _local.connection = pysqlite3.connect(os.environ["BARE_DATABASE"], isolation_level=None, timeout=5)
        _local.connection.execute("PRAGMA journal_mode = WAL")
        _local.connection.execute("PRAGMA synchronous = FULL")
    found: pysqlite3.Connection = _local.connection
    return found


@application.get("/form")
def form() -> str:
    """Show the form."""
    return render_template("bare_form.html", items=ITEMS, choices=CHOICES, key=secrets.token_urlsafe(16))


@application.post("/form")
def submit() -> Response | tuple[str, int]:
    """Keep the answers."""
    answers = "".join(request.form.get(item.code, "-") for item in ITEMS)
    if not set(answers) <= {*CHOICES, "-"}:
        return "bad", 400
    key = secrets.token_bytes(16)
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(INSERT, (key, answers))
    connection.execute("COMMIT")
    return redirect(f"/done/{key.hex()}", 303)


@application.get("/done/<receipt>")
def done(receipt: str) -> str:
    """Say thanks."""
    return render_template("bare_done.html", receipt=receipt)


@application.get("/healthz")
def healthz() -> str:
    """Say that the server is up."""
    return "ok"
