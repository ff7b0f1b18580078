"""A stranger clones the repository and types the first command of the README; then types it again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.support.repository import ROOT, read
from tests.support.server import child_environment, fetch, free_port

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

READY_WITHIN_S = 600


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a fresh clone in a folder whose name holds a blank and Chinese, as folders do."""
    folder = tmp_path_factory.mktemp("somebody") / "新建 文件夹"
    subprocess.run(["git", "clone", "--quiet", f"file://{ROOT}", str(folder)], check=True)
    return folder


@contextmanager
def make_run(clone: Path, port: int, log: Path) -> Iterator[str]:
    """Type ``make run``, wait until it serves, give what it printed, and press Ctrl-C."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", "make", "run"], cwd=clone, start_new_session=True,
            env=child_environment(PORT=str(port)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY_WITHIN_S
        while not serves(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        yield log.read_text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def serves(port: int) -> bool:
    """Say whether somebody answers at a port."""
    try:
        return "ok" in fetch(f"http://127.0.0.1:{port}/healthz")
    except OSError:
        return False


def test_the_first_command_of_the_readme_serves_and_the_second_time_keeps_the_data(
    clone: Path, tmp_path: Path
) -> None:
    assert "\nmake run\nmake test\n" in read(Path("README.md"))
    port = free_port()
    with make_run(clone, port, tmp_path / "first.log") as said:
        link = re.search(rf"http://127\.0\.0\.1:{port}/s/[\w-]+", said)
        assert link, said
        page = BeautifulSoup(fetch(link[0]), "html.parser")
        assert page.h1 is not None
        assert "演示" in page.get_text()
        assert f"http://127.0.0.1:{port}/staff/" in said
        assert any(block in said for block in "▀▄█"), "no QR code in the terminal"
    secret = (clone / "instance/secret").read_bytes()
    with make_run(clone, port, tmp_path / "second.log") as said:
        assert BeautifulSoup(fetch(link[0]), "html.parser").h1 == page.h1
    assert (clone / "instance/secret").read_bytes() == secret
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == ""


def test_the_second_command_of_the_readme_would_run_the_tests(clone: Path) -> None:
    planned = subprocess.run(["make", "--dry-run", "test"], cwd=clone, capture_output=True, text=True, check=True)
    assert "-m pytest" in planned.stdout
