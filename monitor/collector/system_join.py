"""Which agent of ours an agent of an attached system is: by configuration, process, worktree, or a configured name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.model import Agent
from monitor.rules.system_words import START_SLACK_MS
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from monitor.collector.roster import Member
    from monitor.model import Millis, ProcessKey, SystemAgent

ID_LIMIT = 64


class Host:
    """What the join asks of this host. Functions of the collector's inputs and its roster."""

    def __init__(
        self,
        *,
        group_of: Callable[[int, int | None], ProcessKey | None],
        started: Callable[[int], Millis | None],
        home: Callable[[str], str | None],
    ) -> None:
        """`home` gives the agents' worktree that a folder is in."""
        self.group_of = group_of
        self.started = started
        self.home = home


def join(
    told: Iterable[SystemAgent],
    members: Iterable[Member],
    names: Mapping[str, str],
    host: Host,
    *,
    is_local: bool,
) -> dict[str, str]:
    """The id of ours for each agent of one system that is one of ours, by its id there.

    The first that holds counts: what the settings say (`names`: its id or name to ours); its process is in an agent's
    tree, and no later one of the same number; it works in an agent's worktree; it has a configured agent's id or name.
    An agent of ours is one agent of a system at most: the one that names its process, else the first.
    """
    members = list(members)
    by_process = {member.process.key: member.agent.id for member in members if member.process is not None}
    by_name = {
        name.casefold(): member.agent.id
        for member in members
        if member.agent.origin == "config"
        for name in (member.agent.name, member.agent.id)
    }
    known = {member.agent.id for member in members}
    by_worktree: dict[str, list[str]] = {}
    for member in members:
        if member.agent.worktree:
            by_worktree.setdefault(member.agent.worktree, []).append(member.agent.id)
    told = list(told)
    found: dict[str, str] = {}
    taken: set[str] = set()

    def take(agent: SystemAgent, ours: str | None) -> None:
        if ours is not None and ours in known and ours not in taken and agent.id not in found:
            found[agent.id] = ours
            taken.add(ours)

    for agent in told:
        take(agent, names.get(agent.id) or names.get(agent.name))
    if is_local:
        for agent in told:
            take(agent, _by_process(agent, by_process, host))
        for agent in told:
            home = host.home(agent.cwd) if agent.cwd else None
            free = [one for one in by_worktree.get(home or "", ()) if one not in taken]
            take(agent, free[0] if free else None)
    for agent in told:
        take(agent, by_name.get(agent.id.casefold()) or by_name.get(agent.name.casefold()))
    return found


def _by_process(agent: SystemAgent, by_process: Mapping[ProcessKey, str], host: Host) -> str | None:
    if agent.pid is None or agent.pid <= 0:
        return None
    key = host.group_of(agent.pid, None)
    started = host.started(agent.pid)
    if key is None or started is None:
        return None
    if agent.started_at is not None and started > agent.started_at + START_SLACK_MS:
        return None
    return by_process.get(key)


def own_id(agent: SystemAgent) -> str:
    """The id of an agent that only a system knows."""
    return clean(f"{agent.system}:{agent.name or agent.id}", ID_LIMIT)


def as_agent(agent: SystemAgent, agent_id: str, host: str) -> Agent:
    """An agent that only a system knows, as one of ours: it is listed, as those of a board are."""
    return Agent(
        id=agent_id,
        name=agent.name or agent.id,
        kind=agent.kind or "custom",
        role=agent.role,
        host=host,
        origin="board",
    )


def is_local(engine: str, url: str) -> bool:
    """Whether the processes that a system names are this host's: it is a file, or a server here."""
    if engine in ("sqlite", "files") or "://" not in url:
        return True
    return (urlsplit(url).hostname or "") in ("", "localhost", "127.0.0.1", "::1")
