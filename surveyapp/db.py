"""One engine, two kinds of transaction: reading, and writing that is on disk before anybody is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any, ClassVar

import pysqlite3
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.types import LargeBinary, TypeDecorator

# Versions of SQLite in which two writers or checkpointers can lose committed pages in WAL mode (the WAL-reset
# race): everything from 3.7.0 before 3.51.3, except the branches it was mended in.
WAL_MENDED_IN = (3, 51, 3)
WAL_MENDED_BRANCHES = {(3, 50): 7, (3, 44): 6}

BUSY_TIMEOUT_MS = 5_000
POOL_SIZE = 16
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 5_000

# What a database raises when it is away, busy, full, read-only or shutting down: the same request may succeed
# later, and a submission repeated with its key is stored at most once.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError, PoolExhausted)
RETRY_AFTER_S = 10

# What each store must say of itself before an answer may be acknowledged: a commit is on the disk, and stays.
DURABLE_SQLITE = {"synchronous": {"2", "3"}, "journal_mode": {"wal", "delete", "truncate", "persist"}}
DURABLE_POSTGRES = {
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "local", "remote_write", "remote_apply"},
}


class NotDurable(Exception):
    """The store could forget what it has acknowledged; the message names the setting."""


class NoTurn(PoolExhausted):
    """Too many writers waited before this one; the same request may succeed later."""


class Base(DeclarativeBase):
    """The tables; every constraint has a name, because a name is what the error page is chosen by."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(), bytes: LargeBinary()}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused, because nobody could say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, choices: type[StrEnum]) -> CheckConstraint:
    """Return the named check that a column holds one of an enumeration's codes."""
    codes = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({codes})", name=f"{column}_known")


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Say whether this SQLite has the mended write-ahead log."""
    if version >= WAL_MENDED_IN:
        return True
    mended = WAL_MENDED_BRANCHES.get(version[:2])
    return mended is not None and version[2] >= mended


class Database:
    """The one way to the tables: :meth:`reading` and :meth:`writing`."""

    def __init__(self, url: str) -> None:
        open_engine = _sqlite_engine if make_url(url).get_backend_name() == "sqlite" else _postgres_engine
        self.engine = open_engine(url)
        self._writer = self.engine.execution_options(begin="IMMEDIATE")
        self._turn = Lock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Say which of the two supported stores this is."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session whose changes are never kept."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session  # closing rolls back; a rollback of our own would empty the objects that were read

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed, durably, when the block ends without an exception."""
        with self._in_turn(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing_rows(self) -> Iterator[Connection]:
        """Give a plain connection in a write transaction, for the hot path."""
        with self._in_turn(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Let this process's threads write one after another on SQLite.

        SQLite's own waiting sleeps longer and longer between looks, so that under load some writers are passed
        over until their time is up; a lock wakes the next one at once. Other processes still wait inside SQLite.
        """
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise NoTurn(f"no turn to write within {BUSY_TIMEOUT_MS} ms")
        try:
            yield
        finally:
            self._turn.release()

    def now(self, session: Session | Connection) -> datetime:
        """Return the database's clock: the only one that decides a window, however many hosts serve it."""
        if self.is_sqlite:
            return datetime.now(UTC)
        found = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        assert isinstance(found, datetime)  # noqa: S101  the driver's own type, not input
        return found.astimezone(UTC)

    def forget_deleted(self) -> None:
        """Let what was deleted and committed leave the write-ahead log too, where SQLite keeps one.

        Best effort: readers that are busy keep the log alive, and its next checkpoint ends it. What PostgreSQL
        keeps of deleted rows, in its heap until vacuumed and in its log until recycled, is not in reach from here.
        """
        if self.is_sqlite:
            # A plain connection of the driver: a checkpoint cannot run inside a transaction.
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def require_durable(database: Database) -> None:
    """Refuse to serve from a store that would acknowledge an answer before it is on disk."""
    wanted, ask = (DURABLE_SQLITE, "PRAGMA") if database.is_sqlite else (DURABLE_POSTGRES, "SHOW")
    with database.engine.connect() as connection:
        found = {name: str(connection.exec_driver_sql(f"{ask} {name}").scalar_one()) for name in wanted}
    faults = [f"{name} = {found[name]}" for name, values in wanted.items() if found[name] not in values]
    version: tuple[int, int, int] = pysqlite3.sqlite_version_info
    if database.is_sqlite and found["journal_mode"] == "wal" and not wal_is_safe(version):
        faults.append(f"journal_mode = wal (SQLite {pysqlite3.sqlite_version})")
    if faults:
        settings = ", ".join(faults)
        raise NotDurable(f"数据库不能保证已确认的答卷不丢失 / the store is not durable: {settings}")


def _sqlite_engine(url: str) -> Engine:
    journal = "WAL" if wal_is_safe(pysqlite3.sqlite_version_info) else "DELETE"
    engine = create_engine(
        url,
        module=pysqlite3,
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,  # answers and marks of forms must not reach a log through an error message
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    def on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        # The driver must not open transactions of its own: a deferred one that reads first and writes later
        # fails at once when another writer got in between, whatever the busy timeout says.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA journal_mode = {journal}")
        # secure_delete from the first row on: what a split page left behind earlier is not found by a later delete.
        safely = ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", f"busy_timeout = {BUSY_TIMEOUT_MS}")
        for pragma in safely:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def _postgres_engine(url: str) -> Engine:
    options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,  # answers and marks of forms must not reach a log through an error message
        pool_pre_ping=True,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        connect_args={"connect_timeout": 3, "options": options},
    )
