"""Every dependency is declared, pinned, hashed and there for a reason."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.support.repository import ROOT, modules, read, tracked

RUNTIME, DEVELOPMENT = Path("requirements"), Path("requirements-dev")
OURS = {"scoring", "surveyapp", "tests", "benchmarks", "wsgi"} | {path.stem for path in modules("scripts")}


def canonical(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(stem: Path) -> set[str]:
    """Return the distributions that an .in file asks for."""
    lines = [line.split("#")[0].strip() for line in read(stem.with_suffix(".in")).splitlines()]
    return {canonical(re.split(r"[\[<>=~! ;]", line)[0]) for line in lines if line and not line.startswith("-")}


def pinned(stem: Path) -> dict[str, str]:
    """Return the distributions that a locked file installs, with their versions."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", read(stem.with_suffix(".txt")), re.MULTILINE)
    return {canonical(name): version for name, version in found}


@pytest.mark.parametrize("stem", [RUNTIME, DEVELOPMENT], ids=str)
def test_every_pin_carries_hashes_and_no_address(stem: Path) -> None:
    text = read(stem.with_suffix(".txt"))
    blocks = [block for block in re.split(r"\n(?=\S)", text) if block and not block.startswith("#")]
    assert blocks
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert not re.search(r"https?:|^-", text, re.MULTILINE)


def test_the_lock_answers_what_is_declared() -> None:
    assert declared(RUNTIME) <= set(pinned(RUNTIME))
    assert declared(DEVELOPMENT) <= set(pinned(DEVELOPMENT)) | set(pinned(RUNTIME))


def test_development_uses_the_very_versions_that_run() -> None:
    runtime, development = pinned(RUNTIME), pinned(DEVELOPMENT)
    assert {name: (version, runtime[name]) for name, version in development.items()
            if runtime.get(name, version) != version} == {}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Return the top-level names a module imports from outside the repository and the standard library."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - OURS - sys.stdlib_module_names


def undeclared(paths: list[Path], allowed: set[str]) -> set[str]:
    """Name every import whose distribution nobody declared."""
    homes = metadata.packages_distributions()
    return {
        f"{path}: {name}"
        for path in paths
        for name in imported(path)
        if not {canonical(home) for home in homes.get(name, [])} & allowed
    }


def test_what_runs_imports_only_what_is_declared() -> None:
    assert undeclared(modules("scoring", "surveyapp", "migrations", "wsgi.py"), declared(RUNTIME)) == set()


def test_tests_and_benchmarks_import_only_what_is_declared() -> None:
    allowed = declared(RUNTIME) | declared(DEVELOPMENT)
    assert undeclared(modules("tests", "benchmarks", "scripts"), allowed) == set()


def test_every_dependency_has_a_reason_on_record() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|(.+)\|$", read(Path("docs/decisions/0001-dependencies.md")), re.MULTILINE)
    reasons = {canonical(name): reason for name, reason in rows}
    assert set(reasons) == declared(RUNTIME) | declared(DEVELOPMENT)
    assert [name for name, reason in reasons.items() if len(reason.strip()) < 30] == []


def test_only_the_lock_script_writes_the_pins() -> None:
    assert Path("scripts/lock.sh") in tracked()
    assert "--generate-hashes" in (ROOT / "scripts/lock.sh").read_text()
