"""`make bench-scoring`: counting and deciding, ours beside plain NumPy and R `survey` on the same responses.

Every figure comes from a process of its own, so that one measurement does not warm another or lend it memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving import ROOT

MILLION = 1_000_000
N_DISTINCT = 20
RESPONSES_PER_DOSSIER = 3000
R_SCRIPT = Path(__file__).with_name("scoring_survey.R")
NOT_INSTALLED = "not installed"

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Race:
    """The runs of every contestant on one survey."""

    n: int
    memory: list[Figures]
    parquet: list[Figures]
    floor_one: list[Figures]
    floor_two: list[Figures]
    r: list[Figures]
    r_said: str


def told(text: str) -> None:
    """Say on standard error what is going on."""
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def child(*arguments: str, runs: int) -> list[Figures]:
    """Run one kind of measurement several times, each in a process of its own."""
    found = []
    for n in range(runs):
        told(f"{' '.join(Path(a).name for a in arguments)} ({n + 1}/{runs})")
        command = [sys.executable, "-m", "benchmarks.scoring_runs", *arguments]
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        found.append(json.loads(said.splitlines()[-1]))
    return found


def r_survey(folder: Path, runs: int) -> tuple[list[Figures], str]:
    """Run R `survey`, where it is installed, and say what ran."""
    program = shutil.which("Rscript")
    if program is None or subprocess.run([program, "-e", "library(survey)"], capture_output=True).returncode:
        return [], NOT_INSTALLED
    found, said = [], ""
    for n in range(runs):
        told(f"R survey on {folder.name} ({n + 1}/{runs})")
        out = subprocess.run([program, str(R_SCRIPT), str(folder)], check=True, capture_output=True, text=True).stdout
        line = json.loads(out.splitlines()[-1])
        said = line.pop("tool")
        found.append(line)
    return found, said


def race(folder: Path, n: int, runs: int, r_runs: int) -> Race:
    """Count one survey with every contestant; all that give an error must give the same one."""
    told(f"{n:,} responses are made")
    subprocess.run([sys.executable, "-m", "benchmarks.scoring_data", str(folder), str(n)], check=True, cwd=ROOT)
    r, said = r_survey(folder, r_runs) if r_runs else ([], "not run")
    contest = Race(
        n,
        memory=child("memory", str(folder), runs=runs),
        parquet=child("parquet", str(folder), runs=runs),
        floor_one=child("floor", str(folder), "1", runs=runs),
        floor_two=child("floor", str(folder), "2", runs=runs),
        r=r,
        r_said=said,
    )
    for key in ("share", "error"):
        values = [run[key] for run in (*contest.memory, *contest.parquet, *contest.r)]
        if max(values) - min(values) > 1e-12 * max(values):
            raise SystemExit(f"the contestants disagree on the {key}: {values}")
    return contest


def dossiers(folder: Path, n: int) -> list[Path]:
    """Write ``n`` auditor parts of 3,000 responses: twenty counties of 20 to 115 schools, again and again."""
    from scoring.demo import demonstration
    from scoring.dossier import write_dossier

    told(f"{N_DISTINCT} counties are made")
    distinct = [
        write_dossier(
            replace(demonstration(seed, 20 + 5 * seed, RESPONSES_PER_DOSSIER), county_code=f"{370000 + seed}")
        ).auditor
        for seed in range(N_DISTINCT)
    ]
    paths = []
    for number in range(n):
        path = folder / f"{number:04d}.zip"
        path.write_bytes(distinct[number % N_DISTINCT])
        paths.append(path)
    return paths


def province(folder: Path, n: int) -> Iterator[tuple[int, float]]:
    """Score dossiers with two worker processes; yield when each was finished."""
    from scoring.province import score_province

    for number, scored in enumerate(score_province(dossiers(folder, n), processes=2), start=1):
        if scored.line is None:
            raise SystemExit(f"{scored.name}: {scored.defects}")
        if number % max(1, n // 10) == 0:
            told(f"{number}/{n} dossiers")
        yield number, time.perf_counter()


def quarters(finished: list[tuple[int, float]]) -> tuple[float, float, float]:
    """Return milliseconds per dossier over all, in the first quarter and in the last, after the workers started.

    The first twenty are left out: they waited for the workers to import what they need.
    """
    times = [t for _, t in finished][min(N_DISTINCT, len(finished) // 4) :]
    quarter = len(times) // 4

    def per_dossier(part: list[float]) -> float:
        return (part[-1] - part[0]) / (len(part) - 1) * 1000

    return per_dossier(times), per_dossier(times[: quarter + 1]), per_dossier(times[-quarter - 1 :])


def middle(runs: list[Figures], key: str) -> float:
    """Return the median of a figure."""
    return statistics.median(run[key] for run in runs)


def spread(runs: list[Figures], key: str, scale: float = 1.0, places: int = 3) -> str:
    """Return a figure's median with its least and greatest."""
    low, high = min(run[key] for run in runs), max(run[key] for run in runs)
    return f"{middle(runs, key) * scale:,.{places}f} ({low * scale:,.{places}f}–{high * scale:,.{places}f})"


def row(*cells: str) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def race_lines(contest: Race) -> list[str]:
    """Return the rows of one survey."""
    lines = []
    ours = middle(contest.memory, "cpu")
    for name, runs in (
        ("ours, codes in memory", contest.memory),
        ("ours, `responses.parquet` read and checked", contest.parquet),
        ("plain NumPy, two items at a time: the floor", contest.floor_two),
        ("plain NumPy, item by item", contest.floor_one),
    ):
        has_load = "load" in runs[0]
        has_memory = "codes_mib" in runs[0]
        times_codes = middle(runs, "increase_mib") / middle(runs, "codes_mib") if has_memory else 0
        lines.append(
            row(
                f"{contest.n:,}",
                name,
                f"{middle(runs, 'load'):.2f}" if has_load else "",
                spread(runs, "compute"),
                f"{middle(runs, 'cpu'):.3f}",
                f"{ours / middle(runs, 'cpu'):.2f}",
                f"{middle(runs, 'increase_mib'):,.0f} = {times_codes:.2f} × the codes" if has_memory else "",
            )
        )
    if contest.r:
        wall = middle(contest.memory, "compute")
        r = middle(contest.r, "compute")
        memory = f"{middle(contest.r, 'peak_mib'):,.0f}, all"
        cells = (f"{middle(contest.r, 'load'):.2f}", spread(contest.r, "compute", places=1), "")
        lines.append(row(f"{contest.n:,}", contest.r_said, *cells, f"1 : {r / wall:,.0f} (wall)", memory))
    else:
        lines.append(row(f"{contest.n:,}", f"R survey: {contest.r_said}", "", "", "", "", ""))
    return lines


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement (%(default)s)")
    parser.add_argument("--r-runs", type=int, default=3, help="runs of R survey at a million (%(default)s)")
    parser.add_argument("--r-ten-million", action="store_true", help="R at 10 million too: minutes, and 14 GB")
    parser.add_argument("--no-ten-million", action="store_true", help="a million responses only")
    parser.add_argument("--dossiers", type=int, default=200, help="dossiers of a province (%(default)s)")
    parser.add_argument("--full", action="store_true", help="a province of 2,800 dossiers")
    chosen = parser.parse_args()
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contests = []
        for n in (MILLION,) if chosen.no_ten_million else (MILLION, 10 * MILLION):
            place = folder / f"{n}"
            place.mkdir()
            r_runs = chosen.r_runs if n == MILLION else int(chosen.r_ten_million)
            contests.append(race(place, n, chosen.runs, r_runs))
            shutil.rmtree(place)
        decided = {kinds: child("decide", kinds, runs=chosen.runs) for kinds in ("usual", "half", "all")}
        repaired = {kinds: child("repair", kinds, runs=min(chosen.runs, 3)) for kinds in ("usual", "half")}
        n_dossiers = 2800 if chosen.full else chosen.dossiers
        finished = list(province(folder, n_dossiers))
    versions = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {before[0]:.1f} at the beginning"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {versions} and {os.getloadavg()[0]:.1f} at the end; ", end="")
    print(f"medians of {chosen.runs} runs (least–greatest).\n")
    print(row("responses", "what", "load s", "compute s", "processor s", "ours : this", "memory MiB"))
    print(row("--:", "---", "--:", "--:", "--:", "--:", "--:"))
    print("\n".join(line for contest in contests for line in race_lines(contest)))
    print("\n" + row("500 schools", "stage rows", "verdict ms", "least", "processor ms"))
    print(row("---", "--:", "--:", "--:", "--:"))
    for kinds, runs in decided.items():
        times = (spread(runs, "compute", 1000, 1), f"{min(r['least'] for r in runs) * 1000:.1f}")
        print(row(kinds, f"{runs[0]['rows']}", *times, f"{middle(runs, 'cpu') * 1000:.1f}"))
    print("\n" + row("500 schools", "repair plan s", "processor s", "gap %", "additions"))
    print(row("---", "--:", "--:", "--:", "--:"))
    for kinds, runs in repaired.items():
        gap = f"{max(run['gap'] for run in runs) * 100:.2f}"
        print(row(kinds, spread(runs, "compute", 1, 1), f"{middle(runs, 'cpu'):.1f}", gap, f"{runs[0]['levers']}"))
    every, first, last = quarters(finished)
    print("\n" + row("dossiers", "ms per dossier, 2 processes", "first quarter", "last quarter", "last : first"))
    print(row("--:", "--:", "--:", "--:", "--:"))
    print(row(f"{n_dossiers:,}", f"{every:.1f}", f"{first:.1f}", f"{last:.1f}", f"{last / first:.2f}"))


if __name__ == "__main__":
    main()
