"""A system in PostgreSQL: read as its SQLite twin is, never written, and read on as soon as something was committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest
from postgres_server import PASSWORD, PostgresServer, fresh_database, run_script, server
from test_system_dashboard import CANARY, ROWS, file  # noqa: F401 - the fixture `file` is the twin in SQLite

from monitor.errors import SourceError
from monitor.model.systems import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems import postgres
from monitor.sources.systems.engine import QueryError
from monitor.sources.systems.postgres import PostgresEngine
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
SCHEMA = (sql_folder() / "systems/multi-agent-dashboard/schema.postgres.sql").read_text()
EVENT = "INSERT INTO system_events (event_type, source, severity, message) VALUES ('x', 's', 'low', '{}');"
DATABASE = r"postgresql://[^ ]*"


# A column of JSON holds nothing else here.
JSON_ROWS = (
    ROWS.replace(f"'{CANARY}'", f"'\"{CANARY}\"'")
    .replace("'not json'", "'[\"not json\"]'")
    .replace("'nor this'", "'{}'")
)


@pytest.fixture(scope="module")
def rows() -> str:
    """A database with the same rows as the model test's, which nobody writes to."""
    return fresh_database(SCHEMA + JSON_ROWS)


@pytest.fixture
def empty() -> str:
    return fresh_database(SCHEMA)


def read(url: str, name: str = "dash") -> SystemReading:
    with closing(SystemReader(name, url)) as reader:
        told = reader.poll(NOW)
    assert told is not None
    return told


def texts(reading: SystemReading | None) -> list[str]:
    assert reading is not None
    return [event.text for event in reversed(reading.events)]


@contextmanager
def engine(url: str) -> Iterator[PostgresEngine]:
    with closing(PostgresEngine(url)) as opened:
        yield opened


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def plain(reading: SystemReading) -> object:
    """The reading without what the two databases cannot have in common: their address, and when a row was made."""
    told = msgspec.to_builtins(reading)
    told["state"] |= {"url": "", "engine": ""}
    for records in told.values():
        for record in records if isinstance(records, list | tuple) else ():
            for field in ("at", "updated_at", "created_at", "enqueued_at", "value"):
                record.pop(field, None)
    return told


def test_the_same_rows_are_the_same_reading_in_both_databases(rows: str, file: Path) -> None:  # noqa: F811
    told = read(rows)
    assert (told.state.engine, told.state.missing) == ("postgres", ())
    assert plain(told) == plain(read(str(file)))
    assert CANARY not in repr(told)


# --- nothing is written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        EVENT.format("x"),
        "UPDATE tasks SET status = 'failed' RETURNING id",
        "DELETE FROM tasks",
        "CREATE TEMP TABLE mine (id int)",
        "WITH gone AS (DELETE FROM task_queue RETURNING id) SELECT * FROM gone",
        "SELECT nextval('performance_metrics_id_seq')",
        "SELECT id FROM tasks FOR UPDATE",
        "TRUNCATE tasks",
        "DROP TABLE tasks",
        "SELECT lo_create(0)",
    ],
)
def test_nothing_can_be_written_through_its_connection(rows: str, statement: str) -> None:
    with engine(rows) as opened, opened.look() as look:
        with pytest.raises(QueryError, match=r"read-only transaction|only be executed in"):
            look.rows(statement, {})
        assert look.rows("SELECT count(*) AS number FROM tasks", {})[0]["number"] == 1


def test_it_stays_so_whatever_the_address_asks_for(rows: str) -> None:
    url = f"{rows}&options=-c%20default_transaction_read_only%3Doff"
    with engine(url) as opened, opened.look() as look, pytest.raises(QueryError, match="read-only"):
        look.rows("DELETE FROM tasks", {})


def test_a_statement_that_takes_long_is_given_up(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "statement_timeout=5000" in postgres._OPTIONS
    monkeypatch.setattr(postgres, "_OPTIONS", postgres._OPTIONS.replace("=5000", "=50"))
    with engine(rows) as opened, opened.look() as look:
        with pytest.raises(QueryError, match="statement timeout"):
            look.rows("SELECT pg_sleep(60)", {})
        assert look.rows("SELECT 1 AS one", {}) == [{"one": 1}]


def test_a_table_that_is_locked_is_one_part_that_waits(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        postgres, "_OPTIONS", postgres._OPTIONS.replace("lock_timeout=1000", "lock_timeout=20")
    )
    with closing(SystemReader("dash", empty)) as reader, psycopg.connect(empty) as db:
        db.execute("LOCK TABLE system_events IN ACCESS EXCLUSIVE MODE")
        told = reader.poll(NOW)
        assert told is not None
        assert reader.report() == ("degraded", "events: canceling statement due to lock timeout.")
        db.rollback()
        reader.poll(NOW + 60_000)
        assert reader.report() == ("ok", "")


# --- what the role may read -------------------------------------------------------------------------------------


def test_what_a_role_may_not_read_is_an_empty_part_that_says_so(rows: str) -> None:
    run_script(
        rows,
        """
        CREATE ROLE narrow LOGIN;
        GRANT SELECT ON employees, processes, system_events TO narrow;
        GRANT SELECT (id, employee_id, type, title) ON tasks TO narrow;
        """,
    )
    told = read(rows.replace("//postgres@", "//narrow@"))
    assert len(told.agents) == 2
    assert len(told.events) == 1
    assert (told.tasks, told.queue, told.logs) == ((), (), ())
    assert {
        "tasks: column status in tasks may not be read",
        "queue: task_queue may not be read",
        "logs: process_logs may not be read",
    } <= set(told.state.missing)


def test_a_right_that_is_taken_away_empties_its_part_at_the_next_look(empty: str) -> None:
    run_script(
        empty,
        EVENT.format("one")
        + "CREATE ROLE fickle LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO fickle;",
    )
    with closing(SystemReader("dash", empty.replace("//postgres@", "//fickle@"))) as reader:
        assert texts(reader.poll(NOW)) == ["one"]
        run_script(empty, "REVOKE SELECT ON system_events FROM fickle")
        told = reader.poll(NOW + 1)
        assert told is not None
        assert (told.events, told.state.missing) == ((), ("events: system_events may not be read",))


# --- news -------------------------------------------------------------------------------------------------------


def test_a_look_without_news_asks_nothing_and_every_commit_is_seen_at_the_next_one(empty: str) -> None:
    with (
        closing(SystemReader("dash", empty)) as reader,
        psycopg.connect(empty, autocommit=True) as busy,
        psycopg.connect(empty) as slow,
    ):
        reader.poll(NOW)
        assert reader.poll(NOW + 1) is None
        # A session that stays open tells the server's counters with a delay; none of these waits for them.
        for number in range(10):
            busy.execute(EVENT.format(number).encode())
            assert texts(reader.poll(NOW + 2 + number))[-1] == str(number)
        slow.execute(EVENT.format("slow").encode())
        busy.execute(EVENT.format("quick").encode())
        assert texts(reader.poll(NOW + 20))[-1] == "quick"
        assert reader.poll(NOW + 21) is None
        slow.commit()
        assert "slow" in texts(reader.poll(NOW + 22))
        slow.execute(EVENT.format("never").encode())
        slow.rollback()
        assert reader.poll(NOW + 23) is None


LINE = "INSERT INTO process_logs (process_id, log_level, message, timestamp) VALUES ('p2', 'INFO', 'x', '{}')"
LATER = "CREATE TABLE process_logs_2024 PARTITION OF process_logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"


@pytest.mark.parametrize(
    ("statements", "part", "counted"),
    [
        ("TRUNCATE system_events", "events", 0),
        (LINE.format("2025-06-15"), "logs", 2),
        (LINE.format("2025-01-15"), "logs", 2),
        (f"{LATER};{LINE.format('2024-05-05')}", "logs", 2),
        ("DROP TABLE process_logs_rest", "logs", 0),
        ("ALTER TABLE task_queue SET UNLOGGED;DELETE FROM task_queue", "queue", 0),
    ],
    ids=[
        "truncate",
        "a partition",
        "another partition",
        "a new partition",
        "a partition goes",
        "an unlogged table",
    ],
)
def test_every_kind_of_change_is_seen_at_the_next_look(statements: str, part: str, counted: int) -> None:
    url = fresh_database(SCHEMA + JSON_ROWS)
    with closing(SystemReader("dash", url)) as reader:
        reader.poll(NOW)
        with psycopg.connect(url, autocommit=True) as db:
            for piece in statements.split(";"):
                db.execute(piece.encode())
        told = reader.poll(NOW + 1)
        assert told is not None
        assert told.state.counts[part] == counted


def test_a_table_that_is_made_later_comes_to_life_within_a_minute(empty: str) -> None:
    run_script(empty, "DROP TABLE system_events")
    with closing(SystemReader("dash", empty)) as reader:
        told = reader.poll(NOW)
        assert told is not None
        assert told.state.missing == ("events: no table system_events",)
        table = SCHEMA.partition("CREATE TABLE system_events")[2].partition(";")[0]
        run_script(empty, f"CREATE TABLE system_events{table}; {EVENT.format('first')}")
        reader.poll(NOW + 1)
        assert texts(reader.poll(NOW + 60_000)) == ["first"]


def test_what_a_foreign_table_holds_is_asked_each_time(empty: str) -> None:
    with engine(empty) as opened:
        assert opened.stamp() == opened.stamp() is not None
        run_script(
            empty,
            "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far;"
            "CREATE FOREIGN TABLE distant (id int) SERVER away",
        )
        assert opened.stamp() is None


def test_a_standby_is_read_as_well_and_tells_what_has_arrived(empty: str) -> None:
    with _standby() as standby:
        url = standby.url(name_of(empty))
        with closing(SystemReader("dash", url)) as reader, psycopg.connect(empty, autocommit=True) as db:
            reader.poll(NOW)
            db.execute(EVENT.format("here").encode())
            arrived = db.execute("SELECT pg_current_wal_lsn()").fetchone()
            with psycopg.connect(url, autocommit=True) as other:
                while other.execute("SELECT pg_last_wal_replay_lsn() >= %s", arrived).fetchone() != (True,):
                    pass
            assert texts(reader.poll(NOW + 1)) == ["here"]


@contextmanager
def _standby() -> Iterator[PostgresServer]:
    standby = PostgresServer(server())
    try:
        yield standby
    finally:
        standby.end()


# --- when it is away --------------------------------------------------------------------------------------------


def test_a_server_that_dies_is_told_and_once_it_is_back_it_is_read_on(empty: str) -> None:
    with closing(SystemReader("dash", empty)) as reader:
        run_script(empty, EVENT.format("one"))
        assert texts(reader.poll(NOW)) == ["one"]
        server().kill()
        try:
            for look in range(2):
                with pytest.raises(SourceError) as told:
                    reader.poll(NOW + look)
                assert type(told.value) is SourceError
        finally:
            server().start()
        run_script(empty, EVENT.format("two"))
        assert texts(reader.poll(NOW + 5)) == ["one", "two"]


def test_a_connection_that_an_administrator_ends_is_made_anew(empty: str) -> None:
    with closing(SystemReader("dash", empty)) as reader:
        reader.poll(NOW)
        run_script(
            empty,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'agent-monitor'",
        )
        with pytest.raises(SourceError):
            reader.poll(NOW + 1)
        reader.poll(NOW + 2)
        assert reader.report() == ("ok", "")


def test_a_password_is_in_no_message_and_no_state(empty: str) -> None:
    name = f"{name_of(empty)}?host={server().folder}"
    run_script(empty, f"DROP ROLE IF EXISTS locked; CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'")
    run_script(empty, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO locked")
    right = read(f"postgresql://locked:{PASSWORD}@/{name}")
    assert PASSWORD not in repr(right)
    assert right.state.url.startswith("postgresql://***@/")
    wrong = "wrong-canary-8d1e"
    for url in (
        f"postgresql://locked:{wrong}@/{name}",
        f"postgresql://{wrong}:{wrong}@/{name}",
        f"postgresql://locked:{wrong}@nowhere.invalid/db?sslmode=require&connect_timeout=1",
        f"postgresql://locked:{wrong}@/db?host=/nowhere&sslmode=verify-full",
        f"postgresql://locked@/{name}&password={wrong}",
        f"postgresql://locked:{wrong}%zz@/{name}",
        f"postgresql://locked:{wrong}@/db?port={wrong}",
        f"postgresql://locked:{wrong}@/db?{wrong}=1",
        f"postgresql://locked:{wrong}@/db?sslmode={wrong}",
        f"postgresql+asyncpg://locked:{wrong}@/{name}",
    ):
        with closing(SystemReader("dash", url)) as reader, pytest.raises(SourceError) as told:
            reader.poll(NOW)
        parts = (
            str(told.value)
            .replace(f"sslmode={wrong}", "")
            .replace(f"port={wrong}", "")
            .replace(f"?{wrong}=", "")
        )
        assert wrong not in parts, url


# --- types and text ---------------------------------------------------------------------------------------------


def test_values_of_every_type_are_read(empty: str) -> None:
    run_script(
        empty,
        f"""
        DROP TABLE task_queue; DROP TABLE tasks; DROP TABLE system_config;
        CREATE TYPE state AS ENUM ('pending', 'running', 'completed');
        CREATE TABLE tasks (
            id uuid PRIMARY KEY, process_id uuid, employee_id text[], type name, priority numeric, status state,
            title varchar(50), created_at timestamptz, assigned_at timestamp, completed_at timestamptz,
            error_message jsonb, estimated_duration numeric, actual_duration double precision
        );
        INSERT INTO tasks VALUES
            ('8B9C0E2A-5D1F-4B57-9A53-0C6B8F1D2E3F', NULL, '{{a,"b, c"}}', 'x', 2, 'running', E'a\\nb: 100 % ',
                '2025-06-15 17:06:40+02', '2025-06-15 15:06:40.123456', NULL, '{{"name": "{CANARY[:3]}"}}', 90, 'NaN'),
            ('00000000-0000-0000-0000-000000000002', NULL, NULL, 'y', 0.5, 'completed', 'never ends',
                '-infinity', 'infinity', NULL, '[1, 2]', 'NaN', 30),
            ('00000000-0000-0000-0000-000000000003', NULL, NULL, 'y', NULL, NULL, 'old',
                '0044-03-15 12:00:00 BC', NULL, NULL, NULL, NULL, NULL);
        """,
    )
    told = read(empty)
    assert told.state.missing == ("queue: no table task_queue", "configuration: no table system_config")
    tasks = {task.title: task for task in told.tasks}
    assert set(tasks) == {"a b: 100 %", "never ends", "old"}
    first = tasks["a b: 100 %"]
    assert first.id == "8b9c0e2a-5d1f-4b57-9a53-0c6b8f1d2e3f"
    assert (first.status, first.system_status, first.priority) == ("IN_PROGRESS", "running", "HIGH")
    assert (first.created_at, first.updated_at) == (1_750_000_000_000, 1_750_000_000_123)
    assert (first.estimated_hours, first.actual_hours) == (1.5, None)
    assert (tasks["never ends"].created_at, tasks["never ends"].estimated_hours) == (None, None)
    assert tasks["old"].created_at is None


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("SELECT '50 % of it' AS v", "50 % of it"),
        ("SELECT 'a:limit' AS v WHERE 'x' LIKE '%'", "a:limit"),
        ("SELECT to_char(timestamp '2025-06-15 15:06:40', 'HH24:MI:\"limit\"') AS v", "15:06:limit"),
        ("SELECT E'it\\'s :limit' AS v", "it's :limit"),
        ("SELECT $q$ :limit $q$ AS v -- :limit's", " :limit "),
        ("SELECT '7'::int % 4 AS v /* :limit */", 3),
        ("SELECT (ARRAY[1, 2, 3])[2:3] AS v", [2, 3]),
        ('SELECT x.":limit" AS v FROM (SELECT 1 AS ":limit") AS x', 1),
        ("SELECT CAST(:limit AS int) AS v", 7),
    ],
)
def test_percent_signs_and_colons_mean_what_they_mean_in_sql(rows: str, query: str, given: object) -> None:
    with engine(rows) as opened, opened.look() as look:
        assert look.rows(query, {"limit": 7}) == [{"v": given}]


def test_of_tables_of_one_name_that_of_the_first_schema_on_the_search_path_is_read(empty: str) -> None:
    run_script(
        empty,
        f"""{EVENT.format("of ours")} CREATE SCHEMA theirs; CREATE SCHEMA hidden;
        CREATE TABLE theirs.system_events (id int, event_type text, wholly text, others text);
        CREATE TABLE hidden.tasks (node_key text);""",
    )
    told = read(empty)
    assert texts(told) == ["of ours"]
    assert told.state.missing == ()
    first = read(f"{empty}&options=-c%20search_path%3Dtheirs,public")
    assert first.events == ()
    assert first.state.missing == ("events: no column message in system_events",)
    assert first.state.counts["agents"] == 0


def test_a_value_that_an_error_quotes_is_not_told(empty: str) -> None:
    with engine(empty) as opened, opened.look() as look, pytest.raises(QueryError) as told:
        look.rows(f"SELECT CAST('{CANARY}' AS int) AS v", {})
    assert str(told.value) == "invalid input syntax for type integer."


def test_a_migration_in_the_midst_changes_a_columns_type_and_is_read_on(empty: str) -> None:
    with closing(SystemReader("dash", empty)) as reader:
        for look in range(6):  # often enough for a statement to be remembered by the server
            run_script(empty, EVENT.format(look))
            reader.poll(NOW + look)
        run_script(empty, "ALTER TABLE system_events ALTER COLUMN id TYPE int")
        run_script(empty, EVENT.format("after"))
        assert texts(reader.poll(NOW + 10))[-1] == "after"
        assert reader.report() == ("ok", "")
