"""Surveys: create one, close one early."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from scoring.ruleset import load_rule_set
from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.counties.models import County
from surveyapp.counties.pages import county_head
from surveyapp.counties.queries import county_in_scope, years_with_data
from surveyapp.counties.years import YearChoice, year_asked
from surveyapp.extensions import the_database, the_time
from surveyapp.frame import CHINA, Crumb, moment
from surveyapp.surveys.forms import CloseForm, NewSurveyForm
from surveyapp.surveys.models import Group
from surveyapp.surveys.pages import ClosePage, NewSurveyPage, small_group_return, survey_head, targets_shown
from surveyapp.surveys.queries import complete_versions, survey_in_scope
from surveyapp.surveys.refusals import NewSurveyRefused, SurveyNotOpen
from surveyapp.surveys.services import NewSurvey, close_early, create_survey, targets_of

blueprint = Blueprint("surveys", __name__)
SECRET_BYTES = 32
# What the notices use: five days, from the morning to the evening.
_WINDOW, _OPENS, _CLOSES = timedelta(days=4), 8, 18


@blueprint.get("/counties/<code>/surveys/new")
@needs(Permission.PREPARE_SURVEY)
def new(code: str) -> str:
    """Show the form of a new survey."""
    now = the_time()
    county, choice = _county_and_year(code, now)
    first = now.astimezone(CHINA).replace(hour=_OPENS, minute=0, tzinfo=None) + timedelta(days=1)
    form = NewSurveyForm(formdata=None, year=choice.year, residents=county.residents, opens_at=first,
                         closes_at=(first + _WINDOW).replace(hour=_CLOSES),
                         title=gettext("%(county)s%(year)s年义务教育满意度调查", county=county.name, year=choice.year))
    return _new(county, choice, form)


@blueprint.post("/counties/<code>/surveys/new")
@needs(Permission.PREPARE_SURVEY)
def create(code: str) -> Response | tuple[str, int] | str:
    """Compute the targets to be looked at, or create the survey."""
    now = the_time()
    county, choice = _county_and_year(code, now)
    form = NewSurveyForm()
    with the_database().reading() as session:
        form.offer(complete_versions(session))
    if not form.whole(now, county.residents):
        return _new(county, choice, form), 422
    if "preview" in request.form:
        return _new(county, choice, form)
    try:
        return _create(county, form.new_survey(), now)
    except NewSurveyRefused as refused:
        form.say(refused)
        return _new(county, choice, form), 422


@blueprint.get("/surveys/<int:survey_id>/close")
@needs(Permission.CLOSE_AND_SEAL)
def closing(survey_id: int) -> str:
    """Ask why a survey is to be closed early."""
    return _close(survey_id, CloseForm(formdata=None))


@blueprint.post("/surveys/<int:survey_id>/close")
@needs(Permission.CLOSE_AND_SEAL)
def close(survey_id: int) -> Response | tuple[str, int]:
    """Close a survey early."""
    form = CloseForm()
    if not form.validate():
        return _close(survey_id, form), 422
    try:
        close_early(the_database(), survey_id, form.reason.data or "", the_staff_member(), the_time())
        flash(gettext("调查已提前结束，不再接收答卷。"), "done")
    except SurveyNotOpen:
        flash(gettext("这次调查没有在进行，不能提前结束。"), "wrong")
    return redirect(url_for("board.survey", survey_id=survey_id), 303)


def _county_and_year(code: str, now: datetime) -> tuple[County, YearChoice]:
    with the_database().reading() as session:
        county = county_in_scope(session, the_staff_member(), code)
        return county, year_asked(years_with_data(session, [county.id]), now)


def _create(county: County, new: NewSurvey, now: datetime) -> Response:
    secret = secrets.token_bytes(SECRET_BYTES)
    survey_id = create_survey(the_database(), county, new, the_staff_member(), now, secret)
    flash(gettext("调查已创建。下一步：发放链接和二维码。"), "done")
    return redirect(url_for("board.survey", survey_id=survey_id), 303)


def _new(county: County, choice: YearChoice, form: NewSurveyForm) -> str:
    with the_database().reading() as session:
        versions = complete_versions(session)
    form.offer(versions)
    people = form.people()
    targets = targets_of(county.rule_set_id, *people) if people else None
    page = NewSurveyPage(county_head(county, choice, "board.county", Crumb(gettext("创建调查"))), form,
                         tuple(group.value for group in Group), targets_shown(targets), bool(versions),
                         small_group_return(load_rule_set(county.rule_set_id)))  # fmt: skip
    return render_template("staff/surveys/new.html", page=page)


def _close(survey_id: int, form: CloseForm) -> str:
    with the_database().reading() as session:
        survey = survey_in_scope(session, the_staff_member(), survey_id)
    leaf = (Crumb(survey.title, url_for("board.survey", survey_id=survey_id)), Crumb(gettext("提前结束")))
    page = ClosePage(survey_head(survey, *leaf), survey_id, survey.title, moment(survey.closed_at), form)
    return render_template("staff/surveys/close.html", page=page)
