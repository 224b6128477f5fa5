"""A store filled by hand, with everything the screen can show, on a clock that stands still."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ui_sessions import sessions

from monitor.history.series.windows import window
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    Activity,
    AgentMetrics,
    AgentStatus,
    Alert,
    Board,
    BoardState,
    CollectorHealth,
    Command,
    Commit,
    DiskUsage,
    Evidence,
    FeedState,
    Mute,
    ProcessInfo,
    Ribbon,
    Ribbons,
    Series,
    SeriesPoint,
    ServiceStatus,
    Severity,
    SourceStatus,
    Status,
    SystemHealth,
    Task,
    TaskMetrics,
)

if TYPE_CHECKING:
    from monitor.errors import MonitorError

NOW = 1_767_268_984_000
"""2026-01-01 12:03:04 UTC."""
MINUTE = 60_000
HOUR = 60 * MINUTE
MEGABYTE = 1 << 20


class ScriptedFeed:
    """A feed that does what a test tells it to, and notes what it is asked for."""

    def __init__(self) -> None:
        self.sent: list[Command] = []
        self.intervals: list[float] = []
        self.refuses: MonitorError | None = None
        self.running = False
        self.closed = False
        self._broken: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Run until cancelled, or until `fail`."""
        self.running = True
        self._broken = asyncio.get_running_loop().create_future()
        try:
            await self._broken
        finally:
            await asyncio.sleep(0.01)
            self.closed = True

    def fail(self, error: Exception) -> None:
        """End with an error."""
        assert self._broken is not None
        self._broken.set_exception(error)

    async def send(self, command: Command) -> None:
        """Note the command."""
        if self.refuses is not None:
            raise self.refuses
        self.sent.append(command)

    def set_interval(self, seconds: float) -> None:
        """Note the interval."""
        self.intervals.append(seconds)


def status(agent_id: str, word: Status = "active", **values: Any) -> AgentStatus:
    """An agent's status with plain values where nothing else is said."""
    plain: dict[str, Any] = {
        "name": agent_id,
        "kind": "claude-code",
        "role": "",
        "worktree": f"/shop/agents/{agent_id}",
        "host": "forge",
        "origin": "board",
        "status_since": NOW - 12 * MINUTE,
        "status_reason": "commit 2 min ago",
        "branch": f"agent-{agent_id}",
        "git_state": "branch",
        "git_read_at": NOW - 20_000,
        "uncommitted_changes": 0,
        "ahead": 0,
        "behind": 0,
        "stash_count": 0,
        "last_activity": NOW - 20_000,
    }
    return AgentStatus(id=agent_id, status=word, **{**plain, **values})


def metrics(cpu: float = 12.5, memory: int = 312, pid: int = 4711) -> AgentMetrics:
    """An agent's metrics; memory in megabytes."""
    return AgentMetrics(
        pid=pid,
        process="claude --model opus",
        cpu_usage=cpu,
        memory_usage=memory * MEGABYTE,
        memory_percent=2.0,
        thread_count=14,
        process_count=5,
        uptime_seconds=8040,
    )


def add_agent(store: KeyStore, agent: AgentStatus, load: AgentMetrics | None = None) -> None:
    """Put an agent into the store."""
    store.set(Keys.AGENTS, (*store.get(Keys.AGENTS, ()), agent.id))
    store.set(Keys.status(agent.id), agent)
    store.set(Keys.metrics(agent.id), load or AgentMetrics())


def _agents() -> list[tuple[AgentStatus, AgentMetrics | None]]:
    blocked: dict[str, Any] = {
        "status_reason": "waits for permission: Bash(rm -rf build)",
        "current_task": "TASK-014",
    }
    evidence = (
        Evidence(kind="exit", at=NOW - 3 * MINUTE, text="process 5120 ended with exit code 1"),
        Evidence(kind="log", at=NOW - 3 * MINUTE, text="API Error: 529 overloaded"),
    )
    failed: dict[str, Any] = {
        "status_reason": "process ended with exit code 1",
        "status_evidence": evidence,
    }
    rebase: dict[str, Any] = {"git_state": "rebase", "branch": "feat/parser", "ahead": 3, "behind": 12}
    rows: list[tuple[AgentStatus, AgentMetrics | None]] = [
        (status("architect", current_task="TASK-003", uncommitted_changes=4, ahead=2), metrics(42.4, 512)),
        (status("builder", "blocked", kind="codex", uncommitted_changes=17, **blocked), metrics(0.0, 280)),
        (status("validator", "error", kind="gemini", last_activity=NOW - 3 * MINUTE, **failed), None),
        (
            status(
                "reviewer", "idle", status_reason="no activity for 12 min", last_activity=NOW - 12 * MINUTE
            ),
            metrics(0.3, 190),
        ),
        (
            status(
                "docs",
                "offline",
                status_reason="no process, last activity 5 days ago",
                last_activity=NOW - 120 * HOUR,
            ),
            None,
        ),
        (
            status("parser", uncommitted_changes=8, status_reason="files changed now", **rebase),
            metrics(188.0, 1400),
        ),
        (status("claude-code:shop", kind="claude-code", stale=True, origin="discovered"), metrics(7.1, 240)),
    ]
    for number in range(1, 14):
        word: Status = "idle" if number % 3 == 0 else "active"
        agent = status(f"worker-{number:02}", word, kind=("claude-code", "codex", "aider")[number % 3])
        rows.append((agent, metrics(number * 7.3, 100 + number * 31)))
    return rows


def _commits() -> tuple[Commit, ...]:
    subjects = (
        "Parse nested brackets in [bold]titles[/bold]",
        "Keep the last good board on screen",
        "Überprüfe 日本語 paths 🚀 in the watcher",
        "Bound the write-ahead log",
        "Read the head reflog of each worktree once and remember where it ended, so that nothing is read twice",
    )
    agents = ("architect", "builder", "parser", "worker-01", "reviewer")
    return tuple(
        Commit(
            commit_hash=f"{number:02x}{'a3f9c2' * 7}"[:40],
            short_hash=f"{number:02x}a3f9c",
            agent_id=agents[number % 5],
            agent_ids=(agents[number % 5],) if number % 4 else (agents[number % 5], "docs"),
            author_name="Agent",
            author_email="agent@example.org",
            message=subjects[number % 5],
            branch=f"agent-{agents[number % 5]}",
            files_changed=1 + number % 7,
            lines_added=number * 37 % 420,
            lines_deleted=number * 11 % 90,
            commit_timestamp=NOW - number * 7 * MINUTE,
            attribution="branch" if number == 3 else "reflog",
        )
        for number in range(1, 16)
    )


def _board() -> Board:
    rows = (
        ("TASK-003", "Design the storage layer", "IN_PROGRESS", "architect", "high", ()),
        ("TASK-014", "Wire the command line", "BLOCKED", "builder", "critical", ("waits for TASK-003",)),
        ("TASK-015", "Write the tutorial", "TODO", None, "low", ()),
        ("TASK-016", "Snapshot tests", "REVIEW", "reviewer", "medium", ()),
        ("TASK-001", "Create the repository", "DONE", "architect", "high", ()),
        ("TASK-002", "Choose a licence", "VERIFIED", "validator", "low", ()),
    )
    tasks = tuple(
        Task(
            id=key,
            title=title,
            status=word,
            assigned_to=agent,
            priority=priority,
            blockers=blockers,
            updated_at=NOW - (place + 1) * 25 * MINUTE,
            root="/shop",
        )
        for place, (key, title, word, agent, priority, blockers) in enumerate(rows)
    )
    state = BoardState(
        root="/shop",
        path="/shop/coordination/task-board.json",
        shape="v4",
        sprint="Sprint 3",
        last_synced=NOW - 8000,
    )
    counts = TaskMetrics(total=6, todo=1, in_progress=1, review=1, blocked=1, done=2)
    return Board(tasks=tasks, metrics=counts, last_synced=NOW - 8000, boards=(state,))


def alert(alert_id: str, severity: str = "warning", **values: Any) -> Alert:
    """A firing alert."""
    plain: dict[str, Any] = {
        "rule": "agent-blocked",
        "subject": "builder",
        "type": "agent",
        "title": "builder waits for a person",
        "message": "",
        "source": "rules",
        "created_at": NOW - 4 * MINUTE,
    }
    return Alert(alert_id=alert_id, severity=severity, **{**plain, **values})  # type: ignore[arg-type]


def mute(rule: str, subject: str, **values: Any) -> Mute:
    """A mute that holds for an hour more."""
    plain: dict[str, Any] = {"by": "ada", "at": NOW - HOUR, "until": NOW + HOUR}
    return Mute(rule=rule, subject=subject, **{**plain, **values})


def _alerts() -> tuple[Alert, ...]:
    return (
        alert("a1"),
        alert(
            "a2",
            "critical",
            rule="service-down",
            subject="mcp",
            type="system",
            title="mcp is down: connection refused",
        ),
        alert(
            "a3",
            "error",
            rule="task-blocked",
            subject="TASK-014",
            type="task",
            title="TASK-014 is blocked for 1 h",
        ),
        alert("a4", "info", rule="no-commits", subject="host", title="no commit for 2 h", acknowledged=True),
    )


def _health() -> SystemHealth:
    return SystemHealth(
        status="degraded",
        last_check=NOW,
        websocket_connections=2,
        file_watch_events=214,
        error_count=1,
        cpu_usage=47.0,
        memory_usage=19 * 1024 * MEGABYTE,
        memory_percent=61.0,
        swap_percent=3.0,
        disk_usage=600 * 1024 * MEGABYTE,
        disk_percent=84.0,
        load=(3.1, 2.4, 1.9),
        cpu_count=8,
        uptime_seconds=912_000,
        disks=(DiskUsage(path="/shop", total=932 << 30, used=783 << 30, percent=84.0),),
        services=(
            ServiceStatus(
                name="rag",
                kind="http",
                target="http://localhost:3003",
                status="up",
                since=NOW - 30 * HOUR,
                checked_at=NOW,
                latency_ms=12.0,
            ),
            ServiceStatus(
                name="mcp",
                kind="tcp",
                target="localhost:9000",
                status="down",
                since=NOW - 5 * MINUTE,
                checked_at=NOW,
                error="connection refused",
            ),
        ),
        collector=CollectorHealth(
            pid=99,
            started_at=NOW - HOUR,
            interval_seconds=2.0,
            cpu_usage=1.4,
            memory_usage=38 * MEGABYTE,
            tick_ms=3.4,
            tick_ms_max=8.2,
            ticks=1800,
            late_ticks=2,
            git_budget_percent=12.0,
            watching="watching 20 folders",
            database_bytes=12 * MEGABYTE,
        ),
    )


def fill(store: KeyStore) -> KeyStore:
    """Everything the screen can show, at `NOW`."""
    for agent, load in _agents():
        add_agent(store, agent, load)
    for agent_id, session in sessions().items():
        store.set(Keys.session(agent_id), session)
    store.set(Keys.TASKS, _board())
    store.set(Keys.COMMIT_FEED, _commits())
    store.set(Keys.ALERTS, _alerts())
    store.set(Keys.HEALTH, _health())
    failing = SourceStatus(
        name="git", subject="validator", state="failing", since=NOW - 3 * MINUTE, error="permission denied"
    )
    store.set(Keys.SOURCES, (SourceStatus(name="host", subject="host", state="ok", since=NOW), failing))
    store.set(Keys.FEED, FeedState(mode="live", host="forge", interval_seconds=2.0, database="monitor.db"))
    store.set(Keys.recent_commits("validator"), _commits()[:5])
    store.set(
        Keys.activity("validator"),
        (
            Activity(
                timestamp=NOW - 3 * MINUTE,
                agent_id="validator",
                kind="process-stopped",
                text="gemini 5120 ended with exit code 1",
            ),
            Activity(
                timestamp=NOW - 9 * MINUTE,
                agent_id="validator",
                kind="commit",
                text="1a3f9c Keep the last good board",
            ),
        ),
    )
    store.set(Keys.CLOCK, NOW)
    return store


def series(agent_id: str, span: str = "1h", gap: range = range(60, 80), now: int = NOW) -> Series:
    """A series as the history makes one: CPU in waves up to 188 %, nothing recorded in the middle, a blocked end."""
    part = window(span, now)
    points: list[SeriesPoint] = []
    for number in range(part.count):
        at = part.start + number * part.bucket
        if number in gap:
            points.append(SeriesPoint(at=at))
            continue
        wave = abs(number % 40 - 20) / 20
        held: dict[str, Any] = {"blocked_ms" if number > 160 else "active_ms": part.bucket}
        points.append(
            SeriesPoint(
                at=at,
                measured_ms=part.bucket,
                avg_cpu=94 * wave,
                max_cpu=188 * wave,
                avg_memory=(200 + number) * MEGABYTE,
                max_memory=(220 + number) * MEGABYTE,
                max_processes=5,
                max_uncommitted=number % 17,
                commits=int(number % 45 == 7),
                **held,
            )
        )
    return Series(
        agent_id=agent_id,
        start=part.start,
        end=part.end,
        bucket_ms=part.bucket,
        resolution="samples",
        points=tuple(points),
    )


def ribbons(store: KeyStore, span: str = "1h", now: int = NOW) -> Ribbons:
    """The ribbons of every agent of the store, and of one that left: first active, a gap, idle, then what it is now."""
    part = window(span, now)
    third = part.count // 3
    found: list[Ribbon] = []
    for agent_id in (*store.get(Keys.AGENTS), "left-before"):
        known: AgentStatus | None = store.get(Keys.status(agent_id))
        before: list[Status | None] = [*["active"] * third, *[None] * 10, *["idle"] * third]  # type: ignore[list-item]
        last = known.status if known is not None else None
        statuses = (*before, *[last] * (part.count - len(before)))
        commits = tuple(int(number == 20 + len(found)) for number in range(part.count))
        found.append(Ribbon(agent_id=agent_id, statuses=statuses, commits=commits))
    alerts: list[Severity | None] = [None] * part.count
    alerts[30], alerts[90], alerts[91] = "warning", "error", "critical"
    return Ribbons(
        start=part.start, end=part.end, bucket_ms=part.bucket, ribbons=tuple(found), alerts=tuple(alerts)
    )


def processes(pids: int = 4) -> tuple[ProcessInfo, ...]:
    """A process tree, depth first."""
    names = ("claude", "node server.js", "bash", "pytest")
    return tuple(
        ProcessInfo(
            pid=5000 + place,
            ppid=4999 + place,
            name=names[place % 4],
            state="R" if place == 3 else "S",
            depth=place,
            cpu_usage=place * 11.0,
            memory_usage=(place + 1) * 40 * MEGABYTE,
            thread_count=place + 1,
            started=NOW - (90 - place) * MINUTE,
        )
        for place in range(pids)
    )
