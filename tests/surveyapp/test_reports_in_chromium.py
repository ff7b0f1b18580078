"""The verdict's and the plan's pages in a real browser, on a desk and on a phone."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from surveyapp.accounts.models import Role
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.demo import Demonstration, Size, load_demonstration
from surveyapp.installation import prepare
from tests.support.browser import CheckAccess
from tests.support.results import fill_county
from tests.support.server import LiveServer, StartServer
from tests.support.visitors import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def demonstration(sqlite_database: Database) -> Demonstration:
    prepare(sqlite_database, random.Random(1))
    now = datetime.now(UTC)
    create_account(sqlite_database, "watcher", "省督导", Role.PROVINCE_INSPECTOR, "37", PASSWORD, None, now)
    return load_demonstration(sqlite_database, random.Random(2), lambda share: None, Size(14, 400))


@pytest.fixture
def server(demonstration: Demonstration, sqlite_database: Database, start_server: StartServer) -> LiveServer:
    return start_server(sqlite_database)


def signed_in(page: Page, server: LiveServer) -> None:
    page.goto(f"{server.url}/staff/login")
    page.fill("input[name=login]", "watcher")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")


@pytest.mark.parametrize("screen", ["phone", "desk"])
def test_every_page_of_results_is_accessible_and_fits_the_screen(
    request: pytest.FixtureRequest, screen: str, server: LiveServer, demonstration: Demonstration,
    sqlite_database: Database, check_access: CheckAccess,
) -> None:  # fmt: skip
    with sqlite_database.reading() as session:
        qihe = session.scalars(select(County).where(County.code == "371425")).one()
    fill_county(sqlite_database, qihe)
    page: Page = request.getfixturevalue(screen)
    signed_in(page, server)
    verdict = f"/surveys/{demonstration.sealed_survey_id}/verdict/"
    for path in (
        verdict,
        f"{verdict}?schools=failing",
        f"{verdict}schools/Y0001/",
        "/counties/379901/verdict/preliminary/",
        "/counties/371402/verdict/",
        "/plan/",
        "/plan/dezhou-2023/",
    ):
        page.goto(f"{server.url}/staff{path}")
        check_access(page)


def test_what_fails_is_read_without_a_click_and_what_passes_with_one(
    desk: Page, server: LiveServer, demonstration: Demonstration
) -> None:
    signed_in(desk, server)
    desk.goto(f"{server.url}/staff/surveys/{demonstration.sealed_survey_id}/verdict/")
    failing = desk.locator("[id='f-1.schools'] .finding.is-not-met-side .leaf .grounds").first
    assert failing.is_visible()
    folded = desk.locator("#passing-schools > details > ul")
    assert folded.is_hidden()
    desk.click("#passing-schools > details > summary")
    assert folded.is_visible()
    folded.locator("a").first.click()
    assert "/verdict/schools/" in desk.url
