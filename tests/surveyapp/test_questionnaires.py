"""The five forms say what the method asks of them, and a stored version never changes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from scoring.questionnaire import Bilingual, Questionnaire
from surveyapp.db import Database
from surveyapp.surveys.models import Group, QuestionnaireVersion
from surveyapp.surveys.questionnaires import (
    LEGAL_TOPICS,
    SHIPPED,
    QuestionnaireChanged,
    QuestionnaireInvalid,
    load_questionnaires,
    parse_questionnaire,
    questionnaire_id,
    store_questionnaires,
    stored_questionnaire,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FORMS = load_questionnaires()
BY_FORM = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)

# Method §1: the scale and its labels.
SCALE = [(5, "非常满意"), (4, "满意"), (3, "基本满意"), (2, "不满意"), (1, "非常不满意"), (0, "不了解")]


def test_there_is_one_form_for_each_kind_of_group() -> None:
    """Issue 2: student, parent, teacher, principal, and one for deputies, CPPCC members and the public."""
    assert {form.id for form in FORMS} == {
        "student-2026.1", "parent-2026.1", "teacher-2026.1", "principal-2026.1", "social-2026.1",
    }
    served = [group.value for form in FORMS for group in form.groups]
    assert sorted(served) == sorted(group.value for group in Group)


@BY_FORM
def test_a_form_has_the_method_s_scale_and_8_to_12_items(form: Questionnaire) -> None:
    assert [(point.code, point.label.zh) for point in form.scale] == SCALE
    assert [point.code for point in form.reversed_scale] == [5, 4, 3, 2, 1, 0]
    assert 8 <= len(form.items) <= 12
    assert sum(item.reversed for item in form.items) == 1
    assert sum(item.overall for item in form.items) == 1
    assert {item.topic for item in form.items} >= LEGAL_TOPICS


@BY_FORM
def test_every_text_exists_in_both_languages(form: Questionnaire) -> None:
    labels = [point.label for point in (*form.scale, *form.reversed_scale)]
    for text in (form.title, form.intro, *labels, *(item.text for item in form.items)):
        assert re.search("[\u4e00-\u9fff]", text.zh), text
        assert re.search("[A-Za-z]", text.en), text
        assert not re.search("[\u4e00-\u9fff]", text.en), text
        assert not re.search("[,;:?!()]", text.zh), f"half-width punctuation in Chinese: {text.zh}"


@BY_FORM
def test_no_item_asks_the_same_as_another(form: Questionnaire) -> None:
    for language in ("zh", "en"):
        texts = [getattr(item.text, language) for item in form.items]
        assert len(set(texts)) == len(texts)


def test_the_pupils_form_is_short_enough_for_a_nine_year_old() -> None:
    form = next(form for form in FORMS if form.id == "student-2026.1")
    # The offices' words that adults' forms use and a third-grader has not met.
    for word in ("均衡", "义务教育", "办学", "德育", "素质", "课业", "督导", "您"):
        assert all(word not in text for text in (form.intro.zh, *(item.text.zh for item in form.items))), word
    assert max(len(item.text.zh) for item in form.items) <= 24


def broken(change: tuple[str, str], form: str = "parent") -> bytes:
    """Return a shipped file with one passage replaced."""
    text = (SHIPPED / f"{form}-2026.1.toml").read_text()
    assert change[0] in text
    return text.replace(*change, 1).encode()


@pytest.mark.parametrize(("change", "expected"), [
    pytest.param(('id = "parent-2026.1"', 'id = "parent-2026.2"'), "id: must be form-version", id="id"),
    pytest.param(('groups = ["parent"]', 'groups = ["teacher"]'), "answered by parent", id="groups"),
    pytest.param(("code = 5", "code = 4"), "codes must be 5, 4, 3, 2, 1, 0", id="scale"),
    pytest.param(("reversed = true", "reversed = false"), "exactly one item must be reversed", id="no reversed"),
    pytest.param(("reversed = false", "reversed = true"), "exactly one item must be reversed", id="two reversed"),
    pytest.param(("overall = true", "overall = false"), "exactly one item must be the overall one", id="no overall"),
    pytest.param(('"evaluation_reform"', '"quality"'), "nothing is asked about evaluation_reform", id="topic gone"),
    pytest.param(('"evaluation_reform"', '"weather"'), "unknown topic weather", id="topic unknown"),
    pytest.param(('topic = "overall"', 'topic = "quality"'), "only it, has topic overall", id="overall elsewhere"),
    pytest.param(("[[reversed_scale]]", "[[other_scale]]"), "unknown key", id="key unknown"),
    pytest.param(('text.zh = "教师的教学水平"', 'text.zh = ""'), "not empty", id="text empty"),
    pytest.param(('code = "q01"', 'code = "q02"'), "item codes must differ", id="code twice"),
    pytest.param(('title = {', 'title = '), "not TOML", id="not TOML"),
])
def test_a_form_that_is_wrong_is_refused_with_its_place(change: tuple[str, str], expected: str) -> None:
    with pytest.raises(QuestionnaireInvalid) as refused:
        parse_questionnaire(broken(change), "parent-2026.1.toml")
    assert expected in str(refused.value)
    assert all(defect.file == "parent-2026.1.toml" for defect in refused.value.defects)


@pytest.mark.parametrize(("n_items", "fits"), [(7, False), (8, True), (12, True), (13, False)])
def test_a_form_has_8_to_12_items(n_items: int, fits: bool) -> None:
    """Both sides of both limits; what else such a cut form lacks is named too, and is not looked at here."""
    head, *items = (SHIPPED / "social-2026.1.toml").read_text().split("[[items]]")
    cut = [*(items[:-1] * 2)[: n_items - 1], items[-1]]
    numbered = [re.sub('code = "q..', f'code = "q{n:02d}', item) for n, item in enumerate(cut, 1)]
    refusal = refusal_of("[[items]]".join([head, *numbered]).encode())
    assert (f"{n_items} items, expected 8–12" in refusal) is not fits


def refusal_of(data: bytes) -> str:
    """Return what a form is refused for; nothing where it is not."""
    try:
        parse_questionnaire(data, "social-2026.1.toml")
    except QuestionnaireInvalid as refused:
        return str(refused)
    return ""


def stored(database: Database) -> int:
    """Count the stored versions."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(QuestionnaireVersion)) or 0


def test_storing_twice_stores_once(database: Database) -> None:
    store_questionnaires(database, NOW)
    store_questionnaires(database, datetime(2027, 1, 1, tzinfo=UTC))
    assert stored(database) == 5
    with database.reading() as session:
        assert set(session.scalars(select(QuestionnaireVersion.stored_at))) == {NOW}


def test_a_changed_version_is_refused_and_nothing_of_the_offer_is_stored(database: Database) -> None:
    store_questionnaires(database, NOW)
    parent = next(form for form in FORMS if form.id == "parent-2026.1")
    later = replace(parent, id="parent-2026.2", version="2026.2")
    changed = replace(parent, title=Bilingual("家长问卷表", parent.title.en))
    with pytest.raises(QuestionnaireChanged, match=r"parent-2026\.1"):
        store_questionnaires(database, NOW, [later, changed])
    assert stored(database) == 5
    with database.reading() as session:
        assert stored_questionnaire(session.get_one(QuestionnaireVersion, parent.id).body) == parent


@pytest.mark.parametrize("group", list(Group))
def test_each_group_reads_back_the_form_it_answers(database: Database, group: Group) -> None:
    store_questionnaires(database, NOW)
    with database.reading() as session:
        row = session.get_one(QuestionnaireVersion, questionnaire_id("2026.1", group.value))
    found = stored_questionnaire(row.body)
    assert found == next(form for form in FORMS if group.value in form.groups)
    assert found.id == row.id
