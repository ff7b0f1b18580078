"""The documents do not lie: links lead somewhere, names exist, commands run, every term has its entry."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import tomllib
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest

import scoring
import surveyapp
from surveyapp import migrate
from tests.support.repository import ROOT, modules, read, tracked

DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DOTTED = re.compile(r"`((?:scoring|surveyapp|migrations|benchmarks)(?:\.\w+)+)(?:\(\))?`")
COMMAND = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def all_modules(package: ModuleType) -> list[ModuleType]:
    """Import every module of a package, those that only start programs aside."""
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [importlib.import_module(one.name) for one in found if not one.name.endswith("__main__")]


def anchors(path: Path) -> set[str]:
    """Return the anchors that a document's headings give."""
    headings = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    dead = []
    for target in LINK.findall(read(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (ROOT / path.parent / name).resolve() if name else ROOT / path
        if not there.exists() or (anchor and anchor not in anchors(there.relative_to(ROOT))):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_code_name_in_a_document_exists(path: Path) -> None:
    missing = []
    for dotted in DOTTED.findall(read(path)):
        name, _, attribute = dotted.rpartition(".")
        try:
            found = hasattr(importlib.import_module(name), attribute)
        except ModuleNotFoundError:
            found = False
        if not found:
            try:
                importlib.import_module(dotted)
            except ModuleNotFoundError:
                missing.append(dotted)
    assert missing == []


def glossary() -> set[str]:
    """Return every code name the glossary explains."""
    rows = re.findall(r"^\|[^|]+\|[^|]+\|([^|]+)\|$", read(Path("docs/glossary.md")), re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", " ".join(rows)))


def test_every_name_of_the_glossary_is_in_the_code() -> None:
    text = "\n".join(read(path) for path in modules("scoring", "surveyapp"))
    assert [name for name in sorted(glossary()) if not re.search(rf"\b{re.escape(name)}\b", text)] == []


def test_every_code_that_is_stored_or_published_is_in_the_glossary() -> None:
    published = [*all_modules(scoring), *(one for one in all_modules(surveyapp) if one.__name__.endswith(".models"))]
    codes = {
        member.value
        for module in published
        for kind in vars(module).values()
        if inspect.isclass(kind) and issubclass(kind, StrEnum) and kind.__module__ == module.__name__
        for member in kind
    }
    assert len(codes) > 50
    assert sorted(codes - glossary()) == []


def test_the_change_log_speaks_of_what_there_is() -> None:
    changes = read(Path("CHANGELOG.md"))
    project = tomllib.loads(read(Path("pyproject.toml")))["project"]
    assert f"## {project['version']}" in changes
    told = [migrate.newest(), *(path.stem for path in Path(ROOT / "scoring/rulesets").glob("*.toml"))]
    assert [name for name in told if f"`{name}`" not in changes] == []


def test_the_commands_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", read(Path("Makefile")), re.MULTILINE))
    unknown, n = [], 0
    for path in DOCUMENTS:
        for line in "\n".join(COMMAND.findall(read(path))).splitlines():
            words = line.removeprefix("$ ").removeprefix("sudo ").split()
            n += 1
            if words[:1] == ["make"]:
                unknown += [f"{path}: {line}" for word in words[1:] if "=" not in word and word not in targets]
            elif "-m" in words[:3] and words[0].endswith("python"):
                module = words[words.index("-m") + 1]
                home = ROOT / module.replace(".", "/")
                if module.split(".")[0] in {"scoring", "surveyapp", "benchmarks"}:
                    unknown += [] if (home / "__main__.py").exists() or home.with_suffix(".py").exists() else [line]
            elif words and words[0].startswith("scripts/"):
                unknown += [] if (ROOT / words[0]).exists() else [f"{path}: {line}"]
    assert n > 0
    assert unknown == []


def test_every_command_of_the_makefile_says_what_it_does() -> None:
    makefile = read(Path("Makefile"))
    captioned = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    assert {"setup", "run", "demo", "test", "test-full", "check", "bench", "lint", "clean", "help"} <= captioned


def test_every_environment_variable_is_documented() -> None:
    tree = ast.parse(read(Path("surveyapp/config.py")))
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    variables = {name for name in names if re.fullmatch(r"[A-Z][A-Z_]{3,}", name)} | {"INSTANCE_DIR", "HOST"}
    assert "DATABASE_URL" in variables
    for document in ("README.md", "docs/operations.md"):
        assert [name for name in sorted(variables) if f"`{name}`" not in read(Path(document))] == [], document


def test_every_decision_is_numbered_and_dated() -> None:
    decisions = sorted(path for path in DOCUMENTS if path.parts[:2] == ("docs", "decisions"))
    assert [int(path.stem[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert re.search(r"^Decided: \d{4}-\d{2}-\d{2}$", read(path), re.MULTILINE), path
