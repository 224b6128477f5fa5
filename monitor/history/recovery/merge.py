"""What was salvaged joins the recording that took the damaged one's place. It may be repeated: nothing comes twice."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.history.backup.copying import require_space
from monitor.history.connection import explain, in_one_go, open_writer
from monitor.history.migrations import migrate
from monitor.history.queries import fetch_one, sql

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.paths import StatePaths

ORDER: Final = (
    "agents",
    "recorders",
    "recorder_ends",
    "recorder_intervals",
    "agent_profiles",
    "agent_details",
    "agent_status_changes",
    "agent_processes",
    "session_states",
    "session_usage",
    "session_calls",
    "system_states",
    "system_events",
    "system_logs",
    "system_metrics",
    "agent_metrics",
    "agent_metrics_5min",
    "agent_metrics_hourly",
    "agent_metrics_daily",
    "board_states",
    "system_health",
    "system_health_hourly",
    "rag_metrics",
    "task_events",
    "git_commits",
    "commit_files",
    "commit_agents",
    "events",
    "alerts_archive",
    "alerts",
    "alert_changes",
    "alert_ends",
    "alert_states",
    "alert_mutes",
    "mute_ends",
    "mute_successors",
)
"""Named queries `merge_…`, each a transaction of its own; rows stand before those that refer to them."""
CHANGES: Final = frozenset(
    {
        "agents",
        "recorder_ends",
        "alert_ends",
        "alert_states",
        "mute_ends",
        "mute_successors",
        "session_usage",
        "session_calls",
        "system_events",
    }
)
"""Those that change rows rather than add some."""


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that one table gained."""

    name: str
    rows: int


async def merge(
    paths: StatePaths,
    salvaged: Path,
    *,
    wal_limit_mb: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Added, ...]:
    """Add to the database what `salvaged`, a recording of the newest schema, has beyond it.

    The caller holds the recorder's lock. Raises DatabaseError, also when the database is damaged, and
    DatabaseVersionError; what was added until then stays, and the rest comes when it is repeated.
    """
    await asyncio.to_thread(_require_space, paths.database.parent, salvaged)
    added: list[Added] = []

    def run(db: sqlite3.Connection) -> None:
        for number, name in enumerate(ORDER):
            changed = db.execute(sql(f"merge_{name}")).rowcount
            if name not in CHANGES:
                added.append(Added(name=name, rows=changed))
            if progress is not None:
                progress(number + 1, len(ORDER))

    db = await open_writer(paths, wal_limit_mb)
    try:
        await migrate(db)
        await db.execute(sql("attach_salvaged"), {"file": str(salvaged)})
        await in_one_go(db, run)
        since = await fetch_one(db, "salvaged_since")
        if since is not None and since["at"] is not None:
            await db.execute(sql("reopen_rollups"), {"at": since["at"]})
        await db.execute(sql("detach_salvaged"))
    except sqlite3.Error as error:
        raise explain(error, paths.database) from error
    finally:
        await db.close()
    return tuple(added)


def _require_space(folder: Path, salvaged: Path) -> None:
    """The rows come by the write-ahead log, and may be in it and in the database at once."""
    require_space(folder, 2 * salvaged.stat().st_size, "what was salvaged")
