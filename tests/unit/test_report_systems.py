"""`report systems`: how attached systems fared, and how deep their queues were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from history_records import AT, recording, state, tick
from system_records import log_line, system_event, system_state

from monitor.history.connection import open_reader
from monitor.history.reports.base import Query, Report
from monitor.history.reports.names import REPORTS

MINUTE = 60_000


async def ask(folder: Path, since: int = AT, until: int = AT + 10 * MINUTE) -> Report:
    async with open_reader(state(folder).database) as db:
        return await REPORTS["systems"](db, Query(since=since, until=until))


async def record(folder: Path, *told: tuple[int, dict[str, Any]], **more: Any) -> None:
    async with recording(state(folder)) as writer:
        for at, systems in told:
            await writer.write(tick(at, systems=systems, **more))


def shown(report: Report) -> list[tuple[Any, ...]]:
    return [
        (row.system, row.queue, row.watched_seconds, row.mean_depth, row.highest_depth, row.last_depth)  # type: ignore[attr-defined]
        for row in report.rows
    ]


async def test_depths_are_averaged_over_the_time_for_which_they_held(tmp_path: Path) -> None:
    await record(
        tmp_path,
        (AT, {"dash": system_state(depths={"high": 10, "low": 1})}),
        (AT + MINUTE, {"dash": system_state(depths={"high": 0})}),
    )
    assert shown(await ask(tmp_path)) == [
        ("dash", "", 600.0, 1.1, 11, 0),
        ("dash", "high", 600.0, 1.0, 10, 0),
        ("dash", "low", 600.0, 0.1, 1, 0),
    ]
    assert shown(await ask(tmp_path, until=AT + MINUTE))[0] == ("dash", "", 60.0, 11.0, 11, 11)


async def test_what_held_at_the_beginning_counts_from_there(tmp_path: Path) -> None:
    await record(tmp_path, (AT, {"dash": system_state(depths={"high": 4})}))
    assert shown(await ask(tmp_path, since=AT + 5 * MINUTE)) == [
        ("dash", "", 300.0, 4.0, 4, 4),
        ("dash", "high", 300.0, 4.0, 4, 4),
    ]


async def test_the_time_in_which_it_was_down_or_not_attached_has_no_depth(tmp_path: Path) -> None:
    down = system_state(state="failing", problem="it is down", depths={"high": 9})
    await record(
        tmp_path,
        (AT, {"dash": system_state(depths={"high": 2})}),
        (AT + 2 * MINUTE, {"dash": down}),
        (AT + 5 * MINUTE, {}),
    )
    row, _ = (await ask(tmp_path)).rows
    assert (row.watched_seconds, row.failing_seconds, row.mean_depth) == (300.0, 180.0, 2.0)  # type: ignore[attr-defined]


async def test_events_and_errors_are_counted(tmp_path: Path) -> None:
    events = [system_event(AT, 1), system_event(AT, 2, severity="info")]
    lines = [(log_line(AT, 1, level="critical"), AT), (log_line(AT, 2), AT)]
    await record(tmp_path, (AT, {"dash": system_state()}), system_events=events, system_logs=lines)
    row = (await ask(tmp_path)).rows[0]
    assert (row.events, row.grave_events, row.log_errors) == (2, 1, 1)  # type: ignore[attr-defined]
