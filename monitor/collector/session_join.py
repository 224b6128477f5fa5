"""Whose session is whose: by pid and start time, else by worktree, kind and the time at which it began."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from monitor.collector.roster import Member
    from monitor.model import Millis, ProcessKey

SLACK_MS: Final = 5_000
"""By which a session's first record may seem older than its process."""


class Own(msgspec.Struct):
    """The sessions of one agent. Mutable while they are being joined."""

    current: Session | None = None
    """The one that it is at."""
    others: list[Session] = []
    """What its worktree has seen besides, the newest first."""

    def add(self, session: Session) -> None:
        """Take up one that is its own: the first is the newest."""
        if self.current is None:
            self.current = session
        else:
            self.others.append(session)


def join(
    members: Iterable[Member],
    sessions: Mapping[str, tuple[Session, ...]],
    home: Callable[[str], str | None],
    group_of: Callable[[int, int | None], ProcessKey | None],
) -> dict[str, Own]:
    """The sessions of each agent that has any. `home` tells the worktree of a folder, `group_of` the process of a pid.

    A process has one session: the newest that tells its pid. Without a pid, a session belongs to the process of its
    kind that was started last before it began in its worktree; one that began before every process there was taken up
    again by the one that has none else. An agent without a process has what no process has. A session in no agent's
    worktree is nobody's: agents come from the configuration, boards and processes, not from logs.
    """
    members = tuple(members)
    found: dict[str, Own] = {}
    by_home: dict[str, list[Session]] = {}
    for session in _join_by_pid(members, sessions, group_of, found):
        place = home(session.cwd) if session.cwd else None
        if place is not None:
            by_home.setdefault(place, []).append(session)
    neighbours: dict[str, list[Member]] = {}
    for member in members:
        if member.agent.worktree in by_home:
            neighbours.setdefault(member.agent.worktree or "", []).append(member)
    for place, there in neighbours.items():
        _join_in_worktree(there, by_home[place], found)
    return found


def _join_by_pid(
    members: tuple[Member, ...],
    sessions: Mapping[str, tuple[Session, ...]],
    group_of: Callable[[int, int | None], ProcessKey | None],
    found: dict[str, Own],
) -> list[Session]:
    """Give each process the newest session that names it; returns the other sessions, the newest first."""
    owners = {member.process.key: member.agent.id for member in members if member.process is not None}
    left: list[Session] = []
    for session in sorted((one for told in sessions.values() for one in told), key=_newest_first):
        key = None
        if session.pid is not None and not _is_over(session):
            key = group_of(session.pid, session.process_start if sys.platform == "linux" else None)
        agent_id = owners.get(key) if key is not None else None
        if agent_id is None or agent_id in found:
            left.append(session)
        else:
            found[agent_id] = Own(session)
    return left


def _join_in_worktree(members: list[Member], sessions: list[Session], found: dict[str, Own]) -> None:
    """Give the sessions of one worktree, the newest first, to the agents there."""
    unplaced: list[tuple[Session, list[Member]]] = []
    for session in sessions:
        fitting = [member for member in members if member.agent.kind in ("custom", session.kind)]
        owner = None if _is_over(session) else _started_before(fitting, session)
        if owner is not None:
            found.setdefault(owner.agent.id, Own()).add(session)
        elif fitting:
            unplaced.append((session, fitting))
    for session, fitting in unplaced:
        owner = _without_any(fitting, session, found)
        if owner is not None:
            found.setdefault(owner.agent.id, Own()).add(session)
        else:
            found.setdefault(fitting[0].agent.id, Own()).others.append(session)


def _started_before(members: list[Member], session: Session) -> Member | None:
    """The agent whose process was started last before the session began."""
    began = session.started
    starts = [
        (member.process.started, number)
        for number, member in enumerate(members)
        if member.process is not None and member.process.started is not None
        if began is not None and member.process.started <= began + SLACK_MS
    ]
    return members[max(starts)[1]] if starts else None


def _without_any(members: list[Member], session: Session, found: Mapping[str, Own]) -> Member | None:
    """An agent that has no session yet: one whose process may have written this, else one without a process."""
    free = [
        member for member in members if member.agent.id not in found or found[member.agent.id].current is None
    ]
    for member in free:
        if member.process is not None and not _is_over(session):
            started = member.process.started
            if started is None or (session.updated or 0) >= started - SLACK_MS:
                return member
    return next((member for member in free if member.process is None), None)


def _is_over(session: Session) -> bool:
    """Whether its process is known to be gone: it can be none that lives."""
    return session.pid is not None and session.turn_state == "ended"


def _newest_first(session: Session) -> Millis:
    return -(session.updated or session.started or 0)
