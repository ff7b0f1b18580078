"""What is typed to create a survey and to close one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeLocalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from surveyapp.counties.years import FIRST_YEAR, LAST_YEAR
from surveyapp.frame import CHINA
from surveyapp.surveys.labels import GROUPS, PURPOSES
from surveyapp.surveys.models import Group, Purpose
from surveyapp.surveys.services import NewSurvey

MOST_PEOPLE = 100_000_000
_people = [Optional(), NumberRange(min=0, max=MOST_PEOPLE, message=_("应为不小于 0 的整数。"))]


class NewSurveyForm(FlaskForm):
    """A new survey. Times are the country's; a blank number of people is unknown, not zero."""

    title = StringField(_("调查名称"), [
        InputRequired(_("请填写调查名称。")), Length(max=80, message=_("不超过 80 个字。"))])
    purpose = SelectField(_("用途"), [InputRequired(_("请选择用途。"))])
    year = IntegerField(_("年度"), [InputRequired(_("请填写年度。")), NumberRange(
        FIRST_YEAR, LAST_YEAR, _("应为 %(min)s 至 %(max)s 之间的年份。"))])
    opens_at = DateTimeLocalField(_("开始时间"), [InputRequired(_("请填写开始时间。"))], format="%Y-%m-%dT%H:%M")
    closes_at = DateTimeLocalField(_("结束时间"), [InputRequired(_("请填写结束时间。"))], format="%Y-%m-%dT%H:%M")
    version = SelectField(_("问卷版本"), [InputRequired(_("请选择问卷版本。"))])
    residents = IntegerField(_("常住人口"), [Optional(), NumberRange(1, MOST_PEOPLE, _("应为大于 0 的整数。"))])
    sampled = BooleanField(_("本年度被国家义务教育质量监测抽样"))
    student = IntegerField(GROUPS[Group.STUDENT], _people)
    parent = IntegerField(GROUPS[Group.PARENT], _people)
    teacher = IntegerField(GROUPS[Group.TEACHER], _people)
    principal = IntegerField(GROUPS[Group.PRINCIPAL], _people)
    deputy = IntegerField(GROUPS[Group.DEPUTY], _people)
    cppcc = IntegerField(GROUPS[Group.CPPCC], _people)
    public = IntegerField(GROUPS[Group.PUBLIC], _people)

    def offer(self, versions: list[str]) -> None:
        """Offer what can be chosen."""
        self.purpose.choices = [("", gettext("请选择"))] + [(p.value, str(label)) for p, label in PURPOSES.items()]
        self.version.choices = [(version, version) for version in versions]

    def whole(self, now: datetime) -> bool:
        """Say whether every field and the window as a whole will do; what will not is said at its field."""
        if not self.validate():
            return False
        opens, closes = self.window()
        if closes <= opens:
            self.closes_at.errors = [gettext("结束时间必须晚于开始时间。")]
        elif closes <= now:
            self.closes_at.errors = [gettext("结束时间已经过去。")]
        return not self.errors

    def window(self) -> tuple[datetime, datetime]:
        """Return the window in UTC."""
        opens, closes = self.opens_at.data, self.closes_at.data
        if opens is None or closes is None:
            raise ValueError("the window is read after it was validated")
        return opens.replace(tzinfo=CHINA).astimezone(UTC), closes.replace(tzinfo=CHINA).astimezone(UTC)

    def populations(self) -> dict[Group, int | None]:
        """Return the registered people of each group."""
        return {group: self[group.value].data for group in Group}

    def new_survey(self) -> NewSurvey:
        """Return what was typed, once it is whole."""
        opens, closes = self.window()
        return NewSurvey(
            title=self.title.data or "", purpose=Purpose(self.purpose.data), year=self.year.data or 0,
            questionnaire_version=self.version.data or "", residents=self.residents.data,
            populations=self.populations(), sampled_in_monitoring=bool(self.sampled.data),
            opens_at=opens, closes_at=closes,
        )  # fmt: skip


class CloseForm(FlaskForm):
    """Why a survey is closed before its window ends."""

    reason = TextAreaField(_("理由"), [
        InputRequired(_("请写明理由。")), Length(max=500, message=_("不超过 500 个字。"))])
