"""Who comes first in a list of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import AgentStatus

_RANKS: Final[Mapping[str, int]] = {"error": 0, "blocked": 1, "active": 2, "idle": 2, "offline": 3}
UNKNOWN: Final = 4
"""Of an agent of which nothing is known yet."""


def rank(status: AgentStatus | None) -> int:
    """How much an agent needs a person: the least number most; active and idle alike, so that rows do not jump."""
    return UNKNOWN if status is None else _RANKS[status.status]


def attention(agent_id: str, status: AgentStatus | None) -> tuple[int, str, str]:
    """Who needs a person first, then by name."""
    return (rank(status), status.name.casefold() if status is not None else agent_id, agent_id)
