"""The reports by name."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from monitor.history.reports.agents import agents
from monitor.history.reports.alerts import alerts
from monitor.history.reports.base import DAY_MS
from monitor.history.reports.commits import commits
from monitor.history.reports.health import health
from monitor.history.reports.ledger import waits
from monitor.history.reports.systems import systems
from monitor.history.reports.tasks import tasks
from monitor.history.reports.timeline import timeline
from monitor.history.reports.tools import tools
from monitor.history.reports.usage import cost, tokens
from monitor.history.reports.velocity import velocity

if TYPE_CHECKING:
    from monitor.history.reports.base import Build
    from monitor.model import Millis

REPORTS: Final[dict[str, Build]] = {
    "agents": agents,
    "tasks": tasks,
    "velocity": velocity,
    "commits": commits,
    "alerts": alerts,
    "health": health,
    "timeline": timeline,
    "tokens": tokens,
    "cost": cost,
    "waits": waits,
    "tools": tools,
    "systems": systems,
}
GROUPINGS: Final[dict[str, tuple[str, ...]]] = {
    "tokens": ("day", "hour", "agent"),
    "cost": ("day", "hour", "agent"),
    "waits": ("agent", "wait"),
}
"""What a row may stand for in some reports, the one first that it does unless told."""
VELOCITY_DAYS: Final = 7
"""Seed 001, L266."""


def default_since(name: str, until: Millis) -> Millis:
    """Where a report begins that is not told: a day ago; the velocity with the first of seven local days."""
    if name != "velocity":
        return until - DAY_MS
    last = datetime.fromtimestamp((until - 1) / 1000).astimezone().date()
    first = last - timedelta(days=VELOCITY_DAYS - 1)
    return round(datetime.combine(first, time.min).astimezone().timestamp() * 1000)
