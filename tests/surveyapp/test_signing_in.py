"""Signing in and staying in: sessions that end when they should, throttling, passwords, the record of it all."""

from __future__ import annotations

import random
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from surveyapp.accounts import services
from surveyapp.accounts.models import Account, AuditEntry, FailedLogin, Role, StaffSession
from surveyapp.accounts.passwords import PasswordFault, password_fault, random_password, verify_password
from surveyapp.accounts.policy import StaffMember
from surveyapp.accounts.refusals import (
    AccountUnknown,
    LoginMalformed,
    LoginTaken,
    OwnAccount,
    PasswordRefused,
    PasswordWrong,
    ScopeUnfit,
    SignInRefused,
    SignInThrottled,
)
from surveyapp.accounts.services import (
    Credentials,
    change_password,
    create_account,
    disable_account,
    reset_password,
    session_hash,
    sign_in,
    sign_out,
    touch_session,
)
from surveyapp.accounts.sessions import safe_next
from surveyapp.db import Database
from tests.support.visitors import PASSWORD, StaffClient, Visitor

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ANOTHER = "另一个也相当长的口令-2027"


@pytest.fixture
def member(database: Database) -> StaffMember:
    role = Role.COUNTY_ADMINISTRATOR
    identity = create_account(database, "decheng.admin", "李主任", role, "371402", PASSWORD, None, NOW)
    return StaffMember(identity, "decheng.admin", "李主任", role, "371402")


def signed_in(database: Database, login: str = "decheng.admin", password: str = PASSWORD, at: datetime = NOW) -> str:
    fresh = secrets.token_hex(32)
    sign_in(database, Credentials(login, password), fresh, at)
    return fresh


# Sessions.


def test_a_session_runs_until_it_was_idle_for_half_an_hour(database: Database, member: StaffMember) -> None:
    session = signed_in(database)
    assert touch_session(database, session, NOW + timedelta(minutes=30)) == member
    assert touch_session(database, session, NOW + timedelta(minutes=60)) == member
    assert touch_session(database, session, NOW + timedelta(minutes=90, seconds=1)) is None


def test_a_session_ends_after_twelve_hours_however_busy(database: Database, member: StaffMember) -> None:
    session = signed_in(database)
    for minutes in range(20, 12 * 60 + 1, 20):
        assert touch_session(database, session, NOW + timedelta(minutes=minutes)) == member
    assert touch_session(database, session, NOW + timedelta(hours=12, seconds=1)) is None


def test_the_table_keeps_no_id_one_could_sign_in_with(database: Database, member: StaffMember) -> None:
    session = signed_in(database)
    with database.reading() as rows:
        (kept,) = rows.scalars(select(StaffSession))
    assert kept.id_hash == session_hash(session)
    assert touch_session(database, kept.id_hash.hex(), NOW) is None


def test_signing_out_ends_this_session_only(database: Database, member: StaffMember) -> None:
    here, elsewhere = signed_in(database), signed_in(database)
    sign_out(database, here, member, NOW)
    assert touch_session(database, here, NOW) is None
    assert touch_session(database, elsewhere, NOW) == member


def test_changing_the_password_ends_every_session(database: Database, member: StaffMember) -> None:
    sessions = [signed_in(database), signed_in(database)]
    change_password(database, member, PASSWORD, ANOTHER, NOW)
    assert [touch_session(database, session, NOW) for session in sessions] == [None, None]
    with pytest.raises(SignInRefused):
        signed_in(database)
    assert touch_session(database, signed_in(database, password=ANOTHER), NOW) == member


def test_a_wrong_or_weak_password_changes_nothing(database: Database, member: StaffMember) -> None:
    session = signed_in(database)
    with pytest.raises(PasswordWrong):
        change_password(database, member, ANOTHER, ANOTHER, NOW)
    with pytest.raises(PasswordRefused):
        change_password(database, member, PASSWORD, "太短的口令", NOW)
    assert touch_session(database, session, NOW) == member


def test_disabling_ends_every_session_and_the_account(database: Database, member: StaffMember) -> None:
    operator_id = create_account(database, "operator", "运维", Role.OPERATOR, "", PASSWORD, None, NOW)
    operator = StaffMember(operator_id, "operator", "运维", Role.OPERATOR, "")
    session = signed_in(database)
    disable_account(database, member.account_id, operator, NOW)
    assert touch_session(database, session, NOW) is None
    with pytest.raises(SignInRefused):
        signed_in(database)
    with pytest.raises(AccountUnknown):
        reset_password(database, member.account_id, ANOTHER, operator, NOW)
    with pytest.raises(OwnAccount):
        disable_account(database, operator.account_id, operator, NOW)


def test_signing_in_sweeps_away_what_has_run_out(database: Database, member: StaffMember) -> None:
    signed_in(database)
    signed_in(database, at=NOW + timedelta(hours=13))
    with database.reading() as rows:
        assert rows.scalar(select(func.count()).select_from(StaffSession)) == 1


# Throttling.


def test_ten_attempts_in_five_minutes_and_no_more(database: Database, member: StaffMember) -> None:
    for _ in range(10):
        with pytest.raises(SignInRefused):
            signed_in(database, password=ANOTHER)
    with pytest.raises(SignInThrottled):
        signed_in(database)
    with pytest.raises(SignInThrottled):
        signed_in(database, at=NOW + timedelta(minutes=5))
    assert signed_in(database, at=NOW + timedelta(minutes=5, seconds=1))


def test_an_unknown_login_is_throttled_like_a_known_one(database: Database) -> None:
    for _ in range(10):
        with pytest.raises(SignInRefused):
            signed_in(database, login="nobody")
    with pytest.raises(SignInThrottled):
        signed_in(database, login=" Nobody ")


def test_success_forgets_the_attempts_before_it(database: Database, member: StaffMember) -> None:
    for _ in range(9):
        with pytest.raises(SignInRefused):
            signed_in(database, password=ANOTHER)
    signed_in(database)
    with database.reading() as rows:
        assert rows.scalar(select(func.count()).select_from(FailedLogin)) == 0


def test_parallel_guesses_do_not_pass_uncounted(
    database: Database, member: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def wrong(_kept: str | None, password: str) -> bool:
        looked_at.append(password)
        return False

    monkeypatch.setattr(services, "verify_password", wrong)

    def guess(n: int) -> str:
        try:
            signed_in(database, password=f"guess {n}")
        except (SignInRefused, SignInThrottled) as refusal:
            return type(refusal).__name__
        return "in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(24)))
    # On PostgreSQL two transactions may count at the same moment: at most the eight threads at once slip in.
    assert 10 <= outcomes.count("SignInRefused") <= 17
    assert outcomes.count("in") == 0
    assert len(looked_at) == outcomes.count("SignInRefused")


def test_an_unknown_login_costs_the_same_work(database: Database, member: StaffMember) -> None:
    # The work is argon2's; what must hold is that it is done: a hash is verified for an unknown login too.
    assert verify_password(None, PASSWORD) is False
    assert verify_password(None, "no account has this password") is False


# Accounts and passwords.


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("Vb7 ocean tea", None),
        ("石榴 灯塔 纸船 沙漏 竹笛", None),
        ("石" * 129, PasswordFault.TOO_LONG),
        ("password1234", PasswordFault.OBVIOUS),
        ("Password!2026", None),
        ("aaaaaaaaaaaaaaaa", PasswordFault.OBVIOUS),
        ("abcdefghijklmnop", PasswordFault.OBVIOUS),
        ("123456789012", PasswordFault.OBVIOUS),
        ("decheng.admin1", PasswordFault.OBVIOUS),
        ("1qaz2wsx1qaz2wsx", PasswordFault.OBVIOUS),
        ("ｐａｓｓｗｏｒｄ１２３４", PasswordFault.OBVIOUS),
        ("德州教育局义务教育优质均衡", PasswordFault.OBVIOUS),
    ],
)
def test_a_password_is_long_and_not_the_first_to_be_tried(password: str, fault: PasswordFault | None) -> None:
    assert password_fault(password, "decheng.admin") is fault


def test_a_drawn_password_will_do_and_is_never_twice_the_same() -> None:
    drawn = {random_password(random.Random(seed)) for seed in range(200)}
    assert len(drawn) == 200
    assert all(password_fault(password, "operator") is None for password in drawn)


def test_the_same_password_from_another_keyboard_signs_in(database: Database, member: StaffMember) -> None:
    create_account(database, "wide", "全角", Role.OPERATOR, "", "ｗｉｄｅ keyboard 2026", None, NOW)
    assert signed_in(database, login="WIDE", password="wide keyboard ２０２６")


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.OPERATOR, "37"),
        (Role.PROVINCE_INSPECTOR, ""),
        (Role.CITY_INSPECTOR, "37"),
        (Role.COUNTY_ADMINISTRATOR, "3714"),
        (Role.COUNTY_ADMINISTRATOR, "37140x"),
        (Role.CITY_INSPECTOR, "３７１４"),
    ],
)
def test_a_scope_must_fit_its_role(database: Database, role: Role, scope: str) -> None:
    with pytest.raises(ScopeUnfit):
        create_account(database, "someone", "某人", role, scope, PASSWORD, None, NOW)


def test_a_login_is_plain_and_taken_once(database: Database, member: StaffMember) -> None:
    with pytest.raises(LoginTaken):
        create_account(database, " Decheng.Admin ", "又一个", Role.OPERATOR, "", PASSWORD, None, NOW)
    for login in ("ab", "有汉字", "a" * 65, "-dash", "with space"):
        with pytest.raises(LoginMalformed):
            create_account(database, login, "某人", Role.OPERATOR, "", PASSWORD, None, NOW)


def test_no_default_account_exists(database: Database) -> None:
    with database.reading() as rows:
        assert rows.scalar(select(func.count()).select_from(Account)) == 0
    for login in ("admin", "root", "operator", "test"):
        with pytest.raises(SignInRefused):
            signed_in(database, login=login, password=login)


def test_every_act_is_on_record_and_no_password_is(database: Database, member: StaffMember) -> None:
    session = signed_in(database)
    change_password(database, member, PASSWORD, ANOTHER, NOW)
    sign_out(database, session, member, NOW)
    with database.reading() as rows:
        entries = list(rows.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [entry.action for entry in entries] == ["account_created", "signed_in", "password_changed", "signed_out"]
    everything = " ".join(str(vars(entry)) for entry in entries)
    assert PASSWORD not in everything
    assert ANOTHER not in everything


# The pages.


def test_signing_in_gives_a_new_session_and_takes_one_where_one_wanted_to_go(
    visitor: Visitor, member: StaffMember
) -> None:
    sent = visitor.get("/staff/audit/?page=2")
    assert sent.status_code == 303
    page = visitor.page(sent.headers["Location"])
    before = visitor.get_cookie("staff", "127.0.0.1")
    wanted = page.select_one('input[name="next"]')
    assert wanted is not None
    assert wanted["value"] == "/staff/audit/?page=2"
    answer = visitor.submit("/staff/login", {"login": "decheng.admin", "password": PASSWORD, "next": wanted["value"]},
                            page=sent.headers["Location"])  # fmt: skip
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/audit/?page=2")
    after = visitor.get_cookie("staff", "127.0.0.1")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_session_from_before_signing_in_is_worth_nothing_after(
    application: DispatcherMiddleware, visitor: Visitor, member: StaffMember
) -> None:
    visitor.page("/staff/login")
    planted = visitor.get_cookie("staff", "127.0.0.1")
    assert planted is not None
    visitor.submit("/staff/login", {"login": "decheng.admin", "password": PASSWORD})
    thief = Visitor(application)
    thief.set_cookie("staff", planted.value, domain="127.0.0.1")
    assert thief.get("/staff/counties/").status_code == 303


def test_the_cookie_is_kept_from_scripts_other_sites_and_disk(visitor: Visitor, member: StaffMember) -> None:
    answer = visitor.submit("/staff/login", {"login": "decheng.admin", "password": PASSWORD})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} == parts


def test_a_refusal_says_the_same_of_a_wrong_password_and_an_unknown_login(
    visitor: Visitor, member: StaffMember
) -> None:
    answers = [
        visitor.submit("/staff/login", {"login": login, "password": ANOTHER})
        for login in ("decheng.admin", "nobody.at.all")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    texts = [answer.get_data(as_text=True) for answer in answers]
    assert "登录名或口令不正确" in texts[0]
    plain = [text.replace("decheng.admin", "?").replace("nobody.at.all", "?") for text in texts]
    assert _without_token(plain[0]) == _without_token(plain[1])


def test_too_many_attempts_are_told_and_empty_ones_are_not_counted(visitor: Visitor, member: StaffMember) -> None:
    assert visitor.submit("/staff/login", {"login": "", "password": ""}).status_code == 422
    for _ in range(10):
        assert visitor.submit("/staff/login", {"login": "decheng.admin", "password": ANOTHER}).status_code == 401
    answer = visitor.submit("/staff/login", {"login": "decheng.admin", "password": PASSWORD})
    assert answer.status_code == 429
    assert "5 分钟" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("/staff/plan/", True),
        ("/staff/audit/?action=judged&page=2", True),
        ("", False),
        ("//elsewhere.example/", False),
        ("/\\elsewhere.example", False),
        ("https://elsewhere.example/staff/", False),
        ("javascript:alert(1)", False),
        ("/staff/\r\nSet-Cookie: a=b", False),
        ("/staff/%0d%0aX: y", False),
        ("/%2f%2felsewhere.example", False),
        ("/staff/..%255c..%255celsewhere.example", False),
        ("%2f%2felsewhere.example", False),
        ("/elsewhere", False),
        ("staff/plan/", False),
    ],
)
def test_where_to_go_next_is_a_path_of_this_site(staff_app: Flask, target: str, followed: bool) -> None:
    with staff_app.test_request_context("/login", base_url="http://127.0.0.1:8000/staff"):
        assert safe_next(target, "/staff/") == (target if followed else "/staff/")


def test_changing_ones_password_on_the_page(staff_client: StaffClient) -> None:
    staff = staff_client(Role.CITY_INSPECTOR, "3714")
    refused = staff.submit("/staff/account/", {"current": PASSWORD, "wanted": "短", "again": "短"})
    assert refused.status_code == 422
    assert "新口令应为 12 至 128 个字符" in refused.get_data(as_text=True)
    differs = staff.submit("/staff/account/", {"current": PASSWORD, "wanted": ANOTHER, "again": PASSWORD})
    assert "不一致" in differs.get_data(as_text=True)
    obvious = staff.submit("/staff/account/", {"current": PASSWORD, "wanted": "password1234", "again": "password1234"})
    assert "太容易猜到" in obvious.get_data(as_text=True)
    done = staff.submit("/staff/account/", {"current": PASSWORD, "wanted": ANOTHER, "again": ANOTHER})
    assert done.headers["Location"].endswith("/staff/login")
    assert staff.get("/staff/counties/").status_code == 303


def test_an_operator_makes_an_account_whose_password_is_shown_once(
    staff_client: StaffClient, application: DispatcherMiddleware, county: object
) -> None:
    operator = staff_client(Role.OPERATOR, "")
    form = {"name": "德城区 管理员", "login": "Decheng", "role": "county_administrator", "scope": "371402"}
    shown = operator.submit("/staff/accounts/", form)
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    password = shown.get_data(as_text=True).split('class="secret code">')[1].split("<")[0]
    assert password not in operator.get("/staff/accounts/").get_data(as_text=True)
    newcomer = Visitor(application)
    answer = newcomer.submit("/staff/login", {"login": "decheng", "password": password})
    assert answer.status_code == 303
    assert newcomer.get("/staff/counties/371402/").status_code == 200
    another = {"name": "另一位运维", "login": "operator-2", "role": "operator", "scope": ""}
    assert operator.submit("/staff/accounts/", another).status_code == 200
    again = operator.submit("/staff/accounts/", form)
    assert again.status_code == 422
    assert "已经存在" in again.get_data(as_text=True)
    unfit = operator.submit("/staff/accounts/", form | {"login": "other", "scope": "3714"})
    assert unfit.status_code == 422
    assert "管辖范围与角色不一致" in unfit.get_data(as_text=True)


def test_the_record_is_filtered_paged_and_cut_to_the_scope(
    staff_client: StaffClient, database: Database, county: object
) -> None:
    with database.writing() as rows:
        rows.add_all(
            AuditEntry(at=NOW + timedelta(seconds=n), login="x", role="operator", action="judged",
                       county_code="371402" if n % 2 else "370202", subject=f"第{n:03d}条", detail="")
            for n in range(120)
        )  # fmt: skip
    operator, city = staff_client(Role.OPERATOR, ""), staff_client(Role.CITY_INSPECTOR, "3714")
    first = operator.page("/staff/audit/?action=judged")
    assert "共 120 条" in first.get_text()
    subjects = [cell.get_text() for cell in first.select('td[data-label="对象"]')]
    assert subjects == [f"第{n:03d}条" for n in range(119, 69, -1)]
    assert len(operator.page("/staff/audit/?action=judged&page=3").select('td[data-label="对象"]')) == 20
    assert "共 60 条" in operator.page("/staff/audit/?action=judged&county=371402").get_text()
    assert "共 60 条" in city.page("/staff/audit/").get_text()
    assert "没有符合条件的记录" in city.page("/staff/audit/?county=370202").get_text()
    assert "第 1 页" in operator.page("/staff/audit/?page=%EF%BC%91").get_text()


def _without_token(text: str) -> str:
    return "".join(part.split('"', 1)[-1] for part in text.split('name="csrf_token" value="'))
