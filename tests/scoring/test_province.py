"""A province's dossiers at once: the bytes each gives alone, whatever breaks on the way, on whatever runs them."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster

from scoring import province as module
from scoring.demo import demonstration
from scoring.dossier import read_dossier, write_dossier
from scoring.province import Scored, comparison_csv, harmless, in_order, score_dossier, score_province
from scoring.verdict import decide, verdict_bytes

ROOT = Path(__file__).parents[2]
N_COUNTIES = 8


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return eight counties as zips, public and auditor parts, and between them one that is no dossier."""
    folder = tmp_path_factory.mktemp("province")
    for n in range(N_COUNTIES):
        content = replace(demonstration(n, 12, 300), county_code=f"37142{N_COUNTIES - n}", county_name=f"第{n}县")
        parts = write_dossier(content, parquet_from=0 if n == 3 else 1000)
        (folder / f"{n}.zip").write_bytes(parts.auditor if n % 2 else parts.public)
    (folder / "4-broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    return sorted(folder.iterdir())


def alone(path: Path) -> Scored:
    return score_dossier(path.name, path.read_bytes())


def check(results: list[Scored], paths: list[Path]) -> None:
    """Every dossier once, each with the bytes that ``verdict --json`` prints for it alone."""
    assert sorted(scored.name for scored in results) == sorted(path.name for path in paths)
    by_name = {scored.name: scored for scored in results}
    for path in paths:
        if "broken" in path.name:
            assert by_name[path.name].line is None
            assert by_name[path.name].verdict == b""
            assert by_name[path.name].defects
        else:
            assert by_name[path.name].verdict == verdict_bytes(decide(read_dossier(path)))


def test_two_processes_give_the_bytes_of_each_alone(province: list[Path], tmp_path: Path) -> None:
    missing = tmp_path / "gone-broken.zip"
    results = list(score_province([missing, *province], processes=2))
    check(results, [missing, *province])
    assert "gone-broken.zip:无法打开" in results[-1].defects[0]
    table = comparison_csv(results)
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert [row["county_code"] for row in rows[:N_COUNTIES]] == [f"37142{n}" for n in range(1, N_COUNTIES + 1)]
    assert [(row["dossier"], row["outcome"]) for row in rows[N_COUNTIES:]] == [
        ("4-broken.zip", "unreadable"),
        ("gone-broken.zip", "unreadable"),
    ]
    assert all(row["defects"] and not row["county_code"] for row in rows[N_COUNTIES:])
    assert not any(row["defects"] for row in rows[:N_COUNTIES])
    assert table == comparison_csv([*map(alone, province), results[-1]]), "the order of work leaves no trace"


def test_a_killed_worker_loses_nothing(province: list[Path]) -> None:
    """The worker is killed outright while dossiers wait on it; the nanny starts another one."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0, host="127.0.0.1"
    ) as cluster:
        victims = [nanny.pid for nanny in cluster.workers.values()]
        results: list[Scored] = []
        for scored in score_province(province * 6, scheduler=cluster.scheduler_address):
            results.append(scored)
            if len(results) == 5:
                os.kill(victims[0], signal.SIGKILL)
        assert len(results) == 6 * len(province)
        assert victims[0] not in [nanny.pid for nanny in cluster.workers.values()]
    for path in province:
        check([scored for scored in results if scored.name == path.name][:1], [path])
        assert len({scored.verdict for scored in results if scored.name == path.name}) == 1


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Dask's commands as an operator would, and stop it."""
    program = [sys.executable, "-m", "dask", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_a_scheduler_started_by_hand_gives_the_same(province: list[Path], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    worker = ("worker", address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path))
    with (
        running("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"),
        running(*worker),
        running(*worker),
    ):
        check(list(score_province(province, scheduler=address)), province)


def test_a_scheduler_that_is_not_there_is_an_error_of_the_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 1)
    with pytest.raises(OSError, match=r"(?i)timed out|connect"):
        list(score_province([], scheduler="tcp://127.0.0.1:9"))


def test_the_table_keeps_the_order_of_codes_with_the_unreadable_last(province: list[Path]) -> None:
    ordered = in_order(map(alone, reversed(province)))
    codes = [scored.line.county_code if scored.line else None for scored in ordered]
    assert codes == [*(f"37142{n}" for n in range(1, N_COUNTIES + 1)), None]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "﹦1", " =1", "\u3000＝1", "\u00a0@x"]


@pytest.mark.parametrize("cell", [*FORMULAS, "\tx", "\rx", "\nx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "演示县", "371402", "85.1", "a=b", "'=1", "–", "no-formula.zip"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_county_that_names_itself_a_formula_stays_a_name() -> None:
    content = replace(demonstration(1, 12, 300), county_name='=HYPERLINK("http://x","县")')
    scored = score_dossier("＝cmd.zip", write_dossier(content).public)
    (row,) = csv.DictReader(io.StringIO(comparison_csv([scored]).decode("utf-8-sig")))
    assert row["county_name"] == '\'=HYPERLINK("http://x","县")'
    assert row["dossier"] == "'＝cmd.zip"
