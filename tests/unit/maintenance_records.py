"""A database for the tests of roll-ups, retention and series: in memory, with rows put straight into it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from monitor.config import Retention
from monitor.history.upkeep import retention, rollup
from monitor.history.upkeep.maintenance import Maintenance
from monitor.history.upkeep.slices import Pace
from monitor.paths import sql_folder

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_750_032_000_000
"""A midnight in UTC: 2025-06-16."""


class Sample(NamedTuple):
    at: int
    status: str = "active"
    cpu: float | None = 1.0
    memory: int | None = 1_000_000
    processes: int | None = 1
    uncommitted: int | None = 0


def database() -> sqlite3.Connection:
    """An empty one with every migration."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    for file in sorted((sql_folder() / "migrations").glob("*.sql")):
        if not file.name.endswith(".down.sql"):
            db.executescript(file.read_text())
    db.execute("PRAGMA foreign_keys = ON")
    return db


def sampled_every(db: sqlite3.Connection, interval_ms: int, since: int = START) -> None:
    """A recorder that ticks at this interval from then on."""
    db.execute(
        "INSERT INTO recorders (host, boot_id, pid, version, interval_ms, started_at, last_tick_at)"
        " VALUES ('here', 'boot', 1, '1', ?, ?, ?)",
        (interval_ms, since, since),
    )
    db.execute(
        "INSERT INTO recorder_intervals SELECT max(recorder_id), ?, ? FROM recorders", (since, interval_ms)
    )


def put(db: sqlite3.Connection, agent: str, samples: list[Sample]) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO agent_metrics (agent_id, timestamp, status, cpu_usage, memory_usage, process_count,"
        " uncommitted_changes, current_task, branch, stale) VALUES (?, ?, ?, ?, ?, ?, ?, '', 'main', 0)",
        [(agent, one.at, one.status, one.cpu, one.memory, one.processes, one.uncommitted) for one in samples],
    )
    seen = max((one.at for one in samples), default=0)
    db.execute(
        "INSERT INTO agents VALUES (?, ?, 'codex', '', 'here', NULL, 'config', ?, ?)"
        " ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
        (agent, agent, seen, seen),
    )


def steady(since: int, until: int, every: int = 10_000, **changes: Any) -> list[Sample]:
    return [Sample(at, **changes) for at in range(since, until, every)]


def roll_up(db: sqlite3.Connection, now: int, late: rollup.Late | None = None) -> int:
    """All of it; returns the number of slices."""
    return sum(1 for _ in rollup.roll_up(db, now, Pace(), late or rollup.Late()))


def prune(db: sqlite3.Connection, now: int, **days: int) -> Counter[str]:
    """Retention as it runs once a day, without roll-ups; returns the rows deleted of each table."""
    deleted: Counter[str] = Counter()
    cuts = retention.cuts(Retention(**days), now)
    exhaust(retention.prune(db, cuts, now, Pace(), deleted))
    exhaust(retention.forget_agents(db, min(cuts.values()), Pace(), deleted))
    return +deleted


async def finish(maintenance: Maintenance, now: int) -> None:
    """Everything that is due."""
    while await maintenance.step(now):
        pass


def exhaust(slices: Iterator[None]) -> int:
    return sum(1 for _ in slices)


def rows(db: sqlite3.Connection, query: str, *bound: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(query, bound)]


def count(db: sqlite3.Connection, table: str) -> int:
    number: int = rows(db, f"SELECT count(*) FROM {table}")[0][0]
    return number
