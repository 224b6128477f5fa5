"""Opening a recording: any schema, any folder, and nothing else."""

from __future__ import annotations

import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from history_records import AT, recording, state
from replay_records import LAST, night, replaying

from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.connection import open_writer
from monitor.history.migrations import current_version, migrate, migrations
from monitor.history.moments.state import state_at
from monitor.history.recordings import open_recording, survey
from monitor.history.replay.span import Span
from monitor.keystore import Keys

if TYPE_CHECKING:
    from pathlib import Path


async def older(folder: Path, schema: int) -> Path:
    """A night, as a program of that schema would have recorded it."""
    file = await night(folder)
    db = await open_writer(state(folder), 16)
    try:
        await migrate(db, target=schema)
    finally:
        await db.close()
    return file


@pytest.mark.parametrize("schema", range(1, len(migrations())))
async def test_a_recording_of_an_older_schema_is_shown_from_a_copy_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schema: int
) -> None:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "old").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    file = await older(tmp_path / "old", schema)
    before = file.read_bytes()
    assert await survey(file) == (Span(AT, LAST), True)
    async with open_recording(file) as (db, copied):
        assert copied
        assert await current_version(db) == len(migrations())
        found = await state_at(db, LAST)
        assert found.statuses["builder"].status == "error"
        assert [alert.alert_id for alert in found.alerts] == ["alert-1", "alert-2"]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await db.execute("DELETE FROM agents")
    assert file.read_bytes() == before
    assert not list((tmp_path / "temporary").iterdir())


async def test_an_older_recording_plays(tmp_path: Path) -> None:
    async with replaying(await older(tmp_path, 1), at=LAST) as watched:
        assert watched.store.get(Keys.AGENTS) == ("builder",)
        assert watched.problem == ""


async def test_a_recording_of_today_s_schema_is_not_copied(tmp_path: Path) -> None:
    file = await night(tmp_path)
    assert await survey(file) == (Span(AT, LAST), False)
    async with open_recording(file) as (db, copied):
        assert not copied
        rows = list(await db.execute_fetchall("PRAGMA database_list"))
        assert os.path.samefile(rows[0][2], file)


async def test_a_newer_recording_is_refused(tmp_path: Path) -> None:
    file = await night(tmp_path)
    with sqlite3.connect(file) as db:
        db.execute("INSERT INTO schema_version VALUES (9999, 'later', '', 0, 0, 1)")
    db.close()
    with pytest.raises(DatabaseVersionError, match="newer"):
        async with open_recording(file):
            pass
    with pytest.raises(DatabaseVersionError, match="newer"):
        await survey(file)


async def test_an_altered_one_is_refused(tmp_path: Path) -> None:
    file = await night(tmp_path)
    with sqlite3.connect(file) as db:
        db.execute("UPDATE schema_version SET checksum = 'other' WHERE version = 1")
    db.close()
    with pytest.raises(DatabaseVersionError, match="migration 1"):
        async with open_recording(file):
            pass


async def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("nothing of the kind, and longer than a header of a hundred bytes" * 9)
    (tmp_path / "empty.db").touch()
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE cookies (name TEXT)")
    db.close()
    for name, reason in (
        ("missing.db", "no such database"),
        ("text.db", "is not a SQLite database"),
        ("empty.db", "is no recording"),
        ("other.db", "is no recording"),
    ):
        with pytest.raises(DatabaseError, match=reason):
            async with open_recording(tmp_path / name):
                pass


async def test_an_empty_recording_says_so(tmp_path: Path) -> None:
    async with recording(state(tmp_path)):
        pass
    with pytest.raises(DatabaseError, match="nothing is recorded in it yet"):
        await survey(state(tmp_path).database)


async def test_a_copy_that_finds_no_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = await older(tmp_path / "old", 1)
    crowded = tmp_path / "crowded"
    crowded.mkdir()
    monkeypatch.setattr("monitor.history.recordings.TemporaryDirectory", lambda **_: Crowded(crowded))
    with pytest.raises(DatabaseError, match="older schema, and its copy failed"):
        async with open_recording(file):
            pass


class Crowded:
    """A temporary folder in which the copy's name is taken by a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> str:
        (self._folder / "recording.db").mkdir()
        return str(self._folder)

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder)
