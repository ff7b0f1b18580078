"""Criteria proposed by the county and judged above it; veto items that only those above decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from scoring.dossier import read_dossier, write_dossier
from scoring.findings import Outcome
from scoring.ruleset import load_rule_set
from scoring.vetoes import VetoState as Standing
from surveyapp.accounts.models import AuditEntry, Role
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.services import create_account
from surveyapp.counties.models import County, VetoState
from surveyapp.counties.queries import judgements_of, veto_acts_of
from surveyapp.counties.refusals import (
    CriterionUnknown,
    JudgementRefused,
    NothingEntered,
    ReasonMissing,
    ReasonRefused,
    VetoActOutOfPlace,
)
from surveyapp.counties.services import Entry, act_on_veto, judge
from surveyapp.counties.standing import CriterionStanding, criteria_standings, n_given, veto_standings
from surveyapp.db import Database
from surveyapp.results.dossier import dossier_without_survey
from tests.support.results import fill_county
from tests.support.visitors import PASSWORD, StaffClient, Visitor, parsed

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
YEAR = 2026
RULES = load_rule_set("national-2017")
RAISED, ABSENT, CONFIRMED, DISMISSED = VetoState.RAISED, VetoState.ABSENT, VetoState.CONFIRMED, VetoState.DISMISSED


@pytest.fixture
def members(database: Database) -> dict[str, StaffMember]:
    made = {}
    for name, role, scope in (
        ("county", Role.COUNTY_ADMINISTRATOR, "371402"),
        ("city", Role.CITY_INSPECTOR, "3714"),
        ("province", Role.PROVINCE_INSPECTOR, "37"),
    ):
        identity = create_account(database, f"a-{name}", name, role, scope, PASSWORD, None, NOW)
        made[name] = StaffMember(identity, f"a-{name}", name, role, scope)
    return made


def standing(database: Database, county: County, code: str) -> CriterionStanding:
    with database.reading() as session:
        found = criteria_standings(judgements_of(session, county.id, YEAR), [], RULES)
    return next(each for each in found if each.indicator.code == code)


def veto_of(database: Database, county: County, code: str = "5.3") -> Standing:
    with database.reading() as session:
        found = veto_standings(veto_acts_of(session, county.id, YEAR), RULES)
    return next(each.standing.state for each in found if each.indicator.code == code)


# Criteria.


def test_the_highest_level_counts_then_the_latest(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    said = [("county", "met"), ("province", "not_met"), ("city", "met"), ("county", "met")]
    for n, (who, judgement) in enumerate(said):
        at = NOW + timedelta(minutes=n)
        judge(database, county, YEAR, "2.1", [Entry("", "", judgement)], "依据", members[who], at)
    found = standing(database, county, "2.1")
    assert found.finding.outcome is Outcome.NOT_MET
    assert [row.level for row in found.entries if row.id in found.counting] == ["province"]
    judge(database, county, YEAR, "2.1", [Entry("", "", "met")], "", members["province"], NOW + timedelta(hours=1))
    assert standing(database, county, "2.1").finding.outcome is Outcome.MET


def test_a_figure_is_enough_and_a_judgement_can_only_hold_it_back(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    judge(database, county, YEAR, "3.1", [Entry("", " 97.2 ", "")], "学籍", members["county"], NOW)
    found = standing(database, county, "3.1")
    assert (found.finding.outcome, found.finding.actual) == (Outcome.MET, "97.2")
    judge(database, county, YEAR, "3.1", [Entry("", "", "not_met")], "台账不实", members["city"], NOW)
    assert standing(database, county, "3.1").finding.outcome is Outcome.NOT_MET


def test_parts_are_entered_together_or_apart(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    both = [Entry("rotation", "10", ""), Entry("backbone", "", "")]
    judge(database, county, YEAR, "2.11", both, "", members["county"], NOW)
    assert standing(database, county, "2.11").given is False
    judge(database, county, YEAR, "2.11", [Entry("backbone", "20", "")], "", members["county"], NOW)
    found = standing(database, county, "2.11")
    assert (found.given, found.finding.outcome, len(found.entries)) == (True, Outcome.MET, 2)


def test_what_cannot_be_said_is_refused_part_by_part_and_nothing_is_kept(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    entries = [Entry("rotation", "120", ""), Entry("backbone", "很多", "")]
    with pytest.raises(JudgementRefused) as caught:
        judge(database, county, YEAR, "2.11", entries, "", members["county"], NOW)
    assert [part for part, _ in caught.value.defects] == ["rotation", "backbone"]
    with pytest.raises(NothingEntered):
        judge(database, county, YEAR, "2.1", [Entry("", " ", "")], "只有依据", members["county"], NOW)
    with pytest.raises(JudgementRefused):
        judge(database, county, YEAR, "9.9", [Entry("", "", "met")], "", members["county"], NOW)
    assert standing(database, county, "2.11").entries == ()


def test_given_counts_every_part_and_what_the_school_file_answers(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    def given(*, has_schools: bool = False) -> int:
        with database.reading() as session:
            return n_given(judgements_of(session, county.id, YEAR), has_schools, RULES)

    assert (given(), given(has_schools=True)) == (0, 3)  # 2.3, 2.4 and 2.5 are computed from the school file
    said = [("2.1", Entry("", "", "met"), 1), ("0", Entry("", "", "met"), 1), ("2.11", Entry("rotation", "12", ""), 1),
            ("2.11", Entry("backbone", "20", ""), 2), ("3.9", Entry("chinese/level", "3", ""), 3)]  # fmt: skip
    for code, entry, n in said:
        judge(database, county, YEAR, code, [entry], "", members["county"], NOW)
        assert given() == n, (code, entry)


def test_every_entry_is_on_record_and_cannot_be_changed(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    judge(database, county, YEAR, "2.1", [Entry("", "", "met")], "依据", members["county"], NOW)
    with database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "judged"))
    assert (entry.login, entry.county_code, entry.subject) == ("a-county", "371402", "2026 2.1")
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text("UPDATE judgements SET judgement = 'not_met'"))
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text("DELETE FROM judgements"))


# Veto items: what was said → who says what now → whether it is taken, and where the item stands then.

ACTS = [
    ([], ("county", ABSENT), Standing.ABSENT),
    ([], ("county", RAISED), Standing.RAISED),
    ([], ("county", CONFIRMED), None),
    ([], ("county", DISMISSED), None),
    ([], ("city", DISMISSED), None),
    ([("county", ABSENT)], ("city", DISMISSED), None),
    ([("county", ABSENT)], ("city", RAISED), Standing.RAISED),
    ([("city", ABSENT)], ("county", RAISED), Standing.RAISED),
    ([("county", RAISED)], ("county", ABSENT), None),
    ([("county", RAISED)], ("city", ABSENT), None),
    ([("county", RAISED)], ("city", CONFIRMED), Standing.CONFIRMED),
    ([("county", RAISED)], ("city", DISMISSED), Standing.DISMISSED),
    ([("county", RAISED), ("city", CONFIRMED)], ("county", RAISED), None),
    ([("county", RAISED), ("city", CONFIRMED)], ("county", DISMISSED), None),
    ([("county", RAISED), ("city", CONFIRMED)], ("province", DISMISSED), Standing.DISMISSED),
    ([("county", RAISED), ("province", CONFIRMED)], ("city", DISMISSED), None),
    ([("county", RAISED), ("city", DISMISSED)], ("county", RAISED), Standing.RAISED),
    ([("county", RAISED), ("city", DISMISSED)], ("county", ABSENT), None),
]


@pytest.mark.parametrize(("before", "act", "after"), ACTS)
def test_who_may_move_a_veto_item(
    database: Database, county: County, members: dict[str, StaffMember],
    before: list[tuple[str, VetoState]], act: tuple[str, VetoState], after: Standing | None,
) -> None:  # fmt: skip
    for n, (who, state) in enumerate(before):
        act_on_veto(database, county, YEAR, "5.3", state, "理由", members[who], NOW + timedelta(minutes=n))
    then = veto_of(database, county)
    who, state = act
    later = NOW + timedelta(hours=1)
    if after is None:
        with pytest.raises(VetoActOutOfPlace):
            act_on_veto(database, county, YEAR, "5.3", state, "理由", members[who], later)
        assert veto_of(database, county) is then
    else:
        act_on_veto(database, county, YEAR, "5.3", state, "理由", members[who], later)
        assert veto_of(database, county) is after
    with database.reading() as session:
        assert len(veto_acts_of(session, county.id, YEAR)) == len(before) + (after is not None)


def test_an_act_needs_a_reason_and_an_item(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    with pytest.raises(ReasonMissing):
        act_on_veto(database, county, YEAR, "5.3", RAISED, " \n", members["county"], NOW)
    with pytest.raises(CriterionUnknown):
        act_on_veto(database, county, YEAR, "2.1", RAISED, "理由", members["county"], NOW)
    with pytest.raises(VetoActOutOfPlace):
        act_on_veto(database, county, YEAR, "5.3", VetoState.UNASSESSED, "理由", members["county"], NOW)


@pytest.mark.parametrize("reason", ["来信\x1b[2J属实", "来信\x0b属实", "字" * 2001])
def test_a_reason_a_dossier_could_not_carry_is_refused(
    database: Database, county: County, members: dict[str, StaffMember], reason: str
) -> None:
    with pytest.raises(ReasonRefused):
        act_on_veto(database, county, YEAR, "5.3", RAISED, reason, members["county"], NOW)
    assert veto_of(database, county) is Standing.UNASSESSED


def test_a_line_end_counts_as_one_character_however_the_browser_sends_it(
    database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    longest = "\r\n".join("字" * 1000)  # 1000 signs and 999 line ends: 1999 as a text area counts, 2998 as sent
    act_on_veto(database, county, YEAR, "5.3", RAISED, longest, members["county"], NOW)
    assert veto_of(database, county) is Standing.RAISED


def test_the_table_itself_refuses_a_county_that_decides(database: Database, county: County) -> None:
    statement = text(
        "INSERT INTO veto_acts (county_id, year, code, state, level, reason, acted_at, acted_by) "
        "VALUES (:county, 2026, '5.3', 'confirmed', 'county', 'x', CURRENT_TIMESTAMP, 'x')"
    )
    with pytest.raises(DBAPIError, match="decided_above_county"), database.writing() as session:
        session.execute(statement, {"county": county.id})


# The pages.

CRITERIA, VETOES = "/staff/counties/371402/criteria/", "/staff/counties/371402/vetoes/"


def row_of(page: BeautifulSoup, code: str) -> str:
    rows = [row for row in page.select("tbody tr") if row.td and row.td.get_text() == code]
    assert len(rows) == 1
    return rows[0].get_text(" ", strip=True)


def test_a_county_proposes_and_the_city_judges(staff_client: StaffClient, county: County) -> None:
    administrator = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    assert "待填报" in row_of(administrator.page(f"{CRITERIA}?year=2026"), "2.7")
    form = {"value-": "5999.99", "evidence": "决算表"}
    own = f"{CRITERIA}2.7?year=2026"
    assert administrator.submit(own, form).status_code == 303
    page = administrator.page(f"{CRITERIA}?year=2026")
    assert "未达标" in row_of(page, "2.7")
    assert "24 项中 1 项已有填报" in page.get_text()
    city = staff_client(Role.CITY_INSPECTOR, "3714")
    assert "市级判定" in city.page(own).get_text()
    assert city.submit(own, {"value-": "6000", "evidence": "核对决算"}).status_code == 303
    assert "达标" in row_of(city.page(f"{CRITERIA}?year=2026"), "2.7")
    history = administrator.page(own).select("tbody tr")
    assert ["✓ 计入" in row.get_text() for row in history] == [True, False]


def test_what_was_typed_wrong_stays_on_the_page_with_its_error(staff_client: StaffClient, county: County) -> None:
    administrator = staff_client(Role.COUNTY_ADMINISTRATOR, "371402")
    own = f"{CRITERIA}2.11?year=2026"
    answer = administrator.submit(own, {"value-rotation": "<b>12</b>", "value-backbone": "21", "evidence": "统计<i>表"})
    assert answer.status_code == 422
    page = parsed(answer)
    assert page.select("main b, main i") == []
    assert page.select_one("#value-rotation")["value"] == "<b>12</b>"  # type: ignore[index]
    assert page.select_one("#evidence").get_text() == "统计<i>表"  # type: ignore[union-attr]
    assert "不是数字" in page.select_one(".summary").get_text()  # type: ignore[union-attr]
    empty = administrator.submit(own, {"evidence": "只有依据"})
    assert "请填写数值或选择判定" in empty.get_data(as_text=True)


def test_an_operator_reads_but_has_no_form(staff_client: StaffClient, county: County) -> None:
    operator = staff_client(Role.OPERATOR, "")
    for path in (f"{CRITERIA}2.7?year=2026", f"{VETOES}?year=2026"):
        assert operator.page(path).select("main form") == []


def test_a_veto_goes_from_the_county_to_the_city(staff_client: StaffClient, county: County) -> None:
    administrator, city = staff_client(Role.COUNTY_ADMINISTRATOR, "371402"), staff_client(Role.CITY_INSPECTOR, "3714")
    page, own = f"{VETOES}?year=2026", f"{VETOES}5.3?year=2026"
    assert administrator.submit(own, {"state": "raised", "reason": ""}, page=page).status_code == 422
    done = administrator.submit(own, {"state": "raised", "reason": "来信反映"}, page=page)
    assert done.status_code == 303
    buttons = {button.get_text(strip=True) for button in administrator.page(page).select("section button")}
    assert buttons == {"声明不存在", "提出"}
    fields = {"csrf_token": administrator.page(page).select_one('main input[name="csrf_token"]')["value"]}  # type: ignore[index]
    decision = f"{VETOES}5.3/decision?year=2026"
    assert administrator.post(decision, data=fields | {"state": "confirmed", "reason": "x"}).status_code == 403
    token = {"csrf_token": city.page(page).select_one('main input[name="csrf_token"]')["value"]}  # type: ignore[index]
    assert city.post(own, data=token | {"state": "confirmed", "reason": "x"}).status_code == 400
    assert city.post(decision, data=token | {"state": "dismissed", "reason": "查无此事"}).status_code == 303
    section = city.page(page).select_one("#item-5\\.3").find_parent("section")  # type: ignore[union-attr]
    assert section is not None
    assert "已排除" in section.get_text()
    assert "查无此事" in section.get_text()


def test_unknown_criteria_are_not_found(staff_client: StaffClient, county: County) -> None:
    city = staff_client(Role.CITY_INSPECTOR, "3714")
    for code in ("1.1", "4.1", "5.1", "9.9", "x"):
        assert city.get(f"{CRITERIA}{code}").status_code == 404


def test_each_year_stands_for_itself(
    staff_client: StaffClient, database: Database, county: County, members: dict[str, StaffMember]
) -> None:
    judge(database, county, 2025, "2.1", [Entry("", "", "met")], "", members["city"], NOW)
    city: Visitor = staff_client(Role.CITY_INSPECTOR, "3714")
    assert "✓ 达标" in row_of(city.page(f"{CRITERIA}?year=2025"), "2.1")
    assert "待填报" in row_of(city.page(f"{CRITERIA}?year=2026"), "2.1")
    assert "2025年" in city.page(CRITERIA).get_text()
    assert city.get(f"{CRITERIA}?year=１２３４").status_code == 200
    assert city.get(f"{CRITERIA}?year=99999999999999999999").status_code == 200


# What is typed over several lines: browsers end each with CRLF, whatever the machine.

TYPED, KEPT = "第一行\r\n第二行\r第三行\n", "第一行\n第二行\n第三行"


def test_a_reason_of_several_lines_is_kept_shown_and_carried_by_the_dossier(
    staff_client: StaffClient, database: Database, county: County
) -> None:
    fill_county(database, county)
    city, page = staff_client(Role.CITY_INSPECTOR, "3714"), f"{VETOES}?year=2026"
    answer = city.submit(f"{VETOES}5.3?year=2026", {"state": "raised", "reason": TYPED}, page=page)
    assert answer.status_code == 303
    own = f"{CRITERIA}2.1?year=2026"
    assert city.submit(own, {"judgement-": "not_met", "evidence": TYPED}).status_code == 303
    assert KEPT in city.page(page).get_text()
    assert KEPT in city.page(own).get_text()
    county_page = "/staff/counties/371402/"
    for path in ("/staff/counties/", county_page, f"{county_page}verdict/preliminary/", f"{CRITERIA}?year=2026"):
        assert city.get(path).status_code == 200, path
    with database.reading() as session:
        dossier = read_dossier(write_dossier(dossier_without_survey(session, county, YEAR)).auditor)
    assert KEPT in [row.reason for row in dossier.vetoes if row.code == "5.3"]
    assert KEPT in [row.evidence for row in dossier.criteria if row.code == "2.1"]


@pytest.mark.parametrize("control", ["\x1b", "\x0b"])
def test_control_characters_are_refused_at_their_field(
    staff_client: StaffClient, database: Database, county: County, control: str
) -> None:
    administrator, page = staff_client(Role.COUNTY_ADMINISTRATOR, "371402"), f"{VETOES}?year=2026"
    typed = f"来信{control}反映"
    answer = administrator.submit(f"{VETOES}5.3?year=2026", {"state": "raised", "reason": typed}, page=page)
    assert answer.status_code == 422
    assert "理由含有控制字符" in parsed(answer).select_one("#error-5\\.3").get_text()  # type: ignore[union-attr]
    answer = administrator.submit(f"{CRITERIA}2.11?year=2026",
                                  {"value-rotation": "12", "value-backbone": "20", "evidence": typed})
    assert answer.status_code == 422
    shown = parsed(answer)
    assert "含有控制字符" in shown.select_one("#evidence-error").get_text()  # type: ignore[union-attr]
    assert [link["href"] for link in shown.select(".summary a")] == ["#evidence"]
    with database.reading() as session:
        assert veto_acts_of(session, county.id, YEAR) == []
        assert judgements_of(session, county.id, YEAR) == []


def test_what_was_raised_is_not_declared_absent_and_the_page_says_who_may(
    staff_client: StaffClient, database: Database, county: County
) -> None:
    administrator, page = staff_client(Role.COUNTY_ADMINISTRATOR, "371402"), f"{VETOES}?year=2026"
    own = f"{VETOES}5.3?year=2026"
    assert administrator.submit(own, {"state": "raised", "reason": "来信"}, page=page).status_code == 303
    answer = administrator.submit(own, {"state": "absent", "reason": "查无"}, page=page)
    assert answer.status_code == 422
    said = parsed(answer).select_one("#error-5\\.3").get_text()  # type: ignore[union-attr]
    assert "已提出" in said
    assert "只有市级或省级可以确认或排除" in said
    assert veto_of(database, county) is Standing.RAISED
