"""What the history survives: killed recorders, other writers, endless readers, read-only folders."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from history_recorder import AGENTS, AT, sample

from monitor.errors import DatabaseError, RecorderBusyError
from monitor.history.check.check import check
from monitor.history.lock import holder
from monitor.history.presence import connections
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

PROGRAM = Path(__file__).with_name("history_recorder.py")


def state(folder: Path) -> StatePaths:
    return StatePaths(folder, folder / "monitor.db")


@asynccontextmanager
async def recording(folder: Path, wal_limit_mb: int = 16) -> AsyncIterator[HistoryWriter]:
    writer = await HistoryWriter.open(
        state(folder),
        host="here",
        boot_id="boot",
        version="1",
        interval_seconds=1.0,
        now=AT,
        wal_limit_mb=wal_limit_mb,
    )
    try:
        yield writer
    finally:
        await writer.close(AT)


async def opens(folder: Path) -> None:
    async with recording(folder):
        pass


def tick(number: int, agents: int = AGENTS) -> TickRows:
    return TickRows(at=AT + number * 1000, samples=[sample(agent, number) for agent in range(agents)])


@contextmanager
def process(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


async def test_a_recorder_killed_at_any_moment_leaves_whole_ticks_and_none_is_lost(tmp_path: Path) -> None:
    chance = random.Random(7)
    told = 0
    for _ in range(10):
        with process(PROGRAM, tmp_path) as recorder:
            assert line(recorder.stdout) == "ready"
            assert line(recorder.stdout)
            await asyncio.sleep(chance.uniform(0, 0.05))  # the moment of death is to be a random one
            recorder.send_signal(signal.SIGKILL)
            numbers = recorder.stdout.read().split() if recorder.stdout is not None else []
        told = max([told, *(int(number) for number in numbers[:-1])])
        report = await check(state(tmp_path))
        assert [problem for problem in report.problems if "chmod" not in problem] == []
        with sqlite3.connect(state(tmp_path).database) as db:
            samples = dict(db.execute("SELECT timestamp, count(*) FROM agent_metrics GROUP BY timestamp"))
            events = dict(db.execute("SELECT timestamp, count(*) FROM events GROUP BY timestamp"))
        db.close()
        assert samples == events
        assert set(samples.values()) == {AGENTS}
        assert max(samples) >= AT + told * 1000
        assert len(samples) == (max(samples) - AT) // 1000


async def test_a_second_recorder_is_refused_and_told_who_records_until_that_one_dies(tmp_path: Path) -> None:
    with process(PROGRAM, tmp_path) as recorder:
        assert line(recorder.stdout) == "ready"
        who = holder(state(tmp_path).lock)
        assert who is not None
        assert who.pid == recorder.pid
        with pytest.raises(RecorderBusyError, match=f"process {recorder.pid} on "):
            await opens(tmp_path)
        recorder.send_signal(signal.SIGKILL)
        recorder.wait(10)
    assert holder(state(tmp_path).lock) is None
    await opens(tmp_path)


def test_a_viewer_that_was_killed_is_counted_no_more(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from monitor.paths import StatePaths; from monitor.history.presence import Presence\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with Presence(StatePaths(folder, folder / 'monitor.db'), 'terminal'): print('in', flush=True); time.sleep(60)"
    )
    with process("-c", program, tmp_path) as viewer:
        assert line(viewer.stdout) == "in"
        assert [found.pid for found in connections(state(tmp_path).presence)] == [viewer.pid]
        viewer.send_signal(signal.SIGKILL)
        viewer.wait(10)
    assert connections(state(tmp_path).presence) == ()
    assert not list(state(tmp_path).presence.iterdir())


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """What is held until the end of the test."""
    with ExitStack() as stack:
        yield stack


def size_of(file: Path) -> int:
    return file.stat().st_size


async def write_ticks(writer: HistoryWriter, numbers: range) -> None:
    for number in numbers:
        await writer.write(tick(number, 50))


LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


async def test_while_another_program_holds_the_lock_writing_waits_then_says_so_and_works_afterwards(
    tmp_path: Path, held: ExitStack
) -> None:
    async with recording(tmp_path) as writer:
        locker = held.enter_context(process("-c", LOCKER, state(tmp_path).database))
        assert line(locker.stdout) == "locked"
        beats = 0
        writing = asyncio.create_task(writer.write(tick(1)))
        while not writing.done():
            await asyncio.sleep(0.01)
            beats += 1
        with pytest.raises(DatabaseError, match=r"monitor\.db: is locked by another program"):
            await writing
        assert beats > 20  # the event loop went on meanwhile
        late = asyncio.create_task(writer.write(tick(1)))
        await asyncio.sleep(0.05)
        locker.communicate()
        await late
        await writer.write(tick(1))
    assert _samples(tmp_path) == AGENTS


async def test_the_log_stays_within_its_limit_beside_viewers_and_under_an_endless_reader(
    tmp_path: Path, held: ExitStack
) -> None:
    log = Path(f"{state(tmp_path).database}-wal")
    limit = 1 << 20
    reading = f"file:{state(tmp_path).database}?mode=ro"
    async with recording(tmp_path, wal_limit_mb=1) as writer:
        reader = held.enter_context(closing(sqlite3.connect(reading, uri=True, isolation_level=None)))
        reader.execute("SELECT count(*) FROM agents").fetchone()  # over when it returns
        await write_ticks(writer, range(300))
        assert size_of(log) <= 2 * limit
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM agents").fetchone()  # held open from here
        with pytest.raises(DatabaseError, match="another program reads the database without end"):
            await write_ticks(writer, range(300, 900))
        assert size_of(log) <= 2 * limit
        begin = time.monotonic()
        with pytest.raises(DatabaseError, match="its write-ahead log has reached 1 MiB"):
            await writer.write(tick(900))
        assert time.monotonic() - begin < 1.0
        reader.execute("COMMIT")
        await writer.write(tick(901))
        assert size_of(log) <= limit


READ_ONLY = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from monitor.errors import MonitorError
from monitor.history.connection import open_reader, open_writer
from monitor.history.moments.state import state_at
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths
folder = Path(sys.argv[1])
paths = StatePaths(folder, folder / "monitor.db")
import monitor.history.queries as queries
queries.sql("marks")
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
async def write():
    await open_writer(paths, 16)
async def record():
    await HistoryWriter.open(paths, host="", boot_id="", version="", interval_seconds=1, now=0)
async def read():
    async with open_reader(paths.database) as db:
        print("agents", len((await state_at(db, 10**15)).statuses))
try:
    asyncio.run(locals()[sys.argv[2]]())
except MonitorError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder with a recording in it that nobody may write, where an unprivileged user finds it."""
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer, "recording")
        with process(PROGRAM, folder) as recorder:
            assert line(recorder.stdout) == "ready"
            assert line(recorder.stdout) == "1"
        asyncio.run(opens(folder))
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        Path(outer).chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("write", "DatabaseError {folder}: is read-only: make it writable"),
        (
            "record",
            "DatabaseError {folder}/monitor.db.lock: cannot be made: Permission denied: make its folder",
        ),
        ("read", f"agents {AGENTS}"),
    ],
)
def test_in_a_read_only_folder_writing_is_refused_with_a_clear_message_and_reading_works(
    read_only: Path, what: str, told: str
) -> None:
    package = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(read_only), what, package],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd="/",
    )
    if "PermissionError" in done.stderr:
        pytest.skip("the unprivileged user may not read this program's files")
    assert done.stdout.startswith(told.format(folder=read_only)), done.stderr


def _samples(folder: Path) -> int:
    with sqlite3.connect(state(folder).database) as db:
        number: int = db.execute("SELECT count(*) FROM agent_metrics").fetchone()[0]
    db.close()
    return number
