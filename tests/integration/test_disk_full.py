"""A full disk, a limit on files, a lock, a read-only place: the screen stays live, and recording resumes by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from recorder_driver import Recorder, recorder, sampled

from monitor.history.check.check import check
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import Agent
from monitor.paths import state_paths

HOUR = 3_600_000
DAY = 24 * HOUR


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """A small file system of its own."""
    if shutil.which("mount") is None:
        pytest.skip("no file system can be mounted here")
    folder.mkdir()
    options = f"size={megabytes}m"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


async def seed(folder: Path, start: int, end: int) -> None:
    """A recording with a sample every half minute."""
    paths = state_paths(str(folder))
    writer = await HistoryWriter.open(
        paths, host="here", boot_id="b", version="1", interval_seconds=2.0, now=start
    )
    agent = Agent(id="self", name="self", kind="custom", host="here", origin="config")
    await writer.write(TickRows(at=start, agents=[agent]))
    await writer.close(end)
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as db:
        db.execute(
            "WITH RECURSIVE n (at) AS (SELECT ? UNION ALL SELECT at + 30000 FROM n WHERE at < ?) "
            "INSERT INTO agent_metrics (agent_id, timestamp, status, cpu_usage, stale) "
            "SELECT 'self', at, 'active', at % 100, 0 FROM n",
            (start, end - 30_000),
        )


def recorded(folder: Path, kind: str) -> list[dict[str, int]]:
    """The details of all events of a type."""
    database = state_paths(str(folder)).database
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT details FROM events WHERE type = ?", (kind,)).fetchall()
    return [msgspec.json.decode(details) for (details,) in found]


def fill(file: Path) -> None:
    """Write until there is no room left for a page."""
    with file.open("wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 12, 1 << 9):
            with suppress(OSError):
                while filler.write(b"\0" * size) == size:
                    pass


def assert_all_written(folder: Path, running: Recorder) -> None:
    """Every tick is in the database under its own time, also those of the trouble, and the file is sound."""
    running.end()
    ticks = [told.clock for told in running.told]
    assert set(ticks) <= set(sampled(folder))
    assert asyncio.run(check(state_paths(str(folder)))).problems == ()


def assert_trouble_is_told_while_the_view_stays_live(running: Recorder, words: str) -> None:
    told = running.until(lambda told: told.problem)
    assert words in told.problem
    assert not told.recording
    before = running.told[-1].waiting
    assert running.ticks(10).waiting >= before + 10


def assert_recording_resumes(running: Recorder) -> None:
    told = running.until(lambda told: not told.problem)
    assert told.recording
    running.until(lambda told: told.waiting == 0)


def test_a_full_disk_holds_up_nothing_and_loses_nothing(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", 4) as small, recorder(small / "state") as running:
        running.ticks(3)
        fill(small / "filler")
        assert_trouble_is_told_while_the_view_stays_live(running, "the disk is full: free some space")
        running.until(lambda told: "database-trouble" in told.alerts)
        (small / "filler").unlink()
        assert_recording_resumes(running)
        assert_all_written(small / "state", running)


def test_on_a_disk_that_runs_short_the_oldest_samples_go_first_and_the_last_day_stays(tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    with mounted(tmp_path / "small", 16) as small:
        folder = small / "state"
        asyncio.run(seed(folder, now - 3 * DAY, now - HOUR))
        with recorder(folder) as running:
            running.until(lambda told: "disk-trouble" in told.alerts)
            deadline = time.monotonic() + 30
            while not recorded(folder, "pruned-early"):
                assert time.monotonic() < deadline
                running.ticks(1)
            running.end()
        old = [at for at in sampled(folder) if at < now]
        assert now - DAY - HOUR < min(old) < now - DAY + HOUR
        (event,) = recorded(folder, "pruned-early")
        assert event["bytes"] > 0
        assert event["free"] < event["limit"] == 200 << 20


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="another process's limits cannot be set here")
def test_a_limit_on_the_size_of_files_holds_up_nothing_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with recorder(folder) as running:
        running.ticks(3)
        log = Path(f"{state_paths(str(folder)).database}-wal")
        limits = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, limits[1]))
        assert_trouble_is_told_while_the_view_stays_live(running, str(folder))
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, limits)
        assert_recording_resumes(running)
        assert_all_written(folder, running)


def test_a_lock_held_by_another_program_holds_up_nothing_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with recorder(folder) as running:
        running.ticks(3)
        with closing(sqlite3.connect(state_paths(str(folder)).database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert_trouble_is_told_while_the_view_stays_live(running, "is locked by another program")
            other.execute("ROLLBACK")
        assert_recording_resumes(running)
        assert_all_written(folder, running)


def test_a_view_that_starts_on_a_read_only_file_system_is_live_says_so_and_records_once_it_can(
    tmp_path: Path,
) -> None:
    with mounted(tmp_path / "small", 4) as small:
        with recorder(small / "state") as running:
            running.ticks(3)
            running.end()
        before = len(sampled(small / "state"))
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        pid_file = tmp_path / "elsewhere" / "state"
        pid_file.parent.mkdir()
        os.symlink(small / "state", pid_file)
        with recorder(pid_file) as running:
            told = running.ticks(5)
            assert not told.recording
            assert "cannot be made: Read-only file system" in told.problem
            assert len(sampled(small / "state")) == before
            subprocess.run(["mount", "-o", "remount,rw", small], check=True)
            resumed = running.until(lambda told: told.recording)
            assert resumed.problem == ""
            running.ticks(5)
            running.end()
        times = sampled(small / "state")
        assert len(times) > before
        assert max(times) >= resumed.clock
