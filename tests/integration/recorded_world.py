"""A world that moves as hypothesis likes, seen by a real collector: its readings are made up, nothing else is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final, Self, cast

import msgspec
import pytest
from hypothesis import strategies as st
from session_records import next_session

from monitor.collector import collector as collector_module
from monitor.collector.clock import TickClock
from monitor.collector.collector import Collector
from monitor.collector.sink import HistorySink
from monitor.collector.sources import SourceBook
from monitor.collector.trees import TreeLog
from monitor.config import AgentSettings, Intervals, Settings, Thresholds
from monitor.history.writing.writer import HistoryWriter
from monitor.keystore import Keys, KeyStore
from monitor.model import (
    Activity,
    BoardAgent,
    BoardReading,
    BoardState,
    Command,
    Commit,
    DiskUsage,
    FileChange,
    HostReading,
    ProcessExit,
    ProcessGroup,
    ProcessInfo,
    ProcessKey,
    ProcessReading,
    RagMetrics,
    RagPattern,
    ServiceStatus,
    Session,
    Task,
    WorktreeReading,
)
from monitor.paths import StatePaths
from monitor.sources.processes.groups import UPTIME_STEP

START: Final = 1_750_000_000_000
ROOTS: Final = ("/shop", "/farm")
TREES: Final = ("one", "two", "three")
"""Names of the worktrees."""
FILES: Final = ("src/shop.py", "src/farm.py", "a picture")
WORDS: Final = ("TODO", "IN_PROGRESS", "BLOCKED", "DONE", "REVIEW")

Draw = Callable[..., Any]
changes = st.builds(FileChange, st.sampled_from(FILES), st.none() | st.just(3), st.none() | st.just(0))


class FakeInputs:
    """Stands where the sources do (`collector.inputs.Inputs`)."""

    def __init__(
        self, _settings: Settings, book: SourceBook, on_commits: Callable[..., None], *, spool: str
    ) -> None:
        assert spool
        self.book, self.on_commits = book, on_commits
        self.processes: ProcessReading | None = None
        self.host: HostReading | None = None
        self.boards: dict[str, BoardReading] = {}
        self.boards_version = 0
        self.rag: RagMetrics | None = None
        self.services: tuple[ServiceStatus, ...] = ()
        self.files_changed_at: dict[str, int] = {}
        self.trees: dict[ProcessKey, tuple[ProcessInfo, ...]] = {}
        self.progress: list[Activity] = []
        self.new_groups: list[ProcessGroup] = []
        self.git = SimpleNamespace(readings={}, used_percent=lambda: 1.0, version=0)
        self.sessions = SimpleNamespace(sessions={}, version=0, reading=lambda _kind: False)
        self.systems = SimpleNamespace(readings={}, read=frozenset(), version=0)
        self.watcher = SimpleNamespace(events_seen=3, state="watching 3 folders")
        self.sampled: Callable[[int], None] = lambda _now: None

    def set_worktrees(self, _worktrees: object) -> None:
        """Nobody is asked."""

    async def sample(self, now: int) -> None:
        self.sampled(now)

    def take_progress(self) -> list[Activity]:
        entries, self.progress = self.progress, []
        return entries

    def group_of(self, _pid: int, _start: int | None) -> None:
        """No session tells its process."""

    def started(self, _pid: int) -> None:
        """No system tells one either."""

    def started_since(self, key: ProcessKey, at: int) -> int:
        return sum((process.started or 0) >= at for process in self.trees.get(key, ())[1:])

    async def process_trees(self, keys: Iterable[ProcessKey]) -> dict[ProcessKey, tuple[ProcessInfo, ...]]:
        return {key: self.trees.get(key, ()) for key in keys}

    def file_events_last_minute(self) -> int:
        return 2

    async def close(self) -> None:
        """Nothing is open."""


class World:
    """Agents, boards, commits and sources that change between ticks; an async context manager records them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.paths = StatePaths(folder / "state", folder / "state" / "monitor.db")
        self.folder = folder.resolve()
        for name in TREES:
            (self.folder / name).mkdir()
        self.now = START
        self.roots = ROOTS
        self.groups: dict[ProcessKey, ProcessGroup] = {}
        self.trees: dict[ProcessKey, tuple[ProcessInfo, ...]] = {}
        self.stopped: list[ProcessExit] = []
        self.logs: dict[str, tuple[Commit, ...]] = {}
        self.boards: dict[str, BoardReading] = {}
        self.sessions: dict[str, Session | None] = {}
        self.number = 100
        patch.setattr(collector_module, "Inputs", FakeInputs)
        clock = SimpleNamespace(monotonic=self.monotonic, perf_counter=time.perf_counter)
        patch.setattr(collector_module, "time", clock)

    def monotonic(self) -> float:
        return self.now / 1000

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.collector.close()

    async def _start(self) -> None:
        configured = Settings(
            agents=(
                AgentSettings(id="chief", name="Chief", worktree=str(self.folder / "one")),
                AgentSettings(id="abe", name="Abe"),
            ),
            roots=self.roots,
            intervals=Intervals(health=4.0),
            thresholds=Thresholds(status_hold_seconds=3.0, uncommitted_warning=2, host_hold_seconds=0.0),
        )
        self.store, self.sink = KeyStore(), HistorySink()
        self.store.subscribe(Keys.processes("*"), lambda _: None)
        clock = TickClock(lambda: self.now, lambda: self.now, lambda: self.now)
        self.collector = Collector(configured, self.store, self.sink, self.paths, host="here", clock=clock)
        self.collector._processes._trees = TreeLog(self.monotonic)
        self.inputs = cast("Any", self.collector.inputs)
        self.inputs.sampled = self._sampled
        writer = await HistoryWriter.open(
            self.paths, host="here", boot_id="boot", version="1", interval_seconds=2.0, now=self.now
        )
        self.sink.use(writer)
        self.collector.restore(await writer.load(self.now))
        self.inputs.boards = {root: self.boards[root] for root in self.roots if root in self.boards}
        self.inputs.boards_version += 1
        self._tell_sessions()
        self.fresh = True

    async def tick(self) -> int:
        """Let the collector look, and wait until what it saw is written."""
        await self.collector.tick()
        if self.sink._task is not None:
            await self.sink._task
        assert not self.sink.problem
        assert self.sink._writer is not None
        assert self.sink._writer.rejected == 0
        return self.now

    def _sampled(self, now: int) -> None:
        """What the sampler's thread does: processes and host."""
        for key, group in self.groups.items():
            age = (now - (group.started or now)) // 1000
            if age >= (group.uptime_seconds or 0) + UPTIME_STEP:
                self.groups[key] = msgspec.structs.replace(group, uptime_seconds=age)
        started = tuple(self.groups.values()) if self.fresh else tuple(self.inputs.new_groups)
        self.fresh = False
        self.inputs.processes = ProcessReading(
            at=now,
            groups=tuple(self.groups.values()),
            started=started,
            stopped=tuple(self.stopped),
            total=len(self.groups),
        )
        self.inputs.new_groups = []
        self.stopped.clear()
        self.inputs.trees = dict(self.trees)
        self.inputs.book.succeeded("processes", "host", now, 1.0, 1.0)
        if self.inputs.host is not None:
            uptime = (now - START) // 1000 + 50_000
            self.inputs.host = msgspec.structs.replace(self.inputs.host, at=now, uptime_seconds=uptime)

    # --- what may happen between two ticks -----------------------------------------------------------------------

    async def move(self, draw: Draw) -> bool:
        """Let some of it happen; returns whether the recorder was restarted."""
        self.now += draw(st.sampled_from([2_000, 2_000, 2_000, 5_000, 12_000, 70_000]), label="pause")
        restarted: bool = draw(st.sampled_from([False] * 7 + [True]), label="restart")
        if restarted:
            await self.collector.close()
            if draw(st.booleans(), label="other roots"):
                self.roots = draw(st.sampled_from([ROOTS, ROOTS[:1], ROOTS[1:]]))
            self.now += draw(st.sampled_from([1_000, 40_000]))
            await self._start()
        for happening in draw(
            st.lists(st.sampled_from(HAPPENINGS), min_size=1, max_size=8), label="happenings"
        ):
            happening(self, draw)
        return restarted

    def start_process(self, draw: Draw) -> None:
        """In a worktree that is there: an agent that left, and comes back, begins anew for its recorder alone."""
        self.number += 1
        folders = [folder for name in TREES if (folder := self.folder / name).is_dir()]
        key = ProcessKey("boot", self.number, self.number)
        group = ProcessGroup(
            key=key,
            kind=draw(st.sampled_from(["claude-code", "codex"])),
            name="agent",
            cwd=str(draw(st.sampled_from(folders))),
            started=self.now - draw(st.sampled_from([0, 500, 90_000])),
            uptime_seconds=1,
        )
        self.groups[key] = group
        self.inputs.new_groups.append(group)
        self._count(key, draw)

    def _count(self, key: ProcessKey, draw: Draw) -> None:
        """New numbers of a tree."""
        cpu = draw(st.none() | st.floats(0, 400).map(lambda value: round(value, 3)))
        memory = draw(st.none() | st.integers(1, 1 << 34))
        size = draw(st.integers(1, 3))
        started = self.groups[key].started
        assert started is not None
        self.groups[key] = msgspec.structs.replace(
            self.groups[key],
            cpu_usage=cpu,
            memory_usage=memory,
            memory_percent=None if memory is None else memory / (1 << 30),
            thread_count=draw(st.none() | st.integers(1, 99)),
            process_count=size,
            uptime_seconds=(self.now - started) // 1000,
        )
        self.trees[key] = tuple(
            ProcessInfo(
                pid=key.pid + 1000 * place,
                ppid=key.pid if place else 1,
                name="agent",
                state=draw(st.sampled_from("RS")),
                depth=min(place, 1),
                cpu_usage=cpu,
                memory_usage=memory,
                started=started,
                ports=draw(st.sampled_from([(), (), (3000,), (3000, 8080)])),
            )
            for place in range(size)
        )

    def change_process(self, draw: Draw) -> None:
        if self.groups:
            self._count(draw(st.sampled_from(sorted(self.groups, key=repr))), draw)

    def stop_process(self, draw: Draw) -> None:
        if not self.groups:
            return
        key = draw(st.sampled_from(sorted(self.groups, key=repr)))
        self._end(key, *draw(st.sampled_from([(None, None), (0, None), (1, None), (None, 9)])))

    def _end(self, key: ProcessKey, code: int | None, number: int | None) -> None:
        group = self.groups.pop(key)
        self.inputs.new_groups = [new for new in self.inputs.new_groups if new.key != key]
        self.stopped.append(
            ProcessExit(
                key=key,
                kind=group.kind,
                name=group.name,
                at=self.now,
                cwd=group.cwd,
                exit_code=code,
                signal=number,
            )
        )

    def leave(self, draw: Draw) -> None:
        """A worktree is removed, with what ran there: its discovered agents leave."""
        folder = self.folder / draw(st.sampled_from(TREES[1:]))
        for key in [key for key, group in self.groups.items() if group.cwd == str(folder)]:
            self._end(key, None, None)
        if folder.is_dir():
            folder.rmdir()

    def commit(self, draw: Draw) -> None:
        """A commit in one worktree, that others may get, and may tell of first."""
        self.number += 1
        maker = draw(st.sampled_from(TREES))
        made = Commit(
            commit_hash=f"{self.number:040x}",
            short_hash=f"{self.number:07x}",
            agent_id="",
            agent_ids=(),
            author_name="A",
            author_email="a@example.org",
            message=f"work {self.number}",
            branch=maker,
            files_changed=1,
            lines_added=2,
            lines_deleted=3,
            commit_timestamp=self.now - draw(st.sampled_from([0, 3_000, 600_000])) - self.number % 7,
            attribution="reflog",
            repository="/shop/.git",
            parents=1,
            files=draw(st.none() | st.lists(changes, unique_by=lambda change: change.path).map(tuple)),
        )
        others = draw(st.lists(st.sampled_from(TREES), unique=True, max_size=2))
        for name in dict.fromkeys([*others, maker]):
            told = made if name == maker else msgspec.structs.replace(made, attribution="branch", branch=name)
            log = sorted((told, *self.logs.get(name, ())), key=lambda one: -one.commit_timestamp)
            self.logs[name] = tuple(log)
            if draw(st.booleans()):
                self._tell_log(name)

    def _tell_log(self, name: str) -> None:
        self.inputs.on_commits(str(self.folder / name), self.logs.get(name, ())[:10])

    def read_git(self, draw: Draw) -> None:
        name = draw(st.sampled_from(TREES))
        path = str(self.folder / name)
        self._tell_log(name)
        self.inputs.git.version += 1
        self.inputs.git.readings[path] = WorktreeReading(
            path=path,
            at=self.now - 1,
            state=draw(st.sampled_from(["branch", "rebase", "index-locked"])),
            repository=draw(st.sampled_from([None, "/shop/.git", "/farm/.git"])),
            branch=draw(st.sampled_from([None, "main", "fix"])),
            changed_files=tuple(draw(st.lists(st.sampled_from(FILES), unique=True))),
            ahead=draw(st.none() | st.integers(0, 3)),
            uncommitted_changes=draw(st.none() | st.integers(0, 30)),
            last_change=draw(st.none() | st.just(self.now - 400)),
        )

    def write_session(self, draw: Draw) -> None:
        """An agent's own log tells something new."""
        name = draw(st.sampled_from(TREES))
        seed = draw(st.integers(0, 2**32))
        told = next_session(Random(seed), self.sessions.get(name), str(self.folder / name), self.now)
        where = {"cwd": str(self.folder / name), "kind": "claude-code"}
        self.sessions[name] = msgspec.structs.replace(told, **where) if told is not None else None
        self._tell_sessions()

    def _tell_sessions(self) -> None:
        told = tuple(session for session in self.sessions.values() if session is not None)
        self.inputs.sessions.sessions = {"claude-code": told}
        self.inputs.sessions.version += 1

    def change_files(self, draw: Draw) -> None:
        self.inputs.files_changed_at[str(self.folder / draw(st.sampled_from(TREES)))] = self.now - 100

    def change_board(self, draw: Draw) -> None:
        root = draw(st.sampled_from(self.roots))
        old = self.boards.get(root)
        tasks = {task.id: task for task in (old.tasks if old else ())}
        for name in draw(st.lists(st.sampled_from(["TASK-1", "TASK-2", "TASK-3"]), max_size=2, unique=True)):
            known = tasks.pop(name, None)
            if known is not None and draw(st.booleans()):
                continue
            tasks[name] = self._task(draw, name, root, known)
        state = BoardState(
            root=root,
            path=f"{root}/board.json",
            version="4",
            shape="v4",
            last_synced=self.now - 1,
            updated_by="someone",
            partial=draw(st.booleans()),
        )
        if state.partial:
            state = msgspec.structs.replace(state, error="one task was left out")
        agents = draw(st.sampled_from([(), (BoardAgent(id="boarder", name="Boarder", role="dev"),)]))
        self._show_board(BoardReading(state=state, tasks=tuple(tasks.values()), agents=agents))

    def _task(self, draw: Draw, name: str, root: str, known: Task | None) -> Task:
        at = draw(st.sampled_from([None, self.now - 1_500, self.now - 50_000]))
        return Task(
            id=name,
            title="Build it",
            status=draw(st.sampled_from(WORDS)),
            assigned_to=draw(st.sampled_from([None, "chief", "Abe", "all"])),
            # Of one time for ever, and of no other task that had this id: what comes back is told as of now.
            created_at=known.created_at
            if known is not None
            else draw(st.sampled_from([None, self.now - 700])),
            updated_at=at,
            estimated_hours=draw(st.sampled_from([None, 1.5])),
            root=root,
        )

    def fail_board(self, draw: Draw) -> None:
        root = draw(st.sampled_from(self.roots))
        old = self.boards.get(root)
        if old is not None and old.state.shape:
            failed = msgspec.structs.replace(old.state, error="does not parse", partial=False)
            self._show_board(msgspec.structs.replace(old, state=failed))
        else:
            self._show_board(BoardReading(state=BoardState(root=root, path=f"{root}/board.json")))

    def _show_board(self, reading: BoardReading) -> None:
        self.boards[reading.state.root] = reading
        self.inputs.boards[reading.state.root] = reading
        self.inputs.boards_version += 1

    def write_log(self, draw: Draw) -> None:
        """An entry of an agent, or of a name that is nobody's, now or told late."""
        self.inputs.progress.append(
            Activity(
                timestamp=(self.now - draw(st.sampled_from([0, 1_000, 30_000]))) // 1000 * 1000,
                agent_id=draw(st.sampled_from(["chief", "Abe", "ghost", ""])),
                kind="progress",
                text=draw(st.sampled_from(["done", "more", "日本語 'quoted'"])),
            )
        )

    def fare(self, draw: Draw) -> None:
        """How a source fares; it was asked some time ago."""
        name, subject = draw(
            st.sampled_from([("git", str(self.folder / "one")), ("rag", "host"), ("board", "/shop")])
        )
        asked = self.now - draw(st.sampled_from([100, 30_000]))
        how = draw(st.sampled_from(["succeeded", "failed", "off", "forget", "degraded"]))
        if how == "succeeded":
            self.inputs.book.succeeded(name, subject, asked, 1.5, 0.5)
        elif how == "degraded":
            self.inputs.book.succeeded(name, subject, asked, 1.5, 0.5, "half of it")
        elif how == "forget":
            self.inputs.book.forget(name, subject)
        else:
            getattr(self.inputs.book, how)(name, subject, asked, "permission denied")

    def read_host(self, draw: Draw) -> None:
        percent = draw(st.none() | st.integers(0, 100).map(float))
        self.inputs.host = HostReading(
            at=self.now,
            cpu_usage=percent,
            memory_usage=draw(st.none() | st.integers(0, 1 << 36)),
            memory_percent=percent,
            load=draw(st.sampled_from([None, (1.0, 2.0, 3.0)])),
            disks=(DiskUsage(path="/", total=100, used=50, percent=50.0),),
        )
        self.inputs.services = (
            ServiceStatus(
                name="db",
                kind="tcp",
                target="localhost:5432",
                status=draw(st.sampled_from(["up", "down", "unknown"])),
                since=self.now - 5,
                checked_at=self.now,
                latency_ms=1.0,
            ),
        )

    def read_rag(self, draw: Draw) -> None:
        self.inputs.rag = RagMetrics(
            timestamp=self.now - draw(st.sampled_from([10, 1_900])),
            origin="file",
            total_patterns=draw(st.none() | st.integers(0, 99)),
            top_patterns=(RagPattern(name="auth", count=3),),
        )

    def command(self, draw: Draw) -> None:
        """A person acknowledges or resolves, some time before the tick that takes it."""
        alerts = self.store.get(Keys.ALERTS, ())
        if alerts:
            self.collector.apply(
                Command(
                    kind=draw(st.sampled_from(["acknowledge", "resolve"])),
                    alert_id=draw(st.sampled_from(alerts)).alert_id,
                    by="me",
                    at=self.now - draw(st.sampled_from([0, 1_500, 60_000])),
                    note=draw(st.sampled_from(["", "seen"])),
                )
            )

    def mute(self, draw: Draw) -> None:
        """A person mutes, or ends a mute, some time before the tick that takes it."""
        rule = draw(st.sampled_from(["", "agent-blocked", "uncommitted-warning"]))
        at = self.now - draw(st.sampled_from([0, 1_500, 60_000]))
        self.collector.apply(
            Command(
                kind=draw(st.sampled_from(["mute", "mute", "unmute"])),
                rule=rule,
                subject=draw(st.sampled_from(["chief", ""] if rule else ["chief"])),
                by="me",
                at=at,
                until=at + draw(st.sampled_from([1_000, 3_000, 100_000])),
                note=draw(st.sampled_from(["", "known"])),
            )
        )


HAPPENINGS: Final = (
    World.start_process,
    World.change_process,
    World.change_process,
    World.stop_process,
    World.leave,
    World.commit,
    World.commit,
    World.read_git,
    World.read_git,
    World.change_files,
    World.change_board,
    World.change_board,
    World.fail_board,
    World.write_log,
    World.write_session,
    World.write_session,
    World.fare,
    World.read_host,
    World.read_rag,
    World.command,
    World.mute,
    World.mute,
)
