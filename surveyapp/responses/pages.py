"""What the respondents' templates are given: one value per page, with everything in it already decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask_babel import format_date, format_time

from scoring.questionnaire import DONT_KNOW, Bilingual, Group, Item, Questionnaire
from surveyapp.responses.posts import BLANK, Post
from surveyapp.responses.queries import Opening


class Notice(StrEnum):
    """Why a form comes back with its answers instead of a receipt."""

    NONE = ""
    INCOMPLETE = "incomplete"
    RENEWED = "renewed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button with its label."""

    value: str
    label: str
    checked: bool
    is_dont_know: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One item as shown."""

    code: str
    number: int
    text: str
    required: bool
    missing: bool
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FormPage:
    """The form: template ``public/form.html``."""

    county: str
    is_demonstration: bool
    survey_title: str
    form_title: str
    group: str
    cluster_name: str
    closes: str
    intro: str
    questions: tuple[Question, ...]
    action: str
    ticket: str
    notice: Notice


@dataclass(frozen=True, slots=True)
class ResendPage:
    """Only what was sent and a button to send it again: template ``public/resend.html``."""

    action: str
    ticket: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ThanksPage:
    """The receipt: template ``public/thanks.html``."""

    receipt: str
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class FrontPage:
    """What this site is and how to tell that it is genuine: template ``public/front.html``."""

    official_address: str
    encrypted: bool


def form_page(
    opening: Opening, action: str, ticket: str, *, codes: str = "", missing: tuple[str, ...] = (),
    notice: Notice = Notice.NONE, language: str = "zh",
) -> FormPage:
    """Lay out a link's form, with the answers given so far, in one language."""
    form = opening.questionnaire
    given = codes or BLANK * len(form.items)
    return FormPage(
        county=opening.county,
        is_demonstration=opening.is_demonstration,
        survey_title=opening.survey_title,
        form_title=_in(language, form.title),
        group=_in(language, Bilingual(Group(opening.group).zh, Group(opening.group).en)),
        cluster_name=opening.cluster_name,
        closes=moment(opening.closed_at),
        intro=_in(language, form.intro),
        questions=tuple(
            _question(form, item, number, given[number - 1], item.code in missing, language)
            for number, item in enumerate(form.items, start=1)
        ),
        action=action,
        ticket=ticket,
        notice=notice,
    )


def resend_page(action: str, post: Post) -> ResendPage:
    """Keep a post on the respondent's screen when even its form cannot be read."""
    return ResendPage(action=action, ticket=post.ticket, fields=post.fields)


def moment(when: datetime) -> str:
    """Write a time for people, in the country's one time zone."""
    return f"{format_date(when, 'long')} {format_time(when, 'short')}"


def _question(
    form: Questionnaire, item: Item, number: int, given: str, missing: bool, language: str
) -> Question:
    return Question(
        code=item.code,
        number=number,
        text=_in(language, item.text),
        required=item.overall,
        missing=missing,
        choices=tuple(
            Choice(str(point.code), _in(language, point.label), given == str(point.code), point.code == DONT_KNOW)
            for point in form.scale_of(item)
        ),
    )


def _in(language: str, text: Bilingual) -> str:
    return text.en if language == "en" else text.zh
