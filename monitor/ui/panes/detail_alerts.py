"""The alerts that are about one agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.panes.alerts import AlertsPane, subjects_of

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
        """Those whose subject it is, those about its tasks, and those whose rule names it."""
        return [alert for alert in super().alerts() if self.agent_id in subjects_of(alert)]

    def about(self, record: Alert) -> None:
        """Whoever is followed elsewhere, these stay in sight."""

    def empty(self) -> tuple[Cell, ...]:
        """Nothing is wrong with it."""
        return ((("✓ ", "ok"), ("Nothing fires for this agent.", "muted")),)
