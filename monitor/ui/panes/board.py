"""The board: every task, what is blocked and in progress first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.keystore import Keys
from monitor.model import Board, Task
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.commits import agent_names
from monitor.ui.panes.pane import Pane, Sort
from monitor.ui.panes.tasks import TASK_GLYPHS, missing_board
from monitor.ui.spans import UNKNOWN, Cell, Span
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.palette import StyleName

_ORDER: Final = ("BLOCKED", "IN_PROGRESS", "REVIEW", "TODO")
_PRIORITIES: Final = ("critical", "high", "medium", "low")
_PRIORITY_STYLES: Final[dict[str, StyleName]] = {"critical": "bad", "high": "warn"}


def _progress(task: Task) -> tuple[int, int, str]:
    """What needs somebody first, then by priority."""
    order = _ORDER.index(task.status) if task.status in _ORDER else len(_ORDER)
    priority = task.priority.casefold()
    return (order, _PRIORITIES.index(priority) if priority in _PRIORITIES else len(_PRIORITIES), task.id)


def task_status(task: Task) -> Cell:
    """A task's status in the board's own word, with a glyph."""
    glyph, style = TASK_GLYPHS.get(task.status, ("?", "muted"))
    return ((f"{glyph} {clean(task.status)}", style),)


class BoardPane(Pane[Task]):
    """One line a task."""

    CAPTION = "Task board"
    PATTERNS = (Keys.TASKS,)
    FIELDS = frozenset({"status", "priority", "agent", "tag", "id", "title"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}
    SORTS: ClassVar = (
        Sort("status", "status", _progress),
        Sort("updated", "last update", lambda task: task.updated_at, descending=True),
        Sort("agent", "agent", lambda task: task.assigned_to),
    )

    def columns(self) -> Sequence[Column[Task]]:
        """Status, id, priority, agent, title, what blocks it, age."""
        return (
            Column("status", "STATUS", 13, lambda task, _: task_status(task)),
            Column("id", "ID", 8, lambda task, _: ((clean(task.id), "text"),), flexible=1, limit=14),
            Column("priority", "PRIORITY", 8, _priority, priority=4),
            Column("agent", "AGENT", 10, self._agent, priority=1, flexible=1, limit=18),
            Column("title", "TITLE", 20, lambda task, _: ((clean(task.title), "text"),), flexible=4),
            Column("blockers", "WAITS FOR", 16, _blockers, priority=2, flexible=3),
            Column("updated", "UPDATED", 8, self._updated, "right", priority=3, moving=True),
        )

    def _agent(self, task: Task, _width: int) -> Cell:
        if not task.assigned_to:
            return ((UNKNOWN, "faint"),)
        return ((agent_names(self.store, (task.assigned_to,)), "text"),)

    def _updated(self, task: Task, _width: int) -> Cell:
        return ((text.age(task.updated_at, self.now), "muted"),)

    def records(self) -> Sequence[Row[Task]]:
        """All tasks of all roots."""
        board: Board = self.store.get(Keys.TASKS) or Board()
        return [Row(f"{task.root}\n{task.id}", task) for task in board.tasks]

    def fields(self, record: Task) -> Mapping[str, str]:
        """What of a task can be searched."""
        return {
            "status": record.status,
            "priority": record.priority,
            "agent": record.assigned_to or "",
            "tag": " ".join(record.tags),
            "id": record.id,
            "title": record.title,
            "blockers": " ".join(record.blockers),
        }

    def numbers(self, record: Task) -> Mapping[str, float | None]:
        """The age of its last update."""
        return {"age": self.seconds_since(record.updated_at)}

    def copied(self, row: Row[Task]) -> str:
        """The task's id."""
        return row.record.id

    def summary(self) -> Cell:
        """Where the board is and how old the reading."""
        board: Board | None = self.store.get(Keys.TASKS)
        if board is None or not board.boards:
            return ()
        state = board.boards[0]
        spans: list[Span] = [(clean(state.path), "muted")]
        if state.sprint:
            spans.append((f"   {clean(state.sprint)}", "text"))
        if state.error:
            spans.append((f"   ▲ {clean(state.error)}", "warn"))
        return tuple(spans)

    def empty(self) -> tuple[Cell, ...]:
        """Where a board would be."""
        return (missing_board(self.store.get(Keys.TASKS)),)


def _priority(task: Task, _width: int) -> Cell:
    return ((clean(task.priority), _PRIORITY_STYLES.get(task.priority.casefold(), "muted")),)


def _blockers(task: Task, _width: int) -> Cell:
    if task.blockers:
        return ((clean(task.blockers[-1]), "warn" if task.status == "BLOCKED" else "muted"),)
    if task.dependencies:
        return ((clean(", ".join(task.dependencies)), "muted"),)
    return ()
