"""What of an agent can be searched and compared by a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.ui.panes.agent_sessions import context_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.model import Session
    from monitor.ui.filter import Numbers
    from monitor.ui.panes.agent_rows import AgentRow

AGENT_FIELDS: Final = frozenset(
    {
        "status",
        "kind",
        "branch",
        "name",
        "task",
        "reason",
        "role",
        "host",
        "repository",
        "tag",
        "model",
        "tool",
        "turn",
        "system",
    }
)
AGENT_NUMBERS: Final[Numbers] = {
    "cpu": "percent",
    "mem": "bytes",
    "changes": "count",
    "age": "seconds",
    "procs": "count",
    "ahead": "count",
    "behind": "count",
    "up": "seconds",
    "since": "seconds",
    "tokens": "count",
    "cost": "count",
    "ctx": "percent",
}


def agent_fields(row: AgentRow) -> Mapping[str, str]:
    """The texts of an agent by the name of their field."""
    status = row.status
    if status is None:
        return {}
    return {
        "name": f"{status.name} {status.id}",
        "status": status.status,
        "kind": status.kind,
        "branch": status.branch or "",
        "task": f"{status.current_task or ''} {row.task}",
        "reason": f"{status.status_reason} {row.overlap}",
        "role": status.role,
        "host": status.host,
        "repository": status.repository or "",
        "tag": "yes" if row.tagged else "",
        "system": status.system or "",
        "word": status.system_status or "",
        **(_session_fields(row.session) if row.session is not None else {}),
    }


def agent_numbers(
    row: AgentRow, seconds_since: Callable[[int | None], float | None]
) -> Mapping[str, float | None]:
    """The numbers of an agent; `age` is that of its last activity, `since` that of its status."""
    metrics, status = row.metrics, row.status
    numbers: dict[str, float | None] = {}
    if metrics is not None:
        numbers["cpu"] = metrics.cpu_usage
        numbers["mem"] = metrics.memory_usage
        numbers["procs"] = metrics.process_count
        numbers["up"] = metrics.uptime_seconds
    if status is not None:
        numbers["changes"] = status.uncommitted_changes
        numbers["ahead"] = status.ahead
        numbers["behind"] = status.behind
        numbers["age"] = seconds_since(status.last_activity)
        numbers["since"] = seconds_since(status.status_since)
    if row.session is not None:
        numbers["tokens"] = row.session.tokens.total
        numbers["cost"] = row.session.cost_usd
        numbers["ctx"] = context_percent(row.session)
    return numbers


def _session_fields(session: Session) -> dict[str, str]:
    return {
        "model": session.model,
        "tool": f"{session.tool} {session.tool_target}".rstrip(),
        "turn": session.turn_state,
    }
