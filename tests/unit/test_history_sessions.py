"""What is recorded of sessions, and that a moment gone by shows them as they were."""

from __future__ import annotations

import sqlite3
import tempfile
import zlib
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from history_records import AT, agent, recording, state, tick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_records import full_session, next_session, session

from monitor.history.connection import in_one_go, open_reader
from monitor.history.moments.follow import Follower
from monitor.history.moments.sessions import read_session
from monitor.history.moments.state import state_at
from monitor.history.writing.rows import TickRows
from monitor.history.writing.session_rows import NUMBERS_REPEAT_MS, SessionEncoder
from monitor.model import Session, TokenCounts

STEP = 2000


def rows(at: int, **sessions: Session) -> TickRows:
    return tick(at, "builder", agents=[agent()], sessions=sessions)


async def rebuilt(folder: Path, at: int) -> Session | None:
    async with open_reader(state(folder).database) as db:
        return (await state_at(db, at)).sessions.by_agent.get("builder")


def count(folder: Path, table: str) -> int:
    with sqlite3.connect(state(folder).database) as db:
        number: int = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    db.close()
    return number


def steps(*sessions: Session | None, every: int = STEP) -> list[int]:
    """How many rows of states, calls and usage each look brings about."""
    encoder, found = SessionEncoder(), []
    for number, told in enumerate(sessions):
        current = {"builder": told} if told is not None else {}
        statements = encoder.statements(current, [], AT + number * every)
        encoder.accept()
        found.append(sum(len(bound) for _, bound in statements))
    return found


async def test_a_session_comes_back_with_all_that_was_recorded_of_it(tmp_path: Path) -> None:
    told = full_session(AT)
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, builder=told))
    assert await rebuilt(tmp_path, AT) == told
    assert await rebuilt(tmp_path, AT - 1) is None


async def test_a_call_that_ended_later_was_under_way(tmp_path: Path) -> None:
    begun = full_session(AT)
    calls = tuple(
        msgspec.structs.replace(call, ended=AT + 5000, outcome="denied") for call in begun.calls[:1]
    )
    ended = msgspec.structs.replace(begun, calls=(*calls, *begun.calls[1:]))
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, builder=begun))
        await writer.write(rows(AT + 6000, builder=ended))
    assert await rebuilt(tmp_path, AT + 2000) == begun
    assert await rebuilt(tmp_path, AT + 6000) == ended


async def test_an_agent_that_has_no_session_any_more_has_none(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, builder=full_session(AT)))
        await writer.write(rows(AT + STEP))
    assert await rebuilt(tmp_path, AT) is not None
    assert await rebuilt(tmp_path, AT + STEP) is None


def test_a_record_that_is_the_same_is_written_once() -> None:
    told = session(turn_state="idle")
    assert steps(told, told, told) == [1, 0, 0]


def test_numbers_alone_are_written_now_and_then() -> None:
    moving = [session(turn_state="tool", tokens=TokenCounts(input=number)) for number in range(7)]
    assert NUMBERS_REPEAT_MS == 5 * STEP
    assert steps(*moving) == [1, 0, 0, 0, 0, 1, 0]


def test_the_last_numbers_are_written_when_nothing_moves_any_more() -> None:
    before, after = session(turn_state="idle"), session(turn_state="idle", context_used=5)
    assert steps(before, after, *[after] * 8) == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("field", ["turn_state", "tool", "waiting_for", "error", "model", "session_id"])
def test_a_turn_is_written_at_once(field: str) -> None:
    before = session(turn_state="thinking")
    assert steps(before, msgspec.structs.replace(before, **{field: "tool"})) == [1, 1]


def test_details_of_a_session_at_work_are_written_each_minute_and_at_its_turns_end() -> None:
    working = [session(turn_state="tool", edits=(f"{number}.py",)) for number in range(3)]
    encoder = SessionEncoder()
    packed: list[Any] = []
    for at, told in zip((0, 30_000, 61_000), working, strict=True):
        packed.append(encoder.statements({"a": told}, [], AT + at)[0][1][0]["details"])
        encoder.accept()
    assert [bool(details) for details in packed] == [True, False, True]
    over = session(turn_state="idle", edits=("z.py",))
    details = encoder.statements({"a": over}, [], AT + 62_000)[0][1][0]["details"]
    assert b"z.py" in zlib.decompress(details)


def test_rows_that_were_not_committed_are_made_again() -> None:
    encoder, told = SessionEncoder(), {"builder": full_session(AT)}
    first = encoder.statements(told, [], AT)
    assert encoder.statements(told, [], AT) == first
    encoder.accept()
    assert [bound for _, bound in encoder.statements(told, [], AT + STEP)] == [[], [], []]


async def test_usage_of_earlier_sessions_is_recorded_too(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        told = rows(AT, builder=full_session(AT))
        told.other_sessions = [("builder", full_session(AT, "-older"))]
        await writer.write(told)
    assert (count(tmp_path, "session_usage"), count(tmp_path, "session_states")) == (2, 1)


async def test_details_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(rows(AT, builder=full_session(AT)))
    with sqlite3.connect(state(tmp_path).database) as db:
        db.execute("UPDATE session_states SET details = x'00ff'")
    db.close()
    found = await rebuilt(tmp_path, AT)
    assert found is not None
    assert (found.model, found.version, found.edits) == ("opus", "", ())


async def test_a_follower_takes_a_session_over_that_was_not_noted_again(tmp_path: Path) -> None:
    told = full_session(AT)
    async with recording(state(tmp_path)) as writer, open_reader(state(tmp_path).database) as db:
        follower = Follower(db)
        await writer.write(rows(AT, builder=told))
        before = (await follower.look(AT)).sessions.by_agent["builder"]
        await writer.write(rows(AT + STEP, builder=told))
        assert (await follower.look(AT + STEP)).sessions.by_agent["builder"] is before
        new = msgspec.structs.replace(told, turn_state="tool")
        await writer.write(rows(AT + 2 * STEP, builder=new))
        assert (await follower.look(AT + 2 * STEP)).sessions.by_agent["builder"] == new


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), ticks=st.integers(1, 25))
async def test_whatever_a_session_does_a_moment_shows_what_was_written_of_it(seed: int, ticks: int) -> None:
    random, told = Random(seed), []
    with tempfile.TemporaryDirectory() as folder:
        async with recording(state(Path(folder))) as writer:
            known: Session | None = None
            for number in range(ticks):
                at = AT + number * 11_000
                known = next_session(random, known, "builder", at)
                told.append((at, known))
                await writer.write(rows(at, **({"builder": known} if known else {})))
        async with open_reader(state(Path(folder)).database) as db:
            for at, expected in told:
                found = (await state_at(db, at)).sessions.by_agent.get("builder")
                assert plain(found) == plain(expected)
            end = await in_one_go(db, lambda connection: read_session(connection, told[-1][0], "builder"))
            assert plain(end, hours=True) == plain(known, hours=True)


def plain(told: Session | None, *, hours: bool = False) -> Session | None:
    """Without what is up to a minute old, and the usage of an hour, which is that of its end."""
    if told is None:
        return None
    known = told if hours else msgspec.structs.replace(told, hours=())
    return msgspec.structs.replace(known, usage=(), tools=(), quotas=())
