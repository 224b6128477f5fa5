"""What the process tree adds to a log that cannot tell whether a call runs or waits for a person."""

from __future__ import annotations

from typing import Final

import msgspec

from monitor.model import COMMAND_TOOLS, WORKING, Evidence, Millis, Session, Subagent

_OVER: Final = frozenset({"idle", "error", "limited", "ended", "unknown"})
"""States in which nothing is under way."""
SETTLE_MS: Final = 3_000
"""For a command to have started a process, or to have ended again."""
START_SLACK_MS: Final = 1_000
"""By which a command's process may seem older than its call: Codex writes the call down 50 ms after it has begun."""


def permission_for(tool: str, target: str) -> str:
    """What a person has to give: `permission: exec_command git`, or `permission` where no tool is named."""
    return f"permission: {tool} {target}".rstrip() if tool else "permission"


def refine(session: Session, children: int | None, now: Millis) -> Session:
    """The session with its doubt resolved by how many processes the agent has started since the call; None: unknown.

    A command that runs is a child of the agent, and a sub-agent at work tells that its call runs. A call without an
    end, and without a child for some seconds, waits for a person. Whether a patch is being applied or waits, no process
    tells: it takes no time, so that it waits.
    """
    if not session.unsure or session.turn_state != "tool" or children is None:
        return session
    if children > 0 and _runs_a_program(session.tool):
        seen = f"processes: {children} child{'ren' * (children > 1)} of it run{'s' * (children == 1)}"
        evidence = (Evidence(kind="process", at=now, text=seen), *session.evidence)
        return msgspec.structs.replace(session, unsure=False, waiting_for="", evidence=evidence)
    if any(one.turn_state in WORKING and _is_of_now(one, session) for one in session.subagents):
        seen = "log: a sub-agent of it is at work"
        evidence = (Evidence(kind="log", at=now, text=seen), *session.evidence)
        return msgspec.structs.replace(session, unsure=False, waiting_for="", evidence=evidence)
    since = session.tool_since
    if since is None or now - since < SETTLE_MS:
        return session
    text = (
        "processes: nothing runs for the call" if children == 0 else "processes: what runs is not this call's"
    )
    return msgspec.structs.replace(
        session,
        turn_state="permission",
        unsure=False,
        waiting_for=session.waiting_for or permission_for(session.tool, session.tool_target),
        waiting_since=since,
        evidence=(Evidence(kind="process", at=now, text=text), *session.evidence),
    )


def _runs_a_program(tool: str) -> bool:
    """Whether a process runs for the tool; one that the log does not name yet may be such a tool."""
    return not tool or tool.casefold() in COMMAND_TOOLS


def _is_of_now(subagent: Subagent, session: Session) -> bool:
    """Whether a sub-agent was started by the call that has no end: an older one may have been left in mid-turn."""
    return (subagent.started or 0) >= (session.tool_since or 0)


def over(session: Session, seen_at: Millis) -> Session:
    """A session of an agent whose process was seen last then: what was under way has ended, unless the log goes on."""
    if session.turn_state in _OVER or (session.updated or 0) > seen_at + SETTLE_MS:
        return session
    gone = Evidence(kind="process", at=seen_at, text="processes: its process is gone")
    return msgspec.structs.replace(
        session,
        turn_state="ended",
        state_since=seen_at,
        unsure=False,
        waiting_for="",
        waiting_since=None,
        evidence=(gone, *session.evidence),
    )
