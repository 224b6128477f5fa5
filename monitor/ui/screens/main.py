"""The main screen: agents above; commits, health and alerts below; the task counts; keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.containers import Container
from textual.events import DescendantFocus

from monitor.keystore import Keys
from monitor.ui.commands import Context, bindings
from monitor.ui.filter import Filter
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.panes.alerts import AlertsPane
from monitor.ui.panes.board import BoardPane
from monitor.ui.panes.commits import CommitsPane
from monitor.ui.panes.health import HealthPane
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.tasks import TaskLine
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.base import BaseScreen
from monitor.ui.screens.board import BoardScreen
from monitor.ui.screens.layout import Slot, fold
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 132
"""Columns from which the lower panes stand beside each other."""
_FRAME: Final = 3
"""Lines of header, task counts and footer."""
_LOWER_LEAST: Final = 10
"""Lines that the lower panes keep side by side, when there are that many."""
_AGENT_STEP: Final = 4
"""The agents pane grows by so many lines at a time, so that one agent more does not move everything."""


class MainScreen(BaseScreen[None]):
    """The screen one looks at all day."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("main"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("main",)

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        self.agents = AgentsPane(wiring, id="agents")
        self.alerts = AlertsPane(wiring, id="alerts")
        self.agents.filter = Filter.parse(wiring.options.initial_filter, AgentsPane.FIELDS)
        self._lower: tuple[Pane[Any], ...] = (
            CommitsPane(wiring, id="commits"),
            HealthPane(wiring, id="health"),
            self.alerts,
        )
        self._unfolded: Pane[Any] = self.alerts
        self._zoomed: Pane[Any] | None = None
        self._lines: dict[str, int] = {}
        self._agent_lines = 0

    def body(self) -> Iterable[Widget]:
        """Agents, the lower panes, the line of counts."""
        yield self.agents
        yield Container(*self._lower, id="lower")
        yield TaskLine(self.wiring)

    def on_mount(self) -> None:
        """The agents have the focus; more of them need more room."""
        self._stop_agents = self.wiring.notices.listen((Keys.AGENTS,), self._agents_changed)
        self.agents.table.focus()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_agents()

    # --- layout -------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Share the new size out."""
        self.share_out()

    def _agents_changed(self, _changed: frozenset[str]) -> None:
        wanted = self._wanted_by_agents()
        if wanted != self._agent_lines:
            self.share_out()

    def _wanted_by_agents(self) -> int:
        """Lines for title, column titles and all agents, in steps."""
        lines = 2 + max(3, len(self.store_ids))
        return -(-lines // _AGENT_STEP) * _AGENT_STEP

    @property
    def store_ids(self) -> tuple[str, ...]:
        """Ids of the agents."""
        return tuple(self.wiring.store.get(Keys.AGENTS, ()))

    def share_out(self) -> None:
        """Share the height among the panes, and tell them; done on a resize or on demand, never on a tick."""
        width, height = self.size
        self._agent_lines = self._wanted_by_agents()
        beside = width >= _SIDE_BY_SIDE
        room = max(0, height - _FRAME)
        if self._zoomed is not None:
            lines = {pane.id or "": 0 for pane in (self.agents, *self._lower)}
            lines[self._zoomed.id or ""] = room
        elif beside:
            upper = min(
                self._agent_lines, max(room * 3 // 5, room - _LOWER_LEAST * 2), max(room - _LOWER_LEAST, 0)
            )
            upper = max(upper, min(room, 5))
            lines = {"agents": upper} | {pane.id or "": room - upper for pane in self._lower}
        else:
            lines = self._fold(room)
        lower = self.query_one("#lower")
        lower.set_class(beside and self._zoomed is None, "-beside")
        for pane in (self.agents, *self._lower):
            pane.display = lines[pane.id or ""] > 0
            pane.styles.height = max(1, lines[pane.id or ""])
        lower.display = any(lines[pane.id or ""] for pane in self._lower)

    def _fold(self, room: int) -> dict[str, int]:
        slots = [Slot("agents", self._agent_lines, 5), *(Slot(pane.id or "", 8) for pane in self._lower)]
        unfolded = self._unfolded.id or ""
        rest = [name for name in ("alerts", "health", "commits") if name != unfolded]
        order = ["agents", unfolded, *rest]
        if room < len(slots) + 8 and self.pane is not self.agents:
            order = [unfolded, "agents", *rest]
        return fold(slots, room, order)

    @on(DescendantFocus)
    def _unfold_focused(self) -> None:
        pane = self.pane
        if pane is None:
            return
        if pane is not self.agents:
            self._unfolded = pane
        if self._zoomed is not None and pane is not self._zoomed:
            self._zoomed = pane
        self.share_out()

    # --- commands -----------------------------------------------------------------------------------------------

    def panes(self) -> list[Pane[Any]]:
        """All four, folded or not: going to one unfolds it."""
        return [self.agents, *self._lower]

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        pane = self.query_one(f"#{name}", Pane)
        pane.display = True
        self.query_one("#lower").display = True
        pane.table.focus()

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is hidden now."""
        panes = self.panes()
        here = panes.index(self.pane) if self.pane in panes else 0
        self.action_pane(panes[(here + step) % len(panes)].id or "")

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        self._zoomed = None if self._zoomed is not None else self.pane
        self.share_out()

    def action_board(self) -> None:
        """Open the task board."""
        self.app.push_screen(BoardScreen(self.wiring, BoardPane(self.wiring)))

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
        self.agents.table.select(agent_id)

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
        agent_id = row.id if table is self.agents.table else about
        if agent_id in self.store_ids:
            self.app.push_screen(AgentScreen(self.wiring, agent_id))
