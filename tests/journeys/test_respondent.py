"""A respondent's two minutes in a real browser: on a phone, in the dark, without scripts, with a nervous thumb."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.surveys.questionnaires import load_questionnaires
from tests.support.browser import PHONE, CheckAccess, OpenContext
from tests.support.factories import MakeCounty, MakeLink, MakeSurvey
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

FORM = next(form for form in load_questionnaires() if form.form == "parent")
SMALLEST_TARGET = 44


def answers_stored(database: Database) -> list[str]:
    """Return every stored response's answers."""
    with database.reading() as session:
        return list(session.scalars(select(Response.answers)))


def answer_all(page: Page, code: int = 4) -> str:
    """Choose one answer for every question with a finger on its label, and return what must be stored."""
    for item in FORM.items:
        page.locator(f'label[for="{item.code}-{code}"]').click()
    return str(code) * len(FORM.items)


def send(page: Page) -> None:
    """Press the one button of the form."""
    page.get_by_role("button", name="提交").click()


def receipt(page: Page) -> str:
    """Return the receipt that the page of thanks shows."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("谢谢")
    return page.locator(".receipt .code").inner_text()


def test_an_answer_on_a_phone(
    phone: Page, live_server: LiveServer, link: Link, database: Database, check_access: CheckAccess
) -> None:
    phone.goto(f"{live_server.url}/s/{link.token}")
    for words in ("德城区", link.survey.title, "家长"):
        expect(phone.locator("main")).to_contain_text(words)
    check_access(phone)
    for target in phone.locator("main label, main button").all():
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= SMALLEST_TARGET, target.inner_text()
    chosen = answer_all(phone)
    check_access(phone)
    send(phone)
    first = receipt(phone)
    check_access(phone)
    phone.reload()
    assert receipt(phone) == first
    assert answers_stored(database) == [chosen]


def test_the_form_works_without_scripts_and_without_cookies(
    open_context: OpenContext, live_server: LiveServer, link: Link, database: Database
) -> None:
    context = open_context(viewport=PHONE, is_mobile=True, has_touch=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/s/{link.token}")
    chosen = answer_all(page, 3)
    send(page)
    assert receipt(page)
    assert answers_stored(database) == [chosen]
    assert context.cookies() == []


def test_a_double_tap_gives_one_response_and_one_receipt(
    phone: Page, live_server: LiveServer, link: Link, database: Database
) -> None:
    phone.goto(f"{live_server.url}/s/{link.token}")
    chosen = answer_all(phone)
    phone.get_by_role("button", name="提交").dblclick()
    assert receipt(phone)
    assert answers_stored(database) == [chosen]


def test_the_way_back_shows_no_answer_and_the_first_answer_stands(
    phone: Page, live_server: LiveServer, link: Link, database: Database
) -> None:
    phone.goto(f"{live_server.url}/s/{link.token}")
    chosen = answer_all(phone, 1)
    send(phone)
    receipt(phone)
    phone.go_back()
    expect(phone.get_by_role("button", name="提交")).to_be_visible()
    assert phone.locator("input[type=radio]:checked").count() == 0
    assert answers_stored(database) == [chosen]


def test_a_missing_answer_is_said_where_it_is_missing_and_nothing_typed_is_lost(
    phone: Page, live_server: LiveServer, link: Link, database: Database, check_access: CheckAccess
) -> None:
    phone.goto(f"{live_server.url}/s/{link.token}")
    overall = FORM.items[FORM.overall_index]
    others = [item for item in FORM.items if item is not overall]
    for item in others:
        phone.locator(f'label[for="{item.code}-2"]').click()
    send(phone)
    expect(phone.get_by_role("alert")).to_contain_text(overall.text.zh)
    check_access(phone)
    assert phone.locator("input[type=radio]:checked").count() == len(others)
    assert answers_stored(database) == []
    phone.get_by_role("alert").get_by_role("link").click()
    phone.locator(f'label[for="{overall.code}-5"]').click()
    send(phone)
    receipt(phone)
    expected = "".join("5" if item is overall else "2" for item in FORM.items)
    assert answers_stored(database) == [expected]


def test_the_pages_are_readable_in_the_dark(
    open_context: OpenContext, live_server: LiveServer, link: Link, check_access: CheckAccess
) -> None:
    page = open_context(viewport=PHONE, is_mobile=True, has_touch=True, color_scheme="dark").new_page()
    page.goto(live_server.url)
    check_access(page)
    page.goto(f"{live_server.url}/s/{link.token}")
    check_access(page)
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    check_access(page)
    answer_all(page)
    send(page)
    receipt(page)
    check_access(page)


def test_every_refusal_is_a_plain_page(
    phone: Page,
    live_server: LiveServer,
    county: County,
    make_survey: MakeSurvey,
    make_link: MakeLink,
    check_access: CheckAccess,
) -> None:
    now = datetime.now(UTC)
    later = make_survey(county, opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=2))
    over = make_survey(county, opens_at=now - timedelta(days=2), closes_at=now - timedelta(days=1))
    revoked = make_link(make_survey(county), revoked_at=now)
    tokens = [make_link(later).token, make_link(over).token, revoked.token, "nobody-ever-issued-this"]
    seen = []
    for token in tokens:
        answer = phone.goto(f"{live_server.url}/s/{token}")
        assert answer is not None
        check_access(phone)
        assert phone.get_by_role("button").count() == 0
        seen.append((answer.status, phone.get_by_role("heading", level=1).inner_text()))
    assert [status // 100 for status, _ in seen] == [4, 4, 4, 4]
    assert len({heading for _, heading in seen}) == len(tokens)


def test_the_demonstration_says_what_it_is(
    phone: Page,
    live_server: LiveServer,
    make_county: MakeCounty,
    make_survey: MakeSurvey,
    make_link: MakeLink,
    check_access: CheckAccess,
) -> None:
    county = make_county("379901", "演示县", city="演示市", is_demonstration=True)
    link = make_link(make_survey(county))
    phone.goto(f"{live_server.url}/s/{link.token}")
    expect(phone.get_by_role("complementary")).to_contain_text("演示")
    check_access(phone)
