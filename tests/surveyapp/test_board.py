"""The pages that join everything: where each county stands, what to do next, counts and nothing but counts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import update

from surveyapp.accounts.models import Role
from surveyapp.accounts.policy import GRANTED, permission_of
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County, VetoAct
from surveyapp.db import Database
from surveyapp.frame import bar
from surveyapp.responses.models import Response
from surveyapp.surveys.models import Group, Survey, SurveyGroup
from tests.support.browser import CheckAccess, OpenContext
from tests.support.factories import MakeCounty, MakeLink, MakeSurvey
from tests.support.results import answer, fill_county
from tests.support.server import LiveServer
from tests.support.signed_in import as_account
from tests.support.visitors import PASSWORD, StaffClient

OWN = "/staff/counties/371402/?year=2026"


def steps(page: BeautifulSoup) -> dict[str, str]:
    """Return each step of a county's page: its title and its state."""
    found = page.select("ol.steps > li")
    return {step.select("strong")[0].get_text(): step.select(".mark")[0].get_text(" ", strip=True) for step in found}


def next_step(page: BeautifulSoup) -> str | None:
    found = page.select("ol.steps > li.next strong")
    return found[0].get_text() if found else None


def test_an_untouched_county_says_where_to_begin(staff_client: StaffClient, county: County) -> None:
    administrator = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    page = administrator.page(OWN)
    assert next_step(page) == "学校数据"
    assert set(steps(page).values()) == {"○ 待办"}
    assert administrator.get("/staff/").headers["Location"].endswith("/staff/counties/371402/")
    # An operator can do none of it, and is not told to.
    assert next_step(staff_client(Role.OPERATOR, "").page(OWN)) is None


def test_the_next_step_is_the_first_the_reader_can_do(
    staff_client: StaffClient, database: Database, county: County, make_survey: MakeSurvey
) -> None:
    now = datetime.now(UTC)
    said = [(f"5.{n}", "absent") for n in range(1, 7)] + [("5.1", "raised")]
    with database.writing() as session:
        session.add_all(
            VetoAct(county_id=county.id, year=2026, code=code, state=state, level="county", reason="来信",
                    acted_at=now + timedelta(seconds=n), acted_by="x") for n, (code, state) in enumerate(said)
        )  # fmt: skip
    administrator, city = staff_client(Role.COUNTY_ADMINISTRATOR, "371402"), staff_client(Role.CITY_INSPECTOR, "3714")
    assert steps(city.page(OWN))["否决事项"] == "● 进行中"
    assert "1 项待市级或省级认定" in city.page(OWN).get_text()
    survey = make_survey(county)
    assert steps(administrator.page(OWN))["满意度调查"] == "● 进行中"
    with database.writing() as session:
        session.execute(update(Survey).where(Survey.id == survey.id).values(closed_early_at=now - timedelta(hours=1)))
    page = city.page(OWN)
    assert steps(page)["满意度调查"] == "✓ 已完成"
    assert page.select(f'ol.steps a[href="/staff/surveys/{survey.id}/"]')
    assert "去封存" in page.get_text()


def test_the_list_counts_real_counties_and_marks_the_demonstration(
    staff_client: StaffClient, database: Database, make_county: MakeCounty, make_survey: MakeSurvey
) -> None:
    real, shown = make_county("371402", "德城区"), make_county("371499", "演示县", is_demonstration=True)
    fill_county(database, real)
    fill_county(database, shown)
    survey = make_survey(real)
    answer(database, survey, 30)
    page = staff_client(Role.CITY_INSPECTOR, "3714").page("/staff/counties/?year=2026")
    rows = {row.select("th a")[0].get_text(): row.get_text(" ", strip=True) for row in page.select("tbody tr")}
    assert "演示" in rows["演示县"]
    assert "12 所" in rows["德城区"]
    assert "30" in rows["德城区"]
    assert "进行中" in rows["德城区"]
    figures = {group.dt.get_text(): group.dd.get_text() for group in page.select("dl.facts > div")}  # type: ignore[union-attr]
    assert (figures["县区"], figures["已导入学校数据"], figures["调查进行中"]) == ("1", "1", "1")
    banner = staff_client(Role.COUNTY_ADMINISTRATOR, "371499").page("/staff/counties/371499/")
    assert "都是虚构的" in banner.select(".demonstration")[0].get_text()


def test_progress_is_counted_by_group_against_its_target(
    staff_client: StaffClient, database: Database, county: County, make_survey: MakeSurvey, make_link: MakeLink
) -> None:
    survey = make_survey(county)
    with database.writing() as session:
        for group, target in ((Group.PARENT, 3), (Group.TEACHER, 4)):
            session.get_one(SurveyGroup, (survey.id, group.value)).target = target
    counts = {"实验小学": (Group.PARENT, 2), "第二小学": (Group.PARENT, 1), "实验中学": (Group.TEACHER, 1),
              "无声小学": (Group.STUDENT, 0)}  # fmt: skip
    for place, (group, n) in counts.items():
        link = make_link(survey, group, cluster=place, cluster_name=place)
        with database.writing() as session:
            form = f"{group.value}-{survey.questionnaire_version}"
            session.add_all(
                Response(id=f"{place}{k}".encode().ljust(16)[:16], survey_id=survey.id, link_id=link.id,
                         questionnaire_id=form, answers="5", flags="", voided=False) for k in range(n)
            )  # fmt: skip
    page = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").page(f"/staff/surveys/{survey.id}/")
    tables = page.select("table")
    groups = {row.th.get_text(): row.get_text(" ", strip=True) for row in tables[0].select("tbody tr")}  # type: ignore[union-attr]
    assert groups["家长"].endswith("✓ 已达目标")
    assert groups["教师"].endswith("还差 3 份")
    places = {row.th.get_text(" ", strip=True): row.get_text(" ", strip=True) for row in tables[1].select("tbody tr")}  # type: ignore[union-attr]
    assert places["实验小学"] == "实验小学 · 2 · · · · ·"
    assert "尚无答卷" in places["无声小学 尚无答卷"]


def test_bars_show_shares_of_a_hundred_and_fill_only_when_reached() -> None:
    assert [(bar(n, 200).width, bar(n, 200).full) for n in (0, 1, 199, 200, 500)] == [
        (0, False), (0, False), (99, False), (100, True), (100, True)]  # fmt: skip
    assert (bar(5, None).width, bar(5, None).full, bar(0, 0).full) == (0, False, True)


TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')


@pytest.mark.parametrize("role", Role, ids=str)
def test_before_the_seal_no_page_depends_on_what_was_answered(
    staff_app: Flask, database: Database, county: County, make_survey: MakeSurvey, role: Role
) -> None:
    """Ask for every page of an open survey and its county, turn every answer round, and ask again: byte for byte."""
    fill_county(database, county)
    survey = make_survey(county)
    answer(database, survey, 80)
    scope = {Role.OPERATOR: "", Role.PROVINCE_INSPECTOR: "37", Role.CITY_INSPECTOR: "3714"}.get(role, "371402")
    account = create_account(database, "reader", "读者", role, scope, PASSWORD, None, datetime.now(UTC))
    staff_app.testing = False

    def crawl() -> dict[str, tuple[int, str]]:
        pages = {}
        values = {"code": "371402", "survey_id": survey.id, "version": 1, "criterion_code": "2.1", "school": "Y0001",
                  "link_id": 1}  # fmt: skip
        for rule in staff_app.url_map.iter_rules():
            readable = "GET" in (rule.methods or set()) and permission_of(staff_app, rule.endpoint) in GRANTED[role]
            if readable and rule.arguments and rule.arguments <= set(values) and rule.endpoint != "counties.template":
                client = as_account(staff_app, database, account)
                given = {name: value for name, value in values.items() if name in rule.arguments}
                address = staff_app.url_map.bind("localhost").build(rule.endpoint, given)
                found = client.get(address)
                pages[address] = found.status_code, TOKEN.sub("", found.get_data().decode("latin-1"))
                found.close()
        return pages

    before = crawl()
    assert sum(status == 200 for status, _ in before.values()) >= 10
    with database.writing() as session:
        session.execute(update(Response).values(answers="1111111111"))
    assert crawl() == before


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_the_back_office_is_readable_by_everyone_on_phone_and_desk(
    live_server: LiveServer, open_context: OpenContext, check_access: CheckAccess, make_county: MakeCounty,
    make_survey: MakeSurvey, width: int,
) -> None:  # fmt: skip
    database = live_server.database
    county = make_county()
    make_county(name="乐陵市")
    fill_county(database, county)
    survey = make_survey(county)
    answer(database, survey, 60)
    now = datetime.now(UTC)
    for role, scope in ((Role.COUNTY_ADMINISTRATOR, "371402"), (Role.CITY_INSPECTOR, "3714"), (Role.OPERATOR, "")):
        create_account(database, f"r-{role.value}", "读者", role, scope, PASSWORD, None, now)
        page = open_context(viewport={"width": width, "height": 900}).new_page()
        sign_in(page, live_server.url, f"r-{role.value}", check_access)
        for path in (
            "/staff/counties/", "/staff/counties/371402/", "/staff/counties/371402/schools/",
            "/staff/counties/371402/criteria/", "/staff/counties/371402/criteria/3.9",
            "/staff/counties/371402/vetoes/", f"/staff/surveys/{survey.id}/", "/staff/account/",
            *(["/staff/audit/"] if role is not Role.COUNTY_ADMINISTRATOR else []),
            *(["/staff/accounts/"] if role is Role.OPERATOR else []),
        ):  # fmt: skip
            page.goto(live_server.url + path)
            check_access(page)


def sign_in(page: Page, url: str, login: str, check_access: CheckAccess) -> None:
    page.goto(f"{url}/staff/login")
    check_access(page)
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main button")
    assert page.url.endswith(("/staff/counties/", "/staff/counties/371402/"))
