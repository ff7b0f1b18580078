"""A backup can be made while the installation is written to, and holds all that was acknowledged before it began."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from sqlalchemy import text

from surveyapp.db import Database
from tests.support.repository import ROOT
from tests.support.server import child_environment

INSERT = text(
    "INSERT INTO counties (code, name, city, province, rule_set_id, is_demonstration) "
    "VALUES (:code, '德城区', '德州市', '山东省', 'national-2017', false)"
)


def back_up(folder: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an administrator would."""
    command = [sys.executable, str(ROOT / "scripts/backup.py"), str(target), "--instance", str(folder)]
    return subprocess.run(
        command, env=child_environment(**environment), capture_output=True, text=True, check=False, timeout=60
    )


def codes(database: Database) -> list[str]:
    """Return the counties there are."""
    with database.engine.connect() as connection:
        return list(connection.execute(text("SELECT code FROM counties ORDER BY code")).scalars())


def test_a_backup_of_a_database_in_use_is_whole(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.writing_rows() as connection:
        connection.execute(INSERT, [{"code": f"{n:06}"} for n in range(500)])
    stop = threading.Event()

    def write() -> None:
        n = 500
        while not stop.is_set():
            with sqlite_database.writing_rows() as connection:
                connection.execute(INSERT, {"code": f"{n:06}"})
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = back_up(tmp_path, tmp_path / "copy.db")
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    copy = Database(f"sqlite:///{tmp_path / 'copy.db'}")
    saved, all_codes = codes(copy), codes(sqlite_database)
    copy.close()
    assert len(saved) >= 500
    assert saved == all_codes[: len(saved)]
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0


def test_a_backup_never_overwrites(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    done = back_up(tmp_path, tmp_path / "copy.db")
    assert done.returncode != 0
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_missing_database_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    done = back_up(tmp_path / "nowhere", tmp_path / "copy.db")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert not (tmp_path / "copy.db").exists()


def test_another_store_is_left_to_its_own_command(tmp_path: Path) -> None:
    done = back_up(tmp_path, tmp_path / "copy.db", DATABASE_URL="postgresql://localhost/survey")
    assert done.returncode != 0
    assert "pg_dump" in done.stderr
