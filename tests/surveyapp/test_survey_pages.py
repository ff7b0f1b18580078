"""The pages of surveys and links: targets before anything is stored, errors at their fields, counts and no shares."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
import zxingcpp
from bs4 import BeautifulSoup
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from scoring.ruleset import load_rule_set
from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.counties.models import County, SchoolRecord
from surveyapp.db import Database
from surveyapp.links.models import Link
from surveyapp.responses.models import Response
from surveyapp.responses.queries import counts_by_group
from surveyapp.surveys.models import Group, Survey, SurveyGroup
from surveyapp.surveys.pages import small_group_return
from surveyapp.surveys.questionnaires import store_questionnaires
from tests.support.factories import MakeCounty, MakeLink, MakeSurvey, current_questionnaire_version
from tests.support.results import answer, fill_county
from tests.support.visitors import PUBLIC_URL, StaffClient, Visitor, parsed

CHINA = timezone(timedelta(hours=8))
NEW_PATH = "/staff/counties/371402/surveys/new"


@pytest.fixture
def county(make_county: MakeCounty) -> County:
    """Give a county of as many residents as the published example has."""
    return make_county(residents=500_000)


@pytest.fixture
def administrator(county: County, staff_client: StaffClient) -> Visitor:
    return staff_client(Role.COUNTY_ADMINISTRATOR, county.code)


@pytest.fixture
def inspector(county: County, staff_client: StaffClient) -> Visitor:
    return staff_client(Role.CITY_INSPECTOR, county.code[:4])


@pytest.fixture
def stored(database: Database) -> None:
    store_questionnaires(database, datetime.now(UTC))


def local(when: datetime) -> str:
    return when.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")


def typed(**changed: str) -> dict[str, str]:
    """Return what an administrator types, with some of it changed."""
    now = datetime.now(UTC)
    fields = {
        "title": "德城区2026年满意度调查", "purpose": "self_evaluation", "year": "2026",
        "opens_at": local(now + timedelta(days=1)), "closes_at": local(now + timedelta(days=5)),
        "version": current_questionnaire_version(), "residents": "500000", "sampled": "y",
        "principal": "60", "deputy": "40", "cppcc": "30",
    }  # fmt: skip
    return fields | changed


def send(client: Visitor, data: dict[str, str]) -> TestResponse:
    forms = client.page(NEW_PATH).find_all("form")
    form = next(form for form in forms if "surveys/new" in str(form.get("action")))
    csrf = str(form.find("input", {"name": "csrf_token"})["value"])
    return client.post(str(form["action"]), data=data | {"csrf_token": csrf})


def post(client: Visitor, page: str, path: str, data: dict[str, object] | None = None) -> TestResponse:
    """Post with the protection of a page's own form, whatever else its address says."""
    forms = [form for form in client.page(page).find_all("form") if str(form.get("action")).partition("?")[0] == path]
    csrf = str(forms[0].find("input", {"name": "csrf_token"})["value"])
    return client.post(str(forms[0]["action"]), data={"csrf_token": csrf} | (data or {}))


def table(page: BeautifulSoup, caption: str) -> dict[str, list[str]]:
    """Return a table's body by the words of its row headers."""
    found = [each for each in page.find_all("table") if each.caption and each.caption.get_text().startswith(caption)]
    assert len(found) == 1
    return {
        row.th.get_text(" ", strip=True): [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
        for row in found[0].select("tbody tr, tfoot tr")
    }


def n_surveys(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(Survey)).one()


def test_the_form_comes_filled_in_with_what_is_known(administrator: Visitor, stored: None) -> None:
    page = administrator.page(NEW_PATH)
    assert page.find("input", {"name": "residents"})["value"] == "500000"
    assert [option["value"] for option in page.select("select[name=version] option")] == ["2026.1"]
    opens = page.find("input", {"name": "opens_at"})
    assert opens["type"] == "datetime-local"
    assert datetime.strptime(str(opens["value"]), "%Y-%m-%dT%H:%M").astimezone(CHINA) > datetime.now(UTC)
    # 1.5‰ of the 500,000 residents on file is 750.
    assert table(page, "各类对象的目标份数")["样本总量"][-1] == "750"


def test_how_much_of_a_small_group_is_asked_is_the_rule_sets_own_figure(administrator: Visitor, stored: None) -> None:
    # 70 % is the return of the earlier round, which the rule set carries; half of it is 35 %.
    rules = load_rule_set("national-2017")
    assert "最多要求其 70%，不足部分由家长补足" in administrator.page(NEW_PATH).get_text()
    other = replace(rules, parameters=replace(rules.parameters, small_group_return=Fraction(7, 20)))
    assert small_group_return(other) == "35%"


def test_the_preview_shows_the_targets_of_the_published_example(
    administrator: Visitor, database: Database, stored: None
) -> None:
    answered = send(administrator, typed(preview="1"))
    assert answered.status_code == 200
    rows = table(parsed(answered), "各类对象的目标份数")
    # 500,000 residents × 1.5‰ = 750; half to the parents, the rest shared by six; 70 % of 60, 40 and 30 people
    # are 42, 28 and 21, and the 21 + 34 + 41 that these cannot give move to the parents: 375 + 96 = 471.
    assert {name: cells[-1] for name, cells in rows.items()} == {
        "学生": "63", "家长": "471", "教师": "63", "校长": "42", "人大代表": "28", "政协委员": "21", "其他群众": "62",
        "样本总量": "750",
    }  # fmt: skip
    assert rows["家长"][3] == "+96"
    assert rows["校长"][:4] == ["60", "63", "42", "-21"]
    assert n_surveys(database) == 0


def test_a_created_survey_shows_its_window_in_local_time_and_its_targets(
    administrator: Visitor, database: Database, stored: None
) -> None:
    answered = send(administrator, typed(opens_at="2027-03-01T08:00", closes_at="2027-03-05T18:00"))
    assert answered.status_code == 303
    with database.reading() as session:
        survey = session.scalars(select(Survey)).one()
    assert survey.opens_at == datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
    assert survey.closes_at == datetime(2027, 3, 5, 10, 0, tzinfo=UTC)
    page = administrator.page(str(answered.headers["Location"]))
    text = page.find("main").get_text(" ", strip=True)
    assert "2027年3月1日 08:00" in text
    assert "2027年3月5日 18:00" in text
    assert "未开始" in page.find("h1").get_text()
    assert "还没有有效的链接" in text
    assert table(page, "各类对象已收份数与目标")["家长"][2] == "471"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "请填写调查名称"),
        ("title", "   ", "请填写调查名称"),
        ("title", "字" * 81, "不超过 80 个字"),
        ("title", "甲\x00乙", "不能显示的字符"),
        ("purpose", "", "请选择用途"),
        ("purpose", "recognition", ""),
        ("year", "2016", "2017 至 2099"),
        ("year", "2100", "2017 至 2099"),
        ("opens_at", "", "请填写开始时间"),
        ("opens_at", "0001-01-01T00:00", "请核对年份"),
        ("closes_at", "9999-12-31T23:59", "请核对年份"),
        ("closes_at", "昨天", ""),
        ("closes_at", "2026-01-01T08:00", "至少要比开始时间晚 1 小时"),
        ("closes_at", "2031-01-01T08:00", "不能超过 1 年"),
        ("opens_at", "2026-10-01T08:00", "最多可以早于现在 1 天"),
        ("version", "1999.1", ""),
        ("residents", "0", "1 至 100000000"),
        ("residents", "100000001", "1 至 100000000"),
        ("residents", "五十万", ""),
        ("residents", "1", "不能少于系统登记的常住人口 500000 人"),
        ("residents", "499999", "不能少于系统登记的常住人口 500000 人"),
        ("principal", "-1", "1 至 100000000"),
        ("principal", "0", "1 至 100000000"),
        ("parent", "0", "1 至 100000000"),
    ],
)
def test_what_will_not_do_is_said_at_its_field_and_above_and_everything_typed_is_kept(
    administrator: Visitor, database: Database, stored: None, field: str, value: str, words: str
) -> None:
    for extra in ({}, {"preview": "1"}):
        answered = send(administrator, typed(**{field: value}, **extra))
        assert answered.status_code == 422
        page = parsed(answered)
        entry = page.find(["input", "select"], {"name": field})
        error = page.find(id=f"{field}-error")
        assert error is not None, "no error at the field"
        assert words in error.get_text()
        assert entry["aria-invalid"] == "true"
        assert f"{field}-error" in entry["aria-describedby"]
        assert page.select(f'[role=alert] a[href="#{field}"]'), "not named in the summary"
        assert page.find("input", {"name": "deputy"})["value"] == "40"
        if entry.name == "input" and "\x00" not in value:
            assert entry["value"] == value
    assert n_surveys(database) == 0


def test_a_form_sent_twice_makes_one_survey_and_says_which_there_is(
    administrator: Visitor, database: Database, stored: None
) -> None:
    fields = typed()
    assert send(administrator, fields).status_code == 303
    again = send(administrator, fields)
    assert again.status_code == 422
    assert "已有同用途、同时间的调查“德城区2026年满意度调查”" in parsed(again).find(id="title-error").get_text()
    assert n_surveys(database) == 1


def test_full_width_digits_are_digits(administrator: Visitor, database: Database, stored: None) -> None:
    assert send(administrator, typed(residents="５０００００")).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Survey)).one().residents == 500_000


def test_without_residents_or_versions_the_form_says_what_is_missing(
    make_county: MakeCounty, staff_client: StaffClient
) -> None:
    make_county(residents=None)
    page = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").page(NEW_PATH)
    text = page.find("main").get_text()
    assert "还不能计算目标" in text
    assert "还没有入库的问卷版本" in text


def test_progress_shows_counts_against_targets_and_no_share_of_any_answer(
    administrator: Visitor, database: Database, survey: Survey, county: County
) -> None:
    fill_county(database, county)
    answer(database, survey, 400)
    with database.writing() as session:
        session.get_one(SurveyGroup, (survey.id, "parent")).target = 1_000
        session.get_one(SurveyGroup, (survey.id, "deputy")).target = None
    with database.reading() as session:
        counts = counts_by_group(session, survey.id)
    page = administrator.page(f"/staff/surveys/{survey.id}/")
    rows = table(page, "各类对象已收份数与目标")
    parents = counts["parent"]
    assert 0 < parents < 1_000
    assert rows["家长"][1:3] == [str(parents), "1000"]
    assert rows["家长"][-1].endswith(f"还差 {1_000 - parents} 份")
    assert "已达目标" in rows["学生"][-1]
    assert "没有目标" in rows["人大代表"][-1]
    main = page.find("main").get_text(" ")
    assert "%" not in main
    assert "‰" not in main


def test_no_page_before_the_seal_says_anything_of_what_was_answered(
    inspector: Visitor, administrator: Visitor, database: Database, survey: Survey, county: County
) -> None:
    fill_county(database, county)
    answer(database, survey, 200)
    paths = ["/staff/counties/", "/staff/counties/371402/", f"/staff/surveys/{survey.id}/",
             f"/staff/surveys/{survey.id}/links/", "/staff/counties/371402/verdict/preliminary/?year=2026"]  # fmt: skip
    clients = (inspector, administrator)
    before = [str(client.page(path).find("main")) for client in clients for path in paths]
    with database.writing() as session:
        for response in session.scalars(select(Response)):
            response.answers = response.answers.translate(str.maketrans("12345", "54321"))
    after = [str(client.page(path).find("main")) for client in clients for path in paths]
    csrf = re.compile(r'(name="csrf_token"[^>]*value=")[^"]*')
    assert [csrf.sub(r"\1", text) for text in after] == [csrf.sub(r"\1", text) for text in before]


def test_small_named_groups_are_counted_for_the_county_as_a_whole_only(
    administrator: Visitor, database: Database, survey: Survey, make_link: MakeLink
) -> None:
    make_link(survey, Group.PARENT, cluster="3714020001", cluster_name="第一小学")
    make_link(survey, Group.PRINCIPAL, cluster="3714020001", cluster_name="第一小学")
    rows = table(administrator.page(f"/staff/surveys/{survey.id}/"), "按学校和对象的已收份数")
    school = next(cells for name, cells in rows.items() if name.startswith("第一小学"))
    wide = next(cells for name, cells in rows.items() if name.startswith("全县"))
    assert school == ["·", "0", "·", "·", "·", "·", "·"]
    assert wide == ["·", "·", "·", "0", "·", "·", "·"]


def test_links_are_issued_for_all_schools_or_for_chosen_ones_and_only_once(
    administrator: Visitor, database: Database, survey: Survey, county: County
) -> None:
    path = f"/staff/surveys/{survey.id}/links/"
    assert "先导入学校数据" in administrator.page(path).find("main").get_text()
    file = fill_county(database, county)
    with database.reading() as session:
        found = select(SchoolRecord.school_code).where(SchoolRecord.school_file_id == file.id)
        codes = sorted(session.scalars(found))

    def links() -> list[tuple[str, str]]:
        with database.reading() as session:
            return sorted((link.group_code, link.cluster) for link in session.scalars(select(Link)))

    chosen: dict[str, object] = {"county": ["parent"], "schools": ["teacher"], "school": [codes[0], codes[2], "强加"]}
    assert post(administrator, path, path, chosen).status_code == 303
    few = [("parent", ""), ("teacher", codes[0]), ("teacher", codes[2])]
    assert links() == few
    everywhere: dict[str, object] = {"county": ["parent"], "schools": ["teacher", "principal", "nobody"]}
    assert post(administrator, path, path, everywhere).status_code == 303
    assert links() == [("parent", "")] + [("teacher", code) for code in codes]
    page = administrator.page(path)
    assert f"有效 {len(codes) + 1} 个" in page.find("main").get_text()
    assert post(administrator, path, path, everywhere).status_code == 303
    assert "没有发放新的链接" in administrator.page(path).find("main").get_text()
    assert len(links()) == len(codes) + 1


def test_a_long_list_of_links_comes_in_pages_and_by_group(
    administrator: Visitor, survey: Survey, make_link: MakeLink
) -> None:
    for n in range(101):
        make_link(survey, cluster=f"{n:010d}", cluster_name=f"第{n}小学")
    make_link(survey, Group.TEACHER)
    path = f"/staff/surveys/{survey.id}/links/"
    first, second = (administrator.page(f"{path}?page={n}").select("td.address") for n in (1, 2))
    assert (len(first), len(second)) == (100, 2)
    for odd in ("0", "-1", "x", "9" * 5000):
        assert len(administrator.page(f"{path}?page={odd}").select("td.address")) == 100
    assert len(administrator.page(f"{path}?group=teacher").select("td.address")) == 1
    assert len(administrator.page(f"{path}?group=cppcc").select("td.address")) == 0
    last = administrator.page(f"{path}?page=999")
    assert len(last.select("td.address")) == 2
    assert last.find("a", rel="prev") is not None
    assert last.find("a", rel="next") is None


def test_every_address_on_the_page_and_in_the_codes_is_the_configured_one(
    administrator: Visitor, link: Link
) -> None:
    path = f"/staff/surveys/{link.survey_id}/links/"
    address = f"{PUBLIC_URL}/s/{link.token}"
    page = administrator.page(path)
    assert [cell.get_text(strip=True) for cell in page.select("td.address")] == [address]
    assert "只有本机能打开" in page.find("main").get_text()
    (href,) = [str(a["href"]) for a in page.find_all("a") if str(a["href"]).endswith(".png")]
    for headers in ({}, {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        answered = administrator.get(href, headers=headers)
        if answered.status_code != 200:
            continue  # a session's cookie does not follow to another host
        (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answered.get_data())).convert("L"))
        assert code.text == address
    picture = administrator.get(href)
    assert picture.mimetype == "image/png"
    disposition = picture.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert link.token not in disposition
    drawing = administrator.get(href.replace(".png", ".svg"))
    assert drawing.mimetype == "image/svg+xml"
    assert drawing.headers["Content-Disposition"].startswith("attachment")
    assert read_paths(drawing.get_data(as_text=True)) == address


def read_paths(svg: str) -> str:
    """Read the code an SVG draws as unit squares, without a browser: mark each square's cell and decode."""
    side = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
    squares = re.findall(r"M([\d.]+),([\d.]+)H([\d.]+)", svg)
    unit = float(squares[0][2]) - float(squares[0][0])
    cells, scale = round(side / unit), 8
    picture = Image.new("L", (cells * scale, cells * scale), 255)
    for left, top, _ in squares:
        x, y = round(float(left) / unit) * scale, round(float(top) / unit) * scale
        picture.paste(0, (x, y, x + scale, y + scale))
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def test_revoking_on_the_page_ends_the_form_for_the_public(
    administrator: Visitor, visitor: Visitor, link: Link
) -> None:
    path = f"/staff/surveys/{link.survey_id}/links/"
    answered = post(administrator, f"{path}?group=parent", f"/staff/links/{link.id}/revoke")
    assert answered.headers["Location"].endswith(f"{path}?group=parent&page=1")
    assert visitor.get(f"/s/{link.token}").status_code == 410
    page = administrator.page(path)
    assert "已停用" in page.select_one("td .mark").get_text()
    assert not [form for form in page.find_all("form") if "revoke" in str(form.get("action"))]


def test_before_the_seal_inspectors_are_told_which_figures_the_county_typed(
    inspector: Visitor, administrator: Visitor, stored: None
) -> None:
    # 1.5‰ of 510,000 residents is 765.
    path = str(send(administrator, typed(residents="510000")).headers["Location"])
    page = inspector.page(path)
    (told,) = [each.get_text() for each in page.select("p.inset") if "由县级填报，请核对" in each.get_text()]
    assert all(figure in told for figure in ("510,000 人", "系统登记 500,000 人", "合计 765 份")), told
    assert table(page, "各类对象已收份数与目标")["校长"][0] == "60"
    assert "由县级填报" not in administrator.page(path).get_text()


def test_an_inspector_closes_early_with_a_reason_and_then_may_seal(
    inspector: Visitor, administrator: Visitor, database: Database, survey: Survey
) -> None:
    own, path = f"/staff/surveys/{survey.id}/", f"/staff/surveys/{survey.id}/close"
    assert "提前结束…" not in administrator.page(own).get_text()
    refused = post(inspector, path, path, {"reason": "  "})
    assert refused.status_code == 422
    assert "请写明理由" in parsed(refused).find(id="reason-error").get_text()
    assert post(inspector, path, path, {"reason": "样本已收齐"}).status_code == 303
    page = inspector.page(own)
    assert "已结束" in page.find("h1").get_text()
    assert [form for form in page.find_all("form") if str(form["action"]).endswith("/seal")]
    waiting = administrator.page(own)
    assert "等待市级或省级封存" in waiting.get_text()
    assert not [form for form in waiting.find_all("form") if str(form["action"]).endswith("/seal")]
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "survey_closed_early")).one()
    assert (entry.login, entry.detail) == ("city-inspector-3714", "样本已收齐")
    again = post(inspector, path, path, {"reason": "再来一次"})
    assert again.status_code == 303
    assert "不能提前结束" in inspector.page(own).get_text()


def test_a_closed_survey_offers_no_links_and_a_foreign_one_nothing_at_all(
    database: Database, county: County, make_survey: MakeSurvey, make_link: MakeLink, staff_client: StaffClient,
) -> None:  # fmt: skip
    ended = datetime.now(UTC) - timedelta(minutes=1)
    survey = make_survey(county, opens_at=ended - timedelta(days=3), closes_at=ended)
    link = make_link(survey)
    own = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    assert own.page(f"/staff/surveys/{survey.id}/links/").find("input", {"name": "county"}) is None
    neighbour = staff_client(Role.COUNTY_ADMINISTRATOR, "371403")
    paths = [f"/staff/surveys/{survey.id}/", f"/staff/surveys/{survey.id}/links/", f"/staff/links/{link.id}.png",
             f"/staff/links/{link.id}.svg", NEW_PATH, f"/staff/surveys/{2**31 - 1}/"]
    unknown = neighbour.page(f"/staff/surveys/{survey.id + 1}/", 404).get_text()
    for path in paths:
        assert neighbour.page(path, 404).get_text() == unknown, path
    for number in (2**31, 2**63, 10**30):
        own.page(f"/staff/surveys/{number}/", 404)
        own.page(f"/staff/links/{number}.svg", 404)


def test_what_no_store_can_hold_is_a_bad_request_and_not_a_fault_of_ours(administrator: Visitor) -> None:
    assert administrator.get("/staff/counties/3714%0002/").status_code in (400, 404)


@pytest.mark.parametrize(
    ("role", "scope", "prepares", "closes"),
    [
        (Role.COUNTY_ADMINISTRATOR, "371402", True, False),
        (Role.CITY_INSPECTOR, "3714", False, True),
        (Role.PROVINCE_INSPECTOR, "37", False, True),
        (Role.OPERATOR, "", False, False),
    ],
)
def test_who_may_do_what_with_a_survey(
    link: Link, staff_client: Callable[[Role, str], Visitor], role: Role, scope: str, prepares: bool, closes: bool
) -> None:
    client, survey = staff_client(role, scope), f"/staff/surveys/{link.survey_id}/"
    for path in (survey, f"{survey}links/"):
        assert client.get(path).status_code == 200
    for kind in ("png", "svg"):
        assert client.get(f"/staff/links/{link.id}.{kind}").status_code == 200
    assert client.get(NEW_PATH).status_code == (200 if prepares else 403)
    assert client.get(f"{survey}close").status_code == (200 if closes else 403)
    csrf = str(client.page(survey).find("input", {"name": "csrf_token"})["value"])
    for path, may in [
        (NEW_PATH, prepares), (f"{survey}links/", prepares), (f"/staff/links/{link.id}/revoke", prepares),
        (f"{survey}close", closes),
    ]:  # fmt: skip
        status = client.post(path, data={"csrf_token": csrf}).status_code
        assert (status == 403) is not may, f"{path}: {status}"
        assert client.post(path).status_code in ({400} if may else {400, 403}), f"{path} without protection"
