"""Many counties at once: every dossier scored by the same function, on as many processes and hosts as there are.

The work is handed out by Dask's scheduler: a worker that dies loses nothing, because its dossiers are handed to
another one. What comes back is, byte for byte, what ``verdict`` gives for each dossier alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import pandas as pd
from distributed import Client, Future, LocalCluster, as_completed

from scoring.dossier import read_dossier
from scoring.errors import DossierError
from scoring.figures import shown
from scoring.findings import Outcome
from scoring.verdict import Verdict, decide, verdict_bytes

AHEAD = 3
"""How many dossiers per process are read ahead of the work: enough to keep it busy, little memory."""
UNREADABLE = "unreadable"

_CONNECT_SECONDS = 10
_PATIENCE_SECONDS = 30
_DEFECTS_SHOWN = 3
_STARTS_A_FORMULA = ("=", "+", "-", "@")
_STARTS_A_CELL = ("\t", "\r", "\n")


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
    defects: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What became of one dossier: its line and verdict, or why it could not be read."""

    name: str
    line: CountyLine | None
    verdict: bytes
    defects: tuple[str, ...] = ()

    @property
    def without_verdict(self) -> Scored:
        """Return the same without the verdict, which is by far its largest part."""
        return replace(self, verdict=b"")


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


def score_province(
    paths: Sequence[Path], *, scheduler: str | None = None, processes: int | None = None
) -> Iterator[Scored]:
    """Score many dossiers on all cores, or on the workers of a running scheduler.

    Parameters
    ----------
    paths : sequence of Path
        Dossiers as zips. They are read here, a few ahead of the work, and travel to the workers, which need no common
        file system.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``; without it a cluster on this machine.
    processes : int, optional
        Worker processes on this machine; all cores by default.

    Yields
    ------
    Scored
        Each dossier as it is finished, in no order; nothing is kept of it. One that cannot be opened, read or
        finished is a result too.

    Raises
    ------
    OSError
        If the scheduler cannot be reached, or has no worker within half a minute.
    """
    if scheduler is not None:
        with Client(scheduler, timeout=_CONNECT_SECONDS) as client:
            client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
            yield from _spread(client, paths)
        return
    with (
        LocalCluster(
            n_workers=processes, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        yield from _spread(client, paths)


def _spread(client: Client, paths: Sequence[Path]) -> Iterator[Scored]:
    room = AHEAD * max(1, sum(client.ncores().values()))
    waiting = iter(paths)
    going = as_completed()
    names: dict[str, str] = {}
    unopened: list[Scored] = []

    def hand_out(n: int) -> None:
        while n > 0 and (path := next(waiting, None)) is not None:
            try:
                data = path.read_bytes()
            except OSError as error:
                unopened.append(Scored(path.name, None, b"", (f"{path.name}:无法打开({error.strerror})。",)))
                continue
            future = client.submit(score_dossier, path.name, data, pure=False)
            names[str(future.key)] = path.name
            going.add(future)
            n -= 1

    hand_out(room)
    for future in going:
        name = names.pop(str(future.key))
        yield future.result() if future.status == "finished" else _lost(name, future)
        hand_out(1)
    yield from unopened


def _lost(name: str, future: Future[Scored]) -> Scored:
    return Scored(name, None, b"", (f"计算未能完成:{future.exception()}",))


def in_order(results: Iterable[Scored]) -> tuple[Scored, ...]:
    """Return results in the order of the table, unreadable dossiers last."""
    return tuple(sorted(results, key=_place))


def _place(scored: Scored) -> tuple[bool, str, str, str]:
    line = scored.line
    return (line is None, line.county_code if line else "", line.year if line else "", scored.name)


def comparison_csv(results: Iterable[Scored]) -> bytes:
    """Return the comparison table as csv (UTF-8 with a byte-order mark, so that spreadsheets read the Chinese).

    A dossier that could not be read has a line of its own, with outcome ``unreadable`` and its first defects.
    """
    columns = [field.name for field in fields(CountyLine)]
    lines = []
    for scored in in_order(results):
        line = scored.line
        if line is None:
            shown_defects = " ".join(scored.defects[:_DEFECTS_SHOWN])
            known = {"dossier": scored.name, "outcome": UNREADABLE, "defects": shown_defects}
            line = CountyLine(**(dict.fromkeys(columns, "") | known))
        lines.append([harmless(cell) for cell in astuple(line)])
    table = pd.DataFrame(lines, columns=columns, dtype=str)
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe where it would begin like one.

    Full-width and small forms of the signs count as well, because some input methods and spreadsheets fold them.

    >>> harmless("=1+1"), harmless("＝1+1"), harmless("演示县"), harmless("")
    ("'=1+1", "'＝1+1", '演示县', '')
    """
    folded = unicodedata.normalize("NFKC", cell)
    begins_like_one = folded.startswith(_STARTS_A_CELL) or folded.lstrip().startswith(_STARTS_A_FORMULA)
    return f"'{cell}" if begins_like_one else cell
