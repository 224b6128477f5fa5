"""What happened between two readings of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import Task, TaskEvent, is_done

if TYPE_CHECKING:
    from monitor.model import Millis, TaskEventType

_FIELDS: Final = tuple(name for name in Task.__struct_fields__ if name not in {"id", "root"})
_STAMPS: Final = frozenset({"updated_at", "updated_by"})
"""They move with every other change, and alone tell no more than that somebody was here."""


def task_events(
    old: tuple[Task, ...], new: tuple[Task, ...], now: Millis, changed_by: str
) -> tuple[TaskEvent, ...]:
    """Tell what changed between two readings of the boards, oldest first.

    One event for each kind of change: `blocked` and `completed` for the step into such a status, `assigned`
    for another assignee, `created` for a new task, `updated` for the rest; a task that left is `updated`
    without a task. An event's time is the one its task gives, when that is new and not in the future, else
    `now`.
    """
    before = {(task.root, task.id): task for task in old}
    after = {(task.root, task.id) for task in new}
    events: list[TaskEvent] = []
    for task in new:
        previous = before.get((task.root, task.id))
        if previous is None:
            events.append(_created(task, now, changed_by))
        elif previous != task:
            events.extend(_changes(previous, task, now, changed_by))
    events.extend(_left(task, now, changed_by) for key, task in before.items() if key not in after)
    return tuple(sorted(events, key=lambda event: event.timestamp))


def _created(task: Task, now: Millis, changed_by: str) -> TaskEvent:
    said = task.created_at
    return TaskEvent(
        task_id=task.id,
        event_type="created",
        timestamp=said if said is not None and said <= now else now,
        new_status=task.status,
        assigned_to=task.assigned_to,
        changed_by=task.created_by or changed_by or None,
        task=task,
        root=task.root,
    )


def _changes(previous: Task, task: Task, now: Millis, changed_by: str) -> list[TaskEvent]:
    changed = tuple(name for name in _FIELDS if getattr(previous, name) != getattr(task, name))
    return [
        TaskEvent(
            task_id=task.id,
            event_type=kind,
            timestamp=_moment(previous, task, now),
            previous_status=previous.status,
            new_status=task.status,
            assigned_to=task.assigned_to,
            changed_by=task.updated_by or changed_by or None,
            task=task,
            changed=changed,
            root=task.root,
        )
        for kind in _kinds(previous, task, set(changed))
    ]


def _kinds(previous: Task, task: Task, changed: set[str]) -> list[TaskEventType]:
    kinds: list[TaskEventType] = []
    rest = changed - _STAMPS
    if "assigned_to" in rest:
        kinds.append("assigned")
        rest -= {"assigned_to"}
    if "status" in rest and task.status == "BLOCKED":
        kinds.append("blocked")
        rest -= {"status", "blockers"}
    elif "status" in rest and is_done(task.status) and not is_done(previous.status):
        kinds.append("completed")
        rest -= {"status", "actual_hours"}
    if rest or not kinds:
        kinds.append("updated")
    return kinds


def _moment(previous: Task, task: Task, now: Millis) -> Millis:
    said = task.updated_at
    return said if said is not None and (previous.updated_at or 0) < said <= now else now


def _left(task: Task, now: Millis, changed_by: str) -> TaskEvent:
    return TaskEvent(
        task_id=task.id,
        event_type="updated",
        timestamp=now,
        previous_status=task.status,
        assigned_to=task.assigned_to,
        changed_by=changed_by or None,
        root=task.root,
    )
