"""What is recorded of attached systems, and that a moment gone by shows them as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attached_records import event, full_state, line, metric, state_of
from history_records import AT, agent, recording, state, status, tick

from monitor.history.connection import open_reader, open_writer
from monitor.history.migrations import migrate
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import fill, state_at
from monitor.history.writing.rows import TickRows
from monitor.history.writing.system_rows import COUNTS_REPEAT_MS, SystemEncoder
from monitor.keystore import Keys, KeyStore
from monitor.model import SystemReading, SystemState

STEP = 2000


def rows(at: int, *states: SystemState, **more: Any) -> TickRows:
    return tick(at, "builder", agents=[agent()], systems={one.name: one for one in states}, **more)


async def shown(folder: Path, at: int, name: str = "shop") -> SystemReading | None:
    async with open_reader(state(folder).database) as db:
        return (await state_at(db, at)).systems.by_name.get(name)


def query(folder: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(state(folder).database)) as db:
        return db.execute(statement).fetchall()


def steps(*states: SystemState | None, every: int = STEP) -> list[int]:
    """How many rows of states each tick brings about."""
    encoder, found = SystemEncoder(), []
    for number, told in enumerate(states):
        systems = {told.name: told} if told is not None else {}
        statements = encoder.statements(TickRows(at=AT + number * every, systems=systems))
        encoder.accept()
        found.append(sum(len(bound) for _, bound in statements))
    return found


async def test_a_system_comes_back_with_all_that_was_recorded_of_it(tmp_path: Path) -> None:
    told, happened = full_state(AT), event(1, AT - 700, resolved=False)
    number, wrote = metric(1, AT - 600), line(1, AT - 500)
    async with recording(state(tmp_path)) as writer:
        new: dict[str, Any] = {"system_events": [happened], "system_logs": [(wrote, AT)]}
        await writer.write(rows(AT, told, system_metrics=[(number, AT)], **new))
        assert writer.rejected == 0
    expected = SystemReading(state=told, events=(happened,), logs=(wrote,), metrics=(number,))
    assert await shown(tmp_path, AT) == expected
    assert await shown(tmp_path, AT - 1) is None


async def test_what_has_no_time_or_one_to_come_stands_at_its_tick(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        told: dict[str, Any] = {"system_logs": [(line(2, None), AT), (line(1, AT + 99_000), AT)]}
        await writer.write(rows(AT, full_state(AT), system_events=[event(1, AT + 99_000)], **told))
    found = await shown(tmp_path, AT)
    assert found is not None
    assert [one.at for one in found.logs] + [one.at for one in found.events] == [AT] * 3


async def test_what_was_noted_later_is_not_shown_before(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, full_state(AT)))
        late: dict[str, Any] = {"system_logs": [(line(1, AT - 100), AT + STEP)], "system_metrics": []}
        await writer.write(rows(AT + 3 * STEP, full_state(AT), system_events=[event(1, AT - 100)], **late))
    before, noted, after = [await shown(tmp_path, AT + number * STEP) for number in (0, 1, 3)]
    assert before is not None and noted is not None and after is not None  # noqa: PT018
    assert (before.logs, before.events) == ((), ())
    assert (len(noted.logs), noted.events) == (1, ())  # the batch was written later than its line was noted
    assert (len(after.logs), len(after.events)) == (1, 1)


async def test_an_event_that_was_resolved_later_was_open(tmp_path: Path) -> None:
    opened = event(1, AT, resolved=False)
    over = msgspec.structs.replace(opened, resolved=True, resolved_at=AT + 100)
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, full_state(AT), system_events=[opened]))
        for _ in range(2):
            await writer.write(rows(AT + STEP, full_state(AT), system_event_changes=[over]))
    before, after = await shown(tmp_path, AT + STEP - 1), await shown(tmp_path, AT + STEP)
    assert before is not None
    assert after is not None
    assert (before.events, after.events) == ((opened,), (over,))
    assert query(tmp_path, "SELECT count(*) FROM system_events") == [(1,)]


async def test_a_system_that_numbers_its_events_anew_keeps_those_of_before(tmp_path: Path) -> None:
    first, second = event(1, AT - 50_000, resolved=False), event(1, AT, resolved=False)
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, full_state(AT), system_events=[first]))
        await writer.write(rows(AT + STEP, full_state(AT), system_events=[second]))
        over = msgspec.structs.replace(second, resolved=True, resolved_at=AT)
        await writer.write(rows(AT + 2 * STEP, full_state(AT), system_event_changes=[over]))
    found = await shown(tmp_path, AT + 2 * STEP)
    assert found is not None
    assert found.events == (over, first)


async def test_a_system_that_is_attached_no_more_is_not_shown(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, state_of("shop"), state_of("farm")))
    async with recording(state(tmp_path)) as writer:
        await writer.load(AT + STEP)  # the next recorder's configuration has it no more
        await writer.write(rows(AT + STEP, state_of("farm")))
    assert await shown(tmp_path, AT) is not None
    assert await shown(tmp_path, AT + STEP) is None
    assert await shown(tmp_path, AT + STEP, "farm") == SystemReading(state=state_of("farm"))
    assert query(tmp_path, "SELECT name, attached FROM system_states ORDER BY name, timestamp") == [
        ("farm", 1),
        ("shop", 1),
        ("shop", 0),
    ]


@pytest.mark.parametrize("field", ["kind", "problem", "engine", "url"])
def test_what_a_system_is_and_how_it_fares_is_written_at_once(field: str) -> None:
    before = state_of()
    assert steps(before, msgspec.structs.replace(before, **{field: "other"})) == [1, 1]


def test_a_part_that_cannot_be_read_is_written_at_once() -> None:
    assert steps(state_of(), state_of(missing=("queue: no table",)), state_of(state="failing")) == [1, 1, 1]


def test_counts_and_depths_are_written_once_a_minute_and_the_last_ones_too() -> None:
    moving = [state_of(depths={"default": number}) for number in range(32)]
    assert COUNTS_REPEAT_MS == 30 * STEP
    assert steps(*moving) == [1, *[0] * 29, 1, 0]
    assert sum(steps(*moving[:3], *[moving[3]] * 60)) == 2


def test_that_a_system_was_read_again_is_no_news() -> None:
    assert steps(*(state_of(read_at=AT + number * STEP) for number in range(70))) == [1, *[0] * 69]


def test_rows_that_were_not_committed_are_made_again() -> None:
    encoder, told = SystemEncoder(), TickRows(at=AT, systems={"shop": full_state(AT)})
    first = encoder.statements(told)
    assert encoder.statements(told) == first
    encoder.accept()
    assert [bound for _, bound in encoder.statements(told)] == [[]] * 5


async def test_details_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, full_state(AT)))
    with closing(sqlite3.connect(state(tmp_path).database)) as db, db:
        db.execute("UPDATE system_states SET details = x'00ff', counts = '{'")
    found = await shown(tmp_path, AT)
    assert found is not None
    assert (found.state.depths, found.state.counts, found.state.missing) == ({"default": 7, "": 1}, {}, ())


async def test_a_follower_reads_of_a_system_what_came_further(tmp_path: Path) -> None:
    opened, told = event(1, AT, resolved=False), full_state(AT)
    async with recording(state(tmp_path)) as writer, open_reader(state(tmp_path).database) as db:
        follower = Follower(db)
        await writer.write(rows(AT, told, system_events=[opened]))
        first = (await follower.look(AT)).systems.by_name["shop"]
        await writer.write(rows(AT + STEP, told))
        assert (await follower.look(AT + STEP)).systems.by_name["shop"] is first
        await writer.write(rows(AT + 2 * STEP, told, system_logs=[(line(1, AT), AT + STEP)]))
        second = (await follower.look(AT + 2 * STEP)).systems.by_name["shop"]
        assert len(second.logs) == 1
        assert (second.events is first.events, second.state is first.state) == (True, True)
        over = msgspec.structs.replace(opened, resolved=True, resolved_at=AT)
        await writer.write(rows(AT + 3 * STEP, told, system_event_changes=[over]))
        third = (await follower.look(AT + 3 * STEP)).systems.by_name["shop"]
        assert third.events == (over,)
        await writer.write(rows(AT + 4 * STEP))
        assert (await follower.look(AT + 4 * STEP)).systems.by_name == {}


async def test_a_key_store_is_filled_with_the_systems_and_rid_of_those_that_went(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, state_of("shop"), state_of("farm")))
        await writer.write(rows(AT + STEP, state_of("farm")))
    store = KeyStore()
    async with open_reader(state(tmp_path).database) as db:
        fill(store, await state_at(db, AT))
        assert store.get(Keys.SYSTEMS) == (state_of("farm"), state_of("shop"))
        assert store.get(Keys.system("shop")) == SystemReading(state=state_of("shop"))
        fill(store, await state_at(db, AT + STEP))
    assert store.get(Keys.SYSTEMS) == (state_of("farm"),)
    assert store.get(Keys.system("shop")) is None


async def test_the_status_of_an_agent_tells_which_system_knows_it_and_in_which_word(tmp_path: Path) -> None:
    known = status(system="shop", system_status="IN_FLIGHT")
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder"))
        await writer.write(tick(AT + STEP, "builder", status_changes=[known]))
    async with open_reader(state(tmp_path).database) as db:
        told = [(await state_at(db, at)).statuses["builder"] for at in (AT, AT + STEP)]
    assert [(one.system, one.system_status) for one in told] == [(None, None), ("shop", "IN_FLIGHT")]


async def test_migration_7_adds_to_the_rows_of_6_and_takes_nothing_else_away(tmp_path: Path) -> None:
    paths = state(tmp_path)
    columns = "agent_id, timestamp, since, status, reason, evidence"
    change = ("builder", AT, AT, "idle", "nothing", "[]")
    db = await open_writer(paths, 16)
    try:
        await migrate(db, 6)
        await db.execute(f"INSERT INTO agent_status_changes ({columns}) VALUES (?, ?, ?, ?, ?, ?)", change)
        await migrate(db, 7)
        found = await db.execute_fetchall("SELECT * FROM agent_status_changes")
        assert [tuple(row) for row in found] == [(*change, None, None)]
        await db.execute("UPDATE agent_status_changes SET system = 'shop', system_status = 'x'")
        await migrate(db, 6)
        found = await db.execute_fetchall("SELECT * FROM agent_status_changes")
        assert [tuple(row) for row in found] == [change]
        tables = await db.execute_fetchall(
            "SELECT name FROM sqlite_schema WHERE name LIKE '%system\\__%' ESCAPE '\\'"
        )
        assert {row[0] for row in tables} <= {
            "system_health",
            "system_health_hourly",
            "idx_system_health_status",
        }
    finally:
        await db.close()
