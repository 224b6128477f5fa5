"""The status rule: what an agent is doing, since when, why, and what that rests on (DESIGN.md §4).

Reasons hold nothing that moves by itself (no ages, no percentages of now): an agent that goes on as before
keeps its record, and nothing is written. The times stand in the evidence, and the screen shows their age.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import WORKING, AgentStatus, Evidence, GitState, Leap, Millis, Status
from monitor.rules.session_words import believed
from monitor.rules.words import ended_badly, how_it_ended, minutes
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.config import Thresholds
    from monitor.rules.facts import AgentFacts

REASON_LIMIT: Final = 200
"""Characters of a reason."""
FUTURE_TOLERANCE: Final = 60_000
"""Milliseconds that an activity may lie ahead of now; beyond that a clock is wrong, and nothing was done."""
TURN_SETTLE: Final = 15_000
"""Milliseconds after the end of a turn in which what was done in it is still seen."""
CPU_STEP: Final = 10_000
"""Milliseconds to which CPU activity is rounded down, or a busy agent would make a new record each tick."""

_RANK: Final[dict[Status, int]] = {"error": 2, "blocked": 1, "active": 0, "idle": 0, "offline": 0}
"""A status of higher rank rests on positive evidence and is taken at once."""
_BY_ABSENCE: Final = frozenset[Status]({"idle", "offline"})
"""Statuses concluded from seeing nothing, which a failed probe makes unknowable."""
_SOUND_GIT: Final = frozenset[GitState](
    {"branch", "detached", "rebase", "merge", "cherry-pick", "revert", "bisect", "unborn", "bare", "shallow"}
)


class Verdict(msgspec.Struct, frozen=True):
    """What the facts of one moment say, before it has to hold."""

    status: Status
    reason: str
    evidence: tuple[Evidence, ...]
    """What the status rests on first, then what else is known."""
    last_activity: Millis | None
    since: Millis | None = None
    """When it began, where that is known; None: now."""


def judge(
    facts: AgentFacts, now: Millis, thresholds: Thresholds, remembered: Millis | None = None
) -> Verdict:
    """Judge the facts of one moment; the first match of error, blocked, active, idle, offline wins.

    `remembered` is the last activity known before: what a restart forgot, or a commit swept out of sight,
    counts still. A worktree that git cannot read is evidence and a failing source, not the agent's error.
    """
    process = _process_evidence(facts)
    activities = _activities(facts, now, thresholds, process)
    newest = max((seen.at for seen in activities if seen.at is not None), default=0)
    if remembered is not None and newest < remembered <= now + FUTURE_TOLERANCE:
        activities.append(Evidence(kind="activity", at=remembered, text="activity seen earlier"))
    last_activity = max((seen.at for seen in activities if seen.at is not None), default=None)
    failures = _failures(facts)
    waits = _waits(facts)
    others = [seen for seen in activities if seen is not process]
    end = () if process in failures else (process,)
    told = facts.session.evidence if facts.session else ()
    said = () if facts.told is None or facts.told.evidence in (*failures, *waits) else (facts.told.evidence,)
    evidence = (*failures, *waits, *told, *others, *end, *said, *_probe_evidence(facts))
    if failures or waits:
        status: Status = "error" if failures else "blocked"
        reason = (*failures, *waits)[0]
        return Verdict(status, reason.text, evidence, last_activity, _known_since(reason, now))
    if facts.told is not None and _only_told(facts) and last_activity is None:
        heard = (
            facts.told.at if facts.told.at is not None and facts.told.at <= now + FUTURE_TOLERANCE else None
        )
        return Verdict(facts.told.status, clean(facts.told.evidence.text, REASON_LIMIT), evidence, heard)
    status, text = _by_session(facts, now, thresholds, activities) or _by_activity(
        facts, now, thresholds, activities, last_activity
    )
    return Verdict(status, text, evidence, last_activity)


def _only_told(facts: AgentFacts) -> bool:
    """Whether nothing of the agent is seen on this host: then it is what the attached system says."""
    return (
        facts.process is None and not facts.process_seen and facts.exited is None and facts.worktree is None
    )


def _known_since(reason: Evidence, now: Millis) -> Millis | None:
    """When an agent began to wait for a person, by its own log."""
    return reason.at if reason.kind == "wait" and reason.at is not None and reason.at <= now else None


def _by_session(
    facts: AgentFacts, now: Millis, thresholds: Thresholds, activities: list[Evidence]
) -> tuple[Status, str] | None:
    """What the session of a living process says: that it is at work, or that its turn is over. None: nothing sure.

    A turn that is over makes it idle at once, unless something was done since then.
    """
    session = facts.session
    if session is None or facts.process is None:
        return None
    if session.turn_state in WORKING:
        silent = now - (session.updated or 0)
        working = clean(f"session at work{believed(session)}", REASON_LIMIT)
        return ("active", working) if silent < thresholds.idle_minutes * 60_000 else None
    if session.turn_state == "idle" and session.state_since is not None:
        over = session.state_since + TURN_SETTLE
        if all(seen.at is None or seen.at <= over for seen in activities):
            return "idle", clean(f"turn ended, nothing was asked{believed(session)}", REASON_LIMIT)
    return None


def _by_activity(
    facts: AgentFacts,
    now: Millis,
    thresholds: Thresholds,
    activities: list[Evidence],
    last_activity: Millis | None,
) -> tuple[Status, str]:
    """Status and reason of an agent that neither failed nor waits."""
    fresh = now - thresholds.active_minutes * 60_000
    if last_activity is not None and last_activity > fresh:
        # The first in their fixed order, not the newest: kinds take turns each tick, a reason must not.
        return "active", next(seen.text for seen in activities if seen.at is not None and seen.at > fresh)
    if facts.process is not None:
        return "idle", f"process lives, no activity for {minutes(thresholds.active_minutes)}"
    if last_activity is not None and last_activity > now - thresholds.idle_minutes * 60_000:
        return "idle", f"no activity for {minutes(thresholds.active_minutes)}"
    if facts.exited is not None:
        return "offline", how_it_ended(facts.exited)
    if last_activity is None and not facts.process_seen:
        return "offline", "no process and no activity seen yet"
    return "offline", f"no process, no activity for {minutes(thresholds.idle_minutes)}"


def _activities(facts: AgentFacts, now: Millis, thresholds: Thresholds, process: Evidence) -> list[Evidence]:
    """List what the agent did and when, the most telling kind first, without what lies in the future."""
    latest = now + FUTURE_TOLERANCE
    found = []
    moved = facts.worktree.last_change if facts.worktree else None
    if moved is None or moved > latest or (facts.files_changed_at or 0) > moved:
        moved = facts.files_changed_at
    if moved is not None and moved <= latest:
        found.append(Evidence(kind="files", at=moved, text="files changed"))
    if facts.last_commit_at is not None and facts.last_commit_at <= latest:
        found.append(Evidence(kind="commit", at=facts.last_commit_at, text="commit made"))
    if facts.log_at is not None and facts.log_at <= latest:
        found.append(Evidence(kind="log", at=facts.log_at, text="log written"))
    if facts.cpu_active_at is not None and facts.cpu_active_at <= latest:
        at = facts.cpu_active_at - facts.cpu_active_at % CPU_STEP
        found.append(Evidence(kind="cpu", at=at, text=f"CPU above {thresholds.active_cpu_percent:g} %"))
    if facts.process is not None and process.at is not None and process.at <= latest:
        found.append(process)
    return found


def _process_evidence(facts: AgentFacts) -> Evidence:
    if facts.process is not None:
        return Evidence(kind="process", at=facts.process.started, text="process started")
    if facts.exited is not None:
        return Evidence(kind="exit", at=facts.exited.at, text=how_it_ended(facts.exited))
    return Evidence(kind="process", at=None, text="no process")


def _failures(facts: AgentFacts) -> tuple[Evidence, ...]:
    """Evidence that the agent failed: how its process ended, the error its log ends in."""
    failed = []
    if facts.process is None and facts.exited is not None and ended_badly(facts.exited):
        failed.append(Evidence(kind="exit", at=facts.exited.at, text=how_it_ended(facts.exited)))
    if facts.log_error:
        text = clean(f"log ends in an error: {facts.log_error}", REASON_LIMIT)
        failed.append(Evidence(kind="log", at=facts.log_at, text=text))
    if facts.told is not None and facts.told.status == "error":
        failed.append(facts.told.evidence)
    return tuple(failed)


def _waits(facts: AgentFacts) -> tuple[Evidence, ...]:
    """Evidence that it cannot go on by itself: it waits for a person, or its task is BLOCKED."""
    waits = []
    if facts.waiting_for:
        why = believed(facts.session) if facts.session else ""
        text = clean(f"waits for {facts.waiting_for}{why}", REASON_LIMIT)
        since = facts.session.waiting_since or facts.session.state_since if facts.session else facts.log_at
        waits.append(Evidence(kind="wait" if facts.session else "log", at=since, text=text))
    task = facts.task
    if task is not None and task.status == "BLOCKED":
        why = f": {task.blockers[-1]}" if task.blockers else ""
        text = clean(f"task {task.id} is BLOCKED{why}", REASON_LIMIT)
        waits.append(Evidence(kind="task", at=task.updated_at, text=text))
    if facts.told is not None and facts.told.status == "blocked":
        waits.append(facts.told.evidence)
    return tuple(waits)


def _probe_evidence(facts: AgentFacts) -> tuple[Evidence, ...]:
    """Say what could not be read, so that the screen can tell what a status does not rest on."""
    texts = list(facts.failed_probes)
    if facts.worktree is not None and facts.worktree.state not in _SOUND_GIT:
        texts.append(f"git: {facts.worktree.error or facts.worktree.state}")
    return tuple(Evidence(kind="probe", at=None, text=clean(text, REASON_LIMIT)) for text in texts)


def _unchanged_until(
    facts: AgentFacts, last_activity: Millis | None, now: Millis, limits: Thresholds
) -> float:
    """Until when, in milliseconds, the same facts give the same verdict: the next time that one grows too old.

    Or that one begins to count, which a wrong clock put too far ahead.
    """
    moved = facts.worktree.last_change if facts.worktree else None
    started = facts.process.started if facts.process else None
    cpu = None if facts.cpu_active_at is None else facts.cpu_active_at - facts.cpu_active_at % CPU_STEP
    told = (facts.session.updated, facts.session.state_since) if facts.session else ()
    times = (
        *(moved, started, cpu, facts.files_changed_at, facts.last_commit_at, facts.log_at, last_activity),
        *told,
    )
    steps = (limits.active_minutes * 60_000, limits.idle_minutes * 60_000, -FUTURE_TOLERANCE)
    crossings = (at + step for at in times if at is not None for step in steps)
    return min((crossing for crossing in crossings if crossing > now), default=math.inf)


def _news(facts: AgentFacts) -> tuple[object, ...]:
    """All that a verdict is made of; a process's numbers are no part of it."""
    process = facts.process
    return (
        facts.agent,
        process and (process.key, process.started),
        facts.process_seen,
        facts.exited,
        facts.worktree,
        facts.files_changed_at,
        facts.last_commit_at,
        facts.log_at,
        facts.log_error,
        facts.waiting_for,
        facts.session,
        facts.cpu_active_at,
        facts.task,
        facts.told,
        facts.failed_probes,
    )


class _Settled(msgspec.Struct, frozen=True):
    """A record that is what these news still come to, from `since` until `until`."""

    news: tuple[object, ...]
    since: Millis
    until: float
    record: AgentStatus


class StatusBook:
    """The status of every agent over time: holds `since`, keeps a status from flapping, marks it stale.

    One book belongs to one collector; it is not safe for threads.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._hold = thresholds.status_hold_seconds * 1000
        self._records: dict[str, AgentStatus] = {}
        self._pending: dict[str, tuple[Status, Millis]] = {}
        self._settled: dict[str, _Settled] = {}

    def update(self, facts: AgentFacts, now: Millis) -> AgentStatus:
        """Take in the facts of now; returns the very same record as before when nothing has changed.

        What nothing new was seen of is not judged again before its time: that costs 20 µs an agent.
        """
        agent_id = facts.agent.id
        news, settled = _news(facts), self._settled.get(agent_id)
        if settled is not None and settled.since <= now < settled.until and settled.news == news:
            return settled.record
        record, verdict = self._judged(facts, now)
        if record.status == verdict.status and agent_id not in self._pending:
            until = _unchanged_until(facts, record.last_activity, now, self._thresholds)
            self._settled[agent_id] = _Settled(news, now, until, record)
        else:
            self._settled.pop(agent_id, None)
        return record

    def _judged(self, facts: AgentFacts, now: Millis) -> tuple[AgentStatus, Verdict]:
        """The record of now, and the verdict, which it may not follow yet."""
        agent_id = facts.agent.id
        old = self._records.get(agent_id)
        verdict = judge(facts, now, self._thresholds, _remembered(old, facts))
        unknowable = bool(facts.failed_probes) and verdict.status in _BY_ABSENCE
        if old is None:
            began = now if verdict.since is None else verdict.since
            record = _record(facts, verdict, began, stale=unknowable)
        elif unknowable:
            record = _record(facts, _as_before(old, verdict), min(old.status_since, now), stale=True)
        else:
            since = self._since(old, verdict, now)
            held = verdict if since is not None else _as_before(old, verdict)
            record = _record(facts, held, min(old.status_since, now) if since is None else since)
        if old is not None and record == old:
            return old, verdict
        self._records[agent_id] = record
        return record, verdict

    def get(self, agent_id: str) -> AgentStatus | None:
        """Look up the status as it was last concluded or restored; None for an agent not seen yet."""
        return self._records.get(agent_id)

    def restore(self, statuses: Iterable[AgentStatus]) -> None:
        """Go on from the statuses that an earlier recorder left: `since` survives a restart."""
        for status in statuses:
            self._records[status.id] = status
            self._settled.pop(status.id, None)

    def leap(self, leap: Leap) -> None:
        """The clocks leapt since the last update: that time was not waited, and no status began after now."""
        self._pending = {
            agent_id: (status, since + leap.unwaited) for agent_id, (status, since) in self._pending.items()
        }
        for agent_id, record in self._records.items():
            activity = record.last_activity
            since, seen = leap.moved(record.status_since), activity and leap.moved(activity)
            if (since, seen) != (record.status_since, activity):
                self._records[agent_id] = msgspec.structs.replace(
                    record, status_since=since, last_activity=seen
                )
                self._settled.pop(agent_id, None)

    def forget(self, agent_id: str) -> None:
        """Drop an agent that is watched no longer; an unknown one is no error."""
        self._records.pop(agent_id, None)
        self._pending.pop(agent_id, None)
        self._settled.pop(agent_id, None)

    def _since(self, old: AgentStatus, verdict: Verdict, now: Millis) -> Millis | None:
        """Since when the verdict's status holds; None while it has not held for long enough to be taken."""
        if verdict.status == old.status:
            self._pending.pop(old.id, None)
            return min(old.status_since, now)
        if _RANK[verdict.status] > _RANK[old.status]:
            self._pending.pop(old.id, None)
            return now if verdict.since is None else verdict.since
        status, since = self._pending.get(old.id, (None, now))
        if status != verdict.status or since > now:
            # A clock that was set back starts the wait again rather than stretch it.
            since = now
        if now - since >= self._hold:
            self._pending.pop(old.id, None)
            return since
        self._pending[old.id] = (verdict.status, since)
        return None


def _remembered(old: AgentStatus | None, facts: AgentFacts) -> Millis | None:
    """The last activity that was known before; of an agent that only a system knows it is that system's affair."""
    return None if old is None or (facts.told is not None and _only_told(facts)) else old.last_activity


def _as_before(old: AgentStatus, verdict: Verdict) -> Verdict:
    """Keep status, reason and evidence of before, with the activity of now and what could not be read."""
    kept = tuple(seen for seen in old.status_evidence if seen.kind != "probe")
    failed = tuple(seen for seen in verdict.evidence if seen.kind == "probe")
    return Verdict(old.status, old.status_reason, kept + failed, verdict.last_activity)


def _record(facts: AgentFacts, verdict: Verdict, since: Millis, *, stale: bool = False) -> AgentStatus:
    agent, git = facts.agent, facts.worktree
    return AgentStatus(
        id=agent.id,
        name=agent.name,
        kind=agent.kind,
        role=agent.role,
        worktree=agent.worktree,
        host=agent.host,
        origin=agent.origin,
        status=verdict.status,
        status_since=since,
        status_reason=verdict.reason,
        status_evidence=verdict.evidence,
        branch=git.branch if git else None,
        git_state=git.state if git else None,
        git_read_at=git.at if git else None,
        repository=git.repository if git else None,
        uncommitted_changes=git.uncommitted_changes if git else None,
        ahead=git.ahead if git else None,
        behind=git.behind if git else None,
        stash_count=git.stash_count if git else None,
        current_task=facts.task.id if facts.task else None,
        last_activity=verdict.last_activity,
        stale=stale,
        system=facts.told.system if facts.told else None,
        system_status=facts.told.word if facts.told else None,
    )
