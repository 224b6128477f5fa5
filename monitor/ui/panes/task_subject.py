"""What all panes of a task's details have in common: the one task that they are about."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, ClassVar

from monitor.keystore import Keys
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.task_cards import TaskBook, TaskCard
from monitor.ui.widgets.columns import R

if TYPE_CHECKING:
    from monitor.keystore import KeyStore
    from monitor.model import TaskEvent
    from monitor.ui.spans import Cell
    from monitor.ui.widgets.rows import Row
    from monitor.ui.wiring import Wiring


class TaskSubject:
    """Follows one task; what was known of it last stays, when it leaves the board."""

    def __init__(self, store: KeyStore, root: str, task_id: str) -> None:
        self.root, self.task_id = root, task_id
        self.book = TaskBook(store)
        self._store = store
        self._last: TaskCard | None = None

    def look(self) -> tuple[TaskCard | None, bool]:
        """The task as it is, or was known last, and whether it is on the board."""
        card = self.book.find(self.root, self.task_id)
        if card is not None:
            self._last = card
            return card, True
        if self._last is None:
            told = next((event.task for event in self.history() if event.task is not None), None)
            self._last = None if told is None else self.book.card(told)
        return self._last, False

    def history(self) -> tuple[TaskEvent, ...]:
        """What happened to it, newest first."""
        events: tuple[TaskEvent, ...] = self._store.get(Keys.task_history(self.task_id), ())
        return tuple(event for event in events if event.root == self.root)


class TaskPane(Pane[R]):
    """A pane about one task."""

    TITLES: ClassVar[bool] = False

    def __init__(self, wiring: Wiring, subject: TaskSubject, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self.subject = subject
        super().__init__(wiring, id=id)

    def patterns(self) -> tuple[str, ...]:
        """The boards, this task's history, and the agents, one of whom may be at it."""
        history = glob.escape(Keys.task_history(self.subject.task_id))
        return (Keys.TASKS, history, Keys.status("*"), Keys.CLOCK)

    def notice(self, changed: frozenset[str]) -> None:
        """Of the agents only the task's own one matters."""
        card, _ = self.subject.look()
        mine = Keys.status((card.task.assigned_to if card else None) or "")
        kept = frozenset(key for key in changed if key == mine or not key.startswith("agents:"))
        if kept:
            super().notice(kept)

    def copied(self, row: Row[R]) -> str:  # noqa: ARG002 - whichever it is
        """The task's id."""
        return self.subject.task_id

    def empty(self) -> tuple[Cell, ...]:
        """It may have gone before anybody looked, or not have come yet at the moment that a replay shows."""
        return ((("The board does not have this task at this moment.", "muted"),),)
