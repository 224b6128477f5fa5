"""Compares the key store of a recorder with the one that history rebuilds: key by key, with every exemption named."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from monitor.collector.trees import CHANGED_TREE_SECONDS, TREE_SECONDS
from monitor.history.writing.columns import MEMORY_STEP
from monitor.history.writing.encode import SAMPLE_REPEAT_MS
from monitor.history.writing.session_rows import (
    DETAIL_FIELDS,
    DETAILS_REPEAT_MS,
    NUMBERS_REPEAT_MS,
    SessionDetails,
    details_of,
)
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    CALLS_LIMIT,
    AgentMetrics,
    AgentStatus,
    Board,
    Commit,
    ProcessInfo,
    Session,
    SourceStatus,
    SystemHealth,
    ToolCall,
)

Values = dict[str, Any]
"""A key store's keys and values."""

NOT_RECORDED: Final = {
    Keys.CONNECTIONS: "who looks is of now; how many is a number of health",
    Keys.FEED: "each feed tells of itself",
}
"""Keys that a recorder's store has and a rebuilt one has not."""
SOURCE_NOT_RECORDED: Final = ("last_success", "latency_ms", "cost_ms_per_minute")
"""Of a source only its state is recorded, when that changes."""
UPTIME_SLACK: Final = SAMPLE_REPEAT_MS // 1000 + 2
"""Seconds: a steady process's age is told every ten seconds, live and recorded."""
SAMPLE_SLACK_MS: Final = SAMPLE_REPEAT_MS + 5_000
"""An equal sample is written every ten seconds, and so is the time of the last one."""

LATE_MS: Final = 3_000
"""What a recorder that is asked ten times a second may be behind with its reading of logs, on a busy machine."""


def values_of(store: KeyStore) -> Values:
    """What the store holds now."""
    return {key: store.get(key) for key in store.keys()}  # noqa: SIM118 - not a mapping


class Comparison:
    """A recording's moments in order, as the recorder had them.

    `logs_read_late`: calls of tools are recorded under the times of the agents' logs, which were read some ticks after.
    """

    def __init__(self, *, logs_read_late: bool = False) -> None:
        self._logs_read_late = logs_read_late
        self.moments: list[tuple[int, Values]] = []
        self._evidence: dict[str, tuple[Any, Any]] = {}
        self._told_evidence: list[dict[str, Any]] = []
        self._back: dict[str, int] = {}
        """When an agent that had left was there again."""

    def note(self, at: int, values: Values, *, restarted: bool = False) -> None:
        """Keep the recorder's store as of a tick."""
        for agent_id in values[Keys.AGENTS]:
            status: AgentStatus = values[Keys.status(agent_id)]
            told = (status.status, status.status_since, status.status_reason)
            if restarted or self._evidence.get(agent_id, (None, None))[0] != told:
                self._evidence[agent_id] = (told, status.status_evidence)
        if self.moments:
            before = self.moments[-1][1][Keys.AGENTS]
            known = {agent_id for _, earlier in self.moments for agent_id in earlier[Keys.AGENTS]}
            self._back |= {name: at for name in values[Keys.AGENTS] if name in known and name not in before}
        self._told_evidence.append({agent_id: known[1] for agent_id, known in self._evidence.items()})
        self.moments.append((at, values))

    def check(self, number: int, rebuilt: Values) -> None:
        """That the store rebuilt at moment `number` is the recorder's: every key of either is looked at."""
        at, live = self.moments[number]
        agent_ids = live[Keys.AGENTS]
        seen = {Keys.AGENTS, Keys.CLOCK, *NOT_RECORDED}
        _equal("clock", (rebuilt[Keys.CLOCK], at), (live.get(Keys.CLOCK),) * 2)
        # Agents that came in one tick, or came back, are in the order of their ids.
        _equal("agents", sorted(rebuilt[Keys.AGENTS]), sorted(agent_ids))
        _equal("their order", _origins(rebuilt), _origins(live))
        for agent_id in agent_ids:
            self._check_agent(number, agent_id, live, rebuilt)
            seen |= {key(agent_id) for key in AGENT_KEYS}
        for key, compare in COMPARED.items():
            compare(key, live.get(key), rebuilt.get(key))
            seen.add(key)
        self._check_health(number, rebuilt.get(Keys.HEALTH))
        for task in (live.get(Keys.TASKS) or Board()).tasks:
            _same_history(Keys.task_history(task.id), live, rebuilt)
        unknown = {key for key in {*live, *rebuilt} - seen if not _of_nobody(key, agent_ids)}
        assert not unknown, unknown
        assert not NOT_RECORDED.keys() & rebuilt.keys()

    def _check_agent(self, number: int, agent_id: str, live: Values, rebuilt: Values) -> None:
        at = self.moments[number][0]
        status: AgentStatus = rebuilt[Keys.status(agent_id)]
        evidence = self._told_evidence[number][agent_id]  # recorded when status or reason changed
        expected = msgspec.structs.replace(live[Keys.status(agent_id)], status_evidence=evidence)
        _equal(Keys.status(agent_id), status, expected)
        _same_metrics(live[Keys.metrics(agent_id)], rebuilt[Keys.metrics(agent_id)])
        updated = (live[Keys.last_updated(agent_id)], rebuilt[Keys.last_updated(agent_id)])
        assert abs(updated[0] - updated[1]) <= SAMPLE_SLACK_MS
        assert updated[1] <= at
        key = Keys.activity(agent_id)
        back = self._back.get(agent_id, 0)  # what it did before it left, its recorder may have forgotten
        lists = (
            [item for item in values.get(key) or () if item.timestamp >= back] for values in (live, rebuilt)
        )
        _same_list(key, *lists)
        key = Keys.recent_commits(agent_id)
        _same_commits(key, live.get(key), rebuilt.get(key))
        self._check_tree(number, agent_id, rebuilt.get(Keys.processes(agent_id)))
        self._check_session(number, Keys.session(agent_id), rebuilt.get(Keys.session(agent_id)))

    def _check_session(self, number: int, key: str, session: Session | None) -> None:
        """A turn is recorded at once; numbers are of the last seconds, details of the last minute."""
        at, live = self.moments[number]
        shown = live.get(key)
        if session is None or shown is None:
            _equal(key, session, shown)
            return
        _equal(key, _turn_of(session), _turn_of(shown))
        if self._logs_read_late:
            self._check_late_calls(number, key, session.calls)
        else:
            _equal(key, session.calls, shown.calls)
        recent = [
            (at - then, told) for then, values in self.moments[: number + 1] if (told := values.get(key))
        ]
        numbers = [_numbers_of(told) for age, told in recent if age <= NUMBERS_REPEAT_MS + 70_000]
        assert _numbers_of(session) in numbers
        # Usage by model is as new as the numbers, where the hours that are told add up to them.
        details = [_details_of(told) for age, told in recent if age <= DETAILS_REPEAT_MS + 140_000]
        assert _details_of(session) in details

    def _check_late_calls(self, number: int, key: str, calls: tuple[ToolCall, ...]) -> None:
        """Those of the recorder, and those of the last moments that it read later: each as it stood then."""
        at, live = self.moments[number]
        told = {
            call.call_id: call
            for _, values in self.moments[number:]
            if (session := values.get(key)) is not None
            for call in session.calls
        }
        _equal(key, calls, tuple(_as_of(told[call.call_id], at) for call in calls if call.call_id in told))
        ids = [call.call_id for call in calls]
        known = [call.call_id for call in live[key].calls]
        assert len(calls) == CALLS_LIMIT or set(known) <= set(ids)
        late = [call for call in calls if call.call_id not in known]
        assert all(at - (call.started or 0) <= LATE_MS for call in late)

    def _check_tree(self, number: int, agent_id: str, tree: tuple[ProcessInfo, ...] | None) -> None:
        """A tree is recorded every minute, or 10 s after its processes are others: it is one of that time."""
        at, live = self.moments[number]
        key = Keys.processes(agent_id)
        shown = live[key]
        if not tree:
            _equal(key, tree, shown)
        else:
            _equal(key, tree[0].pid, shown[0].pid)
            slack = 1000 * (TREE_SECONDS + CHANGED_TREE_SECONDS)
            recent = [values.get(key) for then, values in self.moments[: number + 1] if at - then <= slack]
            assert _rounded(tree) in [_rounded(other) for other in recent if other]

    def _check_health(self, number: int, health: SystemHealth | None) -> None:
        """A row of health is recorded at its own interval; what moves all the time in its details, once a minute."""
        assert health is not None
        row = next(values[Keys.HEALTH] for at, values in self.moments if at == health.last_check)
        moving = {"uptime_seconds": None, "disks": (), "services": (), "collector": None}
        _equal("health", msgspec.structs.replace(health, **moving), msgspec.structs.replace(row, **moving))
        assert _about(health.uptime_seconds, row.uptime_seconds, 1)
        assert [(disk.path, disk.total) for disk in health.disks] == [
            (disk.path, disk.total) for disk in row.disks
        ]
        assert [_steady(service, checked_at=0, latency_ms=None) for service in health.services] == [
            _steady(service, checked_at=0, latency_ms=None) for service in row.services
        ]
        steady = ("pid", "started_at", "interval_seconds", "watching")
        assert [getattr(health.collector, name) for name in steady] == [
            getattr(row.collector, name) for name in steady
        ]


def _origins(values: Values) -> list[str]:
    return [values[Keys.status(agent_id)].origin for agent_id in values[Keys.AGENTS]]


def _of_nobody(key: str, agent_ids: Iterable[str]) -> bool:
    """Lists of names that are no agent's (now), and histories of tasks that left the board: nobody can look at them."""
    if key.startswith("tasks:"):
        return True
    kind, name = key.split(":", 1)
    return kind in ("agents", "git") and name.rsplit(":", 1)[0] not in agent_ids


def _same_metrics(live: AgentMetrics, rebuilt: AgentMetrics) -> None:
    """CPU and share of memory to a tenth, memory up to the next 64 KiB."""
    expected = msgspec.structs.replace(
        live,
        cpu_usage=None if live.cpu_usage is None else round(live.cpu_usage, 1),
        memory_percent=None if live.memory_percent is None else round(live.memory_percent, 1),
        memory_usage=None
        if live.memory_usage is None
        else -(-live.memory_usage // MEMORY_STEP) * MEMORY_STEP,
        uptime_seconds=None,
    )
    _equal("metrics", msgspec.structs.replace(rebuilt, uptime_seconds=None), expected)
    assert _about(rebuilt.uptime_seconds, live.uptime_seconds, UPTIME_SLACK)


def _same_commits(key: str, live: tuple[Commit, ...] | None, rebuilt: tuple[Commit, ...] | None) -> None:
    """Commits of one second are in no particular order."""
    _equal(key, sorted(rebuilt or (), key=_commit_order), sorted(live or (), key=_commit_order))
    times = [commit.commit_timestamp for commit in rebuilt or ()]
    assert times == sorted(times, reverse=True)


def _commit_order(commit: Commit) -> tuple[int, str]:
    return -commit.commit_timestamp, commit.commit_hash


def _same_board(key: str, live: Board | None, rebuilt: Board | None) -> None:
    """The order of the tasks inside a board's file is not recorded."""
    _equal(key, _sorted_tasks(rebuilt), _sorted_tasks(live))


def _sorted_tasks(board: Board | None) -> Board:
    board = board or Board()
    return msgspec.structs.replace(
        board, tasks=tuple(sorted(board.tasks, key=lambda task: (task.root, task.id)))
    )


def _same_history(key: str, live: Values, rebuilt: Values) -> None:
    """What a task did before it left the board, and came back to another recorder, that one does not know.

    And it tells the task as created when the board says; history, which has that already, as of when it came back.
    """
    known, told = live.get(key, ()), rebuilt.get(key, ())
    older = told[len(known) :]
    if older and known and known[-1].event_type == "created":
        known = (*known[:-1], msgspec.structs.replace(known[-1], timestamp=told[len(known) - 1].timestamp))
    _equal(key, told[: len(known)], known)
    assert not older or older[0].task is None, (key, older)


def _same_sources(
    key: str, live: tuple[SourceStatus, ...] | None, rebuilt: tuple[SourceStatus, ...] | None
) -> None:
    unknown = dict.fromkeys(SOURCE_NOT_RECORDED)
    _equal(key, list(rebuilt or ()), [msgspec.structs.replace(source, **unknown) for source in live or ()])


def _same_list(key: str, live: Any, rebuilt: Any) -> None:
    """What happened at one time is in no particular order."""
    _equal(key, _by_time(rebuilt), _by_time(live))


def _same(key: str, live: Any, rebuilt: Any) -> None:
    _equal(key, msgspec.to_builtins(rebuilt or None), msgspec.to_builtins(live or None))


def _equal(what: str, rebuilt: Any, live: Any) -> None:
    """Equal, or told what differs: pytest does not rewrite the assertions of helpers."""
    if isinstance(rebuilt, list) and isinstance(live, list):
        assert rebuilt == live, (
            f"{what}: only rebuilt: {[item for item in rebuilt if item not in live]}; "
            f"only live: {[item for item in live if item not in rebuilt]}; "
            f"several times: {[item for item in live + rebuilt if (live + rebuilt).count(item) > 2]}"
        )
    assert rebuilt == live, f"{what}: rebuilt {rebuilt!r}\n live {live!r}"


def _by_time(items: Any) -> list[Any]:
    times = [item.timestamp for item in items or ()]
    assert times == sorted(times, reverse=True)
    return sorted((msgspec.to_builtins(item) for item in items or ()), key=repr)


def _rounded(tree: tuple[ProcessInfo, ...]) -> list[ProcessInfo]:
    mebibyte = 1 << 20
    return [
        msgspec.structs.replace(
            process,
            cpu_usage=None if process.cpu_usage is None else round(process.cpu_usage),
            memory_usage=None
            if process.memory_usage is None
            else math.ceil(process.memory_usage / mebibyte) * mebibyte,
        )
        for process in tree
    ]


def _turn_of(session: Session) -> Session:
    """What is recorded as soon as it differs."""
    return msgspec.structs.replace(
        session,
        **dict.fromkeys((*DETAIL_FIELDS, *NUMBERS)),
        **dict.fromkeys(("hours", "evidence", "calls"), ()),
        state_since=None,
    )


def _as_of(call: ToolCall, at: int) -> ToolCall:
    """A call that ended later was under way."""
    if call.ended is None or call.ended <= at:
        return call
    return msgspec.structs.replace(call, ended=None, outcome=None)


def _details_of(session: Session) -> SessionDetails:
    return msgspec.structs.replace(details_of(session), usage=())


def _numbers_of(session: Session) -> list[Any]:
    return [getattr(session, name) for name in NUMBERS]


def _steady(record: msgspec.Struct, **changes: Any) -> msgspec.Struct:
    return msgspec.structs.replace(record, **changes)


def _about(one: int | None, other: int | None, slack: int) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= slack


NUMBERS: Final = (*("updated", "tokens", "cost_usd", "context_used", "context_size", "edit_count", "errors"),)
AGENT_KEYS: Final = (
    Keys.session,
    Keys.status,
    Keys.metrics,
    Keys.last_updated,
    Keys.activity,
    Keys.recent_commits,
    Keys.processes,
)
COMPARED: Final[dict[str, Callable[[str, Any, Any], None]]] = {
    Keys.TASKS: _same_board,
    Keys.COMMIT_FEED: _same_commits,
    Keys.ALERTS: _same,
    Keys.MUTES: _same,
    Keys.SOURCES: _same_sources,
    Keys.SYSTEMS: lambda key, live, rebuilt: _same(key, live or (), rebuilt or ()),
    Keys.RAG: _same,
    Keys.RAG_PATTERNS: _same,
    Keys.EVENTS: _same_list,
    Keys.HEALTH: lambda _key, _live, _rebuilt: None,  # by `_check_health`
}
