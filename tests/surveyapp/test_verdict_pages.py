"""The verdict's pages: the sentence first, the whole tree, the tables, and nothing anybody may not see."""

from __future__ import annotations

import json
import re
import secrets
import shlex
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from surveyapp.accounts.models import Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County, VetoAct
from surveyapp.db import Database
from surveyapp.responses.models import Response
from surveyapp.results.models import SealedDossier
from surveyapp.results.services import seal
from surveyapp.surveys.models import Survey
from tests.support.factories import MakeCounty, MakeSurvey
from tests.support.results import answer, fill_county
from tests.support.visitors import PASSWORD, StaffClient


@pytest.fixture
def inspector(database: Database) -> StaffMember:
    now = datetime.now(UTC)
    account = create_account(database, "sealer", "市督导", Role.CITY_INSPECTOR, "3714", PASSWORD, None, now)
    return StaffMember(account, "sealer", "市督导", Role.CITY_INSPECTOR, "3714")


@pytest.fixture
def sealed(database: Database, county: County, make_survey: MakeSurvey, inspector: StaffMember) -> Survey:
    fill_county(database, county)
    ended = datetime.now(UTC) - timedelta(minutes=1)
    survey = make_survey(county, closes_at=ended, opens_at=ended - timedelta(days=3))
    answer(database, survey, 400)
    seal(database, survey.id, inspector, secrets.token_bytes)
    return survey


@pytest.fixture
def page(sealed: Survey, staff_client: StaffClient) -> BeautifulSoup:
    return staff_client(Role.CITY_INSPECTOR, "3714").page(f"/staff/surveys/{sealed.id}/verdict/")


def verdict_json(database: Database, survey: Survey) -> dict[str, object]:
    with database.reading() as session:
        content = json.loads(session.get_one(SealedDossier, survey.id).verdict)
    assert isinstance(content, dict)
    return content


def flat(tree: dict[str, object]) -> list[dict[str, object]]:
    children = tree["children"]
    assert isinstance(children, list)
    return [tree, *(finding for child in children for finding in flat(child))]


def test_outcome_and_purpose_stand_in_the_first_sentence(page: BeautifulSoup) -> None:
    heading = page.find("h1")
    assert heading is not None
    assert re.fullmatch(r"德城区2026年义务教育优质均衡发展自评结论：(未达到标准|尚不能判定)。", heading.get_text())
    assert "认定属于国家" in page.select_one("header.outcome").get_text()


def test_every_finding_that_is_not_met_or_open_is_on_the_page(
    database: Database, sealed: Survey, page: BeautifulSoup
) -> None:
    tree = verdict_json(database, sealed)["tree"]
    assert isinstance(tree, dict)
    open_findings = [
        f for f in flat(tree)[1:] if f["outcome"] in ("not_met", "undecided") and f["combinator"] != "informational"
    ]
    assert len(open_findings) > 5
    for finding in open_findings:
        node = page.find(id="f-" + str(finding["code"]).replace("/", "-"))
        assert node is not None, finding["code"]
        text = node.get_text()
        for reason in finding["reasons"]:  # type: ignore[attr-defined]
            assert reason["zh"] in text
        for unit in finding["units"]:  # type: ignore[attr-defined]
            assert unit in text


def test_branches_are_open_where_something_fails_and_closed_where_nothing_does(page: BeautifulSoup) -> None:
    domains = page.select("ul.tree > li")
    assert [li["id"] for li in domains] == ["f-0", "f-1", "f-2", "f-3", "f-4", "f-5"]
    for li in domains:
        details = li.find("details", recursive=False)
        if details is not None:
            failing = "is-met-side" not in li["class"]
            assert details.has_attr("open") == failing, li["id"]


def test_the_fourteen_coefficients_stand_in_tables_and_on_strips(page: BeautifulSoup) -> None:
    section = page.find("section", attrs={"aria-labelledby": "coefficients"})
    rows = section.select("tbody tr")
    assert len(rows) == 14
    strips = section.select("svg.strip")
    assert len(strips) == 2
    drawn = [text for svg in strips for text in svg.get_text(" ").split() if re.fullmatch(r"0\.\d{3}", text)]
    listed = [row.select("td")[0].get_text(strip=True) for row in rows]
    assert drawn == [value for value in listed if value != "–"]
    assert not section.select("[style]")


def test_the_school_table_has_a_sign_and_a_word_in_every_cell(page: BeautifulSoup) -> None:
    cells = page.select("table.heat td.cell")
    rows = page.select("table.heat tbody tr")
    assert len(cells) == 7 * len(rows)
    for cell in cells:
        assert cell.select_one(".sign").get_text(strip=True) in {"✓", "△", "✕", "?"}
        assert cell.select_one(".sr").get_text(strip=True)


def test_the_school_table_is_filtered_by_the_address(sealed: Survey, staff_client: StaffClient) -> None:
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    address = f"/staff/surveys/{sealed.id}/verdict/"

    def outcomes(query: str) -> list[str]:
        rows = client.page(address + query).select("table.heat tbody tr")
        return [row.select_one(".mark").get_text(strip=True)[-3:] for row in rows]

    everything, failing = outcomes(""), outcomes("?schools=failing")
    assert set(failing) == {"未达标"}
    assert len(failing) == everything.count("未达标") < len(everything)
    assert outcomes("?schools=nonsense") == everything


def test_a_school_has_a_page_that_leads_back_to_its_figures(
    database: Database, sealed: Survey, staff_client: StaffClient
) -> None:
    client = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    school = client.page(f"/staff/surveys/{sealed.id}/verdict/schools/Y0001/")
    reported = {dt.get_text(): dt.find_next("dd").get_text(" ", strip=True) for dt in school.select("dl.reported dt")}
    assert reported["学校代码"] == "Y0001"
    assert reported["小学学生数"].endswith("人")
    assert "schools.csv 第2行" in school.get_text()
    client.page(f"/staff/surveys/{sealed.id}/verdict/schools/nobody/", status=404)


def test_recognition_shows_alternatives_coverage_and_hides_small_groups(page: BeautifulSoup) -> None:
    section = page.find("section", attrs={"aria-labelledby": "recognition"})
    groups = {row.th.get_text(): [td.get_text(strip=True) for td in row.select("td")]
              for row in section.select('[aria-labelledby="coverage"] tbody tr')}  # fmt: skip
    assert list(groups) == ["学生", "家长", "教师", "校长", "人大代表", "政协委员", "其他群众"]
    alternatives = section.select('[aria-labelledby="alternatives"] tbody tr')
    assert len(alternatives) == 6
    assert len(section.select('[aria-labelledby="alternatives"] .now')) == 1
    assert len(section.select('[aria-labelledby="flips"] tbody tr')) == 4
    assert "不是概率抽样" in section.get_text()
    # 400 answers: a share of a group that came to fewer than ten of one kind is not printed on its own.
    assert "不单独公布" in section.get_text()


def test_verdict_json_is_byte_for_byte_what_was_sealed(
    database: Database, sealed: Survey, staff_client: StaffClient
) -> None:
    answered = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").get(f"/staff/surveys/{sealed.id}/verdict/verdict.json")
    with database.reading() as session:
        assert answered.get_data() == session.get_one(SealedDossier, sealed.id).verdict
    assert answered.mimetype == "application/json"


def test_the_page_names_the_hash_and_a_command_that_exists(
    database: Database, sealed: Survey, page: BeautifulSoup
) -> None:
    with database.reading() as session:
        assert session.get_one(SealedDossier, sealed.id).dossier_sha256 in page.get_text()
    command = shlex.split(page.select_one("pre.command").get_text())
    assert command[:4] == ["python", "-m", "scoring", "verdict"]
    assert command[-1] == "--json"


def test_intervals_and_robustness_are_for_auditors(sealed: Survey, staff_client: StaffClient) -> None:
    address = f"/staff/surveys/{sealed.id}/verdict/uncertainty.json"
    assert staff_client(Role.COUNTY_ADMINISTRATOR, "371402").get(address).status_code == 403
    assert staff_client(Role.PROVINCE_INSPECTOR, "37").get(address).status_code == 200


def test_a_county_is_offered_the_public_part_only(sealed: Survey, staff_client: StaffClient) -> None:
    seen = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").page(f"/staff/surveys/{sealed.id}/verdict/")
    targets = {str(a["href"]).rsplit("/", 1)[-1] for a in seen.select("section a.button")}
    assert targets == {"verdict.json", "public.zip"}


@pytest.mark.parametrize("path", ["verdict/", "verdict/verdict.json", "verdict/schools/Y0001/"])
def test_foreign_counties_do_not_exist(sealed: Survey, staff_client: StaffClient, path: str) -> None:
    for role, scope in ((Role.COUNTY_ADMINISTRATOR, "371403"), (Role.CITY_INSPECTOR, "3701")):
        assert staff_client(role, scope).get(f"/staff/surveys/{sealed.id}/{path}").status_code == 404


def test_a_sealed_verdict_does_not_move_with_what_is_entered_later(
    database: Database, county: County, sealed: Survey, staff_client: StaffClient
) -> None:
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    address = f"/staff/surveys/{sealed.id}/verdict/"
    before = client.page(address).find("h1").get_text()
    with database.writing() as session:
        session.add(VetoAct(county_id=county.id, year=2026, code="5.1", state="confirmed", level="city", reason="后来",
                            acted_at=datetime.now(UTC), acted_by="x"))  # fmt: skip
        for response in session.scalars(select(Response)):
            session.delete(response)
    assert client.page(address).find("h1").get_text() == before
    assert client.page(f"/staff/counties/{county.code}/verdict/preliminary/").find("h1").get_text() != before


def test_a_verdict_that_this_program_computes_otherwise_says_so(
    database: Database, sealed: Survey, staff_client: StaffClient
) -> None:
    with database.writing() as session:
        frozen = session.get_one(SealedDossier, sealed.id)
        frozen.verdict = re.sub(rb'("scoring_version":)"[^"]*"', rb'\1"0.0.1"', frozen.verdict)
    shown = staff_client(Role.CITY_INSPECTOR, "3714").page(f"/staff/surveys/{sealed.id}/verdict/")
    assert "与封存时的结论文件不一致" in shown.get_text()
    assert "同一版本的计分程序（0.0.1）" in shown.get_text()


def test_before_a_seal_the_county_has_a_preliminary_page_without_recognition(
    database: Database, county: County, make_survey: MakeSurvey, staff_client: StaffClient
) -> None:
    fill_county(database, county)
    survey = make_survey(county)
    answer(database, survey, 300)
    client = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    answered = client.get(f"/staff/counties/{county.code}/verdict/")
    assert answered.location.endswith(f"/staff/counties/{county.code}/verdict/preliminary/?year=2026")
    shown = client.page(f"/staff/counties/{county.code}/verdict/preliminary/")
    text = shown.get_text()
    assert "这不是结论" in text
    assert "没有已封存的调查" in text
    # No answer share exists for anybody before the seal: not the survey's, of 300 answers, nor any other.
    recognition = shown.find("section", attrs={"aria-labelledby": "recognition"}).get_text()
    assert "%" not in recognition
    assert "300" not in recognition


def test_after_a_seal_the_county_leads_to_its_verdict(sealed: Survey, staff_client: StaffClient) -> None:
    answered = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").get("/staff/counties/371402/verdict/")
    assert answered.location.endswith(f"/staff/surveys/{sealed.id}/verdict/")


# Purposes in the order they were sealed, and which of them speaks for the county.
@pytest.mark.parametrize(
    ("sealed_in_turn", "speaks"),
    [
        (["self_evaluation", "rehearsal"], 0),
        (["rehearsal", "self_evaluation"], 1),
        (["review", "self_evaluation", "rehearsal"], 0),
        (["provincial_evaluation", "review"], 0),
        (["rehearsal", "rehearsal"], 1),
    ],
)
def test_a_rehearsal_never_replaces_what_was_done_in_earnest(
    database: Database, county: County, make_survey: MakeSurvey, inspector: StaffMember, staff_client: StaffClient,
    sealed_in_turn: list[str], speaks: int,
) -> None:  # fmt: skip
    fill_county(database, county)
    words = {"self_evaluation": "自评", "rehearsal": "演练", "review": "复核", "provincial_evaluation": "省级评估"}
    ended = datetime.now(UTC) - timedelta(minutes=1)
    surveys = []
    for n, purpose in enumerate(sealed_in_turn):
        opens = ended - timedelta(days=3, hours=-n)
        surveys.append(make_survey(county, purpose=purpose, title=f"第{n}次", opens_at=opens, closes_at=ended))
        seal(database, surveys[n].id, inspector, secrets.token_bytes)
    # One of the year before counts for nothing in this one.
    before = make_survey(county, purpose="provincial_evaluation", year=2025, opens_at=opens, closes_at=ended)
    seal(database, before.id, inspector, secrets.token_bytes)
    client, expected = staff_client(Role.CITY_INSPECTOR, "3714"), f"/staff/surveys/{surveys[speaks].id}/verdict/"
    assert client.get("/staff/counties/371402/verdict/?year=2026").location.endswith(expected)
    board = client.page("/staff/counties/371402/?year=2026")
    assert board.select(f'ol.steps a[href="{expected}"]')
    facts = {group.dt.get_text(): group.dd.get_text() for group in board.select("dl.facts > div")}  # type: ignore[union-attr]
    cell = client.page("/staff/counties/?year=2026").select('tbody td[data-label="封存结论"]')[0].get_text()
    own = client.page(f"/staff/surveys/{surveys[speaks].id}/").select("section[aria-labelledby=sealed] .mark")[0]
    for shown in (facts["封存结论"], cell):
        assert shown == f"{own.get_text()} {words[sealed_in_turn[speaks]]}"


def test_a_county_without_any_data_has_a_page_that_says_what_is_missing(
    county: County, staff_client: StaffClient
) -> None:
    shown = staff_client(Role.COUNTY_ADMINISTRATOR, "371402").page("/staff/counties/371402/verdict/preliminary/")
    assert "尚不能判定" in shown.find("h1").get_text()
    assert "没有可以计算差异系数的学校数据" in shown.get_text()


def test_every_page_of_a_demonstration_county_says_so(
    database: Database, make_county: MakeCounty, staff_client: StaffClient
) -> None:
    county = make_county("371499", "演示县", is_demonstration=True)
    fill_county(database, county)
    client = staff_client(Role.CITY_INSPECTOR, "3714")
    for path in ("verdict/preliminary/", "verdict/preliminary/schools/Y0001/"):
        assert "演示" in client.page(f"/staff/counties/371499/{path}").select_one(".demonstration").get_text()
