"""The roster: who the agents are, merged by worktree from configuration, boards and processes (DESIGN.md §4)."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Agent, AgentMetrics, BoardReading, Leap, Millis, ProcessGroup
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.config import AgentSettings

FORGET_AFTER_MS: Final = 24 * 3600 * 1000
"""A discovered agent whose process ended stays in sight this long: who comes in the morning sees what died at night."""
NO_METRICS: Final = AgentMetrics()


class Member(msgspec.Struct):
    """An agent and what it is seen by. Mutable: the roster's own."""

    agent: Agent
    process: ProcessGroup | None = None
    process_seen: bool = False
    seen_at: Millis = 0
    _measured: ProcessGroup | None = None
    _metrics: AgentMetrics = NO_METRICS

    @property
    def metrics(self) -> AgentMetrics:
        """The numbers of its process: the very record of before while the process's reading is."""
        if self.process is not self._measured:
            self._measured = self.process
            self._metrics = NO_METRICS if self.process is None else _metrics(self.process)
        return self._metrics


class Roster:
    """Agents by id, in the order in which they became known: configured ones, board ones, discovered ones.

    `worktree_of` gives the worktree that holds a folder, or None outside one. Without `discover` a process that no
    known agent owns is nobody's.
    """

    def __init__(
        self,
        agents: Iterable[AgentSettings],
        *,
        host: str,
        worktree_of: Callable[[str], str | None],
        discover: bool = True,
    ) -> None:
        self._host = host
        self._discover = discover
        self._worktree_of = worktree_of
        self._members: dict[str, Member] = {}
        self._by_worktree: dict[str, list[str]] = {}
        self._groups: tuple[ProcessGroup, ...] = ()
        self._listed: dict[str, frozenset[str]] = {}
        self.version = 0
        """Grows when an agent came, changed or went."""
        for settings in agents:
            self._add(
                Agent(
                    id=settings.id,
                    name=clean(settings.name or settings.id),
                    kind=settings.kind,
                    role=clean(settings.role),
                    worktree=os.path.realpath(settings.worktree) if settings.worktree else None,
                    host=host,
                    origin="config",
                )
            )

    @property
    def members(self) -> Iterable[Member]:
        """Every agent now known."""
        return self._members.values()

    def get(self, agent_id: str) -> Member | None:
        """One agent, or None."""
        return self._members.get(agent_id)

    def worktrees(self) -> list[str]:
        """Every worktree that an agent has."""
        return list(self._by_worktree)

    def in_worktree(self, worktree: str) -> list[str]:
        """Ids of the agents that work there."""
        return self._by_worktree.get(worktree, [])

    def named(self, name: str) -> str | None:
        """The id of the agent that people call `name`: its id or name, in any case."""
        wanted = name.casefold()
        for member in self._members.values():
            if wanted in (member.agent.id.casefold(), member.agent.name.casefold()):
                return member.agent.id
        return None

    def restore(self, agents: Iterable[tuple[Agent, Millis]]) -> None:
        """Take up agents that history knows, with when each was last seen, so that ids survive a restart."""
        for agent, seen_at in agents:
            if agent.origin == "discovered" and agent.id not in self._members:
                self._add(agent)
                self._members[agent.id].seen_at = seen_at
                self._members[agent.id].process_seen = True

    def apply_board(self, reading: BoardReading) -> None:
        """Take up the agents that a board lists; one with a configured agent's id or worktree is that agent."""
        for listed in reading.agents:
            worktree = os.path.realpath(listed.worktree) if listed.worktree else None
            if listed.id in self._members or (worktree and self._by_worktree.get(worktree)):
                continue
            self._add(
                Agent(
                    id=listed.id,
                    name=listed.name,
                    kind="custom",
                    role=listed.role,
                    worktree=worktree if worktree and os.path.isdir(worktree) else None,
                    host=self._host,
                    origin="board",
                )
            )

    def apply_system(self, root: str, agents: Iterable[Agent]) -> list[str]:
        """Take up the agents that only an attached system knows; returns the ids of those that it lists no more."""
        wanted = {agent.id: agent for agent in agents}
        gone = sorted(self.listed_by(root) - wanted.keys())
        for agent_id in gone:
            self._remove(agent_id)
        for agent in wanted.values():
            member = self._members.get(agent.id)
            if member is None:
                self._add(agent)
            elif member.agent != agent:
                self._replace(member, agent)
        self._listed[root] = frozenset(wanted)
        return gone

    def listed_by(self, root: str) -> frozenset[str]:
        """Ids of the agents that only that attached system knows."""
        return self._listed.get(root, frozenset())

    def is_others(self, agent_id: str, root: str) -> bool:
        """Whether an agent of that id is there that this attached system has not listed."""
        return agent_id in self._members and agent_id not in self.listed_by(root)

    def apply_processes(self, groups: tuple[ProcessGroup, ...], now: Millis) -> None:
        """Give each agent its process; a process that no agent owns becomes a discovered agent."""
        if len(groups) == len(self._groups) and all(
            new.key == old.key and new.cwd == old.cwd for new, old in zip(groups, self._groups, strict=True)
        ):
            self._refresh(groups, now)
        else:
            self._assign(groups, now)
        self._groups = groups

    def leap(self, leap: Leap) -> None:
        """The clock was set: nobody has been gone for longer or shorter by that."""
        for member in self._members.values():
            member.seen_at += leap.by

    def expire(self, now: Millis) -> list[str]:
        """Forget discovered agents that have been gone for long, or whose worktree is gone; returns their ids."""
        gone = [
            agent_id
            for agent_id, member in self._members.items()
            if member.agent.origin == "discovered"
            and member.process is None
            and (now - member.seen_at > FORGET_AFTER_MS or not os.path.isdir(member.agent.worktree or ""))
        ]
        for agent_id in gone:
            self._remove(agent_id)
        return gone

    def _refresh(self, groups: tuple[ProcessGroup, ...], now: Millis) -> None:
        """The same processes as at the last look: only their numbers are new."""
        current = {group.key: group for group in groups}
        for member in self._members.values():
            if member.process is not None:
                member.process = current.get(member.process.key)
                member.seen_at = now

    def _assign(self, groups: tuple[ProcessGroup, ...], now: Millis) -> None:
        free = dict.fromkeys(group.key for group in groups)
        by_key = {group.key: group for group in groups}
        for member in self._members.values():
            kept = by_key.get(member.process.key) if member.process is not None else None
            if kept is not None and self._may_keep(member.agent, kept):
                member.process, member.seen_at = kept, now
                free.pop(kept.key, None)
            else:
                member.process = None
        for key in sorted(free, key=lambda key: (by_key[key].configured is None, key.start, key.pid)):
            self._place(by_key[key], now)

    def _may_keep(self, agent: Agent, group: ProcessGroup) -> bool:
        """An agent keeps its process while that stays in its worktree, or is its own by configuration."""
        return group.configured == agent.id or group.cwd is None or self._home(group.cwd) == agent.worktree

    def _place(self, group: ProcessGroup, now: Millis) -> None:
        worktree = self._home(group.cwd) if group.cwd else None
        member = self._owner(group, worktree)
        if member is None and not self._discover:
            return
        if member is None:
            agent_id = self._new_id(group.kind, worktree)
            agent = Agent(
                id=agent_id,
                name=agent_id.removeprefix(f"{group.kind}:"),
                kind=group.kind,
                worktree=worktree,
                host=self._host,
                origin="discovered",
            )
            member = self._add(agent)
        elif member.agent.kind == "custom" and group.kind != "custom":
            self._replace(member, msgspec.structs.replace(member.agent, kind=group.kind))
        if member.agent.worktree is None and worktree is not None:
            self._replace(member, msgspec.structs.replace(member.agent, worktree=worktree))
        member.process, member.process_seen, member.seen_at = group, True, now

    def _owner(self, group: ProcessGroup, worktree: str | None) -> Member | None:
        """The agent without a process that this one belongs to."""
        if group.configured is not None:
            member = self._members.get(group.configured)
            if member is not None and member.process is None:
                return member
        for agent_id in self._by_worktree.get(worktree or "", ()):
            member = self._members[agent_id]
            fits = member.agent.kind in ("custom", group.kind) or member.agent.origin != "discovered"
            if member.process is None and fits:
                return member
        return None

    def _home(self, folder: str) -> str:
        return self._worktree_of(folder) or os.path.realpath(folder)

    def _new_id(self, kind: str, worktree: str | None) -> str:
        """`<kind>:<worktree name>`, with its parent folder where another worktree has that name, else `#2`."""
        path = PurePath(worktree or "-")
        base = clean(f"{kind}:{path.name or '/'}", 64)
        taken = self._members.get(base)
        if taken is not None and taken.agent.worktree != worktree:
            base = clean(f"{kind}:{path.parent.name}/{path.name}", 64)
        candidate, number = base, 2
        while candidate in self._members:
            candidate, number = f"{base}#{number}", number + 1
        return candidate

    def _add(self, agent: Agent) -> Member:
        member = self._members[agent.id] = Member(agent)
        if agent.worktree:
            self._by_worktree.setdefault(agent.worktree, []).append(agent.id)
        self.version += 1
        return member

    def _replace(self, member: Member, agent: Agent) -> None:
        if member.agent.worktree is None and agent.worktree is not None:
            self._by_worktree.setdefault(agent.worktree, []).append(agent.id)
        member.agent = agent
        self.version += 1

    def _remove(self, agent_id: str) -> None:
        worktree = self._members.pop(agent_id).agent.worktree
        if worktree:
            self._by_worktree[worktree].remove(agent_id)
            if not self._by_worktree[worktree]:
                del self._by_worktree[worktree]
        self.version += 1


def _metrics(group: ProcessGroup) -> AgentMetrics:
    return AgentMetrics(
        pid=group.key.pid,
        process=group.name,
        cpu_usage=group.cpu_usage,
        memory_usage=group.memory_usage,
        memory_percent=group.memory_percent,
        thread_count=group.thread_count,
        process_count=group.process_count,
        uptime_seconds=group.uptime_seconds,
        process_key=group.key,
    )
