"""One measurement in a process of its own: ``python -m benchmarks.scoring_runs KIND …`` prints one line of JSON."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import scoring_data
from scoring.cluster_cells import survey_cells_of
from scoring.code_cells import code_cells
from scoring.costs import parse_costs
from scoring.demo import demonstration
from scoring.demo_schools import KIND_SHARES, demo_schools
from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.proportion import Interval
from scoring.questionnaire import QuestionnaireSet
from scoring.repair import RepairPlan, plan_repair
from scoring.responses import ResponseTable
from scoring.responses_parquet_reader import parse_responses_parquet
from scoring.ruleset import load_rule_set, parse_rule_set
from scoring.school_columns import SchoolKind
from scoring.tally import tally_of
from scoring.uncertainty import item_figures, uncertainty
from scoring.verdict import decide

Figures = dict[str, float | int | str]

_CHUNK = 1 << 17
_MIB = 1 << 20
_SCHOOLS = 500
_MULTI_STAGE = ((SchoolKind.NINE_YEAR, 80), (SchoolKind.COMPLETE_SECONDARY, 10), (SchoolKind.TWELVE_YEAR, 10))
_HALF = (
    (SchoolKind.NINE_YEAR, 40),
    (SchoolKind.COMPLETE_SECONDARY, 5),
    (SchoolKind.TWELVE_YEAR, 5),
    (SchoolKind.PRIMARY, 35),
    (SchoolKind.JUNIOR, 15),
)
KINDS = {"usual": KIND_SHARES, "half": _HALF, "all": _MULTI_STAGE}
_DECISIONS = 15
# The prices of the tests of the repair plan.
_COSTS = b"""
[prices]
teacher_degree = 60000
teacher_backbone = 20000
teacher_pe_arts = 50000
teaching_area = 3000
sports_ground = 400
equipment = 10000
multimedia_room = 80000
teacher_move = 3000
"""


def main() -> None:
    """Run the measurement that was asked for."""
    kind, *arguments = sys.argv[1:]
    runs: dict[str, Callable[..., Figures]] = {
        "memory": from_memory,
        "parquet": from_parquet,
        "floor": floor,
        "decide": decisions,
        "repair": repair,
    }
    print(json.dumps(runs[kind](*arguments)))


def from_memory(folder: str) -> Figures:
    """Count codes that are loaded as arrays."""
    imported, began = peak(), time.perf_counter()
    table = scoring_data.load(Path(folder))
    loaded = time.perf_counter()
    return _counted(table, imported, loaded - began, with_ids=False)


def from_parquet(folder: str) -> Figures:
    """Read and check the product's file, ids included, and count what is in it."""
    imported, began = peak(), time.perf_counter()
    data = (Path(folder) / "responses.parquet").read_bytes()
    table, defects = parse_responses_parquet(data, scoring_data.questionnaires())
    if table is None:
        raise SystemExit(defects[0].en)
    del data
    return _counted(table, imported, time.perf_counter() - began, with_ids=True)


def _counted(table: ResponseTable, imported: float, load: float, *, with_ids: bool) -> Figures:
    """Time everything from codes to shares with errors: tally, cells, recognition, and every item of every group."""
    forms, parameters = scoring_data.questionnaires(), load_rule_set("national-2017").parameters
    places = scoring_data.localities()
    wall, cpu = time.perf_counter(), time.process_time()
    cells = code_cells(table, forms)
    tally_of(cells, forms)
    survey = survey_cells_of(cells, forms, places, {}, parameters)
    sureness = uncertainty(survey, parameters)
    figures = item_figures(survey, parameters)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    pooled = sureness.pooled.estimate
    if not isinstance(pooled, Interval):
        raise SystemExit("the pooled share has no interval")
    codes = scoring_data.code_bytes(table, with_ids=with_ids)
    return {
        "load": load,
        "compute": wall,
        "cpu": cpu,
        "codes_mib": codes / _MIB,
        "increase_mib": peak() - imported,
        "share": pooled.share,
        "error": pooled.standard_error,
        "figures": len(figures) + len(sureness.groups) + len(sureness.weighted) + 1,
    }


def floor(folder: str, together: str) -> Figures:
    """Count school × group × answer with NumPy and nothing else: one item at a time, or two."""
    table, step = scoring_data.load(Path(folder)), int(together)
    forms = scoring_data.questionnaires()
    wall, cpu = time.perf_counter(), time.process_time()
    total = _plain_pass(table, forms, step)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if total != table.n_responses * scoring_data.N_ITEMS // step:
        raise SystemExit("the floor lost answers")
    return {"compute": wall, "cpu": cpu}


def _plain_pass(table: ResponseTable, forms: QuestionnaireSet, step: int) -> int:
    counted = 0
    for block, form in zip(table.forms, forms.questionnaires, strict=True):
        n_groups, codes = len(form.groups), 7**step
        size = len(table.cluster_names) * n_groups * codes
        sums = np.zeros((scoring_data.N_ITEMS // step, size), np.int64)
        first = int(block.groups.min())
        for start in range(0, len(block.groups), _CHUNK):
            part = slice(start, start + _CHUNK)
            cell = block.clusters[part].astype(np.intp)
            if n_groups > 1:
                cell *= n_groups
                cell += block.groups[part] - first
            cell *= codes
            for i in range(0, scoring_data.N_ITEMS, step):
                code = block.answers[part, i] + 1
                if step == 2:
                    code *= 7
                    code += block.answers[part, i + 1] + 1
                sums[i // step] += np.bincount(cell + code, minlength=size)
        counted += int(sums.sum())
    return counted


def decisions(kinds: str) -> Figures:
    """Decide a county of 500 schools that is loaded already."""
    dossier = county(kinds)
    times = []
    for _ in range(_DECISIONS):
        wall, cpu = time.perf_counter(), time.process_time()
        verdict = decide(dossier)
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    rows = len(verdict.finding("1.schools").children)
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    return {"compute": wall, "cpu": cpu, "least": min(t for t, _ in times), "rows": rows}


def county(kinds: str, *, complete: bool = False) -> Dossier:
    """Return a county of 500 schools of some kinds, 3,000 responses, read from its public part.

    One cell of the demonstration is blank; a plan asks for it first, so ``complete`` fills it in.
    """
    content = demonstration(1, _SCHOOLS, 3000)
    schools = demo_schools(np.random.default_rng(1), _SCHOOLS, parse_rule_set(content.rule_set), KINDS[kinds])
    if complete:
        schools = [{"area_sports_ground": "9000"} | cells if "pupils_primary" in cells else cells for cells in schools]
    return read_dossier(write_dossier(replace(content, schools=schools)).public)


def repair(kinds: str) -> Figures:
    """Plan the cheapest repair of a county of 500 schools."""
    dossier = county(kinds, complete=True)
    wall, cpu = time.perf_counter(), time.process_time()
    plan = plan_repair(dossier.schools, dossier.rule_set, parse_costs(_COSTS), gap=0.01, seconds=60.0)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if not isinstance(plan, RepairPlan):
        raise SystemExit(f"no plan: {plan.reason}")
    return {"compute": wall, "cpu": cpu, "gap": plan.gap, "cost": float(plan.cost), "levers": len(plan.additions)}


def peak() -> float:
    """Return the most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
