"""`agent-monitor replay` on a terminal, `status --at` and `status --watch`, on a real recording of a demo fleet."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from test_live_view import Terminal

from monitor.demo.fleet import Fleet
from monitor.history.connection import open_writer
from monitor.history.migrations import migrate
from monitor.paths import StatePaths

TICK = 0.2


class Recorded:
    """A demo fleet, and a recording of some seconds of it."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.database = folder / "monitor.db"
        self.options = ["--config", str(fleet.config), "--state-dir", str(folder), "--db", str(self.database)]

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "monitor", *self.options, "--interval", str(TICK), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*arguments),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ticks(self) -> list[int]:
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
                rows = db.execute("SELECT DISTINCT timestamp FROM agent_metrics ORDER BY 1").fetchall()
        except sqlite3.OperationalError:  # it is not made yet
            return []
        db.close()
        return [row[0] for row in rows]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("demo") / "fleet", agents=3, seed=3, pace=5.0) as running:
        yield running


@pytest.fixture(scope="module")
def recorded(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    found = Recorded(fleet, tmp_path_factory.mktemp("state"))
    done = found.run("record", "--duration", "2")
    assert done.returncode == 0, done.stderr
    assert len(found.ticks()) > 2
    return found


@pytest.fixture
def fresh(fleet: Fleet, tmp_path: Path) -> Recorded:
    """The same fleet, and no recording yet."""
    return Recorded(fleet, tmp_path)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


# --- the state of a moment -----------------------------------------------------------------------------------------


def test_status_at_a_moment_is_what_was_recorded_then(recorded: Recorded) -> None:
    ticks = recorded.ticks()
    for at in (ticks[0], ticks[-1]):
        done = recorded.run("status", "--at", iso(at), "--json")
        assert done.returncode == 0, done.stderr
        state = json.loads(done.stdout)
        assert (state["schema"], state["time"], state["origin"]) == (1, iso(at), "recording")
        assert state["host"]
        assert sorted(agent["id"] for agent in state["agents"]) == ["architect", "builder", "validator"]
        assert all(not agent["stale"] for agent in state["agents"])
        with sqlite3.connect(f"file:{recorded.database}?mode=ro", uri=True) as db:
            row = db.execute(
                "SELECT cpu_usage, memory_usage FROM agent_metrics WHERE agent_id = 'builder' AND timestamp <= ?"
                " ORDER BY timestamp DESC LIMIT 1",
                (at,),
            ).fetchone()
        db.close()
        (builder,) = (agent for agent in state["agents"] if agent["id"] == "builder")
        assert (builder["cpu_usage"], builder["memory_usage"]) == row


def test_status_at_a_moment_in_words_says_which(recorded: Recorded) -> None:
    done = recorded.run("status", "--at", iso(recorded.ticks()[1]))
    assert done.returncode == 0, done.stderr
    first, *_ = done.stdout.splitlines()
    local = datetime.fromtimestamp(recorded.ticks()[1] / 1000).astimezone()
    assert first.startswith(f"{local:%Y-%m-%d %H:%M:%S}, recorded on ")
    assert "Tasks:" in done.stdout


def test_a_moment_that_was_not_recorded_is_refused_with_what_was(recorded: Recorded) -> None:
    for when in ("2020-01-01 12:00", iso(recorded.ticks()[-1] + 3_600_000)):
        done = recorded.run("status", "--at", when, "--json")
        assert done.returncode == 1
        assert done.stdout == ""
        assert "nothing was recorded at" in done.stderr
        assert "it goes from" in done.stderr
        assert "Traceback" not in done.stderr


def test_what_is_no_time_is_refused_with_what_is(recorded: Recorded) -> None:
    done = recorded.run("status", "--at", "half past nine")
    assert done.returncode == 2
    assert "'half past nine' is no time: write a time as 14:05" in done.stderr


def test_status_at_a_moment_without_a_recording_says_so(fresh: Recorded) -> None:
    done = fresh.run("status", "--at", "now")
    assert done.returncode == 1
    assert "there is no such database" in done.stderr


def test_in_a_gap_numbers_are_unknown(recorded: Recorded, fresh: Recorded) -> None:
    shutil.copy(recorded.database, fresh.database)
    with sqlite3.connect(fresh.database) as db:
        (last,) = db.execute("SELECT max(timestamp) FROM agent_metrics").fetchone()
        db.execute(
            "INSERT INTO agent_metrics (agent_id, timestamp, status, stale) VALUES ('builder', ?, 'idle', 0)",
            (last + 7_200_000,),
        )
    db.close()
    done = fresh.run("status", "--at", iso(last + 3_600_000), "--json")
    assert done.returncode == 0, done.stderr
    agents = json.loads(done.stdout)["agents"]
    assert agents
    assert all(agent["stale"] and agent["cpu_usage"] is None for agent in agents)


def test_what_goes_on_and_what_asks_once_exclude_each_other(fresh: Recorded) -> None:
    for arguments in (("--at", "now"), ("--check",)):
        done = fresh.run("status", "--watch", *arguments)
        assert done.returncode == 2
        assert f"--watch goes on, and {arguments[0]} asks once" in done.stderr


def next_state(watching: subprocess.Popen[str]) -> Any:
    assert watching.stdout is not None
    return json.loads(watching.stdout.readline())


# --- every tick ----------------------------------------------------------------------------------------------------


def test_watch_collects_by_itself_and_writes_nothing(fresh: Recorded) -> None:
    watching = fresh.start("status", "--watch", "--json")
    try:
        states = [next_state(watching) for _ in range(4)]
    finally:
        watching.send_signal(signal.SIGINT)
        output, errors = watching.communicate(timeout=60)
    assert watching.returncode == 130
    assert "Traceback" not in errors
    assert all(line.startswith("{") for line in output.splitlines())
    assert {state["origin"] for state in states} == {"look"}
    assert all(len(state["agents"]) == 3 for state in states)
    times = [state["time"] for state in states]
    assert times == sorted(set(times))
    assert [file.name for file in fresh.database.parent.iterdir()] == []


def test_watch_prints_what_a_recorder_records_and_takes_over_when_it_ends(fresh: Recorded) -> None:
    recorder = fresh.start("record")
    try:
        wait_for(lambda: len(fresh.ticks()) > 2, "the first ticks")
        watching = fresh.start("status", "--watch", "--json")
        try:
            states = [next_state(watching) for _ in range(9)]
            assert {state["origin"] for state in states} == {"recorder"}
            times = [datetime.fromisoformat(state["time"]).timestamp() for state in states]
            between = [later - earlier for earlier, later in pairwise(times)]
            assert TICK / 2 <= median(between) <= TICK * 2, "a line a tick, also where nothing changed"
            recorder.send_signal(signal.SIGTERM)
            recorder.communicate(timeout=60)
            wait_for(lambda: next_state(watching)["origin"] == "look", "a look of its own")
        finally:
            watching.send_signal(signal.SIGINT)
            watching.communicate(timeout=60)
    finally:
        recorder.kill()
        recorder.communicate()


def test_watch_ends_quietly_when_its_reader_has_gone(fresh: Recorded) -> None:
    watching = fresh.start("status", "--watch", "--json")
    assert watching.stdout is not None
    assert watching.stderr is not None
    assert watching.stdout.readline()
    watching.stdout.close()
    try:
        assert watching.wait(timeout=60) == 0
        assert watching.stderr.read() == ""
    finally:
        watching.kill()
        watching.stderr.close()


def test_watch_in_words_prints_table_after_table_each_under_its_time(fresh: Recorded) -> None:
    watching = fresh.start("status", "--watch")
    lines: list[str] = []
    try:
        assert watching.stdout is not None
        while sum(line.startswith("STATUS") for line in lines) < 2:
            lines.append(watching.stdout.readline())
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=60)
    heads = [number for number, line in enumerate(lines) if line.startswith("STATUS")]
    assert heads[0] == 1
    for number in heads:
        datetime.strptime(lines[number - 1].strip(), "%Y-%m-%d %H:%M:%S").astimezone()
    assert lines[heads[1] - 2] == "\n"


def test_watching_leaves_commands_to_whoever_holds_the_database(fresh: Recorded) -> None:
    inbox = StatePaths(fresh.database.parent, fresh.database).inbox
    inbox.mkdir(mode=0o700)
    command = inbox / "00000000000000000001-1.json"
    command.write_text('{"kind": "acknowledge", "alert_id": "x", "by": "me", "at": 1}')
    watching = fresh.start("status", "--watch", "--json")
    try:
        for _ in range(3):
            next_state(watching)
        assert command.exists()
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=60)


# --- the screen ----------------------------------------------------------------------------------------------------


def test_a_replay_opens_on_the_recording_and_plays_to_its_end(recorded: Recorded, tmp_path: Path) -> None:
    before = recorded.database.read_bytes()
    terminal = Terminal([*recorded.options, "replay", "--speed", "2"], folder=tmp_path)
    terminal.wait_for(lambda text: "replay" in text and "Full-Stack Builder" in text, "the first moment")
    last = datetime.fromtimestamp(recorded.ticks()[-1] / 1000).astimezone()
    terminal.wait_for(lambda text: f"{last:%H:%M:%S}" in text.splitlines()[0], "the last moment")
    terminal.press("q")
    assert terminal.end() == 0
    assert recorded.database.read_bytes() == before
    assert not list(recorded.database.parent.glob("*.viewers/*"))


def test_a_replay_stands_where_it_was_told_to(recorded: Recorded, tmp_path: Path) -> None:
    at = recorded.ticks()[-1] // 1000 * 1000
    terminal = Terminal(["replay", str(recorded.database), "--paused", "--at", iso(at)], folder=tmp_path)
    local = datetime.fromtimestamp(at / 1000).astimezone()
    terminal.wait_for(
        lambda text: "Full-Stack Builder" in text and f"{local:%H:%M:%S}" in text.splitlines()[0],
        "that moment",
    )
    terminal.press("q")
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--at", "2020-01-01"), 1, "nothing was recorded at 2020-01-01 00:00:00: it goes from"),
        (("--from", "2020-01-01", "--to", "2020-01-02"), 1, "nothing was recorded then: it goes from"),
        (("--from", "today", "--to", "yesterday"), 2, "--from is later than --to"),
        (("--at", "tea time"), 2, "'tea time' is no time"),
        (("--speed", "0.5"), 2, "0.5 is not in the range"),
        (("missing.db",), 1, "there is no such database"),
    ],
)
def test_what_cannot_be_replayed_is_told_before_a_screen_opens(
    recorded: Recorded, tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    terminal = Terminal([*recorded.options, "replay", *arguments], folder=tmp_path)
    assert terminal.end() == code
    assert told in " ".join(terminal.text().split())
    assert b"\x1b[?1049h" not in terminal.raw


def test_without_a_terminal_there_is_no_replay(recorded: Recorded) -> None:
    done = recorded.run("replay")
    assert done.returncode == 2
    assert "is not a terminal" in done.stderr


def test_a_recording_of_an_older_schema_is_replayed_and_said_to_be_copied(
    recorded: Recorded, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    shutil.copy(recorded.database, old)
    asyncio.run(bring_down(old))
    terminal = Terminal(["replay", str(old), "--paused"], folder=tmp_path)
    terminal.wait_for(lambda text: "Full-Stack Builder" in text, "the first moment")
    assert b"An older schema: a temporary copy is brought up to date first." in terminal.raw
    terminal.press("q")
    assert terminal.end() == 0
    assert not list(tmp_path.glob("agent-monitor-*"))


async def bring_down(file: Path) -> None:
    db = await open_writer(StatePaths(file.parent, file), 16)
    try:
        await migrate(db, target=1)
    finally:
        await db.close()


# --- where nothing may be written ----------------------------------------------------------------------------------

READ_ONLY = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from monitor.history.replay.feed import ReplayFeed
import monitor.history.queries as queries
from monitor.keystore import Keys, KeyStore
queries.sql("marks")
asyncio.run(asyncio.to_thread(int))  # what is imported late may stand where the other user may not read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
async def play():
    store = KeyStore()
    feed = ReplayFeed(Path(sys.argv[1]), store, playing=False)
    running = asyncio.create_task(feed.run())
    while store.get(Keys.TIMELINE) is None and not running.done():
        await asyncio.sleep(0.01)
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    print(sorted(store.get(Keys.AGENTS, ())), store.get(Keys.FEED).problem)
asyncio.run(play())
"""


@pytest.mark.parametrize("schema", [1, None])
def test_a_recording_in_a_folder_that_may_not_be_written_is_replayed(
    recorded: Recorded, schema: int | None
) -> None:
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer, "archive")
        folder.mkdir()
        file = folder / "night.db"
        shutil.copy(recorded.database, file)
        if schema is not None:
            asyncio.run(bring_down(file))
        for part in folder.iterdir():
            part.chmod(0o444)
        folder.chmod(0o555)
        Path(outer).chmod(0o755)
        try:
            done = subprocess.run(
                [sys.executable, "-c", READ_ONLY, str(file), str(Path(__file__).parents[2])],
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
                cwd="/",
                env={**os.environ, "TMPDIR": "/tmp"},
            )
        finally:
            folder.chmod(0o755)
        if "PermissionError" in done.stderr:
            pytest.skip("the unprivileged user may not read this program's files")
        assert done.stdout.strip() == "['architect', 'builder', 'validator']", done.stderr
