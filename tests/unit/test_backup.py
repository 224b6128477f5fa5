"""A backup: a verified copy of the database in a file of its own, made beside whoever records."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from history_records import AT, recording, state, tick

from monitor.errors import DatabaseDamagedError, DatabaseError, DatabaseVersionError
from monitor.history.backup import copying
from monitor.history.backup.backup import Made, back_up, target_file
from monitor.history.backup.copying import inspect
from monitor.history.backup.files import Limits, backup_name, backups, unfinished
from monitor.model import Event
from monitor.paths import StatePaths

DAY = 86_400_000
APART = 20_000
"""Milliseconds after which an equal sample is written again."""


async def record(folder: Path, *moments: int) -> StatePaths:
    async with recording(state(folder)) as writer:
        for at in moments or (AT,):
            await writer.write(tick(at, "builder", "tester"))
    return state(folder)


async def made(paths: StatePaths, target: Path | None = None, **options: Any) -> Made:
    return await back_up(paths, target or paths.backups / "copy.db", AT, **options)


def samples(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("SELECT count(*) FROM agent_metrics").fetchone()[0])


def damage(file: Path, page: int = 3) -> None:
    with file.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(b"\xff" * 4096)


async def test_holds_what_is_still_in_the_write_ahead_log(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        for at in (AT, AT + APART, AT + 2 * APART):
            await writer.write(tick(at, "builder"))
        assert Path(f"{paths.database}-wal").stat().st_size > 0
        done = await made(paths)
        await writer.write(tick(AT + 3 * APART, "builder"))
    assert samples(Path(done.file)) == 3
    assert done.database.rows["agent_metrics"] == 3
    assert (done.database.first, done.database.last) == (AT, AT + 2 * APART)


async def test_is_one_private_file_in_a_private_folder(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    previous = os.umask(0)
    try:
        done = Path((await made(paths)).file)
    finally:
        os.umask(previous)
    assert os.listdir(done.parent) == [done.name]
    assert stat.S_IMODE(done.stat().st_mode) == 0o600
    assert stat.S_IMODE(done.parent.stat().st_mode) == 0o700


async def test_can_be_read_without_leaving_anything_beside_it(tmp_path: Path) -> None:
    done = Path((await made(await record(tmp_path))).file)
    await inspect(done)
    assert os.listdir(done.parent) == [done.name]


async def test_goes_on_while_others_write_and_holds_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        events = [Event(timestamp=AT + n, type="activity", details={"text": "x" * 900}) for n in range(200)]
        await writer.write(tick(AT, "builder", events=events))
        monkeypatch.setattr(copying, "STEP_PAGES", 1)
        loop, steps = asyncio.get_running_loop(), 0

        def write(_: float) -> None:
            nonlocal steps
            steps += 1
            rows = tick(AT + APART * steps, "builder")
            asyncio.run_coroutine_threadsafe(writer.write(rows), loop).result(5)

        done = await made(paths, progress=write)
    assert samples(Path(done.file)) == 1
    assert samples(paths.database) == 1 + steps
    assert steps <= done.database.bytes // 4096 + 1  # it was never begun anew


async def test_a_gentle_one_is_the_same(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    gentle, plain = await made(paths, tmp_path / "gentle.db", gentle=True), await made(paths)
    assert gentle.database == plain.database
    assert Path(gentle.file).read_bytes() == Path(plain.file).read_bytes()


async def test_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[float] = []
    await made(await record(tmp_path), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


async def test_does_not_write_over_a_file_unless_forced(tmp_path: Path) -> None:
    paths, target = await record(tmp_path), tmp_path / "mine"
    target.write_text("mine")
    with pytest.raises(DatabaseError, match="--force"):
        await made(paths, target)
    assert target.read_text() == "mine"
    await made(paths, target, force=True)
    assert samples(target) == 2


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal", ".lock"])
async def test_never_writes_over_the_database_itself(tmp_path: Path, ending: str) -> None:
    paths = await record(tmp_path)
    before = paths.database.read_bytes()
    with pytest.raises(DatabaseError, match="belongs to the database"):
        await made(paths, paths.database.with_name(f"monitor.db{ending}"), force=True)
    assert paths.database.read_bytes() == before


async def test_force_replaces_no_link_and_no_folder(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    (tmp_path / "link").symlink_to(paths.database)
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(DatabaseError, match="is there already"):
            await made(paths, tmp_path / name, force=True)


def test_its_name_has_its_moment_in_utc_and_a_folder_may_be_named(tmp_path: Path) -> None:
    database = tmp_path / "dashboard.db"
    name = "dashboard_backup_20250615-150640.db"
    assert backup_name(database, "database", AT) == name
    assert backup_name(database, "full", AT) == "dashboard_full_backup_20250615-150640.tar.gz"
    assert target_file(None, tmp_path / "b", database, "database", AT) == tmp_path / "b" / name
    assert target_file(str(tmp_path), tmp_path / "b", database, "database", AT) == tmp_path / name
    assert target_file(f"{tmp_path}/new/", tmp_path, database, "database", AT) == tmp_path / "new" / name
    assert target_file(str(tmp_path / "x.db"), tmp_path, database, "database", AT) == tmp_path / "x.db"


def test_two_backups_within_a_second_do_not_meet(tmp_path: Path) -> None:
    database = tmp_path / "monitor.db"
    first = target_file(None, tmp_path, database, "database", AT)
    first.touch()
    second = target_file(None, tmp_path, database, "database", AT)
    assert second.name == backup_name(database, "database", AT + 1000)


async def test_a_disk_too_small_is_noticed_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = await record(tmp_path)
    monkeypatch.setattr(
        "monitor.history.backup.copying.shutil.disk_usage", lambda _: SimpleNamespace(free=1000)
    )
    with pytest.raises(DatabaseError, match=r"needs \d+ MiB and 1 MiB are free"):
        await made(paths)
    assert os.listdir(paths.backups) == []


async def test_no_copy_of_a_damaged_database_is_kept(tmp_path: Path) -> None:
    paths = await record(tmp_path, *range(AT, AT + 400 * APART, APART))
    damage(paths.database, page=paths.database.stat().st_size // 4096)
    with pytest.raises(DatabaseDamagedError, match=rf"^{paths.database}"):
        await made(paths)
    assert os.listdir(paths.backups) == []


async def test_another_programs_database_is_not_backed_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "monitor.db")) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(DatabaseError, match="not a recording"):
        await made(state(tmp_path))


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    with closing(sqlite3.connect(paths.database)) as db, db:
        db.execute("INSERT INTO schema_version VALUES (99, '', '', 0, 0, 1)")
    with pytest.raises(DatabaseVersionError):
        await made(paths)


async def test_two_at_once_into_one_folder_are_refused(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    with (
        unfinished(paths.backups / "first.db") as file,
        pytest.raises(DatabaseError, match="another backup is being made"),
    ):
        await made(paths)
    assert not file.exists()


async def test_what_a_killed_one_left_is_written_over(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    with unfinished(paths.backups / "copy.db") as file:
        pass
    file.write_bytes(b"half a copy" * 10_000)
    done = await made(paths)
    assert os.listdir(paths.backups) == [Path(done.file).name]


async def test_a_cancelled_one_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = await record(tmp_path)
    monkeypatch.setattr(copying, "STEP_PAGES", 1)
    monkeypatch.setattr(copying, "PAUSE", 1e6)
    begun, loop = asyncio.Event(), asyncio.get_running_loop()
    task = asyncio.create_task(
        made(paths, gentle=True, progress=lambda _: loop.call_soon_threadsafe(begun.set) and None)
    )
    async with asyncio.timeout(10):
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert os.listdir(paths.backups) == []


async def test_a_gentle_one_hurries_when_the_log_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = state(tmp_path)
    monkeypatch.setattr(copying, "LOG_GROWN", 0)
    monkeypatch.setattr(copying, "PAUSE", 1e6)
    async with recording(paths) as writer, asyncio.timeout(10):
        await writer.write(tick(AT, "builder"))
        await made(paths, gentle=True)


# --- which ones go ------------------------------------------------------------------------------------------------


async def dated(paths: StatePaths, *ages: int) -> list[str]:
    """Backups made that many days ago; their names, newest first."""
    names = [backup_name(paths.database, "database", AT - age * DAY) for age in sorted(ages)]
    for name in names:
        await made(paths, paths.backups / name)
    return names


async def test_the_newest_ones_are_kept(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    names = await dated(paths, 1, 2, 3, 4)
    done = await made(
        paths, paths.backups / backup_name(paths.database, "database", AT), limits=Limits(keep=3)
    )
    assert [Path(file).name for file in done.removed] == names[2:]
    assert sorted(os.listdir(paths.backups)) == sorted([Path(done.file).name, *names[:2]])


async def test_old_ones_go_but_never_the_newest(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    names = await dated(paths, 9, 10, 30)
    await made(paths, tmp_path / "elsewhere.db", limits=Limits(max_age_days=1))
    assert len(os.listdir(paths.backups)) == 3
    await made(paths, paths.backups / "other.db", limits=Limits(max_age_days=1))
    assert sorted(os.listdir(paths.backups)) == sorted([names[0], "other.db"])


async def test_only_files_that_we_made_there_ever_go(tmp_path: Path) -> None:
    paths = await record(tmp_path)
    folder = paths.backups
    name = "monitor_backup_20200101-00000{}.db".format
    await dated(paths, 1)
    (folder / name(1)).write_text("no database")
    (folder / name(2)).symlink_to(paths.database)
    (folder / name(3)).mkdir()
    with closing(sqlite3.connect(folder / name(4))) as db, db:
        db.execute("CREATE TABLE theirs (x)")
    others = ["x_backup_20200101-000000.db", "monitor_backup_20200101.db", f"{name(5)}.old", "monitor.db"]
    for other in others:
        (folder / other).write_bytes(paths.database.read_bytes())
    before = set(os.listdir(folder))
    await made(
        paths, folder / backup_name(paths.database, "database", AT), limits=Limits(keep=1, max_age_days=1)
    )
    gone = before - set(os.listdir(folder))
    assert gone == {backup_name(paths.database, "database", AT - DAY)}


async def test_the_database_in_use_never_counts_as_a_backup_of_itself(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    paths = StatePaths(tmp_path, folder / "monitor_backup_20200101-000000.db")
    async with recording(paths) as writer:
        await writer.write(tick(AT, "builder"))
    assert backups(folder, paths.database) == ()
    assert len(backups(folder, tmp_path / "monitor.db")) == 1
