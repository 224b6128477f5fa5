"""The newest CPU values of every agent, for the sparklines: 1,000 agents take a third of a megabyte."""

from __future__ import annotations

from array import array
from math import isnan, nan
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

POINTS: Final = 60
"""Values kept of an agent, one a tick."""


class Loads:
    """Values of four bytes; one that nobody knows is none."""

    def __init__(self) -> None:
        self._values: dict[str, array[float]] = {}

    def keep(self, agent_ids: Iterable[str]) -> None:
        """Forget all agents but these."""
        known = self._values
        self._values = {agent_id: known.get(agent_id) or array("f") for agent_id in agent_ids}

    def clear(self) -> None:
        """Begin anew: what was before is no part of what comes."""
        self._values = {agent_id: array("f") for agent_id in self._values}

    def add(self, agent_id: str, value: float | None) -> None:
        """Put the newest value of an agent behind the others."""
        values = self._values[agent_id]
        values.append(nan if value is None else value)
        if len(values) > POINTS:
            del values[0]

    def newest(self, agent_id: str, count: int) -> list[float | None]:
        """The newest values of an agent, the newest last."""
        values = self._values.get(agent_id)
        return [None if isnan(value) else value for value in values[-count:]] if values and count > 0 else []
