"""What can be refused about accounts and signing in."""

from __future__ import annotations

from surveyapp.accounts.passwords import PasswordFault


class SignInRefused(Exception):
    """Login and password do not open an account; which of them is wrong is nobody's business."""


class SignInThrottled(Exception):
    """Too many attempts were made with this login, whether or not it exists."""


class PasswordRefused(Exception):
    """A new password will not do; ``fault`` says why."""

    def __init__(self, fault: PasswordFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class PasswordWrong(Exception):
    """The password that was to prove who is asking is not the account's."""


class LoginTaken(Exception):
    """There is an account of this login already."""


class LoginMalformed(Exception):
    """A login is 3 to 64 letters, digits, dots, hyphens or underscores."""


class ScopeUnfit(Exception):
    """A role's scope has another number of digits."""


class AccountUnknown(Exception):
    """There is no such account."""


class OwnAccount(Exception):
    """Nobody disables the account in use."""
