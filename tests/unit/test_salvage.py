"""Salvage: whatever is broken, what can still be read comes out, and only that."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from damage import PAGE, damage_page, pages_of, query, recorded, rows_of
from history_records import AT, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import DatabaseError, DatabaseVersionError, MonitorError
from monitor.history.check.check import check
from monitor.history.connection import open_reader
from monitor.history.moments.state import state_at
from monitor.history.queries import sql
from monitor.history.recovery import salvaged_rows
from monitor.history.recovery.catalogue import catalogue
from monitor.history.recovery.salvage import SalvageReport, salvage
from monitor.history.recovery.salvage_into import salvage_into
from monitor.paths import StatePaths

UNTOLD = ("before it", "at no time", "later than it was noted", "does not add up", "a day ahead")
"""What a flipped bit may make of a number that stays a possible one: no rule of a table forbids it."""
MANY = tuple(f"agent-{number:03}" for number in range(20))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of 20 agents, with trees of two levels."""
    return asyncio.run(recorded(tmp_path_factory.mktemp("sound"), 40, MANY))


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy(sound, tmp_path / "damaged.db"))


async def salvaged(damaged: Path) -> tuple[SalvageReport, Path]:
    folder = damaged.parent / "out"
    folder.mkdir(mode=0o700, exist_ok=True)
    before = damaged.read_bytes()
    report = await salvage(damaged, folder / "monitor.db")
    assert damaged.read_bytes() == before
    problems = (await check(state(folder))).problems
    assert [problem for problem in problems if not any(words in problem for words in UNTOLD)] == []
    return report, folder / "monitor.db"


@pytest.mark.parametrize(
    "table", ["agent_status_changes", "agent_details", "agent_processes", "agent_metrics"]
)
async def test_an_agent_that_only_one_table_names_is_made_an_agent(copy: Path, table: str) -> None:
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute(f"UPDATE {table} SET agent_id = 'flipped' WHERE agent_id = 'agent-003'")
    _, file = await salvaged(copy)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM agents WHERE agent_id = 'flipped'").fetchone() == (1,)


async def test_of_a_whole_database_every_row_comes_out(sound: Path, copy: Path) -> None:
    report, file = await salvaged(copy)
    assert rows_of(file) == rows_of(sound)
    for name in rows_of(sound):
        if name != "schema_version":
            assert sorted(map(repr, query(file, f"SELECT * FROM {name}"))) == sorted(
                map(repr, query(sound, f"SELECT * FROM {name}"))
            )
    assert report.complete
    assert not any(table.lost or table.broken for table in report.tables)
    at = AT + 300_000
    async with open_reader(sound) as old, open_reader(file) as new:
        assert await state_at(new, at) == await state_at(old, at)


@pytest.mark.parametrize("what", ["header", "first page", "empty header and pointer map"])
async def test_without_header_or_schema_the_tables_are_told_by_their_rows(
    sound: Path, copy: Path, what: str
) -> None:
    damage_page(copy, 1, b"\x00" * (100 if "header" in what else PAGE))
    if "map" in what:
        damage_page(copy, 2, os.urandom(PAGE))
    _, file = await salvaged(copy)
    before, after = rows_of(sound), rows_of(file)
    for name in (
        "agent_metrics",
        "agent_status_changes",
        "events",
        "task_events",
        "git_commits",
        "agents",
        "alerts",
    ):
        assert after[name] == before[name], name


async def test_a_broken_page_costs_its_own_rows_and_the_report_says_between_which(
    sound: Path, copy: Path
) -> None:
    leaf = pages_of(copy, "agent_metrics")["leaf"][5]
    damage_page(copy, leaf)
    report, file = await salvaged(copy)
    table = next(table for table in report.tables if table.name == "agent_metrics")
    missing = rows_of(sound)["agent_metrics"] - rows_of(file)["agent_metrics"]
    assert 0 < missing < 80
    assert [lost.page for lost in table.lost] == [leaf]
    after, before = table.lost[0].after, table.lost[0].before
    assert str(after[0]).startswith("agent-")
    assert after < before
    assert {name: n for name, n in rows_of(file).items() if name != "agent_metrics"} == {
        name: n for name, n in rows_of(sound).items() if name != "agent_metrics"
    }


async def test_below_a_broken_root_everything_is_still_found(sound: Path, copy: Path) -> None:
    root = pages_of(copy, "agent_metrics")["internal"][0]
    dividers = len(pages_of(copy, "agent_metrics")["leaf"]) - 1
    damage_page(copy, root)
    _, file = await salvaged(copy)
    assert rows_of(file)["agent_metrics"] >= rows_of(sound)["agent_metrics"] - dividers


async def test_broken_indexes_cost_nothing(sound: Path, copy: Path) -> None:
    for name in ("idx_events_type", "sqlite_autoindex_git_commits_1", "idx_alerts_open"):
        for page in pages_of(copy, name)["leaf"]:
            damage_page(copy, page)
    _, file = await salvaged(copy)
    assert rows_of(file) == rows_of(sound)


async def test_a_text_that_spills_over_into_a_broken_page_costs_one_row(sound: Path, copy: Path) -> None:
    damage_page(copy, pages_of(copy, "task_events")["overflow"][0])
    report, file = await salvaged(copy)
    assert rows_of(sound)["task_events"] - rows_of(file)["task_events"] in (0, 1)
    assert sum(table.read for table in report.tables) > 0


async def test_a_truncated_file_gives_what_is_left_of_it(sound: Path, copy: Path) -> None:
    with copy.open("r+b") as stream:
        stream.truncate(copy.stat().st_size // 2 + 1000)
    _, file = await salvaged(copy)
    assert 0 < rows_of(file)["agent_metrics"] <= rows_of(sound)["agent_metrics"]


async def test_rows_that_refer_to_lost_ones_are_made_whole_or_left_out(copy: Path) -> None:
    for table in ("agents", "agent_profiles", "recorders", "git_commits", "alerts"):
        for pages in pages_of(copy, table).values():
            for page in pages:
                damage_page(copy, page)
    _, file = await salvaged(copy)  # its check finds no row without the one it refers to
    assert rows_of(file)["agents"] == len(MANY)
    assert rows_of(file)["recorders"] == 1
    assert rows_of(file)["alert_changes"] == rows_of(file)["commit_agents"] == 0
    async with open_reader(file) as db:
        assert set((await state_at(db, AT + 300_000)).statuses) == set(MANY)


async def test_what_only_the_log_holds_is_read_from_there_also_behind_a_broken_frame(tmp_path: Path) -> None:
    file = await recorded(tmp_path / "sound", 3)
    whole = rows_of(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(40):
            db.execute(
                "INSERT INTO events (timestamp, type, agent_id, subject, details) VALUES (?, 'x', '', ?, '{}')",
                (AT + number, "s" * 3000),
            )
        for ending in ("", "-wal"):
            shutil.copy(f"{file}{ending}", tmp_path / f"damaged.db{ending}")
    log = tmp_path / "damaged.db-wal"
    body = bytearray(log.read_bytes())
    frames = (len(body) - 32) // (PAGE + 24)
    assert frames > 80
    body[32 + 40 * (PAGE + 24) + 24 + 100] ^= 0xFF  # in the middle of a frame in the middle
    log.write_bytes(body)
    _, salvaged_file = await salvaged(tmp_path / "damaged.db")
    # SQLite gives up the frames behind the broken one, and with them half of the rows.
    assert rows_of(salvaged_file)["events"] >= whole["events"] + 40 - 3
    seen_by_sqlite = tmp_path / "sqlite.db"
    for ending in ("", "-wal"):
        shutil.copy(tmp_path / f"damaged.db{ending}", f"{seen_by_sqlite}{ending}")
    assert rows_of(seen_by_sqlite)["events"] < whole["events"] + 30


async def test_what_was_deleted_does_not_come_back(tmp_path: Path) -> None:
    file = await recorded(tmp_path / "sound", 40, MANY)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM agent_metrics WHERE agent_id <> 'agent-000'")
        assert db.execute("PRAGMA freelist_count").fetchone()[0] > 10
    _, salvaged_file = await salvaged(file)
    assert rows_of(salvaged_file) == rows_of(file)


async def test_when_time_is_short_what_matters_most_comes_first_and_the_rest_is_left(
    sound: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(salvaged_rows, "monotonic", lambda: float(next(ticks)))  # a second a page
    pages = sum(
        len(pages_of(sound, name)["leaf"]) for name in rows_of(sound) if name not in salvaged_rows.LAST
    )
    report = await salvage(copy, copy.parent / "out.db", seconds=pages + 3.0)
    assert not report.complete
    before, after = rows_of(sound), rows_of(copy.parent / "out.db")
    for name in ("agents", "agent_status_changes", "task_events", "events", "alerts", "git_commits"):
        assert after[name] == before[name], name
    assert after["agent_metrics"] < before["agent_metrics"]


async def test_what_was_salvaged_joins_another_recording_and_nothing_comes_twice(tmp_path: Path) -> None:
    old = await recorded(tmp_path / "old", 10)
    new = await recorded(tmp_path / "new", 5)  # the same recorder's first half: a backup of it
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.execute(
            "UPDATE alerts SET resolved = 1, resolved_at = created_at + 60000 WHERE alert_id = 'alert-2'"
        )
        db.execute(
            "UPDATE alert_changes SET resolved = 1, resolved_at = timestamp + 60000 WHERE alert_id = 'alert-2'"
        )
        db.execute("UPDATE alert_changes SET timestamp = timestamp + 1 WHERE alert_id = 'alert-2'")
    whole = rows_of(old)
    for _ in range(2):
        report = await salvage_into(state(tmp_path / "new"), old, AT, wal_limit_mb=16)
        assert report.merged
        joined = rows_of(new)
        assert joined.pop("alert_changes") == whole["alert_changes"] + 6  # and the ends of five open alerts
        assert joined == {name: count for name, count in whole.items() if name != "alert_changes"}
    assert sum(table.added for table in report.tables) == 0
    open_alerts = query(new, "SELECT alert_id FROM alerts WHERE resolved = 0 ORDER BY 1")
    assert open_alerts == [("alert-0",), ("alert-1",), ("alert-3",), ("alert-4",)]
    assert query(new, "SELECT max(last_tick_at), max(stopped_at) FROM recorders") == [
        (AT + 100_000, AT + 50_000)
    ]
    assert [p for p in (await check(state(tmp_path / "new"))).problems if "chmod" not in p] == []
    assert not list((tmp_path / "new").glob(".*"))


async def test_the_database_in_use_is_not_salvaged_into_itself(copy: Path) -> None:
    with pytest.raises(DatabaseError, match="is the database in use"):
        await salvage_into(StatePaths(copy.parent, copy), copy, AT, wal_limit_mb=16)


async def test_a_file_of_another_program_or_of_a_newer_one_is_refused(tmp_path: Path, copy: Path) -> None:
    noise = tmp_path / "noise.db"
    noise.write_bytes(random.Random(1).randbytes(20 * PAGE))
    with pytest.raises(DatabaseError, match="nothing of a recording"):
        await salvage(noise, tmp_path / "out.db")
    with closing(sqlite3.connect(copy)) as db:
        db.execute("CREATE TABLE of_the_future (a)")
    with pytest.raises(DatabaseVersionError, match="of_the_future"):
        await salvage(copy, tmp_path / "out.db")
    with pytest.raises(DatabaseError, match="cannot be read"):
        await salvage(tmp_path / "none.db", tmp_path / "out.db")
    assert not (tmp_path / "out.db").exists()


async def test_every_table_has_its_statement_with_as_many_places_as_it_has_columns() -> None:
    for name, table in (await catalogue()).tables.items():
        if name != "schema_version":
            assert sql(f"salvage_{name}").count("?") == len(table.columns), name


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_flip_it_ends_in_words_and_no_row_breaks_a_rule(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    damaged = Path(shutil.copy(sound, folder / "monitor.db"))
    size = damaged.stat().st_size
    body = bytearray(damaged.read_bytes())
    places = st.integers(0, size - 1) | st.integers(0, 8 * PAGE) | st.integers(0, 120)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=200)):
        body[place] ^= value
    damaged.write_bytes(body)
    with suppress(MonitorError):  # what is damaged too much is told as an error for people
        asyncio.run(check(state(folder)))
    asyncio.run(salvaged(damaged))
    shutil.rmtree(folder)
