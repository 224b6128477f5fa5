"""Following a database that a recorder writes: each look reads what is new, and the snapshot moves on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history import moment
from monitor.history.queries import fetch_one
from monitor.history.state import Snapshot, merge_commits, state_at

if TYPE_CHECKING:
    import aiosqlite

    from monitor.model import AgentStatus, Millis


FULL_READING_MS: Final = 60_000
"""Everything is read again after this long: a row that was changed in place, not added, is seen by then."""


class Marks(msgspec.Struct, frozen=True):
    """How far the growing tables have come: their highest ids."""

    events: int | None = None
    task_events: int | None = None
    commits: int | None = None
    recorders: int | None = None


class Follower:
    """Keeps a snapshot of now, through one read-only connection; no read transaction outlives a query."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._version: int | None = None
        self._marks = Marks()
        self._snapshot: Snapshot | None = None
        self._full_at: Millis = 0

    async def look(self, now: Millis) -> Snapshot:
        """The snapshot of now. Raises sqlite3.Error."""
        row = await fetch_one(self._db, "data_version")
        version = row["data_version"] if row is not None else None
        snapshot = self._snapshot
        if snapshot is None or self._at_gap(snapshot, now) or version != self._version:
            # Taken before reading: what is committed meanwhile is read again at the next look.
            self._version = version
            snapshot = await self._read(now)
        elif now < snapshot.at:
            snapshot = await self._read_all(now)  # the clock was set back
        self._snapshot = msgspec.structs.replace(snapshot, at=now)
        return self._snapshot

    def _at_gap(self, snapshot: Snapshot, now: Millis) -> bool:
        """Whether the samples shown, which held until now, are too old from now on."""
        if snapshot.recorder is None or snapshot.last_tick is None:
            return False
        until = snapshot.last_tick + snapshot.recorder.carry_ms
        return snapshot.at <= until < now

    async def _read(self, now: Millis) -> Snapshot:
        row = await fetch_one(self._db, "marks")
        marks = msgspec.convert(dict(row), Marks) if row is not None else Marks()
        old, before, self._marks = self._snapshot, self._marks, marks
        fresh = 0 <= now - self._full_at < FULL_READING_MS
        if old is None or marks.recorders != before.recorders or not fresh:
            return await self._read_all(now)
        changes = await self._always(now)
        statuses = changes["statuses"]
        busy = await self._busy_agents(old, statuses, before, marks)
        if marks.events != before.events:
            since = changes["recorder"].started_at if changes["recorder"] is not None else now
            changes["events"] = await moment.read_events(self._db, now)
            changes["sources"] = await moment.read_sources(self._db, now, since)
        if marks.task_events != before.task_events:
            changes |= await self._tasks(old, now, before)
        elif old.board.boards != (board := await moment.read_board_states(self._db, now)):
            changes["board"] = moment.with_states(old.board, board)
        if marks.commits != before.commits or statuses.keys() != old.statuses.keys():
            changes |= await self._commits(old, now, busy, statuses)
        activity = {agent_id: old.activity[agent_id] for agent_id in statuses if agent_id not in busy}
        for agent_id in busy & statuses.keys():
            activity[agent_id] = await moment.read_activity(self._db, now, agent_id)
        changes["activity"] = activity
        return msgspec.structs.replace(old, **changes)

    async def _read_all(self, now: Millis) -> Snapshot:
        self._full_at = now
        return await state_at(self._db, now)

    async def _always(self, now: Millis) -> dict[str, Any]:
        """What may have changed with any tick."""
        recorder = await moment.read_recorder(self._db, now)
        agents = await moment.read_agents(self._db, now, recorder)
        return {
            "recorder": recorder,
            "last_tick": agents.last_tick,
            "agents": agents.agents,
            "statuses": agents.statuses,
            "metrics": agents.metrics,
            "sampled_at": agents.sampled_at,
            "health": await moment.read_health(self._db, now),
            "rag": await moment.read_rag(self._db, now),
            "alerts": await moment.read_alerts(self._db, now),
        }

    async def _busy_agents(
        self, old: Snapshot, statuses: dict[str, AgentStatus], before: Marks, marks: Marks
    ) -> set[str]:
        """Agents of whom something new is to be told in their lists."""
        busy = {
            agent_id
            for agent_id, status in statuses.items()
            if agent_id not in old.activity or _told(status) != _told(old.statuses[agent_id])
        }
        if marks.events != before.events:
            busy |= await moment.read_agents_with_events(self._db, before.events or 0)
        if marks.commits != before.commits:
            busy |= await moment.read_agents_with_commits(self._db, before.commits or 0)
        return busy

    async def _tasks(self, old: Snapshot, now: Millis, before: Marks) -> dict[str, Any]:
        board = await moment.read_board(self._db, now)
        changed = await moment.read_changed_tasks(self._db, before.task_events or 0)
        history = {**old.task_history, **await moment.read_task_history(self._db, now, changed)}
        on_board = {task.id for task in board.tasks}
        return {"board": board, "task_history": {name: history[name] for name in history if name in on_board}}

    async def _commits(
        self, old: Snapshot, now: Millis, busy: set[str], statuses: dict[str, AgentStatus]
    ) -> dict[str, Any]:
        recent = {
            agent_id: await moment.read_recent_commits(self._db, now, agent_id)
            if agent_id in busy or agent_id not in old.recent_commits
            else old.recent_commits[agent_id]
            for agent_id in statuses
        }
        feed = await moment.read_commit_feed(self._db, now)
        return {"recent_commits": recent, "commits": merge_commits(feed, recent.values())}


def _told(status: AgentStatus) -> tuple[Any, ...]:
    """What of a status an agent's activity list tells."""
    return status.status, status.status_since, status.status_reason
