"""docs/dossier.md says what the code does: every file, column, figure and exit code."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from scoring.commands import EXIT_CODES, UNREADABLE
from scoring.counts import Case
from scoring.counts_file import COUNTS_COLUMNS, FIGURES
from scoring.criteria_file import CRITERIA_COLUMNS
from scoring.disclosure import Split
from scoring.dossier import MEMBERS, PARQUET_FROM, PARTS, RESPONSES_FILES
from scoring.manifest import FORMAT, Part, Purpose
from scoring.questionnaire import Form
from scoring.responses import MOST_CLUSTERS, records_of
from scoring.responses_file import RESPONSES_PARQUET, responses_columns
from scoring.responses_parquet import NAMED_COLUMNS, NAMES_KEY
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
    both = set(re.findall(r"^\| `([\w.]+)` \| yes \| yes \|", TEXT, re.MULTILINE))
    auditor = set(re.findall(r"^\| `([\w.]+)` \| no \| yes \|", TEXT, re.MULTILINE))
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


@pytest.mark.parametrize("file", RESPONSES_FILES)
def test_columns_of_the_responses(file: str) -> None:
    columns = responses_columns(dossiers.content().questionnaires)
    told = dict.fromkeys(word for word in paragraph(file) if word in columns)
    assert list(told) == [column for column in columns if not re.fullmatch(r"q\d\d", column)]


def test_what_is_said_of_the_parquet_file() -> None:
    assert {NAMES_KEY.decode(), *NAMED_COLUMNS} <= set(paragraph(RESPONSES_PARQUET))
    assert f"from {PARQUET_FROM:,} responses on" in TEXT
    assert f"More than {MOST_CLUSTERS:,} schools and offices" in TEXT


def test_the_lines_that_read_the_parquet_file_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dossiers.content()
    lines = re.search(r"opens it:\n\n((?:    .*\n)+)", TEXT)
    assert lines
    (tmp_path / RESPONSES_PARQUET).write_bytes(dossiers.auditor(with_parquet=True)[RESPONSES_PARQUET])
    monkeypatch.chdir(tmp_path)
    known: dict[str, pd.DataFrame] = {}
    exec(textwrap.dedent(lines.group(1)), known)  # noqa: S102 – our own documentation
    told = known["frame"]["group"].value_counts().to_dict()
    assert told == Counter(record.group.value for record in records_of(content.responses))


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
