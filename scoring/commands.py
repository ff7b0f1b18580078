"""What each command does: read, compute by one call, print; all defects at once, and an exit code that says which."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from scoring.costs import parse_costs
from scoring.demo import demonstration
from scoring.dossier import Dossier, read_dossier, write_dossier
from scoring.errors import DossierError, RuleSetError
from scoring.findings import CountyOutcome
from scoring.flip import nearest_flips
from scoring.repair import NoPlan, plan_repair
from scoring.repair_lines import flip_lines, plan_document, plan_lines
from scoring.schools import stage_rows
from scoring.terminal import defect_lines, plain, robustness_lines, verdict_lines
from scoring.trace_lines import difference_lines, explanation_lines
from scoring.traces import compare, explain
from scoring.uncertainty_document import uncertainty_document
from scoring.verdict import Verdict, decide, robustness_of, uncertainty_of, verdict_bytes
from scoring.verdict_document import canonical_bytes

EXIT_CODES = {
    CountyOutcome.MEETS: 0,
    CountyOutcome.DOES_NOT_MEET: 10,
    CountyOutcome.VETOED: 11,
    CountyOutcome.UNDECIDED: 12,
}
UNREADABLE = 2
NO_PLAN = 20
DIFFERENT = 30

P = ParamSpec("P")


def _readable(command: Callable[P, int]) -> Callable[P, int]:
    """Turn what makes an input unreadable into exit code 2, with every defect on standard error."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except (DossierError, RuleSetError) as error:
            _print(defect_lines(error.defects), to_error=True)
        except OSError as error:
            print(f"无法读取或写出 / cannot be read or written: {error}", file=sys.stderr)
        return UNREADABLE

    return run


@_readable
def verdict_command(path: Path, *, as_json: bool) -> int:
    """Print a dossier's verdict."""
    dossier, verdict = _decided(path)
    if as_json:
        sys.stdout.buffer.write(verdict_bytes(verdict))
    else:
        _print(verdict_lines(verdict, uncertainty_of(dossier)))
        _print(robustness_lines(robustness_of(dossier, verdict.recognition)))
    return EXIT_CODES[verdict.outcome]


@_readable
def uncertainty_command(path: Path) -> int:
    """Print intervals and robustness of an auditor part as JSON."""
    dossier, verdict = _decided(path)
    sureness, robustness = uncertainty_of(dossier), robustness_of(dossier, verdict.recognition)
    if sureness is None or robustness is None:
        print("公开部分不含各校答卷,区间须由审计部分计算。 Intervals need the auditor part.", file=sys.stderr)
        return UNREADABLE
    sys.stdout.buffer.write(canonical_bytes(uncertainty_document(verdict, sureness, robustness)))
    return 0


@_readable
def explain_command(path: Path, code: str) -> int:
    """Print one finding with the cells it rests on."""
    dossier, verdict = _decided(path)
    try:
        _print(explanation_lines(explain(dossier, verdict, code)))
    except KeyError:
        near = [f.code for f in verdict.tree.walk() if f.code.startswith(code[:3])][:12]
        hint = f";相近的编码 / similar: {'、'.join(near)}" if near else ""
        print(f"没有编码为“{code}”的判定 / no finding {code!r}{hint}", file=sys.stderr)
        return UNREADABLE
    return 0


@_readable
def diff_command(first: Path, second: Path) -> int:
    """Print what changed between two dossiers and which findings moved because of it."""
    before, after = _decided(first), _decided(second)
    difference = compare(*before, *after)
    _print(difference_lines(difference, before[1], after[1]))
    return DIFFERENT if difference.cells or difference.findings else 0


@_readable
def repair_command(path: Path, costs: Path, *, gap: float, seconds: float, json_file: Path | None) -> int:
    """Print the cheapest plan after which domain 1 is met, or why there is none."""
    dossier, verdict = _decided(path)
    plan = plan_repair(dossier.schools, dossier.rule_set, parse_costs(costs.read_bytes(), costs.name), gap=gap,
                       seconds=seconds, progress=lambda text: print(text, file=sys.stderr, flush=True))
    if json_file is not None:
        json_file.write_bytes(canonical_bytes(plan_document(plan, verdict)))
    rows = stage_rows(dossier.schools, dossier.rule_set.parameters)
    _print(plan_lines(plan, verdict))
    _print(flip_lines(nearest_flips(verdict.tree, rows, verdict.recognition, dossier.rule_set)))
    return NO_PLAN if isinstance(plan, NoPlan) else 0


@_readable
def province_command(paths: Sequence[Path], out: Path, *, scheduler: str | None, processes: int | None) -> int:
    """Score many dossiers and write every verdict and the comparison table."""
    # Dask and the progress bar take half a second to import, which no other command should wait for.
    from scoring.province import comparison_csv, score_province
    from scoring.province_progress import progress

    out.mkdir(parents=True, exist_ok=True)
    results = []
    with progress(len(paths)) as done:
        for scored in score_province(paths, scheduler=scheduler, processes=processes):
            if scored.line is not None:
                # Named by the dossier's hash: two reports of one county and year do not replace each other.
                name = f"{scored.line.county_code}-{scored.line.year}-{scored.line.dossier_sha256[:12]}.json"
                (out / name).write_bytes(scored.verdict)
            results.append(scored.without_verdict)
            done(scored)
    for scored in results:
        if scored.line is None:
            print(f"{plain(scored.name)}: {plain(' '.join(scored.defects))}", file=sys.stderr)
    (out / "comparison.csv").write_bytes(comparison_csv(results))
    unreadable = sum(scored.line is None for scored in results)
    print(f"{len(results) - unreadable} 个结论 / verdicts, {unreadable} 个无法读取 / unreadable → {out}")
    return UNREADABLE if unreadable else 0


def demo_command(folder: Path, seed: int, n_schools: int, n_responses: int) -> int:
    """Write both parts of a demonstration dossier into a folder."""
    try:
        parts = write_dossier(demonstration(seed, n_schools, n_responses))
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (("public.zip", parts.public), ("auditor.zip", parts.auditor)):
            (folder / name).write_bytes(data)
            print(f"{folder / name}  {len(data)} bytes")
    except (OSError, ValueError) as error:
        print(f"无法写出 / cannot be written: {error}", file=sys.stderr)
        return UNREADABLE
    print(f"dossier_sha256 {parts.sha256}")
    return 0


def _decided(path: Path) -> tuple[Dossier, Verdict]:
    dossier = read_dossier(path)
    return dossier, decide(dossier)


def _print(lines: Iterable[str], *, to_error: bool = False) -> None:
    for line in lines:
        print(line, file=sys.stderr if to_error else sys.stdout)
