"""The words for levels, judgements and the states of veto items."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from surveyapp.counties.models import JudgementCode, Level, VetoState

LEVELS: Mapping[Level, LazyString] = {Level.COUNTY: _("县级"), Level.CITY: _("市级"), Level.PROVINCE: _("省级")}
JUDGEMENTS: Mapping[JudgementCode, LazyString] = {
    JudgementCode.MET: _("达标"),
    JudgementCode.NOT_MET: _("不达标"),
    JudgementCode.UNDECIDED: _("未判定"),
    JudgementCode.NOT_APPLICABLE: _("不适用"),
}
VETO_STATES: Mapping[VetoState, LazyString] = {
    VetoState.UNASSESSED: _("未评定"),
    VetoState.ABSENT: _("不存在"),
    VetoState.RAISED: _("已提出"),
    VetoState.CONFIRMED: _("已确认"),
    VetoState.DISMISSED: _("已排除"),
}
