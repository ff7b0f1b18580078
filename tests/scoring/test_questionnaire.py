"""Questionnaires as data: what one must say, and what it must not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from scoring.demo_questionnaires import demo_questionnaires
from scoring.errors import DossierError
from scoring.questionnaire import GROUPS, Form
from scoring.questionnaire_file import (
    check_questionnaire,
    parse_questionnaires,
    questionnaire_bytes,
    questionnaire_sha256,
    questionnaires_bytes,
)

SET = demo_questionnaires()


def parent() -> dict[str, Any]:
    """Return the parents' form as plain values."""
    form: dict[str, Any] = json.loads(questionnaire_bytes(SET.questionnaires[1]))
    return form


def defects_of(data: object) -> list[tuple[str | None, str]]:
    with pytest.raises(DossierError) as caught:
        parse_questionnaires(data if isinstance(data, bytes) else json.dumps(data).encode())
    assert all(d.file == "questionnaires.json" for d in caught.value.defects)
    return [(d.column, d.en) for d in caught.value.defects]


def test_written_and_read_again() -> None:
    data = questionnaires_bytes(SET.questionnaires)
    assert parse_questionnaires(data) == SET
    assert questionnaires_bytes(parse_questionnaires(data).questionnaires) == data


def test_one_questionnaire_is_read_from_plain_values() -> None:
    assert check_questionnaire(parent(), file="parent.toml") == (SET.questionnaires[1], ())


def test_every_group_finds_its_form() -> None:
    forms = {g.value: form.form.value for g in GROUPS if (form := SET.for_group(g))}
    assert forms == {
        "student": "student",
        "parent": "parent",
        "teacher": "teacher",
        "principal": "principal",
        "deputy": "social",
        "cppcc": "social",
        "public": "social",
    }
    assert SET.for_group("nobody") is None
    assert SET.for_form(Form.SOCIAL) is SET.questionnaires[4]


def test_the_hash_is_that_of_the_content_and_not_of_its_order() -> None:
    turned = dict(reversed(list(parent().items())))
    read, _ = check_questionnaire(turned, file="x")
    assert questionnaire_sha256(read) == questionnaire_sha256(SET.questionnaires[1])


@pytest.mark.parametrize(
    ("change", "column", "message"),
    [
        pytest.param(lambda q: q.pop("intro"), "[0].intro", "missing", id="no introduction"),
        pytest.param(lambda q: q["title"].update(en=""), "[0].title.en", "not empty", id="empty English title"),
        pytest.param(lambda q: q.update(colour="red"), "[0].colour", "unknown key", id="unknown key"),
        pytest.param(lambda q: q["items"][0].update(hint="x"), "[0].items[q01].hint", "unknown", id="unknown item key"),
        pytest.param(lambda q: q.update(form="pupil"), "[0].form", "must be one of", id="unknown form"),
        pytest.param(lambda q: q.update(id="parent-2026.2-demo"), "[0].id", "form-version", id="id of another version"),
        pytest.param(lambda q: q.update(groups=["pupil"]), "[0].groups", "unknown group", id="unknown group"),
        pytest.param(lambda q: q.update(groups=["parent", "parent"]), "[0].groups", "twice", id="group twice"),
        pytest.param(lambda q: q["scale"].pop(), "[0].scale", "5, 4, 3, 2, 1, 0", id="scale without 不了解"),
        pytest.param(lambda q: q["scale"].reverse(), "[0].scale", "5, 4, 3, 2, 1, 0", id="scale upside down"),
        pytest.param(lambda q: q["scale"][0].update(code=6), "[0].scale[0].code", "between 0 and 5", id="code 6"),
        pytest.param(lambda q: q["items"][5].update(overall=False), "[0].items", "overall", id="no overall item"),
        pytest.param(lambda q: q["items"][0].update(overall=True), "[0].items", "overall", id="two overall items"),
        pytest.param(lambda q: q["items"][4].update(reversed=False), "[0].items", "reversed", id="no reversed item"),
        pytest.param(lambda q: q["items"][0].update(reversed=True), "[0].items", "reversed", id="two reversed items"),
        pytest.param(
            lambda q: q["items"][0].update(reversed="no"), "[0].items[q01].reversed", "true", id="text as flag"
        ),
        pytest.param(lambda q: q["items"][1].update(code="q01"), "[0].items", "differ", id="item code twice"),
        pytest.param(lambda q: q["items"].reverse(), "[0].items", "in order", id="items out of order"),
        pytest.param(lambda q: q["items"][0].update(code="1"), "[0].items[1].code", "two digits", id="strange code"),
        pytest.param(
            lambda q: q["items"][0].update(topic="公平"), "[0].items[q01].topic", "letters", id="topic in words"
        ),
        pytest.param(lambda q: q.update(items=[]), "[0].items", "list of tables", id="no items"),
    ],
)
def test_defects_are_named_by_key(change: Callable[[dict[str, Any]], object], column: str, message: str) -> None:
    form = parent()
    change(form)
    found = defects_of([form])
    assert any(c == column and message in en for c, en in found), found


def test_the_overall_item_must_not_be_reversed() -> None:
    form = parent()
    form["items"][4]["reversed"], form["items"][5]["reversed"] = False, True
    assert defects_of([form]) == [
        ("[0].items", "questionnaires.json, [0].items: the overall item must not be reversed.")
    ]


def test_all_defects_are_named_at_once() -> None:
    form = parent()
    del form["intro"], form["items"][5]
    form["version"] = 3
    assert [column for column, _ in defects_of([form])] == [
        "[0].version",
        "[0].intro",
        "[0].intro.zh",
        "[0].intro.en",
        "[0].id",
        "[0].items",
    ]


def test_forms_and_groups_occur_once() -> None:
    form = parent()
    assert [en for _, en in defects_of([form, form])] == [
        "questionnaires.json, form: form parent occurs more than once.",
        "questionnaires.json, groups: group parent is served by more than one form.",
    ]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{}", b"[]", b"[1]", b"[" * 100_000])
def test_what_is_no_list_of_questionnaires(data: bytes) -> None:
    assert [column for column, _ in defects_of(data)] == [None]
