"""Alerts about attached systems: queues, orders, heartbeats, runs, events, hand-offs, workflows, questions, claims.

One alert for each system, or queue, or agent, however many rows it is about: a thousand failed orders are one thing to
look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.rules.rule import Finding, Firing, Rule, finding
from monitor.rules.words import bare, minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from monitor.config import Thresholds
    from monitor.model import AgentStatus, Execution, Millis
    from monitor.rules.facts import Situation

_NAMED_AT_MOST: Final = 3
_RECENT_MS: Final = 24 * 3_600_000
"""What failed longer ago is no news."""
_QUIET: Final = frozenset({"idle", "offline", "error"})


def _queue_growing(situation: Situation, thresholds: Thresholds, firing: Firing) -> Iterator[Finding]:
    limit = thresholds.queue_growth
    for (system, queue), more in situation.growth.items():
        subject = f"{system} {queue}".strip()
        if not limit or more < (limit if not firing("queue-growing", subject) else limit / 2):
            continue
        depth = next(
            (one.state.depths.get(queue, 0) for one in situation.systems if one.state.name == system), 0
        )
        yield finding(
            "queue-growing",
            subject,
            title=f"Queue {queue or '(without a name)'} of {system} grows",
            message=f"at least {limit} more wait in it than 15 minutes ago, {depth} in all. Look whether its workers "
            "live, or start more of them.",
            source=system,
            value=depth,
            threshold=limit,
        )


def _expired(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        late = [item.id for item in system.expiring if (item.expires_at or 0) < situation.now]
        if late:
            yield finding(
                "order-expired",
                system.state.name,
                title=f"Work queued in {system.state.name} has expired",
                message=f"{_count(late, 'item')} waited past the time at which it expires: {_named(late)}. "
                "Look whether anybody takes up work, and queue again what still counts.",
                source=system.state.name,
                value=len(late),
            )


def _spent(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        recent = [
            item for item in system.spent if _is_recent(item.ended_at or item.enqueued_at, situation.now)
        ]
        if recent:
            why = next((f" One says: {bare(item.error)}." for item in recent if item.error), "")
            yield finding(
                "order-out-of-retries",
                system.state.name,
                title=f"Work queued in {system.state.name} has failed for good",
                message=f"{_count(recent, 'item')} failed as often as it may be tried: "
                f"{_named([item.id for item in recent])}.{why} Mend the cause, then queue it again.",
                source=system.state.name,
                value=len(recent),
            )


def _heartbeat(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    names = {status.id: status.name for status in situation.statuses}
    for agent_id, word in situation.words.items():
        if word.contradiction and word.status == "offline":
            yield finding(
                "heartbeat-lost",
                agent_id,
                title=f"{names.get(agent_id, agent_id)} sends no heartbeat any more",
                message=f"{bare(word.contradiction)}. Look whether it runs; what it claimed may have to be given away.",
                source=word.system,
                since=word.at,
            )


def _overdue(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        late = [
            run for run in system.running if _is_overdue(run, system.state.timeout_seconds, situation.now)
        ]
        if late:
            yield finding(
                "run-overdue",
                system.state.name,
                title=f"What runs in {system.state.name} has passed its time limit",
                message=f"{_count(late, 'execution')} should have ended by now: "
                f"{_named([run.name or run.id for run in late])}. Look whether it hangs.",
                source=system.state.name,
                value=len(late),
            )


def _is_overdue(run: Execution, limit_of_all: float, now: Millis) -> bool:
    limit = run.timeout_seconds or limit_of_all
    return bool(limit) and run.started_at is not None and now - run.started_at > limit * 1000


def _too_many(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        limit, count = system.state.max_processes, len(system.running)
        if limit and count > limit:
            yield finding(
                "too-many-processes",
                system.state.name,
                title=f"{system.state.name} runs more than it may",
                message=f"{count} processes run by its own word, and its limit is {limit}. Some may be dead and never "
                "noted as such; look at its processes.",
                source=system.state.name,
                value=count,
                threshold=limit,
            )


def _grave(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        if system.grave:
            newest = max(system.grave, key=lambda event: event.at or 0)
            yield finding(
                "critical-event",
                system.state.name,
                title=f"{system.state.name} tells of a critical event",
                message=f"{_count(system.grave, 'event')} that nobody has resolved; the newest: {bare(newest.text)}. "
                "See to it there, and have it marked as resolved.",
                source=system.state.name,
                reason=newest.id,
                value=len(system.grave),
            )


def _handed_over(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    limit = thresholds.handoff_minutes
    latest = situation.now - limit * 60_000
    for system in situation.systems:
        late = [
            one for one in system.handed_over if (one.ended_at or one.assigned_at or situation.now) < latest
        ]
        if late:
            to = next((one.handoff_to or one.agent_id for one in late), "")
            yield finding(
                "handoff-waiting",
                system.state.name,
                title=f"Work handed over in {system.state.name} waits",
                message=f"{_count(late, 'step')} was handed over more than {minutes(limit)} ago and not begun, one of "
                f"them to {bare(to)}. Look whether that agent runs.",
                source=system.state.name,
                value=len(late),
                threshold=limit,
            )


def _failed(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    for system in situation.systems:
        recent = [one for one in system.failed if _is_recent(one.ended_at or one.updated_at, situation.now)]
        if recent:
            why = next((f" One says: {bare(one.error)}." for one in recent if one.error), "")
            yield finding(
                "workflow-failed",
                system.state.name,
                title=f"A workflow of {system.state.name} has failed",
                message=f"{_count(recent, 'workflow')} failed within a day: "
                f"{_named([one.name or one.id for one in recent])}.{why} Look at its last step.",
                source=system.state.name,
                reason=recent[0].id,
                value=len(recent),
            )


def _questions(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    limit = thresholds.waiting_minutes
    latest = situation.now - limit * 60_000
    for system in situation.systems:
        late = [one for one in system.questions if one.at is not None and one.at < latest]
        if late:
            yield finding(
                "question-waiting",
                system.state.name,
                title=f"A question in {system.state.name} waits for an answer",
                message=f"{_count(late, 'question')} was asked more than {minutes(limit)} ago: "
                f"{bare(late[0].text)}. Answer it there.",
                source=system.state.name,
                reason=late[0].id,
                value=len(late),
                threshold=limit,
            )


def _claimed(situation: Situation, thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    """Tasks that somebody has claimed who does not work on them: idle for long, dead, or gone."""
    limit = thresholds.task_stale_minutes
    latest = situation.now - limit * 60_000
    statuses = {status.id: status for status in situation.statuses}
    for system in situation.systems:
        by_agent: dict[str, list[str]] = {}
        for task in system.claimed:
            status = statuses.get(task.assigned_to or "")
            if status is not None and _is_quiet(status, latest):
                by_agent.setdefault(status.id, []).append(task.id)
        for agent_id, tasks in by_agent.items():
            status = statuses[agent_id]
            yield finding(
                "claim-idle",
                agent_id,
                title=f"{status.name} has claimed work and does not do it",
                message=f"{_count(tasks, 'task')} of {system.state.name} in progress: {_named(tasks)}; the agent is "
                f"{status.status}: {bare(status.status_reason)}. Have it go on, or give the work to another.",
                source=system.state.name,
                value=len(tasks),
                threshold=limit,
            )


def _is_quiet(status: AgentStatus, latest: float) -> bool:
    """Whether an agent has done nothing for long, or cannot."""
    if status.stale or status.status not in _QUIET:
        return False
    return status.status != "idle" or max(status.status_since, status.last_activity or 0) < latest


def _is_recent(at: Millis | None, now: Millis) -> bool:
    return at is None or now - at < _RECENT_MS


def _count(found: Sequence[object], what: str) -> str:
    return f"{len(found)} {what}{'' if len(found) == 1 else 's'}"


def _named(names: Iterable[str]) -> str:
    named = list(names)
    more = f" and {len(named) - _NAMED_AT_MOST} more" if len(named) > _NAMED_AT_MOST else ""
    return ", ".join(named[:_NAMED_AT_MOST]) + more


ATTACHED_RULES: Final = (
    Rule(id="critical-event", type="system", severity="critical", find=_grave),
    Rule(id="order-out-of-retries", type="system", severity="error", find=_spent),
    Rule(id="workflow-failed", type="system", severity="error", find=_failed),
    Rule(id="order-expired", type="system", severity="warning", find=_expired, clear_seconds=30.0),
    Rule(id="queue-growing", type="performance", severity="warning", find=_queue_growing, clear_seconds=60.0),
    Rule(id="heartbeat-lost", type="agent", severity="warning", find=_heartbeat),
    Rule(id="run-overdue", type="system", severity="warning", find=_overdue),
    Rule(id="too-many-processes", type="performance", severity="warning", find=_too_many),
    Rule(id="handoff-waiting", type="system", severity="warning", find=_handed_over),
    Rule(id="question-waiting", type="system", severity="warning", find=_questions),
    Rule(id="claim-idle", type="task", severity="warning", find=_claimed, hold_seconds=30.0),
)
