"""The tasks on the main screen: a line a task, or all of them in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.task_cards import agent_cell, waits_cell
from monitor.ui.panes.task_rows import EveryTaskPane
from monitor.ui.panes.task_words import (
    board_counts,
    board_problem,
    missing_board,
    need,
    priority_rank,
    since_age,
    task_priority,
    task_status,
    velocity,
)
from monitor.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.keystore import KeyStore
    from monitor.model import Board
    from monitor.ui.panes.task_cards import TaskCard
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


def _urgency(card: TaskCard) -> tuple[int, int, str]:
    return (need(card.task.status), priority_rank(card.task), card.task.id)


class TasksPane(EveryTaskPane):
    """One line a task, what needs somebody first."""

    NUMBER = "5"
    CAPTION = "Tasks"
    SORTS: ClassVar = (
        Sort("status", "status", _urgency),
        Sort("age", "age in status", lambda card: card.since.at),
        Sort("title", "last update", lambda card: card.task.updated_at, descending=True),
        Sort("priority", "priority", lambda card: (priority_rank(card.task), need(card.task.status))),
        Sort("agent", "agent", lambda card: card.task.assigned_to),
    )

    def __init__(self, wiring: Wiring, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        self._has_systems = False
        super().__init__(wiring, id=id)

    def columns(self) -> Sequence[Column[TaskCard]]:
        """Status, id, priority, agent, age in status, title, what it waits for; the system where one has tasks."""
        system: Column[TaskCard] = Column(
            "system", "SYSTEM", 8, _system, part="task", priority=3, flexible=1, limit=16
        )
        return (
            *((system,) if self._has_systems else ()),
            Column("status", "STATUS", 13, lambda card, _: task_status(card.task), part="task"),
            Column(
                "id",
                "ID",
                8,
                lambda card, _: ((clean(card.task.id), "text"),),
                part="task",
                flexible=1,
                limit=12,
            ),
            Column(
                "priority", "PRIORITY", 8, lambda card, _: task_priority(card.task), part="task", priority=4
            ),
            Column("agent", "AGENT", 12, lambda card, _: agent_cell(card), priority=1, flexible=1, limit=24),
            Column("age", "AGE", 5, self._age, "right", moving=True),
            Column("title", "TITLE", 20, _title, part="task", flexible=4, liked=30),
            Column("waits", "WAITS FOR", 16, lambda card, _: waits_cell(card), priority=2, flexible=3),
        )

    def _age(self, card: TaskCard, _width: int) -> Cell:
        return ((since_age(card.since, self.now), "muted"),)

    def refresh_rows(self) -> None:
        """Say whose a task is where attached systems have some."""
        board: Board | None = self.store.get(Keys.TASKS)
        has_systems = board is not None and any(task.system for task in board.tasks)
        if has_systems != self._has_systems:
            self._has_systems = has_systems
            self.table.show_columns(self.columns())
        super().refresh_rows()

    def summary(self) -> Cell:
        """Counts by status, what was completed of late, and what is wrong with the board."""
        board: Board | None = self.store.get(Keys.TASKS)
        if board is None or not board.tasks:
            return ()
        problem = board_problem(board, self.now)
        wrong: Cell = ((f"▲ {problem}   ", "warn"),) if problem else ()
        only: Cell = (("only ", "muted"), *self.only_words(), ("   ", "text")) if self.only else ()
        return (*only, *wrong, *board_counts(board), *velocity(self.store.get(Keys.VELOCITY), words=False))


def _title(card: TaskCard, _width: int) -> Cell:
    return ((clean(card.task.title), "text"),)


def _system(card: TaskCard, _width: int) -> Cell:
    return ((clean(card.task.system or ""), "info"),)


def task_counts(store: KeyStore) -> Cell:
    """How many tasks there are in each status, and why the board shown is not today's when it is not."""
    board: Board | None = store.get(Keys.TASKS)
    if board is None or not board.tasks:
        return missing_board(board)
    problem = board_problem(board, store.get(Keys.CLOCK))
    return (*board_counts(board), *(((f"▲ {problem}", "warn"),) if problem else ()))
