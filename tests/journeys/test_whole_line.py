"""The whole line in a real browser: from an empty county to a seal, and to a verdict that anybody can redo."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from scoring.demo import demo_schools
from scoring.ruleset import load_rule_set
from surveyapp.accounts.models import Role
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.surveys.questionnaires import load_questionnaires, store_questionnaires
from tests.support.browser import CheckAccess, OpenContext
from tests.support.repository import ROOT
from tests.support.schoolfile import filled_in
from tests.support.server import LiveServer
from tests.support.visitors import PASSWORD

pytestmark = pytest.mark.browser

CHINA = timezone(timedelta(hours=8))
OUTCOMES = {0, 10, 11, 12}
TITLE = "德城区家长满意度调查"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of a migrated database: the whole line is walked on both stores."""
    found = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    assert isinstance(found, str)
    return found


class Desk:
    """One member of staff at an office computer, for whom every page they open is checked."""

    def __init__(self, page: Page, server: LiveServer, check_access: CheckAccess) -> None:
        self.page, self.server, self.check_access = page, server, check_access

    def open(self, path: str) -> None:
        """Go to a page and look at it."""
        answer = self.page.goto(f"{self.server.url}/staff{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}\n{self.server.log.read_text()[-3000:]}"
        self.look()

    def look(self) -> None:
        """Check the page that is shown."""
        self.check_access(self.page)

    def press(self, name: str) -> None:
        """Press a button by its words and look at what comes."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()
        self.look()

    def download(self, name: str, into: Path) -> Path:
        """Follow a link that gives a file, and keep the file."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name).first.click()
        waiting.value.save_as(into)
        return into

    def fetch(self, name: str) -> bytes:
        """Return what a link leads to, for what a browser shows itself."""
        href = self.page.get_by_role("link", name=name).first.get_attribute("href")
        answer = self.page.request.get(f"{self.server.url}{href}")
        assert answer.status == 200, f"{href}: {answer.status}"
        return answer.body()

    def sign_in(self, login: str) -> None:
        """Sign in through the real page."""
        self.open("/login")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("口令").fill(PASSWORD)
        self.press("登录")


@pytest.fixture
def desks(
    open_context: OpenContext, live_server: LiveServer, database: Database, county: County, check_access: CheckAccess
) -> tuple[Desk, Desk]:
    """Give the county's administrator and the city's inspector, each at their own computer, signed in."""
    now = datetime.now(UTC)
    store_questionnaires(database, now)
    people = [("decheng", Role.COUNTY_ADMINISTRATOR, county.code), ("dezhou", Role.CITY_INSPECTOR, county.code[:4])]
    signed_in = []
    for login, role, scope in people:
        create_account(database, login, login, role, scope, PASSWORD, None, now)
        page = open_context(viewport={"width": 1440, "height": 900}, accept_downloads=True).new_page()
        desk = Desk(page, live_server, check_access)
        desk.sign_in(login)
        signed_in.append(desk)
    return signed_in[0], signed_in[1]


def import_schools(desk: Desk, code: str, folder: Path) -> int:
    """Download the template, fill it in, upload it; return how many schools there are."""
    desk.open(f"/counties/{code}/schools/")
    template = desk.download("模板", folder / "template.xlsx").read_bytes()
    schools = demo_schools(np.random.default_rng(2026), 12, load_rule_set("national-2017"))
    (folder / "学校.xlsx").write_bytes(filled_in(template, schools))
    desk.page.get_by_label("学校数据文件").set_input_files(folder / "学校.xlsx")
    desk.press("检查并导入")
    expect(desk.page.locator("main")).to_contain_text("学校.xlsx")
    return len(schools)


def create_survey(desk: Desk, code: str) -> str:
    """Create an open survey with targets that were looked at; return its path."""
    now = datetime.now(CHINA)
    desk.open(f"/counties/{code}/surveys/new")
    page = desk.page
    page.get_by_label("调查名称").fill(TITLE)
    page.get_by_label("用途").select_option("self_evaluation")
    page.get_by_label("开始时间").fill((now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("结束时间").fill((now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("常住人口").fill("680000")
    desk.press("重新计算目标")
    # 1.5‰ of 680,000 residents is 1,020, of which parents give half.
    expect(page.get_by_role("row", name="样本总量")).to_contain_text("1020")
    expect(page.get_by_role("row", name="家长").last).to_contain_text("510")
    desk.press("创建调查")
    expect(page.get_by_role("heading", level=1)).to_contain_text(TITLE)
    return page.url.partition("/staff")[2]


def issue_links(desk: Desk, survey: str, n_schools: int, folder: Path) -> str:
    """Issue one parents' link for the county and one per school; return what the county's QR code says."""
    desk.open(f"{survey}links/")
    page = desk.page
    page.locator("#county-parent").check()
    page.locator("#schools-parent").check()
    desk.press("发放所选链接")
    expect(page.get_by_role("status")).to_contain_text(f"{n_schools + 1}")
    row = page.get_by_role("row").filter(has_text="全县").filter(has=page.get_by_role("link", name="PNG"))
    with page.expect_download() as waiting:
        row.get_by_role("link", name="PNG").click()
    waiting.value.save_as(folder / "qr.png")
    picture = Image.open(io.BytesIO((folder / "qr.png").read_bytes())).convert("L")
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return str(found[0].text)


def answer(phone: Page, address: str, check_access: CheckAccess) -> None:
    """Scan, answer, send, and be thanked."""
    form = next(form for form in load_questionnaires() if form.form == "parent")
    phone.goto(address)
    expect(phone.get_by_role("heading", level=1)).to_have_text(TITLE)
    check_access(phone)
    for item in form.items:
        phone.locator(f'label[for="{item.code}-5"]').click()
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("谢谢")
    check_access(phone)


def answer_again(phone: Page, address: str) -> None:
    """Let one more parent answer; fewer than ten answers are not sealed."""
    form = next(form for form in load_questionnaires() if form.form == "parent")
    phone.goto(address)
    for item in form.items:
        phone.locator(f'label[for="{item.code}-4"]').click()
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("谢谢")


def recomputed(dossier: Path) -> bytes:
    """Return what the command line says of a dossier, on a machine that knows nothing of the app."""
    command = [sys.executable, "-m", "scoring", "verdict", str(dossier), "--json"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
    assert done.returncode in OUTCOMES, done.stderr.decode()
    return done.stdout


@pytest.mark.timeout(300)
def test_from_an_empty_county_to_a_verdict_anybody_can_redo(
    desks: tuple[Desk, Desk], phone: Page, county: County, tmp_path: Path, check_access: CheckAccess
) -> None:
    administrator, inspector = desks
    administrator.open("/counties/")
    administrator.open(f"/counties/{county.code}/")
    n_schools = import_schools(administrator, county.code, tmp_path)
    survey = create_survey(administrator, county.code)
    address = issue_links(administrator, survey, n_schools, tmp_path)
    assert address.startswith(f"{administrator.server.url}/s/")
    answer(phone, address, check_access)
    for _ in range(11):
        answer_again(phone, address)

    administrator.open(survey)
    expect(administrator.page.get_by_role("row", name="家长").first).to_contain_text("12")
    assert "%" not in administrator.page.locator("main").inner_text(), "a share was shown before the seal"

    raise_and_dismiss_a_veto(administrator, inspector, county.code)
    judge(inspector, county.code)
    close(inspector, survey)
    phone.goto(address)
    expect(phone.get_by_role("button")).to_have_count(0)
    check_access(phone)

    inspector.open(survey)
    inspector.press("封存并计算结论")
    for heading in ("社会认可度", "差异系数", "各校7项指标", "逐项结论", "复核与下载"):
        expect(inspector.page.get_by_role("heading", name=heading).first).to_be_visible()
    expect(inspector.page.locator("main")).to_contain_text("自评")
    sealed = inspector.fetch("verdict.json")
    public = inspector.download("卷宗公开部分", tmp_path / "public.zip")
    assert recomputed(public) == sealed
    auditors = inspector.download("卷宗审计部分", tmp_path / "auditor.zip")
    assert recomputed(auditors) == sealed
    assert json.loads(inspector.fetch("uncertainty.json"))["format"] == "county-uncertainty/1"

    administrator.open(f"{survey}verdict/")
    expect(administrator.page.get_by_role("link", name="审计部分")).to_have_count(0)
    refused = administrator.page.goto(f"{administrator.server.url}/staff{survey}dossier/auditor.zip")
    assert refused is not None
    assert refused.status == 403
    administrator.look()


def raise_and_dismiss_a_veto(administrator: Desk, inspector: Desk, code: str) -> None:
    """Let the county raise a veto item and the city dismiss it, each with a reason."""
    for desk, button, reason in ((administrator, "提出", "接到群众来信。"), (inspector, "排除", "现场核查,情况不实。")):
        desk.open(f"/counties/{code}/vetoes/")
        item = desk.page.locator("section.item").first
        item.get_by_text("提出、声明或认定").click()
        item.get_by_label("理由").fill(reason)
        item.get_by_role("button", name=button, exact=True).click()
        desk.page.wait_for_load_state()
        desk.look()
        expect(desk.page.locator("section.item").first).to_contain_text(reason)
    expect(administrator.page.get_by_role("button", name="排除")).to_have_count(0)


def judge(inspector: Desk, code: str) -> None:
    """Judge one criterion with its evidence."""
    inspector.open(f"/counties/{code}/criteria/")
    inspector.open(f"/counties/{code}/criteria/2.1")
    inspector.page.get_by_role("combobox", name="判定").first.select_option("met")
    inspector.page.get_by_role("textbox", name="依据").fill("德城区教育布局规划(2024—2030年)。")
    inspector.press("保存")


def close(inspector: Desk, survey: str) -> None:
    """Close the survey before its window ends, with a reason."""
    inspector.open(survey)
    inspector.page.get_by_role("link", name="提前结束").click()
    inspector.look()
    inspector.page.get_by_label("理由").fill("样本已够,提前结束。")
    inspector.press("提前结束调查")
