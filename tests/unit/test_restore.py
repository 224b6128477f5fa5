"""Going back to a backup: the database, and the configuration; what was there before is kept."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from history_records import AT, alert, commit, recording, state, tick

from monitor.errors import (
    ConfigError,
    DatabaseDamagedError,
    DatabaseError,
    DatabaseVersionError,
    RecorderBusyError,
)
from monitor.history.backup.archive import back_up_fully
from monitor.history.backup.backup import back_up
from monitor.history.backup.restore import Lost, Restored, restore_database
from monitor.history.backup.restore_files import restore_config
from monitor.history.check.check import check
from monitor.history.connection import open_writer
from monitor.history.migrations import current_version, migrate, migrations
from monitor.history.moments.attached import AttachedFeed
from monitor.keystore import Keys, KeyStore
from monitor.paths import StatePaths

APART = 20_000


async def record(paths: StatePaths, *numbers: int) -> None:
    async with recording(paths, AT + APART * numbers[0]) as writer:
        for number in numbers:
            await writer.write(tick(AT + APART * number, "builder"))


@pytest.fixture
async def paths(tmp_path: Path) -> StatePaths:
    """A database of three samples and a backup of it, and two samples that only the database has."""
    made = state(tmp_path)
    await record(made, 0, 1, 2)
    await back_up(made, backup(made), AT)
    await record(made, 3, 4)
    return made


def backup(paths: StatePaths) -> Path:
    return paths.backups / "copy.db"


async def restore(paths: StatePaths, file: Path | None = None, **options: Any) -> Restored:
    return await restore_database(paths, file or backup(paths), AT, wal_limit_mb=16, **options)


def samples(file: Path | str | None) -> int:
    with closing(sqlite3.connect(str(file))) as db:
        return int(db.execute("SELECT count(*) FROM agent_metrics").fetchone()[0])


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def refused(paths: StatePaths, error: type[Exception], match: str, file: Path | None = None) -> None:
    """The restore raises that, and no file of the folder is another than before."""
    before = listing(paths.folder)
    with pytest.raises(error, match=match):
        await restore(paths, file)
    after = listing(paths.folder)
    for name in (paths.lock.name, f"{paths.database.name}-shm", f"{paths.database.name}-wal"):
        before.pop(name, None), after.pop(name, None)
    assert after == before


async def test_puts_the_backup_in_place_and_keeps_what_was_there(paths: StatePaths) -> None:
    done = await restore(paths)
    assert samples(paths.database) == 3
    assert done.kept == f"{paths.database}.before-restore-20250615-150640"
    assert samples(done.kept) == 5
    assert not done.kept_damaged
    assert samples(backup(paths)) == 3


async def test_tells_what_lies_between_the_backup_and_now(paths: StatePaths) -> None:
    async with recording(paths, AT + 5 * APART) as writer:
        rows = tick(AT + 5 * APART, "builder", commits=[commit()])
        rows.alerts.append(alert(created_at=rows.at))
        await writer.write(rows)
    done = await restore(paths)
    assert done.contents.last == AT + 2 * APART
    assert done.until == AT + 5 * APART
    assert done.lost == Lost(samples=3, task_events=0, commits=1, alerts=1)


async def test_what_the_present_write_ahead_log_holds_is_kept_too(paths: StatePaths) -> None:
    async with recording(paths, AT) as writer:
        await writer.write(tick(AT + 9 * APART, "builder"))
        log = Path(f"{paths.database}-wal").read_bytes()
        database = paths.database.read_bytes()
    paths.database.write_bytes(database)  # as a killed recorder leaves it
    Path(f"{paths.database}-wal").write_bytes(log)
    done = await restore(paths)
    assert samples(done.kept) == 6
    assert samples(paths.database) == 3


async def test_a_restored_database_is_recorded_into_and_passes_the_check(paths: StatePaths) -> None:
    await restore(paths)
    assert (await check(paths)).problems == ()
    await record(paths, 7)
    assert samples(paths.database) == 4


async def test_restores_where_there_is_no_database(paths: StatePaths) -> None:
    for file in paths.folder.glob("monitor.db*"):
        file.unlink()
    done = await restore(paths)
    assert samples(paths.database) == 3
    assert (done.kept, done.until, done.lost) == (None, None, None)


async def test_restores_into_a_folder_that_is_not_there_yet(paths: StatePaths, tmp_path: Path) -> None:
    elsewhere = state(tmp_path / "new" / "place")
    await restore(elsewhere, backup(paths))
    assert samples(elsewhere.database) == 3


async def test_two_restores_keep_two_databases(paths: StatePaths) -> None:
    first = await restore(paths)
    second = await restore(paths)
    assert (samples(first.kept), samples(second.kept)) == (5, 3)


async def test_a_database_behind_a_link_is_restored_where_it_really_is(
    paths: StatePaths, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    real = tmp_path / "disk" / "history.db"
    paths.database.rename(real)
    paths.database.symlink_to(real)
    done = await restore(paths)
    assert paths.database.is_symlink()
    assert samples(real) == 3
    assert Path(done.kept or "").parent == real.parent


async def test_a_live_recording_elsewhere_is_a_backup_too(paths: StatePaths, tmp_path: Path) -> None:
    other = state(tmp_path / "other")
    async with recording(other) as writer:
        await writer.write(tick(AT, "builder"))
        await restore(paths, other.database)
    assert samples(paths.database) == 1


async def test_an_older_schema_is_brought_up(paths: StatePaths, tmp_path: Path) -> None:
    old = state(tmp_path / "old")
    db = await open_writer(old, 16)
    await migrate(db, 1)
    await db.close()
    done = await restore(paths, old.database)
    assert (done.contents.version, done.version) == (1, len(migrations()))
    assert (await check(paths)).problems == ()
    db = await open_writer(old, 16)
    assert await current_version(db) == 1
    await db.close()


# --- what is refused ----------------------------------------------------------------------------------------------


async def test_refuses_while_a_recorder_runs(paths: StatePaths) -> None:
    async with recording(paths, AT + 9 * APART):
        with pytest.raises(RecorderBusyError, match=f"process {os.getpid()}"):
            await restore(paths)
    assert samples(paths.database) == 5


async def test_refuses_a_damaged_backup(paths: StatePaths) -> None:
    size = backup(paths).stat().st_size
    with backup(paths).open("r+b") as stream:
        stream.seek(size // 2)
        stream.write(b"\xff" * (size // 2))
    await refused(paths, DatabaseDamagedError, str(backup(paths)))


async def test_refuses_a_backup_cut_short(paths: StatePaths) -> None:
    os.truncate(backup(paths), backup(paths).stat().st_size // 2)
    await refused(paths, DatabaseDamagedError, str(backup(paths)))


async def test_refuses_a_newer_one(paths: StatePaths) -> None:
    with closing(sqlite3.connect(backup(paths))) as db, db:
        db.execute("INSERT INTO schema_version VALUES (99, '', '', 0, 0, 1)")
    await refused(paths, DatabaseVersionError, "newer")


async def test_refuses_what_is_no_recording(paths: StatePaths, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "theirs.sqlite")) as db, db:
        db.execute("CREATE TABLE theirs (x)")
    (tmp_path / "text.db").write_text("some text that is long enough to be no empty file" * 100)
    (tmp_path / "text.tar.gz").write_text("some text")
    await refused(paths, DatabaseError, "not a recording", tmp_path / "theirs.sqlite")
    await refused(paths, DatabaseDamagedError, "not a SQLite database", tmp_path / "text.db")
    await refused(paths, DatabaseDamagedError, "no full backup", tmp_path / "text.tar.gz")
    await refused(paths, DatabaseError, "no such file", tmp_path / "nothing.db")
    await refused(paths, DatabaseError, "in use itself", paths.database)


async def test_refuses_to_move_another_programs_database(paths: StatePaths) -> None:
    paths.database.unlink()
    with closing(sqlite3.connect(paths.database)) as db, db:
        db.execute("CREATE TABLE theirs (x)")
    await refused(paths, DatabaseError, "another program")


async def test_refuses_when_the_disk_is_too_small(paths: StatePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "monitor.history.backup.copying.shutil.disk_usage", lambda _: SimpleNamespace(free=1000)
    )
    await refused(paths, DatabaseError, "free some space")


async def test_refuses_while_another_program_reads_without_end(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.history.connection.BUSY_TIMEOUT_SECONDS", 0.05)
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as reader:
        async with recording(paths, AT) as writer:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM agents").fetchall()
            await writer.write(tick(AT + 10 * APART, "builder"))
        with pytest.raises(DatabaseError, match="another program is reading"):
            await restore(paths)
    assert samples(paths.database) == 6
    assert not [name for name in os.listdir(paths.folder) if "restor" in name]


# --- a present database that is damaged ---------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 28, 4096 * 3])
async def test_a_damaged_database_is_kept_as_it_is(paths: StatePaths, at: int) -> None:
    with paths.database.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"\xff" * (100 if at < 4096 else 40_000))
    Path(f"{paths.database}-wal").write_bytes(b"what a killed recorder left")
    before = paths.database.read_bytes()
    done = await restore(paths)
    assert samples(paths.database) == 3
    assert done.kept_damaged or done.lost is not None
    kept = Path(done.kept or "")
    assert kept.read_bytes()[4096:] == before[4096:]
    if at == 0:
        assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"what a killed recorder left"


# --- who looks on ---------------------------------------------------------------------------------------------------


async def test_an_attached_screen_shows_the_restored_database(paths: StatePaths) -> None:
    async with recording(paths, AT + 9 * APART) as writer:
        await writer.write(tick(AT + 9 * APART, "builder", "newcomer"))
    store = KeyStore()
    running = asyncio.create_task(AttachedFeed(paths, store, interval=0.1).run())
    try:
        async with asyncio.timeout(10):
            while "newcomer" not in store.get(Keys.AGENTS, ()):  # noqa: ASYNC110 - only looking can tell
                await asyncio.sleep(0.01)
            await restore(paths)
            while "newcomer" in store.get(Keys.AGENTS, ()):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert store.get(Keys.AGENTS) == ("builder",)
        await record(paths, 3)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# --- full backups -----------------------------------------------------------------------------------------------------


def full(paths: StatePaths, config: Path | None = None) -> Path:
    return Path(back_up_fully(paths, paths.folder / "all.tar.gz", AT, config=config, roots=()).file)


async def test_the_database_of_a_full_backup_is_restored(paths: StatePaths) -> None:
    archive = await asyncio.to_thread(full, paths)
    await record(paths, 8)
    done = await restore(paths, archive)
    assert (samples(paths.database), samples(done.kept)) == (5, 6)


async def test_a_full_backup_damaged_anywhere_changes_nothing(paths: StatePaths) -> None:
    archive = await asyncio.to_thread(full, paths)
    os.truncate(archive, archive.stat().st_size - 20)
    await refused(paths, DatabaseDamagedError, str(archive), archive)


def test_a_lost_configuration_comes_back_with_its_relative_paths(tmp_path: Path) -> None:
    paths = state(tmp_path)
    asyncio.run(record(paths, 0))
    config = tmp_path / "config" / "agent-monitor.toml"
    config.parent.mkdir()
    config.write_text('roots = ["project"]\n')
    archive = full(paths, config)
    config.unlink()
    done = restore_config(archive, config, AT)
    assert config.read_text() == 'roots = ["project"]\n'
    assert (done.file, done.kept) == (str(config), None)
    assert os.listdir(config.parent) == ["agent-monitor.toml"]
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_configuration_that_is_there_is_kept(tmp_path: Path) -> None:
    paths, config = state(tmp_path), tmp_path / "c.json"
    asyncio.run(record(paths, 0))
    config.write_text('{"discover": false}')
    archive = full(paths, config)
    config.write_text("{ broken")
    done = restore_config(archive, config, AT)
    assert config.read_text() == '{"discover": false}'
    assert done.kept == f"{config}.before-restore-20250615-150640"
    assert Path(done.kept).read_text() == "{ broken"


def test_a_configuration_that_this_program_cannot_read_is_not_put_in_place(tmp_path: Path) -> None:
    paths, config = state(tmp_path), tmp_path / "c.toml"
    asyncio.run(record(paths, 0))
    config.write_text("no_such_setting = 1\n")
    archive = full(paths, config)
    config.write_text("discover = true\n")
    with pytest.raises(ConfigError, match="unknown setting"):
        restore_config(archive, config, AT)
    with pytest.raises(ConfigError, match=r"ends in \.toml"):
        restore_config(archive, tmp_path / "c.json", AT)
    assert config.read_text() == "discover = true\n"


def test_an_archive_without_configuration_says_so(tmp_path: Path) -> None:
    paths = state(tmp_path)
    asyncio.run(record(paths, 0))
    with pytest.raises(DatabaseError, match="no configuration"):
        restore_config(full(paths), tmp_path / "c.toml", AT)


async def test_a_file_system_without_hard_links_gets_a_copy(
    paths: StatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("monitor.history.backup.restore.os.link", no_link)
    done = await restore(paths)
    assert (samples(paths.database), samples(done.kept)) == (3, 5)
