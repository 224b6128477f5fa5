"""Attached systems for the tests of the screen: one that is well and tells all there is, and one that is down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from ui_boards import task
from ui_fleet import HOUR, MINUTE, NOW, status

from monitor.keystore import Keys
from monitor.model import (
    Assignment,
    Board,
    Evidence,
    Execution,
    LogLine,
    Message,
    Project,
    QueueItem,
    SourceStatus,
    SystemAgent,
    SystemEvent,
    SystemItem,
    SystemMetric,
    SystemReading,
    SystemState,
    Workflow,
    WorkResult,
    task_metrics,
)

if TYPE_CHECKING:
    from monitor.keystore import KeyStore

DAY = 24 * HOUR


def state(name: str = "shop", **values: Any) -> SystemState:
    """A system that is well."""
    plain: dict[str, Any] = {
        "kind": "agentvine",
        "engine": "sqlite",
        "url": f"/srv/{name}/agentvine.db",
        "state": "ok",
        "since": NOW - HOUR,
        "read_at": NOW - 2000,
    }
    return SystemState(name=name, **{**plain, **values})


def entry(number: int, status: Any = "pending", **values: Any) -> QueueItem:
    """An entry of the queue of `shop`."""
    plain: dict[str, Any] = {
        "queue": "default",
        "attempts": 0,
        "max_attempts": 3,
        "enqueued_at": NOW - 20 * MINUTE,
    }
    return QueueItem(
        system="shop", id=f"q{number}", task_id=f"T-{number}", status=status, **{**plain, **values}
    )


def line(number: int, level: Any = "info", text: str = "", **values: Any) -> LogLine:
    """A line of the log of `shop`, a second after the one before it."""
    plain: dict[str, Any] = {"at": NOW - 600_000 + 1000 * number, "subject": "run-1", "system": "shop"}
    return LogLine(id=str(number), level=level, text=text or f"line {number}", **{**plain, **values})


SHOP_AGENTS = (
    SystemAgent(
        system="shop",
        id="w1",
        ours="shop:Ada",
        name="Ada",
        role="backend",
        status="active",
        system_status="BUSY",
        pid=8864,
        current_task="T-2",
        heartbeat_at=NOW - 12 * MINUTE,
        workload=3,
        capacity=3,
        capabilities=("python", "sql"),
    ),
    SystemAgent(
        system="shop",
        id="w2",
        name="Bob 日本語",
        role="tests",
        status="idle",
        heartbeat_at=NOW - 5000,
        workload=0,
        capacity=3,
    ),
)

SHOP_QUEUE = (
    entry(1, system_status="QUEUED", expires_at=NOW + 5 * MINUTE, priority="high"),
    entry(2, "running", agent_id="w1", attempts=1, claimed_at=NOW - 14 * MINUTE, timeout_seconds=1800),
    entry(3, "delayed", attempts=2, delay_until=NOW + 3 * MINUTE),
    entry(4, "pending", expires_at=NOW - 3 * MINUTE, enqueued_at=NOW - 2 * HOUR),
    entry(
        5,
        "failed",
        attempts=3,
        enqueued_at=NOW - 2 * HOUR,
        ended_at=NOW - HOUR,
        error="the provider said 529",
    ),
    entry(6, "done", attempts=1, claimed_at=NOW - 18 * MINUTE, ended_at=NOW - 15 * MINUTE),
)

SHOP_EXECUTIONS = (
    Execution(
        system="shop",
        id="r1",
        name="build the cart",
        agent_id="w1",
        status="running",
        system_status="in_progress",
        pid=8864,
        started_at=NOW - 70 * MINUTE,
    ),
    Execution(
        system="shop",
        id="r2",
        name="tests of the cart",
        agent_id="w2",
        status="failed",
        exit_code=2,
        started_at=NOW - 3 * HOUR,
        ended_at=NOW - 2 * HOUR,
        error="2 tests failed",
    ),
)

SHOP_WORKFLOWS = (
    Workflow(
        system="shop",
        id="f1",
        name="Checkout",
        kind="feature",
        status="running",
        system_status="active",
        step=3,
        steps=5,
        step_name="review",
        percent=62.0,
        agent_id="w1",
        updated_at=NOW - 4 * MINUTE,
        created_at=NOW - DAY,
        results=2,
        best_confidence=0.92,
    ),
    Workflow(
        system="shop",
        id="f2",
        name="Prices",
        parent_id="f1",
        status="done",
        step=2,
        steps=2,
        ended_at=NOW - HOUR,
    ),
    Workflow(
        system="shop",
        id="f3",
        name="Taxes",
        parent_id="f1",
        status="failed",
        step=1,
        steps=4,
        error="no rates",
    ),
)

SHOP_ASSIGNMENTS = (
    Assignment(
        system="shop",
        id="a1",
        workflow_id="f1",
        step=2,
        step_name="write",
        agent_id="w1",
        status="done",
        assigned_at=NOW - 3 * HOUR,
        started_at=NOW - 3 * HOUR,
        ended_at=NOW - 2 * HOUR,
        handoff_to="reviewer",
    ),
    Assignment(
        system="shop",
        id="a2",
        workflow_id="f1",
        step=3,
        step_name="review",
        agent_kind="reviewer",
        status="pending",
        assigned_at=NOW - 2 * HOUR,
        handoff_from="writer",
    ),
)

SHOP_RESULTS = (
    WorkResult(
        system="shop",
        id="x1",
        workflow_id="f1",
        title="Rounding",
        success=True,
        confidence=0.92,
        at=NOW - HOUR,
    ),
)

SHOP_LOGS = (
    *(line(number) for number in range(1, 8)),
    line(8, "warning", "the queue grows", system_level="WARN"),
    line(9, "error", "the provider said 529"),
    line(10, "debug", "again in 5 s"),
)

SHOP_EVENTS = (
    SystemEvent(system="shop", id="e1", at=NOW - HOUR, kind="task.done", text="T-6 is done"),
    SystemEvent(
        system="shop",
        id="e2",
        at=NOW - 2 * HOUR,
        kind="worker.lost",
        source="controller",
        severity="critical",
        system_severity="critical",
        text="no worker takes high priority",
        resolved=False,
    ),
    SystemEvent(
        system="shop",
        id="e3",
        at=NOW - 3 * HOUR,
        kind="disk.full",
        severity="error",
        text="disk full",
        resolved=True,
    ),
)

SHOP_MESSAGES = (
    Message(
        system="shop",
        id="m1",
        at=NOW - 30 * MINUTE,
        conversation="c1",
        sender="w1",
        receiver="ada",
        kind="question",
        text="Which rounding do you want?",
        is_question=True,
    ),
    Message(
        system="shop",
        id="m2",
        at=NOW - 50 * MINUTE,
        conversation="c2",
        sender="w2",
        is_question=True,
        text="May I push?",
    ),
    Message(
        system="shop",
        id="m3",
        at=NOW - 40 * MINUTE,
        conversation="c2",
        sender="ada",
        text="Yes.",
        parent_id="m2",
    ),
)

SHOP_PROJECTS = (
    Project(
        system="shop",
        id="p1",
        name="Summer shop",
        status="active",
        tasks=40,
        tasks_done=12,
        ends_at=NOW - 3 * DAY,
        budget=5000,
        cost=1200,
        updated_at=NOW - HOUR,
    ),
    Project(system="shop", id="p2", name="Old shop", status="archived", progress=100, ends_at=NOW - 90 * DAY),
)


def shop(**values: Any) -> SystemReading:
    """Everything that a system can tell."""
    records: dict[str, tuple[Any, ...]] = {
        "agents": SHOP_AGENTS,
        "queue": SHOP_QUEUE,
        "executions": SHOP_EXECUTIONS,
        "workflows": SHOP_WORKFLOWS,
        "assignments": SHOP_ASSIGNMENTS,
        "results": SHOP_RESULTS,
        "logs": SHOP_LOGS,
        "events": SHOP_EVENTS,
        "messages": SHOP_MESSAGES,
        "projects": SHOP_PROJECTS,
        "metrics": (
            SystemMetric(
                system="shop", id="1", at=NOW - MINUTE, name="tasks per hour", value=12.5, unit="tasks"
            ),
        ),
        "items": (SystemItem(system="shop", id="t1", part="templates", title="Backend", version="2"),),
    }
    records |= values
    counts = {part: len(told) for part, told in records.items() if part != "items"}
    return SystemReading(
        state=state(
            counts={**counts, "tasks": 3, "logs": 48_000, "templates": 1},
            tallies={"agents": {"BUSY": 1, "IDLE": 1}},
            depths={"default": 4},
            shown={"logs": 10},
            heartbeat_seconds=60.0,
            timeout_seconds=3600.0,
            max_processes=20,
            missing=("documents: no table context_documents",),
        ),
        **records,
    )


def dashboard() -> SystemReading:
    """A system that has been down for a while, with what it told last."""
    return SystemReading(
        state=state(
            "dashboard",
            kind="multi-agent-dashboard",
            engine="postgres",
            url="postgresql://***@db.example/dashboard",
            state="failing",
            since=NOW - 25 * MINUTE,
            problem="the server refuses the connection",
            read_at=NOW - 25 * MINUTE,
            counts={"agents": 1, "queue": 1, "events": 0, "logs": 0, "workflows": 0},
            depths={"default": 1},
            missing=("executions: no table processes",),
        ),
        agents=(SystemAgent(system="dashboard", id="e1", name="Eve", status="idle", system_status="active"),),
        queue=(
            QueueItem(system="dashboard", id="z1", task_id="D-1", status="pending", enqueued_at=NOW - HOUR),
        ),
    )


def put_systems(store: KeyStore, *readings: SystemReading) -> None:
    """Attach these systems; none given, `shop` and `dashboard`."""
    told = readings or (shop(), dashboard())
    store.set(Keys.SYSTEMS, tuple(reading.state for reading in told))
    for reading in told:
        store.set(Keys.system(reading.state.name), reading)
    sources = tuple(
        SourceStatus(
            name="system",
            subject=reading.state.name,
            state=reading.state.state,
            since=reading.state.since or NOW,
            last_success=reading.state.read_at,
            latency_ms=3.0,
            error=reading.state.problem,
        )
        for reading in told
    )
    store.set(Keys.SOURCES, sources)


def put_tasks_of_systems(store: KeyStore) -> None:
    """Tasks of `shop` beside those of the board that is there."""
    board: Board = store.get(Keys.TASKS)
    own: dict[str, Any] = {"root": "system:shop", "system": "shop"}
    tasks = (
        *board.tasks,
        task("T-1", "TODO", system_status="QUEUED", **own),
        task("T-2", "IN_PROGRESS", system_status="IN_PROGRESS", assigned_to="shop:Ada", **own),
        task("T-5", "FAILED", system_status="FAILED", **own),
    )
    store.set(Keys.TASKS, msgspec.structs.replace(board, tasks=tasks, metrics=task_metrics(tasks)))


def put_agent_of_system(store: KeyStore) -> None:
    """`Ada` of `shop`, of whom this host says something else than the system does."""
    said = "shop says BUSY, but process 8864 is not there"
    ada = status(
        "shop:Ada",
        "error",
        name="Ada",
        system="shop",
        system_status="BUSY",
        status_reason=said,
        status_evidence=(Evidence(kind="system", at=NOW - 12 * MINUTE, text=said),),
    )
    store.set(Keys.status(ada.id), ada)
    store.set(Keys.AGENTS, (*store.get(Keys.AGENTS, ()), ada.id))
