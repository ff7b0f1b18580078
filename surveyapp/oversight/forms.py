"""What is typed to open an account for somebody."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp


class AccountForm(FlaskForm):
    """A new account."""

    name = StringField(_("姓名或岗位"), [InputRequired(_("请填写姓名或岗位。")), Length(max=60)])
    login = StringField(_("登录名"), [InputRequired(_("请填写登录名。")), Regexp(
        r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$", message=_("登录名应为 3 至 64 个字母、数字、点、连字符或下划线。"))])
    role = SelectField(_("角色"), [InputRequired(_("请选择角色。"))])
    scope = SelectField(_("管辖范围"))
