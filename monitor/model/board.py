"""Task boards, their tasks, and what happens to these."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model.words import Millis, TaskEventType

if TYPE_CHECKING:
    from collections.abc import Iterable


SYSTEM_SHAPE: Final = "system"
"""`BoardState.shape` of an attached system, whose tasks stand on the board as well."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a coordination board (checklist SIB-03), or of an attached system.

    `status` is in the board's own upper-case word; of a system's task it is the board's word for what
    `system_status` means.
    """

    id: str
    title: str
    status: str
    description: str = ""
    priority: str = ""
    assigned_to: str | None = None
    """Agent id, `all`, or None."""
    created_by: str = ""
    created_at: Millis | None = None
    updated_at: Millis | None = None
    updated_by: str = ""
    dependencies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    """Reasons, newest last."""
    estimated_hours: float | None = None
    actual_hours: float | None = None
    comments: int = 0
    completion_criteria: int = 0
    root: str = ""
    """The watched folder whose board holds it."""
    extra: dict[str, str] = {}
    """Keys the board added of its own, shortened to text."""
    system: str | None = None
    """Name of the attached system that it is from; None: of our own boards."""
    system_status: str | None = None
    """The system's own word for its status."""


class TaskMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts recomputed from the tasks; the board's own are hand-kept and wrong (SIB-06)."""

    total: int = 0
    todo: int = 0
    in_progress: int = 0
    review: int = 0
    blocked: int = 0
    done: int = 0
    """DONE, VERIFIED and completed."""
    other: int = 0
    """Statuses the board never declared."""


class BoardAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as a board lists it; its worktree is `agents/<id>` under the board's root (SIB-01)."""

    id: str
    name: str
    role: str = ""
    worktree: str | None = None


class BoardState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tasks of one root came from, and how old that reading is."""

    root: str
    path: str
    version: str = ""
    shape: str = ""
    """`v4` (a list of tasks), `v3` (tasks by status), `system` (an attached one's), or empty when there is no board."""
    sprint: str = ""
    last_synced: Millis | None = None
    """When the board shown was read; older than now when the newer file does not parse."""
    last_updated: Millis | None = None
    updated_by: str = ""
    error: str = ""
    partial: bool = False
    """The board was read, and `error` says what of it was left out."""


class BoardReading(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of one root's board."""

    state: BoardState
    tasks: tuple[Task, ...] = ()
    agents: tuple[BoardAgent, ...] = ()


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of all roots (key `tasks:current`)."""

    tasks: tuple[Task, ...] = ()
    metrics: TaskMetrics = TaskMetrics()
    last_synced: Millis | None = None
    version: str = ""
    boards: tuple[BoardState, ...] = ()


class TaskEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change between two readings of the board (seed 001, task_events)."""

    task_id: str
    event_type: TaskEventType
    timestamp: Millis
    previous_status: str | None = None
    new_status: str | None = None
    assigned_to: str | None = None
    changed_by: str | None = None
    task: Task | None = None
    """The task after the change; None when it left the board."""
    changed: tuple[str, ...] = ()
    """Names of the fields that differ."""
    root: str = ""
    """The watched folder whose board holds or held it."""


DONE_STATUSES: frozenset[str] = frozenset({"DONE", "VERIFIED"})
"""Task statuses that mean finished: the declared one, and the one that boards made up (SIB-04)."""
UNFINISHED_STATUSES: frozenset[str] = frozenset({"TODO", "IN_PROGRESS", "REVIEW", "BLOCKED"})
"""The declared statuses of unfinished work (SIB-04); one that a board made up may mean anything."""


_METRIC_NAMES = {
    "TODO": "todo",
    "IN_PROGRESS": "in_progress",
    "REVIEW": "review",
    "BLOCKED": "blocked",
    **dict.fromkeys(DONE_STATUSES, "done"),
}


def is_done(status: str) -> bool:
    """Whether a task of this status is finished."""
    return status in DONE_STATUSES


def task_metrics(tasks: Iterable[Task]) -> TaskMetrics:
    """Count the tasks by status; a board's own counts are hand-kept and wrong (SIB-06)."""
    counts = Counter(_METRIC_NAMES.get(task.status, "other") for task in tasks)
    return TaskMetrics(total=counts.total(), **counts)
