"""Events and activity entries made of what the readings show."""

from __future__ import annotations

from monitor.history.moments.decode import process_text
from monitor.model import Activity, Commit, Event, Millis, ProcessExit, ProcessGroup


def process_started(agent_id: str, group: ProcessGroup, now: Millis) -> Event:
    """Seed 000's `process-started`; its identity is (start time, pid), so that a restart records it once."""
    return Event(
        timestamp=group.started or now,
        type="process-started",
        agent_id=agent_id,
        subject=f"pid {group.key.pid}",
        details={"pid": group.key.pid, "kind": group.kind, "name": group.name},
    )


def process_stopped(agent_id: str, end: ProcessExit) -> Event:
    """Seed 000's `process-stopped`, with the exit status where it could be known."""
    return Event(
        timestamp=end.at,
        type="process-stopped",
        agent_id=agent_id,
        subject=f"pid {end.key.pid}",
        details={
            "pid": end.key.pid,
            "kind": end.kind,
            "name": end.name,
            "exit_code": end.exit_code,
            "signal": end.signal,
        },
    )


def agent_left(agent_id: str, now: Millis) -> Event:
    """An agent is watched no longer, from now on: it was gone for long, or its worktree is."""
    return Event(timestamp=now, type="agent-left", agent_id=agent_id, subject="watched no longer")


def of_process(event: Event) -> Activity:
    """What a process event says in an agent's activity list."""
    return Activity(
        timestamp=event.timestamp, agent_id=event.agent_id, kind=event.type, text=process_text(event.details)
    )


def of_commit(commit: Commit) -> Activity:
    """What a commit says there."""
    return Activity(
        timestamp=commit.commit_timestamp,
        agent_id=commit.agent_id,
        kind="commit",
        text=f"{commit.short_hash} {commit.message}",
    )


def of_progress(activity: Activity) -> Event:
    """A progress entry, as history keeps it."""
    return Event(
        timestamp=activity.timestamp,
        type="activity",
        agent_id=activity.agent_id,
        subject=activity.kind,
        details={"text": activity.text},
    )
