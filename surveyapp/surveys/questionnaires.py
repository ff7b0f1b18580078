"""Questionnaires: read from their data files, checked, stored once under their id and never changed again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from scoring.errors import Defect
from scoring.questionnaire import Form, Questionnaire
from scoring.questionnaire_file import (
    check_questionnaire,
    questionnaire_bytes,
    questionnaire_sha256,
    set_defects,
)
from scoring.toml_table import NotTomlError, load_toml
from surveyapp.db import Database
from surveyapp.surveys.models import Group, QuestionnaireVersion

SHIPPED = Path(__file__).resolve().parent / "questionnaires"
FEWEST_ITEMS, MOST_ITEMS = 8, 12
OVERALL_TOPIC = "overall"
# The eight topics the standard names for this survey; every form asks about each of them.
LEGAL_TOPICS = frozenset({
    "moral_education", "fairness", "sharing_resources",
    "lawful_running", "quality_education", "evaluation_reform", "quality", "workload",
})
TOPICS = LEGAL_TOPICS | {"assurance", OVERALL_TOPIC}

FORM_OF_GROUP: dict[Group, Form] = {
    Group.STUDENT: Form.STUDENT,
    Group.PARENT: Form.PARENT,
    Group.TEACHER: Form.TEACHER,
    Group.PRINCIPAL: Form.PRINCIPAL,
    Group.DEPUTY: Form.SOCIAL,
    Group.CPPCC: Form.SOCIAL,
    Group.PUBLIC: Form.SOCIAL,
}


class QuestionnaireInvalid(Exception):
    """A questionnaire does not say what one must say; ``defects`` names everything wrong with it."""

    def __init__(self, defects: Sequence[Defect]) -> None:
        super().__init__("; ".join(defect.en for defect in defects))
        self.defects = tuple(defects)


class QuestionnaireChanged(Exception):
    """A stored version differs from the one that is offered under the same id."""


def parse_questionnaire(data: bytes, file: str) -> Questionnaire:
    """Read one questionnaire from the TOML it is written in, or name everything that is wrong with it."""
    try:
        content = load_toml(data)
    except NotTomlError as error:
        zh, en = f"{file}:不是可读的 TOML({error})。", f"{file}: not TOML ({error})."
        raise QuestionnaireInvalid([Defect(file, None, None, zh, en)]) from error
    questionnaire, defects = check_questionnaire(content, file=file)
    defects += tuple(Defect(file, None, at, f"{file}“{at}”：{zh}。", f"{file}, {at}: {en}.")
                     for at, zh, en in _practice_defects(questionnaire))
    if defects:
        raise QuestionnaireInvalid(defects)
    return questionnaire


def _practice_defects(found: Questionnaire) -> Iterator[tuple[str, str, str]]:
    """Say what this survey asks of its forms beyond what a tally needs of them."""
    n = len(found.items)
    if not FEWEST_ITEMS <= n <= MOST_ITEMS:
        expected = f"{FEWEST_ITEMS}–{MOST_ITEMS}"
        yield "items", f"现有 {n} 题，应为 {expected} 题", f"{n} items, expected {expected}"
    answered_by = tuple(group.value for group, form in FORM_OF_GROUP.items() if form is found.form)
    if tuple(group.value for group in found.groups) != answered_by:
        names = ", ".join(answered_by)
        yield "groups", f"该问卷应由 {names} 作答", f"this form is answered by {names}"
    if not found.reversed_scale:
        yield "reversed_scale", "缺少反向题的选项文字", "the reversed item needs labels of agreement"
    topics = {item.topic for item in found.items}
    if topics - TOPICS:
        names = ", ".join(sorted(topics - TOPICS))
        yield "items", f"不认识主题 {names}", f"unknown topic {names}"
    if LEGAL_TOPICS - topics:
        names = ", ".join(sorted(LEGAL_TOPICS - topics))
        yield "items", f"没有涉及主题 {names}", f"nothing is asked about {names}"
    if any(item.overall != (item.topic == OVERALL_TOPIC) for item in found.items):
        yield "items", "总体评价题且仅它的主题为 overall", "the overall item, and only it, has topic overall"


@lru_cache(maxsize=1)
def load_questionnaires() -> tuple[Questionnaire, ...]:
    """Read the questionnaires that ship with the program, by id."""
    paths = sorted(SHIPPED.glob("*.toml"))
    found = tuple(parse_questionnaire(path.read_bytes(), path.name) for path in paths)
    for version in {questionnaire.version for questionnaire in found}:
        defects = set_defects([q for q in found if q.version == version], file=f"*-{version}.toml")
        if defects:
            raise QuestionnaireInvalid(defects)
    return found


def store_questionnaires(
    database: Database, now: datetime, questionnaires: Sequence[Questionnaire] | None = None
) -> None:
    """Store versions that are new; refuse all of them if one differs from what is stored under its id."""
    with database.writing() as session:
        for offered in load_questionnaires() if questionnaires is None else questionnaires:
            body = questionnaire_bytes(offered).decode()
            stored = session.get(QuestionnaireVersion, offered.id)
            if stored is None:
                session.add(QuestionnaireVersion(
                    id=offered.id, version=offered.version, form=offered.form.value,
                    sha256=questionnaire_sha256(offered), body=body, stored_at=now,
                ))
            elif stored.body != body:
                raise QuestionnaireChanged(f"问卷 {offered.id} 已入库，内容不得更改；请另立新版本号 / "
                                           f"questionnaire {offered.id} is stored and must not change")


def questionnaire_id(version: str, group: str) -> str:
    """Return the id of the form a group answers in a version."""
    return f"{FORM_OF_GROUP[Group(group)]}-{version}"


@lru_cache(maxsize=256)
def stored_questionnaire(body: str) -> Questionnaire:
    """Read a stored questionnaire's body; bodies never change, so each is read once."""
    questionnaire, defects = check_questionnaire(json.loads(body), file="questionnaire_versions")
    if defects:
        raise QuestionnaireInvalid(defects)
    return questionnaire
