"""`db check` on rows that fit their tables and cannot be true, and on a schema that no migration made."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from damage import damage_page, pages_of, recorded
from history_records import AT, state
from history_records import recording as recorder

from monitor.history.check.check import CheckReport, check
from monitor.history.connection import open_writer
from monitor.history.migrations import migrate

ROLLED_UP = f"""
INSERT INTO agent_metrics_5min
SELECT 'builder', {AT - AT % 300_000}, 2, 1000, 1, 1, 1, 1, 1, 1, 1000, 0, 0, 0, 0;
INSERT INTO agent_metrics_daily
SELECT 'builder', strftime('%Y-%m-%d', {AT // 1000}, 'unixepoch'), {AT - AT % 86_400_000}, 2, 1000, 1, 1, 1, 1, 1, 1,
    1000, 0, 0, 0, 0;
INSERT INTO rollups VALUES ('agent_metrics_5min', {AT + 300_000});
"""
DAMAGE = {
    "DELETE FROM agent_profiles": "agents: builder has no row in agent_profiles",
    "DELETE FROM agents": "agent_status_changes: rows of builder, which is not in agents",
    "DELETE FROM alert_changes": "alerts: alert-0 has no row in alert_changes",
    "PRAGMA foreign_keys = OFF; DELETE FROM alerts": "alert_changes: a row refers to a row of alerts",
    "DELETE FROM recorder_intervals": "recorders: 1 has no row in recorder_intervals",
    "DELETE FROM recorders": "recorder_intervals: a row refers to a row of recorders that is not there",
    "UPDATE alerts SET resolved = 1, resolved_at = created_at - 1": "alert-0 was resolved before it was created",
    "UPDATE alerts SET resolved = 1": "alert-0 is resolved at no time, or not resolved at one",
    "UPDATE alerts SET acknowledged_at = 5": "alert-0 was acknowledged before it was created",
    "UPDATE alert_mutes SET until = created_at - 1": "that of agent-blocked subject-0 ended before it began",
    "UPDATE alert_mutes SET recorded_at = 9e15, until = 9e15": "alert_mutes: agent-blocked subject-0: more than a day",
    "UPDATE recorders SET stopped_at = 5": "recorders: 1 ended before it started",
    "UPDATE agents SET last_seen = 5": "agents: builder was last seen before it was first seen",
    "UPDATE agent_status_changes SET since = since + 1": "builder has a status that holds since later",
    "UPDATE OR REPLACE agent_metrics SET timestamp = 9e15": "samples of builder: more than a day ahead",
    "UPDATE OR REPLACE system_health SET timestamp = 9e15": "system_health: more than a day ahead",
    "UPDATE events SET timestamp = 9e15": "events: more than a day ahead",
    "UPDATE task_events SET timestamp = 9e15": "task_events: more than a day ahead",
    "UPDATE rollups SET done_until = 9e15": "rollups: agent_metrics_5min: more than a day ahead",
    "UPDATE agent_metrics_5min SET active_ms = 300001": "agent_metrics_5min: a row of builder: does not add up",
    "UPDATE agent_metrics_5min SET timestamp = 7": "agent_metrics_5min: a row of builder: does not add up",
    "UPDATE agent_metrics_daily SET date = '2024-01-01'": "the row of builder and 2024-01-01: does not add up",
    "DELETE FROM agent_metrics_5min": "the newest samples of builder are not in it",
    "UPDATE events SET details = '{'": "events: the details of row 1: cannot be read",
    "UPDATE alerts SET metadata = 'x'": "alerts: the metadata of alert-0: cannot be read",
    "UPDATE agent_processes SET tree = x'00'": "agent_processes: the tree of builder at",
    "DROP TABLE events": "schema: table events is missing",
    "DROP INDEX idx_alerts_open": "schema: index idx_alerts_open is missing",
    "ALTER TABLE events ADD COLUMN more TEXT": "schema: table events is not as this program makes it",
    "CREATE TABLE theirs (a)": "schema: table theirs is none of this program's",
}


@pytest.fixture
async def recording(tmp_path: Path) -> Path:
    """A sound recording, with roll-ups."""
    file = await recorded(tmp_path / "state", 2, ("builder",))
    run(file, ROLLED_UP)
    assert (await check(state(file.parent))).problems == ()
    return file


def run(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript(script)


async def test_a_sound_recording_has_no_such_rows(recording: Path) -> None:
    shares: list[float] = []
    assert (await check(state(recording.parent), progress=shares.append)).problems == ()
    assert shares == sorted(shares)
    assert shares[-1] <= 1


@pytest.mark.parametrize("damage", DAMAGE)
async def test_each_trouble_is_named_with_what_to_do(recording: Path, damage: str) -> None:
    run(recording, damage)
    problems = (await check(state(recording.parent))).problems
    told = [problem for problem in problems if DAMAGE[damage] in problem]
    assert told, problems
    assert all(problem.endswith(".") and ":" in problem for problem in told)


async def test_of_many_such_rows_some_are_named_and_it_says_that_there_are_more(tmp_path: Path) -> None:
    file = await recorded(tmp_path, 40, ("builder",))
    run(file, "UPDATE alerts SET resolved = 1")
    problems = (await check(state(tmp_path))).problems
    assert len([problem for problem in problems if "is resolved at no time" in problem]) == 20
    assert "impossible orders: there are more than these 20." in problems


async def test_a_database_that_was_migrated_down_and_up_again_is_as_the_migrations_make_it(
    recording: Path,
) -> None:
    paths = state(recording.parent)
    for version in (1, None):
        db = await open_writer(paths, 16)
        await migrate(db, version)
        await db.close()
        problems = (await check(paths)).problems
        assert not [problem for problem in problems if problem.startswith("schema:")]


async def test_a_quick_check_leaves_the_rows_out_and_finds_a_broken_page(tmp_path: Path) -> None:
    file = await recorded(tmp_path / "state", 60)
    run(file, "UPDATE alerts SET metadata = 'x' WHERE alert_id = 'alert-1'")
    assert (await check(state(file.parent), depth="quick")).problems == ()
    damage_page(file, pages_of(file, "events")["leaf"][0])
    assert any("integrity" in problem for problem in (await quick(file)).problems)


async def quick(file: Path) -> CheckReport:
    return await check(state(file.parent), depth="quick")


async def test_a_turned_bit_in_a_text_passes_for_a_text_and_one_in_a_process_tree_does_not(
    tmp_path: Path,
) -> None:
    """SQLite keeps no checksum of its pages (seen: a turned bit passes integrity_check); compression has its own."""
    file = await recorded(tmp_path / "state", 3)
    with closing(sqlite3.connect(file)) as db:
        tree = db.execute("SELECT tree FROM agent_processes").fetchone()[0]
    body = file.read_bytes()
    for what, noticed in ((b"It waits.", False), (tree, True)):
        turned = bytearray(body)
        turned[body.index(what) + len(what) - 1] ^= 1
        file.write_bytes(turned)
        assert bool((await check(state(file.parent))).problems) == noticed


async def test_damaged_databases_that_were_put_aside_are_listed_with_their_logs(tmp_path: Path) -> None:
    file = await recorded(tmp_path, 3)
    aside = tmp_path / "monitor.db.damaged-20250615-120000"
    shutil.copy(file, aside)
    (tmp_path / f"{aside.name}-wal").write_bytes(b"123")
    report = await check(state(tmp_path), depth="look")
    assert [(found.file, found.bytes) for found in report.asides] == [(str(aside), file.stat().st_size + 3)]


async def test_a_recorder_that_ended_before_its_first_tick_is_no_damage(tmp_path: Path) -> None:
    paths = state(tmp_path)
    async with recorder(paths, AT) as writer:
        assert (await check(paths)).problems == ()  # as one that was killed
        writer._newest = AT + 5000  # its stop comes later than its start
    assert (await check(paths)).problems == ()
