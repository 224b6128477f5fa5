"""One alert, what is muted, and what is over, each on a screen of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.panes.alert_details import AlertPane
from monitor.ui.panes.alert_history import AlertHistoryPane
from monitor.ui.panes.mutes import MutesPane
from monitor.ui.screens.single import PaneScreen

if TYPE_CHECKING:
    from monitor.ui.wiring import Wiring


class AlertScreen(PaneScreen):
    """Everything about one alert, open or over."""

    def __init__(self, wiring: Wiring, alert_id: str) -> None:
        super().__init__(wiring, AlertPane(wiring, alert_id))


class MutesScreen(PaneScreen):
    """What is muted."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring, MutesPane(wiring))


class AlertHistoryScreen(PaneScreen):
    """What is over."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring, AlertHistoryPane(wiring))
