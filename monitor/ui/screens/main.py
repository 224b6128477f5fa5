"""The main screen: agents above, the other panes below in a grid, a line that names those without room, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.events import DescendantFocus
from textual.geometry import Region, Size

from monitor.keystore import Keys
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.panes.alerts import AlertsPane
from monitor.ui.panes.commits import CommitsPane
from monitor.ui.panes.folded import FoldedLine
from monitor.ui.panes.health import HealthPane
from monitor.ui.panes.systems import SystemsPane
from monitor.ui.panes.tasks import TasksPane
from monitor.ui.panes.timeline import TimelinePane
from monitor.ui.screens.arrange import Need, arrange
from monitor.ui.screens.panes import PanesScreen
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring

_LIMITS: Final = {"health": 60, "systems": 80}
"""Cells beyond which a pane does not grow beside others."""
_ATTACHED_LIMIT: Final = 120
"""The same for the systems pane where systems are attached, whose numbers need room."""


class MainScreen(PanesScreen[None]):
    """The screen one looks at all day."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("main"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("main", "panes")
    PLACES_ZOOMED = True

    def __init__(self, wiring: Wiring) -> None:
        self.agents = AgentsPane(wiring, id="agents")
        self.alerts = AlertsPane(wiring, id="alerts")
        self.agents.filter = self.agents.parsed(wiring.options.initial_filter)
        panes: tuple[BasePane, ...] = (
            self.agents,
            CommitsPane(wiring, id="commits"),
            HealthPane(wiring, id="health"),
            self.alerts,
            TasksPane(wiring, id="tasks"),
            TimelinePane(wiring, id="timeline"),
            SystemsPane(wiring, id="systems"),
        )
        remembered = wiring.memory.arrangement
        self._hidden = set(remembered.hidden) & {pane.id for pane in panes}
        if len(self._hidden) == len(panes):
            self._hidden.clear()
        zoomed = remembered.zoomed if remembered.zoomed not in self._hidden else ""
        super().__init__(wiring, panes, start=zoomed)
        self.zoomed = bool(zoomed)
        self._folded = FoldedLine(wiring)

    def body(self) -> Iterable[Widget]:
        """The panes, and the line that names those without room."""
        yield self.grid
        yield self._folded

    @property
    def store_ids(self) -> tuple[str, ...]:
        """Ids of the agents."""
        return tuple(self.wiring.store.get(Keys.AGENTS, ()))

    # --- layout -------------------------------------------------------------------------------------------------

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """Agents above, the others in a grid; a line names those without room."""
        limits = {**_LIMITS, "systems": _ATTACHED_LIMIT} if self.wiring.store.get(Keys.SYSTEMS) else _LIMITS
        needs = [Need(pane.id or "", pane.wanted, limits.get(pane.id or "", 1000)) for pane in self.panes()]
        zoomed = here.id if self.zoomed else None
        places = arrange(area.size, needs, here.id or "", zoomed)
        if len(places) < len(self.every_pane) and area.height > 1:
            places = arrange(Size(area.width, area.height - 1), needs, here.id or "", zoomed)
        self._folded.tell([pane for pane in self.every_pane if pane.id not in places], self._hidden)
        self._folded.display = len(places) < len(self.every_pane)
        return places

    # --- which panes there are ----------------------------------------------------------------------------------

    def panes(self) -> list[BasePane]:
        """Those that are not hidden."""
        return [pane for pane in self.every_pane if pane.id not in self._hidden]

    def go_to(self, pane: BasePane) -> None:
        """Give a pane the focus; one that is hidden is shown again."""
        if pane.id in self._hidden:
            self._hide(self._hidden - {pane.id})
        super().go_to(pane)
        self._remember_zoom()

    @on(DescendantFocus)
    def _remember_zoom(self) -> None:
        here = self.focused_pane
        self.wiring.memory.change(zoomed=here.id or "" if self.zoomed and here is not None else "")

    @on(FoldedLine.Clicked)
    def _folded_clicked(self, event: FoldedLine.Clicked) -> None:
        event.stop()
        self.action_pane(event.name)

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        super().action_zoom()
        self._remember_zoom()

    def action_hide(self) -> None:
        """Hide the focused pane; the last one stays."""
        here, panes = self.focused_pane, self.panes()
        if here is None or len(panes) == 1:
            self.notify("This is the last pane: W shows the others again.", timeout=3)
            return
        following = panes[(panes.index(here) + 1) % len(panes)]
        self.zoomed = False
        self._hide(self._hidden | {here.id or ""})
        self.go_to(following)

    def action_show_all(self) -> None:
        """Show every pane again."""
        self._hide(set())
        self.share_out(self.size)

    def _hide(self, names: set[str]) -> None:
        self._hidden = names
        self.wiring.memory.change(hidden=tuple(sorted(names)))

    # --- commands -----------------------------------------------------------------------------------------------

    def action_board(self) -> None:
        """Open the task board."""
        from monitor.ui.panes.board import BoardPane
        from monitor.ui.screens.board import BoardScreen

        self.app.push_screen(BoardScreen(self.wiring, BoardPane(self.wiring)))

    def action_systems(self) -> None:
        """Look into the attached systems."""
        from monitor.ui.opening import open_system

        open_system(self.app, self.wiring)

    def action_next_waiting(self, step: int) -> None:
        """Go to the next agent that needs a person."""
        agent_id = self.agents.waiting(step)
        if agent_id is None:
            self.notify("No agent waits for a person.", timeout=3)
            return
        self.go_to_agent(agent_id)

    def go_to_agent(self, agent_id: str) -> None:
        """Select an agent."""
        self.action_pane("agents")
        self.agents.reveal(agent_id)

    def action_open(self) -> None:
        """Open the agent that is selected, or that the selected alert is about."""
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
