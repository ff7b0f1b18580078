"""`make bench`: the respondents' journey, ours beside a bare app on the same server, SQLite and durability."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import statistics
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pysqlite3

from benchmarks.installation import answers, install
from benchmarks.serving import ROOT, Server, free_port, serving

BUDGET_BYTES = 14 * 1024
CONNECTIONS = (1, 16, 64)
MODES = {
    "form": "form GETs/s",
    "form-gzip": "form GETs/s, gzip",
    "submit": "durable submissions/s",
    "journey": "journeys/s",
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one bounded run showed."""

    per_second: float
    p50_ms: float
    p99_ms: float
    server_ms: float
    acknowledged: int


def build_generator(folder: Path) -> Path:
    """Compile the load generator."""
    program = folder / "load"
    subprocess.run(["cc", "-O2", "-o", str(program), str(ROOT / "benchmarks/load.c")], check=True)
    return program


def measure(program: Path, server: Server, mode: str, connections: int, path: str, seconds: float) -> Run:
    """Drive one server once; anything it answers unexpectedly is an error, not a figure."""
    limit = 4000 if mode == "submit" else 1_000_000
    command = [str(program), str(server.port), str(connections), str(seconds), str(limit), mode, path, path, answers()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        before = server.cpu_seconds()
        process.stdin.write("go\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline())
        cpu = server.cpu_seconds() - before
    assert process.returncode == 0, f"{mode} at {connections}: {said['failed']} unexpected answers"
    n = said["finished"]
    return Run(n / said["seconds"], said["p50_ms"], said["p99_ms"], cpu / n * 1000, said["acknowledged"])


def middle(runs: list[Run]) -> Run:
    """Return the run in the middle by server time, which a busy machine disturbs least."""
    return sorted(runs, key=lambda run: run.server_ms)[len(runs) // 2]


def first_visit(server: Server, path: str) -> dict[str, int]:
    """Return what a phone that was never here before is sent, compressed, by address."""
    page, sent = fetch(server.url + path)
    found = {"the page": sent}
    for asset in sorted(set(re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg|png|ico)[^"]*)"', page.decode()))):
        found[asset.partition("?")[0]] = fetch(server.url + asset)[1]
    return found


def fetch(url: str) -> tuple[bytes, int]:
    """Return an answer's content, and the bytes of its body as they were sent."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = answer.read()
        return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body, len(body)


Results = dict[tuple[str, int], list[Run]]


def race(program: Path, server: Server, path: str, seconds: float, repeats: int) -> Results:
    """Run every kind of load at every number of connections."""
    measure(program, server, "journey", 4, path, 1.0)
    return {
        (mode, n): [measure(program, server, mode, n, path, seconds) for _ in range(repeats)]
        for mode in MODES
        for n in CONNECTIONS
    }


def table(ours: Results, bare: Results) -> str:
    """Write the race as a Markdown table."""
    head = [
        "what",
        "conn.",
        "ours",
        "p50 ms",
        "p99 ms",
        "server ms",
        "bare",
        "p50 ms",
        "p99 ms",
        "server ms",
        "ours : bare",
    ]
    rows = [head, ["---"] + ["--:"] * (len(head) - 1)]
    for (mode, connections), runs in ours.items():
        mine, plain = middle(runs), middle(bare[mode, connections])
        share = f"{mine.server_ms / plain.server_ms:.2f}"
        rows.append([MODES[mode], str(connections), *figures(mine), *figures(plain), share])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def figures(run: Run) -> list[str]:
    """Return a run's four figures as they are printed."""
    return [f"{run.per_second:,.0f}", f"{run.p50_ms:,.2f}", f"{run.p99_ms:,.2f}", f"{run.server_ms:,.3f}"]


def ratio(ours: Results, bare: Results) -> float:
    """Return how much more of the server's time one of our journeys takes than a bare one."""
    return statistics.median(
        middle(ours["journey", n]).server_ms / middle(bare["journey", n]).server_ms for n in CONNECTIONS
    )


def conditions(seconds: float, repeats: int) -> str:
    """Say under which circumstances the figures hold."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, SQLite {pysqlite3.sqlite_version} "
        f"(WAL, synchronous FULL), granian 1 worker × 4 threads, {os.cpu_count()} cores, "
        f"{repeats} runs of {seconds:g} s each; the middle run by server time is shown."
    )


def main() -> None:
    """Measure, check that nothing acknowledged is missing, and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one run (default 3)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind; the middle one is shown (default 3)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        program, installation, port = build_generator(folder), install(folder), free_port()
        path = f"/s/{installation.token}"
        with serving("wsgi:application", port, installation.environment(port)) as server:
            visit = first_visit(server, path)
            ours = race(program, server, path, chosen.seconds, chosen.repeats)
        plain = folder / "bare.db"
        with pysqlite3.connect(plain) as connection:
            connection.execute("CREATE TABLE responses (id BLOB PRIMARY KEY, answers TEXT NOT NULL) WITHOUT ROWID")
        connection.close()
        with serving("benchmarks.bare:application", free_port(), {"BARE_DATABASE": str(plain)}) as server:
            bare = race(program, server, "/form", chosen.seconds, chosen.repeats)
        stored = installation.stored()
    acknowledged = sum(run.acknowledged for runs in ours.values() for run in runs)
    assert stored >= acknowledged, f"{acknowledged} answers acknowledged, {stored} stored"
    report = "\n\n".join(
        [
            conditions(chosen.seconds, chosen.repeats),
            table(ours, bare),
            f"Server time of a whole journey, ours : bare (median over connections): {ratio(ours, bare):.2f}.",
            f"Acknowledged {acknowledged:,}, stored {stored:,}.",
            "First visit, compressed: "
            + ", ".join(f"{what} {n:,} B" for what, n in visit.items())
            + f"; together {sum(visit.values()):,} of {BUDGET_BYTES:,} B.",
        ]
    )
    Path(ROOT / "build").mkdir(exist_ok=True)
    Path(ROOT / "build/bench.md").write_text(report + "\n", encoding="utf-8")
    print(report)
    assert sum(visit.values()) <= BUDGET_BYTES, "the first visit is over its budget"


main()
