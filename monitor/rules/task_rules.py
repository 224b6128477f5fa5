"""Alerts about tasks: blocked for long, not updated, too many blocked, begun before what they depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import UNFINISHED_STATUSES
from monitor.rules.rule import Finding, Firing, Rule, finding
from monitor.rules.words import bare, minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.model import Board, Task
    from monitor.rules.facts import Situation

_NAMED_AT_MOST: Final = 5
"""Tasks that a message lists by id."""


def _blocked_long(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = minutes(thresholds.task_blocked_minutes)
    for task in _overdue(situation, "task-blocked-long", "BLOCKED", thresholds.task_blocked_minutes, firing):
        why = f": {bare(task.blockers[-1])}" if task.blockers else ""
        yield finding(
            "task-blocked-long",
            _subject(task),
            title=f"Task {task.id} has been BLOCKED for more than {limit}",
            message=f"{bare(task.title)}{why}. {_whose(task)} "
            "Remove what blocks it, or write on the board what happens.",
            source="board",
            task=task.id,
            root=task.root,
            assigned_to=task.assigned_to,
            updated_at=_touched(task),
        )


def _stale(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = minutes(thresholds.task_stale_minutes)
    for task in _overdue(situation, "task-stale", "IN_PROGRESS", thresholds.task_stale_minutes, firing):
        yield finding(
            "task-stale",
            _subject(task),
            title=f"Task {task.id} has not been updated for more than {limit}",
            message=f"{bare(task.title)}: IN_PROGRESS on the board. {_whose(task)} "
            "Ask how far it is, and update the board.",
            source="board",
            task=task.id,
            root=task.root,
            assigned_to=task.assigned_to,
            updated_at=_touched(task),
        )


def _overdue(situation: Situation, rule: str, status: str, limit: float, firing: Firing) -> Iterator[Task]:
    """Tasks of a status that nobody has touched for more than `limit` minutes."""
    latest = situation.now - limit * 60_000
    unreadable = _unreadable_roots(situation.board)
    for task in situation.own_tasks:
        if task.status != status:
            continue
        touched = _touched(task)
        if touched is None or touched >= latest:
            continue
        # The update may stand in the board that could not be read.
        if task.root not in unreadable or firing(rule, _subject(task)):
            yield task


def _many_blocked(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    """Count without hysteresis: tasks do not flicker, and `more than 3` must not stand there with 3."""
    limit = thresholds.blocked_tasks
    blocked = [task for task in situation.own_tasks if task.status == "BLOCKED"]
    if len(blocked) <= limit:
        return
    unreadable = _unreadable_roots(situation.board)
    known = sum(task.root not in unreadable for task in blocked)
    if known <= limit and not firing("tasks-blocked-many", "board"):
        return
    names = ", ".join(task.id for task in blocked[:_NAMED_AT_MOST])
    yield finding(
        "tasks-blocked-many",
        "board",
        title=f"More than {limit} tasks are BLOCKED",
        message=f"{len(blocked)} tasks are BLOCKED on the board: {names}{_more(len(blocked))}. "
        "Look for the cause they share.",
        source="board",
        value=len(blocked),
        threshold=limit,
    )


def _dependency(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    """Find tasks in progress although one they depend on is known to be unfinished."""
    begun = [task for task in situation.own_tasks if task.status == "IN_PROGRESS" and task.dependencies]
    if not begun:
        return
    unfinished = {(task.root, task.id) for task in situation.own_tasks if task.status in UNFINISHED_STATUSES}
    unreadable = _unreadable_roots(situation.board)
    for task in begun:
        waits_for = [
            name for name in task.dependencies if name != task.id and (task.root, name) in unfinished
        ]
        if not waits_for:
            continue
        if task.root in unreadable and not firing("task-dependency-unfinished", _subject(task)):
            continue
        names = ", ".join(waits_for[:_NAMED_AT_MOST])
        yield finding(
            "task-dependency-unfinished",
            _subject(task),
            title=f"Task {task.id} is in progress before what it depends on is done",
            message=f"{bare(task.title)}: depends on {names}{_more(len(waits_for))}, not done yet. "
            f"{_whose(task)} Finish that first, or take the dependency off the board.",
            source="board",
            task=task.id,
            root=task.root,
            assigned_to=task.assigned_to,
            dependencies=waits_for,
        )


def _unreadable_roots(board: Board) -> frozenset[str]:
    return frozenset(state.root for state in board.boards if state.error and not state.partial)


def _touched(task: Task) -> int | None:
    return task.created_at if task.updated_at is None else task.updated_at


def _subject(task: Task) -> str:
    """Name a task for ever: boards of two roots may use the same id."""
    return f"{task.root}:{task.id}" if task.root else task.id


def _whose(task: Task) -> str:
    return f"Assigned to {task.assigned_to}." if task.assigned_to else "Assigned to nobody."


def _more(count: int) -> str:
    return f" and {count - _NAMED_AT_MOST} more" if count > _NAMED_AT_MOST else ""


TASK_RULES: Final = (
    Rule(id="task-blocked-long", type="task", severity="error", find=_blocked_long),
    Rule(id="task-dependency-unfinished", type="task", severity="error", find=_dependency),
    Rule(id="task-stale", type="task", severity="warning", find=_stale),
    Rule(id="tasks-blocked-many", type="task", severity="warning", find=_many_blocked),
)
"""SIB-15, SIB-19, SIB-20 (whose `high` is an error here) and SIB-22."""
