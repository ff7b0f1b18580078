"""What can be refused about a survey."""

from __future__ import annotations


class WindowInvalid(Exception):
    """The window ends before it begins, or lies in the past."""


class QuestionnaireVersionUnknown(Exception):
    """No such version is stored, or one of its forms is missing."""


class SurveyNotOpen(Exception):
    """Only an open survey can be closed early."""


class SurveyOver(Exception):
    """The survey takes no more answers, so that nothing about it changes any more."""
