"""One place that turns an exception, or a constraint's name, into a page with its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template
from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.exceptions import HTTPException

from surveyapp.accounts.refusals import AccountUnknown
from surveyapp.counties.queries import CountyUnknown
from surveyapp.counties.refusals import CriterionUnknown, SchoolFileUnknown
from surveyapp.db import RETRY_AFTER_S, UNAVAILABLE
from surveyapp.plan.refusals import PlanUnknown
from surveyapp.responses import refusals
from surveyapp.responses.pages import moment
from surveyapp.results import refusals as results


@dataclass(frozen=True, slots=True)
class Problem:
    """What a page says of one kind of refusal."""

    status: int
    title: LazyString
    advice: LazyString


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """A refusal as shown: templates ``public/problem.html`` and ``staff/error.html``."""

    status: int
    title: str
    advice: str


_ = lazy_gettext

REFUSED: Mapping[type[Exception], Problem] = {
    refusals.LinkUnknown: Problem(404, _("没有这个问卷链接"), _(
        "请核对网址，或重新扫描二维码。如果仍然打不开，请联系发给您二维码的学校或单位。")),
    refusals.LinkRevoked: Problem(410, _("这个链接已经停用"), _(
        "发放单位已停用这个二维码。请向学校或单位索取新的二维码，再打开问卷。")),
    refusals.SurveyNotYetOpen: Problem(403, _("调查还没有开始"), _("请在开始以后再打开这个链接。")),
    refusals.SurveyClosed: Problem(410, _("调查已经结束"), _("这次调查已停止接收答卷。谢谢您的关心。")),
    refusals.FormReused: Problem(409, _("这份问卷已经提交过"), _(
        "这一页已经提交过一次，第一次提交的答案有效，这次修改没有保存。"
        "如果是另一位家人或同事要作答，请重新打开链接。")),
    refusals.PostMalformed: Problem(400, _("提交的内容无法识别"), _(
        "没有保存任何内容。请重新打开链接，在页面上作答后提交。")),
    refusals.PostOfAnotherKind: Problem(415, _("提交的内容无法识别"), _(
        "没有保存任何内容。请重新打开链接，在页面上作答后提交。")),
    refusals.PostFromElsewhere: Problem(403, _("提交不是来自本站页面"), _(
        "没有保存任何内容。请直接打开链接，在本站页面上作答后提交。")),
    CountyUnknown: Problem(404, _("没有找到这个页面"), _("网址不存在，或不在您的管辖范围内。")),
    AccountUnknown: Problem(404, _("没有这个账号"), _("账号不存在，或已经停用。")),
    SchoolFileUnknown: Problem(404, _("没有这个版本"), _("请从学校数据页面选择版本。")),
    CriterionUnknown: Problem(404, _("没有这个指标"), _("请从指标或否决事项列表进入。")),
    PlanUnknown: Problem(404, _("没有找到这个页面"), _("网址不存在，或不在您的管辖范围内。")),
    results.SchoolUnknown: Problem(404, _("没有找到这所学校"), _("这份结论所依据的学校数据里没有这所学校。")),
    results.NotSealed: Problem(404, _("还没有封存的结论"), _("调查结束并由市级或省级督导封存以后，才有结论和卷宗。")),
    results.NotYetClosed: Problem(409, _("调查还没有结束"), _(
        "没有封存。调查到时自行结束，或由督导提前结束，然后才能封存。")),
    results.AlreadySealed: Problem(409, _("调查已经封存"), _("封存只有一次，先前的封存有效，这次没有改变任何内容。")),
    results.TooFewToSeal: Problem(409, _("答卷太少，不能封存"), _(
        "没有封存。全县合计总要公布，答卷少于公布下限时，合计就会说出个人的答案。请延长或重新开展调查。")),
    results.RowsDoNotFit: Problem(409, _("已有的数据不能组成卷宗"), _("没有封存。请先改正学校数据或判定。")),
}

HTTP: Mapping[int, Problem] = {
    400: Problem(400, _("请求无法识别"), _("没有保存任何内容。请返回上一页重试。")),
    401: Problem(401, _("请先登录"), _("登录后再打开这个页面。")),
    403: Problem(403, _("不能执行这个操作"), _("您的账号没有这项权限。")),
    404: Problem(404, _("没有找到这个页面"), _("请核对网址是否完整。")),
    405: Problem(405, _("不能这样打开这个页面"), _("请从页面上的链接或按钮进入。")),
    413: Problem(413, _("提交的内容太大"), _("没有保存任何内容。")),
    415: Problem(415, _("提交的内容无法识别"), _("没有保存任何内容。")),
    500: Problem(500, _("系统出现错误"), _("问题已记录。请稍后再试。")),
    503: Problem(503, _("系统暂时繁忙"), _("请等几秒钟再试。")),
}

# Truths of the tables that a request can run into. PostgreSQL names the constraint; SQLite names a check, but of
# a uniqueness only the columns.
CHECKS: Mapping[str, LazyString] = {
    "ck_surveys_window_has_length": _("调查的结束时间必须晚于开始时间。"),
    "ck_veto_acts_decided_above_county": _("否决事项只能由市级或省级认定。"),
    "ck_veto_acts_reason_given": _("请写明理由。"),
    "ck_accounts_scope_fits_role": _("管辖范围与角色不一致。"),
}
UNIQUES: Mapping[tuple[str, ...], LazyString] = {
    ("counties", "code"): _("这个行政区划代码已经存在。"),
    ("accounts", "login"): _("这个登录名已经存在。"),
    ("surveys", "county_id", "year", "purpose", "title", "opens_at", "closes_at"): _("同样的调查已经存在。"),
    ("school_files", "county_id", "year", "version"): _("别人刚刚也导入了学校数据。请查看最新版本后再导入。"),
    ("school_records", "school_file_id", "school_code"): _("同一份文件里有重复的学校代码。"),
}
CONFLICT = Problem(409, _("与已有的数据冲突"), _("没有保存任何内容。请返回查看最新内容后重试。"))


def register_public_errors(app: Flask) -> None:
    """Give respondents plain pages for everything that can be refused."""
    _register(app, "public/problem.html")


def register_staff_errors(app: Flask) -> None:
    """Give staff plain pages for everything that can be refused."""
    _register(app, "staff/error.html")


def broken_truth(message: str) -> str | None:
    """Say in words which truth of the tables a database's message is about."""
    for name, words in CHECKS.items():
        if name in message:
            return str(words)
    for (table, *columns), words in UNIQUES.items():
        listed = ", ".join(f"{table}.{column}" for column in columns)
        if f"uq_{table}_{'_'.join(columns)}" in message or message.endswith(f": {listed}"):
            return str(words)
    return None


def _register(app: Flask, template: str) -> None:
    def page(problem: Problem, advice: str | None = None) -> Response:
        shown = ProblemPage(problem.status, str(problem.title), advice or str(problem.advice))
        response = make_response(render_template(template, page=shown), problem.status)
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    def refused(error: Exception) -> Response:
        advice = None
        if isinstance(error, refusals.SurveyNotYetOpen):
            advice = gettext("开始时间：%(when)s。请在开始以后再打开这个链接。", when=moment(error.opens_at))
        if isinstance(error, results.RowsDoNotFit):
            advice = "；".join(defect.zh for defect in error.defects)
        return page(REFUSED[type(error)], advice)

    def http(error: HTTPException) -> Response | HTTPException:
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        if code < HTTPStatus.BAD_REQUEST:
            return error
        problem = HTTP.get(code) or HTTP[400 if code < HTTPStatus.INTERNAL_SERVER_ERROR else 500]
        response = page(Problem(code, problem.title, problem.advice))
        for name in ("Allow", "Retry-After"):
            if name in error.get_response().headers:
                response.headers[name] = error.get_response().headers[name]
        return response

    def unavailable(error: Exception) -> Response:
        app.logger.warning("database unavailable: %s", type(error).__name__)
        return page(HTTP[503])

    def conflicting(error: IntegrityError) -> Response:
        return page(CONFLICT, broken_truth(str(error.orig)))

    def unstorable(error: DataError) -> Response:
        # What the store cannot hold, such as a NUL in a text, was typed by no browser.
        app.logger.warning("data refused by the store: %s", type(error.orig).__name__)
        return page(HTTP[400])

    for refusal in REFUSED:
        app.register_error_handler(refusal, refused)
    for kind in UNAVAILABLE:
        app.register_error_handler(kind, unavailable)
    app.register_error_handler(IntegrityError, conflicting)
    app.register_error_handler(DataError, unstorable)
    app.register_error_handler(HTTPException, http)
