"""Boards for the tests of the screen: with a past, with dependencies, and with statuses of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ui_fleet import HOUR, MINUTE, NOW

from monitor.keystore import Keys
from monitor.model import Board, BoardState, DayCount, Task, TaskEvent, task_metrics

if TYPE_CHECKING:
    from monitor.keystore import KeyStore

DAY = 24 * HOUR


def task(task_id: str, status: str = "TODO", **values: Any) -> Task:
    """A task of the board of /shop."""
    plain: dict[str, Any] = {
        "title": f"Title of {task_id}",
        "priority": "MEDIUM",
        "created_at": NOW - 2 * DAY,
        "updated_at": NOW - 30 * MINUTE,
        "root": "/shop",
    }
    return Task(id=task_id, status=status, **{**plain, **values})


def history(one: Task, *steps: tuple[str, int]) -> tuple[TaskEvent, ...]:
    """The past of a task, newest first: statuses and how many minutes ago it went to each, the oldest first."""
    events: list[TaskEvent] = []
    before: str | None = None
    for status, minutes in steps:
        kind: Any = (
            {"BLOCKED": "blocked", "DONE": "completed"}.get(status, "updated") if before else "created"
        )
        events.append(
            TaskEvent(
                task_id=one.id,
                event_type=kind,
                timestamp=NOW - minutes * MINUTE,
                previous_status=before,
                new_status=status,
                assigned_to=one.assigned_to,
                changed_by="architect",
                task=one,
                changed=("status", "updated_at", "comments"),
                root=one.root,
            )
        )
        before = status
    return tuple(reversed(events))


def put_board(store: KeyStore, *tasks: Task, error: str = "", **state: Any) -> None:
    """Make these the board's tasks."""
    plain: dict[str, Any] = {"shape": "v4", "sprint": "Sprint 3", "last_synced": NOW - 8000, "error": error}
    board = BoardState(root="/shop", path="/shop/coordination/task-board.json", **{**plain, **state})
    store.set(
        Keys.TASKS,
        Board(tasks=tasks, metrics=task_metrics(tasks), last_synced=board.last_synced, boards=(board,)),
    )


def fill_board(store: KeyStore) -> None:
    """A board in the middle of a sprint, with everything that a card can show."""
    started = task(
        "TASK-101",
        "IN_PROGRESS",
        title="Keep prices as integers of the smallest unit, also where a currency has none",
        priority="CRITICAL",
        assigned_to="architect",
        dependencies=("TASK-001", "TASK-110"),
        description="Every amount that passes the cart is an integer. Rounding happens once, at the border.",
        tags=("cart", "money"),
        estimated_hours=2.0,
        actual_hours=0.5,
        comments=3,
        completion_criteria=4,
        created_by="architect",
        updated_by="validator",
        extra={"testFile": "tests/test_money.py"},
    )
    blocked = task(
        "TASK-103",
        "BLOCKED",
        title="Renew the payment provider's contract",
        assigned_to="builder",
        blockers=("needs a licence", "a person has to sign"),
        priority="HIGH",
    )
    tasks = (
        started,
        task(
            "TASK-102", "IN_PROGRESS", title="Write down how carts expire", assigned_to="docs", priority="LOW"
        ),
        blocked,
        task(
            "TASK-104", "IN_PROGRESS", title="Überprüfe 日本語 paths 🚀 in the watcher", assigned_to="parser"
        ),
        task("TASK-105", "REVIEW", title="Snapshot tests of the basket", assigned_to="reviewer"),
        task("TASK-106", "NEEDS_DESIGN", title="Choose colours", assigned_to="worker-01"),
        task("TASK-107", title="Index of orders by customer", dependencies=("TASK-101", "TASK-999")),
        task("TASK-108", title="One half of a circle", dependencies=("TASK-109",)),
        task("TASK-109", title="The other half of it", dependencies=("TASK-108",), assigned_to="all"),
        task("TASK-110", title="Currencies of the world", priority="HIGH", assigned_to="worker-02"),
        *(
            task(
                f"TASK-{number:03}",
                "VERIFIED" if number % 4 == 0 else "DONE",
                title=f"Something that was done {number} hours ago",
                assigned_to="validator",
                updated_at=NOW - number * HOUR,
            )
            for number in range(1, 13)
        ),
    )
    put_board(store, *tasks)
    store.set(
        Keys.task_history(started.id),
        history(started, ("TODO", 2880), ("IN_PROGRESS", 300), ("BLOCKED", 200), ("IN_PROGRESS", 134)),
    )
    store.set(
        Keys.task_history(blocked.id), history(blocked, ("TODO", 2880), ("IN_PROGRESS", 90), ("BLOCKED", 25))
    )
    counts = (0, 2, 1, 0, 0, 3, 5, 2, 1, 4, 0, 2, 3, 1)
    store.set(
        Keys.VELOCITY, tuple(DayCount(f"2025-12-{19 + day}", count) for day, count in enumerate(counts))
    )
