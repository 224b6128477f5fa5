"""The alert about an agent whose process ended in the middle of a tool call: all that is known of its end.

A call that its log tells to have ended after all was no call in the middle of which it died, and who exits with code 0
left by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.rules.rule import Finding, Firing, Rule, finding
from monitor.rules.words import how_it_ended, percent, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.model import AgentStatus, OomReading, PostMortem, ProcessExit, Session
    from monitor.rules.facts import AgentFacts, Situation

AGENT_DIED: Final = "agent-died"
_HOLD_SECONDS: Final = 5.0
"""Time for its log to tell that the call had ended."""
_SIGKILL: Final = 9
"""What the kernel kills with when memory runs out."""
_MIB: Final = 1_048_576


def _died(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    for status in situation.statuses:
        facts = situation.facts.get(status.id)
        if facts is None or facts.process is not None:
            continue
        known = facts.notes.post_mortem
        if known is not None and not _left_by_itself(facts, known):
            yield _found(status, facts.exited, known)
        elif known is None and firing(AGENT_DIED, status.id):
            yield _still(status)


def _found(status: AgentStatus, exited: ProcessExit | None, known: PostMortem) -> Finding:
    call = f"{known.tool} {known.target}".rstrip()
    how = how_it_ended(exited) if exited is not None else "process ended"
    unknown = exited is None or (exited.exit_code is None and exited.signal is None)
    told = [
        f"{how}{where(status)}, while {call} ran{', how is not known' if unknown else ''}",
        _last_sample(known),
        what_the_kernel_says(known.oom, exited),
    ]
    return finding(
        AGENT_DIED,
        status.id,
        title=f"{status.name} died in the middle of {call}",
        message=". ".join(part for part in told if part)
        + ". Look at what the call left behind, then start it again.",
        source="processes",
        tool=known.tool,
        target=known.target,
        tool_since=known.tool_since,
        last_status=known.status,
        alive_at=known.alive_at,
        cpu_usage=known.cpu_usage,
        memory_usage=known.memory_usage,
        memory_percent=known.memory_percent,
        exit_code=exited.exit_code if exited else None,
        signal=exited.signal if exited else None,
        oom_control_group=known.oom.control_group if known.oom else None,
        oom_host=known.oom.host if known.oom else None,
        session=known.session_id,
    )


def _still(status: AgentStatus) -> Finding:
    """It is dead still, and a recorder that was started since knows nothing more: the open alert keeps its text."""
    return finding(
        AGENT_DIED,
        status.id,
        title=f"{status.name} died in the middle of a tool call",
        message=f"no process of it runs{where(status)}. Look at what it left behind, then start it again.",
        source="processes",
    )


def _left_by_itself(facts: AgentFacts, known: PostMortem) -> bool:
    if facts.exited is not None and facts.exited.exit_code == 0:
        return True
    return facts.session is not None and _had_ended(facts.session, known)


def _had_ended(session: Session, known: PostMortem) -> bool:
    """Whether the log tells by now that the call had ended, or that a new session was begun."""
    if session.session_id != known.session_id:
        return True
    return any(
        call.name == known.tool
        and call.target == known.target
        and call.started == known.tool_since
        and call.ended is not None
        for call in session.calls
    )


def _last_sample(known: PostMortem) -> str:
    """What it was doing when it was last seen alive; empty when nothing is known of it."""
    parts: list[str] = []
    if known.status is not None:
        parts.append(known.status)
    if known.cpu_usage is not None:
        parts.append(f"CPU {percent(known.cpu_usage)}")
    if known.memory_usage is not None:
        share = f" ({percent(known.memory_percent)})" if known.memory_percent is not None else ""
        parts.append(f"memory {known.memory_usage / _MIB:,.0f} MiB{share}")
    return f"Last seen: {', '.join(parts)}" if parts else ""


def what_the_kernel_says(oom: OomReading | None, exited: ProcessExit | None) -> str:
    """Say whether memory may have run out, and no more than the kernel's counters tell."""
    if oom is None or (oom.control_group is None and oom.host is None):
        return "Whether memory ran out cannot be read here"
    killed = exited is None or exited.signal is None or exited.signal == _SIGKILL
    if oom.control_group:
        count = f"{oom.control_group} process{'es' * (oom.control_group > 1)}"
        sure = ", most likely this one" if killed else ", but this one ended in another way"
        return f"The kernel killed {count} of its control group for lack of memory at that time{sure}"
    if oom.host:
        if oom.control_group == 0 or not killed:
            return "The kernel killed a process for lack of memory at that time, but not this one"
        return "The kernel killed a process for lack of memory at that time; whether this one is not known"
    return "The kernel killed nothing for lack of memory at that time"


DEATH_RULES: Final = (
    Rule(id=AGENT_DIED, type="agent", severity="error", find=_died, hold_seconds=_HOLD_SECONDS),
)
