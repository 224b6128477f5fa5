"""One task in detail: what the board says of it, what it is related to, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.containers import Container
from textual.events import DescendantFocus

from monitor.ui.panes.pane import Pane
from monitor.ui.panes.task_details import TaskFactsPane
from monitor.ui.panes.task_history import TaskHistoryPane
from monitor.ui.panes.task_related import RelatedPane
from monitor.ui.panes.task_subject import TaskSubject
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.layout import Slot, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.geometry import Size
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 130
_FRAME: Final = 2


class TaskScreen(Overlay):
    """Everything about one task, also when it has left the board."""

    def __init__(self, wiring: Wiring, root: str, task_id: str) -> None:
        super().__init__(wiring)
        self.root, self.task_id = root, task_id
        subject = TaskSubject(wiring.store, root, task_id)
        self.facts = TaskFactsPane(wiring, subject, id="task-facts")
        self.related = RelatedPane(wiring, subject, id="task-related")
        self.history = TaskHistoryPane(wiring, subject, id="task-history")
        self._shared: tuple[bool, dict[str, int]] | None = None

    def body(self) -> Iterable[Widget]:
        """What it is on the left, what happened to it on the right."""
        yield Container(
            Container(self.facts, self.related, id="left"), Container(self.history, id="right"), id="details"
        )

    def on_mount(self) -> None:
        """The related tasks have the focus: `enter` goes on to them."""
        self.share_out(self.app.size)
        self.related.table.focus()

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out(self.size)

    @on(Pane.Grown)
    @on(DescendantFocus)
    def _share_again(self) -> None:
        self.share_out(self.size)

    def share_out(self, size: Size) -> None:
        """Two columns where there is room, else one below the other; by need, when it comes to something else."""
        room = max(0, size.height - _FRAME - self.time_line_height(size))
        beside = size.width >= _SIDE_BY_SIDE
        here = self.pane or self.related
        columns: list[list[Pane[Any]]] = (
            [[self.facts, self.related], [self.history]] if beside else [self.panes()]
        )
        lines: dict[str, int] = {}
        for panes in columns:
            slots = [
                Slot(pane.id or "", pane.wanted, promised=room // 2 * (pane is not here)) for pane in panes
            ]
            lines |= share(
                slots, room, sorted((slot.name for slot in slots), key=lambda name: name != here.id)
            )
        if (beside, lines) == self._shared:
            return
        self._shared = beside, lines
        self.query_one("#details").set_class(beside, "-beside")
        for pane in self.panes():
            pane.display = lines[pane.id or ""] > 0
            pane.styles.height = max(1, lines[pane.id or ""])

    def panes(self) -> list[Pane[Any]]:
        """All of them, folded or not."""
        return [self.facts, self.related, self.history]

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is hidden now."""
        panes = self.panes()
        here = panes.index(self.pane) if self.pane in panes else 0
        target = panes[(here + step) % len(panes)]
        if not target.display:
            self._shared = None
            target.display = True
        target.table.focus()
