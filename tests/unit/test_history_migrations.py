"""Migrations: in order, each whole with its own row, and refused when something does not fit."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from history_records import state

from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.connection import open_writer
from monitor.history.migrations import (
    applied,
    current_version,
    migrate,
    migrations,
    pending,
    statements,
    verify,
)
from monitor.paths import sql_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiosqlite

INITIAL = sql_folder() / "migrations" / "0001_initial.sql"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    connection = await open_writer(state(tmp_path), 16)
    try:
        yield connection
    finally:
        await connection.close()


def folder_with(folder: Path, *scripts: tuple[str, str]) -> Path:
    for number, (up, down) in enumerate(scripts, start=1):
        (folder / f"{number:04}_step.sql").write_text(up)
        (folder / f"{number:04}_step.down.sql").write_text(down)
    return folder


async def tables(db: aiosqlite.Connection) -> set[str]:
    rows = await db.execute_fetchall("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {row[0] for row in rows}


async def schema(db: aiosqlite.Connection) -> list[Any]:
    rows = await db.execute_fetchall("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
    return [tuple(row) for row in rows]


TWO = (
    ("-- First\nCREATE TABLE one (x);\n", "DROP TABLE one;"),
    ("-- Second\nCREATE TABLE two (x);\nINSERT INTO two VALUES ('a; b');\n", "DROP TABLE two;"),
)


async def test_version_one_is_the_initial_dashboard_schema_with_the_files_checksum(
    db: aiosqlite.Connection,
) -> None:
    assert [migration.version for migration in await pending(db)] == list(range(1, len(migrations()) + 1))
    assert await migrate(db) == len(migrations())
    first = (await applied(db))[0]
    assert (first.version, first.description, first.success) == (1, "Initial dashboard schema", True)
    assert first.checksum == hashlib.sha256(INITIAL.read_bytes()).hexdigest()
    assert await pending(db) == ()


async def test_down_and_up_again_gives_the_same_schema(db: aiosqlite.Connection) -> None:
    await migrate(db)
    before = await schema(db)
    assert await migrate(db, 0) == 0
    assert await tables(db) == {"schema_version"}
    await migrate(db)
    assert await schema(db) == before


async def test_every_table_is_strict_and_every_vocabulary_checked(db: aiosqlite.Connection) -> None:
    await migrate(db)
    rows = await db.execute_fetchall(
        "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'"
    )
    assert {row["name"] for row in rows if not row["strict"]} == set()
    with pytest.raises(sqlite3.IntegrityError):
        await db.execute(
            "INSERT INTO agent_metrics (agent_id, timestamp, status, stale) VALUES ('a', 1, 'flying', 0)"
        )


async def test_migrations_go_one_by_one_to_the_target_and_back(
    db: aiosqlite.Connection, tmp_path: Path
) -> None:
    folder = folder_with(tmp_path, *TWO)
    assert await migrate(db, 1, folder=folder) == 1
    assert await tables(db) == {"schema_version", "one"}
    assert await migrate(db, folder=folder) == 2
    assert await migrate(db, folder=folder) == 2
    assert (await db.execute_fetchall("SELECT x FROM two"))[0][0] == "a; b"  # type: ignore[index]
    assert await migrate(db, 1, folder=folder) == 1
    assert await current_version(db) == 1
    assert await tables(db) == {"schema_version", "one"}


async def test_a_migration_that_fails_leaves_nothing_but_the_note_that_it_failed(
    db: aiosqlite.Connection, tmp_path: Path
) -> None:
    broken = ("-- Second\nCREATE TABLE two (x);\nINSERT INTO two VALUES (1);\nNONSENSE;\n", "")
    folder = folder_with(tmp_path, TWO[0], broken)
    with pytest.raises(DatabaseError, match="migration 2 failed, and nothing of it stayed"):
        await migrate(db, folder=folder)
    assert await tables(db) == {"schema_version", "one"}
    assert await current_version(db) == 1
    assert [(row.version, row.success) for row in await applied(db)] == [(1, True), (2, False)]
    migrations.cache_clear()
    folder_with(tmp_path, *TWO)
    assert await migrate(db, folder=folder) == 2
    assert [row.success for row in await applied(db)] == [True, True]


async def test_a_migration_that_breaks_a_reference_is_undone(
    db: aiosqlite.Connection, tmp_path: Path
) -> None:
    broken = (
        "-- X\nCREATE TABLE a (x PRIMARY KEY);\nCREATE TABLE b (x REFERENCES a);\nINSERT INTO b VALUES (1);\n"
    )
    with pytest.raises(DatabaseError, match="refer to rows that are not there"):
        await migrate(db, folder=folder_with(tmp_path, (broken, "")))
    assert await tables(db) == {"schema_version"}


async def test_a_newer_database_is_refused(db: aiosqlite.Connection) -> None:
    await migrate(db)
    await db.execute("INSERT INTO schema_version VALUES (9999, 'later', '', 0, 0, 1)")
    told = rf"monitor\.db: was written by a newer Agent Monitor \(schema 9999, this one knows {len(migrations())}\)"
    with pytest.raises(DatabaseVersionError, match=told) as refused:
        await migrate(db)
    assert refused.value.exit_code == 4


async def test_an_altered_migration_is_refused(db: aiosqlite.Connection, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, *TWO)
    await migrate(db, folder=folder)
    (folder / "0001_step.sql").write_text("-- First\nCREATE TABLE one (x, y);\n")
    migrations.cache_clear()
    with pytest.raises(DatabaseVersionError, match=r"migration 1 \(First\) differs"):
        await verify(db, folder=folder)


async def test_a_target_that_does_not_exist_is_refused(db: aiosqlite.Connection) -> None:
    with pytest.raises(DatabaseVersionError, match="there is no schema 77"):
        await migrate(db, 77)


def test_a_missing_migration_file_is_noticed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, *TWO)
    (folder / "0001_step.sql").unlink()
    with pytest.raises(DatabaseVersionError, match="a migration is missing"):
        migrations(folder)


def test_a_script_is_cut_where_sqlite_says_that_a_statement_ends() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b;\n  DELETE FROM c;\nEND;"
    script = f"-- about; this\nCREATE TABLE a (x DEFAULT ';');{trigger}\n/* no; */ SELECT 1; -- the end"
    assert list(statements(script)) == [
        "-- about; this\nCREATE TABLE a (x DEFAULT ';');",
        trigger,
        "/* no; */ SELECT 1;",
        "-- the end",
    ]
