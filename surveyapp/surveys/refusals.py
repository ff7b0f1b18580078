"""What can be refused about a survey."""

from __future__ import annotations


class NewSurveyRefused(Exception):
    """A survey cannot be created as it was asked for; nothing was stored."""


class TitleMissing(NewSurveyRefused):
    """A survey needs a name that respondents can read."""


class YearOutOfRange(NewSurveyRefused):
    """No evaluation is made for such a year."""


class WindowOver(NewSurveyRefused):
    """The window has ended already."""


class WindowTooEarly(NewSurveyRefused):
    """The window began long before the survey was created: nobody could have answered in that time."""


class WindowTooShort(NewSurveyRefused):
    """The window ends before it begins, or too soon after for anybody to be asked."""


class WindowTooLong(NewSurveyRefused):
    """The window is so long that a date in it must be mistyped."""


class QuestionnaireVersionUnknown(NewSurveyRefused):
    """No such version is stored, or one of its forms is missing."""


class ResidentsBelowRecord(NewSurveyRefused):
    """The county is on record with more residents; fewer would ask fewer answers of it."""

    def __init__(self, on_record: int) -> None:
        super().__init__(on_record)
        self.on_record = on_record


class SurveyExists(NewSurveyRefused):
    """The county has the very same survey already: of the same year, purpose, title and window."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.title = title


class SurveyNotOpen(Exception):
    """Only an open survey can be closed early."""


class ReasonMissing(Exception):
    """Closing a survey early needs its reason."""


class SurveyOver(Exception):
    """The survey takes no more answers, so that nothing about it changes any more."""
