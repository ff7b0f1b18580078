"""The real server, as it is run in service, on a free loopback port with an installation of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from surveyapp.db import Database

REPOSITORY = Path(__file__).resolve().parents[2]
STARTED_WITHIN_S = 30
SECRET = "a secret that only the tests' own server knows"


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A server somebody can really connect to."""

    url: str
    database: Database
    log: Path
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def child_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without any setting of an installation that happens to be around."""
    ours = {
        "PORT",
        "DATABASE_URL",
        "SECRET_KEY",
        "PUBLIC_URL",
        "INSTANCE_DIR",
        "SURVEY_SERVICE",
        "PROXY_HOPS",
    }
    return {name: value for name, value in os.environ.items() if name not in ours} | settings


def fetch(url: str) -> str:
    """Return a page of our own server."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def wait_until_served(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server answers, or fail with what it said."""
    until = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, f"the server stopped:\n{log.read_text()}"
            assert time.monotonic() < until, f"no answer within {STARTED_WITHIN_S} s:\n{log.read_text()}"
            time.sleep(0.05)


StartServer = Callable[..., LiveServer]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Give a way to start a server on a migrated database; all are stopped when the test ends."""
    started: list[LiveServer] = []

    def start(database: Database, **settings: str) -> LiveServer:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        log = tmp_path / f"server-{port}.log"
        address = database.engine.url.render_as_string(hide_password=False)
        environment = child_environment(
            PORT=str(port),
            PUBLIC_URL=url,
            SECRET_KEY=SECRET,
            INSTANCE_DIR=str(tmp_path),
            DATABASE_URL=address.replace("+psycopg", ""),
            **settings,
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig=TERM",
                    sys.executable,
                    "-m",
                    "granian",
                    "--interface",
                    "wsgi",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                    "--workers",
                    "1",
                    "--blocking-threads",
                    "4",
                    "--no-ws",
                    "--log-level",
                    "warning",
                    "wsgi:application",
                ],
                cwd=REPOSITORY,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        server = LiveServer(url, database, log, process)
        started.append(server)
        wait_until_served(url, process, log)
        return server

    yield start
    for server in started:
        server.process.terminate()
        try:
            server.process.wait(10)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


@pytest.fixture
def live_server(database: Database, start_server: StartServer) -> LiveServer:
    """Give the running server over this test's database."""
    return start_server(database)
