"""An exported interval shows what the original shows, and holds nothing of what lies outside."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from attached_records import event, full_state, line
from history_records import AT, agent, alert, commit, mute, recording, state, status, task
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_recording import NAMES, record
from session_records import full_session

from monitor.errors import MonitorError
from monitor.history.connection import open_reader
from monitor.history.export import export
from monitor.history.moments.state import Snapshot, state_at
from monitor.history.reports.base import HOUR_MS
from monitor.history.writing.rows import TickRows
from monitor.model import AgentMetrics, BoardState, Event, RagMetrics, TaskEvent

KINDS = ("session", "agent", "reason", "task", "commit", "alert", "event", "board", "rag", "mute", "system")


async def look(file: Path, at: int) -> Snapshot:
    async with open_reader(file) as db:
        snapshot = await state_at(db, at, processes_of=NAMES)
    recorder = snapshot.recorder
    # The last tick of a recorder that runs on is a later one, in the original as in an export.
    known = recorder and msgspec.structs.replace(recorder, last_tick_at=0)
    return msgspec.structs.replace(snapshot, recorder=known)


def words(at: int, word: str) -> TickRows:
    """One tick in which everything has a name of its own."""
    name = f"secret-agent-{word}"
    known = status(name, status_since=at, status_reason=f"secret-reason-{word}")
    change = TaskEvent(
        task_id=f"secret-task-{word}",
        event_type="updated",
        timestamp=at,
        new_status=None if word in {"before", "between"} else "TODO",
        assigned_to=name,
        task=task(f"secret-task-{word}"),
        root="/shop",
    )
    made = commit(
        int.from_bytes(f"{word}{at}".encode()) % 16**40,
        message=f"secret-commit-{word}",
        agent_id=name,
        agent_ids=(name,),
        commit_timestamp=at,
        branch=f"work/{name}",
    )
    over = word in {"before", "between"}
    return TickRows(
        at=at,
        agents=[agent(name)],
        samples=[(known, AgentMetrics())],
        status_changes=[known],
        task_events=[change],
        boards=[
            BoardState(
                root="/shop", path="/shop/b", shape="v4", updated_by=f"secret-board-{word}", last_synced=at
            )
        ],
        commits=[made],
        alerts=[
            alert(
                f"secret-alert-{word}-{at}",
                subject=name,
                created_at=at,
                resolved=over,
                resolved_at=at if over else None,
            )
        ],
        mutes=[mute(subject=name, at=at, until=at + (1000 if over else HOUR_MS), note=f"secret-mute-{word}")],
        rag=RagMetrics(timestamp=at, origin=f"secret-rag-{word}"),
        sessions={name: full_session(at, f"-secret-session-{word}")},
        systems={"shop": full_state(at, word=f" secret-system-{word}")},
        system_events=[event(at + number, at, text=f"secret-system-{word}") for number in range(10)],
        system_logs=[(line(at + number, at, text=f"secret-system-{word}"), at) for number in range(10)],
        events=[
            Event(timestamp=at, type="activity", agent_id=name, details={"text": f"secret-event-{word}-{at}"})
        ]
        + [Event(timestamp=at, type="noise", agent_id=name, subject=f"{at}-{number}") for number in range(2)],
    )


def tables(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(file) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        found = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names}
    db.close()
    return found


def fill_roll_ups(file: Path, last: int) -> None:
    """A row in each table that a short recording leaves empty; its recorder ran on until `last`."""
    with sqlite3.connect(file) as db:
        db.execute(
            "UPDATE recorders SET last_tick_at = :at, stopped_at = :at"
            " WHERE recorder_id = (SELECT max(recorder_id) FROM recorders)",
            {"at": last},
        )
        for table in ("agent_metrics_5min", "agent_metrics_hourly", "agent_metrics_daily"):
            day = "'2025-06-15', " if table.endswith("daily") else ""
            numbers = ", ".join(["1"] * 13)
            db.execute(f"INSERT INTO {table} VALUES ('builder', {day} ?, {numbers})", (AT + 3_600_000,))
            db.execute("INSERT OR REPLACE INTO rollups VALUES (?, ?)", (table, last))
        db.execute(
            f"INSERT INTO system_health_hourly VALUES (?, 1, 'healthy', {', '.join(['1'] * 16)})",
            (AT + 3_600_000,),
        )
        db.execute(
            "INSERT INTO alerts_archive VALUES ('old', 'r', 's', 'agent', 'critical', 't', 'm', 's', '{}',"
            " 0, NULL, NULL, ?, ?, ?)",
            (last, AT, last),
        )
    db.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32), ticks=st.integers(2, 25), places=st.tuples(st.floats(0, 1), st.floats(0, 1))
)
async def test_every_moment_of_an_interval_shows_what_the_original_shows(
    seed: int, ticks: int, places: tuple[float, float]
) -> None:
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        paths = state(Path(folder))
        times = await record(paths, random, ticks)
        length = times[-1] - times[0]
        since, until = sorted(times[0] + round(place * length) for place in places)
        done = await export(paths.database, Path(folder, "part.db"), since, until)
        moments = [at for at in times if done.since <= at <= done.until]
        moments += [random.randint(done.since, done.until) for _ in range(6)] + [done.since, done.until]
        for at in moments:
            assert await look(Path(folder, "part.db"), at) == await look(paths.database, at)


async def test_lists_longer_than_the_screen_shows_are_cut_to_what_it_shows(tmp_path: Path) -> None:
    paths = state(tmp_path)
    times = await record(paths, Random(7), 500)
    since, until = times[440], times[470]
    done = await export(paths.database, tmp_path / "part.db", since, until)
    for at in (since, times[455], until):
        assert await look(tmp_path / "part.db", at) == await look(paths.database, at)
    assert done.rows["agent_metrics"] < 200
    assert done.rows["events"] < 400


async def test_the_whole_of_a_recording_comes_out_row_by_row_as_it_was(tmp_path: Path) -> None:
    paths = state(tmp_path)
    times = await record(paths, Random(11), 30)
    last = times[-1] + 48 * HOUR_MS
    fill_roll_ups(paths.database, last)
    await export(paths.database, tmp_path / "all.db", 0, last)
    here, there = tables(paths.database), tables(tmp_path / "all.db")
    assert here.keys() == there.keys()
    # The first recorder's row begins with its first tick, and keeps its start beside it.
    told = there["recorder_intervals"].pop(0)
    assert told == (1, AT, 2000)
    assert there["recorders"][0][6] == times[0]
    there["recorders"][0] = (*there["recorders"][0][:6], AT, *there["recorders"][0][7:])
    for table in here.keys() - {"schema_version"}:
        assert there[table] == here[table], table
    assert not [table for table, rows in here.items() if not rows]


async def test_nothing_that_was_only_before_or_after_the_interval_is_in_the_file(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        await writer.write(words(AT, "before"))
        for number in range(150):  # pushes what was before out of every list
            await writer.write(words(AT + HOUR_MS + number * 2000, "between"))
        await writer.write(words(AT + 2 * HOUR_MS, "within"))
        await writer.write(words(AT + 2 * HOUR_MS + 2000, "also"))
        await writer.write(words(AT + 3 * HOUR_MS, "after"))
    until = AT + 2 * HOUR_MS + 2000
    done = await export(paths.database, tmp_path / "part.db", until - 2000, until)
    content = (tmp_path / "part.db").read_bytes()
    for kind in KINDS:
        assert f"secret-{kind}-within".encode() in content, kind
        assert f"secret-{kind}-also".encode() in content, kind
        assert f"secret-{kind}-before".encode() not in content, kind
        assert f"secret-{kind}-after".encode() not in content, kind
    assert set(done.agents) == {"secret-agent-within", "secret-agent-also"}


async def test_only_some_agents_come_without_the_names_of_the_others(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        for number in range(20):
            rows = words(AT + number * 2000, "mine")
            other = words(AT + number * 2000, "theirs")
            theirs = other.commits[0]
            both = (theirs.agent_id, "secret-agent-mine")  # it is in the history of both
            other.commits = [msgspec.structs.replace(theirs, agent_ids=both)]
            rows.samples += other.samples
            rows.agents += other.agents
            rows.task_events += other.task_events
            rows.commits += other.commits
            rows.alerts += other.alerts
            rows.mutes += other.mutes
            rows.events += other.events
            rows.status_changes += other.status_changes
            await writer.write(rows)
    done = await export(
        paths.database, tmp_path / "part.db", AT + 10_000, AT + 30_000, agents=("secret-agent-mine",)
    )
    content = (tmp_path / "part.db").read_bytes()
    assert done.agents == ("secret-agent-mine",)
    assert b"secret-system" not in content, "the systems tell of all their agents"
    for kind in set(KINDS) - {"rag", "board", "system"}:
        assert f"secret-{kind}-mine".encode() in content, kind
        assert f"secret-{kind}-theirs".encode() not in content, kind


async def test_a_recording_is_exported_while_it_is_written_and_goes_on(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        await writer.write(words(AT, "one"))
        await export(paths.database, tmp_path / "part.db", AT, AT + 1)
        await writer.write(words(AT + 2000, "two"))
    assert (tmp_path / "part.db").stat().st_mode & 0o777 == 0o600
    assert (await look(paths.database, AT + 2000)).statuses.keys() == {"secret-agent-one", "secret-agent-two"}
    assert (await look(tmp_path / "part.db", AT)).statuses.keys() == {"secret-agent-one"}


async def test_a_file_that_is_there_is_overwritten_only_by_force_and_the_recording_itself_never(
    tmp_path: Path,
) -> None:
    paths = state(tmp_path)
    async with recording(paths) as writer:
        await writer.write(words(AT, "one"))
    target = tmp_path / "part.db"
    target.write_text("precious")
    with pytest.raises(MonitorError, match="--force"):
        await export(paths.database, target, AT, AT + 1)
    assert target.read_text() == "precious"
    await export(paths.database, target, AT, AT + 1, force=True)
    assert target.read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(MonitorError, match="the recording itself"):
        await export(paths.database, paths.database, AT, AT + 1, force=True)


@pytest.mark.parametrize(
    ("target", "interval", "says"),
    [
        ("part.db", (AT - 2 * HOUR_MS, AT - HOUR_MS), "nothing of that time: it goes from"),
        ("part.db", (AT + HOUR_MS, AT + 2 * HOUR_MS), "nothing of that time"),
        ("nowhere/part.db", (AT, AT + 1), "is not a folder"),
        ("", (AT, AT + 1), "is a folder"),
    ],
)
async def test_what_cannot_be_exported_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, target: str, interval: tuple[int, int], says: str
) -> None:
    (tmp_path / "out").mkdir()
    paths = state(tmp_path)
    async with recording(paths) as writer:
        await writer.write(words(AT, "one"))
    with pytest.raises(MonitorError, match=says):
        await export(paths.database, tmp_path / "out" / target, *interval)
    assert not list((tmp_path / "out").iterdir())


async def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    paths = state(tmp_path)
    times = await record(paths, Random(1), 10)

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await export(paths.database, tmp_path / "out" / "part.db", times[0], times[-1], progress=stop)
    assert not list((tmp_path / "out").iterdir())


async def test_an_export_can_be_exported_again(tmp_path: Path) -> None:
    paths = state(tmp_path)
    times = await record(paths, Random(5), 20)
    await export(paths.database, tmp_path / "one.db", times[3], times[15])
    await export(tmp_path / "one.db", tmp_path / "two.db", times[6], times[9])
    for at in times[6:10]:
        assert await look(tmp_path / "two.db", at) == await look(paths.database, at)
