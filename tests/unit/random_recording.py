"""Recordings of what never happened: some agents, tasks, commits and alerts over some minutes, with gaps."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from history_records import AT, agent, alert, commit, mute, recording, status, task
from session_records import full_session, next_session
from system_records import SystemsOfTheWorld

from monitor.history.writing.rows import TickRows
from monitor.model import (
    AgentMetrics,
    BoardState,
    CollectorHealth,
    Event,
    ProcessInfo,
    RagMetrics,
    SystemHealth,
    TaskEvent,
)

if TYPE_CHECKING:
    from monitor.model import Alert, Commit, Session
    from monitor.paths import StatePaths

NAMES = ("builder", "tester", "writer")
STATUSES = ("active", "idle", "blocked", "error", "offline")
TASK_STATUSES = ("TODO", "IN_PROGRESS", "BLOCKED", "DONE")


class World:
    """Makes one tick after the other."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.number = 0
        self.statuses: dict[str, Any] = {}
        self.tasks: dict[str, str] = {}
        self.alerts: dict[str, Alert] = {}
        self.commits: list[Commit] = []
        self.sessions: dict[str, Session] = {}
        self.systems = SystemsOfTheWorld(random)

    def tick(self, at: int) -> TickRows:
        self.number += 1
        rows = TickRows(at=at)
        for name in NAMES:
            if self.random.random() < 0.85:
                self._agent(rows, name, at)
            elif name in self.statuses:
                del self.statuses[name]
                rows.events.append(Event(timestamp=at, type="agent-left", agent_id=name))
        for part, share in (
            (self._task, 0.5),
            (self._commit, 0.4),
            (self._alert, 0.4),
            (self._mute, 0.3),
            (self._host, 0.7),
            (self._event, 0.5),
        ):
            if self.random.random() < share:
                part(rows, at)
        rows.sessions = self.sessions = self._sessions(at)
        if self.random.random() < 0.1:
            rows.other_sessions.append((NAMES[0], full_session(at, "-older")))
        self.systems.tick(rows, at)
        return rows

    def _sessions(self, at: int) -> dict[str, Session]:
        told = {name: next_session(self.random, self.sessions.get(name), name, at) for name in self.statuses}
        return {name: session for name, session in told.items() if session is not None}

    def _agent(self, rows: TickRows, name: str, at: int) -> None:
        known = self.statuses.get(name)
        if known is None or self.random.random() < 0.3:
            word = self.random.choice(STATUSES)
            since = at if known is None or known.status != word else known.status_since
            known = status(
                name,
                status=word,
                status_since=since,
                status_reason=f"{word}: said {self.random.randint(1, 3)} of {name}",
                branch=self.random.choice(["main", "topic", None]),
                current_task=self.random.choice(["TASK-1", None]),
                role=self.random.choice(["", "reviewer"]),
                ahead=self.random.choice([None, 1, 2]),
            )
            self.statuses[name] = known
        pid = self.random.choice([None, 7, 7, 7, 8])
        metrics = AgentMetrics(
            pid=pid, process="claude", cpu_usage=float(self.random.randint(0, 3)), memory_usage=65_536
        )
        rows.samples.append((known, metrics))
        rows.agents.append(agent(name, role=known.role))
        if pid is not None and self.random.random() < 0.3:
            process = ProcessInfo(pid=pid, ppid=1, name=f"claude-{self.number}", state="S")
            rows.processes.append((name, (process,)))

    def _task(self, rows: TickRows, at: int) -> None:
        name = f"TASK-{self.random.randint(1, 4)}"
        before = self.tasks.get(name)
        after = self.random.choice((*TASK_STATUSES, None)) if before else self.random.choice(TASK_STATUSES)
        if before == after:
            return
        said = at - self.random.choice([0, 0, 700, 60_000])
        event = TaskEvent(
            task_id=name,
            event_type="created" if before is None else "completed" if after == "DONE" else "updated",
            timestamp=said,
            previous_status=before,
            new_status=after,
            assigned_to=self.random.choice(NAMES),
            task=task(name, status=after, title=f"{name} as of tick {self.number}") if after else None,
            root="/shop",
        )
        rows.task_events.append(event)
        if after is None:
            del self.tasks[name]
        else:
            self.tasks[name] = after
        rows.boards.append(
            BoardState(
                root="/shop", path="/shop/board.json", shape="v4", version=str(self.number), last_synced=at
            )
        )

    def _commit(self, rows: TickRows, at: int) -> None:
        if (
            self.commits and self.random.random() < 0.4
        ):  # somebody else has it too, or the reflog tells who made it
            old = self.random.choice(self.commits)
            maker = self.random.choice(NAMES)
            holders = tuple(dict.fromkeys((*old.agent_ids, maker)))
            new = commit(
                int(old.commit_hash, 16),
                agent_id=maker if old.attribution == "branch" else old.agent_id,
                agent_ids=holders,
                attribution=self.random.choice([old.attribution, "reflog"]),
                message=old.message,
                commit_timestamp=old.commit_timestamp,
            )
            self.commits[self.commits.index(old)] = new
        else:
            maker = self.random.choice(NAMES)
            new = commit(
                self.number,
                agent_id=maker,
                agent_ids=(maker,),
                attribution=self.random.choice(["reflog", "branch"]),
                message=f"commit of tick {self.number}",
                commit_timestamp=at - self.random.choice([0, 500, 90_000]),
            )
            self.commits.append(new)
        rows.commits.append(new)

    def _alert(self, rows: TickRows, at: int) -> None:
        name = self.random.choice(NAMES)
        known = self.alerts.pop(name, None)
        if known is None:
            new = alert(
                f"alert-{self.number}", subject=name, created_at=at, title=f"alert of tick {self.number}"
            )
            self.alerts[name] = new
        elif not known.acknowledged and self.random.random() < 0.5:
            new = alert(
                known.alert_id,
                subject=name,
                created_at=known.created_at,
                title=f"{known.title}, seen in tick {self.number}",
                acknowledged=True,
                acknowledged_by="ada",
                acknowledged_at=at - self.random.choice([0, 300]),
            )
            self.alerts[name] = new
        else:
            new = alert(
                known.alert_id,
                subject=name,
                created_at=known.created_at,
                title=known.title,
                acknowledged=known.acknowledged,
                acknowledged_by=known.acknowledged_by,
                acknowledged_at=known.acknowledged_at,
                resolved=True,
                resolved_at=at - self.random.choice([0, 300]),
            )
        rows.alerts.append(new)

    def _mute(self, rows: TickRows, at: int) -> None:
        """One is made, replaced or ended, or there was none to end."""
        name = self.random.choice((*NAMES, ""))
        until = at + self.random.choice([0, 0, 3_000, 60_000, 20_000_000])
        note = f"mute of tick {self.number}"
        rows.mutes.append(mute(subject=name, at=at - self.random.choice([0, 300]), until=until, note=note))

    def _host(self, rows: TickRows, at: int) -> None:
        collector = CollectorHealth(pid=self.random.choice([1, 2]), started_at=AT, interval_seconds=2.0)
        rows.health = SystemHealth(
            status="healthy",
            last_check=at,
            cpu_usage=float(self.number),
            uptime_seconds=9,
            collector=collector,
        )
        if self.random.random() < 0.3:
            rows.rag = RagMetrics(timestamp=at, origin="file", total_patterns=self.number)

    def _event(self, rows: TickRows, at: int) -> None:
        name = self.random.choice(NAMES)
        if self.random.random() < 0.5:
            word = self.random.choice(["ok", "failing"])
            details = {"name": "git", "subject": name, "state": word, "since": at, "error": ""}
            rows.events.append(Event(timestamp=at, type="source", subject=f"git {name}", details=details))
        else:
            then = at - self.random.choice([0, 45_000])
            text = {"text": f"progress of tick {self.number}"}
            rows.events.append(
                Event(timestamp=then, type="activity", agent_id=name, subject="progress", details=text)
            )


async def record(paths: StatePaths, random: Random, ticks: int) -> list[int]:
    """Record so many ticks, by one recorder or several, and return their times."""
    world, at, told = World(random), AT, list[int]()
    while len(told) < ticks:
        async with recording(paths, at) as writer:
            for _ in range(random.randint(1, ticks)):
                at += random.choice([2000, 2000, 2000, 9000])
                await writer.write(world.tick(at))
                told.append(at)
        at += random.choice([1000, 40_000, 10_000_000])
    return told
