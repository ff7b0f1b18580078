"""The words for groups, purposes and the states of a survey."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from surveyapp.surveys.models import Group, Purpose, SurveyState

GROUPS: Mapping[Group, LazyString] = {
    Group.STUDENT: _("学生"),
    Group.PARENT: _("家长"),
    Group.TEACHER: _("教师"),
    Group.PRINCIPAL: _("校长"),
    Group.DEPUTY: _("人大代表"),
    Group.CPPCC: _("政协委员"),
    Group.PUBLIC: _("其他群众"),
}
PURPOSES: Mapping[Purpose, LazyString] = {
    Purpose.SELF_EVALUATION: _("自评"),
    Purpose.REVIEW: _("复核"),
    Purpose.PROVINCIAL_EVALUATION: _("省级评估"),
    Purpose.REHEARSAL: _("演练"),
}
SURVEY_STATES: Mapping[SurveyState, LazyString] = {
    SurveyState.SCHEDULED: _("未开始"),
    SurveyState.OPEN: _("进行中"),
    SurveyState.CLOSED: _("已结束，待封存"),
    SurveyState.SEALED: _("已封存"),
}
