"""The command line, as a stranger runs it: exit codes, the whole list of defects, the canonical bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scoring.__main__ import main
from scoring.commands import EXIT_CODES
from scoring.demo import demonstration
from scoring.dossier import DossierContent, read_dossier, write_dossier
from scoring.errors import Defect
from scoring.findings import CountyOutcome
from scoring.questionnaire import GROUPS
from scoring.terminal import defect_lines, verdict_lines
from scoring.verdict import decide, verdict_bytes
from tests.scoring import dossiers
from tests.scoring.builders import JUNIOR, PRIMARY, cells

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scoring", *arguments]
    env = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False, env=env)


def county(*, veto: str = "absent", class_size: str = "0", residents: int | None = 1000) -> DossierContent:
    """Return a county in which everything is met but what the arguments change."""
    content = demonstration(1, 12, 300)
    vetoes = [{"code": f"5.{n}", "state": "absent", "level": "city", "reason": ""} for n in range(1, 7)]
    vetoes[0]["state"] = veto
    judged = [*content.criteria, {"code": "3.6", "judgement": "met", "level": "city"}]
    oversize = {"oversize_classes_primary": class_size} if class_size != "0" else {}
    schools = [cells(PRIMARY, "S1", **oversize), cells(JUNIOR, "S2")]
    return replace(
        content,
        schools=schools,
        vetoes=vetoes,
        criteria=judged,
        residents=residents,
        populations=dict.fromkeys([g.value for g in GROUPS], None),
    )


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    path = tmp_path / "dossier.zip"
    path.write_bytes(dossiers.parts().public)
    return path


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({}, 0, id="meets"),
        pytest.param({"class_size": "1"}, 10, id="does not meet"),
        pytest.param({"veto": "confirmed"}, 11, id="vetoed"),
        pytest.param({"veto": "confirmed", "class_size": "1"}, 11, id="vetoed before not met"),
        pytest.param({"veto": "raised"}, 12, id="undecided"),
        pytest.param({"veto": "raised", "class_size": "1"}, 10, id="not met before undecided"),
        pytest.param({"residents": None}, 12, id="nobody knows how many must be asked"),
    ],
)
def test_exit_codes(changed: dict[str, str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "county.zip"
    path.write_bytes(write_dossier(county(**changed)).public)  # type: ignore[arg-type]
    assert main(["verdict", str(path)]) == code
    assert "结论 / outcome" in capsys.readouterr().out


def test_every_outcome_has_its_own_code() -> None:
    assert set(EXIT_CODES) == set(CountyOutcome)
    assert sorted(EXIT_CODES.values()) == [0, 10, 11, 12]


def test_json_is_the_canonical_bytes(dossier: Path) -> None:
    ran = run("verdict", str(dossier), "--json")
    assert ran.returncode == 10
    assert ran.stderr == b""
    assert ran.stdout == verdict_bytes(decide(read_dossier(dossier)))
    assert json.loads(ran.stdout)["dossier_sha256"] == dossiers.parts().sha256


def test_the_bytes_depend_neither_on_the_hash_seed_nor_on_the_locale(dossier: Path) -> None:
    runs = [
        run("verdict", str(dossier), "--json", PYTHONHASHSEED=seed, LC_ALL=locale).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    ]
    assert runs[0] == runs[1] != b""


def test_people_get_the_outcome_its_reasons_and_the_tree(dossier: Path) -> None:
    ran = run("verdict", str(dossier))
    text = ran.stdout.decode()
    assert ran.returncode == 10
    for expected in ("【演示", "演示县", "不符合 / does not meet", "认定权属于国家", "社会认可度", "✗ 2.5", "? 3.6"):
        assert expected in text


def test_a_terminal_without_chinese_is_no_crash(dossier: Path) -> None:
    ran = run("verdict", str(dossier), PYTHONIOENCODING="ascii")
    assert ran.returncode == 10
    assert b"outcome" in ran.stdout


def test_an_unreadable_dossier_exits_with_2_and_all_its_defects(tmp_path: Path) -> None:
    members = dossiers.public()
    members = dossiers.edited(members, "vetoes.csv", "absent", "missing")
    members = dossiers.edited(members, "schools.csv", ",primary,", ",kindergarten,")
    del members["criteria.csv"]
    path = tmp_path / "broken.zip"
    path.write_bytes(dossiers.packed(dossiers.resealed(members)))
    ran = run("verdict", str(path))
    text = ran.stderr.decode()
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert "3 defects" in text
    for place in ("criteria.csv", "schools.csv, row 2, kind", "vetoes.csv, row 2, state", "schools.csv 第2行"):
        assert place in text


@pytest.mark.parametrize("arguments", [["verdict"], ["verdict", "/nowhere/at/all.zip"], ["fly"], []])
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert ran.stdout == b""
    assert b"Traceback" not in ran.stderr


def test_names_from_a_dossier_do_not_steer_the_terminal() -> None:
    verdict = replace(decide(read_dossier(dossiers.parts().public)), county_name="县\x1b[2J")
    assert not any("\x1b" in text for text in verdict_lines(verdict))
    defect = Defect("a\x1b.csv", None, None, "甲\x1b", "a\x1b")
    assert not any("\x1b" in text for text in defect_lines([defect]))


def test_demo_writes_both_parts_that_score_alike(tmp_path: Path) -> None:
    ran = run("demo", str(tmp_path / "out"), "--seed", "3", "--schools", "12", "--responses", "300")
    assert ran.returncode == 0, ran.stderr
    expected = write_dossier(demonstration(3, 12, 300))
    assert (tmp_path / "out" / "public.zip").read_bytes() == expected.public
    assert (tmp_path / "out" / "auditor.zip").read_bytes() == expected.auditor
    assert expected.sha256 in ran.stdout.decode()


@pytest.mark.parametrize("wrong", [("--schools", "11"), ("--responses", "299"), ("--seed", "-1"), ("--seed", "x")])
def test_demo_refuses_sizes_it_cannot_make(wrong: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["demo", str(tmp_path), *wrong])
    assert caught.value.code == 2


def test_demo_into_a_file_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(["demo", str(tmp_path / "file"), "--schools", "12", "--responses", "300"]) == 2
    assert "cannot be written" in capsys.readouterr().err
