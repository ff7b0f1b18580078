"""The respondents' app as a whole: its front page, its weight, its refusals, and what it does without a database."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.test import Client

from surveyapp import create_public_app, db, errors
from surveyapp.config import Config
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses import routes
from surveyapp.responses.services import Recorded, Submission, record
from tests.support.answers import ANSWERS, checked, n_marks, rows, ticket_on
from tests.support.databases import PostgresServer
from tests.support.factories import MakeCounty
from tests.support.visitors import Respondent, hidden_fields, parsed

FIRST_VISIT_BUDGET = 14 * 1024


# What a visit costs and what it leaves


def test_the_front_page_says_how_to_tell_that_it_is_genuine(public_client: Respondent) -> None:
    said = public_client.page("/").get_text()
    assert "127.0.0.1:8000" in said
    assert "怎样辨别真假" in said
    assert "由国家认定" in said


def test_the_official_address_is_the_configured_one_not_the_asked_one(public_client: Respondent) -> None:
    answer = public_client.get("/", base_url="http://evil.example")
    assert "evil.example" not in answer.get_data(as_text=True)


def test_a_first_visit_weighs_less_than_14_kb(public_client: Respondent, public_app: Flask, link: Link) -> None:
    """The form, and everything it asks for, compressed, with a kilobyte of headers for each answer."""
    page = public_client.page(f"/s/{link.token}")
    asked = [f"/s/{link.token}", *(str(tag["href"]) for tag in page.find_all("link"))]
    asked += [str(tag["src"]) for tag in page.find_all(["script", "img"])]
    answers = [
        Client(public_app).get(path, headers={"Accept-Encoding": "gzip"}, buffered=True) for path in asked
    ]
    assert len(answers) >= 2
    assert {answer.status_code for answer in answers} == {200}
    assert sum(len(answer.get_data()) + 1024 for answer in answers) <= FIRST_VISIT_BUDGET


def test_compressed_or_not_it_is_the_same_page(public_app: Flask) -> None:
    plain = Client(public_app).get("/")
    zipped = Client(public_app).get("/", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.get_data()) == plain.get_data()
    assert "Content-Encoding" not in plain.headers
    assert {plain.headers["Vary"], zipped.headers["Vary"]} == {"Accept-Encoding"}


def test_a_style_sheet_is_kept_for_ever_under_the_address_of_its_content(public_client: Respondent) -> None:
    [style] = [str(tag["href"]) for tag in public_client.page("/").select('link[rel="stylesheet"]')]
    kept, unnamed = (public_client.get(path, buffered=True) for path in (style, style.partition("?")[0]))
    assert re.search(r"\?v=[0-9a-f]{12}$", style)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in unnamed.headers["Cache-Control"]
    assert kept.get_data() == (Path(db.__file__).parent / "static" / "public.css").read_bytes()


def test_where_there_is_https_browsers_are_told_to_stay_there(config: Config, database: Database) -> None:
    app = create_public_app(replace(config, https=True, public_url="https://survey.example"), database)
    answer = Respondent(app).get("/")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "https 开头" in answer.get_data(as_text=True)


def test_the_whole_journey_hands_out_no_cookie_and_reads_none(public_client: Respondent, link: Link) -> None:
    """:class:`Respondent` fails on any Set-Cookie; a foreign cookie changes nothing either."""
    public_client.set_cookie("session", "x")
    answer = public_client.submit(f"/s/{link.token}", ANSWERS)
    assert answer.status_code == 303
    public_client.page(answer.location)


# Refusals


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nowhere", 404), ("GET", "/s/", 404), ("GET", "/done/", 404), ("GET", "/static/../config.py", 404),
    ("POST", "/", 405), ("DELETE", "/s/" + "x" * 24, 405), ("PUT", "/done/x", 405),
])
def test_what_is_not_there_is_a_plain_page(public_client: Respondent, method: str, path: str, status: int) -> None:
    answer = public_client.open(path, method=method)
    assert answer.status_code == status
    assert parsed(answer).h1 is not None
    if status == 405:
        assert "GET" in answer.headers["Allow"]


def test_a_head_is_answered_like_a_get_without_the_page(public_client: Respondent, link: Link) -> None:
    answer = public_client.head(f"/s/{link.token}")
    assert (answer.status_code, answer.get_data()) == (200, b"")


def test_an_error_of_ours_is_a_page_that_tells_nothing(
    config: Config, database: Database, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Recorded:
        raise RuntimeError("secret words")

    client = Respondent(create_public_app(config, database))
    monkeypatch.setattr(routes, "record", fail)
    answer = client.post(f"/s/{link.token}", data={"ticket": ticket_on(client, link)} | ANSWERS)
    assert answer.status_code == 500
    assert "secret words" not in answer.get_data(as_text=True)
    assert parsed(answer).h1 is not None


def test_every_kind_of_refusal_has_a_page() -> None:
    from surveyapp.responses.refusals import Refusal, TicketExpired, TicketInvalid

    with_form = {TicketExpired, TicketInvalid}  # these give the form back instead
    assert set(Refusal.__subclasses__()) - with_form <= set(errors.REFUSED)
    assert all(400 <= problem.status < 500 for problem in errors.REFUSED.values())


# A truth of the tables, in words


def test_a_broken_uniqueness_is_said_in_words_on_both_stores(make_county: MakeCounty, database: Database) -> None:
    make_county(code="371402")
    with pytest.raises(IntegrityError) as broken, database.writing() as session:
        session.add(County(code="371402", name="又一个", city="", province="", rule_set_id="", is_demonstration=False))
    assert errors.broken_truth(str(broken.value.orig)) == "这个行政区划代码已经存在。"


def test_a_broken_check_is_said_in_words_on_both_stores(database: Database, link: Link) -> None:
    with pytest.raises(IntegrityError) as broken, database.writing() as session:
        session.execute(text("UPDATE surveys SET closes_at = opens_at"))
    assert errors.broken_truth(str(broken.value.orig)) == "调查的结束时间必须晚于开始时间。"


def test_a_truth_without_words_of_its_own_is_not_given_another_s() -> None:
    assert errors.broken_truth("UNIQUE constraint failed: links.token") is None


def test_no_error_message_carries_an_answer(database: Database) -> None:
    with pytest.raises(OperationalError if database.is_sqlite else Exception) as broken, database.writing() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:answers)"), {"answers": "canary-543210"})
    assert "canary" not in str(broken.value)


# The database is busy, or gone


@contextmanager
def gone(database: Database, server: PostgresServer | None) -> Iterator[None]:
    """Take the database away as an operator's accident would, and bring it back."""
    database.engine.dispose()
    name = database.engine.url.database
    assert name is not None
    if server is None:
        path = Path(name)
        path.rename(path.with_suffix(".moved"))
        path.mkdir()
        yield
        path.rmdir()
        path.with_suffix(".moved").rename(path)
    else:
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608  our own name
        yield
        server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    database.engine.dispose()


@pytest.fixture
def server(database: Database, request: pytest.FixtureRequest) -> PostgresServer | None:
    """Give the PostgreSQL server where the test runs on it."""
    if database.is_sqlite:
        return None
    found = request.getfixturevalue("postgres")
    assert isinstance(found, PostgresServer)
    return found


def test_health_is_asked_of_the_database(
    public_client: Respondent, database: Database, server: PostgresServer | None
) -> None:
    assert public_client.get("/healthz").get_data(as_text=True) == "ok\n"
    with gone(database, server):
        sick = public_client.get("/healthz")
    assert (sick.status_code, sick.headers["Retry-After"]) == (503, "10")
    assert public_client.get("/healthz").status_code == 200


def test_while_the_database_is_away_the_answers_stay_on_the_screen(
    public_client: Respondent, database: Database, link: Link, server: PostgresServer | None
) -> None:
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    with gone(database, server):
        away = public_client.post(f"/s/{link.token}", data=body)
        opened = public_client.get(f"/s/{link.token}")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
    assert hidden_fields(parsed(away)) | checked(away) == body
    assert (opened.status_code, opened.headers["Retry-After"]) == (503, "10")
    assert public_client.post(f"/s/{link.token}", data=body).status_code == 303
    assert (len(rows(database)), n_marks(database)) == (1, 1)


def test_a_worker_that_never_saw_the_form_still_keeps_the_answers(
    public_client: Respondent, config: Config, database: Database, link: Link, server: PostgresServer | None
) -> None:
    """Another worker, or one just restarted, has nothing to draw the form from: it keeps what was sent."""
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    with gone(database, server):
        away = Respondent(create_public_app(config, database)).post(f"/s/{link.token}", data=body)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
    assert checked(away) == {}
    resent = hidden_fields(parsed(away))
    assert resent == body
    assert public_client.post(f"/s/{link.token}", data=resent).status_code == 303
    assert len(rows(database)) == 1


def test_while_another_holds_the_tables_the_answers_stay_on_the_screen(
    public_client: Respondent, database: Database, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real locks: SQLite's one writer, PostgreSQL's table lock; only the patience is shortened."""
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 200)
    monkeypatch.setattr(db, "LOCK_TIMEOUT_MS", 200)
    impatient = Database(database.engine.url.render_as_string(hide_password=False))
    public_client.application.extensions["survey_database"] = impatient
    try:
        with database.writing() as session:
            session.execute(text("SELECT 1" if database.is_sqlite else "LOCK TABLE used_forms"))
            busy = public_client.post(f"/s/{link.token}", data=body)
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
        assert hidden_fields(parsed(busy)) | checked(busy) == body
        assert public_client.post(f"/s/{link.token}", data=body).status_code == 303
    finally:
        impatient.close()
    assert len(rows(database)) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_too_many_wait_to_write_the_answers_stay_on_the_screen(
    public_client: Respondent, database: Database, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite takes one writer; the process's threads take turns, and a turn that never comes is no error page."""
    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)
    with database.writing():
        busy = public_client.post(f"/s/{link.token}", data=body)
    assert (busy.status_code, checked(busy)) == (503, ANSWERS)
    assert public_client.post(f"/s/{link.token}", data=body).status_code == 303


def test_stored_but_never_told_is_told_when_sent_again(
    public_client: Respondent, database: Database, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the commit: the respondent sees 503, sends again, and has one receipt."""

    def break_after(where: Database, what: Submission) -> Recorded:
        record(where, what)
        raise OperationalError("COMMIT", {}, Exception("connection lost"))

    body = {"ticket": ticket_on(public_client, link)} | ANSWERS
    with monkeypatch.context() as broken:
        broken.setattr(routes, "record", break_after)
        answer = public_client.post(f"/s/{link.token}", data=body)
    assert answer.status_code == 503
    resent = hidden_fields(parsed(answer)) | checked(answer)
    assert resent == body
    assert public_client.post(f"/s/{link.token}", data=resent).status_code == 303
    assert len(rows(database)) == 1
