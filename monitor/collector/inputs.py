"""The inputs: every source, asked when its time has come, and the newest reading of each."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from monitor.collector.git_desk import CommitsCallback, GitDesk
from monitor.collector.jobs import Job, JobBoard
from monitor.collector.session_desk import SessionDesk
from monitor.collector.system_desk import SystemDesk
from monitor.sources.board.source import BoardSource
from monitor.sources.git import GitSchedule
from monitor.sources.host import HostSource
from monitor.sources.processes.source import ProcessSource
from monitor.sources.progress_log import ProgressLogSource
from monitor.sources.rag import RagSource
from monitor.sources.services import ServicesSource
from monitor.sources.watcher import Change, Target, Watcher

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from monitor.collector.sources import SourceBook
    from monitor.config import Settings
    from monitor.model import (
        Activity,
        BoardReading,
        HostReading,
        Millis,
        ProcessInfo,
        ProcessKey,
        ProcessReading,
        RagMetrics,
        ServiceStatus,
        SourceState,
    )

HOST: Final = "host"
"""Subject of the sources that look at the machine as a whole."""


def looks_for_programs(settings: Settings) -> bool:
    """Whether running agent programs matter: to discover agents, or as the process of a listed one's worktree."""
    return settings.discover or any(not agent.match and not agent.pid_file for agent in settings.agents)


class _BoardPoll:
    """A board that could be read but not understood is a failing source that still has its last good tasks."""

    def __init__(self, root: str) -> None:
        self._source = BoardSource(root)
        self.error = ""

    def poll(self, now: Millis) -> BoardReading | None:
        reading = self._source.poll(now)
        if reading is not None:
            self.error = reading.state.error
        return reading

    def report(self) -> tuple[SourceState, str]:
        return ("failing" if self.error else "ok"), self.error


class Inputs:
    """Owns the sources. After `sample()` the newest readings stand in its attributes.

    `boards` maps a root to its reading; `files_changed_at` maps a worktree to the time of the last file change
    that the watcher saw there.
    """

    def __init__(
        self, settings: Settings, book: SourceBook, on_commits: CommitsCallback, *, spool: str = ""
    ) -> None:
        """`spool` is the folder in which hooks of the agents leave what they told."""
        self._book = book
        self._settings = settings
        self._sampler = ThreadPoolExecutor(1, thread_name_prefix="sampler")
        self._files = ThreadPoolExecutor(2, thread_name_prefix="files")
        self._processes = ProcessSource(
            settings.agents,
            discover=looks_for_programs(settings),
            scan_interval=settings.intervals.process_scan,
        )
        self._host = HostSource(settings.roots)
        limits, intervals = settings.thresholds, settings.intervals
        schedule = GitSchedule(limits.git_budget_percent, intervals.git, intervals.git_busy)
        self.git = GitDesk(schedule, book, on_commits)
        self.sessions = SessionDesk(
            settings.sessions, settings.prices, book, spool=spool, interval=intervals.tick
        )
        self.systems = SystemDesk(settings.systems, book)
        self._worktrees: tuple[str, ...] = ()
        self._session_targets: list[Target] = []
        self.watcher = Watcher(self._saw)
        self._watching: asyncio.Task[None] | None = None
        self.processes: ProcessReading | None = None
        self.host: HostReading | None = None
        self.boards: dict[str, BoardReading] = {}
        self.boards_version = 0
        self._progress: list[Activity] = []
        self._events_seen: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self.rag: RagMetrics | None = None
        self.services: tuple[ServiceStatus, ...] = ()
        self.files_changed_at: dict[str, Millis] = {}
        self._jobs = self._make_jobs()

    @property
    def boot_id(self) -> str:
        """Identifies this boot of the host: part of every process's identity."""
        return self._processes.boot_id

    def start_watching(self) -> None:
        """Begin to follow files; without this everything is asked at its interval."""
        self._watching = asyncio.create_task(self.watcher.run(), name="watcher")

    def set_worktrees(self, worktrees: Iterable[str]) -> None:
        """The agents' worktrees changed: ask git about these, and watch them."""
        known = tuple(worktree for worktree in worktrees if os.path.isdir(worktree))
        self._worktrees = known
        self.git.set_worktrees(known)
        self.sessions.set_worktrees(known)
        self._set_targets()

    def _set_targets(self) -> None:
        targets = [
            Target("coordination", root, os.path.join(root, "coordination")) for root in self._settings.roots
        ]
        targets += [
            Target(kind, worktree, worktree) for worktree in self._worktrees for kind in ("worktree", "git")
        ]
        self.watcher.set_targets(targets + self._session_targets)

    async def sample(self, now: Millis) -> None:
        """Take this tick's readings of processes and host, and what the background jobs have answered."""
        await asyncio.get_running_loop().run_in_executor(self._sampler, self._sample, now)
        self._jobs.deliver()
        self.sessions.deliver()
        self.systems.deliver()
        if (targets := self.sessions.targets()) != self._session_targets:
            self._session_targets = targets
            self._set_targets()

    def start_due(self, now: Millis) -> None:
        """Ask, in the background, what is due."""
        polled = self.watcher.needs_polling
        if self._watching is None:
            self.git.look(self.git.readings)
        elif polled:
            self.git.look(polled & self.git.readings.keys())
        self.git.start_due(now)
        monotonic = asyncio.get_running_loop().time()
        self._jobs.start_due(now, monotonic)
        self.systems.start_due(now, monotonic)
        kinds = self.sessions.kinds
        self.sessions.start_due(now, monotonic, kinds if self._watching is None else polled & kinds)

    async def process_trees(
        self, keys: Collection[ProcessKey]
    ) -> Mapping[ProcessKey, tuple[ProcessInfo, ...]]:
        """The process trees of these groups, as of this tick; taken in the sampler's thread, for ports take time."""
        if not keys:
            return {}
        return await asyncio.get_running_loop().run_in_executor(self._sampler, self._trees, tuple(keys))

    def group_of(self, pid: int, start: int | None) -> ProcessKey | None:
        """The agent process in whose tree this process is, as of this tick; None when it is in none."""
        return self._processes.group_of(pid, start)

    def started(self, pid: int) -> Millis | None:
        """When the process of that number was started, whosever it is; None when there is none, as of this tick."""
        return self._processes.started(pid)

    def started_since(self, key: ProcessKey, at: Millis) -> int | None:
        """How many processes an agent has started since then that still run; None without such a group."""
        return self._processes.started_since(key, at)

    def _trees(self, keys: Iterable[ProcessKey]) -> dict[ProcessKey, tuple[ProcessInfo, ...]]:
        return {key: self._processes.tree(key) for key in keys}

    def take_progress(self) -> list[Activity]:
        """The progress entries that came since the last call."""
        entries, self._progress[:] = list(self._progress), []
        return entries

    def file_events_last_minute(self) -> int:
        """File events that the watcher saw in the last minute."""
        now, seen = time.monotonic(), self.watcher.events_seen
        while len(self._events_seen) > 1 and self._events_seen[1][0] < now - 60:
            self._events_seen.popleft()
        if now - self._events_seen[-1][0] >= 1:
            self._events_seen.append((now, seen))
        return seen - self._events_seen[0][1]

    async def settle(self) -> None:
        """Wait until everything that is being asked has answered."""
        await asyncio.gather(
            self._jobs.settle(), self.git.settle(), self.sessions.settle(), self.systems.settle()
        )

    async def close(self) -> None:
        """Stop asking; ends every thread and watch."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._jobs.close()
        await self.git.close()
        await self.sessions.close()
        await self.systems.close()
        self._sampler.shutdown(wait=True)
        self._files.shutdown(wait=False, cancel_futures=True)
        self._processes.close()

    def _make_jobs(self) -> JobBoard:
        settings, jobs = self._settings, JobBoard(self._book)
        every = settings.intervals
        for root in settings.roots:
            board, log = _BoardPoll(root), ProgressLogSource(root)
            jobs.add(Job("board", root, every.board, board.poll, self._board_read, self._files, board.report))
            jobs.add(Job("progress log", root, every.board, log.poll, self._progress.extend, self._files))
        rag = RagSource(settings.rag, settings.roots)
        jobs.add(Job("rag", HOST, every.rag, rag.poll, self._rag_read, self._files))
        if settings.services:
            services = ServicesSource(settings.services)
            jobs.add(Job("services", HOST, every.services, services.poll, self._services_read))
        return jobs

    def _sample(self, now: Millis) -> None:
        """In the sampler's thread: one look at the process table, one at the host."""
        with self._taking("processes", now):
            self.processes = self._processes.poll(now)
        with self._taking("host", now):
            self.host = self._host.poll(now)

    @contextmanager
    def _taking(self, name: str, now: Millis) -> Iterator[None]:
        """The boundary of a source that is asked each tick: measures it, and turns any failure into a record."""
        begin, cpu = time.perf_counter(), time.thread_time()
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the source's boundary: any failure becomes a health record
            self._book.failed(name, HOST, now, error)
            return
        latency, cost = time.perf_counter() - begin, time.thread_time() - cpu
        degraded = self.processes.degraded if name == "processes" and self.processes else ""
        self._book.succeeded(name, HOST, now, 1000 * latency, 1000 * cost, degraded)

    def _board_read(self, reading: BoardReading) -> None:
        self.boards[reading.state.root] = reading
        self.boards_version += 1

    def _rag_read(self, metrics: RagMetrics) -> None:
        self.rag = metrics

    def _services_read(self, services: tuple[ServiceStatus, ...]) -> None:
        self.services = services

    def _saw(self, changes: tuple[Change, ...]) -> None:
        """The watcher saw files move: ask again what depends on them."""
        for change in changes:
            if change.kind == "worktree":
                self.files_changed_at[change.key] = change.at
                self.git.moved(change.key)
                self.sessions.moved_in_worktree()
            elif change.kind == "git":
                self.git.moved(change.key, head_moved=change.head_moved)
            elif change.kind == "sessions":
                self.sessions.moved(change.key)
            else:
                self._jobs.wake("board", change.key)
                self._jobs.wake("progress log", change.key)
