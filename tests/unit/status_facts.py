"""Facts of one agent, to build the examples of the status rule from."""

from __future__ import annotations

from typing import Any, Final

from monitor.config import Thresholds
from monitor.model import Agent, GitState, ProcessExit, ProcessGroup, ProcessKey, Task, WorktreeReading
from monitor.rules.facts import AgentFacts

NOW: Final = 1_800_000_000_000
SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
DAY: Final = 24 * 60 * MINUTE
LIMITS: Final = Thresholds()
KEY: Final = ProcessKey(boot_id="boot", pid=42, start=7)
AGENT: Final = Agent(
    id="builder", name="Builder", kind="claude-code", role="build", worktree="/w/b", host="h"
)
PROCESS: Final = ProcessGroup(key=KEY, kind="claude-code", name="claude", started=NOW - DAY)


def facts(**known: Any) -> AgentFacts:
    return AgentFacts(agent=AGENT, **known)


def ended(**how: Any) -> ProcessExit:
    return ProcessExit(key=KEY, kind="claude-code", name="claude", at=NOW - MINUTE, **how)


def task(status: str, **known: Any) -> Task:
    return Task(id=known.pop("id", "T-4"), title="Payments", status=status, **known)


def tree(state: GitState = "branch", **known: Any) -> WorktreeReading:
    return WorktreeReading(path="/w/b", at=NOW, state=state, **known)


WORKING: Final = facts(process=PROCESS, process_seen=True, files_changed_at=NOW - 10 * SECOND)
QUIET: Final = facts(process=PROCESS, process_seen=True, files_changed_at=NOW - 10 * MINUTE)
ALIVE: Final = facts(process=PROCESS, process_seen=True)
GONE: Final = facts(process_seen=True, files_changed_at=NOW - DAY)
FAILED: Final = facts(exited=ended(exit_code=1), process_seen=True)
UNREAD: Final = facts(failed_probes=("processes: denied",))
BLOCKED: Final = facts(process=PROCESS, task=task("BLOCKED"))
