"""Which of the attached systems the panes of a screen show: one of them, or all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from monitor.keystore import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.keystore import KeyStore
    from monitor.model import SystemAgent, SystemReading, SystemState


class Scope:
    """The choice, what it leaves of the readings, and who is told when it changes."""

    def __init__(self, store: KeyStore, name: str = "") -> None:
        """`name` is that of the system that is shown; empty: all are."""
        self._store = store
        self.name = name
        self._last = name
        self._listeners: list[Callable[[], None]] = []
        self._agents: dict[str, tuple[tuple[SystemAgent, ...], dict[str, str]]] = {}

    @property
    def every_state(self) -> Sequence[SystemState]:
        """How all attached systems fare."""
        states: Sequence[SystemState] = self._store.get(Keys.SYSTEMS, ())
        return states

    @property
    def states(self) -> Sequence[SystemState]:
        """How those that are shown fare."""
        return [state for state in self.every_state if self.name in ("", state.name)]

    @property
    def mixed(self) -> bool:
        """Whether several are shown, so that each line has to say whose it is."""
        return not self.name and len(self.every_state) > 1

    def reading(self, name: str) -> SystemReading | None:
        """What one system tells; None while it has told nothing."""
        reading: SystemReading | None = self._store.get(Keys.system(name))
        return reading

    def readings(self) -> list[SystemReading]:
        """What those that are shown tell."""
        found = (self.reading(state.name) for state in self.states)
        return [reading for reading in found if reading is not None]

    def agent_name(self, system: str, agent_id: str) -> str:
        """The name of a system's agent; its id where the system lists no such agent."""
        reading = self.reading(system)
        agents = reading.agents if reading is not None else ()
        known = self._agents.get(system)
        if known is None or known[0] is not agents:
            names = {agent.id: agent.name for agent in agents if agent.name}
            known = self._agents[system] = (agents, names)
        return known[1].get(agent_id, agent_id)

    def by_name(self) -> Mapping[str, SystemState]:
        """The states of those that are shown."""
        return {state.name: state for state in self.states}

    # --- the choice ---------------------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Show this system, or with an empty name all."""
        if name != self.name:
            self._last = name or self.name
            self.name = name
            for told in tuple(self._listeners):
                told()

    def step(self, step: int) -> None:
        """Show the next system, or the one before."""
        names = [state.name for state in self.every_state]
        if not names:
            return
        here = names.index(self.name) if self.name in names else -1 if step > 0 else 0
        self.choose(names[(here + step) % len(names)])

    def toggle_all(self) -> None:
        """Show all, or again the one that was shown last."""
        names = [state.name for state in self.every_state]
        if self.name:
            self.choose("")
        elif names:
            self.choose(self._last if self._last in names else names[0])

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call `told` whenever another choice is made; returns how to stop."""
        self._listeners.append(told)
        return partial(self._listeners.remove, told)
