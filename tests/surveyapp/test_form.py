"""The form as a respondent meets it: named, short, whole without JavaScript, and refused in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.surveys.models import Group, Survey
from surveyapp.surveys.questionnaires import load_questionnaires
from tests.support.factories import MakeCounty, MakeLink, MakeSurvey
from tests.support.visitors import Respondent

FORM_OF = {group: form for form in load_questionnaires() for group in form.groups}


def words(page: BeautifulSoup) -> str:
    """Return everything a page says."""
    return page.get_text(" ", strip=True)


@pytest.mark.parametrize("group", list(Group))
def test_the_form_names_county_survey_school_and_group(
    public_client: Respondent, survey: Survey, make_link: MakeLink, group: Group
) -> None:
    link = make_link(survey, group, cluster="37140201", cluster_name="实验小学")
    page = public_client.page(f"/s/{link.token}")
    said = words(page)
    form = FORM_OF[group.value]
    assert page.h1 is not None
    assert page.h1.get_text(strip=True) == survey.title
    for text in ("德城区", "实验小学", form.title.zh, form.intro.zh):
        assert text in said
    names = {"student": "学生", "parent": "家长", "teacher": "教师", "principal": "校长", "deputy": "人大代表",
             "cppcc": "政协委员", "public": "其他群众"}
    assert f"由{names[group.value]}填写" in said
    assert page.html is not None
    assert page.html["lang"] == "zh-CN"


@pytest.mark.parametrize("group", [Group.STUDENT, Group.PARENT, Group.TEACHER, Group.PRINCIPAL, Group.PUBLIC])
def test_every_item_is_a_group_of_six_radio_buttons_in_the_scale_s_order(
    public_client: Respondent, survey: Survey, make_link: MakeLink, group: Group
) -> None:
    page = public_client.page(f"/s/{make_link(survey, group).token}")
    form = FORM_OF[group.value]
    fieldsets = page.find_all("fieldset")
    assert len(fieldsets) == len(form.items)
    for fieldset, item in zip(fieldsets, form.items, strict=True):
        radios = fieldset.select('input[type="radio"]')
        assert {radio["name"] for radio in radios} == {item.code}
        assert [radio["value"] for radio in radios] == ["5", "4", "3", "2", "1", "0"]
        labels = [page.find("label", {"for": radio["id"]}).get_text() for radio in radios]
        assert labels == [point.label.zh for point in form.scale_of(item)]
        assert item.text.zh in fieldset.legend.get_text()
        assert ("必答" in fieldset.legend.get_text()) is item.overall
        assert not [radio for radio in radios if radio.has_attr("checked")]
        apart = fieldset.select(".dont-know label")
        assert [label.get_text() for label in apart] == ["不了解"]


def test_the_page_says_until_when_and_what_is_not_stored(
    public_client: Respondent, make_survey: MakeSurvey, make_county: MakeCounty, make_link: MakeLink
) -> None:
    """11:30 UTC is 19:30 in the country's time zone."""
    closes = datetime(2099, 11, 30, 11, 30, tzinfo=UTC)
    link = make_link(make_survey(make_county(), closes_at=closes))
    said = words(public_client.page(f"/s/{link.token}"))
    assert "截止时间：2099年11月30日 19:30" in said
    assert "不记录姓名、手机号、网络地址、设备和提交时间" in said


def test_a_demonstration_county_says_so_and_another_does_not(
    public_client: Respondent, make_survey: MakeSurvey, make_county: MakeCounty, make_link: MakeLink
) -> None:
    shown = make_link(make_survey(make_county(code="379901", name="演示县", is_demonstration=True)))
    real = make_link(make_survey(make_county()))
    banner = public_client.page(f"/s/{shown.token}").select_one(".demonstration")
    assert banner is not None
    assert "演示" in banner.get_text()
    assert public_client.page(f"/s/{real.token}").select_one(".demonstration") is None


def test_the_form_needs_no_script_and_gives_every_visitor_another_ticket(public_client: Respondent, link: Link) -> None:
    first, second = (public_client.page(f"/s/{link.token}") for _ in range(2))
    assert not first.find_all("script")
    tickets = {page.select_one('input[name="ticket"]')["value"] for page in (first, second)}
    assert len(tickets) == 2


def test_a_page_with_a_key_is_kept_by_nobody(public_client: Respondent, link: Link) -> None:
    response = public_client.get(f"/s/{link.token}")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)


@pytest.mark.parametrize(("window", "status", "title"), [
    pytest.param({"opens_at": NOW + HOUR, "closes_at": NOW + 2 * HOUR}, 403, "调查还没有开始", id="not yet open"),
    pytest.param({"opens_at": NOW - 2 * HOUR, "closes_at": NOW - HOUR}, 410, "调查已经结束", id="closed"),
    pytest.param({"closed_early_at": NOW - HOUR}, 410, "调查已经结束", id="closed early"),
    pytest.param({"sealed_at": NOW}, 410, "调查已经结束", id="sealed"),
])
def test_outside_the_window_there_is_a_plain_page_of_its_own(
    public_client: Respondent, make_county: MakeCounty, make_survey: MakeSurvey, make_link: MakeLink,
    window: dict[str, datetime], status: int, title: str,
) -> None:
    survey = make_survey(make_county(), **window)
    page = public_client.page(f"/s/{make_link(survey).token}", status)
    assert page.h1 is not None
    assert page.h1.get_text() == title
    assert page.find("form") is None


def test_a_form_that_will_open_says_when(
    public_client: Respondent, make_county: MakeCounty, make_survey: MakeSurvey, make_link: MakeLink
) -> None:
    """00:00 UTC is 8:00 in the country's time zone."""
    opens = datetime(2099, 1, 2, 0, 0, tzinfo=UTC)
    survey = make_survey(make_county(), opens_at=opens, closes_at=opens + HOUR)
    assert "2099年1月2日 08:00" in words(public_client.page(f"/s/{make_link(survey).token}", 403))


def test_a_revoked_link_is_gone(public_client: Respondent, survey: Survey, make_link: MakeLink) -> None:
    page = public_client.page(f"/s/{make_link(survey, revoked_at=NOW).token}", 410)
    assert page.h1 is not None
    assert page.h1.get_text() == "这个链接已经停用"


@pytest.mark.parametrize("token", [
    "x" * 22, "x" * 64, "x" * 65, "x", "%00" * 22, "%F0%9F%98%80" * 6, "' OR 1=1 --' OR 1=1 --", "x" * 4000,
])
def test_an_unknown_link_is_the_same_404_whatever_it_looks_like(
    public_client: Respondent, link: Link, token: str
) -> None:
    response = public_client.get(f"/s/{token}")
    assert response.status_code == 404
    assert response.get_data() == public_client.get("/s/" + "y" * 22).get_data()


def test_revoking_one_link_leaves_the_others(
    public_client: Respondent, database: Database, survey: Survey, make_link: MakeLink
) -> None:
    gone, other = make_link(survey), make_link(survey, Group.TEACHER)
    public_client.page(f"/s/{gone.token}")
    with database.writing() as session:
        session.get_one(Link, gone.id).revoked_at = NOW
    public_client.page(f"/s/{gone.token}", 410)
    public_client.page(f"/s/{other.token}")
