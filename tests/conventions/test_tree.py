"""The tree keeps its shape: no drawers, no long modules, no foreign names, one place that commits."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.repository import modules, read, tracked

CODE = modules("scoring", "surveyapp", "tests", "benchmarks", "scripts", "wsgi.py")
DRAWERS = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?|stuff|tools)$")
LONGEST_MODULE, LONGEST_TABLE_OF_CASES = 350, 550
LONGEST_ROUTE = 20
VERBS_AND_QUERIES = [path for path in modules("surveyapp") if path.name in {"services.py", "queries.py", "models.py"}]

# Written in halves, so that this file does not hold what it forbids.
FOREIGN = [
    left + right
    for left, right in [
        ("py", "pi.org"), ("python", "hosted"), ("npm", "js."), ("deb.", "debian.org"), ("/opt/", "wheels"),
        ("file:///", "opt"), ("/wo", "rk/"), (".lib", "rary"), ("fa", "rm-"), ("sub", "agent"), ("helper ", "agent"),
        ("Clau", "de"), ("Anthro", "pic"), ("TO", "DO"), ("FIX", "ME"),
    ]
]  # fmt: skip


def test_no_file_or_folder_is_a_drawer() -> None:
    names = {part for path in tracked() for part in (*path.parts[:-1], path.stem)}
    assert sorted(name for name in names if DRAWERS.search(name.lower())) == []


@pytest.mark.parametrize("path", CODE, ids=str)
def test_no_module_is_too_long_to_read(path: Path) -> None:
    n, most = read(path).count("\n"), LONGEST_TABLE_OF_CASES if path.stem.startswith("test_") else LONGEST_MODULE
    assert n <= most


def test_nothing_names_a_registry_or_a_workshop() -> None:
    found = []
    for path in tracked():
        try:
            text = read(path)
        except UnicodeDecodeError:
            continue
        found += [f"{path}: {word}" for word in FOREIGN if word.lower() in text.lower()]
    assert found == []


def test_every_module_says_in_one_line_what_it_is() -> None:
    silent = []
    for path in modules("scoring", "surveyapp", "benchmarks"):
        docstring = ast.get_docstring(ast.parse(read(path)))
        first = (docstring or "").splitlines()[:1]
        if not first or len(first[0]) < 15:
            silent.append(str(path))
    assert silent == []


def calls(tree: ast.AST) -> list[str]:
    """Return every called name as it is written, like ``session.commit``."""
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_only_the_database_module_ends_a_transaction() -> None:
    found = [
        f"{path}: {name}"
        for path in modules("surveyapp")
        for name in calls(ast.parse(read(path)))
        if re.search(r"(session|connection)\.commit$", name)
    ]
    assert found == []


@pytest.mark.parametrize("path", VERBS_AND_QUERIES, ids=str)
def test_verbs_and_queries_are_given_time_and_chance(path: Path) -> None:
    ambient = re.compile(r"^(datetime\.(now|utcnow|today)|date\.today|time\.\w+|random\.\w+|uuid\d?\.\w+|os\.urandom)$")
    assert [name for name in calls(ast.parse(read(path))) if ambient.search(name)] == []


def route_functions(path: Path) -> list[ast.FunctionDef]:
    """Return the functions of a module that answer a URL."""
    return [
        node
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(mark).startswith(("blueprint.", "app.route")) for mark in node.decorator_list)
    ]


@pytest.mark.parametrize("path", [path for path in modules("surveyapp") if "routes" in path.name], ids=str)
def test_a_route_only_reads_calls_and_chooses(path: Path) -> None:
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in route_functions(path)}
    assert {name: n for name, n in lengths.items() if n > LONGEST_ROUTE} == {}
