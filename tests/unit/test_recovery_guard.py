"""The guard of the database: damage is put aside, the last state rebuilt, and the lock held all the while."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from damage import PAGE, damage_page, full_tick, pages_of, recorded, rows_of
from history_records import AT, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.collector import recovery
from monitor.collector.checkup import Checkup
from monitor.collector.recovery import Guard, Opened
from monitor.collector.sink import HistorySink
from monitor.config import Settings
from monitor.errors import DatabaseDamagedError, DatabaseError, MonitorError
from monitor.history.backup.backup import back_up
from monitor.history.lock import holder
from monitor.history.recovery.rebuild import asides, put_aside
from monitor.history.recovery.salvage_into import salvage_into
from monitor.history.writing.writer import HistoryWriter
from monitor.paths import StatePaths


def guard_of(paths: StatePaths) -> Guard:
    return Guard(Settings(), paths, host="here", boot_id="boot")


@asynccontextmanager
async def opened(paths: StatePaths) -> AsyncIterator[Opened]:
    guard = guard_of(paths)
    database = await guard.open(1.0)
    try:
        yield database
    finally:
        await database.writer.close(AT)
        guard.release()


async def backup(paths: StatePaths, number: int = 0) -> Path:
    target = paths.backups / f"monitor_backup_2025061{number}-120000.db"
    await back_up(paths, target, AT)
    return target


async def test_a_whole_database_is_opened_as_it_is(tmp_path: Path) -> None:
    await recorded(tmp_path, 5)
    async with opened(state(tmp_path)) as database:
        assert database.recovery is None
        assert set(database.snapshot.statuses) == set()  # long ago
    assert asides(state(tmp_path).database) == ()


async def test_the_newest_backup_that_is_whole_is_restored(tmp_path: Path) -> None:
    paths = state(tmp_path)
    await recorded(tmp_path, 5)
    good = await backup(paths, 1)
    broken = await backup(paths, 2)
    damage_page(broken, pages_of(broken, "agent_metrics")["leaf"][0])
    before = rows_of(paths.database)
    damage_page(paths.database, 1, b"\x00" * 100)
    damaged = paths.database.read_bytes()
    async with opened(paths) as database:
        told = database.recovery
        assert told is not None
        assert (told.origin, told.backup, told.until) == ("backup", str(good), AT + 50_000)
        after = rows_of(paths.database)
        assert after.pop("recorders") == before.pop("recorders") + 1
        assert {**after, "recorder_intervals": 0} == {**before, "recorder_intervals": 0}
    assert Path(told.aside).read_bytes() == damaged
    assert [aside.file for aside in asides(paths.database)] == [told.aside]
    assert oct(paths.database.stat().st_mode & 0o777) == "0o600"
    assert good.exists()


async def test_without_a_backup_what_can_be_read_is_salvaged(tmp_path: Path) -> None:
    paths = state(tmp_path)
    await recorded(tmp_path, 5)
    before = rows_of(paths.database)["agent_metrics"]
    damage_page(paths.database, 1)
    async with opened(paths) as database:
        assert database.recovery is not None
        assert (database.recovery.origin, database.recovery.complete) == ("salvage", True)
        assert rows_of(paths.database)["agent_metrics"] == before


async def test_an_emptied_file_is_known_by_its_log_or_its_backup_and_a_new_one_is_not(tmp_path: Path) -> None:
    paths = state(tmp_path / "new")
    paths.folder.mkdir()
    paths.database.touch()
    async with opened(paths) as database:
        assert database.recovery is None
    paths = state(tmp_path / "old")
    await recorded(paths.folder, 5)
    await backup(paths)
    paths.database.write_bytes(b"")
    async with opened(paths) as database:
        assert database.recovery is not None
        assert database.recovery.origin == "backup"


async def test_when_the_middle_of_the_log_is_broken_a_copy_of_it_all_is_kept(tmp_path: Path) -> None:
    paths = state(tmp_path / "state")
    paths.folder.mkdir(mode=0o700)
    file = await recorded(tmp_path / "sound", 3)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(30):
            db.execute(
                "INSERT INTO events (timestamp, type, agent_id, subject, details) VALUES (?, 'x', '', 'y', '{}')",
                (AT + number,),
            )
        for ending in ("", "-wal"):
            shutil.copy(f"{file}{ending}", f"{paths.database}{ending}")
    log = Path(f"{paths.database}-wal")
    damage_page(log, 1, b"\x55" * 8, offset=32 + 10 * (PAGE + 24) + 100)
    before = log.read_bytes()
    async with opened(paths) as database:
        told = database.recovery
        assert told is not None
        assert told.origin == "log"
    assert Path(f"{told.aside}-wal").read_bytes() == before
    events = rows_of(paths.database)["events"]
    await salvage_into(paths, Path(told.aside), AT, wal_limit_mb=16)
    assert rows_of(paths.database)["events"] > events
    async with opened(paths) as database:
        assert database.recovery is None, "a log that is whole is no news"


async def test_a_value_that_no_recorder_writes_is_told_from_a_fault_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = state(tmp_path)
    await recorded(tmp_path, 5)

    async def fails(*_: object) -> None:
        raise TypeError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(HistoryWriter, "load", fails)
        with pytest.raises(TypeError, match="a fault"):
            await guard_of(paths).open(1.0)
    assert asides(paths.database) == ()
    assert holder(paths.lock) is None
    with closing(sqlite3.connect(paths.database, isolation_level=None)) as db:
        db.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') "
            "WHERE name = 'schema_version'; PRAGMA writable_schema = RESET;"
            "UPDATE schema_version SET checksum = x'00ff', applied_at = 'never';"
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' STRICT' WHERE name = 'schema_version'"
        )
    async with opened(paths) as database:
        assert database.recovery is not None


@pytest.mark.parametrize("instead", [b"z", b"\x9b"], ids=["a letter", "no letter"])
@pytest.mark.parametrize(
    ("place", "body"),
    [
        (18, b"\x09\x09"),
        (44, b"\x00\x00\x00\x09"),
        (None, b"schema_version"),
        (None, b"since           INTEGER"),
        (None, b"average_response_time"),
        (None, b"warning"),
    ],
    ids=[
        "form of the file",
        "form of the schema",
        "table",
        "column asked for",
        "column read",
        "word of a list",
    ],
)
async def test_what_sqlite_takes_for_another_fault_is_known_for_damage(
    tmp_path: Path, place: int | None, body: bytes, instead: bytes
) -> None:
    paths = state(tmp_path)
    file = await recorded(tmp_path, 5)
    content = file.read_bytes()
    if place is None:
        file.write_bytes(content.replace(body, instead + body[1:]))
    else:
        damage_page(file, 1, body, offset=place)
    async with opened(paths) as database:
        assert database.recovery is not None
        assert rows_of(paths.database)["agent_metrics"] == 10


async def test_a_message_that_quotes_a_damaged_schema_tells_of_damage(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with opened(paths) as database:
        with closing(sqlite3.connect(paths.database, isolation_level=None)) as db:
            db.executescript(
                "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
                "CAST(replace(CAST(sql AS BLOB), 'severity IN', CAST(x'7365766572697479a0494e' AS BLOB)) AS TEXT) "
                "WHERE name = 'alerts'; PRAGMA schema_version = 9999"
            )
        with pytest.raises(DatabaseDamagedError):
            await database.writer.write(full_tick(100))


async def test_what_is_in_memory_when_damage_shows_is_written_to_the_new_database(tmp_path: Path) -> None:
    paths = state(tmp_path)
    guard, sink = guard_of(paths), HistorySink()
    database = await guard.open(1.0)
    sink.use(database.writer)
    told: list[Opened | None] = []

    async def watch() -> None:
        async for replacement in guard.replacements(sink, lambda: 1.0):
            told.append(replacement)  # noqa: PERF401 - one after the other, while the test looks

    watching = asyncio.create_task(watch())
    for number in range(3):
        sink.put(full_tick(number))
        await settled(sink)
    with closing(sqlite3.connect(paths.database)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    damage_page(paths.database, pages_of(paths.database, "git_commits")["leaf"][0])
    checkup = Checkup(paths, paths.backups, sink)
    await checkup.run(AT)
    assert not sink.damaged.is_set(), "the start has enough to do"
    checkup._not_before = 0.0
    await checkup.run(AT)
    assert "is damaged" in sink.problem
    numbers = iter(range(3, 1000))
    try:
        async with asyncio.timeout(20):
            while len(told) < 2:
                assert holder(paths.lock) is not None
                sink.put(full_tick(next(numbers)))
                sink._retry_at = 0.0
                await asyncio.sleep(0.02)
            last = next(numbers)
            sink.put(full_tick(last))
            await settled(sink)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await sink.close(AT)
        guard.release()
    assert told[0] is None
    assert told[1] is not None
    assert told[1].recovery is not None
    with closing(sqlite3.connect(paths.database)) as db:
        times = {at for (at,) in db.execute("SELECT DISTINCT timestamp FROM agent_metrics")}
    # The ticks that failed waited, and none of them is missing.
    first = min(time for time in times if time > AT + 20_000)
    assert {AT + number * 10_000 for number in range((first - AT) // 10_000, last + 1)} <= times
    assert first <= AT + 40_000


async def settled(sink: HistorySink) -> None:
    """Wait until the sink has written what it has."""
    deadline = asyncio.get_running_loop().time() + 10
    while sink._ring and not sink.problem:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


async def test_damage_again_and_again_ends_in_a_view_that_records_no_more(tmp_path: Path) -> None:
    paths = state(tmp_path)
    await recorded(tmp_path, 3)
    guard, sink = guard_of(paths), HistorySink()
    sink.use((await guard.open(1.0)).writer)

    async def watch() -> None:
        async for _ in guard.replacements(sink, lambda: 1.0):
            sink.problem = "damaged"

    watching = asyncio.create_task(watch())
    async with asyncio.timeout(30):
        while not watching.done():
            sink.damaged.set()
            await asyncio.sleep(0.01)
    assert len(asides(paths.database)) == recovery.MAX_RECOVERIES
    assert "times within" in sink.problem
    sink.put(full_tick(1))
    assert not sink.recording
    assert sink.samples_waiting == 0
    guard.release()
    assert holder(paths.lock) is None


async def test_when_no_new_database_can_be_begun_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "RETRY_SECONDS", 0.01)
    paths = state(tmp_path)
    guard, sink = guard_of(paths), HistorySink()
    sink.use((await guard.open(1.0)).writer)
    attempts = 0

    def fails_once(database: Path, now: int) -> Path:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise DatabaseError("no space")
        return put_aside(database, now)

    monkeypatch.setattr(recovery, "put_aside", fails_once)
    sink.damaged.set()
    async with asyncio.timeout(10):
        async for replacement in guard.replacements(sink, lambda: 1.0):
            if replacement is not None:
                break
    assert attempts == 2
    assert replacement is not None
    await replacement.writer.close(AT)
    guard.release()


async def test_another_programs_file_stays_where_it_is(tmp_path: Path) -> None:
    noise = random.Random(2).randbytes(30 * PAGE)
    paths = StatePaths(tmp_path, tmp_path / "picture.jpg")
    paths.database.write_bytes(noise)
    with pytest.raises(DatabaseError, match="is not a SQLite database"):
        await guard_of(paths).open(1.0)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute("CREATE TABLE goods (name TEXT, price REAL, stock INTEGER)")
        db.executemany("INSERT INTO goods VALUES (?, 1.0, 2)", [(str(n) * 50,) for n in range(500)])
        db.commit()
    shop = StatePaths(tmp_path, tmp_path / "shop.db")
    damage_page(shop.database, 3)
    with pytest.raises(DatabaseError):
        await guard_of(shop).open(1.0)
    assert paths.database.read_bytes() == noise
    assert not list(tmp_path.glob("*.damaged-*"))
    assert holder(paths.lock) is None


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(recorded(tmp_path_factory.mktemp("sound"), 20))


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_flip_a_start_ends_in_a_recorder_or_in_words(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    paths = state(folder)
    shutil.copy(sound, paths.database)
    body = bytearray(paths.database.read_bytes())
    places = st.integers(0, len(body) - 1) | st.integers(0, 8 * PAGE) | st.integers(0, 120)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=200)):
        body[place] ^= value
    paths.database.write_bytes(body)

    async def start() -> None:
        async with opened(paths) as database:
            with suppress(DatabaseError):  # damage that shows later is the guard's at that time
                await database.writer.write(full_tick(100))

    with suppress(MonitorError):
        asyncio.run(start())
    assert holder(paths.lock) is None
    shutil.rmtree(folder)
