"""The system desk: the attached systems, each read in a thread of its own, so that one that is down holds up nobody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.collector.jobs import Job, JobBoard
from monitor.errors import SourceError
from monitor.model import SystemReading, SystemState
from monitor.sources.systems.reader import SystemReader
from monitor.text import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.collector.sources import SourceBook
    from monitor.config import SystemSettings
    from monitor.model import Millis

JOB: Final = "system"
"""Name of the source, a subject for each system."""
PATIENCE: Final = 60.0
"""The longest, in seconds, from one look at a system that is down to the next."""


class SystemDesk:
    """All attached systems. After `deliver()`, `readings` holds what each told last, by name."""

    def __init__(self, systems: Sequence[SystemSettings], book: SourceBook) -> None:
        self.readings: dict[str, SystemReading] = {
            system.name: SystemReading(
                state=SystemState(name=system.name, kind=system.kind, url=mask_url(system.url))
            )
            for system in systems
        }
        self.read: frozenset[str] = frozenset()
        """Systems that have been read since the start."""
        self.version = 0
        """Grows when a system told something new."""
        self._jobs = JobBoard(book)
        self._systems = [_Attached(system) for system in systems]
        for system in self._systems:
            job = Job(
                JOB,
                system.name,
                system.interval,
                system.poll,
                self._told(system.name),
                system.thread,
                system.report,
            )
            system.job = job
            self._jobs.add(job)

    def deliver(self) -> None:
        """Take up what was read."""
        self._jobs.deliver()

    def start_due(self, now: Millis, monotonic: float) -> None:
        """Have read, in the background, what is due."""
        self._jobs.start_due(now, monotonic)

    async def settle(self) -> None:
        """Wait for what is being read."""
        await self._jobs.settle()

    async def close(self) -> None:
        """Read no more; let go of every system."""
        await self._jobs.close()
        for system in self._systems:
            system.thread.submit(system.close)
            system.thread.shutdown(wait=False)

    def _told(self, name: str) -> Callable[[SystemReading], None]:
        def told(reading: SystemReading) -> None:
            self.readings[name] = reading
            self.read |= {name}
            self.version += 1

        return told


class _Attached:
    """One system: its reader, and the patience with it while it is down. `poll` and `close` belong to its thread."""

    def __init__(self, settings: SystemSettings) -> None:
        self.name = settings.name
        self.interval = settings.interval
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"system-{settings.name}")
        self.job: Job | None = None
        self._reader = SystemReader(settings.name, settings.url, kind=settings.kind)
        self.report = self._reader.report

    def poll(self, now: Millis) -> SystemReading | None:
        """Read what is new; after a failure ask less and less often, and as often as before once it is back."""
        job = self.job
        try:
            reading = self._reader.poll(now)
        except SourceError:
            if job is not None:
                job.interval = min(max(PATIENCE, self.interval), 2 * job.interval)
            raise
        if job is not None:
            job.interval = self.interval
        return reading

    def close(self) -> None:
        """Let go of the database."""
        self._reader.close()


def with_read_at(reading: SystemReading, at: Millis) -> SystemReading:
    """The reading with the time of the tick that took it up."""
    return msgspec.structs.replace(reading, state=msgspec.structs.replace(reading.state, read_at=at))
