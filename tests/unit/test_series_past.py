"""Alerts that are over and tasks completed a day, as far as it was known at a moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from history_records import AT, alert, recording, state, tick
from report_questions import change

from monitor.history.connection import in_one_go, open_reader
from monitor.history.series.past import read_alert_history, read_velocity
from monitor.keystore import ALERT_HISTORY_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.history.writing.rows import TickRows
    from monitor.model import Alert, DayCount

MINUTE = 60_000


def moment(month: int, day: int, hour: int, minute: int = 0) -> int:
    return round(datetime(2025, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def write(folder: Path, *ticks: TickRows) -> None:
    async with recording(state(folder), ticks[0].at) as writer:
        for rows in ticks:
            await writer.write(rows)


async def past_alerts(folder: Path, at: int) -> tuple[Alert, ...]:
    async with open_reader(state(folder).database) as db:
        return await in_one_go(db, lambda connection: read_alert_history(connection, at))


async def velocity(folder: Path, at: int) -> tuple[DayCount, ...]:
    async with open_reader(state(folder).database) as db:
        return await in_one_go(db, lambda connection: read_velocity(connection, at))


async def test_alerts_stand_in_the_order_in_which_they_were_over_as_they_were_then(tmp_path: Path) -> None:
    ends = {"first": AT + 9 * MINUTE, "second": AT + 3 * MINUTE, "third": AT + 5 * MINUTE}
    raised = [alert(name, subject=name, created_at=AT) for name in (*ends, "open")]
    solved = [
        tick(at, alerts=[alert(name, subject=name, severity="error", resolved=True, resolved_at=at)])
        for name, at in sorted(ends.items(), key=lambda end: end[1])
    ]
    await write(tmp_path, tick(AT, alerts=raised), *solved)
    assert [one.alert_id for one in await past_alerts(tmp_path, AT + 10 * MINUTE)] == [
        "first",
        "third",
        "second",
    ]
    (only,) = await past_alerts(tmp_path, AT + 3 * MINUTE)
    assert (only.alert_id, only.severity, only.resolved_at) == ("second", "error", AT + 3 * MINUTE)
    assert await past_alerts(tmp_path, AT + 3 * MINUTE - 1) == ()


async def test_no_more_alerts_are_kept_than_can_be_looked_through(tmp_path: Path) -> None:
    many = [
        alert(f"alert-{number}", subject=f"{number}", resolved=True, resolved_at=AT + number)
        for number in range(ALERT_HISTORY_LIMIT + 20)
    ]
    await write(tmp_path, tick(AT + MINUTE, alerts=many))
    found = await past_alerts(tmp_path, AT + MINUTE)
    assert len(found) == ALERT_HISTORY_LIMIT
    assert found[0].alert_id == many[-1].alert_id


@pytest.mark.usefixtures("berlin")
async def test_completed_tasks_are_counted_by_local_day_up_to_the_moment(tmp_path: Path) -> None:
    # The last Sunday of October has 25 hours: clocks go back at 03:00.
    done = [
        (moment(10, 12, 21, 59), "before the first day"),
        (moment(10, 12, 22, 0), "the first of the first day"),
        (moment(10, 25, 21, 59), "the last of Saturday"),
        (moment(10, 25, 22, 0), "the first of Sunday"),
        (moment(10, 26, 11), "at noon"),
        (moment(10, 26, 12), "after the moment"),
    ]
    ticks = [tick(at, task_events=[change(at, "completed", None, "DONE", name)]) for at, name in done]
    await write(tmp_path, *ticks)
    found = await velocity(tmp_path, moment(10, 26, 11, 59))
    assert len(found) == 14
    assert (found[0].date, found[-1].date) == ("2025-10-13", "2025-10-26")
    assert {day.date: day.completed_tasks for day in found if day.completed_tasks} == {
        "2025-10-13": 1,
        "2025-10-25": 1,
        "2025-10-26": 2,
    }
