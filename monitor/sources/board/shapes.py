"""The shapes in which boards are written, made into one (checklist SIB-02 to SIB-08)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from monitor.errors import SourceError
from monitor.model import BoardAgent, BoardReading, BoardState, Task
from monitor.sources.board.memory import TaskMemory
from monitor.sources.values import (
    as_number,
    as_summary,
    as_text,
    as_texts,
    as_time,
    decode_json,
    pick,
)
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Millis

TASK_LIMIT: Final = 5000
AGENT_LIMIT: Final = 500
LIST_LIMIT: Final = 50
EXTRA_LIMIT: Final = 20
ID_LIMIT: Final = 100
DESCRIPTION_LIMIT: Final = 1000
UNKNOWN_STATUS: Final = "UNKNOWN"
"""Of a task that has none."""

_LIST_STATUSES: Final = {"pending": "TODO", "completed": "DONE"}
"""What the older shape calls its lists, where that is not the status in lower case (SIB-08)."""

_ASSIGNED: Final = ("assignedTo", "assigned_to", "assignee")
_CREATED_BY: Final = ("createdBy", "created_by")
_CREATED_AT: Final = ("createdAt", "created_at", "created")
_UPDATED_AT: Final = ("updatedAt", "updated_at", "updated", "completed")
_UPDATED_BY: Final = ("updatedBy", "updated_by")
_DEPENDENCIES: Final = ("dependencies", "blockedBy")
_ESTIMATED: Final = ("estimatedHours", "estimated_hours")
_ACTUAL: Final = ("actualHours", "actual_hours")
_CRITERIA: Final = ("completionCriteria", "completion_criteria")
_KNOWN: Final = frozenset(
    ("id", "title", "description", "status", "priority", "tags", "blockers", "comments")
    + (_ASSIGNED + _CREATED_BY + _CREATED_AT + _UPDATED_AT + _UPDATED_BY + _DEPENDENCIES)
    + (_ESTIMATED + _ACTUAL + _CRITERIA)
)
_FOLDER_NAME: Final = re.compile(r"(?!\.{1,2}$)[^/\x00]{1,100}")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def parse_board(
    data: bytes, root: str, path: str, at: Millis, memory: TaskMemory | None = None
) -> BoardReading:
    """Read a board in either shape: `v4`, a list of tasks, or `v3`, lists of tasks by status.

    Statuses become upper case with underscores, also those that no board declares; only the names of v3's
    lists are translated (`pending` is TODO, `completed` is DONE). A task that is no object or lacks an id or
    a title, or one past `TASK_LIMIT`, is left out, and the state's `error` says so; the rest is shown. With the
    `memory` of this board's last reading, a task that did not change is the same record. Raises SourceError when
    nothing can be shown.
    """
    name = clean(str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path)
    board = decode_json(data, name)
    if not isinstance(board, dict):
        raise SourceError(f"{name} holds no board: an object with `tasks` is expected.")
    listed = board.get("tasks")
    found: list[tuple[Any, str | None]]
    if isinstance(listed, list):
        shape, found = "v4", [(entry, None) for entry in listed]
    elif isinstance(listed, dict) and (not listed or any(isinstance(lst, list) for lst in listed.values())):
        shape, found = "v3", list(_by_status(listed))
    else:
        raise SourceError(f"{name} holds no board: `tasks` is neither a list nor lists by status.")
    tasks, error = _tasks(found, board.get("comments"), root, memory or TaskMemory())
    if found and not tasks:
        raise SourceError(f"{name} holds no usable task: none of {len(found):,} has an id and a title.")
    state = _state(
        board, BoardState(root=root, path=path, shape=shape, last_synced=at, error=error, partial=bool(error))
    )
    return BoardReading(state=state, tasks=tasks, agents=_agents(board.get("agents"), root))


def _state(board: dict[str, Any], state: BoardState) -> BoardState:
    """Add what the board says of itself: at its top, or in the older shape's `metadata`."""
    metadata = board.get("metadata")
    head = {**(metadata if isinstance(metadata, dict) else {}), **board}
    sprint = board.get("sprint")
    return structs.replace(
        state,
        version=as_text(head.get("version"), ID_LIMIT),
        sprint=as_text(pick(sprint, ("name", "id")) if isinstance(sprint, dict) else sprint),
        last_updated=as_time(pick(head, ("lastUpdated", *_UPDATED_AT))),
        updated_by=as_text(pick(head, _UPDATED_BY), ID_LIMIT),
    )


def _by_status(lists: dict[str, Any]) -> Iterator[tuple[Any, str | None]]:
    for name, entries in lists.items():
        for entry in entries if isinstance(entries, list) else ():
            yield entry, _LIST_STATUSES.get(name, name)


def _tasks(
    found: list[tuple[Any, str | None]], comments: Any, root: str, memory: TaskMemory
) -> tuple[tuple[Task, ...], str]:
    """Make the tasks, the last of those with one id, and say what was left out."""
    by_id = comments if isinstance(comments, dict) else {}
    tasks: dict[str, Task] = {}
    skipped = repeated = 0
    memory.begin()
    for entry, status in found[:TASK_LIMIT]:
        task = _remembered(entry, status, by_id, root, memory) if isinstance(entry, dict) else None
        if task is None:
            skipped += 1
        else:
            repeated += task.id in tasks
            tasks[task.id] = task
    problems = []
    if skipped:
        problems.append(f"{skipped} of {len(found)} tasks left out: no object, or no id or title")
    if repeated:
        problems.append(f"{repeated} of {len(found)} tasks left out: their id is given again further down")
    if len(found) > TASK_LIMIT:
        problems.append(f"only the first {TASK_LIMIT:,} of {len(found):,} tasks are read")
    return tuple(tasks.values()), "; ".join(problems)


def _remembered(
    entry: dict[str, Any], status: str | None, comments: dict[str, Any], root: str, memory: TaskMemory
) -> Task | None:
    task_id = as_text(entry.get("id"), ID_LIMIT)
    elsewhere = _length(comments.get(task_id))
    return memory.task(
        (root, status, elsewhere, entry), lambda: _task(task_id, entry, status, elsewhere, root)
    )


def _task(task_id: str, entry: dict[str, Any], status: str | None, comments: int, root: str) -> Task | None:
    """Make a task; `comments` is how many the board holds of it beside those in its entry."""
    title = as_text(entry.get("title"))
    if not task_id or not title:
        return None
    return Task(
        id=task_id,
        title=title,
        status=_status(entry.get("status") if status is None else status),
        description=as_text(entry.get("description"), DESCRIPTION_LIMIT),
        priority=as_text(entry.get("priority"), ID_LIMIT).upper(),
        assigned_to=as_text(pick(entry, _ASSIGNED), ID_LIMIT) or None,
        created_by=as_text(pick(entry, _CREATED_BY), ID_LIMIT),
        created_at=as_time(pick(entry, _CREATED_AT)),
        updated_at=as_time(pick(entry, _UPDATED_AT)),
        updated_by=as_text(pick(entry, _UPDATED_BY), ID_LIMIT),
        dependencies=as_texts(pick(entry, _DEPENDENCIES), LIST_LIMIT),
        tags=as_texts(entry.get("tags"), LIST_LIMIT),
        blockers=_blockers(entry.get("blockers")),
        estimated_hours=as_number(pick(entry, _ESTIMATED)),
        actual_hours=as_number(pick(entry, _ACTUAL)),
        comments=_length(entry.get("comments")) + comments,
        completion_criteria=_length(pick(entry, _CRITERIA)),
        root=root,
        extra=_extra(entry),
    )


def _status(value: Any) -> str:
    words = _CAMEL.sub(" ", as_text(value, ID_LIMIT))
    return "_".join(re.split(r"[\s_-]+", words.strip(" _-"))).upper() or UNKNOWN_STATUS


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _blockers(value: Any) -> tuple[str, ...]:
    """Take the reasons, newest last: by contract `{reason, createdAt, createdBy}`, but texts too (SIB-05)."""
    found = []
    for entry in value[-LIST_LIMIT:] if isinstance(value, list) else ():
        record = entry if isinstance(entry, dict) else {"reason": entry}
        reason = as_text(pick(record, ("reason", "description", "message")))
        if reason:
            found.append((as_time(pick(record, _CREATED_AT)), reason))
    if all(at is not None for at, _ in found):
        found.sort(key=lambda blocker: blocker[0] or 0)
    return tuple(reason for _, reason in found)


def _extra(entry: dict[str, Any]) -> dict[str, str]:
    names = [name for name in entry if name not in _KNOWN][:EXTRA_LIMIT]
    return {clean(name, ID_LIMIT): as_summary(entry[name]) for name in names}


def _agents(value: Any, root: str) -> tuple[BoardAgent, ...]:
    """Take the agents, each with its worktree `agents/<id>` (SIB-01)."""
    if not isinstance(value, dict):
        return ()
    agents = {}
    for key, entry in list(value.items())[:AGENT_LIMIT]:
        record = entry if isinstance(entry, dict) else {}
        agent_id = as_text(record.get("id"), ID_LIMIT) or clean(key, ID_LIMIT)
        if not agent_id:
            continue
        folder = os.path.join(root, "agents", agent_id) if _FOLDER_NAME.fullmatch(agent_id) else None
        agents[agent_id] = BoardAgent(
            id=agent_id,
            name=as_text(record.get("name")) or agent_id,
            role=as_text(record.get("role")),
            worktree=folder,
        )
    return tuple(agents.values())
