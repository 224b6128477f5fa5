"""One agent in detail: why it has its status, its processes, commits, tasks and activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.containers import Container
from textual.events import DescendantFocus

from monitor.ui.commands import Context, bindings
from monitor.ui.panes.agent_details import (
    ActivityPane,
    AgentCommitsPane,
    AgentTasksPane,
    ProcessesPane,
)
from monitor.ui.panes.agent_facts import FactsPane
from monitor.ui.panes.pane import Pane
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.layout import Slot, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 130
_FRAME: Final = 2


class AgentScreen(Overlay):
    """Everything about one agent. While it is open, the feed is asked for the agent's processes."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("agent"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("agent", "overlay")

    def __init__(self, wiring: Wiring, agent_id: str) -> None:
        super().__init__(wiring)
        self.agent_id = agent_id
        self._facts = FactsPane(wiring, agent_id, id="facts")
        self.processes = ProcessesPane(wiring, agent_id, id="processes")
        self._right: Sequence[Pane[Any]] = (
            AgentTasksPane(wiring, agent_id, id="tasks-of-agent"),
            AgentCommitsPane(wiring, agent_id, id="commits-of-agent"),
            ActivityPane(wiring, agent_id, id="activity"),
        )
        self._unfolded: Pane[Any] = self.processes

    def body(self) -> Iterable[Widget]:
        """Facts and processes on the left, tasks, commits and activity on the right."""
        yield Container(
            Container(self._facts, self.processes, id="left"),
            Container(*self._right, id="right"),
            id="details",
        )

    def on_mount(self) -> None:
        """The facts have the focus."""
        self._facts.table.focus()

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out()

    def share_out(self) -> None:
        """Two columns where there is room, else one below the other with some of them folded."""
        width, height = self.size
        room = max(0, height - _FRAME)
        beside = width >= _SIDE_BY_SIDE
        self.query_one("#details").set_class(beside, "-beside")
        facts = Slot("facts", max(8, len(self._facts.table.rows) + 2), 4)
        rest = [Slot(pane.id or "", 8) for pane in self._right]
        if beside:
            lines = fold([facts, Slot("processes", 12)], room, ["processes", "facts"])
            lines |= fold(rest, room, [rest[2].name, rest[1].name, rest[0].name])
        else:
            slots = [facts, Slot("processes", 8), *rest]
            order = [self._unfolded.id or "", "facts", *(slot.name for slot in slots[1:])]
            lines = fold(slots, room, list(dict.fromkeys(order)))
        for pane in self.query(Pane):
            pane.display = lines[pane.id or ""] > 0
            pane.styles.height = max(1, lines[pane.id or ""])

    @on(DescendantFocus)
    def _unfold_focused(self) -> None:
        if self.pane is not None:
            self._unfolded = self.pane
            self.share_out()

    def panes(self) -> list[Pane[Any]]:
        """All of them, folded or not."""
        return [self._facts, self.processes, *self._right]

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is hidden now."""
        panes = self.panes()
        here = panes.index(self.pane) if self.pane in panes else 0
        target = panes[(here + step) % len(panes)]
        target.display = True
        target.table.focus()

    def action_toggle_tree(self) -> None:
        """Show the processes as a tree, or flat by CPU."""
        self.processes.toggle_tree()
