"""Opening the database: private from the start, and every failure put for people."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from history_records import AT, recording, state, tick

from monitor.errors import DatabaseError
from monitor.history.connection import explain, in_one_go, open_reader, open_writer
from monitor.history.migrations import migrations
from monitor.history.queries import fetch


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return [found.name for found in folder.iterdir()]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
async def test_folder_and_files_are_their_owners_only_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    paths = state(tmp_path / "state")
    if umask == 0o277:
        paths.folder.mkdir(mode=0o700)
    previous = os.umask(umask)
    try:
        async with recording(paths) as writer:
            await writer.write(tick(AT, "builder"))
            files = {file.name: mode(file) for file in paths.folder.iterdir()}
    finally:
        os.umask(previous)
    assert mode(paths.folder) == 0o700
    log = "monitor.db.lock"
    assert {name: found for name, found in files.items() if name != log} == {
        "monitor.db": 0o600,
        "monitor.db-wal": 0o600,
        "monitor.db-shm": 0o600,
    }
    assert files[log] & 0o077 == 0


async def test_the_file_can_give_pages_back_and_its_log_is_bounded(tmp_path: Path) -> None:
    async with recording(state(tmp_path), wal_limit_mb=1) as writer:
        found = {}
        for name in ("journal_mode", "auto_vacuum", "synchronous", "foreign_keys", "journal_size_limit"):
            row = await (await writer._db.execute(f"PRAGMA {name}")).fetchone()
            found[name] = row[0] if row is not None else None
    assert found == {
        "journal_mode": "wal",
        "auto_vacuum": 2,
        "synchronous": 1,
        "foreign_keys": 1,
        "journal_size_limit": 1 << 20,
    }


async def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = state(tmp_path).database
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match="is the database of another program: name another with --db"):
        await open_writer(state(tmp_path), 16)
    assert file.read_bytes() == before
    assert names(tmp_path) == [file.name]


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    state(tmp_path).database.write_text("this is a diary, not a database\n" * 100)
    with pytest.raises(DatabaseError, match=r"monitor\.db: is not a SQLite database: move it away"):
        await open_writer(state(tmp_path), 16)
    with pytest.raises(DatabaseError, match=r"monitor\.db: is not a SQLite database: move it away"):
        async with open_reader(state(tmp_path).database):
            pass


async def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    state(tmp_path).database.mkdir()
    with pytest.raises(DatabaseError, match=r"monitor\.db: is not a file"):
        await open_writer(state(tmp_path), 16)


async def test_a_link_that_leads_nowhere_is_not_followed_to_a_new_file(tmp_path: Path) -> None:
    file = state(tmp_path).database
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseError, match="leads nowhere"):
        await open_writer(state(tmp_path), 16)
    assert names(tmp_path) == [file.name]


async def test_a_missing_recording_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no such database: start `agent-monitor record`"):
        async with open_reader(state(tmp_path).database):
            pass
    assert names(tmp_path) == []


async def test_a_viewer_cannot_write(tmp_path: Path) -> None:
    async with recording(state(tmp_path)):
        pass
    with pytest.raises(DatabaseError, match="read-only"):
        async with open_reader(state(tmp_path).database) as db:
            await db.execute("DELETE FROM agents")


@pytest.mark.parametrize("name", ["a?mode=rwc", "50%25", "#1", "it's", "日本語 x"])
async def test_odd_names_are_opened_as_they_are_written(tmp_path: Path, name: str) -> None:
    paths = state(tmp_path / name)
    async with recording(paths):
        pass
    async with open_reader(paths.database) as db:
        assert len(await fetch(db, "schema_versions")) == len(migrations())


async def leave_while_it_opens(file: Path) -> None:
    """A reader that is cancelled while its connection is being opened."""
    reader = asyncio.create_task(open_reader(file).__aenter__())
    await asyncio.sleep(0.02)
    reader.cancel()
    await asyncio.wait([reader])
    assert reader.cancelled()


async def leave_while_it_closes(file: Path) -> None:
    """A reader that is cancelled twice while its connection ends what was asked of it."""

    async def read() -> None:
        async with open_reader(file) as db:
            asking = asyncio.create_task(in_one_go(db, lambda _: time.sleep(0.2)))
            await asyncio.sleep(0)
            assert not asking.done()

    reader = asyncio.create_task(read())
    for _ in range(2):
        await asyncio.sleep(0.05)
        reader.cancel()
    await asyncio.wait([reader])
    assert reader.cancelled()


@pytest.mark.parametrize("leave", [leave_while_it_opens, leave_while_it_closes])
async def test_who_leaves_early_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: Callable[[Path], Coroutine[Any, Any, None]]
) -> None:
    """A thread that answers an event loop which is no more dies of it, with a traceback on the terminal."""
    async with recording(state(tmp_path)):
        pass
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def slow(*arguments: Any, **options: Any) -> sqlite3.Connection:
        time.sleep(0.1)
        return connect(*arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", slow)
    before = set(threading.enumerate())
    await leave(state(tmp_path).database)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "disk is full"),
        (sqlite3.SQLITE_BUSY, "locked by another program"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "cannot be opened"),
        (sqlite3.SQLITE_CORRUPT, "damaged"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk does not read or write"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "read-only: make it writable"),
        (sqlite3.SQLITE_RANGE, "SQLite says"),
    ],
)
def test_every_failure_names_the_file_and_what_to_do(tmp_path: Path, code: int, words: str) -> None:
    error = sqlite3.OperationalError("reason")
    error.sqlite_errorcode = code
    message = str(explain(error, state(tmp_path).database))
    assert words in message
    assert str(tmp_path) in message
