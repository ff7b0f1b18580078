"""Writes a consistent copy of a running installation's SQLite database and checks that the copy is whole.

    .venv/bin/python scripts/backup.py TARGET [--instance DIR]

The copy is rebuilt row by row, so that it holds nothing that was deleted, and it is made with the product's own
SQLite build: the one of the operating system may lose pages of a database that is being written. A PostgreSQL
database is backed up with its own pg_dump.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pysqlite3


def back_up(source: Path, target: Path) -> None:
    """Copy a database that may be in use, and read the copy back."""
    if not source.is_file():
        raise SystemExit(f"没有数据库文件 {source} / no database file {source}")
    if target.exists():
        raise SystemExit(f"{target} 已存在,不覆盖 / {target} exists and is not overwritten")
    connection = pysqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    target.chmod(0o600)
    copy = pysqlite3.connect(f"file:{target}?mode=ro", uri=True)
    try:
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    finally:
        copy.close()
    if verdict != "ok":
        raise SystemExit(f"备份损坏 / the copy is damaged: {verdict}")


def main() -> None:
    """Back up the installation the environment names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", type=Path, help="file to write; it must not exist")
    parser.add_argument("--instance", type=Path, default=Path(os.environ.get("INSTANCE_DIR", "instance")))
    chosen = parser.parse_args()
    url = os.environ.get("DATABASE_URL", f"sqlite:///{chosen.instance / 'survey.db'}")
    if not url.startswith("sqlite:///"):
        sys.exit("这是 PostgreSQL 数据库,请用 pg_dump / this is a PostgreSQL database: use pg_dump")
    back_up(Path(url.removeprefix("sqlite:///")), chosen.target)
    print(f"已备份并检查 / backed up and checked: {chosen.target}")


if __name__ == "__main__":
    main()
