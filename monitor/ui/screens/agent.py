"""The details of one agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from monitor.keystore import Keys
from monitor.text import clean
from monitor.ui.commands import Context, bindings
from monitor.ui.panes.agent_facts import AgentFactsPane
from monitor.ui.panes.charts import ChartsPane
from monitor.ui.panes.detail_activity import ActivityPane
from monitor.ui.panes.detail_alerts import AgentAlertsPane
from monitor.ui.panes.detail_commits import AgentCommitsPane
from monitor.ui.panes.detail_processes import ProcessesPane
from monitor.ui.panes.detail_session import SessionPane
from monitor.ui.panes.detail_tasks import AgentTasksPane
from monitor.ui.panes.detail_tools import ToolsPane
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.panes import PanesScreen, side_by_side, stack
from monitor.ui.widgets.agent_summary import AgentSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.app import App
    from textual.binding import BindingType
    from textual.geometry import Region
    from textual.widget import Widget

    from monitor.model import AgentStatus
    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring

_TWO_COLUMNS: Final = 130
"""Width from which the panes stand in two columns."""
_THREE_COLUMNS: Final = 240


class AgentScreen(PanesScreen[None], Overlay):
    """Everything about one agent. While it is open, the feed is asked for the agent's processes."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("agent", "acting"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("agent", "acting", "panes", "overlay")
    LINES = 1

    def __init__(self, wiring: Wiring, agent_id: str, *, start: str = "facts") -> None:
        """`start` is the id of the pane that has the focus."""
        self.agent_id = agent_id
        self.facts = AgentFactsPane(wiring, agent_id, id="facts")
        self.charts = ChartsPane(wiring, agent_id, id="charts")
        self.processes = ProcessesPane(wiring, agent_id, id="processes")
        self.commits = AgentCommitsPane(wiring, agent_id, id="commits-of-agent")
        self.tasks = AgentTasksPane(wiring, agent_id, id="tasks-of-agent")
        self.alerts = AgentAlertsPane(wiring, agent_id, id="alerts-of-agent")
        self.activity = ActivityPane(wiring, agent_id, id="activity")
        self.session = SessionPane(wiring, agent_id, id="session-of-agent")
        self.tools = ToolsPane(wiring, agent_id, id="tools-of-agent")
        panes: tuple[BasePane, ...] = (self.facts, self.charts, self.processes, self.commits)
        rest = (self.tasks, self.alerts, self.activity, self.session, self.tools)
        super().__init__(wiring, (*panes, *rest), start=start)

    def body(self) -> Iterable[Widget]:
        """What counts in one line, and the panes."""
        yield AgentSummary(self.wiring, self.agent_id)
        yield self.grid

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """In columns, as many as there is room for; in each by need."""
        columns = self._columns(area.width)
        places = zip(columns, side_by_side(area, len(columns)), strict=True)
        return {name: region for panes, part in places for name, region in stack(panes, part, here)}

    def _columns(self, width: int) -> Sequence[Sequence[BasePane]]:
        if width >= _THREE_COLUMNS:
            return (
                (self.facts, self.session, self.alerts),
                (self.charts, self.tools, self.tasks),
                (self.processes, self.commits, self.activity),
            )
        if width >= _TWO_COLUMNS:
            return (
                (self.facts, self.session, self.alerts, self.processes),
                (self.charts, self.tools, self.commits, self.tasks, self.activity),
            )
        return (self.panes(),)

    # --- commands -----------------------------------------------------------------------------------------------

    def agent_here(self) -> str:
        """The one that the screen is about."""
        return self.agent_id

    def agents_here(self) -> tuple[str, ...]:
        """The one that the screen is about."""
        return (self.agent_id,)

    def action_toggle_tree(self) -> None:
        """Show the processes as a tree, or flat by CPU."""
        self.processes.toggle_tree()

    def action_next_waiting(self, step: int) -> None:
        """Look at the next or the previous agent that needs a person, at the same pane."""
        agent_id = self._waiting(step)
        if agent_id is None:
            self.notify("No other agent waits for a person.", timeout=3)
            return
        screen = AgentScreen(self.wiring, agent_id, start=(self.focused_pane or self.facts).id or "")
        screen.zoomed = self.zoomed
        self.app.switch_screen(screen)

    def _waiting(self, step: int) -> str | None:
        ids: Sequence[str] = self.wiring.store.get(Keys.AGENTS, ())
        here = ids.index(self.agent_id) if self.agent_id in ids else -min(step, 0)
        for distance in range(1, len(ids) + 1):
            agent_id = ids[(here + step * distance) % len(ids)]
            status: AgentStatus | None = self.wiring.store.get(Keys.status(agent_id))
            if agent_id != self.agent_id and status is not None and status.status in ("blocked", "error"):
                return agent_id
        return None


def show_agent(app: App[Any], wiring: Wiring, agent_id: str) -> None:
    """Open an agent's details; go back to them where they lie just below."""
    below = app.screen_stack[-2] if len(app.screen_stack) > 1 else None
    if isinstance(below, AgentScreen) and below.agent_id == agent_id:
        app.pop_screen()
    elif agent_id in wiring.store.get(Keys.AGENTS, ()):
        app.push_screen(AgentScreen(wiring, agent_id))
    else:
        app.notify(f"{clean(agent_id)} is not among the agents at this moment.", markup=False, timeout=4)
