"""Every staff route × every role × own and foreign county: generated from the URL map, so that no route is missed."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from surveyapp.accounts.models import Account, Role
from surveyapp.accounts.passwords import hash_password
from surveyapp.accounts.policy import ANYONE, GRANTED, Permission, StaffMember, permission_of
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.plan.models import Plan
from surveyapp.results.services import seal
from surveyapp.surveys.models import Survey
from tests.support.factories import MakeCounty, MakeLink, MakeSurvey
from tests.support.results import answer, fill_county
from tests.support.signed_in import as_account
from tests.support.visitors import PASSWORD

# What says which county a route is about. A route about a county by any other name must be added here.
ABOUT_A_COUNTY = {"code", "survey_id", "link_id", "plan_id"}
SCOPES = {
    Role.OPERATOR: "",
    Role.PROVINCE_INSPECTOR: "37",
    Role.CITY_INSPECTOR: "3714",
    Role.COUNTY_ADMINISTRATOR: "371402",
}
# A county each role must not see, as near as can be: the neighbour, the next city, another province.
FOREIGN = {
    Role.PROVINCE_INSPECTOR: "110101",
    Role.CITY_INSPECTOR: "370202",
    Role.COUNTY_ADMINISTRATOR: "371403",
}
NAMES = {"371402": "本县", "371403": "邻近县", "370202": "外市县", "110101": "外省县"}


@dataclass(frozen=True, slots=True)
class Place:
    """One county with everything a route can ask about."""

    county: County
    survey: Survey
    link_id: int
    school: str
    plan_id: str


@dataclass(frozen=True, slots=True)
class World:
    """Four counties, an account per role, and accounts to be disabled."""

    places: dict[str, Place]
    accounts: dict[Role, int]
    spare: Iterator[int]

    def arguments(self, rule: Rule, code: str) -> dict[str, object]:
        """Return what fills a route's address for one county; an argument nobody taught this test fails it."""
        place = self.places[code]
        known: dict[str, object] = {
            "code": code, "survey_id": place.survey.id, "link_id": place.link_id, "version": 1, "school": place.school,
            "plan_id": place.plan_id, "criterion_code": "5.1" if "vetoes" in rule.rule else "2.1",
            "filename": "staff.css",
        }  # fmt: skip
        if "account_id" in rule.arguments:
            known["account_id"] = next(self.spare)
        missing = rule.arguments - set(known)
        assert not missing, f"teach this test what {missing} of {rule.rule} means"
        return {name: value for name, value in known.items() if name in rule.arguments}


@pytest.fixture
def world(database: Database, make_county: MakeCounty, make_survey: MakeSurvey, make_link: MakeLink) -> World:
    now, kept = datetime.now(UTC), hash_password(PASSWORD)

    def account(role: Role, scope: str, login: str) -> int:
        with database.writing() as session:
            row = Account(login=login, name=login, password_hash=kept, role=role.value, scope=scope, created_at=now)
            session.add(row)
            session.flush()
            return row.id

    province = StaffMember(account(Role.OPERATOR, "", "sealer"), "sealer", "sealer", Role.PROVINCE_INSPECTOR, "")
    places = {}
    for code, name in NAMES.items():
        county = make_county(code, name)
        fill_county(database, county, n_schools=12)
        ended = now - timedelta(minutes=1)
        survey = make_survey(county, opens_at=ended - timedelta(days=3), closes_at=ended)
        answer(database, survey, 60)
        link = make_link(survey, revoked_at=ended)
        seal(database, survey.id, province, secrets.token_bytes)
        with database.writing() as session:
            session.add(Plan(id=f"plan-{code}", title=f"{code[:4]}的计划", document_number="1", issued_by="市",
                             issued_on="1", scope=code[:4], year=2026, rule_set_id="national-2017"))  # fmt: skip
        places[code] = Place(county, survey, link.id, "Y0001", f"plan-{code}")
    accounts = {role: account(role, scope, role.value) for role, scope in SCOPES.items()}
    spare = (account(Role.OPERATOR, "", f"spare{n}") for n in itertools.count())
    return World(places, accounts, spare)


def ask(app: Flask, database: Database, world: World, role: Role | None, rule: Rule, method: str, code: str
        ) -> TestResponse:  # fmt: skip
    client = app.test_client() if role is None else as_account(app, database, world.accounts[role])
    with app.test_request_context():
        address = app.url_map.bind("localhost").build(rule.endpoint, world.arguments(rule, code), method)
    answered = client.open(address, method=method)
    answered.get_data()
    answered.close()
    return answered


def routes(app: Flask) -> list[tuple[Rule, str]]:
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    return [(rule, method) for rule in rules for method in sorted((rule.methods or set()) & {"GET", "POST"})]


@pytest.fixture
def walked(staff_app: Flask) -> Flask:
    """Give the staff app without the forms' own protection, which is tested apart."""
    staff_app.config["WTF_CSRF_ENABLED"] = False
    staff_app.testing = False
    return staff_app


def test_the_walk_knows_every_word_of_the_url_map(walked: Flask) -> None:
    found = routes(walked)
    assert len(found) > 40
    about = {name for rule, _ in found for name in rule.arguments}
    others = {"version", "school", "criterion_code", "account_id", "filename"}
    assert about <= ABOUT_A_COUNTY | others, "say what the new argument is: a county's, or its detail"


@pytest.mark.parametrize("role", Role, ids=str)
def test_a_role_reaches_what_it_is_granted_in_its_own_county_and_nothing_else(
    walked: Flask, database: Database, world: World, role: Role
) -> None:
    faults = []
    for rule, method in routes(walked):
        permission = permission_of(walked, rule.endpoint)
        answer_ = ask(walked, database, world, role, rule, method, "371402")
        status = answer_.status_code
        granted = permission in ANYONE or permission in GRANTED[role]
        if not granted:
            right = status == 403
        elif method == "GET":
            right = status in (200, 302)
        else:
            right = status < 500 and status not in (403, 404)
        if not right:
            faults.append(f"{method} {rule.rule} as {role}: {status}")
    assert faults == []


@pytest.mark.parametrize("role", FOREIGN, ids=str)
def test_a_foreign_county_is_as_unknown_as_none(
    walked: Flask, database: Database, world: World, role: Role
) -> None:
    faults, code = [], FOREIGN[role]
    about = [(rule, method) for rule, method in routes(walked) if rule.arguments & ABOUT_A_COUNTY]
    assert len(about) > 25
    for rule, method in about:
        permission = permission_of(walked, rule.endpoint)
        answer_ = ask(walked, database, world, role, rule, method, code)
        expected = 404 if permission in GRANTED[role] else 403
        if rule.arguments & ABOUT_A_COUNTY == {"plan_id"} and code.startswith(SCOPES[role][:4]):
            expected = 200  # the neighbour's plan is the city's, and so one's own
        if answer_.status_code != expected:
            faults.append(f"{method} {rule.rule} as {role}: {answer_.status_code}, not {expected}")
        if expected != 200 and NAMES[code] in answer_.get_data(as_text=True):
            faults.append(f"{method} {rule.rule} as {role}: names the foreign county")
    assert faults == []


@pytest.mark.parametrize("role", FOREIGN, ids=str)
def test_no_list_names_a_foreign_county(walked: Flask, database: Database, world: World, role: Role) -> None:
    lists = [(rule, method) for rule, method in routes(walked) if method == "GET" and not rule.arguments]
    for rule, method in lists:
        if permission_of(walked, rule.endpoint) in GRANTED[role]:
            text = ask(walked, database, world, role, rule, method, "371402").get_data(as_text=True)
            assert NAMES[FOREIGN[role]] not in text, rule.rule


def test_who_has_not_signed_in_is_sent_to_do_so_everywhere(walked: Flask, database: Database, world: World) -> None:
    for rule, method in routes(walked):
        if permission_of(walked, rule.endpoint) is not Permission.SIGN_IN:
            answer_ = ask(walked, database, world, None, rule, method, "371402")
            assert answer_.status_code == 303, f"{method} {rule.rule}"
            assert answer_.headers["Location"].startswith("/login"), f"{method} {rule.rule}"


def test_no_form_is_taken_without_its_protection(staff_app: Flask, database: Database, world: World) -> None:
    staff_app.testing = False
    posts = [(rule, method) for rule, method in routes(staff_app) if method == "POST"]
    assert len(posts) > 12
    for rule, method in posts:
        role = next(role for role in Role if permission_of(staff_app, rule.endpoint) in GRANTED[role] | ANYONE)
        answer_ = ask(staff_app, database, world, role, rule, method, "371402")
        assert answer_.status_code == 400, f"{method} {rule.rule} as {role}: {answer_.status_code}"


def test_a_post_from_another_site_is_refused_whatever_it_carries(
    walked: Flask, database: Database, world: World
) -> None:
    client = as_account(walked, database, world.accounts[Role.OPERATOR])
    for origin in ("cross-site", "same-site"):
        assert client.post("/logout", headers={"Sec-Fetch-Site": origin}).status_code == 403
    assert client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
