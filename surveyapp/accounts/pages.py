"""What the templates about signing in and one's own account are given."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from surveyapp.accounts.forms import PasswordForm, SignInForm
from surveyapp.accounts.passwords import PasswordFault
from surveyapp.frame import Crumb


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Template ``staff/accounts/sign_in.html``."""

    form: SignInForm
    next: str
    refusal: str


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Template ``staff/accounts/own.html``."""

    form: PasswordForm
    login: str
    name: str
    role: str
    scope: str
    trail: tuple[Crumb, ...]


def fault_text(fault: PasswordFault) -> str:
    """Say why a password is refused."""
    words: dict[PasswordFault, str] = {
        PasswordFault.TOO_SHORT: gettext("口令太短，至少 12 个字符。"),
        PasswordFault.TOO_LONG: gettext("口令太长，最多 128 个字符。"),
        PasswordFault.OBVIOUS: gettext("这个口令太容易猜到，请换一个：可以用几个互不相关的词连成一句话。"),
    }
    return words[fault]
