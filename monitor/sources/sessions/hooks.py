"""What the hooks of an agent have told: the lines that `hook_call` left in the spool, a file a session."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from monitor.model import Millis, Quota
from monitor.sources.values import as_count, as_number, as_time


class HookRecord(msgspec.Struct, omit_defaults=True):
    """One call of a hook: the fields that are kept of it. No prompt, input or output is among them."""

    at: Any = None
    """When it came, in milliseconds."""
    agent: Any = None
    """As in `Agent.kind`."""
    event: Any = None
    """`hook_event_name`, or `hook_call.STATUS_LINE`."""
    session_id: Any = None
    cwd: Any = None
    tool_name: Any = None
    tool_use_id: Any = None
    target: Any = None
    """What the tool works on, as `ToolCall.target`."""
    notification_type: Any = None
    agent_id: Any = None
    """Set when a sub-agent's tool is meant."""
    agent_type: Any = None
    reason: Any = None
    """Why a session began or ended, who asked for a summing up, which error ended a turn: in a word."""
    cost_usd: Any = None
    context_size: Any = None
    context_used: Any = None
    five_hour: Any = None
    seven_day: Any = None
    """Usage windows of the account: `{used_percentage, resets_at}`."""


HOOKS: Final = msgspec.json.Decoder(HookRecord)


class Gauges(msgspec.Struct, frozen=True):
    """What a status line told: numbers that the agent counts itself."""

    at: Millis | None
    cost_usd: float | None
    context_used: int | None
    context_size: int | None
    quotas: tuple[Quota, ...]


def gauges_of(record: HookRecord) -> Gauges:
    """The numbers of a status line."""
    quotas = (_quota("five_hour", record.five_hour, 300), _quota("seven_day", record.seven_day, 10_080))
    return Gauges(
        as_time(record.at),
        as_number(record.cost_usd),
        as_count(record.context_used),
        as_count(record.context_size),
        tuple(quota for quota in quotas if quota is not None),
    )


def _quota(name: str, window: Any, minutes: int) -> Quota | None:
    if not isinstance(window, dict) or (used := as_number(window.get("used_percentage"))) is None:
        return None
    return Quota(
        name=name, used_percent=used, resets_at=as_time(window.get("resets_at")), window_minutes=minutes
    )
