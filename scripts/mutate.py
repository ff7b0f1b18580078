"""Changes scoring/ in one place after the other and says which changes no test notices.

    python scripts/mutate.py spread sample              # two modules
    python scripts/mutate.py --show spread              # the survivors' changes

One process collects the tests once and notes which test runs which line. Each change is then made in a fork:
the code of the one function is exchanged in place and the tests of its line run, the quick ones first, until one
fails or --limit seconds of tests have run. Changes outside functions, and survivors of modules that tests already
use while they are imported, are tried in a fresh interpreter. Results are kept in build/mutation/ by the hash of the
changed module, module by module; --again forgets the survivors (after tests were added).

Left out, because nothing decides by them: docstrings, annotations, the sentences of reasons (every string constant
except where it is compared with, or is a key), raised messages, imports, and module-level displays.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.abc
import importlib.util
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
import types
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol
from mutations import Mutant, changed, function_codes, functions_in, identity, mutants_of

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "mutation"


class Lines:
    """Notes which lines of the modules under test run, by thread of execution."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.seen: set[tuple[str, int]] = set()

    def __call__(self, frame: types.FrameType, event: str, _: Any) -> Any:
        name = self.files.get(frame.f_code.co_filename)
        if name is None:
            return None
        seen = self.seen

        def line(frame: types.FrameType, event: str, _: Any) -> Any:
            if event == "line":
                seen.add((name, frame.f_lineno))
            return line

        seen.add((name, frame.f_lineno))
        return line


class Runner:
    """The pytest plugin that does all of it in place of running the tests."""

    def __init__(self, modules: list[str], limit: float, again: bool) -> None:
        self.modules, self.limit, self.again = modules, limit, again

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        quiet = open(os.devnull, "w")  # noqa: SIM115, PTH123
        session.config.pluginmanager.get_plugin("terminalreporter")._tw._file = quiet
        coverage = self.baseline(session)
        for name in self.modules:
            try:
                self.module(session, name, coverage)
            except Exception:  # noqa: BLE001 - pytest would report it on the terminal that is silenced
                traceback.print_exc(file=sys.__stderr__)
        return True

    def baseline(self, session: pytest.Session) -> dict[tuple[str, int], list[tuple[float, int]]]:
        """Run each test once in a fork; return which run a line, with their seconds, the quick first."""
        read, write = os.pipe()
        if os.fork() == 0:
            os.close(read)
            files = {str(ROOT / "scoring" / f"{m}.py"): m for m in self.modules}
            out = []
            for number, item in enumerate(session.items):
                lines = Lines(files)
                start = time.perf_counter()
                sys.settrace(lines)
                threading.settrace(lines)
                failed = self.fails(session, item)
                sys.settrace(None)
                seconds = time.perf_counter() - start
                if failed:
                    print("fails unchanged:", item.nodeid, file=sys.__stderr__, flush=True)
                elif seconds <= self.limit * 4:
                    out.append((number, seconds, lines.seen))
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(out, pipe)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            out = pickle.load(pipe)  # noqa: S301 - written by the fork above
        os.wait()
        coverage: dict[tuple[str, int], list[tuple[float, int]]] = {}
        for number, seconds, seen in out:
            for key in seen:
                coverage.setdefault(key, []).append((seconds, number))
        return {key: sorted(tests) for key, tests in coverage.items()}

    @staticmethod
    def fails(session: pytest.Session, item: pytest.Item) -> bool:
        """Run one test and say whether it failed."""
        session._setupstate.teardown_exact(None)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            reports = runtestprotocol(item, log=False, nextitem=None)
        return any(report.failed for report in reports)

    def module(self, session: pytest.Session, name: str, coverage: Any) -> None:
        """Try every change of one module and keep the results."""
        path = ROOT / "scoring" / f"{name}.py"
        begun = time.perf_counter()
        tree = ast.parse(path.read_text("utf-8"))
        module = importlib.import_module(f"scoring.{name}")
        functions = functions_in(module)
        all_tests = sorted({t for (m, _), tests in coverage.items() if m == name for t in tests})
        kept_file = KEPT / f"{name}.json"
        kept: dict[str, dict[str, Any]] = json.loads(kept_file.read_text("utf-8")) if kept_file.exists() else {}
        results: dict[str, dict[str, Any]] = {}
        lines = path.read_text("utf-8").splitlines()
        if all_tests and self.imported(name, tree, [session.items[all_tests[0][1]].nodeid]) != "survived":
            test = session.items[all_tests[0][1]].nodeid
            print(f"{name}: {test} fails in a fresh interpreter unchanged", file=sys.__stderr__)
            return
        for mutant in mutants_of(tree):
            key = identity(name, mutant, tree)
            known = kept.get(key)
            if known and not (self.again and known["state"] in ("survived", "uncovered")):
                results[key] = known
                continue
            scope_lines = self.span(tree, mutant)
            covering = coverage.get((name, mutant.line)) or sorted(
                {t for line in scope_lines or () for t in coverage.get((name, line), [])}
            )
            tests = covering if scope_lines else all_tests
            state = self.trial(session, name, module, functions, tree, mutant, tests)
            results[key] = {
                "state": state, "line": mutant.line, "change": mutant.text, "scope": mutant.qualname,
                "source": lines[mutant.line - 1].strip() if mutant.line else "",
            }
        KEPT.mkdir(parents=True, exist_ok=True)
        kept_file.write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
        print(row(name, results), f"{time.perf_counter() - begun:.0f} s", file=sys.__stdout__, flush=True)

    @staticmethod
    def span(tree: ast.Module, mutant: Mutant) -> range | None:
        """Return the lines of the statement a change is in, None outside functions."""
        at: Any = tree
        statement = None
        inside = False
        for field, i in mutant.path:
            inside = inside or (isinstance(at, ast.FunctionDef) and field == "body")
            at = getattr(at, field) if i is None else getattr(at, field)[i]
            if isinstance(at, ast.stmt):
                statement = at
        if not inside or statement is None:
            return None
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)

    def trial(
        self, session: pytest.Session, name: str, module: Any, functions: Any, tree: ast.Module, mutant: Mutant,
        tests: list[tuple[float, int]],
    ) -> str:
        """Return killed, slow (killed by the clock), survived, or uncovered."""
        if not tests:
            return "uncovered"
        fresh = changed(tree, mutant)
        code = compile(fresh, str(ROOT / "scoring" / f"{name}.py"), "exec")
        before = dict(function_codes(compile(tree, str(ROOT / "scoring" / f"{name}.py"), "exec")))
        swaps = [
            (functions[q], c) for q, c in function_codes(code) if q in functions and c != before.get(q)
        ]
        chosen, total = [], 0.0
        for seconds, number in tests:
            total += seconds
            if chosen and total > self.limit:
                break
            chosen.append(number)
        if swaps:
            state = self.forked(session, swaps, [session.items[n] for n in chosen], min(total, self.limit))
            if state != "survived":
                return state
            if name not in AT_IMPORT:
                return state
        return self.imported(name, fresh, [session.items[n].nodeid for n in chosen])

    def forked(self, session: pytest.Session, swaps: Any, items: list[pytest.Item], seconds: float) -> str:
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_PROF, 2 + 2 * seconds)  # seconds of computing, whatever else runs here
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            for function, code in swaps:
                function.__code__ = code
            for item in items:
                if self.fails(session, item):
                    os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return "slow"
        return "killed" if os.WEXITSTATUS(status) else "survived"

    def imported(self, name: str, fresh: ast.Module, nodes: list[str]) -> str:
        """Run the tests in a new interpreter that imports the changed module."""
        source = ast.unparse(fresh)
        listed = KEPT / f"{name}.{os.getpid()}.py"
        KEPT.mkdir(parents=True, exist_ok=True)
        listed.write_text(source, "utf-8")
        try:
            done = subprocess.run(
                [sys.executable, __file__, "--one", name, str(listed), *nodes],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=30 + 6 * self.limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "slow"
        finally:
            listed.unlink()
        return "killed" if done.returncode else "survived"


AT_IMPORT = {
    "ruleset", "ruleset_file", "toml_table", "questionnaire", "questionnaire_file", "school_columns", "criteria_file",
    "flag_parameters", "demo", "demo_schools", "demo_answers", "demo_questionnaires", "school_file", "cells",
}


class OneChange(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed source, under its own file name."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        origin = str(ROOT / (fullname.replace(".", "/") + ".py"))
        return importlib.util.spec_from_file_location(fullname, origin, loader=self)

    def exec_module(self, module: types.ModuleType) -> None:
        exec(compile(self.source, module.__file__ or "", "exec"), module.__dict__)  # noqa: S102


ARGUMENTS = [
    "-q", "-x", "-p", "no:randomly", "--timeout=0", "-p", "no:cacheprovider", "-p", "no:xdist",
    "--capture=no", "-W", "ignore::pytest.PytestAssertRewriteWarning",
]


def profile() -> None:
    """Make property tests repeatable and short of what a search for the smallest example costs."""
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        derandomize=True,
        deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")


def row(name: str, results: dict[str, dict[str, Any]]) -> str:
    """Return one line of the table."""
    left = sum(r["state"] in ("survived", "uncovered") for r in results.values())
    n = len(results)
    return f"| {name} | {n} | {n - left} | {left} | {100 * left / max(n, 1):.1f} |"


def main() -> int:
    """Run the modules named."""
    if sys.argv[1:2] == ["--one"]:
        name, file, *nodes = sys.argv[2:]
        sys.meta_path.insert(0, OneChange(f"scoring.{name}", Path(file).read_text("utf-8")))
        sys.path.insert(0, str(ROOT))
        # Imported first, or pytest, collecting the module's own examples, would import the unchanged file.
        importlib.import_module(f"scoring.{name}")
        profile()
        return int(pytest.main([*ARGUMENTS, *nodes]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="modules of scoring (default: all)")
    parser.add_argument("--tests", nargs="*", default=["tests/scoring", "scoring"], help="what pytest collects")
    parser.add_argument("--limit", type=float, default=12.0, help="seconds of tests for one change")
    parser.add_argument("--again", action="store_true", help="try the survivors again")
    parser.add_argument("--show", action="store_true", help="list the survivors kept")
    parser.add_argument("--deselect", nargs="*", default=[], help="tests too long for this")
    chosen = parser.parse_args()
    modules = chosen.modules or sorted(p.stem for p in (ROOT / "scoring").glob("*.py") if not p.stem.startswith("__"))
    if chosen.show:
        for name in modules:
            kept = json.loads((KEPT / f"{name}.json").read_text("utf-8"))
            print(row(name, kept))
            for key, r in kept.items():
                if r["state"] in ("survived", "uncovered"):
                    print(f"  {key[:6]} {name}:{r['line']} {r['scope']} [{r['change']}] {r['state']}: {r['source']}")
        return 0
    profile()
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    skipped = [part for test in chosen.deselect for part in ("--deselect", test)]
    runner = Runner(modules, chosen.limit, chosen.again)
    return int(pytest.main([*ARGUMENTS, *skipped, *chosen.tests], plugins=[runner]))


if __name__ == "__main__":
    sys.exit(main())
