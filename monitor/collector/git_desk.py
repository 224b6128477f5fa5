"""The git desk: decides which worktree git is asked about, within the budget, and keeps the newest readings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from monitor.errors import SourceError
from monitor.model import Commit, GitState, Millis, WorktreeReading
from monitor.sources.git import UNREADABLE, GitSchedule, GitSource, WorktreeLog

if TYPE_CHECKING:
    from monitor.collector.sources import SourceBook

THREADS: Final = 2
"""Readings at once: git mostly waits for files, and more would crowd out the agents."""
NOTHING_TO_READ: Final[frozenset[GitState]] = frozenset(
    ("bare", "deleted", "not-a-repository", "pruned-worktree")
)
"""States in which there is nothing that git could tell; the other unreadable ones are failures."""

CommitsCallback = Callable[[str, tuple[Commit, ...], tuple[str, ...]], None]


class GitDesk:
    """Readings by worktree.

    `on_commits(worktree, commits, reached)` is called when a worktree's newest commits were read, with the ids of those
    and of older ones that it has.
    """

    def __init__(self, schedule: GitSchedule, book: SourceBook, on_commits: CommitsCallback) -> None:
        self.readings: dict[str, WorktreeReading] = {}
        self.version = 0
        """Grows when another worktree was read, or another set of files is changed in one."""
        self._git = GitSource()
        self._schedule = schedule
        self._book = book
        self._on_commits = on_commits
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="git")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._signatures: dict[str, Hashable] = {}
        self._heads: dict[str, str | None] = {}
        self._closed = False

    def set_worktrees(self, worktrees: Iterable[str]) -> None:
        """Ask about these from now on, and about no others."""
        wanted = set(worktrees)
        for worktree in set(self._schedule.worktrees) - wanted:
            self._forget(worktree)
        for worktree in wanted:
            self._schedule.add(worktree, time.monotonic())

    def moved(self, worktree: str, *, head_moved: bool = False) -> None:
        """The watcher saw something change there."""
        if worktree in self.readings:
            self._schedule.moved(worktree, time.monotonic(), head_moved=head_moved)

    def look(self, worktrees: Iterable[str]) -> None:
        """Compare the stat signatures of worktrees that nobody watches (some microseconds each)."""
        for worktree in worktrees:
            signature = self._git.signature(worktree)
            if worktree in self._signatures and self._signatures[worktree] != signature:
                self.moved(worktree, head_moved=True)
            self._signatures[worktree] = signature

    def start_due(self, now: Millis) -> None:
        """Ask about the worktrees whose turn it is, in the background."""
        free = THREADS - len(self._tasks)
        if free > 0:
            for worktree in self._schedule.due(time.monotonic(), free):
                task = asyncio.create_task(self._ask(worktree, now), name=f"git {worktree}")
                self._tasks[worktree] = task
                task.add_done_callback(lambda _, name=worktree: self._done(name, now))  # type: ignore[misc]

    def used_percent(self) -> float:
        """How much of the budget the last minute used."""
        return self._schedule.used_percent(time.monotonic())

    async def settle(self) -> None:
        """Wait for the readings under way, and for those that take their place."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        """Let running git processes end (each has a time limit), and the threads with them."""
        self._closed = True
        for task in self._tasks.values():
            task.cancel()
        await self.settle()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, worktree: str, now: Millis) -> None:
        """A place is free: take the next one at once, so that many new worktrees do not wait a tick each."""
        self._tasks.pop(worktree, None)
        if not self._closed:
            self.start_due(now)

    async def _ask(self, worktree: str, now: Millis) -> None:
        begin = time.perf_counter()
        loop = asyncio.get_running_loop()
        try:
            reading, log, problem = await loop.run_in_executor(self._pool, self._read, worktree, now)
        except Exception as error:  # noqa: BLE001 - the source's boundary: any failure becomes a health record
            self._book.failed("git", worktree, now, error)
            return
        finally:
            cost_ms = self._git.last_cost_ms(worktree) or 0.0
            self._schedule.finished(worktree, cost_ms, time.monotonic())
        self._note(worktree, reading)
        if reading.state in NOTHING_TO_READ:
            self._book.off("git", worktree, now, reading.error or reading.state)
            return
        if reading.state in UNREADABLE or problem:
            self._book.failed("git", worktree, now, problem or reading.error or reading.state)
            return
        self._book.succeeded("git", worktree, now, 1000 * (time.perf_counter() - begin), cost_ms)
        if log is not None:
            self._on_commits(worktree, log.commits, log.reached)

    def _note(self, worktree: str, reading: WorktreeReading) -> None:
        old = self.readings.get(worktree)
        if old is None or (old.repository, old.changed_files) != (reading.repository, reading.changed_files):
            self.version += 1
        self.readings[worktree] = reading

    def _read(self, worktree: str, now: Millis) -> tuple[WorktreeReading, WorktreeLog | None, str]:
        """In a thread: the worktree's state, its newest commits when its HEAD moved, and why these could not."""
        reading = self._git.read(worktree, now)
        if reading.head is None or self._heads.get(worktree) == reading.head:
            return reading, None, ""
        try:
            log = self._git.log(worktree, "")
        except SourceError as error:
            return reading, None, str(error)
        self._heads[worktree] = reading.head
        return reading, log, ""

    def _forget(self, worktree: str) -> None:
        for known in (self.readings, self._signatures, self._heads):
            known.pop(worktree, None)
        self._schedule.remove(worktree)
        self._book.forget("git", worktree)
