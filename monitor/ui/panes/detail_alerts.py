"""The alerts that are about one agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.panes.alerts import AlertsPane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Alert
    from monitor.ui.spans import Cell
    from monitor.ui.wiring import Wiring


class AgentAlertsPane(AlertsPane):
    """As the alerts pane, with all its commands, of one agent's alerts only."""

    NUMBER = "6"

    def __init__(self, wiring: Wiring, agent_id: str, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        self.agent_id = agent_id
        super().__init__(wiring, id=id)

    def alerts(self) -> Sequence[Alert]:
        """Those whose subject it is, and those whose rule names it."""
        return [alert for alert in super().alerts() if is_about(alert, self.agent_id)]

    def empty(self) -> tuple[Cell, ...]:
        """Nothing is wrong with it."""
        return ((("✓ ", "ok"), ("Nothing fires for this agent.", "muted")),)


def is_about(alert: Alert, agent_id: str) -> bool:
    """Whether an alert is about this agent, alone or with others."""
    named = alert.metadata.get("agents")
    return alert.subject == agent_id or (isinstance(named, list | tuple) and agent_id in named)
