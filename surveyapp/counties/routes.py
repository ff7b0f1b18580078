"""A county's school files, judgements and vetoes."""

from __future__ import annotations

import io

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from scoring.ruleset import load_rule_set
from surveyapp.accounts.audit import record_act
from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.counties.judging_pages import Typed, criteria_page, criterion_page, vetoes_page
from surveyapp.counties.labels import VETO_STATES
from surveyapp.counties.models import County, VetoState
from surveyapp.counties.pages import county_head, refused_page, schools_page
from surveyapp.counties.queries import (
    county_in_scope,
    filed_schools,
    judgements_of,
    newest_school_file,
    school_file_with_original,
    school_files,
    veto_acts_of,
    years_with_data,
)
from surveyapp.counties.refusals import (
    CriterionUnknown,
    JudgementRefused,
    NothingEntered,
    ReasonMissing,
    ReasonRefused,
    SchoolFileRefused,
    VetoActOutOfPlace,
)
from surveyapp.counties.services import Entry, act_on_veto, import_schools, judge
from surveyapp.counties.standing import CriterionStanding, criteria_standings, veto_standings
from surveyapp.counties.template import template_xlsx
from surveyapp.counties.years import YearChoice, year_asked
from surveyapp.extensions import the_database, the_time
from surveyapp.frame import Crumb

blueprint = Blueprint("counties", __name__, url_prefix="/counties/<code>")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/schools/")
@needs(Permission.VIEW_COUNTIES)
def schools(code: str) -> str:
    """Show the current school file and the versions before it."""
    staff = the_staff_member()
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
        files = school_files(session, county.id, choice.year)
        rows = filed_schools(session, files[0] if files else None)
    page = schools_page(county_head(county, choice, "counties.schools"), files, rows,
                        may_import=staff.may(Permission.IMPORT_SCHOOLS), page=_page_number())  # fmt: skip
    return render_template("staff/counties/schools.html", page=page)


@blueprint.get("/schools/template.xlsx")
@needs(Permission.VIEW_COUNTIES)
def template(code: str) -> Response:
    """Give the workbook to be filled in."""
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
    name = gettext("%(county)s%(year)s年学校数据模板.xlsx", county=county.name, year=choice.year)
    return send_file(io.BytesIO(template_xlsx(choice.year)), XLSX, as_attachment=True, download_name=name)


@blueprint.post("/schools/import")
@needs(Permission.IMPORT_SCHOOLS)
def import_file(code: str) -> Response | tuple[str, int]:
    """Import a school file, or say everything that is wrong with it."""
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
    upload = request.files.get("file")
    name, data = (upload.filename or "", upload.read()) if upload else ("", b"")
    try:
        file = import_schools(the_database(), county, choice.year, name, data, the_staff_member(), the_time())
    except SchoolFileRefused as refused:
        head = county_head(county, choice, "counties.schools", Crumb(gettext("没有导入")))
        return render_template("staff/counties/refused.html", page=refused_page(head, name, refused.defects)), 422
    flash(gettext("已导入 %(n)s 所学校，成为第 %(v)s 版。", n=file.n_schools, v=file.version), "done")
    return redirect(url_for("counties.schools", code=code, year=choice.year), 303)


@blueprint.get("/schools/<int:version>/original")
@needs(Permission.VIEW_COUNTIES)
def original(code: str, version: int) -> Response:
    """Give back the bytes a version came from."""
    with the_database().writing() as session:
        county, choice = _county_and_year(session, code)
        file = school_file_with_original(session, county.id, choice.year, version)
        record_act(session, the_staff_member(), "schools_downloaded", subject=f"{file.year} v{version}",
                   now=the_database().now(session), county_code=county.code)  # fmt: skip
    suffix = "csv" if file.sheet_name is None else "xlsx"
    name = gettext("%(county)s%(year)s年学校数据第%(v)s版", county=county.name, year=file.year, v=version)
    return send_file(io.BytesIO(file.original), "application/octet-stream", as_attachment=True,
                     download_name=f"{name}.{suffix}")  # fmt: skip


@blueprint.get("/criteria/")
@needs(Permission.VIEW_COUNTIES)
def criteria(code: str) -> str:
    """Show where every criterion stands."""
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
        standings = _standings(session, county, choice)
    page = criteria_page(county_head(county, choice, "counties.criteria"), standings, the_staff_member())
    return render_template("staff/counties/criteria.html", page=page)


@blueprint.get("/criteria/<criterion_code>")
@needs(Permission.VIEW_COUNTIES)
def criterion(code: str, criterion_code: str) -> str:
    """Show one criterion, all that was said of it, and the form."""
    return _criterion(code, criterion_code)


@blueprint.post("/criteria/<criterion_code>")
@needs(Permission.JUDGE)
def judge_criterion(code: str, criterion_code: str) -> Response | tuple[str, int]:
    """Write down what the reader's level says of a criterion."""
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
        indicator = _standing(_standings(session, county, choice), criterion_code).indicator
    form, evidence = request.form, request.form.get("evidence", "")
    entries = [Entry(part.code, form.get(f"value-{part.code}", ""), form.get(f"judgement-{part.code}", ""))
               for part in indicator.parts]  # fmt: skip
    try:
        judge(the_database(), county, choice.year, criterion_code, entries, evidence, the_staff_member(), the_time())
    except NothingEntered:
        errors: tuple[tuple[str, str], ...] = ((indicator.parts[0].code, gettext("请填写数值或选择判定。")),)
    except JudgementRefused as refused:
        errors = tuple((part, defect.zh.partition(":")[2]) for part, defect in refused.defects)
    else:
        flash(gettext("指标 %(code)s 已保存。", code=criterion_code), "done")
        return redirect(url_for("counties.criteria", code=code, year=choice.year), 303)
    return _criterion(code, criterion_code, Typed(criterion_code, form.to_dict(), evidence, errors)), 422


@blueprint.get("/vetoes/")
@needs(Permission.VIEW_COUNTIES)
def vetoes(code: str) -> str:
    """Show where every veto item stands."""
    return _vetoes(code)


@blueprint.post("/vetoes/<criterion_code>")
@needs(Permission.RAISE_VETO)
def speak_of_veto(code: str, criterion_code: str) -> Response | tuple[str, int]:
    """Raise a veto item, or declare it absent."""
    return _act(code, criterion_code, frozenset({VetoState.RAISED, VetoState.ABSENT}))


@blueprint.post("/vetoes/<criterion_code>/decision")
@needs(Permission.DECIDE_VETO)
def decide_veto(code: str, criterion_code: str) -> Response | tuple[str, int]:
    """Confirm or dismiss a veto item."""
    return _act(code, criterion_code, frozenset({VetoState.CONFIRMED, VetoState.DISMISSED}))


def _act(code: str, criterion_code: str, allowed: frozenset[VetoState]) -> Response | tuple[str, int]:
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
    state, reason = request.form.get("state", ""), request.form.get("reason", "")
    if state not in allowed:
        abort(400)
    try:
        act_on_veto(the_database(), county, choice.year, criterion_code, VetoState(state), reason,
                    the_staff_member(), the_time())  # fmt: skip
    except ReasonMissing:
        error = gettext("请写明理由。")
    except ReasonRefused as refused:
        error = gettext("理由%(what)s", what=refused.defect.zh.partition(":")[2])
    except VetoActOutOfPlace as refused:
        error = gettext("没有保存：这一事项现在是“%(state)s”，这一步不能改变它。提出以后只有市级或省级可以确认或排除，"
                        "上级的评定下级不能改变。", state=VETO_STATES[refused.state])
    else:
        flash(gettext("否决事项 %(code)s 已保存。", code=criterion_code), "done")
        return redirect(url_for("counties.vetoes", code=code, year=choice.year), 303)
    return _vetoes(code, Typed(criterion_code, None, reason, ((criterion_code, error),))), 422


def _county_and_year(session: Session, code: str) -> tuple[County, YearChoice]:
    county = county_in_scope(session, the_staff_member(), code)
    return county, year_asked(years_with_data(session, [county.id]), the_database().now(session))


def _standings(session: Session, county: County, choice: YearChoice) -> tuple[CriterionStanding, ...]:
    filed = filed_schools(session, newest_school_file(session, county.id, choice.year))
    entries = judgements_of(session, county.id, choice.year)
    return criteria_standings(entries, [school.row for school in filed], load_rule_set(county.rule_set_id))


def _standing(standings: tuple[CriterionStanding, ...], criterion_code: str) -> CriterionStanding:
    for standing in standings:
        if standing.indicator.code == criterion_code:
            return standing
    raise CriterionUnknown(criterion_code)


def _criterion(code: str, criterion_code: str, typed: Typed | None = None) -> str:
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
        standing = _standing(_standings(session, county, choice), criterion_code)
    head = county_head(county, choice, "counties.criteria", Crumb(criterion_code))
    page = criterion_page(head, standing, the_staff_member(), typed)
    return render_template("staff/counties/criterion.html", page=page)


def _vetoes(code: str, typed: Typed | None = None) -> str:
    with the_database().reading() as session:
        county, choice = _county_and_year(session, code)
        acts = veto_acts_of(session, county.id, choice.year)
    standings = veto_standings(acts, load_rule_set(county.rule_set_id))
    page = vetoes_page(county_head(county, choice, "counties.vetoes"), standings, the_staff_member(), typed)
    return render_template("staff/counties/vetoes.html", page=page)


def _page_number() -> int:
    text = request.args.get("page", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 1
