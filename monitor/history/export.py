"""Export: an interval of a recording as a recording of its own, which shows in every moment what the original shows.

With the rows of the interval goes what its first moment is rebuilt from: the newest row of each thing that changes
seldom, and as much of the lists as the screen shows of them. Nothing else of what lies outside gets into the file: it
is written from nothing, row by row, so that no page of the original is in it either.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import DatabaseError, MonitorError
from monitor.history.backup.copying import sync
from monitor.history.connection import attach_recording, connect, explain, in_one_go
from monitor.history.migrations import migrate
from monitor.history.moments.moment import COMMAND_AGE_MS, TASK_HISTORY_LIMIT
from monitor.history.moments.state import state_at
from monitor.history.moments.systems import LISTED
from monitor.history.queries import fetch, fetch_one, sql
from monitor.history.recordings import open_recording
from monitor.history.replay.span import Span, read_span
from monitor.history.reports.people import resolve_agents
from monitor.keystore import ACTIVITY_LIMIT, EVENTS_LIMIT, FEED_LIMIT, RECENT_COMMITS_LIMIT
from monitor.model import Millis
from monitor.when import format_when

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    Progress = Callable[[float], None]

SLICE_MS: Final = 86_400_000
"""Samples of one agent copied in one transaction: the original is never read for long at a time."""
COPIES: Final = (
    "export_recorders",
    "export_recorder_intervals",
    "export_agents",
    "export_agent_profiles",
    "export_agent_details",
    "export_agent_processes",
    "export_session_states",
    "export_session_usage",
    "export_session_calls",
    "export_system_states",
    "export_system_events",
    "export_system_logs",
    "export_system_metrics",
    "export_agent_status_changes",
    "export_carried_samples",
    "export_task_events",
    "export_board_states",
    "export_git_commits",
    "export_commit_files",
    "export_commit_agents",
    "export_system_health",
    "export_rag_metrics",
    "export_alerts",
    "export_alert_changes",
    "export_alerts_archive",
    "export_alert_mutes",
    "export_events",
    "export_agent_metrics_5min",
    "export_agent_metrics_hourly",
    "export_agent_metrics_daily",
    "export_system_health_hourly",
    "export_rollups",
)
"""Queries that copy a table each, parents before children; the samples of the interval come last, in slices."""


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    file: str
    since: Millis
    until: Millis
    agents: tuple[str, ...]
    """Ids of the agents in it."""
    bytes: int
    rows: dict[str, int]
    """By table."""


async def export(
    source: Path,
    target: Path,
    since: Millis,
    until: Millis,
    *,
    agents: tuple[str, ...] = (),
    force: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Write the interval from `since` to `until`, both in it, of `agents` (ids or names; empty for all) into `target`.

    The recording may be written meanwhile. The file is complete when it appears under its name, and may be read by its
    owner only. Raises DatabaseError, DatabaseVersionError for a recording that this program cannot read, and
    MonitorError for a target that is there (without `force`), an unknown agent, or an interval outside the recording.
    """
    _refuse(source, target, force=force)
    async with open_recording(source) as (db, _):
        since, until = _within(await read_span(db, source), since, until, source)
        only = await resolve_agents(db, agents)
        followed = tuple((await state_at(db, since)).statuses)
        row = await fetch_one(db, "database_file")
        original = Path(row["file"]) if row is not None else source
        async with _draft(target) as draft:
            written = await _copy(draft, original, since, until, only, followed, progress)
            await asyncio.to_thread(_finish, draft, target, force=force)
    size = await asyncio.to_thread(os.path.getsize, target)
    return msgspec.structs.replace(written, file=str(target), bytes=size)


def _refuse(source: Path, target: Path, *, force: bool) -> None:
    if target.exists() and source.exists() and os.path.samefile(source, target):
        raise MonitorError(f"{target}: is the recording itself: name another file.")
    if target.is_dir():
        raise MonitorError(f"{target}: is a folder: name a file in it.")
    if not target.parent.is_dir():
        raise MonitorError(f"{target.parent}: is not a folder: make it, or name a file elsewhere.")
    if target.exists() and not force:
        raise MonitorError(f"{target}: is there already: name another file, or overwrite it with --force.")


def _within(span: Span, since: Millis, until: Millis, source: Path) -> tuple[Millis, Millis]:
    """The part of the interval that lies in the recording. Raises MonitorError when there is none."""
    if until < span.first or since > span.last:
        raise MonitorError(
            f"{source}: has nothing of that time: it goes from {format_when(span.first)} to {format_when(span.last)}."
        )
    return max(since, span.first), min(until, span.last)


@asynccontextmanager
async def _draft(target: Path) -> AsyncIterator[Path]:
    """An empty file beside the target, that its owner only may read; gone after the block unless it was renamed."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DatabaseError(
            f"{target}: cannot be made: {error.strerror}: make {target.parent} writable, or name another file."
        ) from error
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


async def _copy(
    draft: Path,
    original: Path,
    since: Millis,
    until: Millis,
    only: tuple[str, ...],
    followed: tuple[str, ...],
    progress: Progress | None,
) -> Exported:
    try:
        async with connect(draft.as_uri(), uri=True) as db:
            db.row_factory = sqlite3.Row
            for pragma in ("auto_vacuum = INCREMENTAL", "journal_mode = MEMORY", "synchronous = OFF"):
                await db.execute_fetchall(f"PRAGMA {pragma}")  # a draft that is cut off is thrown away
            await migrate(db)
            await attach_recording(db, original)
            interval = {"since": since, "until": until, "only": json.dumps(only) if only else None}
            found = await fetch(db, "exported_agents", followed=json.dumps(followed), **interval)
            agents = tuple(row["agent_id"] for row in found)
            await in_one_go(db, lambda connection: _copy_tables(connection, interval, agents))
            cut = [(agent_id, *part) for agent_id in agents for part in _slices(since, until)]
            for number, (agent_id, after, end) in enumerate(cut, start=1):
                await db.execute(sql("export_samples"), {"agent_id": agent_id, "after": after, "until": end})
                if progress is not None:
                    progress(number / len(cut))
            counted = await fetch(db, "counts")
            rows = {row["name"]: row["rows"] for row in counted}
            return Exported(file="", since=since, until=until, agents=agents, bytes=0, rows=rows)
    except sqlite3.Error as error:
        raise explain(error, draft) from error


def _slices(since: Millis, until: Millis) -> Iterator[tuple[Millis, Millis]]:
    for after in range(since, until, SLICE_MS):
        yield after, min(after + SLICE_MS, until)


def _copy_tables(
    db: sqlite3.Connection, interval: dict[str, Millis | str | None], agents: tuple[str, ...]
) -> None:
    """In the connection's thread: all but the samples, in one transaction, which sees one state of the original."""
    bound = {
        **interval,
        "agents": json.dumps(agents),
        "listed": ACTIVITY_LIMIT,
        "history": TASK_HISTORY_LIMIT,
        "feed": FEED_LIMIT,
        "recent": RECENT_COMMITS_LIMIT,
        "shown": EVENTS_LIMIT,
        "lines": LISTED,
        "noted_late": COMMAND_AGE_MS,
    }
    db.execute("BEGIN")
    try:
        for name in COPIES:
            db.execute(sql(name), bound)
        db.commit()
    except BaseException:
        db.rollback()
        raise


def _finish(draft: Path, target: Path, *, force: bool) -> None:
    """Have the disk hold the draft, and give it its name. Raises MonitorError."""
    try:
        sync(draft)
        if target.exists() and not force:
            raise MonitorError(f"{target}: is there meanwhile: name another file.")
        os.replace(draft, target)
        sync(target.parent)
    except OSError as error:
        raise MonitorError(f"{target}: cannot be written: {error.strerror}: name another file.") from error
