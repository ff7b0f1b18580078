"""Links and their QR codes."""

from __future__ import annotations

import io
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.extensions import the_config, the_database, the_time
from surveyapp.links import qr
from surveyapp.links.models import Link
from surveyapp.links.pages import Issued, Shown, links_page
from surveyapp.links.queries import link_in_scope, links_of, schools_of
from surveyapp.links.services import SCHOOL_GROUPS, LinkChoice, issue_links, revoke_link
from surveyapp.surveys.labels import GROUPS
from surveyapp.surveys.models import Group
from surveyapp.surveys.queries import survey_in_scope
from surveyapp.surveys.refusals import SurveyOver

blueprint = Blueprint("links", __name__)
TOKEN_BYTES = 16
# Printed on paper, such an address leads every phone to itself.
ONLY_HERE = {"127.0.0.1", "localhost", "::1"}


def new_token() -> str:
    """Draw what a link cannot be guessed by."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def address_of(link: Link) -> str:
    """Return the address a link is printed and sent as: the configured one, never one a request brought."""
    return f"{the_config().public_url}/s/{link.token}"


@blueprint.get("/surveys/<int:survey_id>/links/")
@needs(Permission.VIEW_PROGRESS)
def listed(survey_id: int) -> str:
    """Show a survey's links and what else can be issued."""
    staff = the_staff_member()
    with the_database().reading() as session:
        survey = survey_in_scope(session, staff, survey_id)
        links, schools = links_of(session, survey_id), schools_of(session, survey)
        state = survey.state(the_database().now(session))
    issued = Issued(links, {link.id: address_of(link) for link in links})
    page = links_page(survey, state, issued, schools, _shown(), may_prepare=staff.may(Permission.PREPARE_SURVEY),
                      only_here=urlsplit(the_config().public_url).hostname in ONLY_HERE)  # fmt: skip
    return render_template("staff/links/index.html", page=page)


@blueprint.post("/surveys/<int:survey_id>/links/")
@needs(Permission.PREPARE_SURVEY)
def issue(survey_id: int) -> Response:
    """Issue links: county-wide ones, and one for every school or for every school that was chosen."""
    with the_database().reading() as session:
        schools = schools_of(session, survey_in_scope(session, the_staff_member(), survey_id))
    groups, chosen = request.form.getlist("schools"), set(request.form.getlist("school"))
    choices = [LinkChoice(group) for group in Group if group.value in request.form.getlist("county")]
    choices += [LinkChoice(group, code, name) for group in SCHOOL_GROUPS if group.value in groups
                for code, name in schools if not chosen or code in chosen]  # fmt: skip
    return _issued(survey_id, choices)


def _issued(survey_id: int, choices: list[LinkChoice]) -> Response:
    try:
        links = issue_links(the_database(), survey_id, choices, the_staff_member(), the_time(), new_token)
        if links:
            flash(gettext("已发放 %(n)s 个链接。", n=len(links)), "done")
        else:
            flash(gettext("没有发放新的链接：请至少选择一种尚未发放的链接。"), "wrong")
    except SurveyOver:
        flash(gettext("调查已经结束，不能再发放链接。"), "wrong")
    return redirect(url_for("links.listed", survey_id=survey_id), 303)


@blueprint.post("/links/<int:link_id>/revoke")
@needs(Permission.PREPARE_SURVEY)
def revoke(link_id: int) -> Response:
    """Stop a link from opening its form."""
    staff = the_staff_member()
    with the_database().reading() as session:
        survey_id = link_in_scope(session, staff, link_id).survey_id
    shown = _shown()
    try:
        revoke_link(the_database(), link_id, staff, the_time())
        flash(gettext("链接已停用，打开时会提示已停用。已收到的答卷不受影响。"), "done")
    except SurveyOver:
        flash(gettext("调查已经封存，不能再改动链接。"), "wrong")
    back = url_for("links.listed", survey_id=survey_id, group=shown.group or None, page=shown.page)
    return redirect(back, 303)


@blueprint.get("/links/<int:link_id>.png")
@needs(Permission.VIEW_PROGRESS)
def as_png(link_id: int) -> Response:
    """Give a link's QR code as PNG."""
    return _picture(link_id, "png")


@blueprint.get("/links/<int:link_id>.svg")
@needs(Permission.VIEW_PROGRESS)
def as_svg(link_id: int) -> Response:
    """Give a link's QR code as SVG."""
    return _picture(link_id, "svg")


def _shown() -> Shown:
    group = request.args.get("group", "")
    return Shown(group if group in set(Group) else "", request.args.get("page", 1, type=int))


def _picture(link_id: int, kind: str) -> Response:
    with the_database().reading() as session:
        link = link_in_scope(session, the_staff_member(), link_id)
    draw, mimetype = (qr.png, "image/png") if kind == "png" else (qr.svg, "image/svg+xml")
    place = link.cluster_name or link.survey.county.name
    name = f"{place}-{GROUPS[Group(link.group_code)]}-{link.token[:4]}.{kind}"
    return send_file(io.BytesIO(draw(address_of(link))), mimetype, as_attachment=True, download_name=name)
