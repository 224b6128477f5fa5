"""The reports from the agents' own logs: tokens, cost, waits, tools."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from history_records import AT, agent, recording, state, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_records import HOUR_MS, full_session, next_session, session

from monitor.history.connection import open_reader
from monitor.history.reports.base import Query, Report
from monitor.history.reports.names import REPORTS
from monitor.model import ModelUsage, Session, TokenCounts, ToolCall

HOUR = AT - AT % HOUR_MS
"""Start of the hour in which the recordings begin."""


async def ask(
    folder: Path, name: str, since: int = HOUR, until: int = HOUR + 24 * HOUR_MS, **more: Any
) -> Report:
    async with open_reader(state(folder).database) as db:
        return await REPORTS[name](db, Query(since=since, until=until, **more))


async def record(folder: Path, *told: tuple[int, Session | None], name: str = "builder") -> None:
    async with recording(state(folder)) as writer:
        for at, known in told:
            sessions = {name: known} if known is not None else {}
            await writer.write(tick(at, name, agents=[agent(name)], sessions=sessions))


def using(*hours: tuple[int, str, int, float | None]) -> Session:
    """A session with usage: hours from the first, model, input tokens, cost."""
    return session(
        hours=tuple(
            ModelUsage(
                model=model, tokens=TokenCounts(input=count, output=1), hour=HOUR + n * HOUR_MS, cost_usd=cost
            )
            for n, model, count, cost in hours
        )
    )


def waiting(since: int, what: str = "permission: Bash git", **known: Any) -> Session:
    kind = "permission" if what.startswith("permission") else "input"
    tool = "Bash" if kind == "permission" else ""
    return session(
        turn_state=kind, waiting_for=what, waiting_since=since, state_since=since, tool=tool, **known
    )


def working(since: int, **known: Any) -> Session:
    return session(turn_state="thinking", state_since=since, **known)


async def test_tokens_are_summed_by_model_and_period(tmp_path: Path) -> None:
    await record(tmp_path, (AT, using((0, "opus", 10, 0.5), (1, "opus", 20, 0.25), (1, "haiku", 5, None))))
    by_agent = await ask(tmp_path, "tokens", by="agent")
    assert [(row.model, row.input, row.output, row.total) for row in by_agent.rows] == [  # type: ignore[attr-defined]
        ("haiku", 5, 1, 6),
        ("opus", 30, 2, 32),
    ]
    assert by_agent.totals == {"tokens": 38}
    by_hour = await ask(tmp_path, "tokens", by="hour")
    assert [(row.since, row.model) for row in by_hour.rows] == [  # type: ignore[attr-defined]
        (HOUR, "opus"),
        (HOUR + HOUR_MS, "haiku"),
        (HOUR + HOUR_MS, "opus"),
    ]


async def test_a_day_is_one_of_the_local_time_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        await record(tmp_path, (AT, using((0, "opus", 1, None), (23, "opus", 2, None))))
        rows = (await ask(tmp_path, "tokens", by="day")).rows
    finally:
        monkeypatch.undo()
        time.tzset()
    starts = [row.since for row in rows]  # type: ignore[attr-defined]
    assert len(starts) == 2
    assert starts[1] - starts[0] == 24 * HOUR_MS


async def test_cost_without_a_price_is_unknown_and_never_nothing(tmp_path: Path) -> None:
    await record(tmp_path, (AT, using((0, "opus", 10, 0.5), (0, "mystery", 7, None))))
    report = await ask(tmp_path, "cost", by="agent")
    costs = {row.model: row.cost_usd for row in report.rows}  # type: ignore[attr-defined]
    assert costs == {"opus": 0.5, "mystery": None}
    assert report.totals == {"cost_usd": 0.5, "tokens_without_price": 8}


async def test_a_wait_lasts_until_the_log_says_that_it_went_on(tmp_path: Path) -> None:
    over = working(AT + 61_000, tokens=TokenCounts(input=3))
    await record(tmp_path, (AT + 2000, waiting(AT + 1000)), (AT + 64_000, over))
    (row,) = (await ask(tmp_path, "waits", by="wait")).rows
    assert msgspec.to_builtins(row) == {
        "since": AT + 1000,
        "agent": "builder",
        "name": "Builder",
        "waited_seconds": 60.0,
        "waited_for": "permission: Bash git",
        "tool": "Bash",
        "ended": "went on",
    }


async def test_waits_are_summed_by_agent_and_tool(tmp_path: Path) -> None:
    await record(
        tmp_path,
        (AT, waiting(AT)),
        (AT + 60_000, working(AT + 60_000)),
        (AT + 70_000, waiting(AT + 70_000, "permission: Bash rm")),
        (AT + 100_000, session(turn_state="idle", state_since=AT + 100_000)),
        (AT + 200_000, waiting(AT + 200_000, "an answer")),
        (AT + 203_000, working(AT + 203_000)),
    )
    report = await ask(tmp_path, "waits", since=AT, until=AT + HOUR_MS, by="agent")
    found = [(row.waited_for, row.waits, row.waited_seconds, row.longest_seconds) for row in report.rows]  # type: ignore[attr-defined]
    assert found == [("permission: Bash", 2, 90.0, 60.0), ("an answer", 1, 3.0, 3.0)]
    assert report.rows[0].share == pytest.approx(2.5)  # type: ignore[attr-defined]
    assert report.totals == {"waits": 3, "waited_minutes": 2, "hours": 1.0}


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        (session(turn_state="idle", state_since=AT + 10_000), "turn over"),
        (session(turn_state="ended", state_since=AT + 10_000), "session over"),
        (session("s-2", turn_state="thinking", state_since=AT + 10_000), "session over"),
        (None, "session over"),
        (working(AT + 10_000), "went on"),
    ],
)
async def test_how_a_wait_ended(tmp_path: Path, after: Session | None, ended: str) -> None:
    await record(tmp_path, (AT, waiting(AT)), (AT + 10_000, after))
    (row,) = (await ask(tmp_path, "waits", by="wait")).rows
    assert (row.ended, row.waited_seconds) == (ended, 10.0)  # type: ignore[attr-defined]


async def test_a_wait_that_goes_on_lasts_as_long_as_was_recorded(tmp_path: Path) -> None:
    await record(tmp_path, (AT, waiting(AT)), (AT + 20_000, waiting(AT)))
    (row,) = (await ask(tmp_path, "waits", by="wait")).rows
    assert (row.ended, row.waited_seconds) == ("waits still", 20.0)  # type: ignore[attr-defined]


async def test_a_wait_counts_as_far_as_it_lies_in_the_interval(tmp_path: Path) -> None:
    await record(tmp_path, (AT, waiting(AT)), (AT + 60_000, working(AT + 60_000)))
    (row,) = (await ask(tmp_path, "waits", since=AT + 10_000, until=AT + 30_000, by="wait")).rows
    assert (row.since, row.waited_seconds, row.ended) == (AT + 10_000, 20.0, "waits still")  # type: ignore[attr-defined]
    assert not (await ask(tmp_path, "waits", since=AT + 60_000)).rows


async def test_calls_are_counted_by_tool(tmp_path: Path) -> None:
    calls = (
        ToolCall(call_id="1", name="Bash", started=AT, ended=AT + 1000, outcome="ok"),
        ToolCall(call_id="2", name="Bash", started=AT + 2000, ended=AT + 5000, outcome="error"),
        ToolCall(call_id="3", name="Bash", started=AT + 6000),
        ToolCall(call_id="4", name="Edit", started=AT + 6000, ended=AT + 6000, outcome="denied"),
    )
    await record(tmp_path, (AT + 7000, session(calls=calls)))
    report = await ask(tmp_path, "tools")
    assert [msgspec.structs.astuple(row)[2:] for row in report.rows] == [
        ("Bash", 3, 1, 0, 1, 4.0, 2.0, 3.0),
        ("Edit", 1, 0, 1, 0, 0.0, 0.0, 0.0),
    ]
    assert report.totals == {"calls": 4}


async def test_only_the_agents_asked_for_are_told_of(tmp_path: Path) -> None:
    await record(tmp_path, (AT, full_session(AT)))
    for name in ("tokens", "cost", "waits", "tools"):
        assert (await ask(tmp_path, name, agents=("builder",))).rows, name
        assert not (await ask(tmp_path, name, agents=("other",))).rows, name


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), ticks=st.integers(2, 20))
async def test_whatever_a_session_does_no_wait_overlaps_another(seed: int, ticks: int) -> None:
    random, known, told = Random(seed), None, []
    for number in range(ticks):
        at = AT + number * 11_000
        known = next_session(random, known, "builder", at)
        told.append((at, known))
    with tempfile.TemporaryDirectory() as folder:
        await record(Path(folder), *told)
        ledger = (await ask(Path(folder), "waits", by="wait")).rows
        summed = (await ask(Path(folder), "waits", by="agent")).rows
    ends = [(row.since, row.since + 1000 * row.waited_seconds) for row in ledger]  # type: ignore[attr-defined]
    assert all(later[0] >= earlier[1] for earlier, later in itertools.pairwise(ends))
    total = sum(row.waited_seconds for row in summed)  # type: ignore[attr-defined]
    assert total == pytest.approx(sum(end - begin for begin, end in ends) / 1000, abs=0.01)
