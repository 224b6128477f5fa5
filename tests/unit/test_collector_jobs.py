"""Sources in the background: asked when due, never twice at once, and never fatal."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.collector.jobs import CpuMeter, Job, JobBoard
from monitor.collector.sources import SourceBook
from monitor.model import Millis, SourceState

NOW = 1_700_000_000_000


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1)


async def test_an_answer_is_applied_at_the_next_tick_and_once(pool: ThreadPoolExecutor) -> None:
    got: list[int] = []
    book = SourceBook()
    jobs = JobBoard(book)
    jobs.add(Job("rag", "host", 60.0, lambda _: 7, got.append, pool))
    jobs.start_due(NOW, 1.0)
    await jobs.settle()
    assert got == []
    jobs.deliver()
    jobs.deliver()
    assert got == [7]
    assert [status.state for status in book.statuses()] == ["ok"]


async def test_a_job_is_not_asked_again_before_it_answered(pool: ThreadPoolExecutor) -> None:
    asked, release = [], threading.Event()

    def slow(now: Millis) -> None:
        asked.append(now)
        release.wait(5)

    jobs = JobBoard(SourceBook())
    jobs.add(Job("rag", "host", 0.0, slow, print, pool))
    for monotonic in (1.0, 2.0, 3.0):
        jobs.start_due(NOW, monotonic)
    release.set()
    await jobs.settle()
    assert asked == [NOW]


async def test_a_waked_job_is_due_at_once(pool: ThreadPoolExecutor) -> None:
    asked: list[Millis] = []
    jobs = JobBoard(SourceBook())
    jobs.add(Job("board", "/r", 60.0, asked.append, print, pool))
    jobs.start_due(NOW, 1.0)
    await jobs.settle()
    jobs.start_due(NOW + 1, 2.0)
    await jobs.settle()
    jobs.wake("board", "/r")
    jobs.start_due(NOW + 2, 3.0)
    await jobs.settle()
    assert asked == [NOW, NOW + 2]


async def test_a_costly_job_that_is_waked_all_the_time_keeps_its_share_of_a_core(
    pool: ThreadPoolExecutor,
) -> None:
    asked: list[Millis] = []

    def costly(now: Millis) -> None:
        asked.append(now)
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass

    jobs = JobBoard(SourceBook())
    jobs.add(Job("board", "/r", 60.0, costly, print, pool))
    for second in range(10):
        jobs.wake("board", "/r")
        jobs.start_due(NOW + second, 100.0 + second)
        await jobs.settle()
    assert 2 <= len(asked) <= 5  # 10 ms each are half a percent of two seconds


async def test_any_failure_becomes_a_record(pool: ThreadPoolExecutor) -> None:
    def broken(_now: Millis) -> None:
        raise ZeroDivisionError("by design")

    book = SourceBook()
    jobs = JobBoard(book)
    jobs.add(Job("rag", "host", 60.0, broken, print, pool))
    jobs.start_due(NOW, 1.0)
    await jobs.settle()
    assert "by design" in book.failing("rag", "host")


async def test_a_source_that_answers_with_a_problem_is_failing(pool: ThreadPoolExecutor) -> None:
    got: list[str] = []
    book = SourceBook()
    jobs = JobBoard(book)
    fares: tuple[SourceState, str] = ("failing", "is half-written")
    jobs.add(Job("board", "/r", 60.0, lambda _: "old tasks", got.append, pool, lambda: fares))
    jobs.start_due(NOW, 1.0)
    await jobs.settle()
    jobs.deliver()
    assert got == ["old tasks"]
    assert book.failing("board", "/r") == "is half-written"


@pytest.mark.parametrize(
    ("state", "why"), [("off", "it has no logs here"), ("degraded", "half of it was read"), ("ok", "")]
)
async def test_a_source_that_answers_says_how_it_fares(
    pool: ThreadPoolExecutor, state: SourceState, why: str
) -> None:
    book = SourceBook()
    jobs = JobBoard(book)
    jobs.add(Job("session log", "codex", 60.0, lambda _: None, print, pool, lambda: (state, why)))
    jobs.start_due(NOW, 1.0)
    await jobs.settle()
    assert [(status.state, status.error) for status in book.statuses()] == [(state, why)]


async def test_the_meter_counts_the_steps_and_not_the_waiting() -> None:
    async def work() -> str:
        await asyncio.sleep(0.2)
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return "done"

    meter = CpuMeter(work())
    assert await meter == "done"
    assert 0.02 <= meter.seconds < 0.15


async def test_the_meter_hands_cancellation_on() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    async def metered() -> None:
        await CpuMeter(work())

    task = asyncio.create_task(metered())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]
