"""One task in detail: what the board says of it, what it is related to, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.ui.panes.task_details import TaskFactsPane
from monitor.ui.panes.task_history import TaskHistoryPane
from monitor.ui.panes.task_related import RelatedPane
from monitor.ui.panes.task_subject import TaskSubject
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.panes import PanesScreen, side_by_side, stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.geometry import Region
    from textual.widget import Widget

    from monitor.ui.commands import Context
    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 130
"""Width from which its history stands beside the rest."""


class TaskScreen(PanesScreen[None], Overlay):
    """Everything about one task, also when it has left the board."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("panes", "overlay")

    def __init__(self, wiring: Wiring, root: str, task_id: str) -> None:
        self.root, self.task_id = root, task_id
        subject = TaskSubject(wiring.store, root, task_id)
        self.facts = TaskFactsPane(wiring, subject, id="task-facts")
        self.related = RelatedPane(wiring, subject, id="task-related")
        self.history = TaskHistoryPane(wiring, subject, id="task-history")
        # The related tasks have the focus: `enter` goes on to them.
        super().__init__(wiring, (self.facts, self.related, self.history), start="task-related")

    def body(self) -> Iterable[Widget]:
        """The panes."""
        yield self.grid

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """What it is on the left, what happened to it on the right; else one below the other."""
        if area.width < _SIDE_BY_SIDE:
            return dict(stack(self.panes(), area, here, first=self.facts))
        left, right = side_by_side(area, 2)
        beside = stack((self.facts, self.related), left, here, first=self.facts)
        return {**dict(beside), "task-history": right}
