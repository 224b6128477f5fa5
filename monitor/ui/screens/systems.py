"""The attached systems: what they have queued and run, their workflows, logs, events, messages, projects and agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from monitor.ui.commands import Context, bindings
from monitor.ui.panes.system_agents import SystemAgentsPane
from monitor.ui.panes.system_events import SystemEventsPane
from monitor.ui.panes.system_facts import SystemFactsPane
from monitor.ui.panes.system_log import LogPane
from monitor.ui.panes.system_messages import MessagesPane
from monitor.ui.panes.system_projects import ProjectsPane
from monitor.ui.panes.system_queue import QueuePane
from monitor.ui.panes.system_record import RecordPane
from monitor.ui.panes.system_runs import RunsPane
from monitor.ui.panes.system_scope import Scope
from monitor.ui.panes.system_summary import SystemSummary
from monitor.ui.panes.system_workflows import WorkflowsPane
from monitor.ui.screens.base import Overlay
from monitor.ui.screens.panes import PanesScreen, side_by_side, stack
from monitor.ui.screens.single import PaneScreen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from textual.binding import BindingType
    from textual.geometry import Region
    from textual.widget import Widget

    from monitor.ui.panes.base import BasePane
    from monitor.ui.wiring import Wiring

_TWO_COLUMNS: Final = 150
"""Width from which the panes stand in two columns."""
_THREE_COLUMNS: Final = 270


class SystemsScreen(PanesScreen[None], Overlay):
    """All that one attached system tells, or all of them together."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("attached"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("attached", "panes", "overlay")
    LINES = 1

    def __init__(self, wiring: Wiring, name: str = "", *, start: str = "system-facts") -> None:
        """`name` is that of the system that is shown, empty: all are; `start` the id of the pane that has the focus."""
        self.scope = Scope(wiring.store, name)
        self.facts = SystemFactsPane(wiring, self.scope, id="system-facts")
        self.queue = QueuePane(wiring, self.scope, id="system-queue")
        self.runs = RunsPane(wiring, self.scope, id="system-runs")
        self.workflows = WorkflowsPane(wiring, self.scope, id="system-workflows")
        self.lines = LogPane(wiring, self.scope, id="system-log")
        self.events = SystemEventsPane(wiring, self.scope, id="system-events")
        self.messages = MessagesPane(wiring, self.scope, id="system-messages")
        self.projects = ProjectsPane(wiring, self.scope, id="system-projects")
        self.agents = SystemAgentsPane(wiring, self.scope, id="system-agents")
        panes: tuple[BasePane, ...] = (self.facts, self.queue, self.runs, self.workflows, self.lines)
        super().__init__(
            wiring, (*panes, self.events, self.messages, self.projects, self.agents), start=start
        )

    def body(self) -> Iterable[Widget]:
        """Which system it is in one line, and the panes."""
        yield SystemSummary(self.wiring, self.scope)
        yield self.grid

    def lay_out(self, area: Region, here: BasePane) -> Mapping[str, Region]:
        """In columns, as many as there is room for; in each by need."""
        columns = self._columns(area.width)
        places = zip(columns, side_by_side(area, len(columns)), strict=True)
        return {name: region for panes, part in places for name, region in stack(panes, part, here)}

    def _columns(self, width: int) -> Sequence[Sequence[BasePane]]:
        if width >= _THREE_COLUMNS:
            return (
                (self.facts, self.agents, self.projects),
                (self.queue, self.runs, self.workflows),
                (self.events, self.messages, self.lines),
            )
        if width >= _TWO_COLUMNS:
            return (
                (self.facts, self.agents, self.queue, self.runs),
                (self.workflows, self.events, self.messages, self.projects, self.lines),
            )
        return (self.panes(),)

    # --- commands -----------------------------------------------------------------------------------------------

    def action_next_system(self, step: int) -> None:
        """Show the next system, or the one before."""
        self.scope.step(step)
        self.share_out(self.size)

    def action_all_systems(self) -> None:
        """Show all systems together, or one alone."""
        self.scope.toggle_all()
        self.share_out(self.size)


class RecordScreen(PaneScreen):
    """Everything about one record of a system."""

    def __init__(self, wiring: Wiring, system: str, part: str, record_id: str) -> None:
        super().__init__(wiring, RecordPane(wiring, system, part, record_id))
