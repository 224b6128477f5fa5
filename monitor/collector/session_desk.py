"""The session desk: has the agents' own logs read in a thread of its own, and keeps what each of them told last."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Final

from monitor.collector.jobs import Job, JobBoard
from monitor.prices.pricing import Pricer
from monitor.prices.table import Prices
from monitor.sources.sessions.catalogue import KINDS, open_reader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.watcher import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from monitor.collector.sources import SourceBook
    from monitor.config import SessionSettings
    from monitor.model import Millis, Session, SourceState
    from monitor.prices.price import Price
    from monitor.sources.sessions.reader import Progress, SessionReader

JOB: Final = "session log"
"""Name of the source, a subject for each kind of agent."""
WATCHED_SECONDS: Final = 5.0
"""Between two looks at logs that the watcher tells of: a process that died leaves its files as they are."""
READING_SECONDS: Final = 0.5
"""For which one reader goes on reading what was there already, before the others have their turn."""
BUDGET: Final = 4 << 20
"""Bytes that are read at once; between two such pieces other threads come to their right."""
PAUSE_SECONDS: Final = 0.005
_DAY_MS: Final = 86_400_000
_MIB: Final = 1 << 20


class SessionDesk:
    """All sessions that the logs tell of, by kind of agent. `deliver()` takes up what came since the last tick."""

    def __init__(
        self,
        settings: SessionSettings,
        prices: Mapping[str, Price],
        book: SourceBook,
        *,
        spool: str,
        interval: float,
    ) -> None:
        """`prices` of the settings, `spool` the folder of what hooks told, `interval` in seconds."""
        self.sessions: dict[str, tuple[Session, ...]] = {}
        self.version = 0
        """Grows when a session is new, differs, or is gone."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sessions")
        self._jobs = JobBoard(book)
        self._interval = interval
        options = reader_options(settings, spool=spool)
        table = cache(lambda: Prices(prices))  # made in the thread: it takes some milliseconds
        self._logs = {
            kind: _Logs(kind, options, table) for kind in dict.fromkeys(settings.agents) if kind in KINDS
        }
        self._by_kind: dict[str, Job] = {}
        for kind, logs in self._logs.items():
            job = Job(JOB, kind, interval, logs.poll, self._reader_told(kind), self._thread, logs.report)
            self._by_kind[kind] = job
            self._jobs.add(job)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of agents whose logs are read."""
        return frozenset(self._logs)

    def reading(self, kind: str) -> bool:
        """Whether the logs of this kind are still being read for the first time."""
        return kind in self._logs and not self._logs[kind].read_once

    def set_worktrees(self, worktrees: Collection[str]) -> None:
        """The agents' worktrees from now on: some agents keep their logs there."""
        for logs in self._logs.values():
            logs.worktrees = tuple(worktrees)

    def targets(self) -> list[Target]:
        """The folders in which something happens when there is news."""
        return [
            Target("sessions", kind, folder) for kind, logs in self._logs.items() for folder in logs.folders
        ]

    def moved(self, kind: str) -> None:
        """The watcher saw something there."""
        self._jobs.wake(JOB, kind)

    def moved_in_worktree(self) -> None:
        """Files moved in a worktree: those that keep their logs there may have written."""
        for kind, logs in self._logs.items():
            if logs.in_worktrees:
                self._jobs.wake(JOB, kind)

    def deliver(self) -> None:
        """Take up what was read."""
        self._jobs.deliver()

    def start_due(self, now: Millis, monotonic: float, unwatched: Collection[str]) -> None:
        """Have read, in the background, what is due; `unwatched` are the kinds that the watcher cannot tell of."""
        for kind, job in self._by_kind.items():
            job.interval = self._interval if kind in unwatched else WATCHED_SECONDS
            if self._logs[kind].unread:
                job.due_at = monotonic
        self._jobs.start_due(now, monotonic)

    async def settle(self) -> None:
        """Wait for what is being read."""
        await self._jobs.settle()

    async def close(self) -> None:
        """Read no more; let go of every file."""
        await self._jobs.close()
        for logs in self._logs.values():
            self._thread.submit(logs.close)
        self._thread.shutdown(wait=False)

    def _reader_told(self, kind: str) -> Callable[[tuple[Session, ...]], None]:
        def told(sessions: tuple[Session, ...]) -> None:
            self.sessions[kind] = sessions
            self.version += 1

        return told


def reader_options(settings: SessionSettings, *, spool: str) -> ReaderOptions:
    """What the readers are told: with a home of the settings, the environment does not count."""
    return ReaderOptions(
        home=settings.home or os.path.expanduser("~"),
        environ={} if settings.home else dict(os.environ),
        targets=settings.targets,
        max_age_ms=round(settings.days * _DAY_MS),
        spool=spool,
    )


class _Logs:
    """One reader, opened when it is asked for the first time. `poll` and `close` belong to its thread."""

    def __init__(self, kind: str, options: ReaderOptions, prices: Callable[[], Prices]) -> None:
        self.worktrees: tuple[str, ...] = ()
        self.folders: tuple[str, ...] = ()
        """Those of its logs that are there; a new one is found when it is polled."""
        self.unread = False
        """Whether there is more to read than was read at the last time."""
        self.read_once = False
        """Whether everything that was there has been read."""
        self.in_worktrees = False
        self._kind = kind
        self._options = options
        self._prices = prices
        self._reader: SessionReader | None = None
        self._pricer: Pricer | None = None
        self._followed: tuple[str, ...] | None = None
        self._told: tuple[Session, ...] = ()
        self._state: tuple[SourceState, str] = ("ok", "")

    def poll(self, now: Millis) -> tuple[Session, ...] | None:
        """Read what is new, for a while; None when that tells nothing new."""
        reader, pricer = self._reader, self._pricer
        if reader is None or pricer is None:
            reader = self._reader = open_reader(self._kind, self._options)
            pricer = self._pricer = Pricer(self._prices())
            self.in_worktrees = not reader.folders
        self.folders = tuple(filter(os.path.isdir, reader.folders))
        if self._followed != self.worktrees:
            self._followed = self.worktrees
            reader.follow(self._followed)
        end = time.monotonic() + READING_SECONDS
        while True:
            read = reader.poll(now, BUDGET)
            progress = reader.progress
            self.unread = progress.done < progress.total
            if not self.unread or time.monotonic() > end:
                break
            time.sleep(PAUSE_SECONDS)
        self._state = self._fares(reader, read, progress)
        first = not self.read_once and not self.unread
        self.read_once = self.read_once or first
        sessions = pricer.priced(read)
        if same(sessions, self._told) and not first:
            return None
        self._told = sessions
        return sessions

    def report(self) -> tuple[SourceState, str]:
        """How the logs of this kind fare."""
        return self._state

    def close(self) -> None:
        """Let go of every file."""
        if self._reader is not None:
            self._reader.close()

    def _fares(
        self, reader: SessionReader, sessions: tuple[Session, ...], progress: Progress
    ) -> tuple[SourceState, str]:
        if reader.problems:
            return "degraded", "; ".join(reader.problems)
        if self.unread:
            read, there = progress.done // _MIB, -(-progress.total // _MIB)
            return "degraded", f"{read:,} of {there:,} MiB of logs read so far"
        if not sessions and not self.folders:
            return "off", "it has no logs here"
        return "ok", ""


def same(new: Iterable[Session], old: Iterable[Session]) -> bool:
    """Whether these are the very records of before."""
    new, old = tuple(new), tuple(old)
    return len(new) == len(old) and all(one is other for one, other in zip(new, old, strict=True))
