"""Starts a server on loopback, as the product starts its own, and accounts for its processor time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

ROOT = Path(__file__).resolve().parents[1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STARTED_WITHIN_S = 30


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the port it answers on."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the processor time its whole family of processes has used."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / TICKS_PER_SECOND


def _stat(pid: int) -> list[str]:
    # The second field is the program's name in brackets and may itself hold spaces.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12])


def _family(ancestor: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*"):
        # Somebody else's process may end while we look; a process of ours does not.
        with suppress(FileNotFoundError, ProcessLookupError):
            parents[int(path.name)] = int(_stat(int(path.name))[1])
    found = {ancestor}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@contextmanager
def serving(target: str, port: int, environment: dict[str, str]) -> Iterator[Server]:
    """Run a WSGI application under granian with one worker, and stop it afterwards."""
    command = [
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
        target,
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        _wait_until_served(process, port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_served(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server did not start") from None
            time.sleep(0.05)
