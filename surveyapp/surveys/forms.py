"""What is typed to create a survey and to close one."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from surveyapp.counties.years import FIRST_YEAR, LAST_YEAR
from surveyapp.frame import CHINA
from surveyapp.surveys.labels import GROUPS, PURPOSES
from surveyapp.surveys.models import Group, Purpose
from surveyapp.surveys.refusals import (
    NewSurveyRefused,
    QuestionnaireVersionUnknown,
    ResidentsBelowRecord,
    SurveyExists,
    TitleMissing,
    WindowOver,
    WindowTooEarly,
    WindowTooLong,
    WindowTooShort,
    YearOutOfRange,
)
from surveyapp.surveys.services import NewSurvey, require_residents, require_window

MOST_PEOPLE = 100_000_000
# Browsers leave the seconds out, unless somebody typed some.
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
# At which field a refusal is said, and in which words; these may name what the refusal carries.
REFUSED: Mapping[type[NewSurveyRefused], tuple[str, LazyString]] = {
    TitleMissing: ("title", _("请填写调查名称。")),
    YearOutOfRange: ("year", _("没有这个年度的评估。")),
    WindowTooShort: ("closes_at", _("结束时间至少要比开始时间晚 1 小时。")),
    WindowOver: ("closes_at", _("结束时间已经过去。")),
    WindowTooEarly: ("opens_at", _("开始时间最多可以早于现在 1 天。")),
    WindowTooLong: ("closes_at", _("调查时间不能超过 1 年，请核对年份。")),
    QuestionnaireVersionUnknown: ("version", _("没有这个问卷版本，请重新选择。")),
    SurveyExists: ("title", _(
        "本年度已有同用途、同时间的调查“%(title)s”，没有重复创建；确要再做一次的，请改名称或时间。")),
    ResidentsBelowRecord: ("residents", _(
        "不能少于系统登记的常住人口 %(on_record)s 人，请核对。")),
}


def printable(_form: object, field: Field) -> None:
    """Refuse characters that neither paper nor a database can hold."""
    text = str(field.data or "")
    if any(unicodedata.category(letter) == "Cc" and letter not in "\r\n\t" for letter in text):
        raise ValidationError(gettext("含有不能显示的字符，请重新输入。"))


def of_this_age(_form: object, field: Field) -> None:
    """Refuse a date no evaluation can have, and which time zones could not be reckoned with."""
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(gettext("请核对年份。"))


def _moment(label: LazyString, missing: LazyString) -> DateTimeLocalField:
    return DateTimeLocalField(label, [InputRequired(missing), of_this_age], format=MOMENTS)


def _people(label: LazyString) -> IntegerField:
    return IntegerField(label, [Optional(), NumberRange(
        1, MOST_PEOPLE, _("应为 %(min)s 至 %(max)s 之间的整数，不带逗号。"))])


class NewSurveyForm(FlaskForm):
    """A new survey. Times are the country's; a blank number of people is unknown, not zero."""

    title = StringField(_("调查名称"), [
        DataRequired(_("请填写调查名称。")), Length(max=80, message=_("不超过 %(max)d 个字。")), printable])
    purpose = SelectField(_("用途"), [InputRequired(_("请选择用途。"))])
    year = IntegerField(_("年度"), [InputRequired(_("请填写年度。")), NumberRange(
        FIRST_YEAR, LAST_YEAR, _("应为 %(min)s 至 %(max)s 之间的年份。"))])
    opens_at = _moment(_("开始时间"), _("请填写开始时间。"))
    closes_at = _moment(_("结束时间"), _("请填写结束时间。"))
    version = SelectField(_("问卷版本"), [InputRequired(_("请选择问卷版本。"))])
    residents = _people(_("常住人口"))
    sampled = BooleanField(_("本年度被国家义务教育质量监测抽样"))
    student = _people(GROUPS[Group.STUDENT])
    parent = _people(GROUPS[Group.PARENT])
    teacher = _people(GROUPS[Group.TEACHER])
    principal = _people(GROUPS[Group.PRINCIPAL])
    deputy = _people(GROUPS[Group.DEPUTY])
    cppcc = _people(GROUPS[Group.CPPCC])
    public = _people(GROUPS[Group.PUBLIC])

    def offer(self, versions: list[str]) -> None:
        """Offer what can be chosen."""
        self.purpose.choices = [("", gettext("请选择"))] + [(p.value, str(label)) for p, label in PURPOSES.items()]
        self.version.choices = [(version, version) for version in versions]

    def whole(self, now: datetime, residents_on_record: int | None) -> bool:
        """Say whether every field will do, and the window as a whole; what will not is said at its field."""
        self.validate()
        if not self.residents.errors:
            try:
                require_residents(self.residents.data, residents_on_record)
            except NewSurveyRefused as refused:
                self.say(refused)
        opens, closes = self.opens_at, self.closes_at
        if opens.data and closes.data and not opens.errors and not closes.errors:
            try:
                require_window(_in_utc(opens.data), _in_utc(closes.data), now)
            except NewSurveyRefused as refused:
                self.say(refused)
        return not self.errors

    def say(self, refused: NewSurveyRefused) -> None:
        """Say a refusal at the field it is about."""
        name, words = REFUSED[type(refused)]
        self[name].errors = [*self[name].errors, str(words) % vars(refused)]

    def people(self) -> tuple[int | None, dict[Group, int | None]] | None:
        """Return the residents and each group's registered people, as far as they can be reckoned with."""
        fields = (self.residents, *(self[group.value] for group in Group))
        if any(field.errors for field in fields):
            return None
        return self.residents.data, {group: self[group.value].data for group in Group}

    def new_survey(self) -> NewSurvey:
        """Return what was typed, once every field will do."""
        people, year, opens, closes = self.people(), self.year.data, self.opens_at.data, self.closes_at.data
        if people is None or year is None or opens is None or closes is None:
            raise ValueError("a form is read after it was validated")
        residents, populations = people
        return NewSurvey(
            title=self.title.data or "", purpose=Purpose(self.purpose.data), year=year,
            questionnaire_version=self.version.data, residents=residents, populations=populations,
            sampled_in_monitoring=bool(self.sampled.data), opens_at=_in_utc(opens), closes_at=_in_utc(closes),
        )  # fmt: skip


class CloseForm(FlaskForm):
    """Why a survey is closed before its window ends."""

    reason = TextAreaField(_("理由"), [
        DataRequired(_("请写明理由。")), Length(max=500, message=_("不超过 %(max)d 个字。")), printable])


def _in_utc(typed: datetime) -> datetime:
    return typed.replace(tzinfo=CHINA).astimezone(UTC)
