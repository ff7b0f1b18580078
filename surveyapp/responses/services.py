"""Recording an answer: once per rendered form, inside the window, on disk before anybody is told."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.keys import mark_of_body, mark_of_form, receipt_number
from surveyapp.responses.locks import share_survey
from surveyapp.responses.models import Response, UsedForm
from surveyapp.responses.refusals import (
    FormReused,
    LinkRevoked,
    LinkUnknown,
    Refusal,
    SurveyClosed,
    SurveyNotYetOpen,
    TicketExpired,
    TicketInvalid,
)
from surveyapp.responses.tickets import is_expired
from surveyapp.surveys.models import Survey, SurveyKey, SurveyState, state_at
from surveyapp.surveys.questionnaires import questionnaire_id

ANSWERS = re.compile(r"[0-5-]+")


@dataclass(frozen=True, slots=True)
class Submission:
    """One form as it was sent: the ticket's key and time, and one character per item (``-`` for blank)."""

    token: str
    key: bytes
    issued_at: datetime
    questionnaire_id: str
    answers: str
    response_id: bytes
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not ANSWERS.fullmatch(self.answers):
            raise ValueError("answers are codes 0 to 5 and - for blank")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the respondent may know of it: the receipt's number, and whether this form was sent before."""

    receipt_number: bytes
    repeated: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submission belongs, as the transaction that stores it sees it."""

    link_id: int
    survey_id: int
    questionnaire_id: str
    state: SurveyState
    opens_at: datetime
    revoked: bool
    secret: bytes | None


# A row that is already there is left alone, without an error that would end the transaction on PostgreSQL;
# there the insert also waits for a parallel one of the same key, so that what is read next is the final word.
_MARK_FORM = {
    "sqlite": sqlite.insert(UsedForm).on_conflict_do_nothing().returning(UsedForm.key_hash),
    "postgresql": postgresql.insert(UsedForm).on_conflict_do_nothing().returning(UsedForm.key_hash),
}
_ADD_RESPONSE = insert(Response)
_PLACE = (
    select(
        Link.id, Link.survey_id, Link.group_code, Link.revoked_at, Survey.questionnaire_version,
        Survey.opens_at, Survey.closes_at, Survey.closed_early_at, Survey.sealed_at, SurveyKey.secret,
    )
    .join(Survey, Survey.id == Link.survey_id)
    .outerjoin(SurveyKey, SurveyKey.survey_id == Survey.id)
    .where(Link.token == bindparam("token"))
)
_BODY_MARK = select(UsedForm.body_hash).where(UsedForm.key_hash == bindparam("key_hash"))


def record(database: Database, submission: Submission) -> Recorded:
    """Store a submission, or find that it is stored; the window is decided here, on the database's clock."""
    with database.writing_rows() as connection:
        share_survey(connection, submission.token)
        now = database.now(connection)
        place = _place_of(connection, submission.token, now)
        if place.secret is None:
            raise SurveyClosed
        number = receipt_number(place.secret, submission.key)
        refusal = _refusal(place, submission, now)
        if refusal is None and _mark_used(connection, place, place.secret, submission):
            connection.execute(_ADD_RESPONSE, _row(place, submission))
            return Recorded(number, repeated=False)
        # A form sent before keeps its receipt, whatever has happened to the window since.
        stored = connection.scalar(_BODY_MARK, {"key_hash": mark_of_form(place.secret, submission.key)})
        if stored is None:
            raise refusal or SurveyClosed
        if not hmac.compare_digest(stored, _body_mark(place.secret, submission)):
            raise FormReused
        return Recorded(number, repeated=True)


def _place_of(connection: Connection, token: str, now: datetime) -> Place:
    row = connection.execute(_PLACE, {"token": token}).one_or_none()
    if row is None:
        raise LinkUnknown
    return Place(
        link_id=row.id,
        survey_id=row.survey_id,
        questionnaire_id=questionnaire_id(row.questionnaire_version, row.group_code),
        state=state_at(now, row.opens_at, row.closes_at, row.closed_early_at, row.sealed_at),
        opens_at=row.opens_at,
        revoked=row.revoked_at is not None,
        secret=row.secret,
    )


def _refusal(place: Place, submission: Submission, now: datetime) -> Refusal | None:
    if place.revoked:
        return LinkRevoked()
    if place.state is SurveyState.SCHEDULED:
        return SurveyNotYetOpen(place.opens_at)
    if place.state is not SurveyState.OPEN:
        return SurveyClosed()
    if place.questionnaire_id != submission.questionnaire_id:
        return TicketInvalid()
    return TicketExpired() if is_expired(submission.issued_at, now) else None


def _mark_used(connection: Connection, place: Place, secret: bytes, submission: Submission) -> bool:
    """Mark the form as used; ``False`` where it already was."""
    marked = connection.scalar(
        _MARK_FORM[connection.dialect.name],
        {
            "key_hash": mark_of_form(secret, submission.key),
            "survey_id": place.survey_id,
            "body_hash": _body_mark(secret, submission),
        },
    )
    return marked is not None


def _body_mark(secret: bytes, submission: Submission) -> bytes:
    body = "\0".join((submission.token, submission.questionnaire_id, submission.answers))
    return mark_of_body(secret, submission.key, body.encode())


def _row(place: Place, submission: Submission) -> dict[str, object]:
    return {
        "id": submission.response_id,
        "survey_id": place.survey_id,
        "link_id": place.link_id,
        "questionnaire_id": submission.questionnaire_id,
        "answers": submission.answers,
        "flags": " ".join(submission.flags),
        "voided": False,
    }
