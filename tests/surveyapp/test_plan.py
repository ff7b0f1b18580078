"""The plan of Dezhou: loaded once, whole; its page shows planned beside computed, within the scope."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from surveyapp.accounts.models import Role
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.plan.files import MEASURES, SHIPPED, read_plan, shipped_plan
from surveyapp.plan.models import PlanRemark, PlanStep, PlanTarget
from surveyapp.plan.refusals import PlanChanged, PlanFileInvalid
from surveyapp.plan.services import load_plan
from tests.support.results import fill_county
from tests.support.visitors import StaffClient

PLAN = "/staff/plan/dezhou-2023/"
# 德政办字〔2023〕28号,附件3: the lines of 齐河县 and 禹城市 as printed.
QIHE = ("0.50", "0.45", "73.81", "90.48", "100", "100", "100", "100", "100", "100", "100", "100")
YUCHENG = ("0.65", "0.45", "48", "86.15", "67.70", "100", "100", "100", "61.72", "77.61", "70.67", "95.55")


@pytest.fixture
def loaded(database: Database) -> Database:
    load_plan(database, shipped_plan("dezhou-2023"))
    return database


def county_named(database: Database, name: str) -> County:
    with database.reading() as session:
        return session.scalars(select(County).where(County.name == name)).one()


def line_of(page: BeautifulSoup, county: str) -> tuple[list[str], list[str]]:
    """Return a county's planned and computed cells as text."""
    body = next(b for b in page.select("table.plan tbody") if b.find("th").get_text(strip=True).startswith(county))
    planned, computed = body.select("tr.planned td"), body.select("tr.computed td")
    return [c.get_text(" ", strip=True) for c in planned], [c.get_text(" ", strip=True) for c in computed]


def test_the_annexes_are_in_the_tables_as_printed(loaded: Database) -> None:
    with loaded.reading() as session:
        named = select(County.name, PlanTarget.value).join(PlanTarget).order_by(PlanTarget.id)
        lines: dict[str, tuple[str, ...]] = {}
        for name, value in session.execute(named):
            lines[name] = (*lines.get(name, ()), value)
        steps = list(session.scalars(select(PlanStep).order_by(PlanStep.step)))
        remarks = list(session.scalars(select(PlanRemark)))
    assert len(lines) == 12
    assert lines["齐河县"] == QIHE
    assert lines["禹城市"] == YUCHENG
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert steps[6].target_counties == "齐河县(2024年),德城区、禹城市、乐陵市、德州天衢新区(2025年)"
    assert "2025年" in remarks[0].text_says
    assert "2027年" in remarks[0].annex_says


def test_the_counties_have_their_codes(loaded: Database) -> None:
    with loaded.reading() as session:
        codes = dict(session.execute(select(County.name, County.code)).all())
    # Division codes of the Ministry of Civil Affairs; Tianqu is numbered by the statistics offices.
    assert codes["德城区"] == "371402"
    assert codes["禹城市"] == "371482"
    assert codes["德州天衢新区"] == "371471"


def test_loading_again_changes_nothing(loaded: Database) -> None:
    assert load_plan(loaded, shipped_plan("dezhou-2023")) is False
    with loaded.reading() as session:
        assert len(list(session.scalars(select(PlanTarget)))) == 12 * len(MEASURES)


def test_a_plan_takes_over_a_county_that_is_there(database: Database, county: County) -> None:
    load_plan(database, shipped_plan("dezhou-2023"))
    assert county_named(database, "德城区").id == county.id


def edited(folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the plan's folder in which one file differs."""
    copy = folder / "plan"
    shutil.copytree(SHIPPED / "dezhou-2023", copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_another_plan_under_the_same_id_is_refused(loaded: Database, tmp_path: Path) -> None:
    with pytest.raises(PlanChanged):
        load_plan(loaded, read_plan(edited(tmp_path, "targets.csv", "73.81", "74")))


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("targets.csv", "73.81", "七十", "targets.csv:7 class_size"),
        ("targets.csv", "371425", "37142", "targets.csv:7 county_code"),
        ("targets.csv", "371403", "371402", "targets.csv:3 county_code 371402 重复"),
        ("targets.csv", "school_size", "size", "targets.csv:1"),
        ("schedule.csv", "\n3,", "\n4,", "schedule.csv:4 step"),
    ],
)
def test_a_faulty_file_names_the_place(tmp_path: Path, file: str, old: str, new: str, place: str) -> None:
    with pytest.raises(PlanFileInvalid, match=place):
        read_plan(edited(tmp_path, file, old, new))


def test_the_page_shows_targets_computed_figures_and_the_contradiction(
    loaded: Database, staff_client: StaffClient
) -> None:
    fill_county(loaded, county_named(loaded, "齐河县"))
    page = staff_client(Role.CITY_INSPECTOR, "3714").page(PLAN)
    planned, computed = line_of(page, "齐河县")
    assert planned == ["≤0.50", "≤0.45", *(f"{value}%" for value in QIHE[2:])]
    assert len(computed) == len(MEASURES)
    assert all("标" in text or "判定" in text or "未定" in text for text in computed)
    n_reached = sum("已达目标" in text for text in computed)
    assert 0 < n_reached < len(MEASURES)
    assert f"{n_reached}/{len(MEASURES)}项已达目标" in page.get_text()
    _, waiting = line_of(page, "德城区")
    assert len(waiting) == 1
    assert waiting[0] == "尚无学校数据"
    text = page.get_text()
    assert "多学段学校在小学、初中各计一次" in text
    assert "原文不一致" in text
    assert "2028年通过国家验收" in text
    assert len(page.select("table.schedule tbody tr")) == 7


def test_a_county_sees_its_own_line_only(loaded: Database, staff_client: StaffClient) -> None:
    fill_county(loaded, county_named(loaded, "齐河县"))
    page = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").page(PLAN)
    assert [th.get_text(strip=True) for th in page.select("table.plan tbody th.stick")] == ["德城区"]


@pytest.mark.parametrize(
    ("role", "scope"), [(Role.COUNTY_ADMINISTRATOR, "370102"), (Role.CITY_INSPECTOR, "3701")]
)
def test_a_plan_that_concerns_nobody_in_scope_does_not_exist(
    loaded: Database, staff_client: StaffClient, role: Role, scope: str
) -> None:
    client = staff_client(role, scope)
    client.page(PLAN, status=404)
    assert "还没有涉及您辖区的计划" in client.page("/staff/plan/").get_text()
    assert client.get("/staff/plan/no-such-plan/").status_code == 404
