"""Brings a database to the newest numbered migration, and says when it is not there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from surveyapp.db import Database

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class SchemaOutdated(Exception):
    """The tables are not those this code was written for."""


def newest() -> str:
    """Return the number of the newest migration, from the file that makes parallel ones collide in git."""
    return (MIGRATIONS / "NEWEST").read_text().strip()


def alembic_config(connection: Connection) -> AlembicConfig:
    """Point Alembic at our folder and at an open connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to a revision."""
    with database.writing_rows() as connection:
        command.upgrade(alembic_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Bring the tables down to a revision; rehearsed by the tests, not for service."""
    with database.writing_rows() as connection:
        command.downgrade(alembic_config(connection), revision)


def current(database: Database) -> str | None:
    """Return the revision the tables are at; ``None`` on an empty database."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_newest(database: Database) -> None:
    """Refuse to serve tables of another revision."""
    found = current(database)
    if found != newest():
        raise SchemaOutdated(f"数据库版本为 {found},程序需要 {newest()};请先运行 / first run: python -m surveyapp init")
