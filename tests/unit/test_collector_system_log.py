"""What of the attached systems is handed on to be recorded: each thing once, lines in batches, and none lost."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from attached_records import DAY_MS, event, first_reading, full_state, line, metric, next_reading
from history_records import AT, recording, state

from monitor.collector import sink as sinks
from monitor.collector.sink import HistorySink
from monitor.collector.system_log import BATCH, BATCH_MS, SystemLog
from monitor.history.connection import open_reader
from monitor.history.moments.state import state_at
from monitor.history.writing.rows import TickRows
from monitor.model import Leap, SystemReading

STEP = 2000


def told(log: SystemLog, at: int, reading: SystemReading | None = None, **how: Any) -> TickRows:
    """The rows of a tick, in which a system may tell something."""
    rows = TickRows(at=at)
    if reading is not None:
        log.note(reading.state.name, reading, at)
    log.put(rows, **how)
    return rows


def lines(count: int, at: int = AT, first: int = 10) -> SystemReading:
    """A reading with so many new lines before the two that were there."""
    new = tuple(line(first + number, at) for number in reversed(range(count)))
    known = first_reading("shop", AT)
    return msgspec.structs.replace(known, logs=(*new, *known.logs))


def test_of_what_was_there_before_only_events_of_a_day_and_unresolved_ones_are_recorded() -> None:
    rows = told(SystemLog(), AT, first_reading("shop", AT), all_of_it=True)
    assert [one.id for one in rows.system_events] == ["event-000003", "event-000002"]
    assert (rows.system_logs, rows.system_metrics) == ([], [])


def test_lines_wait_until_a_hundred_of_them_do() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT))
    assert told(log, AT + 1, lines(BATCH - 1)).system_logs == []
    batch = told(log, AT + 2, lines(BATCH + 7)).system_logs
    assert [one.id for one, _ in batch] == [f"line-{10 + number:06}" for number in range(BATCH + 7)]
    assert {noted for _, noted in batch} == {AT + 1, AT + 2}


def test_lines_wait_no_longer_than_five_seconds_and_an_empty_batch_is_none() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT))
    told(log, AT + 1, lines(1))
    assert told(log, AT + BATCH_MS).system_logs == []
    assert len(told(log, AT + 1 + BATCH_MS).system_logs) == 1
    assert told(log, AT + 3 * BATCH_MS).empty


def test_at_the_end_all_that_waits_is_handed_on() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT))
    told(log, AT + 1, lines(3))
    assert len(told(log, AT + 2, all_of_it=True).system_logs) == 3


def test_a_clock_that_is_set_back_lets_nothing_wait_for_it() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT))
    told(log, AT + 1, lines(1))
    log.leap(Leap(now=AT - 60_000, by=-60_001))
    assert [noted for _, noted in told(log, AT - 60_000 + BATCH_MS).system_logs] == [AT - 60_000]


def test_a_reading_in_which_a_part_is_the_same_tells_nothing_of_it() -> None:
    log, reading = SystemLog(), lines(2)
    told(log, AT, first_reading("shop", AT))
    assert len(told(log, AT + 1, reading, all_of_it=True).system_logs) == 2
    other = msgspec.structs.replace(reading, state=full_state(AT, word=" anew"))
    assert told(log, AT + 2, other, all_of_it=True).empty
    again = msgspec.structs.replace(reading, logs=(*reading.logs,))
    assert told(log, AT + 3, again, all_of_it=True).empty


def test_an_event_is_told_again_only_when_it_changed_and_a_time_that_is_missing_is_now() -> None:
    log, opened = SystemLog(), event(9, AT, resolved=False)
    reading = SystemReading(state=full_state(AT), events=(opened,))
    assert told(log, AT, reading).system_events == [opened]
    over = msgspec.structs.replace(reading, events=(msgspec.structs.replace(opened, resolved=True),))
    rows = told(log, AT + STEP, over)
    assert (rows.system_events, rows.system_event_changes[0].resolved_at) == ([], AT + STEP)
    assert told(log, AT + 2 * STEP, msgspec.structs.replace(over)).empty


def test_old_lines_that_come_into_sight_again_are_not_new() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT))
    older = SystemReading(state=full_state(AT), logs=(line(1, AT - 60_000), line(0, AT - DAY_MS)))
    assert told(log, AT + 1, older, all_of_it=True).empty


async def test_after_a_restart_what_came_meanwhile_is_recorded_and_nothing_twice(tmp_path: Path) -> None:
    log, before = SystemLog(), first_reading("shop", AT)
    before = msgspec.structs.replace(before, state=full_state(AT + 1))
    async with recording(state(tmp_path)) as writer:
        for at, reading in ((AT, before), (AT + STEP, lines(2, AT + STEP))):
            rows = told(log, at, reading, all_of_it=True)
            rows.systems = {"shop": reading.state}
            await writer.write(rows)
    async with recording(state(tmp_path), AT + 9_000) as writer:
        snapshot = await writer.load(AT + 9_000)
        log = SystemLog()
        log.restore(snapshot.systems.by_name)
        now = lines(2, AT + STEP)
        meanwhile = (line(20, AT + 5_000), *now.logs)
        rows = told(log, AT + 10_000, msgspec.structs.replace(now, logs=meanwhile), all_of_it=True)
    assert [one.id for one, _ in rows.system_logs] == ["line-000020"]
    assert (rows.system_events, rows.system_event_changes) == ([], [])


async def test_another_database_is_told_what_came_since_a_system_was_attached() -> None:
    log = SystemLog()
    told(log, AT, first_reading("shop", AT), all_of_it=True)
    told(log, AT + 1, lines(2), all_of_it=True)
    log.tell_again(AT + 2)
    rows = told(log, AT + 2, all_of_it=True)
    assert [one.id for one, _ in rows.system_logs] == ["line-000010", "line-000011"]
    assert [one.id for one in rows.system_events] == ["event-000003", "event-000002"]


async def test_while_the_database_is_locked_no_line_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "RETRY_SECONDS", 0.05)
    log, sink = SystemLog(), HistorySink()
    told(log, AT, first_reading("shop", AT))
    file = state(tmp_path).database
    async with recording(state(tmp_path)) as writer:
        await writer._db.execute("PRAGMA busy_timeout = 20")
        sink.use(writer)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for number in range(3):
                sink.put(told(log, AT + number + 1, lines(number + 1), all_of_it=True))
                await _until(lambda: bool(sink.problem))
            other.execute("ROLLBACK")
        number = 3

        def written() -> bool:
            sink.put(TickRows(at=AT + 100, system_metrics=[(metric(1, AT), AT)]))
            with closing(sqlite3.connect(file)) as db:
                return bool(db.execute("SELECT count(*) FROM system_logs").fetchone()[0] == number)

        await _until(written)
        await _until(lambda: not sink.problem)


async def _until(condition: Any) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_a_system_tells_a_moment_shows_all_of_it_that_came_since(
    tmp_path: Path, seed: int
) -> None:
    random, log, shown = Random(seed), SystemLog(), []
    reading = first_reading("shop", AT)
    before = {"event-000001", *(one.id for one in reading.logs), *(one.id for one in reading.metrics)}
    async with recording(state(tmp_path)) as writer:
        for number in range(40):
            at = AT + number * STEP
            reading = next_reading(random, reading, 10 + number, at) if number else reading
            rows = told(log, at, reading, all_of_it=number == 39)
            rows.systems = {"shop": reading.state}
            await writer.write(rows)
            shown.append((at, reading))
        assert writer.rejected == 0
    async with open_reader(state(tmp_path).database) as db:
        for at, live in shown:
            found = (await state_at(db, at)).systems.by_name["shop"]
            for part in ("logs", "metrics"):
                expected = {one.id for one in getattr(live, part)} - before
                assert {one.id for one in getattr(found, part)} == expected
            expected_events = {(one.id, one.resolved) for one in live.events if one.id not in before}
            assert {(one.id, one.resolved) for one in found.events} == expected_events
            assert found.state.missing == live.state.missing
