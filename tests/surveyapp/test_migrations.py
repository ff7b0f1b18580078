"""The tables can be made, unmade and made again on both stores, and are then exactly the models'."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import DBAPIError

from surveyapp import migrate
from surveyapp.db import Database
from surveyapp.models import Base


def tables(database: Database) -> set[str]:
    """Return the names of the tables there are, the migrations' own aside."""
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def differences(database: Database) -> list[object]:
    """Return what the migrations would still have to do."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        return compare_metadata(context, Base.metadata)


def check_constraints(database: Database) -> dict[str, set[str]]:
    """Return each table's check constraints by name, which the comparison of metadata does not look at."""
    inspector = inspect(database.engine)
    return {
        name: {str(check["name"]) for check in inspector.get_check_constraints(name)}
        for name in tables(database)
    }


def test_up_down_and_up_again_gives_the_models_tables(empty_database: Database) -> None:
    migrate.upgrade(empty_database)
    first = tables(empty_database)
    assert first == set(Base.metadata.tables)
    migrate.downgrade(empty_database, "base")
    assert tables(empty_database) == set()
    migrate.upgrade(empty_database)
    assert tables(empty_database) == first
    assert differences(empty_database) == []


def test_every_named_check_of_the_models_is_in_the_tables(database: Database) -> None:
    wanted = {
        name: {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        for name, table in Base.metadata.tables.items()
    }
    assert check_constraints(database) == wanted


def test_nothing_is_left_behind_on_the_way_down(empty_database: Database) -> None:
    migrate.upgrade(empty_database)
    migrate.downgrade(empty_database, "base")
    with empty_database.engine.connect() as connection:
        if empty_database.is_sqlite:
            left = (
                "SELECT name FROM sqlite_master "
                "WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '%alembic_version%'"
            )
        else:
            left = (
                "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
                "WHERE nspname = 'public' "
                "UNION SELECT typname FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace "
                "WHERE nspname = 'public' AND typname NOT LIKE '%alembic_version%'"
            )
        assert connection.execute(text(left)).all() == []


def test_newest_names_the_one_last_migration() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    assert scripts.get_heads() == [migrate.newest()]


def test_migrations_are_numbered_in_their_order() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    story = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    numbers = [int(re.fullmatch(r"(\d{4})_[a-z0-9_]+", name)[1]) for name in story]  # type: ignore[index]
    assert numbers == list(range(1, len(story) + 1))
    files = sorted(path.stem for path in Path(migrate.MIGRATIONS, "versions").glob("*.py"))
    assert files == story


def test_a_database_without_tables_is_not_served(empty_database: Database) -> None:
    with pytest.raises(migrate.SchemaOutdated, match=migrate.newest()):
        migrate.require_newest(empty_database)


def test_a_database_of_another_revision_is_not_served(database: Database) -> None:
    migrate.require_newest(database)
    with database.writing_rows() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000_older'"))
    with pytest.raises(migrate.SchemaOutdated, match="0000_older"):
        migrate.require_newest(database)


@pytest.mark.parametrize("table", ["audit_entries", "judgements", "veto_acts"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_tables_themselves_refuse_to_rewrite_what_was_done(
    database: Database, county: object, table: str, act: str
) -> None:
    rows = {
        "audit_entries": "(at, login, role, action, subject, detail) "
        "VALUES ('2026-11-23', 'a', 'b', 'c', 'd', '')",
        "judgements": "(county_id, year, code, part, judgement, level, evidence, judged_at, judged_by) "
        "VALUES (1, 2026, '2.1', '', 'met', 'county', '', '2026-11-23', 'a')",
        "veto_acts": "(county_id, year, code, state, level, reason, acted_at, acted_by) "
        "VALUES (1, 2026, '5.1', 'raised', 'county', 'r', '2026-11-23', 'a')",
    }
    with database.writing_rows() as connection:
        connection.execute(text(f"INSERT INTO {table} {rows[table]}"))
    with pytest.raises(DBAPIError, match="append-only"), database.writing_rows() as connection:
        connection.execute(text(act.format(table)))
    with database.engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 1  # noqa: S608
