"""The page of the method does not lie: its examples run, and nothing that makes a figure is missing from it."""

from __future__ import annotations

import doctest
import re
import tomllib
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from scoring.figures import shown
from scoring.ruleset import SHIPPED_RULE_SETS, load_rule_set, rule_set_bytes
from tests.support.repository import modules, read

PAGE = Path("docs/method.md")
DEFAULTS = "national-2017"
NO_FIGURES = {
    "archive": "packs and unpacks",
    "cells": "reads text",
    "commands": "runs what others compute",
    "counts_file": "reads and writes",
    "criteria_file": "reads",
    "csv_table": "reads and writes",
    "demo": "invents a county",
    "demo_answers": "invents",
    "demo_questionnaires": "invents",
    "demo_schools": "invents",
    "dossier_reader": "reads and checks",
    "errors": "names defects",
    "flag_parameters": "reads; the parameters are in the page's table",
    "parquet_footer": "checks a file before it is opened",
    "province_progress": "shows how far the work is",
    "questionnaire": "holds forms",
    "questionnaire_file": "reads and writes",
    "recognition_reasons": "words what recognition decided",
    "repair_lines": "prints and writes plans",
    "repair_programme": "holds what repair solves",
    "response_rows": "reads and checks",
    "responses_file": "reads and writes",
    "responses_parquet": "reads and writes",
    "responses_parquet_reader": "reads and checks",
    "ruleset_file": "reads",
    "terminal": "prints",
    "thrift_struct": "reads a file's own structure",
    "toml_table": "reads",
    "trace_lines": "prints explanations",
}
"""Modules of scoring that the page need not name, and why; of a new one somebody has to decide."""
ONE_PARAMETER = {"primary", "junior", "senior", "single_stage", "multi_stage"}
"""Keys of a table that is one parameter with several values; other tables hold parameters of their own."""


class Typography(doctest.OutputChecker):
    """Compares as doctest does, whatever the width of the punctuation: what must agree are words and figures."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Say whether an example gave what the page says."""
        return super().check_output(normalize("NFKC", want), normalize("NFKC", got), optionflags)


class Console:
    """Keeps what doctest would print, for the assertion to show."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Keep some text."""
        self.text += text


def run(page: str) -> tuple[int, int, str]:
    """Run a page's examples in one namespace; return how many failed, how many there were, and the report."""
    example = doctest.DocTestParser().get_doctest(page, {"__name__": "__main__"}, str(PAGE), str(PAGE), 0)
    console = Console()
    results = doctest.DocTestRunner(Typography(), verbose=False).run(example, out=console.write)
    return results.failed, results.attempted, console.text


def sections() -> dict[str, str]:
    """Return the page's numbered sections by their number."""
    parts = re.split(r"^## (\d+) .*$", read(PAGE), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def leaves(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return every parameter of a table with its values, in the file's order and as the file writes them."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if not isinstance(value, dict):
            found[prefix + key] = str(value)
        elif value.keys() <= ONE_PARAMETER:
            found[prefix + key] = " / ".join(str(one) for one in value.values())
        else:
            found |= leaves(value, f"{prefix}{key}.")
    return found


def parameters(rule_set: str) -> dict[str, str]:
    """Return every parameter of a shipped rule set as text."""
    return leaves(tomllib.loads(rule_set_bytes(rule_set).decode(), parse_float=str)["parameters"])


def explained() -> dict[str, tuple[str, str, str]]:
    """Return the page's table of parameters: default, meaning and sections by name."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", sections()["19"], re.MULTILINE)
    return {name: (default.strip(), meaning.strip(), where.strip()) for name, default, meaning, where in rows}


def test_every_example_of_the_page_gives_what_it_says() -> None:
    failed, attempted, report = run(read(PAGE))
    assert attempted > 0
    assert failed == 0, report


def test_a_wrong_number_on_the_page_would_be_noticed() -> None:
    wrong = read(PAGE).replace("(Fraction(3, 49), '0.247', True)", "(Fraction(3, 49), '0.248', True)")
    assert wrong != read(PAGE)
    failed, _, report = run(wrong)
    assert failed == 1
    assert "0.247" in report


@pytest.mark.parametrize("number", [str(n) for n in range(1, 19)])
def test_every_section_has_its_source_its_limits_an_example_and_english(number: str) -> None:
    text = sections()[number]
    asked = ("代码：`scoring.", "**依据。**", "**不说明什么。**", "    >>> ", "**English.**")
    assert [mark for mark in asked if mark not in text] == []


def test_every_module_that_makes_a_figure_is_named() -> None:
    names = {path.stem for path in modules("scoring") if path.parent == Path("scoring")} - {"__init__", "__main__"}
    named = set(re.findall(r"`scoring\.(\w+)`", read(PAGE)))
    assert sorted(names - named - NO_FIGURES.keys()) == []


def test_no_module_is_excused_that_the_page_names() -> None:
    assert sorted(NO_FIGURES.keys() & set(re.findall(r"`scoring\.(\w+)`", read(PAGE)))) == []


@pytest.mark.parametrize("rule_set", SHIPPED_RULE_SETS)
def test_every_parameter_is_explained_and_none_that_does_not_exist(rule_set: str) -> None:
    assert sorted(explained()) == sorted(parameters(rule_set))


def test_the_defaults_on_the_page_are_those_of_the_file() -> None:
    assert {name: default for name, (default, _, _) in explained().items()} == parameters(DEFAULTS)


def test_a_parameter_is_used_in_the_sections_its_row_names() -> None:
    unknown = {n for _, _, where in explained().values() for n in where.split("、")} - sections().keys()
    assert unknown == set()
    assert [name for name, (_, meaning, _) in explained().items() if len(meaning) < 6] == []


def test_the_standards_on_the_page_are_those_of_the_file() -> None:
    rows = re.findall(r"^\| (1\.\d) [^|]+\|[^|]+\| ([\d.]+) \| ([\d.]+) \|$", sections()["3"], re.MULTILINE)
    standards = [(one.code, one.thresholds) for one in load_rule_set(DEFAULTS).domain("1")]
    assert rows == [(code, shown(limit["primary"]), shown(limit["junior"])) for code, limit in standards if limit]
