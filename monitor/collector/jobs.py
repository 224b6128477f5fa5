"""Jobs: sources that are asked in the background, so that a slow one delays nothing but itself."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from concurrent.futures import Executor

    from monitor.collector.sources import SourceBook
    from monitor.model import Millis, SourceState

_FINE: Final[tuple[SourceState, str]] = ("ok", "")
JOB_TIMEOUT_SECONDS: Final = 60.0
"""A job that has not answered by then is reported as failing; it is not asked again before it has answered."""
WOKEN_SHARE: Final = 0.005
"""Share of a core that a job may take that is woken again and again: a board of a megabyte that changes all the time is
read every four seconds, a small one at every tick."""


class CpuMeter:
    """Awaits something and sums the CPU time that its steps took on the event loop's thread."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self.seconds = 0.0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._coroutine.__await__()
        error: BaseException | None = None
        while True:
            begin = time.thread_time()
            try:
                pending = next(steps) if error is None else steps.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                self.seconds += time.thread_time() - begin
            error = None
            try:
                yield pending
            except BaseException as raised:  # noqa: BLE001 - handed on into the measured steps, as await does
                error = raised


class Job:
    """One source on one subject.

    `poll(now)` is a coroutine function, or blocks and then runs in `executor`; None means nothing new. `report()` is
    asked after it: how the source fares although it answered, and why.
    """

    def __init__(
        self,
        name: str,
        subject: str,
        interval: float,
        poll: Callable[[Millis], Any],
        apply: Callable[[Any], None],
        executor: Executor | None = None,
        report: Callable[[], tuple[SourceState, str]] = lambda: _FINE,
    ) -> None:
        self.name = name
        self.subject = subject
        self.interval = interval
        self.due_at = 0.0
        self._asked_at = 0.0
        self._not_before = 0.0
        self._poll = poll
        self._apply = apply
        self._executor = executor
        self._report = report
        self._task: asyncio.Task[None] | None = None
        self._answer: Any = None
        self._answered = False

    @property
    def running(self) -> bool:
        """Whether it was asked and has not answered yet."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Have it asked at the next opportunity, or as soon as its share allows."""
        self.due_at = min(self.due_at, self._not_before)

    def start(self, now: Millis, monotonic: float, book: SourceBook) -> None:
        """Ask it, in the background."""
        self.due_at = monotonic + self.interval
        self._asked_at = monotonic
        self._task = asyncio.create_task(self._ask(now, book), name=f"{self.name} {self.subject}")

    def deliver(self) -> None:
        """Apply the answer, if one came since the last tick."""
        if self._answered:
            answer, self._answer, self._answered = self._answer, None, False
            if answer is not None:
                self._apply(answer)

    async def cancel(self) -> None:
        """End it; a blocking poll ends by itself in its thread."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self, now: Millis, book: SourceBook) -> None:
        begin = time.perf_counter()
        asking = asyncio.ensure_future(self._measured(now))
        try:
            await asyncio.wait({asking}, timeout=JOB_TIMEOUT_SECONDS)
            if not asking.done():
                book.failed(self.name, self.subject, now, f"no answer within {JOB_TIMEOUT_SECONDS:.0f} s")
            answer, cost = await asking
        except asyncio.CancelledError:
            asking.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - the source's boundary: any failure becomes a health record
            book.failed(self.name, self.subject, now, error)
        else:
            self._answer, self._answered = answer, True
            self._not_before = self._asked_at + cost / WOKEN_SHARE
            self._tell(now, book, 1000 * (time.perf_counter() - begin), 1000 * cost)

    def _tell(self, now: Millis, book: SourceBook, latency_ms: float, cost_ms: float) -> None:
        """Note how it fares, now that it has answered."""
        state, why = self._report()
        if state == "failing":
            book.failed(self.name, self.subject, now, why)
        elif state == "off":
            book.off(self.name, self.subject, now, why)
        else:
            book.succeeded(self.name, self.subject, now, latency_ms, cost_ms, why)

    async def _measured(self, now: Millis) -> tuple[Any, float]:
        if inspect.iscoroutinefunction(self._poll):
            meter = CpuMeter(self._poll(now))
            return await meter, meter.seconds

        def blocking() -> tuple[Any, float]:
            begin = time.thread_time()
            return self._poll(now), time.thread_time() - begin

        return await asyncio.get_running_loop().run_in_executor(self._executor, blocking)


class JobBoard:
    """All background jobs: starts those that are due, delivers what they answered."""

    def __init__(self, book: SourceBook) -> None:
        self._book = book
        self._jobs: dict[tuple[str, str], Job] = {}

    def add(self, job: Job) -> None:
        """Take up a job; it is due at once."""
        self._jobs[job.name, job.subject] = job

    def wake(self, name: str, subject: str) -> None:
        """Something moved where this job looks: ask it soon. Unknown jobs are no error."""
        job = self._jobs.get((name, subject))
        if job is not None:
            job.wake()

    def deliver(self) -> None:
        """Apply every answer that came since the last tick."""
        for job in self._jobs.values():
            job.deliver()

    def start_due(self, now: Millis, monotonic: float) -> None:
        """Ask every job whose time has come and which is not still at work."""
        for job in self._jobs.values():
            if job.due_at <= monotonic and not job.running:
                job.start(now, monotonic, self._book)

    async def settle(self) -> None:
        """Wait for the jobs that are at work now; for a caller with a deadline of its own."""
        await asyncio.gather(*(job._task for job in self._jobs.values() if job._task and job.running))  # noqa: SLF001

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(job.cancel() for job in self._jobs.values()))
