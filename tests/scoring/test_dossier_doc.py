"""docs/dossier.md says what the code does: every file, column, figure and exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scoring.commands import EXIT_CODES, UNREADABLE
from scoring.counts import Case
from scoring.counts_file import COUNTS_COLUMNS, FIGURES
from scoring.criteria_file import CRITERIA_COLUMNS
from scoring.disclosure import Split
from scoring.dossier import MEMBERS, PARTS
from scoring.manifest import FORMAT, Part, Purpose
from scoring.questionnaire import Form
from scoring.responses_file import responses_columns
from scoring.ruleset import DontKnowRule, SatisfiedRule
from scoring.school_columns import SCHOOL_COLUMN_NAMES
from scoring.vetoes import VETO_COLUMNS
from tests.scoring import dossiers

TEXT = (Path(__file__).parents[2] / "docs" / "dossier.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", TEXT))


def paragraph(file: str) -> list[str]:
    """Return the code words of the paragraph about one file, in order."""
    found = re.search(rf"^\*\*`{re.escape(file)}`\*\*(.*?)(?:\n\n|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, file
    return re.findall(r"`([^`\n]+)`", found.group(1))


def test_files_and_their_part() -> None:
    table = dict(re.findall(r"^\| `([\w.]+)` \| yes \| yes \||^\| `([\w.]+)` \| no \| yes \|", TEXT, re.MULTILINE))
    both, auditor = {name for name in table if name}, {name for name in table.values() if name}
    assert auditor == {name for name, part in PARTS.items() if part is Part.AUDITOR}
    assert both | auditor == {rule.name for rule in MEMBERS}


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("schools.csv", SCHOOL_COLUMN_NAMES),
        ("criteria.csv", CRITERIA_COLUMNS),
        ("vetoes.csv", VETO_COLUMNS),
        ("counts.csv", COUNTS_COLUMNS),
    ],
)
def test_columns(file: str, columns: tuple[str, ...]) -> None:
    assert [word for word in paragraph(file) if word in columns] == list(columns)


def test_columns_of_the_responses() -> None:
    columns = responses_columns(dossiers.content().questionnaires)
    told = [word for word in paragraph("responses.csv") if word in columns]
    assert told == [column for column in columns if not re.fullmatch(r"q\d\d", column)]


def test_codes() -> None:
    wanted = {FORMAT, *(p.value for p in Purpose), *(f.value for f in Form), *(c.code for c in FIGURES)}
    wanted |= {code.value for codes in (Case, SatisfiedRule, DontKnowRule) for code in codes}
    assert wanted <= CODE


def test_exit_codes() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert told == {*EXIT_CODES.values(), UNREADABLE}


def test_splits() -> None:
    def braces(codes: tuple[int, ...]) -> str:
        return "{" + ",".join(str(c) for c in codes) + "}"

    flat = re.sub(r"\s+", " ", TEXT)
    for split in Split:
        whole = "all" if split is Split.SATISFIED else braces(split.whole)
        assert f"{whole} → {braces(split.sides[0])} and {braces(split.sides[1])}" in flat
