"""The form, the submission, the thanks; and the front page that says what this is."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from surveyapp.db import RETRY_AFTER_S, UNAVAILABLE
from surveyapp.extensions import the_config, the_database
from surveyapp.responses.flagging import add_flagger, the_flagger
from surveyapp.responses.keys import KEY_BYTES, KeyPurpose, is_receipt, subkey, write_receipt
from surveyapp.responses.openings import remember_openings, the_openings
from surveyapp.responses.pages import FrontPage, Notice, ThanksPage, form_page, resend_page
from surveyapp.responses.posts import Answers, Post, answers_in, origin_of, read_post, refuse_foreign
from surveyapp.responses.queries import Opening
from surveyapp.responses.refusals import TicketExpired, TicketInvalid
from surveyapp.responses.services import Recorded, Submission, record
from surveyapp.responses.tickets import Ticket, issue_ticket, read_ticket

blueprint = Blueprint("responses", __name__)
blueprint.record_once(lambda state: remember_openings(state.app, state.app.extensions["survey_database"]))
blueprint.record_once(lambda state: add_flagger(state.app, state.app.extensions["survey_database"]))


@blueprint.get("/")
def front() -> str:
    """Say what this site is and how to tell that it is genuine."""
    config = the_config()
    page = FrontPage(official_address=urlsplit(config.public_url).netloc, encrypted=config.https)
    return render_template("public/front.html", page=page)


@blueprint.get("/healthz")
def health() -> Response:
    """Say whether answers can be stored: the database is asked."""
    with the_database().reading() as session:
        session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/s/<token>")
def show_form(token: str) -> Response:
    """Show a link's form, with a ticket of its own."""
    opening = the_openings().find(token)
    opening.require_open()
    return _form(opening, _new_ticket(opening))


@blueprint.post("/s/<token>")
def accept(token: str) -> AnyResponse:
    """Take a filled-in form."""
    own = _own_origins()
    refuse_foreign(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), own)
    post = read_post(request.headers.get("Content-Type", ""), request.get_data())
    try:
        opening = the_openings().find(token)
    except UNAVAILABLE as error:
        current_app.logger.warning("form not read: %s", type(error).__name__)
        return _keep_on_screen(token, post)
    answers = answers_in(post, opening.questionnaire)
    if answers.missing:
        return _form(opening, post.ticket, answers, Notice.INCOMPLETE, status=422)
    return _submit(opening, post, answers)


def _own_origins() -> frozenset[str]:
    """Return where our own pages come from; in service only the official address, whatever Host a request names."""
    config = the_config()
    official = origin_of(config.public_url)
    return frozenset({official} if config.service else {official, origin_of(request.host_url)})


@blueprint.get("/done/<receipt>")
def done(receipt: str) -> str:
    """Thank for an answer; the page is the same for everyone and shows no answer."""
    secret = the_config().secret
    demonstration = is_receipt(receipt, subkey(secret, KeyPurpose.DEMONSTRATION_RECEIPT))
    if not demonstration and not is_receipt(receipt, subkey(secret, KeyPurpose.RECEIPT)):
        abort(404)
    return render_template("public/thanks.html", page=ThanksPage(receipt=receipt, is_demonstration=demonstration))


def _submit(opening: Opening, post: Post, answers: Answers) -> AnyResponse:
    """Record a complete form, or give it back with its answers and the way to send them again."""
    try:
        recorded = _record(opening, post, answers)
    except UNAVAILABLE as error:
        current_app.logger.warning("submission not stored: %s", type(error).__name__)
        return _form(opening, post.ticket, answers, Notice.UNAVAILABLE, status=503)
    except TicketExpired:
        return _form(opening, _new_ticket(opening, renewed=True), answers, Notice.RENEWED, status=422)
    except TicketInvalid:
        return _form(opening, _new_ticket(opening, renewed=True), answers, Notice.RENEWED, status=400)
    purpose = KeyPurpose.DEMONSTRATION_RECEIPT if opening.is_demonstration else KeyPurpose.RECEIPT
    receipt = write_receipt(recorded.receipt_number, subkey(the_config().secret, purpose))
    return redirect(url_for("responses.done", receipt=receipt), 303)


def _record(opening: Opening, post: Post, answers: Answers) -> Recorded:
    """Flag a form and store it; what its place is remembered by changes only if it was new."""
    identity = opening.questionnaire.id
    key = subkey(the_config().secret, KeyPurpose.TICKET)
    ticket = read_ticket(post.ticket, subkey=key, link_token=opening.token, questionnaire_id=identity)
    sighting = the_flagger().look(opening, answers.codes, ticket.seconds_until(opening.seen_at))
    recorded = record(
        the_database(),
        Submission(
            token=opening.token,
            key=ticket.key,
            issued_at=ticket.issued_at,
            questionnaire_id=identity,
            answers=answers.codes,
            response_id=secrets.token_bytes(KEY_BYTES),
            flags=sighting.codes,
        ),
    )
    if not recorded.repeated:
        the_flagger().keep(sighting)
    return recorded


def _new_ticket(opening: Opening, *, renewed: bool = False) -> str:
    return issue_ticket(
        Ticket(key=secrets.token_bytes(KEY_BYTES), issued_at=opening.seen_at, renewed=renewed),
        subkey=subkey(the_config().secret, KeyPurpose.TICKET),
        link_token=opening.token,
        questionnaire_id=opening.questionnaire.id,
    )


def _form(
    opening: Opening, ticket: str, answers: Answers | None = None, notice: Notice = Notice.NONE, *, status: int = 200
) -> Response:
    action = url_for("responses.accept", token=opening.token)
    page = form_page(opening, action, ticket, codes=answers.codes if answers else "",
                     missing=answers.missing if answers else (), notice=notice)
    return _page("public/form.html", page, status)


def _keep_on_screen(token: str, post: Post) -> Response:
    """Give a post back while the database is away: in its form if that was read before, else as it came."""
    opening = the_openings().recall(token)
    if opening is not None:
        answers = answers_in(post, opening.questionnaire)
        return _form(opening, post.ticket, answers, Notice.UNAVAILABLE, status=503)
    page = resend_page(url_for("responses.accept", token=token), post)
    return _page("public/resend.html", page, 503)


def _page(template: str, page: object, status: int) -> Response:
    response = make_response(render_template(template, page=page), status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response
