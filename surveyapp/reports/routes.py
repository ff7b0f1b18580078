"""The verdict's pages."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.counties.models import County
from surveyapp.counties.queries import county_in_scope
from surveyapp.counties.years import year_asked
from surveyapp.extensions import the_database
from surveyapp.frame import moment
from surveyapp.reports.pages import Provenance, preliminary_page, sealed_page
from surveyapp.reports.school_page import school_page
from surveyapp.reports.schools import FILTER, SchoolFilter
from surveyapp.results.queries import preliminary_verdict, sealed_dossier, sealed_surveys, verdict_of
from surveyapp.results.rows import years_of
from surveyapp.results.services import hand_out_uncertainty
from surveyapp.surveys.queries import survey_in_scope

blueprint = Blueprint("reports", __name__)


@blueprint.get("/surveys/<int:survey_id>/verdict/")
@needs(Permission.VIEW_VERDICT)
def survey_verdict(survey_id: int) -> str:
    """Show a sealed survey's verdict, whole."""
    staff = the_staff_member()
    with the_database().reading() as session:
        survey = survey_in_scope(session, staff, survey_id)
        frozen, found = sealed_dossier(session, survey_id), verdict_of(session, survey_id)
        provenance = Provenance(
            survey_id=survey.id,
            survey_title=survey.title,
            dossier_sha256=frozen.dossier_sha256,
            verdict_sha256=hashlib.sha256(frozen.verdict).hexdigest(),
            scoring_version=found.scoring_version,
            command="python -m scoring verdict public.zip --json",
            sealed_at=moment(frozen.sealed_at),
            sealed_by=frozen.sealed_by,
            agrees=found.agrees,
            offers_auditor_part=staff.may(Permission.AUDITOR_PART),
        )
    page = sealed_page(survey, found.dossier, found.verdict, provenance, _chosen())
    return render_template("staff/reports/verdict.html", page=page)


@blueprint.get("/surveys/<int:survey_id>/verdict/verdict.json")
@needs(Permission.VIEW_VERDICT)
def verdict_json(survey_id: int) -> Response:
    """Give the verdict as it was sealed, byte for byte: either part of the dossier gives the same."""
    with the_database().reading() as session:
        survey_in_scope(session, the_staff_member(), survey_id)
        data = sealed_dossier(session, survey_id).verdict
    return _json(data)


@blueprint.get("/surveys/<int:survey_id>/verdict/uncertainty.json")
@needs(Permission.AUDITOR_PART)
def uncertainty_json(survey_id: int) -> Response:
    """Give intervals and robustness as they were sealed: only the auditor part tells them."""
    return _json(hand_out_uncertainty(the_database(), survey_id, the_staff_member()))


@blueprint.get("/counties/<code>/verdict/")
@needs(Permission.VIEW_VERDICT)
def county_verdict(code: str) -> AnyResponse:
    """Lead to the verdict that speaks for the county in the year, or to what can be said before there is one."""
    with the_database().reading() as session:
        county = county_in_scope(session, the_staff_member(), code)
        year = _year_of(session, county)
        sealed = sealed_surveys(session, county.id, year)
    if sealed:
        return redirect(url_for(".survey_verdict", survey_id=sealed[0].id))
    return redirect(url_for(".preliminary", code=code, year=year))


@blueprint.get("/counties/<code>/verdict/preliminary/")
@needs(Permission.VIEW_VERDICT)
def preliminary(code: str) -> str:
    """Show what the present figures and judgements give, without any survey."""
    with the_database().reading() as session:
        county = county_in_scope(session, the_staff_member(), code)
        dossier, verdict = preliminary_verdict(session, county, _year_of(session, county))
    page = preliminary_page(county, dossier, verdict, _chosen())
    return render_template("staff/reports/verdict.html", page=page)


@blueprint.get("/surveys/<int:survey_id>/verdict/schools/<school>/")
@needs(Permission.VIEW_VERDICT)
def survey_school(survey_id: int, school: str) -> str:
    """Show one school of a sealed verdict, with every figure it was computed from."""
    with the_database().reading() as session:
        survey = survey_in_scope(session, the_staff_member(), survey_id)
        found = verdict_of(session, survey_id)
    back = url_for(".survey_verdict", survey_id=survey_id)
    page = school_page(survey.county, found.dossier, found.verdict, school, back)
    return render_template("staff/reports/school.html", page=page)


@blueprint.get("/counties/<code>/verdict/preliminary/schools/<school>/")
@needs(Permission.VIEW_VERDICT)
def preliminary_school(code: str, school: str) -> str:
    """Show one school as the present figures have it."""
    with the_database().reading() as session:
        county = county_in_scope(session, the_staff_member(), code)
        dossier, verdict = preliminary_verdict(session, county, _year_of(session, county))
    page = school_page(county, dossier, verdict, school, url_for(".preliminary", code=code, year=verdict.year))
    return render_template("staff/reports/school.html", page=page)


def _json(data: bytes) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = "application/json"
    return response


def _year_of(session: Session, county: County) -> int:
    return year_asked(years_of(session, county.id), the_database().now(session)).year


def _chosen() -> SchoolFilter:
    asked = request.args.get(FILTER, "")
    return SchoolFilter(asked) if asked in set(SchoolFilter) else SchoolFilter.ALL
