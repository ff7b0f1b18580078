"""What a respondent does with a form, and what it leaves in the tables."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response, UsedForm
from surveyapp.responses.services import Submission
from tests.support.inspection import inspect_page
from tests.support.visitors import Respondent, hidden_fields, parsed

PARENT_ITEMS = [f"q{n:02d}" for n in range(1, 13)]
ANSWERS = dict(zip(PARENT_ITEMS, "543210543214", strict=True))


def ticket_on(client: Respondent, link: Link) -> str:
    """Open the form and return the ticket it carries."""
    return hidden_fields(client.page(f"/s/{link.token}"))["ticket"]


def checked(response: TestResponse) -> dict[str, str]:
    """Return what is answered on a page that came back, which must itself be a proper page."""
    assert inspect_page(response.get_data(as_text=True)) == []
    return {radio["name"]: radio["value"] for radio in parsed(response).select("input[type=radio][checked]")}


def rows(database: Database) -> list[Response]:
    """Return everything that was stored as a response."""
    with database.reading() as session:
        return list(session.scalars(select(Response)))


def n_marks(database: Database) -> int:
    """Count the marks of used forms."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(UsedForm)) or 0


def submission(link: Link, key: bytes, **fields: object) -> Submission:
    """Make the submission a route would make of a parents' form."""
    values: dict[str, object] = {
        "token": link.token, "key": key, "issued_at": datetime.now(UTC), "questionnaire_id": "parent-2026.1",
        "answers": "5" * 12, "response_id": key,
    }
    return Submission(**(values | fields))  # type: ignore[arg-type]
