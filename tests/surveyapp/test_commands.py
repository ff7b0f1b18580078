"""The commands, run as somebody at a terminal would run them."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from sqlalchemy import func, select

from surveyapp.accounts.models import Account, Role
from surveyapp.accounts.services import Credentials, sign_in
from surveyapp.cli import create_app
from surveyapp.counties.models import County
from surveyapp.db import Database
from surveyapp.plan.models import Plan
from surveyapp.responses.models import Response
from tests.support.server import REPOSITORY, child_environment, fetch, free_port, wait_until_served

LOGIN = re.compile(r"登录名 (\S+)\n\s+密码\s+(\S+)")
MODULE_SIZE = 8


def run(folder: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the installation in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "surveyapp", *command], cwd=REPOSITORY, text=True, capture_output=True, timeout=120,
        env=child_environment(INSTANCE_DIR=str(folder), **settings), check=False,
    )  # fmt: skip


def opened(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'survey.db'}")


def qr_in(text: str) -> str:
    """Read the QR code that half blocks draw on a dark terminal: a block is light, a gap is dark."""
    lines = [line for line in text.splitlines() if line and set(line) <= set("█▀▄\u00a0 ")]
    upper = [[character in "█▀" for character in line] for line in lines]
    lower = [[character in "█▄" for character in line] for line in lines]
    rows = [row for pair in zip(upper, lower, strict=True) for row in pair]
    width = max(len(row) for row in rows)
    light = np.array([row + [True] * (width - len(row)) for row in rows])
    picture = np.pad(light, 4, constant_values=True).astype(np.uint8).repeat(MODULE_SIZE, 0).repeat(MODULE_SIZE, 1)
    found = zxingcpp.read_barcodes(np.ascontiguousarray(picture * 255))
    assert len(found) == 1
    return str(found[0].text)


def test_start_prepares_says_where_to_go_serves_and_keeps_the_data(tmp_path: Path) -> None:
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", tmp_path / "log"

    def start() -> str:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", sys.executable, "-m", "surveyapp"], cwd=REPOSITORY,
                env=child_environment(INSTANCE_DIR=str(tmp_path), PORT=str(port)), stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            wait_until_served(url, process, log)
            said = log.read_text()
            assert "演示县" in fetch(qr_in(said))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
        return said

    first = start()
    logins = dict(LOGIN.findall(first))
    database = opened(tmp_path)
    roles = {
        login: sign_in(database, Credentials(login, password), login, datetime.now(UTC)).role
        for login, password in logins.items()
    }
    assert roles == {
        "operator": Role.OPERATOR,
        "demo-county": Role.COUNTY_ADMINISTRATOR,
        "demo-city": Role.CITY_INSPECTOR,
    }
    assert f"{url}/staff/" in first
    assert re.search(rf"{re.escape(url)}/staff/surveys/\d+/verdict/", first)
    assert qr_in(first) in first
    with database.reading() as session:
        n_responses = session.scalar(select(func.count()).select_from(Response))
    second = start()
    assert "已有数据，全部保留" in second
    assert LOGIN.findall(second) == []
    assert qr_in(second) == qr_in(first)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == n_responses == 3000
    database.close()


def test_a_taken_port_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "端口" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "survey.db").exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PORT": "http"}, "PORT"),
        ({"SURVEY_SERVICE": "1"}, "PUBLIC_URL"),
        ({"SURVEY_SERVICE": "1", "PUBLIC_URL": "https://example.org"}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    ],
)
def test_a_setting_that_will_not_do_is_named(tmp_path: Path, settings: dict[str, str], says: str) -> None:
    done = run(tmp_path, **settings)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


SERVICE = {"SURVEY_SERVICE": "1", "PUBLIC_URL": "https://example.org", "SECRET_KEY": "k" * 32}


def test_the_service_form_gets_tables_plan_and_operator_but_nothing_made_up(tmp_path: Path) -> None:
    done = run(tmp_path, "init", **SERVICE)
    assert done.returncode == 0, done.stderr
    assert [login for login, _ in LOGIN.findall(done.stdout)] == ["operator"]
    again = run(tmp_path, "init", **SERVICE)
    assert LOGIN.findall(again.stdout) == []
    refused = run(tmp_path, "demo", **SERVICE)
    assert refused.returncode == 1
    assert "演示县" in refused.stderr
    database = opened(tmp_path)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(County)) == 12
        assert session.scalar(select(func.count()).select_from(County).where(County.is_demonstration)) == 0
        assert session.scalars(select(Plan.id)).all() == ["dezhou-2023"]
        assert session.scalars(select(Account.login)).all() == ["operator"]
    database.close()


def test_another_operator_can_be_made_and_not_twice(tmp_path: Path) -> None:
    run(tmp_path, "init")
    done = run(tmp_path, "create-operator", "second")
    [(login, password)] = LOGIN.findall(done.stdout)
    database = opened(tmp_path)
    assert sign_in(database, Credentials(login, password), "s", datetime.now(UTC)).role is Role.OPERATOR
    database.close()
    again = run(tmp_path, "create-operator", "second")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    malformed = run(tmp_path, "create-operator", "空 格")
    assert malformed.returncode == 1
    assert "登录名" in malformed.stderr


def test_flask_has_the_same_commands() -> None:
    assert {"start", "init", "create-operator", "demo"} <= set(create_app().cli.commands)
