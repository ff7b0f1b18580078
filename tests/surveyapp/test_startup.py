"""The real server starts on a store fit to serve from, and otherwise says in one line why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from surveyapp import migrate
from surveyapp.config import from_environment
from surveyapp.db import Database
from tests.support.databases import PostgresServer
from tests.support.repository import ROOT
from tests.support.server import SECRET, StartServer, child_environment, fetch, free_port


def attempt(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start a server that is expected to give up."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(free_port()), "wsgi:application"]
    settings = {"INSTANCE_DIR": str(folder), "SECRET_KEY": SECRET} | environment
    return subprocess.run(
        command, cwd=ROOT, env=child_environment(**settings), capture_output=True, text=True, check=False, timeout=60
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a server that did not start said about it."""
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "not started: " in said, said
    return said.partition("not started: ")[2].splitlines()[0]


def test_it_serves_both_stores(database: Database, start_server: StartServer) -> None:
    server = start_server(database)
    assert fetch(f"{server.url}/healthz") == "ok\n"
    assert "<h1" in fetch(f"{server.url}/staff/login")


def test_a_database_without_tables_is_not_served(tmp_path: Path) -> None:
    assert migrate.newest() in refusal(attempt(tmp_path))


def test_older_tables_are_not_served(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.writing_rows() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000_older'"))
    assert "0000_older" in refusal(attempt(tmp_path))


def test_a_postgres_that_could_forget_is_not_served(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    name = postgres_url.rpartition("?")[0].rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert "synchronous_commit = off" in refusal(attempt(tmp_path, DATABASE_URL=postgres_url))


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"SURVEY_SERVICE": "1", "PUBLIC_URL": ""}, "SECRET_KEY"),
        ({"SURVEY_SERVICE": "1", "SECRET_KEY": SECRET}, "PUBLIC_URL"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"PORT": "eighty"}, "PORT"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(
    sqlite_database: Database, tmp_path: Path, environment: dict[str, str], named: str
) -> None:
    settings = {"SECRET_KEY": ""} | environment
    assert named in refusal(attempt(tmp_path, **settings))


def test_what_an_installation_writes_is_its_owners_alone(tmp_path: Path) -> None:
    config = from_environment({}, instance=tmp_path / "instance")
    assert config.instance.stat().st_mode & 0o077 == 0
    assert (config.instance / "secret").stat().st_mode & 0o077 == 0
    assert len(config.secret) == 32
    assert from_environment({}, instance=tmp_path / "instance").secret == config.secret
