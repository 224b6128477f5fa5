"""The board book: the tasks of all roots, and what changed between two readings of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from monitor.model import Board, BoardReading, BoardState, Millis, Task, TaskEvent, task_metrics
from monitor.sources.board.changes import task_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.history.moments.state import Snapshot


class BoardBook:
    """`board` is what is shown (key `tasks:current`); `version` grows whenever it changed."""

    def __init__(self) -> None:
        self.board = Board()
        self.own_tasks: tuple[Task, ...] = ()
        """Those of the board that are of no attached system."""
        self.version = 0
        self._known: dict[str, BoardReading] = {}
        self._told_at: dict[tuple[str, str], Millis] = {}
        """Time of the last event of each task, by root and id."""
        self._dropped: list[BoardReading] = []
        """What history knows of roots that are watched no longer."""

    def restore(self, snapshot: Snapshot, roots: Iterable[str]) -> None:
        """Take up the last recorded tasks, so that only what changed since becomes an event."""
        for state in snapshot.board.boards:
            tasks = tuple(task for task in snapshot.board.tasks if task.root == state.root)
            reading = BoardReading(state=state, tasks=tasks)
            if state.root in roots:
                self._known[state.root] = reading
            else:
                self._dropped.append(reading)
        for history in snapshot.task_history.values():
            for event in reversed(history):
                self._told_at[event.root, event.task_id] = event.timestamp
        self._join()

    def apply(
        self, readings: Mapping[str, BoardReading], now: Millis
    ) -> tuple[list[BoardReading], list[TaskEvent], list[BoardState]]:
        """Take up each root's newest reading.

        Returns the readings that are new, the changes of tasks, and the board states to record. A board that cannot be
        read changes no task: its last good ones stay.
        """
        new: list[BoardReading] = []
        events: list[TaskEvent] = []
        states: list[BoardState] = []
        for gone in self._dropped:
            events.extend(task_events(gone.tasks, (), now, ""))
            states.append(BoardState(root=gone.state.root, path=gone.state.path))
        self._dropped.clear()
        for root, reading in readings.items():
            known = self._known.get(root)
            if known is reading:
                continue
            new.append(reading)
            if reading.tasks or reading.state.partial or not reading.state.error:
                old = known.tasks if known is not None else ()
                events.extend(task_events(old, reading.tasks, now, reading.state.updated_by))
            elif known is not None:
                reading = _keep_tasks(known, reading)  # noqa: PLW2901 - the reading as it is to be known
            if known is None or known.state != reading.state:
                states.append(reading.state)
            self._known[root] = reading
        if new:
            self._join()
        return new, [self._in_order(event, now) for event in events], states

    def _in_order(self, event: TaskEvent, now: Millis) -> TaskEvent:
        """A change is never told as older than the one before it, whatever the board says: then it is of now."""
        key = (event.root, event.task_id)
        told_at = self._told_at.get(key)
        if told_at is not None and event.timestamp <= told_at and event.timestamp < now:
            event = msgspec.structs.replace(event, timestamp=now)
        self._told_at[key] = event.timestamp
        return event

    def _join(self) -> None:
        every = (self._known[root] for root in sorted(self._known))
        readings = [reading for reading in every if reading.state.shape or reading.state.error]
        tasks = tuple(task for reading in readings for task in reading.tasks)
        synced = [reading.state.last_synced for reading in readings if reading.state.last_synced is not None]
        self.own_tasks = tuple(task for task in tasks if task.system is None)
        self.board = Board(
            tasks=tasks,
            metrics=task_metrics(tasks),
            last_synced=min(synced, default=None),
            version=", ".join(
                dict.fromkeys(reading.state.version for reading in readings if reading.state.version)
            ),
            boards=tuple(reading.state for reading in readings),
        )
        self.version += 1


def _keep_tasks(known: BoardReading, failed: BoardReading) -> BoardReading:
    """The failed reading's state over the last good tasks (after a restart the source itself has none)."""
    state = failed.state
    if state.last_synced is None:
        state = BoardState(
            root=state.root,
            path=state.path,
            version=known.state.version,
            shape=known.state.shape,
            sprint=known.state.sprint,
            last_synced=known.state.last_synced,
            last_updated=known.state.last_updated,
            updated_by=known.state.updated_by,
            error=state.error,
        )
    return BoardReading(state=state, tasks=known.tasks, agents=known.agents)
