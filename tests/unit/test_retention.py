"""Retention: rows go when their time is over, never before they are summed up, and what still holds stays."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attached_records import event, full_state, line, metric
from history_records import AT, agent, alert, recording, state, status, tick
from maintenance_records import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sample,
    count,
    database,
    finish,
    prune,
    put,
    roll_up,
    rows,
    sampled_every,
    steady,
)

from monitor.config import Retention
from monitor.errors import DatabaseError
from monitor.history.connection import in_one_go
from monitor.history.moments.state import state_at
from monitor.history.upkeep import maintenance as maintenance_module
from monitor.history.upkeep import retention, vacuum
from monitor.history.upkeep.maintenance import Maintenance
from monitor.history.writing.rows import TickRows
from monitor.history.writing.writer import HistoryWriter
from monitor.model import (
    AgentMetrics,
    BoardState,
    Event,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

SEED = {
    "agent_metrics_days": 30,
    "agent_metrics_daily_days": 365,
    "system_health_days": 7,
    "system_health_hourly_days": 30,
    "rag_metrics_days": 30,
    "alerts_days": 90,
}
NOW = START + 400 * DAY + 5 * HOUR


def put_alert(db: sqlite3.Connection, name: str, **changes: Any) -> None:
    row = {
        "alert_id": name,
        "severity": "warning",
        "resolved": 1,
        "resolved_at": START,
        "created_at": START - HOUR,
        **changes,
    }
    db.execute(
        "INSERT INTO alerts (alert_id, rule, subject, type, severity, title, message, source, metadata, resolved,"
        " resolved_at, created_at) VALUES (:alert_id, :alert_id, 'builder', 'agent', :severity, 'title', 'message',"
        " 'rule', '{}', :resolved, :resolved_at, :created_at)",
        row,
    )
    db.execute(
        "INSERT INTO alert_changes SELECT alert_id, created_at, ?, title, message, metadata, acknowledged,"
        " acknowledged_by, acknowledged_at, resolved, resolved_at FROM alerts WHERE alert_id = ?",
        (changes.get("was", row["severity"]), name),
    )


def put_event(db: sqlite3.Connection, at: int, kind: str, subject: str = "", agent_id: str = "") -> None:
    db.execute(
        "INSERT INTO events (timestamp, type, agent_id, subject, details) VALUES (?, ?, ?, ?, '{}')",
        (at, kind, agent_id, subject),
    )


def test_the_defaults_are_the_seed_s_numbers() -> None:
    assert {name: getattr(Retention(), name) for name in SEED} == SEED


def test_every_setting_is_of_a_table_that_is_pruned() -> None:
    assert {table.setting for table in retention.TABLES} == set(Retention.__struct_fields__)


def test_a_table_is_cut_at_the_start_of_a_day() -> None:
    cuts = retention.cuts(Retention(), NOW)
    assert cuts["agent_metrics"] == START + 370 * DAY
    assert all(cut % DAY == 0 for cut in cuts.values())


@pytest.mark.parametrize("days", [1, 3])
def test_samples_go_after_their_days_and_their_sums_stay(days: int) -> None:
    db = database()
    put(db, "builder", steady(START, START + 5 * DAY, every=MINUTE))
    roll_up(db, START + 6 * DAY)
    summed = rows(db, "SELECT * FROM agent_metrics_daily")
    deleted = prune(db, START + 5 * DAY, agent_metrics_days=days)
    kept_since = START + (5 - days) * DAY
    assert rows(db, "SELECT min(timestamp) FROM agent_metrics") == [(kept_since,)]
    assert deleted == {"agent_metrics": (5 - days) * 24 * 60}
    assert rows(db, "SELECT * FROM agent_metrics_daily") == summed


def test_nothing_is_deleted_before_it_is_summed_up() -> None:
    db = database()
    put(db, "builder", steady(START, START + 3 * DAY, every=MINUTE))
    put_health = "INSERT INTO system_health (timestamp, overall_status, details) VALUES (?, 'healthy', '{}')"
    db.executemany(put_health, [(at,) for at in range(START, START + 3 * DAY, HOUR)])
    assert not prune(db, NOW)
    roll_up(db, START + DAY + 10 * MINUTE)
    prune(db, NOW)
    assert rows(db, "SELECT min(timestamp) FROM agent_metrics") == [(START + DAY + 5 * MINUTE,)]
    assert rows(db, "SELECT min(timestamp) FROM system_health") == [(START + DAY,)]


def test_roll_ups_go_after_their_days_and_never_before_the_next_ones_are_made() -> None:
    db = database()
    put(db, "builder", steady(START, START + DAY, every=MINUTE))
    roll_up(db, START + 12 * HOUR + 10 * MINUTE)
    prune(db, NOW)
    assert count(db, "agent_metrics_5min") == 1  # of the time that no hour is made of yet
    assert count(db, "agent_metrics_hourly") == 12  # no day is made of them yet
    roll_up(db, NOW)
    assert count(db, "agent_metrics_daily") == 1
    prune(db, NOW)
    assert count(db, "agent_metrics_5min") == count(db, "agent_metrics_hourly") == 0
    assert count(db, "agent_metrics_daily") == 0


def test_resolved_alerts_go_and_critical_ones_are_archived_and_open_ones_stay() -> None:
    db = database()
    put_alert(db, "old")
    put_alert(db, "old-critical", severity="critical")
    put_alert(db, "was-critical", was="critical")
    put_alert(db, "open", resolved=0, resolved_at=None)
    put_alert(db, "just-resolved", resolved_at=NOW - HOUR)
    prune(db, NOW)
    assert rows(db, "SELECT alert_id FROM alerts ORDER BY alert_id") == [("just-resolved",), ("open",)]
    assert rows(db, "SELECT alert_id FROM alert_changes ORDER BY alert_id") == [
        ("just-resolved",),
        ("open",),
    ]
    archived = rows(db, "SELECT alert_id, severity, archived_at FROM alerts_archive ORDER BY alert_id")
    assert archived == [("old-critical", "critical", NOW), ("was-critical", "critical", NOW)]


def test_mutes_that_are_over_go_with_the_alerts_and_those_that_hold_stay() -> None:
    db = database()
    mutes = {
        "ran-out": (START, None),
        "ended": (NOW, START),
        "just-ended": (NOW, NOW - HOUR),
        "holds": (NOW + HOUR, None),
    }
    for name, (until, ended_at) in mutes.items():
        db.execute(
            "INSERT INTO alert_mutes VALUES (?, 'builder', ?, ?, ?, ?, 'ada', '')",
            (name, START, START, until, ended_at),
        )
    assert retention.overdue(db, Retention(), NOW)["alert_mutes"] == 2
    prune(db, NOW)
    assert rows(db, "SELECT rule FROM alert_mutes ORDER BY rule") == [("holds",), ("just-ended",)]


def test_what_is_kept_for_ever_is() -> None:
    db = database()
    put(db, "builder", [Sample(START)])
    db.execute(
        "INSERT INTO task_events (task_id, event_type, details, timestamp, root)"
        " VALUES ('TASK-1', 'created', '{}', 0, '/shop')"
    )
    db.execute(
        "INSERT INTO git_commits (commit_hash, short_hash, agent_id, author_name, author_email, message,"
        " commit_timestamp, recorded_at, attribution, repository)"
        " VALUES ('abc', 'a', 'builder', 'A', '', 'work', 0, 0, 'reflog', '')"
    )
    db.execute(
        "INSERT INTO commit_agents (commit_hash, agent_id, attribution, commit_timestamp, recorded_at)"
        " VALUES ('abc', 'builder', 'reflog', 0, 0)"
    )
    put_alert(db, "critical", severity="critical")
    for days in (0, 500, 1000):
        roll_up(db, NOW + days * DAY)
        prune(db, NOW + days * DAY)
    for table in ("task_events", "git_commits", "commit_agents", "alerts_archive"):
        assert count(db, table) == 1, table
    assert rows(db, "SELECT agent_id FROM agents") == [("builder",)]  # its commit is still shown


def test_an_agent_of_which_nothing_is_left_is_forgotten_with_its_profile() -> None:
    db = database()
    put(db, "builder", [Sample(START)])
    put(db, "worker", [Sample(NOW - HOUR)])
    for name in ("builder", "worker"):
        db.execute(
            "INSERT INTO agent_profiles SELECT agent_id, first_seen, name, kind, role, host, worktree, origin"
            " FROM agents WHERE agent_id = ?",
            (name,),
        )
    roll_up(db, NOW)
    prune(db, NOW)
    assert rows(db, "SELECT agent_id FROM agents") == [("worker",)]
    assert rows(db, "SELECT agent_id FROM agent_profiles") == [("worker",)]


def test_the_state_of_a_source_stays_as_long_as_its_recorder_told_it() -> None:
    db = database()
    sampled_every(db, 2000, START + DAY)
    put_event(db, START, "source", "git gone")  # told by the recorder before
    put_event(db, START + 2 * DAY, "source", "git builder")
    put_event(db, START + 3 * DAY, "source", "git builder")
    put_event(db, START + 3 * DAY, "gap")
    put_event(db, NOW, "source", "git builder")
    prune(db, NOW)
    kept = rows(db, "SELECT timestamp, type FROM events ORDER BY timestamp")
    assert kept == [(START + 3 * DAY, "source"), (NOW, "source")]


async def test_the_state_of_every_moment_that_is_kept_is_as_it_was(tmp_path: Path) -> None:
    """What changes rarely was written long before the cut and holds after it."""
    start = AT - AT % DAY
    async with recording(state(tmp_path), now=start) as writer:
        await _record_two_days(writer, start)
        moments = [start + DAY + after for after in (0, 5000, HOUR, 23 * HOUR)]
        before = [await state_at(writer._db, at) for at in moments]
        one_day = dict.fromkeys(Retention.__struct_fields__, 1)
        maintenance = writer.maintenance(Retention(**one_day))
        await finish(maintenance, start + 2 * DAY + MINUTE)
        assert maintenance.deleted["agent_metrics"] > 100
        assert maintenance.deleted["agent_details"] > 0
        after = [await state_at(writer._db, at) for at in moments]
    for old, new in zip(before, after, strict=True):
        # Lists of what went on before are as short as what is kept.
        unlisted: dict[str, Any] = {"activity": {}, "events": ()}
        assert msgspec.structs.replace(new, **unlisted) == msgspec.structs.replace(old, **unlisted)


async def _record_two_days(writer: HistoryWriter, start: int) -> None:
    def rows(number: int, at: int) -> TickRows:
        metrics = AgentMetrics(pid=7 if number < 5 else 8, process="claude", cpu_usage=number % 7)
        rare: dict[str, Any] = {}
        if number in (0, 5):
            rare = {
                "agents": [agent(role=f"role {number}")],
                "status_changes": [status(status_reason=f"because of {number}")],
                "task_events": [TaskEvent(task_id=f"TASK-{number}", event_type="created", timestamp=at)],
                "boards": [BoardState(root="/shop", path=f"/shop/{number}")],
                "alerts": [alert(f"alert-{number}", created_at=at, rule=f"rule {number}")],
                "events": [Event(timestamp=at, type="source", subject="git host", details={"n": number})],
            }
        if number % 2 == 0:
            rare["health"] = SystemHealth(
                status="healthy", last_check=at, cpu_usage=number % 5, uptime_seconds=number
            )
            rare["rag"] = RagMetrics(timestamp=at, total_queries=number)
        working = status(branch="main", current_task="TASK-0")
        return TickRows(at=at, samples=[(working, metrics)], **rare)

    seldom = range(start, start + 2 * DAY, 4 * MINUTE)
    often = range(
        start + DAY - 171_000, start + DAY + 3 * MINUTE, 17_000
    )  # tells the branch in every fourth row
    for number, at in enumerate(sorted({*seldom, *often})):
        await writer.write(rows(number, at))


async def test_what_attached_systems_told_goes_after_its_days_and_their_last_state_stays(
    tmp_path: Path,
) -> None:
    start = AT - AT % DAY
    async with recording(state(tmp_path), now=start) as writer:
        for day in range(4):
            at = start + day * DAY
            here = {"shop": full_state(at, "shop", f" {day}"), "farm": full_state(start, "farm")}
            told: dict[str, Any] = {
                "system_events": [event(day, at, resolved=False)],
                "system_logs": [(line(day, at), at)],
                "system_metrics": [(metric(day, at), at)],
            }
            systems = here if day < 1 else {"shop": here["shop"]}  # the farm is attached no more
            await writer.write(TickRows(at=at, systems=systems, **told))
        now = start + 3 * DAY + MINUTE
        kept = await state_at(writer._db, start + 3 * DAY)
        names = ("states", "events", "logs", "metrics")
        one_day = dict.fromkeys((f"system_{name}_days" for name in names), 1)
        overdue = await in_one_go(writer._db, lambda db: retention.overdue(db, Retention(**one_day), now))
        maintenance = writer.maintenance(Retention(**one_day))
        await finish(maintenance, now)
        deleted = {name: maintenance.deleted[f"system_{name}"] for name in names}
        assert deleted == {name: overdue[f"system_{name}"] for name in names}
        assert deleted == {"states": 4, "events": 2, "logs": 2, "metrics": 2}
        after = await state_at(writer._db, start + 3 * DAY)
        assert after.systems.by_name["shop"].state == kept.systems.by_name["shop"].state
        assert len(after.systems.by_name["shop"].logs) == 2


async def test_the_file_gives_space_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vacuum, "KEPT_PAGES", 8)
    async with recording(state(tmp_path)) as writer:
        await _fill(writer, AT, agents=10, days=3)
        size = await _pages(writer)
        maintenance = writer.maintenance(Retention(agent_metrics_days=1))
        await finish(maintenance, AT + 4 * DAY)
        assert await _pages(writer) < 0.6 * size
        assert maintenance.given_back > 0.4 * size * 4096
        await writer._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        assert state(tmp_path).database.stat().st_size == await _pages(writer) * 4096


async def test_pruned_early_is_what_is_oldest_but_never_the_last_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance_module, "EARLY_PAUSE", 0.0)
    async with recording(state(tmp_path)) as writer:
        await _fill(writer, START, agents=2, days=4)
        now = START + 4 * DAY + MINUTE
        maintenance = writer.maintenance(Retention())
        first = (await _one(writer, "SELECT min(timestamp) FROM agent_metrics"))[0]
        given_back = await maintenance.prune_early(now, 50_000)
        assert given_back >= 50_000
        after = (await _one(writer, "SELECT min(timestamp) FROM agent_metrics"))[0]
        assert first < after < now - 2 * DAY  # no more than was asked for
        assert await maintenance.prune_early(now, 10**12) < 10**12
        last = await _one(
            writer, f"SELECT min(timestamp) >= {now - DAY - MINUTE}, count(*) FROM agent_metrics"
        )
        assert last == (1, 2 * (24 * 60 - 1))
        hours = await _one(
            writer, "SELECT count(DISTINCT timestamp), sum(sample_count) FROM agent_metrics_hourly"
        )
        assert hours == (4 * 24, 4 * 24 * 60 * 2)


async def test_maintenance_waits_while_a_reader_keeps_the_log_from_being_emptied(tmp_path: Path) -> None:
    async with recording(state(tmp_path), wal_limit_mb=1) as writer:
        await _fill(writer, AT, agents=10, days=2)
        await writer._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        reader = sqlite3.connect(state(tmp_path).database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM agents").fetchall()
        maintenance = writer.maintenance(Retention(agent_metrics_days=1))
        await finish(maintenance, AT + 4 * DAY)
        assert maintenance.waiting
        log = state(tmp_path).database.with_name("monitor.db-wal")
        assert log.stat().st_size < 0.8 * (1 << 20)  # the rest is the ticks'
        await writer.write(tick(AT + 3 * DAY, "builder"))
        reader.close()
        await finish(maintenance, AT + 4 * DAY)
        assert not maintenance.waiting
        assert maintenance.deleted["agent_metrics"] > 0


async def test_what_fails_is_told_for_people_and_begun_again(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await _fill(writer, AT, agents=1, days=1)
        maintenance = writer.maintenance(Retention())
        await writer._db.execute("ALTER TABLE agent_metrics_5min RENAME TO hidden")
        with pytest.raises(DatabaseError, match=r"monitor\.db"):
            await finish(maintenance, AT + 2 * DAY)
        await writer._db.execute("ALTER TABLE hidden RENAME TO agent_metrics_5min")
        await finish(maintenance, AT + 2 * DAY)
        assert await _one(writer, "SELECT sum(sample_count) FROM agent_metrics_daily") == (24 * 60,)


async def test_nothing_to_do_asks_nothing_of_the_database(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        maintenance: Maintenance = writer.maintenance(Retention())
        await finish(maintenance, AT)
        changes = writer._db.total_changes
        seconds = maintenance.pace.last_seconds
        assert not await maintenance.step(AT + 1000)
        assert (writer._db.total_changes, maintenance.pace.last_seconds) == (changes, seconds)


async def _fill(writer: HistoryWriter, start: int, *, agents: int, days: int) -> None:
    """A sample a minute of each agent."""
    await writer._db.execute("BEGIN")
    await writer._db.executemany(
        "INSERT INTO agent_metrics (agent_id, timestamp, status, cpu_usage, current_task, branch, stale)"
        " VALUES (?, ?, 'active', 1.5, 'TASK-1', 'main', 0)",
        [
            (f"agent-{number}", at)
            for number in range(agents)
            for at in range(start, start + days * DAY, MINUTE)
        ],
    )
    await writer._db.executemany(
        "INSERT INTO agents VALUES (?, ?, 'codex', '', 'here', NULL, 'config', ?, ?)",
        [(f"agent-{n}", f"agent-{n}", start, start + days * DAY) for n in range(agents)],
    )
    await writer._db.execute("COMMIT")


async def _one(writer: HistoryWriter, query: str) -> tuple[Any, ...]:
    return tuple(next(iter(await writer._db.execute_fetchall(query))))


async def _pages(writer: HistoryWriter) -> int:
    number: int = (await _one(writer, "PRAGMA page_count"))[0]
    return number
