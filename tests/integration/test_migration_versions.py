"""Databases of every earlier schema migrate with all they hold, and back; a killed migration is all or nothing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from make_recording import seen

from monitor.history.check.check import check
from monitor.history.connection import open_reader, open_writer
from monitor.history.migrations import migrate, migrations, statements
from monitor.history.moments.state import state_at
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROGRAM = Path(__file__).with_name("history_recorder.py")
NEWEST = len(migrations())
VERSIONS = range(1, NEWEST)
MOVED = {"boards": "board_states"}
"""Tables whose rows went into another one."""


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def old(version: int, tmp_path: Path) -> StatePaths:
    """A copy of the recording of that schema."""
    return copy(version, tmp_path)


def copy(version: int, folder: Path) -> StatePaths:
    paths = StatePaths(folder, folder / "monitor.db")
    shutil.copyfile(FIXTURES / f"schema_{version}.db", paths.database)
    paths.database.chmod(0o600)
    return paths


def contents(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table; the order of rows is none of a table's business."""
    with closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in names}
    del found["schema_version"]
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def schema(database: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def version_of(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").fetchall():
            return 0
        found: int = db.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()[0]
        return found


async def bring(paths: StatePaths, target: int | None = None) -> None:
    db = await open_writer(paths, 16)
    try:
        await migrate(db, target)
    finally:
        await db.close()


def missing(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Rows that were there and are not any more, by the columns that are there still."""
    lost = []
    for table, rows in before.items():
        kept = after[table] if table in after else after[MOVED[table]]
        columns = kept[0].keys() & rows[0].keys() if kept and rows else set()
        there = {repr([row[name] for name in sorted(columns)]) for row in kept}
        lost += [
            f"{table}: {row}" for row in rows if repr([row[name] for name in sorted(columns)]) not in there
        ]
    return lost


def test_a_recording_of_every_earlier_schema_is_kept() -> None:
    """A new migration needs one of the schema before it: `python tests/integration/make_recording.py N`."""
    for number in VERSIONS:
        assert version_of(FIXTURES / f"schema_{number}.db") == number
        assert all(contents(FIXTURES / f"schema_{number}.db")[table] for table in ("alerts", "agent_metrics"))


async def test_it_migrates_with_every_row(version: int, old: StatePaths) -> None:
    before = contents(old.database)
    await bring(old)
    assert version_of(old.database) == NEWEST
    assert missing(before, contents(old.database)) == []
    assert (await check(old)).problems == ()


async def test_what_was_seen_of_a_moment_then_is_seen_after_it(version: int, old: StatePaths) -> None:
    told = msgspec.json.decode((FIXTURES / f"schema_{version}.json").read_bytes())
    await bring(old)
    async with open_reader(old.database) as db:
        for moment, expected in told.items():
            assert msgspec.to_builtins(seen(await state_at(db, int(moment)))) == expected, moment


async def test_it_goes_down_again_and_up_again(version: int, old: StatePaths) -> None:
    rows, tables = contents(old.database), schema(old.database)
    await bring(old)
    newest = schema(old.database)
    await bring(old, version)
    assert missing(rows, contents(old.database)) == []
    assert [name for _, name, _ in schema(old.database)] == [name for _, name, _ in tables]
    await bring(old)
    assert schema(old.database) == newest


def test_it_becomes_what_a_new_database_is(version: int, old: StatePaths, tmp_path: Path) -> None:
    new = StatePaths(tmp_path / "new", tmp_path / "new" / "monitor.db")
    asyncio.run(bring(new))
    asyncio.run(bring(old))
    assert _columns(old.database) == _columns(new.database)


async def test_a_recorder_goes_on_in_it(old: StatePaths) -> None:
    at = 1_750_000_100_000
    writer = await HistoryWriter.open(
        old, host="demo-host", boot_id="b", version="1", interval_seconds=2.0, now=at
    )
    try:
        snapshot = await writer.load(at)
    finally:
        await writer.close(at)
    assert list(snapshot.statuses) == ["architect", "builder", "tester"]
    assert [found.alert_id for found in snapshot.alerts] == ["alert-2", "alert-0"]


def _columns(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(database)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: db.execute(f"PRAGMA table_xinfo({name})").fetchall() for name in names}


def kills() -> Iterator[tuple[int, int, int]]:
    """(from, to, statements until death) over every statement of every migration, up and down.

    And -1: before the commit, -2: after it.
    """
    for migration in migrations():
        for begin, end, script in (
            (migration.version - 1, migration.version, migration.up),
            (migration.version, migration.version - 1, migration.down),
        ):
            for number in (*range(1, len(list(statements(script))) + 1), -1, -2):
                yield begin, end, number


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A database with rows at every schema from 0 to the newest."""
    made = {}
    for number in range(NEWEST + 1):
        paths = copy(min(number, 1) or 1, tmp_path_factory.mktemp(f"schema{number}"))
        asyncio.run(bring(paths, number))
        made[number] = paths.database
    return made


def test_killed_after_any_statement_a_migration_is_all_or_nothing(
    starts: dict[int, Path], tmp_path: Path
) -> None:
    """One process kills itself after statement 1, 2, 3, … of each migration, each time on a fresh copy."""
    plan = list(kills())
    assert len(plan) > 60
    known = {number: (schema(file), contents(file)) for number, file in starts.items()}
    for index, (begin, _, _) in enumerate(plan):
        folder = tmp_path / str(index)
        folder.mkdir(mode=0o700)
        shutil.copyfile(starts[begin], folder / "monitor.db")
    arguments = [f"{index}:{end}:{number}" for index, (_, end, number) in enumerate(plan)]
    done = subprocess.run([sys.executable, str(PROGRAM), str(tmp_path), *arguments], check=False, timeout=100)
    assert done.returncode == 0
    for index, (begin, end, number) in enumerate(plan):
        file = tmp_path / str(index) / "monitor.db"
        assert file.with_name("killed").exists(), f"{begin}: statement {number} was never reached"
        if number == -2:
            assert version_of(file) == end
            assert {name for _, name, _ in schema(file)} == {name for _, name, _ in known[end][0]}
        else:
            assert (schema(file), contents(file)) == known[begin]
    for index in range(0, len(plan), 7):
        paths = StatePaths(tmp_path / str(index), tmp_path / str(index) / "monitor.db")
        paths.database.chmod(0o600)
        asyncio.run(bring(paths))
        assert asyncio.run(check(paths)).problems == ()
