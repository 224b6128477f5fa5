"""`db check` and `db info`: what is wrong with a database, and what is in it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from history_records import AT, commit, recording, state, tick

from monitor.errors import DatabaseError
from monitor.history.check.check import check
from monitor.history.migrations import migrations

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_sound_database_has_no_problems_and_tells_what_is_in_it(tmp_path: Path) -> None:
    paths = state(tmp_path / "state")
    async with recording(paths) as writer:
        await writer.write(tick(AT, "builder", "tester", commits=[commit()]))
        report = await check(paths)
        assert report.recorder is not None
        assert report.log_bytes > 0
    assert report.problems == ()
    assert report.version == report.version_known == len(migrations())
    assert (report.journal_mode, report.auto_vacuum) == ("wal", "incremental")
    assert (report.first, report.last) == (AT, AT)
    rows = {table.name: table.rows for table in report.tables}
    assert rows["agent_metrics"] == 2
    assert rows["commit_agents"] == rows["recorders"] == 1
    assert report.database_bytes > 0
    assert (await check(paths)).recorder is None


async def test_counts_know_every_table(tmp_path: Path) -> None:
    async with recording(state(tmp_path)):
        pass
    with sqlite3.connect(state(tmp_path).database) as db:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_version'"
        tables = {name for (name,) in db.execute(query)}
    db.close()
    assert {table.name for table in (await check(state(tmp_path))).tables} == tables


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM git_commits", "commit_agents: row 1 refers to a row of git_commits that is not there"),
        ("DELETE FROM commit_agents", "nobody has commit"),
        ("DELETE FROM agents", "samples of builder, which is not in agents"),
        ("PRAGMA journal_mode = DELETE", "journal_mode is delete, not wal"),
        ("PRAGMA auto_vacuum = NONE; VACUUM", "auto_vacuum is none, not incremental"),
        ("UPDATE schema_version SET checksum = 'x'", "migration 1 (Initial dashboard schema) differs"),
        (
            "UPDATE schema_version SET version = 9999 WHERE version = 1",
            "was written by a newer Agent Monitor",
        ),
    ],
)
async def test_each_trouble_is_named(tmp_path: Path, damage: str, told: str) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", commits=[commit()]))
    with sqlite3.connect(state(tmp_path).database, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode = DELETE") if "auto_vacuum" in damage else None
        db.executescript(damage)
    db.close()
    assert any(told in problem for problem in (await check(state(tmp_path))).problems)


async def test_a_database_that_others_may_read_is_told(tmp_path: Path) -> None:
    paths = state(tmp_path / "state")
    async with recording(paths):
        pass
    paths.database.chmod(0o644)
    paths.folder.chmod(0o755)
    problems = (await check(paths)).problems
    assert [problem for problem in problems if "chmod 600" in problem]
    assert [problem for problem in problems if "chmod 700" in problem]


async def test_damaged_pages_are_found(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        for number in range(50):
            await writer.write(tick(AT + number * 10_000, *(f"agent-{n:03}" for n in range(20))))
    file = state(tmp_path).database
    body = bytearray(file.read_bytes())
    for page in range(40, len(body) // 4096):
        body[page * 4096 : page * 4096 + 16] = b"\xff" * 16
    file.write_bytes(body)
    try:
        problems = (await check(state(tmp_path))).problems
    except DatabaseError as error:
        problems = (str(error),)
    assert any("integrity" in problem or "damaged" in problem for problem in problems)
