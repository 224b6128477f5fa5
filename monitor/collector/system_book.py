"""The system book: what the attached systems tell, joined with this host's agents, and what of it is new."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from monitor.collector.system_desk import with_read_at
from monitor.collector.system_join import Host, as_agent, is_local, join, own_id
from monitor.model import SYSTEM_SHAPE, BoardReading, BoardState
from monitor.rules.attached_digest import DepthWatch, Digest, digest
from monitor.rules.system_words import ALIVE, SystemWord, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.collector.inputs import Inputs
    from monitor.collector.roster import Roster
    from monitor.config import SystemSettings
    from monitor.model import Agent, Leap, Millis, ProcessKey, SourceStatus, SystemAgent, SystemReading, Task


def root_of(system: str) -> str:
    """The root under which a system's tasks stand on the board."""
    return f"system:{system}"


class SystemBook:
    """After `look`, `readings` holds what each system tells, and `changed` the names of those that told something new.

    `worktree_of` gives the worktree that holds a folder, or None outside one.
    """

    def __init__(
        self,
        settings: Sequence[SystemSettings],
        roster: Roster,
        inputs: Inputs,
        worktree_of: Callable[[str], str | None],
        *,
        host: str,
    ) -> None:
        self._settings = {system.name: system for system in settings}
        self._roster = roster
        self._inputs = inputs
        self._worktree_of = worktree_of
        self._host = host
        self._host_asked = Host(group_of=inputs.group_of, started=inputs.started, home=self._home)
        self._homes: dict[str, str | None] = {}
        self._seen: tuple[int, int, tuple[ProcessKey, ...]] = (-1, -1, ())
        self._raw: dict[str, SystemReading] = {}
        self._ours: dict[str, dict[str, str]] = {}
        """By system: its agents' ids to ours."""
        self._agents: dict[str, tuple[SystemAgent, ...]] = {}
        """By system: its agents, with what they are called here."""
        self._told: dict[str, SystemAgent] = {}
        """By our id: what the system tells."""
        self._doubtful: dict[str, SystemAgent] = {}
        """Those of whom the host or the clock may say otherwise at any time."""
        self.words: dict[str, SystemWord] = {}
        """What the systems say of our agents, by our id."""
        self.digests: dict[str, Digest] = {}
        """What of each system may be worth an alert."""
        self.growth: dict[tuple[str, str], int] = {}
        """By system and queue: by how much it has grown lately."""
        self._depths = DepthWatch()
        self.boards_version = 0
        self.readings: dict[str, SystemReading] = {}
        self.changed: list[str] = []
        self._restored: list[str] = []
        self.gone: list[str] = []
        """Agents that only a system knew, and that it lists no more."""
        self.boards: dict[str, BoardReading] = {}
        """The systems' tasks, as boards of their own, by root."""

    @property
    def roots(self) -> tuple[str, ...]:
        """The roots of all systems."""
        return tuple(root_of(name) for name in self._settings)

    def restore(self, readings: Mapping[str, SystemReading]) -> None:
        """Show what was recorded last until the systems have been read."""
        self.readings = {name: reading for name, reading in readings.items() if name in self._settings}
        self._restored = list(self.readings)

    def look(self, now: Millis, sources: Sequence[SourceStatus]) -> None:
        """Take up what the systems told since the last tick, and how they fare."""
        desk = self._inputs.systems
        self.changed, self._restored, self.gone = self._restored, [], []
        states = {source.subject: source for source in sources if source.name == "system"}
        for name, raw in desk.readings.items():
            if self._raw.get(name) is not raw and name in desk.read:
                self._raw[name] = raw
                self.readings[name] = with_read_at(raw, now)
                self.changed.append(name)
            self._fares(name, states.get(name))
        if self.changed:
            self.readings = {name: self.readings[name] for name in self._settings}
        joined = self._join()
        if joined or self.changed:
            self._name_ours()
        if joined:
            self._list_tasks(now)
        self._check(now, self._told if joined else self._doubtful)
        for name in self.readings if joined else self.changed:
            board = self.boards.get(root_of(name))
            self.digests[name] = digest(self.readings[name], board.tasks if board is not None else ())
        self.growth = self._depths.note((one.state for one in self.digests.values()), now)

    def leap(self, leap: Leap) -> None:
        """The clock was set, or nobody looked for a while."""
        self._depths.leap(leap)

    def agent_of(self, system: str, their_id: str) -> str:
        """Our id of a system's agent; theirs when it is none of ours."""
        return self._ours.get(system, {}).get(their_id, their_id)

    # --- how they fare ------------------------------------------------------------------------------------------

    def _fares(self, name: str, source: SourceStatus | None) -> None:
        """A system that is down keeps what it told last, and says since when and why it is."""
        reading = self.readings.get(name, self._inputs.systems.readings[name])
        if source is None:
            if name not in self.readings:
                self.readings[name] = reading
                self.changed.append(name)
            return
        state = msgspec.structs.replace(
            reading.state, state=source.state, since=source.since, problem=source.error
        )
        if state != reading.state or name not in self.readings:
            self.readings[name] = msgspec.structs.replace(reading, state=state)
            if name not in self.changed:
                self.changed.append(name)

    # --- joined with the host -----------------------------------------------------------------------------------

    def _join(self) -> bool:
        """Join anew when a system, the agents or their processes are others than before; tells whether that was so."""
        processes = tuple(member.process.key for member in self._roster.members if member.process)
        seen = (self._inputs.systems.version, self._roster.version, processes)
        if seen == self._seen:
            return False
        if seen[1] != self._seen[1]:
            self._homes.clear()
        for name, raw in self._raw.items():
            local = is_local(raw.state.engine, self._settings[name].url)
            members = [
                m for m in self._roster.members if m.agent.id not in self._roster.listed_by(root_of(name))
            ]
            ours = join(raw.agents, members, self._settings[name].agents, self._host_asked, is_local=local)
            listed = self._listed(name, raw, ours)
            self.gone += self._roster.apply_system(root_of(name), listed)
            self._ours[name] = ours
        self._told = {
            self._ours[name][agent.id]: agent for name, raw in self._raw.items() for agent in raw.agents
        }
        self._doubtful = {
            agent_id: agent
            for agent_id, agent in self._told.items()
            if agent.status in ALIVE and (agent.pid is not None or agent.heartbeat_at is not None)
        }
        self._seen = (seen[0], self._roster.version, processes)
        return True

    def _listed(self, name: str, raw: SystemReading, ours: dict[str, str]) -> list[Agent]:
        """The agents that only the system knows; their ids are put into `ours`."""
        listed: dict[str, Agent] = {}
        for agent in raw.agents:
            if agent.id in ours:
                continue
            base = agent_id = own_id(agent)
            number = 2
            while agent_id in listed or self._roster.is_others(agent_id, root_of(name)):
                agent_id, number = f"{base}#{number}", number + 1
            listed[agent_id] = as_agent(agent, agent_id, self._host)
            ours[agent.id] = agent_id
        return list(listed.values())

    def _name_ours(self) -> None:
        """Say of each agent which of ours it is; when nothing of them is new, they are the very tuple of before."""
        for name, ours in self._ours.items():
            reading = self.readings[name]
            agents = tuple(_known_here(agent, ours.get(agent.id, "")) for agent in reading.agents)
            if agents == self._agents.get(name):
                agents = self._agents[name]
            self._agents[name] = agents
            if agents is not reading.agents and (agents or reading.agents):
                self.readings[name] = msgspec.structs.replace(reading, agents=agents)
                if name not in self.changed:
                    self.changed.append(name)

    def _home(self, folder: str) -> str | None:
        if folder not in self._homes:
            real = os.path.realpath(folder)
            place = self._worktree_of(real) or real
            self._homes[folder] = place if self._roster.in_worktree(place) else None
        return self._homes[folder]

    def _check(self, now: Millis, told: Mapping[str, SystemAgent]) -> None:
        """Hold what the systems say of these agents against the host; a word that is equal stays the very one."""
        words = dict(self.words) if told is self._doubtful else {}
        for agent_id, agent in told.items():
            state = self._raw[agent.system].state
            word = word_of(
                agent,
                now,
                heartbeat_seconds=state.heartbeat_seconds,
                is_local=is_local(state.engine, self._settings[agent.system].url),
                process_started=None if agent.pid is None else self._inputs.started(agent.pid),
            )
            known = self.words.get(agent_id)
            words[agent_id] = known if known == word else word
        self.words = words

    # --- tasks --------------------------------------------------------------------------------------------------

    def _list_tasks(self, now: Millis) -> None:
        """The tasks of each system as a board, assigned to our agents."""
        for name, raw in self._raw.items():
            ours, known = self._ours[name], self.boards.get(root_of(name))
            old = {task.id: task for task in known.tasks} if known is not None else {}
            tasks = tuple(_assigned(task, ours, old.get(task.id)) for task in raw.tasks)
            if known is not None and len(tasks) == len(known.tasks) and all(map(_is, tasks, known.tasks)):
                continue
            state = BoardState(
                root=root_of(name),
                path=raw.state.url,
                version=raw.state.kind,
                shape=SYSTEM_SHAPE,
                last_synced=now,
            )
            self.boards[root_of(name)] = BoardReading(state=state, tasks=tasks)
            self.boards_version += 1


def _known_here(agent: SystemAgent, ours: str) -> SystemAgent:
    return agent if agent.ours == ours else msgspec.structs.replace(agent, ours=ours)


def _assigned(task: Task, ours: Mapping[str, str], old: Task | None) -> Task:
    to = ours.get(task.assigned_to or "", task.assigned_to)
    made = task if to == task.assigned_to else msgspec.structs.replace(task, assigned_to=to)
    return old if old is not None and old == made else made


def _is(one: Task, other: Task) -> bool:
    return one is other
