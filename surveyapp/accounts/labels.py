"""The words for roles and acts; a stored choice is a code, a label is only shown."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from surveyapp.accounts.models import Role

ROLES: Mapping[Role, LazyString] = {
    Role.OPERATOR: _("系统运维"),
    Role.PROVINCE_INSPECTOR: _("省级督导"),
    Role.CITY_INSPECTOR: _("市级督导"),
    Role.COUNTY_ADMINISTRATOR: _("县级管理员"),
}
# What the record of acts can say; an act of a later version is shown by its code.
ACTIONS: Mapping[str, LazyString] = {
    "signed_in": _("登录"),
    "signed_out": _("退出"),
    "password_changed": _("修改密码"),
    "password_reset": _("重设密码"),
    "account_created": _("新建账号"),
    "account_disabled": _("停用账号"),
    "county_created": _("新建县区"),
    "schools_imported": _("导入学校数据"),
    "schools_downloaded": _("下载学校数据原件"),
    "judged": _("填报或判定指标"),
    "veto_acted": _("处理否决事项"),
    "survey_created": _("创建调查"),
    "survey_closed_early": _("提前结束调查"),
    "links_issued": _("发放链接"),
    "link_revoked": _("停用链接"),
    "survey_sealed": _("封存调查"),
    "dossier_downloaded": _("下载卷宗"),
    "uncertainty_downloaded": _("下载区间与稳健性"),
}
