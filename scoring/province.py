"""Many counties at once: every dossier scored by the same function, on as many processes and hosts as there are.

The work is handed out by Dask's scheduler: a worker that dies loses nothing, because its dossiers are handed to
another one. What comes back is, byte for byte, what ``verdict`` gives for each dossier alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from distributed import Client, Future, LocalCluster, as_completed

from scoring.dossier import read_dossier
from scoring.errors import DossierError
from scoring.figures import shown
from scoring.findings import Outcome
from scoring.verdict import Verdict, decide, verdict_bytes

AHEAD = 3
"""How many dossiers per process are read ahead of the work: enough to keep it busy, little memory."""


@dataclass(frozen=True, slots=True)
class CountyLine:
    """One county in the comparison table; shares in per cent with one decimal, as the national forms print them."""

    dossier: str
    county_code: str
    county_name: str
    year: str
    purpose: str
    demo: str
    outcome: str
    precondition: str
    resources: str
    assurance: str
    quality: str
    recognition: str
    vetoes: str
    n_valid: str
    recognition_share: str
    rows_passing: str
    rows: str
    criteria_not_met: str
    dossier_sha256: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of one dossier: its line and verdict, or why it could not be read."""

    name: str
    line: CountyLine | None
    verdict: bytes
    defects: tuple[str, ...] = ()


Done = Callable[[Scored], None]


def score_dossier(name: str, data: bytes) -> Scored:
    """Score one dossier from its bytes; the function every worker runs.

    Parameters
    ----------
    name : str
        What the dossier is called in the table.
    data : bytes
        A dossier as a zip.

    Returns
    -------
    Scored
        An unreadable dossier is a result too, with its defects, and never stops the others.
    """
    try:
        dossier = read_dossier(data)
    except DossierError as error:
        return Scored(name, None, b"", tuple(d.zh for d in error.defects))
    verdict = decide(dossier)
    return Scored(name, county_line(name, verdict), verdict_bytes(verdict))


def county_line(name: str, verdict: Verdict) -> CountyLine:
    """Return a verdict's line in the comparison table."""
    found = {finding.code: finding for finding in verdict.tree.walk()}
    schools = found["1.schools"].children
    criteria = [f for domain in ("2", "3") for f in found[domain].children]
    share = verdict.recognition.share
    return CountyLine(
        dossier=name,
        county_code=verdict.county_code,
        county_name=verdict.county_name,
        year=str(verdict.year),
        purpose=str(verdict.purpose),
        demo="yes" if verdict.demo else "no",
        outcome=str(verdict.outcome),
        precondition=str(found["0"].outcome),
        resources=str(found["1"].outcome),
        assurance=str(found["2"].outcome),
        quality=str(found["3"].outcome),
        recognition=str(found["4"].outcome),
        vetoes=str(found["5"].outcome),
        n_valid=str(verdict.recognition.valid),
        recognition_share="" if share is None else shown(100 * share, 1),
        rows_passing=str(sum(f.outcome is Outcome.MET for f in schools)),
        rows=str(len(schools)),
        criteria_not_met=str(sum(f.outcome is Outcome.NOT_MET for f in criteria)),
        dossier_sha256=verdict.dossier_sha256,
    )


def score_here(paths: Sequence[Path], done: Done = lambda _: None) -> tuple[Scored, ...]:
    """Score dossiers one after another in this process; for a few of them nothing is faster."""
    results = []
    for path in paths:
        scored = score_dossier(path.name, path.read_bytes())
        done(scored)
        results.append(scored)
    return in_order(results)


def score_province(
    paths: Sequence[Path], *, scheduler: str | None = None, processes: int | None = None,
    done: Done = lambda _: None,
) -> tuple[Scored, ...]:
    """Score many dossiers on all cores, or on the workers of a running scheduler.

    Parameters
    ----------
    paths : sequence of Path
        Dossiers as zips. They are read here and travel to the workers, which need no common file system.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``; without it a cluster on this machine.
    processes : int, optional
        Worker processes on this machine; all cores by default.
    done : callable
        Told of each dossier as it is finished.

    Returns
    -------
    tuple of Scored
        In the order of county code, year and name, whatever order the work was done in.

    Raises
    ------
    OSError
        If a dossier cannot be read from disk or the scheduler cannot be reached.
    """
    if scheduler is not None:
        with Client(scheduler, timeout="10s") as client:
            return _spread(client, paths, done)
    with (
        LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster,
        Client(cluster) as client,
    ):
        return _spread(client, paths, done)


def _spread(client: Client, paths: Sequence[Path], done: Done) -> tuple[Scored, ...]:
    room = AHEAD * max(1, sum(client.ncores().values()))
    waiting = iter(paths)
    going = as_completed()
    results: list[Scored] = []
    names: dict[str, str] = {}
    for path in _some(waiting, room):
        going.add(_submit(client, path, names))
    for future in going:
        scored = future.result() if future.status == "finished" else _lost(names[str(future.key)], future)
        done(scored)
        results.append(scored)
        for path in _some(waiting, 1):
            going.add(_submit(client, path, names))
    return in_order(results)


def _some(paths: Iterator[Path], n: int) -> Iterator[Path]:
    for _, path in zip(range(n), paths, strict=False):
        yield path


def _submit(client: Client, path: Path, names: dict[str, str]) -> Future[Scored]:
    future = client.submit(score_dossier, path.name, path.read_bytes(), pure=False)
    names[str(future.key)] = path.name
    return future


def _lost(name: str, future: Future[Scored]) -> Scored:
    return Scored(name, None, b"", (f"计算未能完成:{future.exception()}",))


def in_order(results: Sequence[Scored]) -> tuple[Scored, ...]:
    """Return results in the order of the table, unreadable dossiers last."""
    return tuple(sorted(results, key=_place))


def _place(scored: Scored) -> tuple[bool, str, str, str]:
    line = scored.line
    return (line is None, line.county_code if line else "", line.year if line else "", scored.name)


def comparison_csv(results: Sequence[Scored]) -> bytes:
    """Return the comparison table as csv (UTF-8 with a byte-order mark, so that spreadsheets read the Chinese)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([field.name for field in fields(CountyLine)])
    writer.writerows(astuple(scored.line) for scored in results if scored.line is not None)
    return out.getvalue().encode("utf-8-sig")
