"""Alerts about agents: blocked, failed, lost with a task, short of memory, long without a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import AgentStatus, GitState
from monitor.rules.rule import CLEAR_SHARE, Find, Finding, Firing, Rule, exceeds, finding
from monitor.rules.words import bare, how_it_ended, minutes, percent, where

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.rules.facts import AgentFacts, Situation

_LOST_HOLD_SECONDS: Final = 30.0
"""Time for an agent that is started again and again to come back."""
_LOST_GRACE: Final = 5_000
"""Milliseconds after a process's end in which what it did still arrives."""
_MEMORY_HOLD_SECONDS: Final = 10.0
_UNCOMMITTED_HOLD_SECONDS: Final = 30.0
"""Time for what is being committed at this moment."""

_NO_COMMITS_THERE: Final = frozenset[GitState]({"not-a-repository", "deleted", "pruned-worktree", "bare"})
"""States in which nobody can commit: they tell nothing for or against a commit."""
_UNREADABLE: Final = frozenset[GitState](
    {"corrupt-index", "corrupt-head", "missing-objects", "foreign-owner", "timeout", "failed"}
)
"""States in which commits may have been made that nobody could read."""


def _blocked(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    for status in situation.statuses:
        if status.status == "blocked" and _sure(status, "agent-blocked", firing):
            facts = situation.facts.get(status.id)
            limited = (
                facts is not None and facts.session is not None and facts.session.turn_state == "limited"
            )
            advice = "It goes on by itself then." if limited else "Give it what it waits for."
            yield finding(
                "agent-blocked",
                status.id,
                title=f"{status.name} is blocked",
                message=f"{bare(status.status_reason)}{where(status)}. {advice}",
                source="status",
                reason=status.status_reason,
                task=status.current_task,
            )


def _error(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    for status in situation.statuses:
        if status.status == "error" and _sure(status, "agent-error", firing):
            yield finding(
                "agent-error",
                status.id,
                title=f"{status.name} has failed",
                message=f"{bare(status.status_reason)}{where(status)}. Look at its log, then start it again.",
                source="status",
                reason=status.status_reason,
                task=status.current_task,
            )


def _lost(situation: Situation, _thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    """Find agents that had a process, have none now, do nothing any more, and whose task is IN_PROGRESS."""
    for status in situation.statuses:
        facts = situation.facts.get(status.id) if status.current_task is not None else None
        if facts is None or facts.task is None or facts.task.status != "IN_PROGRESS":
            continue
        if facts.process is not None or not facts.process_seen:
            continue
        if facts.failed_probes:
            lost = firing("agent-lost", status.id)
        else:
            lost = status.status == "offline" or _quiet_since_its_end(facts)
        if lost:
            how = how_it_ended(facts.exited) if facts.exited else "no process any more"
            yield finding(
                "agent-lost",
                status.id,
                title=f"{status.name} was lost with task {facts.task.id} in progress",
                message=f"{how}{where(status)}; the task is still IN_PROGRESS. "
                "Start the agent again, or give the task to another.",
                source="processes",
                task=facts.task.id,
                exit_code=facts.exited.exit_code if facts.exited else None,
                signal=facts.exited.signal if facts.exited else None,
            )


def _quiet_since_its_end(facts: AgentFacts) -> bool:
    """Whether nothing was done after the process's seen end.

    What goes on belongs to a process that was not recognised.
    """
    if facts.exited is None:
        return False
    done = (facts.files_changed_at, facts.last_commit_at, facts.log_at)
    return all(at is None or at <= facts.exited.at + _LOST_GRACE for at in done)


def _memory(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.agent_memory_percent
    lowest = limit * CLEAR_SHARE
    for status in situation.statuses:
        metrics = situation.metrics.get(status.id)
        if metrics is None or metrics.pid is None:
            continue
        value = metrics.memory_percent
        if value is not None and value < lowest:
            continue
        if exceeds(value, limit, firing=firing("agent-memory", status.id)):
            yield finding(
                "agent-memory",
                status.id,
                title=f"{status.name} uses more than {percent(limit)} of the memory",
                message=f"process {metrics.pid} and its children hold {percent(value)} of the machine's "
                f"memory{where(status)}. Look at its processes; stop what is not needed.",
                source="processes",
                value=value,
                threshold=limit,
                pid=metrics.pid,
            )


def _uncommitted(rule: str, setting: str) -> Find:
    """Make the finder for more uncommitted files than the setting allows, once for each worktree."""

    def find(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
        limit: int = getattr(thresholds, setting)
        lowest = limit * CLEAR_SHARE
        worktrees = set()
        for status in situation.statuses:
            count = status.uncommitted_changes
            if status.worktree is None or (count is not None and count < lowest):
                continue
            if not exceeds(count, limit, firing=firing(rule, status.id)) or status.worktree in worktrees:
                continue
            worktrees.add(status.worktree)
            yield finding(
                rule,
                status.id,
                title=f"{status.name} has more than {limit} uncommitted changes",
                message=f"{count} files are not committed{where(status)}. "
                "Have it commit, or undo what is not wanted.",
                source="git",
                value=count,
                threshold=limit,
            )

    return find


def _no_commits(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    """No agent has committed for long, though one is at work and every worktree could be read."""
    limit = thresholds.no_commit_minutes
    last = situation.last_commit_at
    quiet_since = situation.watching_since if last is None else last
    if situation.now - quiet_since <= limit * 60_000:
        return
    open_already = firing("no-commits", "agents")
    if not any(_at_work_for(status, situation, limit, stale=open_already) for status in situation.statuses):
        return
    states = [
        status.git_state
        for status in situation.statuses
        if status.worktree is not None and status.git_state not in _NO_COMMITS_THERE
    ]
    if not states:
        return
    if any(state is None or state in _UNREADABLE for state in states) and not open_already:
        return
    yield finding(
        "no-commits",
        "agents",
        title=f"No agent has committed for more than {minutes(limit)}",
        message=f"none of the {len(situation.statuses)} agents has made a commit for that long. "
        "Look whether they go in circles, and have them commit.",
        source="git",
        threshold=limit,
        last_commit_at=last,
    )


def _at_work_for(status: AgentStatus, situation: Situation, limit: float, *, stale: bool) -> bool:
    """Whether the agent is at work, and was started long enough ago to have made a commit."""
    if status.status not in {"active", "idle"} or (status.stale and not stale):
        return False
    facts = situation.facts.get(status.id)
    started = facts.process.started if facts and facts.process else None
    return started is None or situation.now - started > limit * 60_000


def _sure(status: AgentStatus, rule: str, firing: Firing) -> bool:
    """Whether the status is known now; a stale one keeps an alert and raises none."""
    return not status.stale or firing(rule, status.id)


AGENT_RULES: Final = (
    Rule(id="agent-error", type="agent", severity="error", find=_error, yields_to="agent-died"),
    Rule(
        id="agent-lost",
        type="agent",
        severity="error",
        find=_lost,
        hold_seconds=_LOST_HOLD_SECONDS,
        yields_to="agent-died",
    ),
    Rule(id="agent-blocked", type="agent", severity="warning", find=_blocked, yields_to="agent-waiting"),
    Rule(
        id="agent-memory",
        type="performance",
        severity="warning",
        find=_memory,
        hold_seconds=_MEMORY_HOLD_SECONDS,
        clear_seconds=30.0,
    ),
    Rule(
        id="uncommitted-error",
        type="agent",
        severity="error",
        find=_uncommitted("uncommitted-error", "uncommitted_error"),
        hold_seconds=_UNCOMMITTED_HOLD_SECONDS,
    ),
    Rule(
        id="uncommitted-warning",
        type="agent",
        severity="warning",
        find=_uncommitted("uncommitted-warning", "uncommitted_warning"),
        hold_seconds=_UNCOMMITTED_HOLD_SECONDS,
        yields_to="uncommitted-error",
    ),
    Rule(id="no-commits", type="agent", severity="info", find=_no_commits),
)
"""SIB-14 to SIB-17 and SIB-21, whose second step could never be reached there."""
