"""How a part is read on: whatever is written between two looks, in the end all is known that a fresh reader sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import monitor.sources.systems.part_reader as reading
from monitor.model.systems import LogLine, QueueItem
from monitor.paths import sql_folder
from monitor.sources.systems.catalogue import Query, Words
from monitor.sources.systems.part_reader import PartReader
from monitor.sources.systems.parts import Part
from monitor.sources.systems.reader import WHOLE_EVERY_MS, SystemReader
from monitor.sources.systems.records import Maker, Translator
from monitor.sources.systems.sqlite import SqliteLook

NOW = 1_750_000_000_000
WHOLE, OVERLAP, LIMIT = 8, 3, 12
"""Small, so that few rows are already a large part."""
QUERY = Query(
    name="queue",
    part="queue",
    needs={"jobs": frozenset()},
    may={},
    dialects=frozenset(),
    sql="SELECT id, word AS status, line AS queue, closed, at AS changed FROM jobs",
)
LINES = Query(
    name="logs",
    part="logs",
    needs={"jobs": frozenset()},
    may={},
    dialects=frozenset(),
    sql="SELECT id, word AS text, at AS changed FROM jobs",
)
KEYED = Part(record=QueueItem, limit=LIMIT, words="work", has_queues=True)
LIST = Part(record=LogLine, limit=LIMIT, form="list")
TIMES = st.one_of(
    st.none(),
    st.integers(0, 30),
    st.sampled_from(
        ["2025-06-15 10:00:00", "2025-06-15T09:00:00Z", "2025-06-15T10:00:00.5+02:00", "", "soon"]
    ),
    st.floats(allow_nan=False, width=16),
    st.binary(max_size=2),
)
ROW = st.tuples(TIMES, st.sampled_from(["waiting", "done", "odd"]), st.booleans(), st.sampled_from("ab"))
STEP = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), ROW),
        st.tuples(st.just("update"), ROW, st.integers(0, 50)),
        st.tuples(st.just("delete"), st.integers(0, 50)),
    ),
    max_size=12,
)


@pytest.fixture(autouse=True)
def _few_rows_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "WHOLE_BELOW", WHOLE)
        patch.setattr(reading, "OVERLAP", OVERLAP)
        yield


class Jobs:
    """A table that is written to, and a reader that reads on in it."""

    def __init__(self, part: Part) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("CREATE TABLE jobs (id, word, closed, line, at)")
        self._ids = count()
        self._part, self._query = part, QUERY if part.words else LINES
        self.reader = self.fresh()

    def fresh(self) -> PartReader:
        words = Translator(Words(title="", detect=(), work={"waiting": "pending"}))
        return PartReader(self._part, Maker("shop", self._part.record, words, status=words.work))

    def read(self, reader: PartReader, *, whole: bool) -> PartReader:
        reader.read(SqliteLook(self.db), self._query, {"jobs": frozenset()}, whole=whole)
        return reader

    def write(self, what: str, *values: Any) -> None:
        if what == "insert":
            at, word, closed, line = values[0]
            self.db.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?)", (next(self._ids), word, closed, line, at)
            )
        elif what == "update":
            self.db.execute(
                "UPDATE jobs SET at = ?, word = ?, closed = ?, line = ? WHERE id = ?", (*values[0], values[1])
            )
        else:
            self.db.execute("DELETE FROM jobs WHERE id = ?", values)

    def rows(self) -> dict[str, tuple[Any, ...]]:
        return {str(row[0]): tuple(row) for row in self.db.execute("SELECT * FROM jobs")}


def told(reader: PartReader) -> tuple[object, ...]:
    return reader.records, reader.total, reader.tally, reader.depths


@pytest.mark.parametrize("part", [KEYED, LIST], ids=["keyed", "list"])
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=6))
def test_whatever_is_written_a_whole_reading_knows_what_a_fresh_one_does_and_a_small_part_at_once(
    part: Part, steps: list[list[tuple[Any, ...]]]
) -> None:
    jobs = Jobs(part)
    jobs.read(jobs.reader, whole=True)
    for step in steps:
        before, rows = {record.id: record for record in jobs.reader.records}, jobs.rows()
        small = jobs.reader.total < WHOLE
        for change in step:
            jobs.write(*change)
        jobs.read(jobs.reader, whole=False)
        if small:
            assert told(jobs.reader) == told(jobs.read(jobs.fresh(), whole=True))
        now = jobs.rows()
        for record in jobs.reader.records:
            if record.id in before and record.id in now and rows[record.id] == now[record.id] and small:
                assert record is before[record.id]
    jobs.read(jobs.reader, whole=True)
    assert told(jobs.reader) == told(jobs.read(jobs.fresh(), whole=True))
    jobs.db.close()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(ROW, max_size=6), max_size=8), first=st.integers(WHOLE, 20))
def test_rows_whose_time_grows_are_seen_at_once_however_many_there_are(
    steps: list[list[tuple[Any, ...]]], first: int
) -> None:
    jobs = Jobs(KEYED)
    clock = count(1)
    for _ in range(first):
        jobs.write("insert", (next(clock), "waiting", False, "a"))
    jobs.read(jobs.reader, whole=True)
    for number, step in enumerate(steps):
        for _, word, closed, line in step:
            jobs.write("insert", (next(clock), word, closed, line))
        jobs.write("update", (next(clock), "done", True, "a"), number)
        held = {record.id: record for record in jobs.reader.records}
        jobs.read(jobs.reader, whole=False)
        fresh = jobs.read(jobs.fresh(), whole=True)
        assert (jobs.reader.total, jobs.reader.tally, jobs.reader.depths) == told(fresh)[1:]
        newest = [r.id for r in fresh.records if r.id not in held]
        assert set(newest) <= {record.id for record in jobs.reader.records} or fresh.total > LIMIT
    jobs.db.close()


def test_of_a_large_list_the_end_is_kept_newest_first_and_counted_on() -> None:
    jobs = Jobs(LIST)
    for number in range(20):
        jobs.write("insert", (number, f"line {number}", False, "a"))
    jobs.read(jobs.reader, whole=True)
    first = jobs.reader.records
    assert [line.text for line in first] == [f"line {number}" for number in range(19, 7, -1)]
    jobs.write("insert", (20, "line 20", False, "a"))
    jobs.read(jobs.reader, whole=False)
    assert jobs.reader.total == 21
    assert jobs.reader.records[0].text == "line 20"
    assert all(new is old for new, old in zip(jobs.reader.records[1:], first, strict=False))
    for number in range(21, 60):  # more than are kept, between two looks
        jobs.write("insert", (number, f"line {number}", False, "a"))
    jobs.read(jobs.reader, whole=False)
    assert (jobs.reader.total, jobs.reader.records[0].text, len(jobs.reader.records)) == (
        60,
        "line 59",
        LIMIT,
    )


def test_a_row_that_a_long_transaction_commits_late_is_found_among_the_newest() -> None:
    jobs = Jobs(LIST)
    for number in range(20):
        jobs.write("insert", (number, f"line {number}", False, "a"))
    jobs.read(jobs.reader, whole=True)
    jobs.write("insert", (17.5, "late", False, "a"))
    jobs.read(jobs.reader, whole=False)
    assert [line.text for line in jobs.reader.records][:4] == ["line 19", "line 18", "late", "line 17"]


def test_a_table_that_was_emptied_and_begins_anew_is_not_waited_for() -> None:
    jobs = Jobs(LIST)
    for number in range(100, 120):
        jobs.write("insert", (number, "old", False, "a"))
    jobs.read(jobs.reader, whole=True)
    jobs.db.execute("DELETE FROM jobs")
    jobs.write("insert", (1, "new", False, "a"))
    jobs.read(jobs.reader, whole=False)
    assert ([line.text for line in jobs.reader.records], jobs.reader.total) == (["new"], 1)


def test_a_row_without_an_id_is_not_shown_and_of_equal_ids_the_newest_is() -> None:
    jobs = Jobs(KEYED)
    jobs.db.executemany(
        "INSERT INTO jobs VALUES (?, ?, 0, 'a', ?)",
        [(None, "done", 9), (7, "waiting", 1), (7, "done", 2), ("", "odd", 3)],
    )
    jobs.read(jobs.reader, whole=True)
    assert [(item.id, item.system_status) for item in jobs.reader.records] == [("7", "done")]
    assert jobs.reader.total == 4


# --- a whole system ---------------------------------------------------------------------------------------------


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[tuple[sqlite3.Connection, SystemReader]]:
    path = tmp_path / "dashboard.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript("""
            INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template)
            VALUES ('e', 'Alex', 'PM', 'Executive', 'Senior', 'active', '[]', '');
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
            INSERT INTO tasks (id, employee_id, type, status, title, created_at)
            SELECT 't' || i, 'e', 'x', 'running', 'task ' || i, '2025-06-15 10:00:' || i FROM n;
        """)
        reader = SystemReader("dash", str(path))
        yield db, reader
        reader.close()


def test_a_status_whose_time_nobody_moved_is_known_within_a_minute_though_nothing_follows(
    dashboard: tuple[sqlite3.Connection, SystemReader],
) -> None:
    db, reader = dashboard
    reader.poll(NOW)
    db.execute("UPDATE tasks SET status = 'completed' WHERE id = 't1'")
    reader.poll(NOW + 5_000)
    assert reader.poll(NOW + 10_000) is None
    told = reader.poll(NOW + WHOLE_EVERY_MS)
    assert told is not None
    assert told.state.tallies["tasks"] == {"running": 39, "completed": 1}
    assert {task.id: task.status for task in told.tasks}["t1"] == "DONE"
    assert reader.poll(NOW + 2 * WHOLE_EVERY_MS) is None


def test_a_table_that_a_migration_brings_comes_to_life_within_a_minute_though_nothing_follows(
    dashboard: tuple[sqlite3.Connection, SystemReader],
) -> None:
    db, reader = dashboard
    db.execute("ALTER TABLE task_queue RENAME TO elsewhere")
    told = reader.poll(NOW)
    assert told is not None
    assert "queue: no table task_queue" in told.state.missing
    db.execute("ALTER TABLE elsewhere RENAME TO task_queue")
    reader.poll(NOW + 5_000)
    told = reader.poll(NOW + WHOLE_EVERY_MS)
    assert told is not None
    assert told.state.missing == ()


def test_a_table_that_goes_is_missed_at_the_next_look_and_its_part_is_empty(
    dashboard: tuple[sqlite3.Connection, SystemReader],
) -> None:
    db, reader = dashboard
    db.execute(
        "INSERT INTO system_events (event_type, source, severity, message) VALUES ('x', 's', 'low', 'm')"
    )
    told = reader.poll(NOW)
    assert told is not None
    assert len(told.events) == 1
    db.execute("DROP TABLE system_events")
    told = reader.poll(NOW + 5_000)
    assert told is not None
    assert (told.events, told.state.missing) == ((), ("events: no table system_events",))
    assert reader.report() == ("ok", "")


def test_what_is_not_shown_is_counted_and_told(dashboard: tuple[sqlite3.Connection, SystemReader]) -> None:
    db, reader = dashboard
    db.executescript("""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
        INSERT INTO system_events (event_type, source, severity, message, resolved, resolved_at)
        SELECT 'x', 's', 'low', 'event ' || i, i > 10, CASE WHEN i > 10 THEN '2025-06-15' END FROM n;
    """)
    told = reader.poll(NOW)
    assert told is not None
    assert (told.state.counts["events"], told.state.shown) == (1100, {"events": 1000})
    assert [event.resolved for event in told.events[:11]] == [False] * 10 + [True]
