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
import copy
import hashlib
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
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "build" / "mutation"
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True)
class Mutant:
    """One change: where it is, what it says, and how to make it in a fresh tree."""

    line: int
    qualname: str
    text: str
    path: tuple[tuple[str, int | None], ...]
    change: Callable[[ast.AST], ast.AST | None]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def changes(node: ast.AST, parent: ast.AST | None) -> Iterator[tuple[str, Callable[[Any], ast.AST | None]]]:
    """Yield every change of one node, with a few words on it."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield f"{type(op).__name__}→{other.__name__}", lambda n, i=i, o=other: _with_op(n, i, o())
    elif isinstance(node, ast.BoolOp):
        yield "and↔or", _swap_bool
        for i in range(len(node.values)):
            yield f"without operand {i + 1}", lambda n, i=i: _without(n, i)
    elif (
        isinstance(node, ast.BinOp)
        and type(node.op) in ARITHMETIC
        and not (_is_text(node.left) or _is_text(node.right))
    ):
        other_op = ARITHMETIC[type(node.op)]
        yield f"{type(node.op).__name__}→{other_op.__name__}", lambda n, o=other_op: _set(n, op=o())
    elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC and not _is_text(node.value):
        yield f"{type(node.op).__name__}=→other", lambda n: _set(n, op=ARITHMETIC[type(n.op)]())
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield "not dropped", lambda n: n.operand
        elif isinstance(node.op, ast.USub):
            yield "minus dropped", lambda n: n.operand
    elif isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield f"{value}→{not value}", lambda n: ast.Constant(not n.value)
        elif isinstance(value, int | float):
            yield f"{value}+1", lambda n: ast.Constant(n.value + 1)
            if not (isinstance(parent, ast.UnaryOp)):
                yield f"{value}-1", lambda n: ast.Constant(n.value - 1)
        elif isinstance(value, str) and isinstance(parent, ast.Compare | ast.Subscript | ast.Dict):
            yield f"{value!r} spoilt", lambda n: ast.Constant(n.value + "~")
    elif isinstance(node, ast.IfExp):
        yield "always the first", lambda n: n.body
        yield "always the second", lambda n: n.orelse
    elif isinstance(node, ast.If):
        yield "condition true", lambda n: _set(n, test=ast.Constant(True))
        yield "condition false", lambda n: _set(n, test=ast.Constant(False))
    elif isinstance(node, ast.Return) and node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None
    ):
        yield "returns None", lambda n: _set(n, value=ast.Constant(None))
    elif isinstance(node, ast.Continue):
        yield "continue→break", lambda n: ast.Break()
    elif isinstance(node, ast.Break):
        yield "break→continue", lambda n: ast.Continue()
    elif isinstance(node, ast.comprehension):
        for i in range(len(node.ifs)):
            yield "filter dropped", lambda n, i=i: _set(n, ifs=n.ifs[:i] + n.ifs[i + 1 :])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        swap = {"min": "max", "max": "min", "any": "all", "all": "any"}.get(node.func.id)
        if swap:
            yield f"{node.func.id}→{swap}", lambda n, s=swap: _set(n, func=ast.Name(s, ast.Load()))
        elif node.func.id in ("sorted", "set", "frozenset", "abs") and len(node.args) == 1:
            yield f"{node.func.id}() dropped", lambda n: n.args[0]
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
        swap = {
            ("Outcome", "MET"): "NOT_MET", ("Outcome", "NOT_MET"): "UNDECIDED",
            ("Outcome", "UNDECIDED"): "MET", ("Outcome", "NOT_APPLICABLE"): "MET",
            ("CountyOutcome", "MEETS"): "UNDECIDED", ("CountyOutcome", "UNDECIDED"): "MEETS",
            ("CountyOutcome", "VETOED"): "DOES_NOT_MEET", ("CountyOutcome", "DOES_NOT_MEET"): "VETOED",
            ("Combinator", "ALL"): "LEAF", ("Combinator", "INFORMATIONAL"): "ALL",
        }.get((node.value.id, node.attr))
        if swap:
            yield f"{node.value.id}.{node.attr}→{swap}", lambda n, s=swap: _set(n, attr=s)
    is_call = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
    if is_call or isinstance(node, ast.AugAssign | ast.Raise):
        yield "statement deleted", lambda n: ast.Pass()


def _set(node: Any, **fields: Any) -> Any:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _with_op(node: Any, i: int, op: ast.cmpop) -> Any:
    node.ops[i] = op
    return node


def _swap_bool(node: Any) -> Any:
    return _set(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _without(node: Any, i: int) -> Any:
    rest = node.values[:i] + node.values[i + 1 :]
    return rest[0] if len(rest) == 1 else _set(node, values=rest)


def mutants_of(tree: ast.Module) -> list[Mutant]:
    """Return every change of a module, in the order of its lines."""
    found: list[Mutant] = []

    def visit(node: ast.AST, parent: ast.AST | None, path: tuple[tuple[str, int | None], ...], scope: str) -> None:
        if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.AnnAssign) and not (
            isinstance(node, ast.AnnAssign) and node.value is not None
        ):
            return
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            scope = f"{scope}.{node.name}" if scope else node.name
        for text, change in changes(node, parent):
            line = getattr(node, "lineno", None) or getattr(parent, "lineno", 0)
            if isinstance(node, ast.comprehension):
                line = node.ifs[0].lineno
            found.append(Mutant(line, scope, text, path, change))
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params", "bases", "format_spec"):
                continue
            if isinstance(node, ast.Raise) or (name == "op" or name == "ops" or name == "ctx"):
                continue
            if isinstance(value, list):
                for i, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        visit(child, node, (*path, (name, i)), scope)
            elif isinstance(value, ast.AST):
                visit(value, node, (*path, (name, None)), scope)

    visit(tree, None, (), "")
    return found


def changed(tree: ast.Module, mutant: Mutant) -> ast.Module:
    """Return a copy of a module with one change made."""
    fresh = copy.deepcopy(tree)
    at: Any = fresh
    for name, i in mutant.path[:-1]:
        at = getattr(at, name) if i is None else getattr(at, name)[i]
    name, i = mutant.path[-1]
    if i is None:
        setattr(at, name, mutant.change(getattr(at, name)))
    else:
        getattr(at, name)[i] = mutant.change(getattr(at, name)[i])
    return ast.fix_missing_locations(fresh)


def identity(module: str, mutant: Mutant, tree: ast.Module) -> str:
    """Name a change by what it leaves of its scope, so that changes elsewhere do not move it."""
    text = ast.unparse(changed(tree, mutant))
    return hashlib.sha256(f"{module}\n{text}".encode()).hexdigest()[:16]


def function_codes(code: types.CodeType, prefix: str = "") -> Iterator[tuple[str, types.CodeType]]:
    """Yield the code of each function a module defines outside functions, by its qualified name."""
    for const in code.co_consts:
        if isinstance(const, types.CodeType) and not const.co_name.startswith("<"):
            yield const.co_qualname, const
            if not const.co_flags & 0x0002:  # a class body (functions have fast locals) holds methods
                yield from function_codes(const)


def functions_in(module: types.ModuleType) -> dict[str, types.FunctionType]:
    """Return the module's own functions and methods, unwrapped, by their qualified name."""
    found: dict[str, types.FunctionType] = {}

    def note(value: Any) -> None:
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            for part in (value.fget, value.fset):
                note(part)
            return
        value = getattr(value, "func", value) if type(value).__name__ == "cached_property" else value
        while hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            found[value.__code__.co_qualname] = value

    for value in vars(module).values():
        note(value)
        if isinstance(value, type) and value.__module__ == module.__name__:
            for member in vars(value).values():
                note(member)
    return found


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
