"""The tasks that are assigned to an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.panes.task_cards import EVERYBODY, waits_cell
from monitor.ui.panes.task_rows import TaskRowsPane
from monitor.ui.panes.task_words import is_over, need, since_age, task_status
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.ui.panes.task_cards import TaskCard
    from monitor.ui.spans import Cell
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring


class AgentTasksPane(TaskRowsPane):
    """One line a task; what needs somebody first, what is done last. Each opens with its history."""

    NUMBER = "5"
    CAPTION = "Tasks"
    TITLES = False

    def __init__(self, wiring: Wiring, agent_id: str, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self.agent_id = agent_id
        self._gone = False
        """Whether the moment shown knows nothing of the agent."""
        self._left = 0
        """Tasks still to be done."""
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[TaskCard]]:
        """Status, since when, id, title, what it waits for."""
        return (
            Column("status", "STATUS", 13, lambda card, _: task_status(card.task), part="task"),
            Column("age", "AGE", 5, self._since, "right", moving=True),
            Column("id", "ID", 8, _id, part="task", flexible=1, limit=12),
            Column("title", "TITLE", 20, _title, part="task", flexible=4, liked=30),
            Column("waits", "WAITS FOR", 16, lambda card, _: waits_cell(card), priority=2, flexible=3),
        )

    def _since(self, card: TaskCard, _width: int) -> Cell:
        return ((since_age(card.since, self.now), "muted"),)

    def notice(self, changed: frozenset[str]) -> None:
        """The agent may have come or gone, with the board as it was."""
        super().notice(changed)
        if self._gone != self._is_gone():
            self.refresh_rows()

    def _is_gone(self) -> bool:
        return self.store.get(Keys.status(self.agent_id)) is None

    def records(self) -> Sequence[Row[TaskCard]]:
        """Those assigned to it, or to all; of an agent that is not there nothing is said."""
        self._gone = self._is_gone()
        owners = () if self._gone else (self.agent_id, EVERYBODY)
        mine = [row for row in self.book.rows() if row.record.task.assigned_to in owners]
        self._left = sum(not is_over(row.record.task.status) for row in mine)
        return sorted(mine, key=lambda row: need(row.record.task.status))

    def summary(self) -> Cell:
        """How many are still to be done."""
        return ((f"{self._left} of {self.total} open", "muted"),) if self.total else ()

    def empty(self) -> tuple[Cell, ...]:
        """The board may not name it."""
        told = "Nothing is known of it at this moment." if self._gone else "No tasks are assigned to it."
        return (((told, "muted"),),)


def _id(card: TaskCard, _width: int) -> Cell:
    return ((clean(card.task.id), "text"),)


def _title(card: TaskCard, _width: int) -> Cell:
    return ((clean(card.task.title), "text"),)
