"""Retention: which rows are past their time, and their deletion, some at a time.

Nothing is deleted before it is summed up, and what still holds at the oldest moment that is kept stays: the state of
every moment since can be rebuilt.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from monitor.history.queries import sql
from monitor.history.upkeep.rollup import DAY, done_until
from monitor.history.writing.encode import SEEN_REPEAT_MS

if TYPE_CHECKING:
    import sqlite3
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.config import Retention
    from monitor.history.upkeep.slices import Pace, Slice
    from monitor.model import Millis


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is pruned by `prune_<name>`, and the setting of how many days it is kept."""

    name: str
    setting: str
    key: Literal["agent", "root", "system", ""] = ""
    """What its rows belong to; they are deleted for one at a time, for so they lie together."""
    summed_up: str = ""
    """The roll-up that its rows have to be in before they go."""


TABLES: Final = (
    Table(name="agent_metrics", setting="agent_metrics_days", key="agent", summed_up="agent_metrics_5min"),
    Table(
        name="agent_metrics_5min",
        setting="agent_metrics_5min_days",
        key="agent",
        summed_up="agent_metrics_hourly",
    ),
    Table(
        name="agent_metrics_hourly",
        setting="agent_metrics_hourly_days",
        key="agent",
        summed_up="agent_metrics_daily",
    ),
    Table(name="agent_metrics_daily", setting="agent_metrics_daily_days", key="agent"),
    Table(name="agent_details", setting="agent_details_days", key="agent"),
    Table(name="agent_processes", setting="agent_processes_days", key="agent"),
    Table(name="agent_status_changes", setting="agent_status_changes_days", key="agent"),
    Table(name="session_states", setting="session_states_days", key="agent"),
    Table(name="session_usage", setting="session_usage_days", key="agent"),
    Table(name="session_calls", setting="session_calls_days", key="agent"),
    Table(name="agent_profiles", setting="agent_status_changes_days", key="agent"),
    Table(name="board_states", setting="board_states_days", key="root"),
    Table(name="system_states", setting="system_states_days", key="system"),
    Table(name="system_events", setting="system_events_days", key="system"),
    Table(name="system_logs", setting="system_logs_days", key="system"),
    Table(name="system_metrics", setting="system_metrics_days", key="system"),
    Table(name="system_health", setting="system_health_days", summed_up="system_health_hourly"),
    Table(name="system_health_hourly", setting="system_health_hourly_days"),
    Table(name="rag_metrics", setting="rag_metrics_days"),
    Table(name="alerts", setting="alerts_days"),
    Table(name="alert_mutes", setting="alerts_days"),
    Table(name="events", setting="events_days"),
)
"""In the order in which they are pruned. What is not named here is kept for ever: agents that are told of anywhere,
task events, commits, archived alerts (seed 001, L318-322), and the starts of recorders, which are few."""

PARTS: Final = 4
"""Statements that a slice is made of at least: between them its time is looked at."""

Cuts = dict[str, int]
"""Table to the moment before which its rows go, in milliseconds."""


def cuts(retention: Retention, now: Millis) -> Cuts:
    """Where each table is cut: at the start of a day in UTC, so that a day is there as a whole or not at all."""
    return {table.name: _day(now - getattr(retention, table.setting) * DAY) for table in TABLES}


def _day(at: Millis) -> Millis:
    return max(0, at - at % DAY)


def prune(
    db: sqlite3.Connection, wanted: Mapping[str, Millis], now: Millis, pace: Pace, deleted: Counter[str]
) -> Iterator[None]:
    """Delete what lies before the cuts, table by table; one slice lies between two steps of the iterator.

    Rows deleted are counted in `deleted`. Raises sqlite3.Error.
    """
    for table in TABLES:
        if table.name in wanted:
            cut = wanted[table.name]
            if table.summed_up:
                cut = min(cut, done_until(db, table.summed_up))
            yield from _prune_table(db, table, cut, now, pace, deleted)


def forget_agents(db: sqlite3.Connection, cut: Millis, pace: Pace, deleted: Counter[str]) -> Iterator[None]:
    """Delete agents that were not seen since the cut and of which nothing is left, with their profiles."""
    gone = deque(agent_id for agent_id, last_seen in _agents(db) if 0 < last_seen < cut)
    while gone:
        with pace.slice(db, "agents") as part:
            while gone and part.left:
                key = gone.popleft()
                part.used += 1
                deleted["agents"] += db.execute(sql("prune_agents"), {"key": key, "cut": cut}).rowcount
                deleted["agent_profiles"] += db.execute(sql("forget_profiles"), {"key": key}).rowcount
        yield


def overdue(db: sqlite3.Connection, retention: Retention, now: Millis) -> dict[str, int]:
    """How many rows of each table are past their time, without deleting any. Raises sqlite3.Error."""
    agents = msgspec.json.encode([agent_id for agent_id, _ in _agents(db)]).decode()
    at = msgspec.json.encode(cuts(retention, now)).decode()
    return dict(db.execute(sql("overdue_rows"), {"agents": agents, "cuts": at}).fetchall())


def oldest(db: sqlite3.Connection) -> dict[str, Millis | None]:
    """The time of the oldest row of each table that is pruned early; None for an empty one."""
    agents = msgspec.json.encode([agent_id for agent_id, _ in _agents(db)]).decode()
    cursor = db.execute(sql("oldest_prunable"), {"agents": agents})
    row = cursor.fetchone()
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


def _prune_table(
    db: sqlite3.Connection, table: Table, cut: Millis, now: Millis, pace: Pace, deleted: Counter[str]
) -> Iterator[None]:
    keys = deque(_keys(db, table, cut))
    while keys:
        with pace.slice(db, table.name) as part:
            while keys and part.left:
                if not _delete(db, table, {**keys[0], "cut": cut, "at": now}, part, deleted):
                    keys.popleft()
        yield


def _delete(
    db: sqlite3.Connection, table: Table, bound: dict[str, Any], part: Slice, deleted: Counter[str]
) -> bool:
    """Delete what the slice may still; False once nothing of that key is left to delete."""
    count = min(part.left, 1 + part.size // PARTS)
    bound["count"] = count
    if table.name == "alerts":
        db.execute(sql("archive_alerts"), bound)
    rows = db.execute(sql(f"prune_{table.name}"), bound).rowcount
    part.used += rows
    deleted[table.name] += rows
    return rows >= count > 0


def _keys(db: sqlite3.Connection, table: Table, cut: Millis) -> Iterable[dict[str, Any]]:
    """What has to be bound for each key of the table."""
    if table.key == "agent":
        return [
            {"key": agent_id, "gone": last_seen < cut - 2 * SEEN_REPEAT_MS}
            for agent_id, last_seen in _agents(db)
        ]
    if table.key == "root":
        return [{"key": root} for (root,) in db.execute(sql("board_roots"))]
    if table.key == "system":
        return [{"key": name} for (name,) in db.execute(sql("systems_to_maintain"))]
    if table.name == "events":
        kept = [number for (number,) in db.execute(sql("source_events_in_force"), {"cut": cut})]
        return [{"kept": msgspec.json.encode(kept).decode()}]
    return [{}]


def _agents(db: sqlite3.Connection) -> list[tuple[str, Millis]]:
    """(id, when it was last seen) of every agent that may have rows; 0 for one that is not in `agents`."""
    return [(row[0], row[1]) for row in db.execute(sql("agents_to_maintain"))]
