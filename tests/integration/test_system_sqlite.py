"""Another program's SQLite file: read as it was committed last, and left as it was found."""

from __future__ import annotations

import os
import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import monitor.sources.foreign_sqlite as foreign
from monitor.errors import SourceError
from monitor.model.systems import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
SCHEMA = (sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text()
EVENT = "INSERT INTO system_events (event_type, source, severity, message) VALUES ('x', 's', 'low', ?)"


def make(path: Path, mode: str = "WAL") -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.executescript(SCHEMA)
    return db


def events(path: Path | str) -> list[str]:
    with closing(SystemReader("dash", str(path))) as reader:
        return texts(reader.poll(NOW))


def texts(reading: SystemReading | None) -> list[str]:
    assert reading is not None
    return [event.text for event in reversed(reading.events)]


def crashed(folder: Path, source: Path, *endings: str) -> Path:
    """What a program leaves behind that dies at once: its files as they stand."""
    folder.mkdir()
    for ending in endings:
        shutil.copy(f"{source}{ending}", folder / f"left.db{ending}")
    return folder / "left.db"


def test_what_a_crashed_program_left_in_its_log_is_read_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    with closing(make(tmp_path / "live.db")) as db:
        db.execute(EVENT, ("committed",))
        left = crashed(tmp_path / "left", tmp_path / "live.db", "", "-wal")
    before = {file.name: file.read_bytes() for file in left.parent.iterdir()}
    assert events(left) == ["committed"]
    assert {file.name: file.read_bytes() for file in left.parent.iterdir()} == before


def test_a_transaction_that_a_crash_cut_off_is_played_back_in_the_copy_alone(tmp_path: Path) -> None:
    with closing(make(tmp_path / "live.db", "DELETE")) as db:
        db.execute(EVENT, ("committed",))
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.executemany(EVENT, ((f"lost {number}" * 50,) for number in range(200)))
        left = crashed(tmp_path / "left", tmp_path / "live.db", "", "-journal")
        db.execute("ROLLBACK")
    before = left.read_bytes()
    assert events(left) == ["committed"]
    assert left.read_bytes() == before
    assert sorted(file.name for file in left.parent.iterdir()) == ["left.db", "left.db-journal"]


def test_the_copy_is_gone_afterwards_and_too_large_a_one_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(make(tmp_path / "live.db")) as db:
        db.execute(EVENT, ("committed",))
        left = crashed(tmp_path / "left", tmp_path / "live.db", "", "-wal")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    assert events(left) == ["committed"]
    monkeypatch.setattr(foreign, "COPY_LIMIT", 1000)
    with pytest.raises(SourceError, match="too large"):
        events(left)
    assert list(temporary.iterdir()) == []


def test_a_program_that_keeps_the_index_of_its_log_to_itself_is_read_too(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db", isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)
        db.execute(EVENT, ("one",))
        assert not (tmp_path / "own.db-shm").exists()
        with closing(SystemReader("dash", str(tmp_path / "own.db"))) as reader:
            assert texts(reader.poll(NOW)) == ["one"]
            db.execute(EVENT, ("two",))
            assert texts(reader.poll(NOW + 1)) == ["one", "two"]


def test_an_exclusive_lock_that_is_held_for_long_keeps_nobody_from_reading(tmp_path: Path) -> None:
    for mode in ("DELETE", "WAL"):
        with closing(make(tmp_path / f"{mode}.db", mode)) as db:
            db.execute(EVENT, ("one",))
            db.execute("BEGIN EXCLUSIVE")
            db.execute(EVENT, ("not yet",))
            assert events(tmp_path / f"{mode}.db") == ["one"]
            db.execute("ROLLBACK")


def test_a_file_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with closing(make(path, "DELETE")) as db:
        db.execute("BEGIN")
        db.executemany(EVENT, ((f"old {number}",) for number in range(1200)))
        db.execute("COMMIT")
    with closing(SystemReader("dash", str(path))) as reader:
        assert len(texts(reader.poll(NOW))) == 1000
        with closing(make(tmp_path / "other.db", "DELETE")) as db:
            db.execute(EVENT, ("new",))
        os.replace(tmp_path / "other.db", path)
        assert texts(reader.poll(NOW + 1)) == ["new"]
        path.unlink()
        with pytest.raises(SourceError, match="is not there"):
            reader.poll(NOW + 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no known system's"),
        (b"no database at all, but long enough to be one" * 100, "not a database"),
        (os.urandom(8192), "not a database"),
    ],
    ids=["truncated", "text", "encrypted"],
)
def test_what_is_no_database_any_more_is_told_and_once_it_is_one_again_it_is_read(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "live.db"
    with closing(make(path, "DELETE")) as db:
        db.execute(EVENT, ("one",))
    with closing(SystemReader("dash", str(path))) as reader:
        whole = path.read_bytes()
        assert texts(reader.poll(NOW)) == ["one"]
        path.write_bytes(content)
        with pytest.raises(SourceError, match=said):
            reader.poll(NOW + 1)
        path.write_bytes(whole)
        reader.poll(NOW + 2)
        assert reader.report() == ("ok", "")


# --- while it is written ----------------------------------------------------------------------------------------

WRITER = """
import sqlite3, sys, time

db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
db.execute("PRAGMA synchronous = OFF")
longest = 0.0
for number in range(300):
    begin = time.perf_counter()
    db.execute(sys.argv[2], (number,))
    longest = max(longest, time.perf_counter() - begin)
print(longest)
"""


@pytest.mark.parametrize("mode", ["WAL", "DELETE", "TRUNCATE"])
def test_its_program_never_meets_a_lock_however_often_it_is_read(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "live.db"
    make(path, mode).close()
    command = [sys.executable, "-c", WRITER, str(path), EVENT]
    # It waits for no lock: the first one that it met would end it.
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as writer,
        closing(SystemReader("dash", str(path))) as reader,
    ):
        now, troubles = NOW, []
        while writer.poll() is None:
            now += 1
            try:
                reader.poll(now)
            except SourceError as error:
                troubles.append(str(error))
        said, wrong = writer.communicate()
        told = reader.poll(now + 60_000) or reader._reading
    assert wrong == ""
    assert float(said) < 1.0
    assert told.state.counts["events"] == 300
    assert all(
        "written" in trouble for trouble in troubles
    )  # a look may fall into a write; the next does not
    assert mode != "WAL" or not troubles


def test_two_writes_within_one_tick_of_the_clock_are_both_seen(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with closing(make(path)) as db, closing(SystemReader("dash", str(path))) as reader:
        db.execute(EVENT, ("one",))
        reader.poll(NOW)
        # The log begins anew at its own beginning: neither its size nor, within a tick, its time tells.
        db.execute("PRAGMA wal_checkpoint(RESTART)")
        status = os.stat(f"{path}-wal")
        db.execute("UPDATE system_events SET message = 'two'")
        os.utime(f"{path}-wal", ns=(status.st_atime_ns, status.st_mtime_ns))
        assert texts(reader.poll(NOW + 60_000)) == ["two"]


# --- where one may not write ------------------------------------------------------------------------------------


@pytest.fixture
def shared() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="agent-monitor-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def told_to_somebody(path: Path) -> str:
    """What somebody reads who has no rights but to look: as root that takes a process that gives its own up."""
    if os.geteuid():
        return _told(path)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder, "x.db"), "DELETE").close()
        events(Path(folder, "x.db"))  # now all is loaded: the files of this program may be nobody else's
    reading, writing = os.pipe()
    nobody = pwd.getpwnam("nobody")
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            os.write(writing, _told(path).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def _told(path: Path) -> str:
    try:
        return ", ".join(events(path))
    except SourceError as error:
        return str(error)


@pytest.mark.parametrize("index", [0o444, 0o000], ids=["index readable", "index not readable"])
def test_a_live_database_in_a_folder_that_may_not_be_written_is_read(shared: Path, index: int) -> None:
    path = shared / "live.db"
    with closing(make(path)) as db:
        db.execute(EVENT, ("one",))
        before = sorted(file.name for file in shared.iterdir())
        os.chmod(f"{path}-shm", index)
        shared.chmod(0o555)
        assert told_to_somebody(path) == "one"
        assert sorted(file.name for file in shared.iterdir()) == before
        db.execute(EVENT, ("two",))
        assert told_to_somebody(path) == "one, two"


def test_one_that_its_program_left_long_ago_is_read_there_too(shared: Path) -> None:
    path = shared / "live.db"
    with closing(make(path)) as db:
        db.execute(EVENT, ("one",))
    shared.chmod(0o555)
    assert told_to_somebody(path) == "one"
    assert sorted(file.name for file in shared.iterdir()) == ["live.db"]


def test_what_a_crash_left_is_read_there_too_and_a_log_that_may_not_be_read_is_told(shared: Path) -> None:
    with closing(make(shared / "source.db")) as db:
        db.execute(EVENT, ("one",))
        left = crashed(shared / "left", shared / "source.db", "", "-wal")
    left.parent.chmod(0o555)
    assert told_to_somebody(left) == "one"
    assert sorted(file.name for file in left.parent.iterdir()) == ["left.db", "left.db-wal"]
    os.chmod(f"{left}-wal", 0o000)
    assert "cannot be read: Permission denied" in told_to_somebody(left)
    left.parent.chmod(0o755)
