"""Sessions and the facts around them, to build the examples of the rules about sessions from."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from monitor.config import Thresholds
from monitor.model import (
    Agent,
    AgentStatus,
    ModelUsage,
    ProcessExit,
    ProcessGroup,
    ProcessKey,
    Session,
    Status,
    TokenCounts,
    ToolCall,
)
from monitor.rules.alerts import find_all
from monitor.rules.facts import AgentFacts, SessionNotes, Situation
from monitor.rules.rule import Finding

NOW: Final = 1_800_000_000_000
SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
KEY: Final = ProcessKey(boot_id="boot", pid=42, start=7)
AGENT: Final = Agent(id="builder", name="Builder", kind="claude-code", worktree="/w/b")
PROCESS: Final = ProcessGroup(
    key=KEY,
    kind="claude-code",
    name="claude",
    started=NOW - HOUR,
    cpu_usage=12.34,
    memory_usage=512 * 1_048_576,
    memory_percent=6.25,
)


def session(**known: Any) -> Session:
    """The session of the agent: at work, unless told otherwise."""
    base: dict[str, Any] = {"kind": "claude-code", "session_id": "s1", "turn_state": "thinking"}
    return Session(**(base | {"updated": NOW} | known))


def running(tool: str = "Bash", target: str = "make", **known: Any) -> Session:
    return session(turn_state="tool", tool=tool, tool_target=target, tool_since=NOW - MINUTE, **known)


def facts(known: Session | None = None, **more: Any) -> AgentFacts:
    """Of an agent whose process runs, unless told otherwise."""
    base: dict[str, Any] = {"process": PROCESS, "process_seen": True}
    return AgentFacts(agent=AGENT, session=known, **(base | more))


def noted(known: Session | None = None, **notes: Any) -> AgentFacts:
    return facts(known, notes=SessionNotes(**notes))


def dead(known: Session | None = None, **more: Any) -> AgentFacts:
    return facts(known, process=None, **more)


def ended(**how: Any) -> ProcessExit:
    return ProcessExit(key=KEY, kind="claude-code", name="claude", at=NOW, **how)


def status(word: Status = "active", **known: Any) -> AgentStatus:
    base: dict[str, Any] = {
        "id": "builder",
        "name": "Builder",
        "kind": "claude-code",
        "role": "",
        "host": "h",
    }
    more: dict[str, Any] = {"worktree": "/w/b", "origin": "config", "status_since": NOW, "status_reason": "x"}
    return AgentStatus(status=word, **(base | more | known))


def call(name: str = "Read", target: str = "a.py", **known: Any) -> ToolCall:
    return ToolCall(call_id="c", name=name, target=target, **known)


def usage(hour: int, dollars: float | None, count: int = 1_000) -> ModelUsage:
    return ModelUsage(model="m", tokens=TokenCounts(input=count), hour=hour, cost_usd=dollars)


def found(
    known: AgentFacts | None, *firing: str, limits: dict[str, Any] | None = None, **more: Any
) -> list[Finding]:
    """Everything that all rules find; `firing` names rules whose alert is open for every subject."""
    base: dict[str, Any] = {"statuses": (status(),), "watching_since": NOW}
    if known is not None:
        base["facts"] = {"builder": known}
    thresholds = msgspec.structs.replace(Thresholds(), **(limits or {}))
    return find_all(Situation(now=NOW, **(base | more)), thresholds, lambda rule, _subject: rule in firing)


def rules(known: AgentFacts | None, *firing: str, **more: Any) -> list[str]:
    return [finding.rule for finding in found(known, *firing, **more)]
