"""Following one agent: it stays in sight, and every pane shows only what is about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Following:
    """Which agent is followed, and who is told when that changes."""

    def __init__(self) -> None:
        self._agent_id: str | None = None
        self.name = ""
        """Its name as shown."""
        self._listeners: list[Callable[[], None]] = []

    @property
    def agent_id(self) -> str | None:
        """Id of the agent that is followed, None when nobody is."""
        return self._agent_id

    def follow(self, agent_id: str | None, name: str = "") -> None:
        """Follow this agent and no other from now on; None: nobody."""
        if agent_id != self._agent_id:
            self._agent_id, self.name = agent_id, name
            for told in tuple(self._listeners):
                told()

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call `told` whenever another agent is followed, or nobody any more; returns how to stop."""
        self._listeners.append(told)
        return partial(self._listeners.remove, told)
