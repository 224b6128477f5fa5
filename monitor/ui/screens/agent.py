"""One agent in detail: why it has its status, its processes, commits, tasks and activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

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
from monitor.ui.panes.base import BasePane
from monitor.ui.panes.charts import ChartsPane
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.layout import Slot, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.binding import BindingType
    from textual.geometry import Size
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 130
_FRAME: Final = 2


class AgentScreen(Overlay):
    """Everything about one agent. While it is open, the feed is asked for the agent's processes."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("agent", "acting"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("agent", "acting", "overlay")

    def __init__(self, wiring: Wiring, agent_id: str) -> None:
        super().__init__(wiring)
        self.agent_id = agent_id
        self._facts = FactsPane(wiring, agent_id, id="facts")
        self.processes = ProcessesPane(wiring, agent_id, id="processes")
        self._right: Sequence[BasePane] = (
            ChartsPane(wiring, agent_id, id="charts"),
            AgentTasksPane(wiring, agent_id, id="tasks-of-agent"),
            AgentCommitsPane(wiring, agent_id, id="commits-of-agent"),
            ActivityPane(wiring, agent_id, id="activity"),
        )
        self._shared: tuple[bool, dict[str, int]] | None = None

    def body(self) -> Iterable[Widget]:
        """Facts and processes on the left, charts, tasks, commits and activity on the right."""
        yield Container(
            Container(self._facts, self.processes, id="left"),
            Container(*self._right, id="right"),
            id="details",
        )

    def on_mount(self) -> None:
        """The facts have the focus."""
        self.share_out(self.app.size)
        self._facts.table.focus()

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out(self.size)

    @on(BasePane.Grown)
    @on(DescendantFocus)
    def _share_again(self) -> None:
        self.share_out(self.size)

    def share_out(self, size: Size) -> None:
        """Two columns where there is room, else one below the other; by need, when it comes to something else."""
        room = max(0, size.height - _FRAME - self.time_line_height(size))
        beside = size.width >= _SIDE_BY_SIDE
        here = (self.focused_pane or self._facts).id or ""
        columns: list[list[BasePane]] = (
            [[self._facts, self.processes], list(self._right)] if beside else [self.panes()]
        )
        lines: dict[str, int] = {}
        for panes in columns:
            slots = [Slot(pane.id or "", pane.wanted, promised=self._promised(pane, room)) for pane in panes]
            order = [slot.name for slot in slots]
            lines |= share(slots, room, sorted(order, key=lambda name: name != here))
        if (beside, lines) == self._shared:
            return
        self._shared = beside, lines
        self.query_one("#details").set_class(beside, "-beside")
        for pane in self.panes():
            pane.display = lines[pane.id or ""] > 0
            pane.styles.height = max(1, lines[pane.id or ""])

    def _promised(self, pane: BasePane, room: int) -> int:
        """The facts are read first; else what has the focus."""
        if pane is self._facts:
            return room // 2
        return room if pane is self.focused_pane else 0

    def panes(self) -> list[BasePane]:
        """All of them, folded or not."""
        return [self._facts, self.processes, *self._right]

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is hidden now."""
        panes = self.panes()
        here = panes.index(self.focused_pane) if self.focused_pane in panes else 0
        target = panes[(here + step) % len(panes)]
        if not target.display:
            self._shared = None
            target.display = True
        target.focus()

    def agent_here(self) -> str:
        """The one that the screen is about."""
        return self.agent_id

    def agents_here(self) -> tuple[str, ...]:
        """The one that the screen is about."""
        return (self.agent_id,)

    def action_toggle_tree(self) -> None:
        """Show the processes as a tree, or flat by CPU."""
        self.processes.toggle_tree()
