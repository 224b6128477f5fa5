"""Following a database that a recorder writes: each look reads what is new, and the snapshot moves on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.history.connection import in_one_go
from monitor.history.moments import moment
from monitor.history.moments.sessions import read_sessions
from monitor.history.moments.state import (
    Snapshot,
    merge_commits,
    one_look,
    read_agents,
    read_sources,
    read_state,
)
from monitor.history.moments.systems import read_systems
from monitor.history.queries import first
from monitor.history.writing.encode import DETAILS_REPEAT_MS
from monitor.model import Millis

if TYPE_CHECKING:
    import sqlite3

    import aiosqlite

    from monitor.model import AgentStatus


FULL_READING_MS: Final = 60_000
"""Everything is read again after this long: a row that was changed in place, not added, is seen by then."""


class Marks(msgspec.Struct, frozen=True):
    """How far the growing tables have come: their highest ids, and when a commit's maker last became known."""

    events: int | None = None
    task_events: int | None = None
    commits: int | None = None
    attributed: Millis | None = None
    recorders: int | None = None

    @property
    def of_commits(self) -> tuple[int | None, Millis | None]:
        """What moves when agents' commits change."""
        return self.commits, self.attributed


class Follower:
    """Keeps a snapshot of now, through one read-only connection; no read transaction outlives a look.

    A look at a database in which nothing was written is one pragma, and returns the same snapshot but for its time.
    """

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._version: int | None = None
        self._marks = Marks()
        self._snapshot: Snapshot | None = None
        self._processes_of: frozenset[str] = frozenset()
        self._full_at: Millis = 0
        self.changed = False
        """Whether the last look read anything new."""

    async def look(self, now: Millis, processes_of: frozenset[str] = frozenset()) -> Snapshot:
        """The snapshot of now, with the process trees of these agents. Raises sqlite3.Error."""
        return await in_one_go(self._db, lambda connection: self._look(connection, now, processes_of))

    def _look(self, db: sqlite3.Connection, now: Millis, processes_of: frozenset[str]) -> Snapshot:
        """In the connection's thread."""
        row = first(db, "data_version")
        version = row["data_version"] if row is not None else None
        snapshot = self._snapshot
        # A version taken before reading: what is committed meanwhile is read again at the next look.
        new = version != self._version or processes_of != self._processes_of
        self._version, self._processes_of = version, processes_of
        self.changed = True
        if (
            snapshot is None or now < snapshot.at or self._full_at > now
        ):  # at first, and when the clock was set back
            snapshot = self._read_all(db, now)
        elif new or _at_gap(snapshot, now) or any(mute.until <= now for mute in snapshot.mutes):
            snapshot = self._read(db, snapshot, now)
        else:
            self.changed = False
        self._snapshot = msgspec.structs.replace(snapshot, at=now)
        return self._snapshot

    def _read(self, db: sqlite3.Connection, old: Snapshot, now: Millis) -> Snapshot:
        before, marks = self._marks, _marks(db)
        if marks.recorders != before.recorders or now - self._full_at >= FULL_READING_MS:
            return self._read_all(db, now)
        self._marks = marks
        with one_look(db):
            return msgspec.structs.replace(old, **self._changes(db, old, now, before, marks))

    def _read_all(self, db: sqlite3.Connection, now: Millis) -> Snapshot:
        self._marks, self._full_at = _marks(db), now
        return read_state(db, now, self._processes_of)

    def _changes(
        self, db: sqlite3.Connection, old: Snapshot, now: Millis, before: Marks, marks: Marks
    ) -> dict[str, Any]:
        """The fields of the snapshot that have to be read: what any tick may move, and what the marks tell of."""
        changes = read_agents(db, now, self._processes_of)
        changes["rag"] = moment.read_rag(db, now)
        changes["alerts"] = moment.read_alerts(db, now)
        changes["mutes"] = moment.read_mutes(db, now)
        statuses: dict[str, AgentStatus] = changes["statuses"]
        changes["sessions"] = read_sessions(db, now, statuses, old.sessions)
        changes["systems"] = read_systems(db, now, old.systems)
        busy = _busy_agents(db, old, statuses, before, marks)
        if marks.events != before.events:
            changes["events"] = moment.read_events(db, now)
            changes["sources"] = read_sources(db, now, changes["recorder"])
        if marks.task_events != before.task_events:
            changes |= _tasks(db, old, now, before)
        elif (
            old.board.boards
            != (board := moment.with_states(old.board, moment.read_board_states(db, now))).boards
        ):
            changes["board"] = board
        if marks.of_commits != before.of_commits or statuses.keys() != old.statuses.keys():
            changes |= _commits(db, old, now, busy, statuses)
        activity = {agent_id: old.activity[agent_id] for agent_id in statuses if agent_id not in busy}
        for agent_id in busy & statuses.keys():
            activity[agent_id] = moment.read_activity(db, now, agent_id)
        changes["activity"] = activity
        return changes


def _marks(db: sqlite3.Connection) -> Marks:
    row = first(db, "marks")
    return msgspec.convert(dict(row), Marks) if row is not None else Marks()


def _at_gap(snapshot: Snapshot, now: Millis) -> bool:
    """Whether what is shown, which held until now, is too old from now on: the numbers of agents, or of the host."""
    until = snapshot.holds_until
    return until is not None and any(snapshot.at <= end < now for end in (until, until + DETAILS_REPEAT_MS))


def _busy_agents(
    db: sqlite3.Connection, old: Snapshot, statuses: dict[str, AgentStatus], before: Marks, marks: Marks
) -> set[str]:
    """Agents of whom something new is to be told in their lists."""
    busy = {
        agent_id
        for agent_id, status in statuses.items()
        if agent_id not in old.activity or _told(status) != _told(old.statuses[agent_id])
    }
    if marks.events != before.events:
        busy |= moment.read_agents_with_events(db, before.events or 0)
    if marks.of_commits != before.of_commits:
        busy |= moment.read_agents_with_commits(db, before.commits or 0, before.attributed or 0)
    return busy


def _tasks(db: sqlite3.Connection, old: Snapshot, now: Millis, before: Marks) -> dict[str, Any]:
    board = moment.read_board(db, now)
    on_board = {task.id for task in board.tasks}
    changed = moment.read_changed_tasks(db, before.task_events or 0)
    history = {**old.task_history, **moment.read_task_history(db, now, changed)}
    return {"board": board, "task_history": {name: history[name] for name in history if name in on_board}}


def _commits(
    db: sqlite3.Connection, old: Snapshot, now: Millis, busy: set[str], statuses: dict[str, AgentStatus]
) -> dict[str, Any]:
    recent = {
        agent_id: moment.read_recent_commits(db, now, agent_id)
        if agent_id in busy or agent_id not in old.recent_commits
        else old.recent_commits[agent_id]
        for agent_id in statuses
    }
    feed = moment.read_commit_feed(db, now)
    return {"recent_commits": recent, "commits": merge_commits(feed, recent.values())}


def _told(status: AgentStatus) -> tuple[Any, ...]:
    """What of a status an agent's activity list tells."""
    return status.status, status.status_since, status.status_reason
