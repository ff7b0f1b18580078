"""What is typed to sign in and to keep one's own account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.accounts.passwords import LONGEST, SHORTEST

# As many characters of password as are read at all; the rest of the work would be somebody else's to choose.
_MOST_TYPED = 4 * LONGEST


class SignInForm(FlaskForm):
    """Login and password."""

    login = StringField(_("登录名"), [InputRequired(_("请填写登录名。")), Length(max=64, message=_("登录名太长。"))])
    password = PasswordField(_("口令"), [InputRequired(_("请填写口令。")), Length(max=_MOST_TYPED)])


class PasswordForm(FlaskForm):
    """A change of one's own password."""

    current = PasswordField(_("现在的口令"), [InputRequired(_("请填写现在的口令。")), Length(max=_MOST_TYPED)])
    wanted = PasswordField(_("新口令"), [InputRequired(_("请填写新口令。")), Length(
        min=SHORTEST, max=LONGEST, message=_("新口令应为 %(min)d 至 %(max)d 个字符。"))])
    again = PasswordField(_("再次填写新口令"), [InputRequired(_("请再填写一次新口令。")), Length(max=_MOST_TYPED)])
