"""Who comes first in a list of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import AgentStatus

_OUT_OF_SIGHT: Final[Mapping[str, int]] = {"error": 0, "blocked": 1, "active": 2, "idle": 2, "offline": 3}


def attention(agent_id: str, status: AgentStatus | None) -> tuple[int, str, str]:
    """Who needs a person first, then by name; active and idle alike, so that rows do not jump with every pause."""
    if status is None:
        return (4, agent_id, agent_id)
    return (_OUT_OF_SIGHT[status.status], status.name.casefold(), agent_id)
