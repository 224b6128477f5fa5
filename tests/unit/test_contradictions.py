"""The contradictions of seed 001 (checklist X1-01 to X1-22): how each is resolved, and that it is."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from history_records import AT, alert, commit, recording, state, tick
from maintenance_records import (
    DAY,
    HOUR,
    MINUTE,
    START,
    Sample,
    count,
    database,
    prune,
    put,
    roll_up,
    rows,
    steady,
)

from monitor.collector.commits import CommitBook
from monitor.collector.publish import Publisher
from monitor.collector.ring import Ring
from monitor.errors import DatabaseError, DatabaseVersionError
from monitor.history.migrations import current_version, migrate
from monitor.history.moments.state import state_at
from monitor.history.queries import sql
from monitor.keystore import ACTIVITY_LIMIT, EVENTS_LIMIT, Keys, KeyStore
from monitor.model import Activity, AgentMetrics, AgentStatus, Event
from monitor.paths import sql_folder
from monitor.rules.lifecycle import AlertBook
from monitor.rules.rule import finding
from monitor.sources.board import BoardSource
from monitor.sources.git.reflog import Reflogs
from monitor.sources.watcher.targets import Target, meaning, plan

KNOWN_WORDS = {"type": "agent", "severity": "info", "status": "idle", "attribution": "branch"}
NOW = START + 40 * DAY + HOUR


def put_health(db: sqlite3.Connection, since: int, until: int, every: int, status: str = "healthy") -> None:
    db.executemany(
        "INSERT INTO system_health (timestamp, overall_status, details) VALUES (?, ?, '{}')",
        [(at, status) for at in range(since, until, every)],
    )


def plan_of(db: sqlite3.Connection, query: str, **bound: Any) -> str:
    return " / ".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", bound))


def test_x1_01_samples_are_summed_up_before_they_are_deleted() -> None:
    """Deleting what is older than 30 days and then summing up what is older than 30 days leaves nothing.

    Resolved: a sample goes only once its roll-up is made.
    """
    db = database()
    put(db, "builder", steady(START, START + 40 * DAY, every=10 * MINUTE))
    assert not prune(db, NOW)  # nothing is summed up, so nothing goes
    roll_up(db, NOW)
    assert prune(db, NOW)["agent_metrics"] == 10 * 144
    assert rows(db, "SELECT count(*), sum(sample_count) FROM agent_metrics_daily") == [(40, 40 * 144)]


def test_x1_02_a_daily_row_has_a_key_and_an_end_and_may_be_made_again() -> None:
    """`CREATE TABLE ... AS` fails the second week, or would double the rows; the year has no statement.

    Resolved: a table with a key, filled by upserts, and a setting of its days.
    """
    db = database()
    put(db, "builder", steady(START, START + 3 * DAY, every=HOUR))
    for _ in range(3):
        roll_up(db, NOW)
        db.execute("DELETE FROM rollups")
    assert count(db, "agent_metrics_daily") == 3
    roll_up(db, START + 367 * DAY)
    prune(db, START + 367 * DAY)
    assert rows(db, "SELECT date FROM agent_metrics_daily") == [("2025-06-18",)]


@pytest.mark.parametrize(("every", "offset"), [(5_000, 0), (10 * MINUTE, 5 * MINUTE)])
def test_x1_03_an_hour_is_one_row_however_often_it_was_sampled(every: int, offset: int) -> None:
    """Keeping the rows of minute :00 keeps 12 an hour of a 5 s poll, none of a slow one, and all for ever.

    Resolved: an hourly table, one row an hour, kept for its own days.
    """
    db = database()
    put_health(db, START + offset, START + 2 * HOUR, every)
    roll_up(db, START + 31 * DAY)
    prune(db, START + 8 * DAY)
    assert count(db, "system_health") <= 1  # the one whose details still hold
    assert rows(db, "SELECT timestamp FROM system_health_hourly") == [(START,), (START + HOUR,)]
    prune(db, START + 31 * DAY)
    assert count(db, "system_health_hourly") == 0


def test_x1_04_the_status_of_an_hour_is_its_worst() -> None:
    """Hourly aggregates are promised, samples are kept, and the status of an hour is undefined.

    Resolved: averages and maxima, and the worst status.
    """
    db = database()
    put_health(db, START, START + HOUR, MINUTE)
    put_health(db, START + 1, START + 2, 1, status="degraded")
    roll_up(db, START + 2 * HOUR)
    assert rows(db, "SELECT overall_status, sample_count FROM system_health_hourly") == [("degraded", 61)]


def test_x1_05_rag_metrics_and_alerts_have_an_end_and_critical_alerts_an_archive() -> None:
    """Neither has a statement, and the archive has no table. Resolved: all of it is there."""
    db = database()
    db.executemany(
        "INSERT INTO rag_metrics (timestamp, origin, top_patterns) VALUES (?, 'file', '[]')",
        [(START + day * DAY,) for day in range(40)],
    )
    db.executemany(
        "INSERT INTO alerts (alert_id, rule, subject, type, severity, title, message, source, metadata, resolved,"
        " resolved_at, created_at) VALUES (?, ?, '', 'system', ?, 't', 'm', 's', '{}', ?, ?, ?)",
        [
            ("warning", "a", "warning", 1, START, START),
            ("critical", "b", "critical", 1, START, START),
            ("open", "c", "critical", 0, None, START),
        ],
    )
    now = START + 100 * DAY
    prune(db, now)
    assert count(db, "rag_metrics") == 1  # the last one still holds
    assert rows(db, "SELECT alert_id FROM alerts") == [("open",)]
    assert rows(db, "SELECT alert_id FROM alerts_archive") == [("critical",)]


async def test_x1_06_a_commit_of_several_agents_is_one_commit_with_several_agents(tmp_path: Path) -> None:
    """commit_hash is unique, and worktrees of one repository share commits. Resolved: commit_agents."""
    async with recording(state(tmp_path)) as writer:
        shared = commit(agent_ids=("builder", "tester"))
        await writer.write(tick(AT, commits=[shared]))
        await writer.write(tick(AT + 1, commits=[commit(agent_ids=("builder", "tester", "planner"))]))
        db = writer._db
        assert [tuple(row) for row in await db.execute_fetchall("SELECT count(*) FROM git_commits")] == [(1,)]
        held = await db.execute_fetchall("SELECT agent_id FROM commit_agents ORDER BY id")
        assert [row["agent_id"] for row in held] == ["builder", "tester", "planner"]


def test_x1_07_a_commit_belongs_to_the_worktree_it_was_made_in_whoever_its_author_is(tmp_path: Path) -> None:
    """The author cannot give the agent: agents share one. Resolved: each worktree's own HEAD reflog does."""
    one, two = commit(1), commit(2)
    for name, made in (("builder", one), ("tester", two)):
        logs = tmp_path / name / "logs"
        logs.mkdir(parents=True)
        line = (
            f"{'0' * 40} {made.commit_hash} {made.author_name} <{made.author_email}> 1 +0000\tcommit: work\n"
        )
        (logs / "HEAD").write_text(line)
    reflogs, book = Reflogs(), CommitBook()
    for name in ("builder", "tester"):
        own = reflogs.made_in(str(tmp_path / name))
        known = [
            commit(number, attribution="reflog" if f"{number:040x}" in own else "branch") for number in (2, 1)
        ]
        book.apply([name], known)
    assert one.author_email == two.author_email
    assert {made.short_hash[-1]: made.agent_id for made in book.feed()} == {"1": "builder", "2": "tester"}


def test_x1_08_there_is_one_format_of_time_and_no_other_can_be_stored() -> None:
    """Two formats of text misjudge the day of the cut. Resolved: integers everywhere, in STRICT tables."""
    db = database()
    for table in rows(
        db, "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'"
    ):
        assert table[0].startswith("sqlite_")
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO rag_metrics VALUES ('2025-06-16 00:00:00', '', 1, 1, 1, 1, 1, 1, '', 1)")
    cut = START + DAY
    put(db, "builder", [Sample(cut - 5 * HOUR), Sample(cut - 1), Sample(cut)])
    roll_up(db, NOW)
    prune(db, cut + 30 * DAY)
    assert rows(db, "SELECT timestamp FROM agent_metrics") == [(cut,)]


def test_x1_09_the_query_of_a_day_walks_the_primary_key_and_no_index_computes() -> None:
    """An index on strftime() makes inserts fail and does not serve the day's query.

    Resolved: the key (agent_id, timestamp) serves it, and no index holds anything that depends on a clock.
    """
    db = database()
    day = (
        "SELECT * FROM agent_metrics WHERE agent_id = 'a' AND timestamp BETWEEN 1 AND 2"
        " ORDER BY timestamp DESC LIMIT 100"
    )
    assert plan_of(db, day) == (
        "SEARCH agent_metrics USING PRIMARY KEY (agent_id=? AND timestamp>? AND timestamp<?)"
    )
    indexes = rows(db, "SELECT coalesce(sql, '') FROM sqlite_schema WHERE type = 'index'")
    assert not [sql_text for (sql_text,) in indexes if re.search(r"strftime|date\(|time\(", sql_text)]


def test_x1_10_every_foreign_key_is_declared_and_indexed() -> None:
    """Indexes on all foreign keys are promised, and there is no foreign key.

    Resolved: where rows belong to a row of another table it is declared, and an index of the child begins with it.
    """
    db = database()
    declared = rows(
        db,
        'SELECT t.name, k."from" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS k'
        " WHERE t.type = 'table'",
    )
    assert len(declared) >= 3
    for table, column in declared:
        first = rows(
            db,
            "SELECT c.name FROM pragma_index_list(?) AS i, pragma_index_info(i.name) AS c WHERE c.seqno = 0",
            table,
        )
        assert (column,) in first, (table, column)


def test_x1_11_no_index_repeats_another() -> None:
    """An index on commit_hash repeats the one that UNIQUE makes. Resolved: no two begin and end alike."""
    db = database()
    seen: dict[tuple[Any, ...], str] = {}
    indexes = rows(
        db,
        "SELECT t.name, i.name, i.partial FROM sqlite_schema AS t, pragma_index_list(t.name) AS i"
        " WHERE t.type = 'table'",
    )
    for table, index, partial in indexes:
        columns = [column for (column,) in rows(db, "SELECT name FROM pragma_index_info(?)", index)]
        if partial or None in columns:  # of some rows only, or of an expression
            continue
        key = (table, tuple(columns))
        assert key not in seen, f"{index} repeats {seen[key]}"
        seen[key] = index


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("agent_metrics", "status"),
        ("agent_status_changes", "status"),
        ("task_events", "event_type"),
        ("system_health", "overall_status"),
        ("system_health_hourly", "overall_status"),
        ("alerts", "type"),
        ("alerts", "severity"),
        ("alert_changes", "severity"),
        ("alerts_archive", "severity"),
        ("agents", "origin"),
        ("git_commits", "attribution"),
    ],
)
def test_x1_12_words_outside_a_vocabulary_are_refused(table: str, column: str) -> None:
    """Vocabularies are comments, and status 'flying' is accepted. Resolved: a CHECK on each."""
    db = database()
    db.execute("PRAGMA foreign_keys = OFF")
    columns = rows(db, 'SELECT name, type, "notnull" OR pk FROM pragma_table_info(?)', table)
    values: dict[str, Any] = {
        name: {"INTEGER": 1, "TEXT": "x", "REAL": 1.0}[kind] for name, kind, needed in columns if needed
    }
    values |= {name: word for name, word in KNOWN_WORDS.items() if name in values} | {column: "flying"}
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    with pytest.raises(sqlite3.IntegrityError, match=f"CHECK constraint failed: {column} IN"):
        db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


async def test_x1_13_an_alert_is_in_the_database_from_the_moment_it_is_raised(tmp_path: Path) -> None:
    """Active alerts live in memory only, and yet are acknowledged and rebuilt in the database.

    Resolved: they are written when raised, and with each change; a restart has them.
    """
    async with recording(state(tmp_path)) as writer:
        await writer.write(tick(AT, alerts=[alert()]))
        changed = AlertBook([alert()]).acknowledge("alert-1", "dev", AT + 5)
        assert changed is not None
        await writer.write(tick(AT + 10, alerts=[changed]))
    async with recording(state(tmp_path), now=AT + 20) as writer:
        (restored,) = (await writer.load(AT + 20)).alerts
    assert (restored.alert_id, restored.acknowledged_by, restored.resolved) == ("alert-1", "dev", False)


def test_x1_14_open_alerts_are_found_by_an_index() -> None:
    """No index is on the column that tells what is active. Resolved: partial indexes of the open ones."""
    db = database()
    query = sql("active_alerts_at")
    found = plan_of(db, query, **dict.fromkeys(re.findall(r":(\w+)", query), 1))
    assert "idx_alerts" in found
    assert not re.search(r"SCAN alerts(?! USING)", found)
    assert "idx_alerts_open" in plan_of(db, "SELECT * FROM alerts WHERE resolved = 0 AND rule = 'x'")


def test_x1_15_the_same_alert_again_is_the_same_alert() -> None:
    """alert_id is unique, but what the same alert is has no rule. Resolved: its rule and subject are its key."""
    book = AlertBook()
    blocked = finding("agent-blocked", "builder", title="t", message="m", source="s")
    raised = [alert for second in range(50) for alert in book.update([blocked], AT + 1000 * second)]
    assert len({one.alert_id for one in raised}) == len(book.active) == 1
    db = database()
    insert = (
        "INSERT INTO alerts (alert_id, rule, subject, type, severity, title, message, source, metadata, created_at)"
        " VALUES (?, 'agent-blocked', 'builder', 'agent', 'info', '', '', '', '{}', 0)"
    )
    db.execute(insert, ("one",))
    with pytest.raises(sqlite3.IntegrityError):
        db.execute(insert, ("two",))


def test_x1_16_every_key_that_is_listed_is_used_and_every_one_used_is_listed() -> None:
    """`last_updated` is written but not listed; `websocket:*` is listed but not used.

    Resolved: one class names all keys; viewers and events have keys that are filled.
    """
    store = KeyStore()
    publisher = Publisher(store)
    status = AgentStatus(
        id="builder",
        name="Builder",
        kind="codex",
        role="",
        worktree=None,
        host="here",
        origin="config",
        status="active",
        status_since=AT,
        status_reason="",
    )
    publisher.agent(status, AgentMetrics(), AT)
    publisher.connections(())
    publisher.event(Event(timestamp=AT, type="gap"))
    publisher.flush(AT)
    assert store.get(Keys.last_updated("builder")) == AT
    assert {Keys.CONNECTIONS, Keys.EVENTS} <= set(store.keys())
    assert not [name for name in vars(Keys).values() if isinstance(name, str) and "websocket" in name]


def test_x1_17_the_progress_log_is_watched_like_the_board(tmp_path: Path) -> None:
    """progress-log.md is a primary source, and the watcher sees only *.json. Resolved: it is followed too."""
    folder = tmp_path / "coordination"
    folder.mkdir()
    target = Target("coordination", str(tmp_path), str(folder))
    planned = plan(target)
    for name in ("progress-log.md", "task-board.json"):
        assert meaning(target, planned, str(folder), name) is not None, name


def test_x1_18_no_value_stands_in_the_text_of_a_query() -> None:
    """`days` is interpolated into the SQL. Resolved: SQL stands in files, and values are bound."""
    texts = [file.read_text() for file in (sql_folder() / "queries").glob("*.sql")]
    for text in texts:
        code = re.sub(r"--[^\n]*|'[^']*'", "", text)
        assert not re.search(r"[{}%]", code.replace(" % ", " "))
    package = sql_folder().parent / "monitor"
    statement = re.compile(r"""f["'].*\b(SELECT|INSERT|UPDATE|DELETE)\b .*\{""")
    assert not [file.name for file in package.rglob("*.py") if statement.search(file.read_text())]
    db = database()
    hostile = "7 days'); DROP TABLE agents; --"
    put(db, hostile, [Sample(START)])
    assert rows(db, "SELECT agent_id FROM agents") == [(hostile,)]


def test_x1_19_what_is_kept_in_memory_is_bounded() -> None:
    """LRU caching is promised, and the store shown is an unbounded map. Resolved: every list has its limit."""
    store = KeyStore()
    publisher = Publisher(store)
    for number in range(3 * EVENTS_LIMIT):
        publisher.activity(Activity(timestamp=AT + number, agent_id="builder", kind="x", text=str(number)))
        publisher.event(Event(timestamp=AT + number, type="x"))
    publisher.flush(AT)
    assert len(store.get(Keys.activity("builder"))) == ACTIVITY_LIMIT
    assert len(store.get(Keys.EVENTS)) == EVENTS_LIMIT
    ring = Ring()
    samples = tick(AT, *(f"agent-{number}" for number in range(1000))).samples
    for number in range(200):
        ring.append(tick(AT + number, samples=samples))
    assert ring.samples <= 100_000


def test_x1_20_a_broken_board_is_shown_as_it_was_and_left_as_it_is(tmp_path: Path) -> None:
    """Monitoring is read-only, and yet recovery restores a coordination file.

    Resolved: nothing is written there. The last good tasks stay on the screen, and the user restores the file.
    """
    board = tmp_path / "coordination" / "task-board.json"
    board.parent.mkdir()
    board.write_text(json.dumps({"tasks": [{"id": "A", "title": "First"}]}))
    source = BoardSource(str(tmp_path))
    now = AT + 10 * DAY
    first = source.poll(now)
    assert first is not None
    board.write_text('{"tasks": [')
    reading = None
    for second in range(1, 60):
        reading = source.poll(now + 1000 * second) or reading
    assert reading is not None
    assert reading.state.error
    assert [task.id for task in reading.tasks] == ["A"]
    assert board.read_text() == '{"tasks": ['
    assert [file.name for file in board.parent.iterdir()] == ["task-board.json"]


def test_x1_21_every_measured_column_has_its_unit() -> None:
    """memory_usage and disk_usage have none, and others use MB. Resolved: bytes, and the SQL says so."""
    texts = [
        file.read_text() for file in (sql_folder() / "migrations").glob("*.sql") if ".down." not in file.name
    ]
    lines = [line for text in texts for line in text.splitlines()]
    for name in (
        "memory_usage",
        "disk_usage",
        "avg_memory_usage",
        "max_disk_usage",
        "avg_memory",
        "cpu_usage",
    ):
        declared = [line for line in lines if re.match(rf"\s+{name}\s+(INTEGER|REAL)", line)]
        assert declared, name
        unit = "percent" if "cpu" in name else "bytes"
        assert any(unit in line.partition("--")[2] for line in declared), name
    assert all("Sizes: bytes" in text or "Sizes" in text or "sizes" in text for text in texts)


async def test_x1_22_a_migration_happens_whole_or_not_at_all_and_is_what_it_was(tmp_path: Path) -> None:
    """No transaction, no checksum, no way down. Resolved: each has all three."""
    folder = tmp_path / "migrations"
    shutil.copytree(sql_folder() / "migrations", folder)
    async with aiosqlite.connect(tmp_path / "monitor.db", isolation_level=None) as db:
        db.row_factory = sqlite3.Row
        newest = await migrate(db, folder=folder)
        broken = folder / f"{newest + 1:04d}_broken.sql"
        broken.write_text(
            "-- Broken\nCREATE TABLE half (x INTEGER) STRICT;\nCREATE TABLE half (x INTEGER) STRICT;\n"
        )
        broken.with_suffix(".down.sql").write_text("DROP TABLE half;\n")
        other = shutil.copytree(folder, tmp_path / "other")
        with pytest.raises(DatabaseError):
            await migrate(db, folder=other)
        assert await current_version(db) == newest
        tables = await db.execute_fetchall("SELECT name FROM sqlite_schema WHERE name = 'half'")
        assert not list(tables)
        for version in (0, newest):
            await migrate(db, version, folder=other)
            assert await current_version(db) == version
        assert (await state_at(db, AT)).agents == ()
        first = next(iter(sorted(other.glob("0001_*[!n].sql"))))
        altered = shutil.copytree(other, tmp_path / "altered")
        (altered / first.name).write_text(first.read_text() + "-- altered\n")
        with pytest.raises(DatabaseVersionError, match="differs"):
            await migrate(db, newest, folder=altered)
