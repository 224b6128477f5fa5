"""What watching a session adds to what its log says: spending without a change, errors of late, how it ended."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import AgentStatus, Leap, Millis, OomReading, PostMortem, ProcessGroup, Session
from monitor.rules.facts import AgentFacts, SessionNotes

if TYPE_CHECKING:
    from collections.abc import Callable

ERRORS_WINDOW: Final = 10 * 60_000
"""Milliseconds within which API errors count together."""
_ERRORS_LIMIT: Final = 100
"""Times at which errors were told that are remembered."""
_NOTHING: Final = SessionNotes()


class _Alive(msgspec.Struct, frozen=True):
    """An agent as it was last seen alive."""

    at: Millis
    process: ProcessGroup
    session: Session
    status: AgentStatus | None


class _Watched(msgspec.Struct):
    """What is remembered of one agent."""

    session_id: str = ""
    marks: tuple[object, ...] = ()
    tokens: int = 0
    """Spent when the last change was seen."""
    errors: int = 0
    """Told by the log so far."""
    errors_at: deque[tuple[Millis, int]] = msgspec.field(default_factory=lambda: deque(maxlen=_ERRORS_LIMIT))
    """When how many more were told."""
    alive: _Alive | None = None
    post_mortem: PostMortem | None = None
    notes: SessionNotes = _NOTHING


class SessionWatch:
    """Watches the agents' sessions. What happened before it first saw one, it does not count. Not safe for threads."""

    def __init__(self, oom: Callable[[str], OomReading | None] | None = None) -> None:
        """`oom` is asked, when the process of an agent has ended, what the kernel killed for lack of memory."""
        self._oom = oom
        self._watched: dict[str, _Watched] = {}

    def note(
        self, facts: AgentFacts, now: Millis, *, status: AgentStatus | None = None, settled: bool = True
    ) -> SessionNotes:
        """Take in the facts of now, and what the agent was last concluded to do; the very record while it is the same.

        While the first reading of the logs goes on (`settled` is false) what they tell is old, and counts for nothing.
        """
        agent_id = facts.agent.id
        watched = self._watched.get(agent_id)
        if watched is None:
            if facts.session is None:
                return _NOTHING
            watched = self._watched[agent_id] = _Watched()
        self._watch_process(watched, facts, now, status)
        spent = errors = None
        if facts.session is not None:
            if watched.session_id != facts.session.session_id or not settled:
                _begin(watched, facts, facts.session)
            spent = _spent(watched, facts, facts.session)
            errors = _recent_errors(watched, facts.session, now)
        notes = SessionNotes(tokens_since_change=spent, recent_errors=errors, post_mortem=watched.post_mortem)
        if notes != watched.notes:
            watched.notes = notes
        return watched.notes

    def forget(self, agent_id: str) -> None:
        """The agent is gone; an unknown one is no error."""
        self._watched.pop(agent_id, None)

    def leap(self, leap: Leap) -> None:
        """The clock was set: no error was told after now."""
        for watched in self._watched.values():
            moved = [(leap.moved(at), count) for at, count in watched.errors_at]
            watched.errors_at = deque(moved, maxlen=_ERRORS_LIMIT)

    def _watch_process(
        self, watched: _Watched, facts: AgentFacts, now: Millis, status: AgentStatus | None
    ) -> None:
        """Remember the agent as it lives; when its process has ended in a tool call, write down how that was."""
        if facts.process is not None:
            watched.post_mortem = None
            watched.alive = (
                None if facts.session is None else _Alive(now, facts.process, facts.session, status)
            )
            return
        alive, exited = watched.alive, facts.exited
        if alive is None or exited is None or exited.key != alive.process.key:
            return
        watched.alive = None
        if alive.session.turn_state == "tool" and alive.session.tool:
            oom = self._oom(facts.agent.id) if self._oom is not None else None
            watched.post_mortem = _post_mortem(alive, oom)


def _begin(watched: _Watched, facts: AgentFacts, session: Session) -> None:
    """Count from here on."""
    watched.session_id = session.session_id
    watched.marks, watched.tokens = _marks(facts, session), _fresh(session)
    watched.errors = session.errors
    watched.errors_at.clear()


def _spent(watched: _Watched, facts: AgentFacts, session: Session) -> int:
    marks, fresh = _marks(facts, session), _fresh(session)
    if marks != watched.marks or fresh < watched.tokens:
        watched.marks, watched.tokens = marks, fresh
    return fresh - watched.tokens


def _marks(facts: AgentFacts, session: Session) -> tuple[object, ...]:
    """What moves when something was changed: by the agent's own tools, by a command or a sub-agent, by a commit."""
    moved = facts.worktree.last_change if facts.worktree else None
    return (session.edit_count, facts.last_commit_at, facts.files_changed_at, moved)


def _fresh(session: Session) -> int:
    """Tokens that were read anew or written. A cache is read again with each call: it would drown them."""
    tokens = session.tokens
    return tokens.input + tokens.output + tokens.cache_write


def _recent_errors(watched: _Watched, session: Session, now: Millis) -> int:
    more = session.errors - watched.errors
    watched.errors = session.errors
    if more > 0:
        watched.errors_at.append((now, more))
    while watched.errors_at and now - watched.errors_at[0][0] > ERRORS_WINDOW:
        watched.errors_at.popleft()
    return sum(count for _, count in watched.errors_at)


def _post_mortem(alive: _Alive, oom: OomReading | None) -> PostMortem:
    session, process = alive.session, alive.process
    return PostMortem(
        alive_at=alive.at,
        session_id=session.session_id,
        tool=session.tool,
        target=session.tool_target,
        tool_since=session.tool_since,
        status=alive.status.status if alive.status else None,
        cpu_usage=process.cpu_usage,
        memory_usage=process.memory_usage,
        memory_percent=process.memory_percent,
        oom=oom,
    )
