"""The main screen: agents above; commits, health and alerts below; the task counts; keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.containers import Container
from textual.events import DescendantFocus

from monitor.keystore import Keys
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.panes.alerts import AlertsPane
from monitor.ui.panes.commits import CommitsPane
from monitor.ui.panes.health import HealthPane
from monitor.ui.panes.pane import Pane
from monitor.ui.panes.tasks import TaskLine
from monitor.ui.screens.base import BaseScreen
from monitor.ui.screens.layout import Slot, share
from monitor.ui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.geometry import Size
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring

_SIDE_BY_SIDE: Final = 132
"""Columns from which the lower panes stand beside each other."""
_FRAME: Final = 3
"""Lines of header, task counts and footer."""
_LEAST: Final = 10
"""Lines from which the lower panes stand beside each other: with less, one pane stands alone or most are folded."""
_AGENTS_LEAST: Final = 5
"""Title, column titles, and three agents."""


class MainScreen(BaseScreen[None]):
    """The screen one looks at all day."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("main"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("main",)

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        self.agents = AgentsPane(wiring, id="agents")
        self.alerts = AlertsPane(wiring, id="alerts")
        self.agents.filter = self.agents.parsed(wiring.options.initial_filter)
        self._lower: tuple[Pane[Any], ...] = (
            CommitsPane(wiring, id="commits"),
            HealthPane(wiring, id="health"),
            self.alerts,
        )
        self._zoomed: Pane[Any] | None = None
        self._shared: tuple[bool, dict[str, int]] | None = None

    def body(self) -> Iterable[Widget]:
        """Agents, the lower panes, the line of counts."""
        yield self.agents
        yield Container(*self._lower, id="lower")
        yield TaskLine(self.wiring)

    def on_mount(self) -> None:
        """The agents have the focus; the size is known before Textual tells it, so the first picture is right."""
        self.share_out(self.app.size)
        self.agents.table.focus()

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
        if self._zoomed is not None and self.pane is not None:
            self._zoomed = self.pane
        self.share_out(self.size)

    def share_out(self, size: Size) -> None:
        """Share the height among the panes, and tell them, when it comes to something else than before.

        Done on a resize, on a change of focus, and when a pane has more to show; never on a tick.
        """
        room = max(0, size.height - _FRAME - self.time_line_height(size))
        beside = size.width >= _SIDE_BY_SIDE and room >= _LEAST and self._zoomed is None
        if self._zoomed is not None:
            lines = {pane.id or "": 0 for pane in self.panes()} | {self._zoomed.id or "": room}
        elif beside:
            lines = self._beside(room)
        else:
            lines = self._below(room)
        if (beside, lines) == self._shared:
            return
        self._shared = beside, lines
        lower = self.query_one("#lower")
        lower.set_class(beside, "-beside")
        for pane in self.panes():
            pane.display = lines[pane.id or ""] > 0
            pane.styles.height = max(1, lines[pane.id or ""])
        lower.display = any(lines[pane.id or ""] for pane in self._lower)

    def _beside(self, room: int) -> dict[str, int]:
        """Agents over the others: what they need up to three fifths, and what the others do not need."""
        needed = max(pane.wanted for pane in self._lower)
        upper = max(_AGENTS_LEAST, min(self.agents.wanted, max(room * 3 // 5, room - needed)))
        return {"agents": upper} | {pane.id or "": room - upper for pane in self._lower}

    def _below(self, room: int) -> dict[str, int]:
        """One below the other: agents what they need up to half, then the focused pane, then all by need."""
        here = self.pane or self.agents
        slots = [
            Slot("agents", max(self.agents.wanted, _AGENTS_LEAST), _AGENTS_LEAST, room // 2),
            *(Slot(pane.id or "", pane.wanted, promised=room * (pane is here)) for pane in self._lower),
        ]
        important = dict.fromkeys((here.id or "", "agents", "alerts", "commits", "health"))
        # Promises are kept in this order: the agents' half first, however important another pane is now.
        order = list(important) if room < _LEAST else sorted(important, key=lambda name: name != "agents")
        return share(slots, room, order)

    # --- commands -----------------------------------------------------------------------------------------------

    def panes(self) -> list[Pane[Any]]:
        """All four, folded or not: going to one unfolds it."""
        return [self.agents, *self._lower]

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        pane = self.query_one(f"#{name}", Pane)
        self._reveal(pane)
        pane.table.focus()

    def _reveal(self, pane: Pane[Any]) -> None:
        """Only what is displayed can have the focus; how high it is, the focus decides."""
        if not pane.display:
            self._shared = None
            pane.display = True
            self.query_one("#lower").display = True

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, also when that one is hidden now."""
        panes = self.panes()
        here = panes.index(self.pane) if self.pane in panes else 0
        self.action_pane(panes[(here + step) % len(panes)].id or "")

    def action_zoom(self) -> None:
        """Give the focused pane everything, or give it back."""
        self._zoomed = None if self._zoomed is not None else self.pane
        self.share_out(self.size)

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
        if agent_id not in self.store_ids:
            return
        if table is self.agents.table:
            from monitor.ui.acting.own_pane import go

            go(self.app, self.wiring, agent_id)
        else:
            from monitor.ui.opening import open_agent

            open_agent(self.app, self.wiring, agent_id)
