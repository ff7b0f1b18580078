"""Whatever is posted at the form: 4xx, a page, and nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.surveys.models import Survey
from tests.support.answers import ANSWERS, n_marks, rows, ticket_on
from tests.support.factories import MakeLink
from tests.support.inspection import inspect_page
from tests.support.visitors import Respondent

FORM = "application/x-www-form-urlencoded"


def hostile(
    build: Callable[[str], bytes], content_type: str | None = FORM, status: int = 400, *, id: str
) -> object:
    """Name one hostile post: how it is made of a good ticket, how it is sent, how it is refused."""
    return pytest.param(build, content_type, status, id=id)


def body(ticket: str, *more: tuple[str, str], **fields: str) -> bytes:
    """Write a post's body as a browser would."""
    return urlencode([("ticket", ticket), *fields.items(), *more]).encode()


@pytest.mark.parametrize(("build", "content_type", "status"), [
    hostile(lambda t: body(t, q12="5", q13="5"), id="an item the form has not"),
    hostile(lambda t: body(t, q12="5", admin="1"), id="a field the form has not"),
    hostile(lambda t: body(t, ("q12", "5"), ("q12", "1")), id="an item twice"),
    hostile(lambda t: body(t, ("ticket", t), q12="5"), id="the ticket twice"),
    hostile(lambda t: body(t, q12="6"), id="above the scale"),
    hostile(lambda t: body(t, q12="-1"), id="below the scale"),
    hostile(lambda t: body(t, q12=""), id="empty"),
    hostile(lambda t: body(t, q12="5.0"), id="decimal"),
    hostile(lambda t: body(t, q12=" 5"), id="space"),
    hostile(lambda t: body(t, q12="５"), id="full-width digit"),
    hostile(lambda t: body(t, q12="5" * 9999), id="a long number"),
    hostile(lambda t: body(t, q12="5\0"), id="NUL in a value"),
    hostile(lambda t: body(t, ("q12\0", "5")), id="NUL in a name"),
    hostile(lambda t: body(t, q12="5") + b"\0", id="raw NUL"),
    hostile(lambda t: body(t, q12="5") + b"&q01=%zz", id="bad escape"),
    hostile(lambda t: body(t, q12="5") + b"&q01=%", id="cut escape"),
    hostile(lambda t: body(t, q12="5") + b"&q01=%ff", id="escape that is not UTF-8"),
    hostile(lambda t: body(t, q12="5") + "&q01=五".encode(), id="raw UTF-8"),
    hostile(lambda t: body(t, q12="5") + b"&q01", id="no equals sign"),
    hostile(lambda t: body(t, q12="5") + b"&&&", id="empty pairs"),
    hostile(lambda t: body(t, *[(f"q{n}", "5") for n in range(100)]), id="too many fields"),
    hostile(lambda t: b"", id="nothing"),
    hostile(lambda t: b"q12=5", id="no ticket"),
    hostile(lambda t: body("", q12="5"), id="empty ticket"),
    hostile(lambda t: body(t[:-1], q12="5"), id="cut ticket"),
    hostile(lambda t: body("A" * len(t), q12="5"), id="invented ticket"),
    hostile(lambda t: body("/" * len(t), q12="5"), id="ticket of other characters"),
    hostile(lambda t: b"a" * 70_000, FORM, 413, id="too large"),
    hostile(lambda t: body(t, q12="5"), "text/plain", 415, id="plain text"),
    hostile(lambda t: b'{"q12": 5}', "application/json", 415, id="JSON"),
    hostile(lambda t: body(t, q12="5"), "multipart/form-data; boundary=x", 415, id="multipart"),
    hostile(lambda t: body(t, q12="5"), FORM + "; charset=gbk", 415, id="another encoding"),
    hostile(lambda t: body(t, q12="5"), "", 415, id="no type"),
])
def test_a_hostile_post_is_refused_and_stores_nothing(
    public_client: Respondent, database: Database, link: Link,
    build: Callable[[str], bytes], content_type: str, status: int,
) -> None:
    sent = build(ticket_on(public_client, link))
    answer = public_client.post(f"/s/{link.token}", data=sent, content_type=content_type)
    assert answer.status_code == status
    assert inspect_page(answer.get_data(as_text=True)) == []
    assert (len(rows(database)), n_marks(database)) == (0, 0)


def test_a_ticket_of_another_link_is_no_ticket(
    public_client: Respondent, database: Database, survey: Survey, make_link: MakeLink
) -> None:
    one, other = make_link(survey), make_link(survey)
    answer = public_client.post(f"/s/{other.token}", data={"ticket": ticket_on(public_client, one)} | ANSWERS)
    assert answer.status_code == 400
    assert rows(database) == []


def test_a_post_to_an_unknown_link_is_404(public_client: Respondent, link: Link) -> None:
    answer = public_client.post("/s/" + "z" * 24, data={"ticket": ticket_on(public_client, link)} | ANSWERS)
    assert answer.status_code == 404


@pytest.mark.parametrize(("headers", "status"), [
    pytest.param({}, 303, id="a browser that says nothing"),
    pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303, id="our page"),
    pytest.param({"Origin": "null"}, 303, id="our page in an older browser"),
    pytest.param({"Origin": "http://127.0.0.1:8000"}, 303, id="our origin"),
    pytest.param({"Sec-Fetch-Site": "none"}, 303, id="reloaded by hand"),
    pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="a neighbour"),
    pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, 403, id="a forged origin"),
    pytest.param({"Origin": "https://evil.example"}, 403, id="another origin"),
    pytest.param({"Origin": "http://127.0.0.1:8001"}, 403, id="another port"),
])
def test_only_our_own_page_may_send_the_form(
    public_client: Respondent, database: Database, link: Link, headers: dict[str, str], status: int
) -> None:
    data = {"ticket": ticket_on(public_client, link)} | ANSWERS
    assert public_client.post(f"/s/{link.token}", data=data, headers=headers).status_code == status
    assert len(rows(database)) == (1 if status == 303 else 0)


