"""The tasks that are assigned to an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.keystore import Keys
from monitor.model import Board, Millis, Task, TaskEvent, is_done
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.detail import DetailPane
from monitor.ui.panes.task_words import task_status
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.spans import Cell

_ORDER: Final = ("BLOCKED", "IN_PROGRESS", "REVIEW")
_OPEN, _DONE = len(_ORDER), len(_ORDER) + 1


class AgentTasksPane(DetailPane[Task]):
    """One line a task; what needs somebody first, what is done last."""

    NUMBER = "5"
    CAPTION = "Tasks"
    KEYS = (lambda _agent_id: Keys.TASKS,)
    FIELDS = frozenset({"status"})

    def patterns(self) -> tuple[str, ...]:
        """The histories of tasks tell since when each has its status."""
        return (*super().patterns(), Keys.task_history("*"))

    def columns(self) -> Sequence[Column[Task]]:
        """Status, since when, id, title."""
        return (
            Column("status", "", 13, lambda task, _: task_status(task)),
            Column("since", "", 4, self._since, "right", moving=True),
            Column("id", "", 8, lambda task, _: ((clean(task.id), "text"),), limit=12, flexible=1),
            Column("title", "", 20, lambda task, _: ((clean(task.title), "text"),), flexible=4),
        )

    def _since(self, task: Task, _width: int) -> Cell:
        history: Sequence[TaskEvent] = self.store.get(Keys.task_history(task.id), ())
        return ((text.age(in_status_since(task, history), self.now), "muted"),)

    def _mine(self) -> list[Task]:
        """Those assigned to it, or to all."""
        board: Board = self.store.get(Keys.TASKS) or Board()
        return [task for task in board.tasks if task.assigned_to in (self.agent_id, "all")]

    def records(self) -> Sequence[Row[Task]]:
        """What needs somebody first."""
        return (
            []
            if self.gone
            else [Row(f"{task.root}\n{task.id}", task) for task in sorted(self._mine(), key=_rank)]
        )

    def fields(self, record: Task) -> Mapping[str, str]:
        """Id, status and title."""
        return {"id": record.id, "status": record.status, "title": record.title}

    def copied(self, row: Row[Task]) -> str:
        """The task's id."""
        return row.record.id

    def summary(self) -> Cell:
        """How many are still to be done."""
        mine = self._mine()
        left = sum(not is_done(task.status) for task in mine)
        return ((f"{left} of {len(mine)} open", "muted"),) if self.total else ()

    def nothing(self) -> tuple[Cell, ...]:
        """The board may not name it."""
        return ((("No tasks are assigned to it.", "muted"),),)


def _rank(task: Task) -> int:
    if task.status in _ORDER:
        return _ORDER.index(task.status)
    return _DONE if is_done(task.status) else _OPEN


def in_status_since(task: Task, history: Sequence[TaskEvent]) -> Millis | None:
    """Since when a task has its status: its newest change tells, else its last update bounds it."""
    for event in history:
        changed = event.previous_status != event.new_status
        if event.root == task.root and event.new_status == task.status and changed:
            return event.timestamp
    return task.updated_at
