"""The further commands: explain, diff, uncertainty, repair, province, as a stranger runs them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from scoring.__main__ import main
from scoring.demo import demonstration
from scoring.dossier import read_dossier, write_dossier
from scoring.verdict import decide, verdict_bytes

COSTS = """
[prices]
teacher_degree = 60000
teacher_backbone = 20000
teacher_pe_arts = 50000
teaching_area = 3000
sports_ground = 400
equipment = 10000
multimedia_room = 80000
"""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    parts = write_dossier(demonstration(3, 20, 600))
    (folder / "public.zip").write_bytes(parts.public)
    (folder / "auditor.zip").write_bytes(parts.auditor)
    return folder


def test_explain_leads_to_the_cells(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(county / "public.zip"), "2.5"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith(("✗ 2.5", "✓ 2.5", "? 2.5"))
    assert "schools.csv:2 " in out
    assert "小学最大班级学生数" in out


def test_explain_of_an_unknown_code_names_similar_ones(county: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(county / "public.zip"), "2.55"]) == 2
    assert "2.5" in capsys.readouterr().err


def test_diff_names_the_cell_and_what_it_flipped(
    county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(county / "public.zip"), str(county / "auditor.zip")]) == 0
    content = demonstration(3, 20, 600)
    vetoes = [*content.vetoes, {"code": "5.1", "state": "confirmed", "level": "city", "reason": "查实"}]
    changed = tmp_path / "changed.zip"
    changed.write_bytes(write_dossier(replace(content, vetoes=vetoes)).public)
    capsys.readouterr()
    assert main(["diff", str(county / "public.zip"), str(changed)]) == 30
    out = capsys.readouterr().out
    assert "→ vetoed" in out.splitlines()[0]
    assert "! 5.1" in out
    assert "vetoes.csv [5.1 #2] state: (无) → confirmed" in out


def test_uncertainty_needs_the_auditor_part(county: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["uncertainty", str(county / "auditor.zip")]) == 0
    document = json.loads(capfdbinary.readouterr().out)
    assert document["format"] == "county-uncertainty/1"
    assert main(["uncertainty", str(county / "public.zip")]) == 2
    assert "审计部分" in capfdbinary.readouterr().err.decode()


def test_repair_prints_a_plan_and_writes_it(county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = demonstration(3, 20, 600)
    # The demonstration leaves one figure blank on purpose; a plan needs all of them.
    known = [{**s, "area_sports_ground": s.get("area_sports_ground") or "5000"} for s in content.schools]
    whole = tmp_path / "whole.zip"
    whole.write_bytes(write_dossier(replace(content, schools=known)).public)
    costs = tmp_path / "costs.toml"
    costs.write_text(COSTS)
    plan = tmp_path / "plan.json"
    assert main(["repair", str(whole), "--costs", str(costs), "--json", str(plan)]) == 0
    assert "总费用" in capsys.readouterr().out
    document = json.loads(plan.read_bytes())
    assert document["plan"]["additions"]
    assert float(document["plan"]["gap"]) <= 0.01
    assert main(["repair", str(county / "public.zip"), "--costs", str(costs)]) == 20
    assert "补齐" in capsys.readouterr().out


def test_a_wrong_cost_file_is_named(county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    costs = tmp_path / "costs.toml"
    costs.write_text("[prices]\nroof = 1\n")
    assert main(["repair", str(county / "public.zip"), "--costs", str(costs)]) == 2
    assert "prices.roof" in capsys.readouterr().err


def test_a_province_in_one_call(county: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"not a zip")
    out = tmp_path / "out"
    paths = [str(county / "public.zip"), str(county / "auditor.zip"), str(broken)]
    assert main(["province", *paths, "--out", str(out), "--processes", "1"]) == 2
    assert "broken.zip" in capsys.readouterr().err
    expected = verdict_bytes(decide(read_dossier(county / "public.zip")))
    (written,) = out.glob("*.json")
    assert written.read_bytes() == expected, "both parts are one dossier and give one verdict"
    verdict = json.loads(expected)
    assert written.stem == f"000000-2026-{verdict['dossier_sha256'][:12]}"
    with (out / "comparison.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["outcome"] for row in rows] == [verdict["outcome"], verdict["outcome"], "unreadable"]
