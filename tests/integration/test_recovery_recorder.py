"""A recorder whose database is damaged, at the start and under its hands, or that is killed (seed 001 L396 to L398)."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.fleet import Fleet

PAGE = 4096
INTERVAL = "0.2"


class Recorder:
    """`agent-monitor` on a fleet, with a state folder of its own."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "monitor.db"
        config = fleet.folder / "recovery.toml"
        config.write_text(
            fleet.config.read_text() + "\n[backup]\nevery_hours = 0\n[thresholds]\nhost_warning_percent = 0\n"
        )
        self.options = ["--config", str(config), "--state-dir", str(folder), "--interval", INTERVAL]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "monitor", *self.options, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 1, 3), done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def recording(self) -> Iterator[subprocess.Popen[str]]:
        """While the block lasts, a recorder of its own process; it has ticked when the block begins."""
        line = [sys.executable, "-m", "monitor", *self.options, "record"]
        before = self.samples()
        process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: process.poll() is not None or self.samples() not in (before, 0), "a sample")
            assert process.poll() is None, process.communicate()[1]
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()

    def ask(self, query: str) -> list[Any]:
        """Rows of the database as it stands; none while it cannot be read."""
        if not self.database.is_file():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.Error:
            return []

    def samples(self) -> int:
        rows = self.ask("SELECT count(*) FROM agent_metrics")
        return int(rows[0][0]) if rows else 0

    def asides(self) -> list[Path]:
        found = self.folder.glob("monitor.db.damaged-*")
        return sorted(file for file in found if not file.name.endswith(("-wal", "-shm")))

    def alert(self) -> dict[str, Any] | None:
        """The alert that tells of the damage."""
        rows = self.ask("SELECT message, metadata, resolved FROM alerts WHERE rule = 'database-damaged'")
        return dict(zip(("message", "metadata", "resolved"), rows[-1], strict=True)) if rows else None

    def pages_of(self, name: str) -> list[int]:
        return [page for (page,) in self.ask(f"SELECT pageno FROM dbstat WHERE name = '{name}'")]

    def damage(self, place: int, body: bytes) -> None:
        with self.database.open("r+b") as stream:
            stream.seek(place)
            stream.write(body)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("demo") / "fleet", agents=2, seed=4, pace=0) as running:
        yield running


@pytest.fixture
def recorder(fleet: Fleet, tmp_path: Path) -> Recorder:
    return Recorder(fleet, tmp_path / "state")


def recorded(recorder: Recorder) -> None:
    with recorder.recording() as process:
        process.send_signal(signal.SIGINT)
        process.wait(10)


@pytest.mark.parametrize(
    ("what", "place", "body"),
    [
        ("header", 0, b"\x00" * 100),
        ("empty", None, b""),
    ],
    ids=["header", "empty"],
)
def test_damage_found_at_the_start_is_put_aside_and_recording_goes_on(
    recorder: Recorder, what: str, place: int | None, body: bytes
) -> None:
    recorded(recorder)
    before = {agent["id"] for agent in recorder.json("status")["agents"]}
    if what == "empty":  # what was there once is told by its backup
        assert recorder.run("db", "backup").returncode == 0
    if place is None:
        recorder.database.write_bytes(body)
    else:
        recorder.damage(place, body)
    bytes_damaged = recorder.database.read_bytes()
    with recorder.recording() as process:
        alert = wait_for(recorder.alert, "the alert")
        assert {agent["id"] for agent in recorder.json("status")["agents"]} == before
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    (aside,) = recorder.asides()
    assert aside.read_bytes() == bytes_damaged
    assert str(aside) in alert["message"]
    origin = json.loads(alert["metadata"])["origin"]
    assert origin == {"header": "salvage", "empty": "backup"}[what]
    assert recorder.run("db", "check").returncode == 0
    assert recorder.json("db", "info")["asides"][0]["file"] == str(aside)


def test_damage_under_a_recorders_hands_costs_no_sample_in_memory_and_open_alerts_go_on(
    recorder: Recorder,
) -> None:
    with recorder.recording() as process:
        opened = wait_for(
            lambda: recorder.ask("SELECT alert_id FROM alerts WHERE resolved = 0"), "an open alert"
        )
        assert recorder.run("alerts", "ack", opened[0][0]).returncode == 0
        acknowledged = "SELECT acknowledged_by FROM alerts WHERE acknowledged = 1"
        by = wait_for(lambda: recorder.ask(acknowledged), "the acknowledgement")
        assert recorder.run("db", "backup").returncode == 0
        tasks = recorder.json("status")["tasks"]["tasks"]
        commits = {commit["commit_hash"] for commit in recorder.json("status")["commits"]}
        damage_between_two_ticks(recorder, "agent_metrics")
        alert = wait_for(recorder.alert, "the alert")
        assert process.poll() is None
        assert json.loads(alert["metadata"])["origin"] == "backup"
        assert len(recorder.asides()) == 1
        held = recorder.run("record", "--duration", "1")
        assert (held.returncode, str(process.pid) in held.stderr) == (1, True), "the lock stays held"
        wait_for(lambda: recorder.ask(acknowledged), "the acknowledged alert")
        assert recorder.ask(acknowledged) == by
        state = recorder.json("status")
        assert state["origin"] == "recorder"
        assert state["tasks"]["tasks"] == tasks
        assert {commit["commit_hash"] for commit in state["commits"]} == commits
        assert opened[0][0] in {alert["id"] for alert in state["alerts"]}
        assert recorder.ask("SELECT count(*) FROM events WHERE type = 'recovery'") == [(1,)]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
    check = recorder.run("db", "check")
    assert check.returncode == 0, check.stderr


def damage_between_two_ticks(recorder: Recorder, table: str) -> None:
    """Overwrite every page of a table while its log is empty and the recorder has to wait.

    A write from outside has the recorder read its pages again: it would go on with those it holds otherwise.
    """
    log = recorder.database.with_name("monitor.db-wal")

    def locked(db: sqlite3.Connection) -> bool:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.execute("BEGIN IMMEDIATE")
        if log.stat().st_size:  # a tick came in between
            db.execute("ROLLBACK")
        return db.in_transaction

    with closing(sqlite3.connect(recorder.database, isolation_level=None, timeout=10)) as db:
        wait_for(lambda: locked(db), "an empty log")
        for page in recorder.pages_of(table):
            recorder.damage((page - 1) * PAGE, b"\xff" * PAGE)
        db.execute("UPDATE recorders SET host = host")
        db.execute("COMMIT")


def test_what_the_damaged_file_still_has_comes_back_by_salvage(recorder: Recorder) -> None:
    recorded(recorder)
    lost = recorder.samples()
    recorder.damage(0, b"\x00" * 100)
    with recorder.recording() as process:
        wait_for(recorder.alert, "the alert")
        refused = recorder.run("db", "salvage", str(recorder.asides()[0]))
        assert (refused.returncode, str(process.pid) in refused.stderr) == (1, True)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    report = recorder.json("db", "salvage", str(recorder.asides()[0]))
    assert report["file"] == str(recorder.database)
    again = recorder.json("db", "salvage", str(recorder.asides()[0]))
    assert sum(table["added"] for table in again["tables"]) == 0
    assert recorder.samples() > lost
    assert recorder.run("db", "check").returncode == 0


def test_another_programs_file_is_never_moved(recorder: Recorder, tmp_path: Path) -> None:
    foreign = tmp_path / "picture.db"
    foreign.write_bytes(random.Random(3).randbytes(50_000))
    done = recorder.run("--db", str(foreign), "record", "--duration", "1")
    assert done.returncode == 1
    assert "is not a SQLite database" in done.stderr
    assert sorted(file.name for file in tmp_path.glob("picture.db*")) == ["picture.db", "picture.db.lock"]


def full_state(recorder: Recorder) -> dict[str, Any] | None:
    """The state, once git was read of every agent."""
    state: dict[str, Any] = recorder.json("status")
    return state if state["commits"] and all(agent["branch"] for agent in state["agents"]) else None


def test_a_recorder_killed_again_and_again_shows_the_same_state_when_it_is_back(recorder: Recorder) -> None:
    """Recovery 3: the memory is gone, and comes back from the database and the coordination files."""
    chance = random.Random(5)
    with recorder.recording():
        first = wait_for(lambda: full_state(recorder), "a full state")
    for _ in range(3):
        with recorder.recording() as process:
            time.sleep(chance.uniform(0, 0.3))  # the moment of death is to be a random one
            process.send_signal(signal.SIGKILL)
            process.wait()
    with recorder.recording():
        back = wait_for(lambda: full_state(recorder), "the state")  # git is asked anew
    assert [agent["id"] for agent in back["agents"]] == [agent["id"] for agent in first["agents"]]
    for old, new in zip(first["agents"], back["agents"], strict=True):
        assert [new[name] for name in ("status", "branch", "worktree", "current_task")] == [
            old[name] for name in ("status", "branch", "worktree", "current_task")
        ]
    assert back["tasks"]["tasks"] == first["tasks"]["tasks"]
    assert back["commits"] == first["commits"]
    assert {alert["id"] for alert in first["alerts"]} <= {alert["id"] for alert in back["alerts"]}
    assert recorder.run("db", "check").returncode == 0
    assert recorder.asides() == []
    assert os.listdir(recorder.folder)
