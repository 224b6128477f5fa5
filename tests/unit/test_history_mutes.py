"""Mutes in the history: which held at a moment, after a restart, for a viewer, and in what was salvaged."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from history_records import AT, alert, mute, recording, state, tick

from monitor.collector.retell import ended_mutes
from monitor.errors import MonitorError
from monitor.history.commands import send_command
from monitor.history.connection import open_reader
from monitor.history.moments.follow import Follower
from monitor.history.moments.state import fill, state_at
from monitor.history.recovery.merge import merge
from monitor.history.writing.set_back import move_back
from monitor.keystore import Keys, KeyStore
from monitor.model import Command, Mute
from monitor.rules.mutes import MUTES_LIMIT

HOUR = 3_600_000


async def held(folder: Path, at: int) -> tuple[Mute, ...]:
    async with open_reader(state(folder).database) as db:
        return (await state_at(db, at)).mutes


def command(**changes: object) -> Command:
    known = {"kind": "mute", "rule": "agent-blocked", "by": "ada", "at": AT + 5, "until": AT + HOUR}
    return Command(**{**known, **changes})  # type: ignore[arg-type]


async def test_a_moment_has_the_mutes_that_held_then_and_knows_nothing_of_what_came(tmp_path: Path) -> None:
    first = mute(at=AT - 300, until=AT + HOUR)
    second = mute(at=AT + 20, until=AT + 2 * HOUR, note="longer")
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, mutes=[first, mute("", "tester", until=AT + 50)]))
        await writer.write(tick(AT + 20, mutes=[second]))
        await writer.write(tick(AT + 40, mutes=[mute(until=AT + 40)]))
    assert await held(tmp_path, AT - 1) == (), "the tick that noted it had not come"
    assert await held(tmp_path, AT) == (mute("", "tester", until=AT + 50), first)
    assert await held(tmp_path, AT + 19) == (mute("", "tester", until=AT + 50), first)
    assert await held(tmp_path, AT + 20) == (mute("", "tester", until=AT + 50), second)
    assert await held(tmp_path, AT + 40) == (mute("", "tester", until=AT + 50),), "it was ended"
    assert await held(tmp_path, AT + 50) == (), "it ran out"


async def test_the_last_word_of_a_tick_on_a_mute_is_what_holds(tmp_path: Path) -> None:
    ended = mute(until=AT)
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, mutes=[mute(), ended]))
        await writer.write(tick(AT + 10, mutes=[mute(), mute(until=AT + 10), mute(note="again")]))
    assert await held(tmp_path, AT) == ()
    assert await held(tmp_path, AT + 10) == (mute(note="again"),)


async def test_a_restarted_recorder_goes_on_with_them(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, mutes=[mute(), mute("", "tester", until=AT + 10)]))
    async with recording(state(tmp_path), AT + 20) as writer:
        assert (await writer.load(AT + 20)).mutes == (mute(),)


async def test_a_follower_drops_one_that_runs_out_although_nothing_is_written(tmp_path: Path) -> None:
    store = KeyStore()
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, "builder", mutes=[mute(until=AT + 1000)]))
        async with open_reader(state(tmp_path).database) as db:
            follower = Follower(db)
            for at, holds in ((AT + 999, True), (AT + 1000, False), (AT + 1001, False)):
                snapshot = await follower.look(at)
                if follower.changed:
                    fill(store, snapshot)
                assert bool(store.get(Keys.MUTES)) is holds
            assert not follower.changed, "and looks no further"


async def test_commands_are_applied_here_when_nobody_records(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, alerts=[alert()]))
    made = await send_command(state(tmp_path), command(note="known"))
    assert made == mute(subject="", at=AT + 5)
    assert await held(tmp_path, AT + 5) == (made,)
    ended = await send_command(state(tmp_path), command(kind="unmute", at=AT + 9))
    assert isinstance(ended, Mute)
    assert ended.until == AT + 9
    assert await held(tmp_path, AT + 9) == ()
    with pytest.raises(MonitorError, match="nothing is muted by that"):
        await send_command(state(tmp_path), command(kind="unmute", at=AT + 10))


async def test_one_too_many_is_refused_and_says_so(tmp_path: Path) -> None:
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, mutes=[mute(subject=f"agent-{n}") for n in range(MUTES_LIMIT)]))
    with pytest.raises(MonitorError, match=f"at most {MUTES_LIMIT} at a time"):
        await send_command(state(tmp_path), command())


async def test_one_made_under_a_wrong_clock_lasts_as_long_as_was_meant(tmp_path: Path) -> None:
    day = 24 * HOUR
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, mutes=[mute("", "tester", until=AT + 2 * HOUR), mute("", "writer")]))
        later = [mute(at=AT + day, until=AT + day + HOUR), mute("", "writer", until=AT + day)]
        await writer.write(tick(AT + day, mutes=later))
    with closing(sqlite3.connect(state(tmp_path).database, isolation_level=None)) as db:
        move_back(db, AT + 100)
    holds = {one.subject: one.until for one in await held(tmp_path, AT + 100)}
    assert holds == {"builder": AT + 100 + HOUR, "tester": AT + 2 * HOUR, "writer": AT + HOUR}


def test_what_was_ended_while_the_database_was_damaged_is_told_to_the_new_one() -> None:
    known = (mute(), mute("", "tester"))
    assert ended_mutes(known, (mute(until=AT + 2 * HOUR),), AT + 10) == [mute("", "tester", until=AT + 10)]


async def test_salvaged_mutes_join_and_none_comes_back_to_life(tmp_path: Path) -> None:
    old, new = state(tmp_path / "old"), state(tmp_path / "new")
    async with recording(old) as writer:
        await writer.write(tick(AT, mutes=[mute(), mute("", "tester"), mute("", "writer")]))
        await writer.write(tick(AT + 10, mutes=[mute("", "tester", until=AT + 10)]))
    async with recording(new) as writer:  # as of a backup, and gone on with
        await writer.write(tick(AT, mutes=[mute("", "tester")]))
        await writer.write(tick(AT + 20, mutes=[mute(at=AT + 20, note="told again")]))
    for _ in range(2):
        await merge(new, old.database, wal_limit_mb=16)
        assert await held(new.folder, AT + 5) == (mute("", "tester"), mute("", "writer"), mute())
        assert await held(new.folder, AT + 20) == (mute("", "writer"), mute(at=AT + 20, note="told again"))
    ends = await asyncio.to_thread(_ends, new.database)
    assert ends == {("", "tester"): AT + 10, ("", "writer"): None, ("agent-blocked", "builder"): AT + 20}


def _ends(database: Path) -> dict[tuple[str, str], int | None]:
    with closing(sqlite3.connect(database)) as db:
        found = db.execute("SELECT rule, subject, ended_at FROM alert_mutes WHERE recorded_at = ?", (AT,))
        return {(rule, subject): ended for rule, subject, ended in found}
