"""The main screen: agents above, the other panes below in a grid, a line that names those without room, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.events import DescendantFocus
from textual.geometry import Size

from monitor.keystore import Keys
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.panes.alerts import AlertsPane
from monitor.ui.panes.commits import CommitsPane
from monitor.ui.panes.folded import FoldedLine
from monitor.ui.panes.health import HealthPane
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.systems import SystemsPane
from monitor.ui.panes.tasks import TasksPane
from monitor.ui.panes.timeline import TimelinePane
from monitor.ui.screens.arrange import Need, arrange
from monitor.ui.screens.base import BaseScreen
from monitor.ui.widgets.line_table import LineTable
from monitor.ui.widgets.pane_grid import PaneGrid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_FRAME: Final = 2
"""Lines of header and footer."""
_LIMITS: Final = {"health": 60, "systems": 80}
"""Cells beyond which a pane does not grow beside others."""


class MainScreen(BaseScreen[None]):
    """The screen one looks at all day."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("main"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("main",)

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        self.agents = AgentsPane(wiring, id="agents")
        self.alerts = AlertsPane(wiring, id="alerts")
        self.agents.filter = self.agents.parsed(wiring.options.initial_filter)
        self._panes: tuple[Pane[Any], ...] = (
            self.agents,
            CommitsPane(wiring, id="commits"),
            HealthPane(wiring, id="health"),
            self.alerts,
            TasksPane(wiring, id="tasks"),
            TimelinePane(wiring, id="timeline"),
            SystemsPane(wiring, id="systems"),
        )
        self._grid = PaneGrid(self._panes, id="panes")
        self._folded = FoldedLine(wiring)
        remembered = wiring.memory.arrangement
        self._hidden = set(remembered.hidden) & {pane.id for pane in self._panes}
        if len(self._hidden) == len(self._panes):
            self._hidden.clear()
        self._zoomed = remembered.zoomed if remembered.zoomed not in self._hidden else ""

    def body(self) -> Iterable[Widget]:
        """The panes, and the line that names those without room."""
        yield self._grid
        yield self._folded

    def on_mount(self) -> None:
        """The agents have the focus; the size is known before Textual tells it, so the first picture is right."""
        first = self._named(self._zoomed) or next(iter(self.panes()))
        self.share_out(self.app.size, first)
        first.table.focus()

    @property
    def store_ids(self) -> tuple[str, ...]:
        """Ids of the agents."""
        return tuple(self.wiring.store.get(Keys.AGENTS, ()))

    # --- layout -------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out(self.size)

    @on(Pane.Grown)
    def _more_to_show(self) -> None:
        self.share_out(self.size)

    @on(DescendantFocus)
    def _unfold_focused(self) -> None:
        if self._zoomed and self.pane is not None and self.pane.id != self._zoomed:
            self._zoom(self.pane.id or "")
        self.share_out(self.size)

    def share_out(self, size: Size, here: Pane[Any] | None = None) -> None:
        """Give each pane its place, when it comes to another one than before.

        Done on a resize, on a change of focus, and when a pane has more to show; never on a tick.
        """
        here = here or self.pane or self.panes()[0]
        room = Size(size.width, max(0, size.height - _FRAME - self.time_line_height(size)))
        needs = [Need(pane.id or "", pane.wanted, _LIMITS.get(pane.id or "", 1000)) for pane in self.panes()]
        places = arrange(room, needs, here.id or "", self._zoomed or None)
        if len(places) < len(self._panes) and room.height > 1:
            room = Size(room.width, room.height - 1)
            places = arrange(room, needs, here.id or "", self._zoomed or None)
        self._folded.tell([pane for pane in self._panes if pane.id not in places], self._hidden)
        self._folded.display = len(places) < len(self._panes)
        self._grid.place(places)

    # --- which panes there are ----------------------------------------------------------------------------------

    def panes(self) -> list[Pane[Any]]:
        """Those that are not hidden, folded or not: going to one unfolds it."""
        return [pane for pane in self._panes if pane.id not in self._hidden]

    def _named(self, name: str) -> Pane[Any] | None:
        return next((pane for pane in self._panes if pane.id == name), None)

    def action_pane(self, name: str) -> None:
        """Go to a pane; one that is hidden is shown again."""
        pane = self._named(name)
        if pane is None:
            return
        if name in self._hidden:
            self._hide(self._hidden - {name})
        if self._zoomed:
            self._zoom(name)
        # Only what is displayed can have the focus.
        self.share_out(self.size, pane)
        pane.table.focus()

    @on(FoldedLine.Clicked)
    def _folded_clicked(self, event: FoldedLine.Clicked) -> None:
        event.stop()
        self.action_pane(event.name)

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is folded now."""
        panes = self.panes()
        here = panes.index(self.pane) if self.pane in panes else 0
        self.action_pane(panes[(here + step) % len(panes)].id or "")

    def action_hide(self) -> None:
        """Hide the focused pane; the last one stays."""
        here, panes = self.pane, self.panes()
        if here is None or len(panes) == 1:
            self.notify("This is the last pane: W shows the others again.", timeout=3)
            return
        following = panes[(panes.index(here) + 1) % len(panes)]
        if self._zoomed:
            self._zoom("")
        self._hide(self._hidden | {here.id or ""})
        self.share_out(self.size, following)
        following.table.focus()

    def action_show_all(self) -> None:
        """Show every pane again."""
        self._hide(set())
        self.share_out(self.size)

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        self._zoom("" if self._zoomed else (self.pane.id or "" if self.pane else ""))
        self.share_out(self.size)

    def _hide(self, names: set[str]) -> None:
        self._hidden = names
        self.wiring.memory.change(hidden=tuple(sorted(names)))

    def _zoom(self, name: str) -> None:
        self._zoomed = name
        self.wiring.memory.change(zoomed=name)

    # --- commands -----------------------------------------------------------------------------------------------

    def action_board(self) -> None:
        """Open the task board."""
        from monitor.ui.panes.board import BoardPane
        from monitor.ui.screens.board import BoardScreen

        self.app.push_screen(BoardScreen(self.wiring, BoardPane(self.wiring)))

    def action_next_waiting(self, step: int) -> None:
        """Go to the next agent that needs a person."""
        agent_id = self.agents.waiting(step)
        if agent_id is None:
            self.notify("No agent waits for a person.", timeout=3)
            return
        self.go_to("agents", agent_id)

    def go_to(self, name: str, row_id: str) -> bool:
        """Go to a row of a pane; False when it has no such row."""
        self.action_pane(name)
        pane = self._named(name)
        return pane is not None and pane.reveal(row_id)

    def action_open(self) -> None:
        """Open the agent that is selected, or that the selected commit or alert is about."""
        if self.pane is not None:
            self._open(self.pane.table)

    @on(LineTable.Activated)
    def _clicked_twice(self, event: LineTable.Activated) -> None:
        self._open(event.table)

    def _open(self, table: LineTable[Any]) -> None:
        row = table.selected
        if row is None:
            return
        about = getattr(row.record, "agent_id", None) or getattr(row.record, "subject", "")
        agent_id = self.agents.selected_agent if table is self.agents.table else about
        if agent_id is None or agent_id not in self.store_ids:
            return
        if table is self.agents.table:
            from monitor.ui.acting.own_pane import go

            go(self.app, self.wiring, agent_id)
        else:
            from monitor.ui.opening import open_agent

            open_agent(self.app, self.wiring, agent_id)
