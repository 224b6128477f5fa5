"""What is known of an agent's process that ended in the middle of a tool call."""

from __future__ import annotations

import msgspec

from monitor.model.words import Millis, Status


class OomReading(msgspec.Struct, frozen=True, kw_only=True):
    """How many processes the kernel killed for lack of memory, between a look at a living process and its end.

    The kernel counts, it does not name: None where the count cannot be read.
    """

    since: Millis
    """When the process was last seen alive by this."""
    control_group: int | None = None
    """In the control group that the process was in, and those below it."""
    host: int | None = None
    """On the whole host."""


class PostMortem(msgspec.Struct, frozen=True, kw_only=True):
    """An agent at the last look before its process ended: it was in the middle of a tool call."""

    alive_at: Millis
    """When it was last seen alive."""
    session_id: str
    tool: str
    target: str = ""
    """What the tool worked on; empty when there is none, or when it may not be kept."""
    tool_since: Millis | None = None
    status: Status | None = None
    """What the agent was concluded to be doing then."""
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    oom: OomReading | None = None
    """None where nobody looked."""
