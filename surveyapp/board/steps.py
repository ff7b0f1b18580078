"""What is to be done in a county, in order, and which of it the reader can do next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import url_for
from flask_babel import gettext

from scoring.vetoes import VetoState
from surveyapp.accounts.policy import Permission, StaffMember
from surveyapp.board.queries import CountyStanding
from surveyapp.frame import Mark
from surveyapp.surveys.models import SurveyState


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, what there is, and where it is done."""

    title: str
    mark: Mark
    detail: str
    action: str
    href: str
    can: bool
    done: bool
    next: bool = False


def steps_of(standing: CountyStanding, year: int, staff: StaffMember) -> tuple[Step, ...]:
    """List a county's steps; the first that is not done and that the reader can do is the next one."""
    steps = [_schools(standing, year, staff), _criteria(standing, year, staff), _vetoes(standing, year, staff),
             _survey(standing, year, staff), _links(standing, staff), _seal(standing, staff)]  # fmt: skip
    first = next((index for index, step in enumerate(steps) if step.can and not step.done), None)
    return tuple(replace(step, next=index == first) for index, step in enumerate(steps))


def _mark(done: bool, waits: bool = False) -> Mark:
    if done:
        return Mark("met", "✓", gettext("已完成"))
    return Mark("open", "●", gettext("进行中")) if waits else Mark("waiting", "○", gettext("待办"))


def _schools(standing: CountyStanding, year: int, staff: StaffMember) -> Step:
    file, can = standing.file, staff.may(Permission.IMPORT_SCHOOLS)
    detail = gettext("还没有学校数据。由县级管理员下载模板、填写并导入。")
    if file:
        detail = gettext("第 %(v)s 版，%(n)s 所学校。", v=file.version, n=file.n_schools)
    action = gettext("导入学校数据") if can and not file else gettext("查看学校数据")
    href = url_for("counties.schools", code=standing.county.code, year=year)
    return Step(gettext("学校数据"), _mark(file is not None), detail, action, href, can, file is not None)


def _criteria(standing: CountyStanding, year: int, staff: StaffMember) -> Step:
    done, can = standing.n_given == standing.n_criteria, staff.may(Permission.JUDGE)
    detail = gettext("政府保障程度 15 项和教育质量 9 项，%(n)s 项已有填报。", n=standing.n_given)
    action = gettext("填报判定") if can else gettext("查看指标")
    href = url_for("counties.criteria", code=standing.county.code, year=year)
    return Step(gettext("指标填报与判定"), _mark(done, standing.n_given > 0), detail, action, href, can, done)


def _vetoes(standing: CountyStanding, year: int, staff: StaffMember) -> Step:
    raised, unassessed = standing.n_vetoes(VetoState.RAISED), standing.n_vetoes(VetoState.UNASSESSED)
    done = not raised and not unassessed
    decides = staff.may(Permission.DECIDE_VETO)
    parts = [gettext("%(n)s 项待市级或省级认定", n=raised)] if raised else []
    parts += [gettext("%(n)s 项还没有评定", n=unassessed)] if unassessed else []
    confirmed = standing.n_vetoes(VetoState.CONFIRMED)
    if done:
        parts = [gettext("已确认存在 %(n)s 项", n=confirmed) if confirmed else gettext("各项都已评定，没有否决事项")]
    can = (staff.may(Permission.RAISE_VETO) and unassessed > 0) or (decides and raised > 0)
    action = gettext("认定") if decides and raised else gettext("查看否决事项")
    href = url_for("counties.vetoes", code=standing.county.code, year=year)
    return Step(gettext("否决事项"), _mark(done, unassessed < len(standing.vetoes)), "；".join(parts) + "。", action,
                href, can, done)  # fmt: skip


def _survey(standing: CountyStanding, year: int, staff: StaffMember) -> Step:
    can = staff.may(Permission.PREPARE_SURVEY)
    if not standing.surveys:
        href = url_for("surveys.new", code=standing.county.code, year=year) if can else ""
        return Step(gettext("满意度调查"), _mark(False), gettext("还没有创建调查。由县级管理员创建。"),
                    gettext("创建调查") if can else "", href, can, False)  # fmt: skip
    latest = standing.surveys[0]
    detail = gettext("“%(title)s”，已收 %(n)s 份。", title=latest.survey.title, n=latest.n_responses)
    over = latest.state in (SurveyState.CLOSED, SurveyState.SEALED)
    return Step(gettext("满意度调查"), _mark(over, waits=True), detail, gettext("查看进度"),
                url_for("board.survey", survey_id=latest.survey.id), False, over)  # fmt: skip


def _links(standing: CountyStanding, staff: StaffMember) -> Step:
    latest = standing.surveys[0] if standing.surveys else None
    if latest is None:
        return Step(gettext("链接和二维码"), _mark(False), gettext("创建调查后发放。"), "", "", False, False)
    running = latest.state in (SurveyState.SCHEDULED, SurveyState.OPEN)
    can = staff.may(Permission.PREPARE_SURVEY) and running
    done = latest.n_links > 0
    detail = gettext("有效链接 %(n)s 个。", n=latest.n_links) if done else gettext("还没有发放，任何人都不能作答。")
    action = gettext("发放链接") if can and not done else gettext("查看链接")
    href = url_for("links.listed", survey_id=latest.survey.id)
    return Step(gettext("链接和二维码"), _mark(done), detail, action, href, can, done)


def _seal(standing: CountyStanding, staff: StaffMember) -> Step:
    title, can = gettext("封存与结论"), staff.may(Permission.CLOSE_AND_SEAL)
    latest = standing.surveys[0] if standing.surveys else None
    if latest is not None and latest.state is SurveyState.SEALED:
        decisive = standing.decisive or latest
        href = url_for("reports.survey_verdict", survey_id=decisive.survey.id)
        return Step(title, _mark(True), gettext("调查已封存，结论已固定。"), gettext("查看结论"), href, can, True)
    if latest is not None and latest.state is SurveyState.CLOSED:
        href = url_for("board.survey", survey_id=latest.survey.id)
        detail = gettext("调查已结束，等待市级或省级封存。封存后才有正式结论。")
        return Step(title, _mark(False), detail, gettext("去封存") if can else gettext("查看调查"), href, can, False)
    detail = gettext("调查结束后由市级或省级封存。此前可看不含社会认可度的初步核对。")
    href = url_for("reports.county_verdict", code=standing.county.code)
    return Step(title, _mark(False), detail, gettext("初步核对"), href, False, False)
