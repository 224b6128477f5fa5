"""How long a task has been what it is: told by its history, else by the stamps that the board gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from monitor.model.board import Task, TaskEvent
    from monitor.model.words import Millis


class Since(NamedTuple):
    """Since when something holds."""

    at: Millis | None
    """None: nobody knows."""
    exact: bool = False
    """False: since then at the latest; it may have held before."""


class StatusSpan(NamedTuple):
    """A stretch of a task's life in one status."""

    status: str
    start: Since
    end: Millis | None
    """None: it holds still."""


def in_status(task: Task, history: Sequence[TaskEvent]) -> Since:
    """Since when the task has its status; `history` holds its events, newest first, as the key store does.

    The newest event that changed the status tells. Where none was seen, the task's own stamps at the earliest sight
    of that status bound it.
    """
    earliest = _told(task)
    for event in _of(task, history):
        if event.task is None or event.new_status != task.status:
            break
        if event.previous_status is None:
            return _first_seen(event.task, event.timestamp)
        if event.previous_status != event.new_status:
            return Since(event.timestamp, exact=True)
        earliest = _earlier(Since(event.timestamp), earliest)
    return earliest


def blocked_since(task: Task, reason: str, history: Sequence[TaskEvent]) -> Since:
    """Since when the board gives this reason for the task to be blocked."""
    since = Since(None)
    for event in _of(task, history):
        if event.task is None or reason not in event.task.blockers:
            return since._replace(exact=since.at is not None)
        if event.previous_status is None:
            return _first_seen(event.task, event.timestamp)
        since = Since(event.timestamp)
    return since if since.at is not None else _told(task)


def status_spans(task: Task, history: Sequence[TaskEvent]) -> tuple[StatusSpan, ...]:
    """The stretches of the task's life, oldest first; the last one holds still, unless the task left the board."""
    spans: list[StatusSpan] = []
    status: str | None = None
    start = Since(None)
    for event in reversed(list(_of(task, history))):
        before, after, at = event.previous_status, event.new_status, event.timestamp
        if status is None and before is not None and before != after:
            status, start = before, Since(None)
        if status is not None and after != status:
            spans.append(StatusSpan(status, start, at))
            status, start = after, Since(at, exact=True)
        elif status is None and event.task is not None:
            status, start = after, _first_seen(event.task, at) if before is None else Since(at)
    if status is not None:
        spans.append(StatusSpan(status, start, None))
    return tuple(spans) or (StatusSpan(task.status, _told(task), None),)


def _of(task: Task, history: Sequence[TaskEvent]) -> Iterator[TaskEvent]:
    """The events of this very task: boards of two roots may use the same id."""
    return (event for event in history if event.root == task.root)


def _told(task: Task) -> Since:
    """What the task's stamps say: it has had its status since its last update at the latest.

    One whose update is its creation has the status it was created with.
    """
    if task.updated_at is None:
        return Since(task.created_at)
    return Since(task.updated_at, exact=task.updated_at == task.created_at)


def _first_seen(task: Task, at: Millis) -> Since:
    """The same, of a task that came to the board, or was first seen there, at that moment."""
    told = _told(task)
    return Since(at) if told.at is None else told


def _earlier(one: Since, other: Since) -> Since:
    """The one that lies further back, an unknown one never."""
    if one.at is None or other.at is None:
        return other if one.at is None else one
    return one if one.at <= other.at else other
