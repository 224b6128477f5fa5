"""Backups and restores that are killed, and backups of what another process is recording."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from history_recorder import AGENTS, AT, sample

from monitor.errors import DatabaseError, RecorderBusyError
from monitor.history.backup import copying, restore
from monitor.history.backup import files as backup_files
from monitor.history.backup.backup import back_up
from monitor.history.backup.copying import inspect
from monitor.history.backup.files import Limits
from monitor.history.backup.restore import restore_database
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths

PROGRAM = Path(__file__).with_name("history_recorder.py")


def state(folder: Path) -> StatePaths:
    return StatePaths(folder, folder / "monitor.db")


async def record(paths: StatePaths, *numbers: int) -> None:
    writer = await HistoryWriter.open(
        paths, host="here", boot_id="boot", version="1", interval_seconds=1.0, now=AT
    )
    for number in numbers:
        samples = [sample(agent, number) for agent in range(AGENTS)]
        await writer.write(TickRows(at=AT + number * 1000, samples=samples))
    await writer.close(AT)


def ticks(file: Path) -> dict[int, int]:
    """Samples of each tick; reads whatever stands there, as the next start would."""
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(db.execute("SELECT timestamp, count(*) FROM agent_metrics GROUP BY timestamp").fetchall())


def in_a_process_of_its_own(work: Callable[[], object]) -> int:
    """How it ended; it may kill itself, and runs nothing of this process's."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it was, it is this process's end
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killing_after(step: int, patch: pytest.MonkeyPatch) -> None:
    """Kill this process once that many changes of names and flushes to the disk were done."""
    done = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            result = function(*arguments, **options)
            done += 1
            if done >= step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for owner, name in (
        (restore, "sync"),
        (copying, "sync"),
        (backup_files, "sync"),
        (os, "link"),
        (Path, "unlink"),
        (Path, "replace"),
    ):
        patch.setattr(owner, name, counted(getattr(owner, name)))


def test_a_restore_killed_after_any_step_leaves_the_old_or_the_new_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = state(tmp_path / "made")
    asyncio.run(record(made, 1, 2, 3))
    new = ticks(made.database)
    asyncio.run(back_up(made, tmp_path / "copy.db", AT))
    asyncio.run(record(made, 4, 5))
    old = ticks(made.database)
    found = set()
    for step in range(1, 100):
        paths = state(tmp_path / str(step))
        shutil.copytree(made.folder, paths.folder)

        def work(paths: StatePaths = paths, step: int = step) -> None:
            with monkeypatch.context() as patch:
                killing_after(step, patch)
                asyncio.run(restore_database(paths, tmp_path / "copy.db", AT, wal_limit_mb=16))

        code = in_a_process_of_its_own(work)
        assert code in (0, -signal.SIGKILL)
        left = ticks(paths.database)
        assert left in (old, new)
        found.add(left == new)
        # The old one is never lost, and the restore can be done again.
        kept = list(paths.folder.glob("*before-restore*"))
        assert left == old or old in [ticks(file) for file in kept]
        asyncio.run(restore_database(paths, tmp_path / "copy.db", AT, wal_limit_mb=16))
        assert ticks(paths.database) == new
        assert not list(paths.folder.glob("*.restoring*"))
        shutil.rmtree(paths.folder)
        if code == 0:
            break
    assert code == 0
    assert found == {True, False}


def test_a_killed_backup_leaves_no_backup_and_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    paths = state(tmp_path)
    asyncio.run(record(paths, *range(400)))

    def die(share: float) -> None:
        if share > 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        asyncio.run(back_up(paths, paths.backups / "copy.db", AT, progress=die))

    assert in_a_process_of_its_own(work) == -signal.SIGKILL
    left = os.listdir(paths.backups)
    assert left
    assert "copy.db" not in left
    asyncio.run(back_up(paths, paths.backups / "copy.db", AT, limits=Limits(keep=1)))
    assert os.listdir(paths.backups) == ["copy.db"]
    assert len(ticks(paths.backups / "copy.db")) == 400


@contextmanager
def recorder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, str(PROGRAM), str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "1\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_backup_of_what_another_process_records_has_whole_ticks_alone(tmp_path: Path) -> None:
    paths = state(tmp_path)
    with recorder(tmp_path) as process:
        assert process.stdout is not None
        counts = []
        for number in range(4):
            file = paths.backups / f"{number}.db"
            asyncio.run(back_up(paths, file, AT, gentle=number % 2 == 0))
            assert set(ticks(file).values()) == {AGENTS}
            counts.append(len(ticks(file)))
            for _ in range(20):
                process.stdout.readline()
        assert counts == sorted(set(counts))
        assert process.poll() is None
        with pytest.raises(RecorderBusyError, match=f"process {process.pid}"):
            asyncio.run(restore_database(paths, paths.backups / "0.db", AT, wal_limit_mb=16))


def test_a_backup_that_fills_its_disk_says_so_and_leaves_the_recording_alone(tmp_path: Path) -> None:
    """The limit on a file's size stands for the disk: it ends a write in the middle as well."""
    paths = state(tmp_path)
    asyncio.run(record(paths, *range(400)))

    def work() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = paths.database.stat().st_size // 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        with pytest.raises(DatabaseError):
            asyncio.run(back_up(paths, paths.backups / "copy.db", AT))

    assert in_a_process_of_its_own(work) == 0
    assert os.listdir(paths.backups) == []
    assert asyncio.run(inspect(paths.database)).rows["agent_metrics"] == 400 * AGENTS
