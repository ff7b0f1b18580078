"""An answer is acknowledged only from a store that keeps it: the settings are read back, not believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pysqlite3
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from surveyapp.db import Database, NotDurable, require_durable, wal_is_safe
from tests.support.databases import PostgresServer

# The write-ahead log's reset race is in 3.7.0 to 3.51.2 and was mended in 3.51.3, with the mend carried back
# to 3.50.7 and 3.44.6 (SQLite's own list of changes, and its page on the write-ahead log).
AFFECTED = [
    (3, 7, 0),
    (3, 34, 1),
    (3, 40, 1),
    (3, 44, 0),
    (3, 44, 5),
    (3, 45, 3),
    (3, 50, 0),
    (3, 50, 6),
    (3, 51, 0),
    (3, 51, 2),
]
MENDED = [(3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0), (3, 53, 4), (4, 0, 0)]


@pytest.mark.parametrize("version", AFFECTED)
def test_a_version_with_the_reset_race_gets_no_write_ahead_log(version: tuple[int, int, int]) -> None:
    assert not wal_is_safe(version)


@pytest.mark.parametrize("version", MENDED)
def test_a_mended_version_gets_one(version: tuple[int, int, int]) -> None:
    assert wal_is_safe(version)


def test_the_sqlite_we_ship_is_mended() -> None:
    assert wal_is_safe(pysqlite3.sqlite_version_info)


def test_every_pooled_sqlite_connection_reads_back_as_safe(sqlite_database: Database) -> None:
    wanted = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}
    with ExitStack() as held:
        for _ in range(4):
            connection = held.enter_context(sqlite_database.engine.connect())
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted


def test_every_pooled_postgres_connection_reads_back_as_safe(postgres_database: Database) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "TimeZone": "UTC",
        "statement_timeout": "30s",
        "lock_timeout": "5s",
    }
    with ExitStack() as held:
        for _ in range(4):
            connection = held.enter_context(postgres_database.engine.connect())
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted}
            assert found == wanted


def test_both_stores_as_we_open_them_are_durable(database: Database) -> None:
    require_durable(database)


@pytest.mark.parametrize(
    ("pragma", "named"),
    [
        ("synchronous = OFF", "synchronous = 0"),
        ("synchronous = NORMAL", "synchronous = 1"),
        ("journal_mode = MEMORY", "journal_mode = memory"),
        ("journal_mode = OFF", "journal_mode = off"),
    ],
)
def test_a_careless_sqlite_is_refused(sqlite_database: Database, pragma: str, named: str) -> None:
    event.listen(
        sqlite_database.engine, "connect", lambda connection, _record: connection.execute(f"PRAGMA {pragma}")
    )
    with pytest.raises(NotDurable, match=named):
        require_durable(sqlite_database)


def test_an_affected_sqlite_falls_back_to_the_rollback_journal(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
    database = Database(sqlite_url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    require_durable(database)
    database.close()


def test_an_affected_sqlite_that_cannot_leave_the_write_ahead_log_is_refused(
    sqlite_database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_database.reading() as session:
        session.execute(text("SELECT count(*) FROM counties")).scalar_one()
        monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
        monkeypatch.setattr("surveyapp.db.BUSY_TIMEOUT_MS", 50)
        other = Database(sqlite_url)
        with pytest.raises(OperationalError, match="database is locked"):
            require_durable(other)
        other.close()


@pytest.fixture
def careless_server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Give the test server a way back to its defaults."""
    yield postgres
    postgres.run("ALTER SYSTEM RESET ALL")
    postgres.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_careless_postgres_is_refused(
    careless_server: PostgresServer, postgres_database: Database, setting: str
) -> None:
    careless_server.run(f"ALTER SYSTEM SET {setting} = off")
    careless_server.run("SELECT pg_reload_conf()")
    postgres_database.engine.dispose()
    with pytest.raises(NotDurable, match=f"{setting} = off"):
        require_durable(postgres_database)


def test_a_committed_row_is_there_for_the_next_connection_and_a_failed_block_leaves_none(
    database: Database,
) -> None:
    insert = text(
        "INSERT INTO counties (code, name, city, province, rule_set_id, is_demonstration) "
        "VALUES (:code, '德城区', '德州市', '山东省', 'national-2017', false)"
    )
    with database.writing_rows() as connection:
        connection.execute(insert, {"code": "371402"})
    with pytest.raises(IntegrityError), database.writing_rows() as connection:
        connection.execute(insert, [{"code": "371403"}, {"code": "371402"}])
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT code FROM counties")).scalars().all() == ["371402"]
