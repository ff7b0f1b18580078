"""Everything that can keep a form from opening or an answer from being accepted, each with its own name."""

from __future__ import annotations

from datetime import datetime


class Refusal(Exception):
    """A respondent's request is refused; the page and the status follow from the class."""


class LinkUnknown(Refusal):
    """No link carries this token."""


class LinkRevoked(Refusal):
    """The link was withdrawn by those who issued it."""


class SurveyNotYetOpen(Refusal):
    """The survey's window has not begun."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


class SurveyClosed(Refusal):
    """The survey's window is over: by the clock, early, or sealed."""


class TicketInvalid(Refusal):
    """The ticket was not issued here for this link and questionnaire."""


class TicketExpired(Refusal):
    """The ticket was issued too long ago; the answers are still good."""


class FormReused(Refusal):
    """The form was already used to send other answers, and those stand."""


class PostMalformed(Refusal):
    """The request is not what a browser sends from our form."""


class PostOfAnotherKind(Refusal):
    """The body is not a form at all."""


class PostFromElsewhere(Refusal):
    """Another site's page sent the form."""
