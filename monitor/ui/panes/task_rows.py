"""What the panes of tasks have in common: the cards, a filter, the way to a task's details, and only one agent's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.task_cards import TaskBook, TaskCard
from monitor.ui.panes.task_words import missing_board
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring


class TaskRowsPane(Pane[TaskCard]):
    """One row a task."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("tasks"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("tasks",)
    PATTERNS = (Keys.TASKS, Keys.task_history("*"), Keys.status("*"), Keys.VELOCITY)
    FIELDS = frozenset({"status", "priority", "agent", "tag", "id", "title", "system", "word"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self.book = TaskBook(wiring.store)
        super().__init__(wiring, id=id)

    def notice(self, changed: frozenset[str]) -> None:
        """Show what is new of the tasks; most of what is new of their agents is not."""
        before = self.now
        if self.book.concerns(changed):
            super().notice(changed)
        elif Keys.CLOCK in changed:
            super().notice(frozenset({Keys.CLOCK}))
        if self.now != before:
            self._tell_title()

    def fields(self, record: TaskCard) -> Mapping[str, str]:
        """What of a task can be searched."""
        task = record.task
        return {
            "status": task.status,
            "priority": task.priority,
            "agent": task.assigned_to or "",
            "tag": " ".join(task.tags),
            "name": record.agent.name if record.agent else "",
            "id": task.id,
            "title": task.title,
            "system": task.system or "",
            "word": task.system_status or "",
            "blockers": " ".join(task.blockers),
            "dependencies": " ".join(task.dependencies),
        }

    def numbers(self, record: TaskCard) -> Mapping[str, float | None]:
        """For how long it has been in its status."""
        return {"age": self.seconds_since(record.since.at)}

    def copied(self, row: Row[TaskCard]) -> str:
        """The task's id."""
        return row.record.task.id

    # --- commands -----------------------------------------------------------------------------------------------

    def action_open_task(self) -> None:
        """Open the details of the selected task."""
        row = self.table.selected
        if row is not None:
            from monitor.ui.screens.task import TaskScreen

            task = row.record.task
            self.app.push_screen(TaskScreen(self.wiring, task.root, task.id))

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        event.stop()
        self.action_open_task()


class EveryTaskPane(TaskRowsPane):
    """The tasks of all roots and agents, or for a while those of one agent."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("board"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("tasks", "board")

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self.only: str | None = None
        """Id of the agent whose tasks alone are shown."""
        super().__init__(wiring, id=id)

    def records(self) -> Sequence[Row[TaskCard]]:
        """All tasks, or those of one agent."""
        rows = self.book.rows()
        return (
            rows if self.only is None else [row for row in rows if row.record.task.assigned_to == self.only]
        )

    def empty(self) -> tuple[Cell, ...]:
        """Where a board would be, or whose tasks are not on it."""
        if self.only is None:
            return (missing_board(self.store.get(Keys.TASKS)),)
        return (
            (
                ("No task of ", "muted"),
                *self.only_words(),
                (". ", "muted"),
                ("f", "key"),
                (" shows all.", "muted"),
            ),
        )

    def only_words(self) -> Cell:
        """The name of the agent whose tasks alone are shown; empty when all are."""
        if self.only is None:
            return ()
        status = self.store.get(Keys.status(self.only))
        return ((clean(status.name if status else self.only), "accent"),)

    def action_only_agent(self) -> None:
        """Show only the tasks of the selected one's agent, or all again."""
        row = self.table.selected
        if self.only is not None:
            self.only = None
        elif row is not None and row.record.task.assigned_to is not None:
            self.only = row.record.task.assigned_to
        else:
            return
        self.refresh_rows()

    def action_clear_filter(self) -> None:
        """Show everything again: first of all agents, then without the filter."""
        if self.only is None:
            super().action_clear_filter()
        else:
            self.action_only_agent()
