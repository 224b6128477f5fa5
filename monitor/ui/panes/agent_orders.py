"""The orders that agents can be shown in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ui.panes.agent_sessions import context_percent
from monitor.ui.panes.attention import attention
from monitor.ui.panes.pane import Sort

if TYPE_CHECKING:
    from monitor.ui.panes.agent_rows import AgentRow


def _since(row: AgentRow) -> int | None:
    """How long in its status, as a number that grows with it."""
    return -row.status.status_since if row.status else None


AGENT_ORDERS: Final = (
    Sort("status", "attention", lambda row: attention(row.id, row.status), part="status"),
    Sort("name", "name", lambda row: row.status.name.casefold() if row.status else row.id, part="status"),
    Sort("cpu", "CPU", lambda row: row.metrics and row.metrics.cpu_usage, descending=True),
    Sort("memory", "memory", lambda row: row.metrics and row.metrics.memory_usage, descending=True),
    Sort(
        "activity",
        "activity",
        lambda row: row.status and row.status.last_activity,
        descending=True,
        part="status",
    ),
    Sort(
        "changes",
        "changes",
        lambda row: row.status and row.status.uncommitted_changes,
        descending=True,
        part="status",
    ),
    Sort("since", "time in status", _since, descending=True, part="status"),
    Sort("processes", "processes", lambda row: row.metrics and row.metrics.process_count, descending=True),
    Sort("cost", "cost", lambda row: row.session and row.session.cost_usd, descending=True, part="session"),
    Sort(
        "tokens",
        "tokens",
        lambda row: row.session and row.session.tokens.total,
        descending=True,
        part="session",
    ),
    Sort(
        "context",
        "context",
        lambda row: row.session and context_percent(row.session),
        descending=True,
        part="session",
    ),
    Sort("uptime", "uptime", lambda row: row.metrics and row.metrics.uptime_seconds, descending=True),
)
"""The first is the one to begin with: who needs a person stands on top."""
