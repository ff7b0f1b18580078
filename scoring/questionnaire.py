"""Questionnaires as data: groups, forms, items and their scale."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SCALE_CODES = (5, 4, 3, 2, 1, 0)
DONT_KNOW = 0


class Group(StrEnum):
    """The seven groups the rules name, in the order every table of groups keeps."""

    STUDENT = "student"
    PARENT = "parent"
    TEACHER = "teacher"
    PRINCIPAL = "principal"
    DEPUTY = "deputy"
    CPPCC = "cppcc"
    PUBLIC = "public"

    @property
    def zh(self) -> str:
        """Return the Chinese name."""
        return _GROUP_NAMES[self][0]

    @property
    def en(self) -> str:
        """Return the English name."""
        return _GROUP_NAMES[self][1]


_GROUP_NAMES = {
    Group.STUDENT: ("学生", "students"),
    Group.PARENT: ("家长", "parents"),
    Group.TEACHER: ("教师", "teachers"),
    Group.PRINCIPAL: ("校长", "principals"),
    Group.DEPUTY: ("人大代表", "people's congress deputies"),
    Group.CPPCC: ("政协委员", "CPPCC members"),
    Group.PUBLIC: ("其他群众", "other members of the public"),
}
GROUPS = tuple(Group)


class Form(StrEnum):
    """The forms of the survey; the social form serves deputies, CPPCC members and the public."""

    STUDENT = "student"
    PARENT = "parent"
    TEACHER = "teacher"
    PRINCIPAL = "principal"
    SOCIAL = "social"


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One answer of the scale: its code, 5 (非常满意) to 1 (非常不满意) and 0 (不了解), and its label."""

    code: int
    label: Bilingual


@dataclass(frozen=True, slots=True)
class Item:
    """One question. ``reversed``: agreement speaks against the county; ``overall``: the item that decides."""

    code: str
    topic: str
    text: Bilingual
    reversed: bool
    overall: bool


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """One form in one version, which never changes once it has been used.

    ``reversed_scale`` labels the same codes for the reversed item, which is agreed with rather than satisfied
    by; empty where the reversed item keeps the labels of ``scale``.
    """

    id: str
    form: Form
    version: str
    groups: tuple[Group, ...]
    title: Bilingual
    intro: Bilingual
    scale: tuple[ScalePoint, ...]
    items: tuple[Item, ...]
    reversed_scale: tuple[ScalePoint, ...] = ()

    def scale_of(self, item: Item) -> tuple[ScalePoint, ...]:
        """Return the labels an item's codes carry on this form."""
        return self.reversed_scale if item.reversed and self.reversed_scale else self.scale

    @property
    def overall_index(self) -> int:
        """Return the position of the overall item among the items."""
        return next(i for i, item in enumerate(self.items) if item.overall)

    @property
    def item_codes(self) -> tuple[str, ...]:
        """Return the items' codes in order."""
        return tuple(item.code for item in self.items)


@dataclass(frozen=True, slots=True)
class QuestionnaireSet:
    """The questionnaires of one survey: every form occurs once, every group is served by one at most."""

    questionnaires: tuple[Questionnaire, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the questionnaires' ids in order."""
        return tuple(q.id for q in self.questionnaires)

    @property
    def item_columns(self) -> tuple[str, ...]:
        """Return every item code any form has, sorted: the item columns of the responses file."""
        return tuple(sorted({code for q in self.questionnaires for code in q.item_codes}))

    def for_group(self, group: str) -> Questionnaire | None:
        """Return the questionnaire that serves a group, or ``None`` where none does."""
        return next((q for q in self.questionnaires if group in q.groups), None)

    def for_form(self, form: str) -> Questionnaire | None:
        """Return the questionnaire of a form, or ``None`` where there is none."""
        return next((q for q in self.questionnaires if q.form == form), None)
