"""A system is a folder of SQL and words: one made up on the spot is found, known and read without any code."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import SourceError
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
TOML = """
title = "Shop"
detect = ["jobs(state, robot), robots(last_seen)"]
blocking = ["after"]
heartbeat_seconds = 120
[agent]
asleep = "idle"
at_work = "active"
[task]
doing = "IN_PROGRESS"
[priority]
1 = "critical"
"""
SQL = """
-- name: agents()
-- needs: robots(id, mood, last_seen)
SELECT id, mood AS status, last_seen AS heartbeat_at, 0 AS closed, last_seen AS changed FROM robots;

-- name: tasks()
-- needs: jobs(id, title, state, robot, changed_on)
-- may: jobs(urgency), hurdles(job, before)
SELECT j.id, j.title, j.state AS status, j.robot AS assigned_to, j.urgency AS priority, j.changed_on AS updated_at,
    (SELECT count(*) FROM hurdles WHERE job = j.id) AS "extra.hurdles",
    CASE WHEN j.state = 'done' THEN 1 ELSE 0 END AS closed, j.changed_on AS changed
FROM jobs AS j;

-- name: logs()
-- needs: diary(page, line)
SELECT page AS id, line AS text, page AS changed FROM diary;
"""
TABLES = """
CREATE TABLE robots (id TEXT, mood TEXT, last_seen TEXT);
CREATE TABLE jobs (id INTEGER, title TEXT, state TEXT, robot TEXT, changed_on TEXT, urgency INTEGER);
INSERT INTO robots VALUES ('r2', 'At Work', '2025-06-15 15:06:40'), ('c3', 'asleep', NULL);
INSERT INTO jobs VALUES (1, 'Sweep', 'doing', 'r2', '2025-06-15', 1), (2, 'Mop', 'done', NULL, '2025-06-14', 7);
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shop = tmp_path / "systems/shop"
    shop.mkdir(parents=True)
    (shop / "system.toml").write_text(TOML)
    (shop / "read.sql").write_text(SQL)
    return shop.parent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as db:
        db.executescript(TABLES)
    return tmp_path / "shop.db"


def test_a_new_folder_is_a_new_system(folder: Path, file: Path) -> None:
    told = SystemReader("corner", str(file), folder=folder).poll(NOW)
    assert told is not None
    assert (told.state.kind, told.state.heartbeat_seconds) == ("shop", 120)
    assert {agent.id: (agent.status, agent.system_status) for agent in told.agents} == {
        "r2": ("active", "At Work"),
        "c3": ("idle", "asleep"),
    }
    sweep, mop = sorted(told.tasks, key=lambda task: task.id)
    assert (sweep.id, sweep.status, sweep.priority, sweep.assigned_to) == (
        "1",
        "IN_PROGRESS",
        "CRITICAL",
        "r2",
    )
    assert (mop.status, mop.priority, mop.extra) == ("DONE", "7", {"hurdles": "0"})


def test_what_is_not_there_is_an_empty_part_that_says_so(folder: Path, file: Path) -> None:
    told = SystemReader("corner", str(file), folder=folder).poll(NOW)
    assert told is not None
    assert told.logs == ()
    assert told.state.missing == ("logs: no table diary",)


def test_a_table_that_comes_later_brings_its_part_to_life(folder: Path, file: Path) -> None:
    reader = SystemReader("corner", str(file), folder=folder)
    reader.poll(NOW)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript(
            "CREATE TABLE diary (page INTEGER PRIMARY KEY, line TEXT); INSERT INTO diary VALUES (1, 'Swept.')"
        )
    told = reader.poll(NOW + 60_000)
    assert told is not None
    assert [line.text for line in told.logs] == ["Swept."]
    assert told.state.missing == ()


def test_it_is_known_by_its_tables_alone_and_no_other_folder_takes_it(folder: Path, file: Path) -> None:
    with pytest.raises(SourceError, match=r"no known system's \(jobs, robots\)"):
        SystemReader("corner", str(file)).poll(NOW)
    with pytest.raises(SourceError, match="store is no system that is known: shop"):
        SystemReader("corner", str(file), kind="store", folder=folder).poll(NOW)
