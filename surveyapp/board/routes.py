"""The list of counties, one county, and how a survey is coming along."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.board.pages import counties_page, county_page, survey_page
from surveyapp.board.queries import county_standings, progress_of, years_of
from surveyapp.counties.queries import counties_in_scope, county_in_scope
from surveyapp.counties.years import year_asked
from surveyapp.extensions import the_database

blueprint = Blueprint("board", __name__)


@blueprint.get("/")
@needs(Permission.VIEW_COUNTIES)
def index() -> Response:
    """Lead to where work begins: the list of counties, or the one county there is."""
    with the_database().reading() as session:
        found = counties_in_scope(session, the_staff_member())
    if len(found) == 1:
        return redirect(url_for("board.county", code=found[0].code))
    return redirect(url_for("board.counties"))


@blueprint.get("/counties/")
@needs(Permission.VIEW_COUNTIES)
def counties() -> str:
    """List the counties in scope with where each stands."""
    with the_database().reading() as session:
        found, now = counties_in_scope(session, the_staff_member()), the_database().now(session)
        choice = year_asked(years_of(session, found), now)
        standings = county_standings(session, found, choice.year, now)
    return render_template("staff/board/counties.html", page=counties_page(standings, choice))


@blueprint.get("/counties/<code>/")
@needs(Permission.VIEW_COUNTIES)
def county(code: str) -> str:
    """Show one county: what to do next, and its surveys."""
    staff = the_staff_member()
    with the_database().reading() as session:
        found, now = county_in_scope(session, staff, code), the_database().now(session)
        choice = year_asked(years_of(session, [found]), now)
        (standing,) = county_standings(session, [found], choice.year, now)
    return render_template("staff/board/county.html", page=county_page(standing, choice, staff))


@blueprint.get("/surveys/<int:survey_id>/")
@needs(Permission.VIEW_PROGRESS)
def survey(survey_id: int) -> str:
    """Show how a survey is coming along: counts, and no share of any answer."""
    staff = the_staff_member()
    with the_database().reading() as session:
        progress = progress_of(session, staff, survey_id, the_database().now(session))
    return render_template("staff/board/survey.html", page=survey_page(progress, staff))
