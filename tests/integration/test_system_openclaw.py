"""The OpenClaw PM dashboard (seed 003): its documented tables in SQLite and PostgreSQL, and the four of its code."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from postgres_server import fresh_database
from system_readings import comparable

from monitor.model import Task
from monitor.model.systems import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
CANARY = "canary-7f3a"
SCHEMAS = sql_folder() / "systems/openclaw"


def _id(name: str) -> str:
    """An id as PostgreSQL writes it."""
    return f"00000000-0000-4000-8000-{name.encode().hex():0>12}"


def _hex(name: str) -> str:
    """The same id as the documents' SQLite writes it (X3-02)."""
    return _id(name).replace("-", "").upper()


# «name» stands for an id.
ROWS = """
INSERT INTO users (id, email, username, full_name, tailscale_user, tailscale_node_key, preferences)
VALUES («u1», 'canary-7f3a@x', 'canary-7f3a', 'canary-7f3a', 'canary-7f3a', 'canary-7f3a', '{"k": "canary-7f3a"}');
INSERT INTO teams (id, name, description, team_lead_id) VALUES («g1», 'Shop', 'canary-7f3a', «u1»);
INSERT INTO team_members (team_id, user_id, role) VALUES («g1», «u1», 'lead');
INSERT INTO projects (id, name, status, priority, owner_id, team_id, start_date, end_date, budget, actual_cost,
    progress, gsd_compliant, updated_at, deleted_at)
VALUES («p1», 'Launch', 'active', 'critical', «u1», «g1», '2025-06-01', '2025-07-01', 1000.50, 20, 10, 1,
        '2025-06-15 14:00:00+00:00', NULL),
    («p2», 'Gone', 'planning', 'low', «u1», NULL, NULL, NULL, NULL, 0, 0, 0, '2025-06-15 14:00:00+00:00',
        '2025-06-15 14:00:00+00:00'),
    («p3», 'Empty', 'archived', 'medium', «u1», NULL, NULL, NULL, NULL, 0, 100, 0, '2025-06-15 13:00:00+00:00', NULL);
INSERT INTO tasks (id, project_id, parent_task_id, title, description, status, priority, assignee_id, creator_id,
    estimated_hours, actual_hours, deadline, progress, order_index, updated_at, deleted_at)
VALUES («t1», «p1», NULL, 'Cart', 'Totals', 'completed', 'high', «u1», «u1», 2.5, 3, '2025-06-20 00:00:00+00:00',
        100, 1, '2025-06-15 15:00:00+00:00', NULL),
    («t2», «p1», «t1», 'Tax', NULL, 'on_hold', 'medium', NULL, «u1», NULL, 0, NULL, 20, 2, '2025-06-15 15:01:00+00:00',
        NULL),
    («t3», «p1», NULL, 'Docs', NULL, 'blocked', 'low', NULL, «u1», NULL, 0, NULL, 0, 3, '2025-06-15 15:02:00+00:00',
        NULL),
    («t4», «p1», NULL, 'Deleted', NULL, 'in_progress', 'critical', NULL, «u1», NULL, 0, NULL, 90, 4,
        '2025-06-15 15:03:00+00:00', '2025-06-15 15:03:00+00:00');
INSERT INTO task_dependencies (id, task_id, depends_on_id, dependency_type, lag_hours)
VALUES («d1», «t2», «t1», 'finish_to_start', 4.5), («d2», «t3», «t2», 'start_to_start', 0);
INSERT INTO comments (commentable_type, commentable_id, author_id, content, deleted_at)
VALUES ('task', «t1», «u1», 'canary-7f3a', NULL), ('task', «t1», «u1», 'canary-7f3a', NULL),
    ('task', «t1», «u1», 'canary-7f3a', '2025-06-15 15:03:00+00:00'), ('project', «p1», «u1», 'canary-7f3a', NULL);
INSERT INTO attachments (attachable_type, attachable_id, filename, original_filename, file_path, uploaded_by_id)
VALUES ('task', «t1», 'canary-7f3a', 'canary-7f3a', '/canary-7f3a', «u1»);
INSERT INTO agents (id, name, type, status, version, config, capabilities, tailscale_node, tailscale_ip, last_heartbeat,
    updated_at)
VALUES («a1», 'planner', 'planning', 'busy', '2.1', '{"token": "canary-7f3a"}', «skills», 'canary-7f3a', '100.99.98.97',
        '2025-06-15 15:06:40+00:00', '2025-06-15 15:00:00+00:00'),
    («a2», 'talker', 'communication', 'paused', '1.0', '{}', «none», NULL, NULL, NULL, '2025-06-15 12:00:00+00:00'),
    («a3», 'sleeper', 'resource', 'inactive', '1.0', '{}', «none», NULL, NULL, NULL, '2025-06-15 12:00:00+00:00');
INSERT INTO agent_tasks (id, agent_id, task_type, status, priority, payload, result, error_message, retry_count,
    created_at, started_at, completed_at, expires_at)
VALUES («q1», «a1», 'plan_week', 'running', 3, '{"p": "canary-7f3a"}', NULL, NULL, 0, '2025-06-15 15:00:00+00:00',
        '2025-06-15 15:01:00+00:00', NULL, '2025-06-15 15:02:00+00:00'),
    («q2», «a1», 'plan_day', 'pending', 0, '{}', NULL, NULL, 0, '2025-06-15 15:00:00+00:00', NULL, NULL, NULL),
    («q3», «a2», 'notify', 'failed', 1, '{}', '{"r": "canary-7f3a"}', 'no route', 3, '2025-06-15 14:00:00+00:00',
        '2025-06-15 14:01:00+00:00', '2025-06-15 14:02:00+00:00', NULL),
    («q4», «a2», 'notify', 'expired', 2, '{}', NULL, NULL, 0, '2025-06-15 14:00:00+00:00', NULL, NULL,
        '2025-06-15 14:10:00+00:00');
INSERT INTO events (id, event_type, aggregate_type, aggregate_id, event_data, metadata, version, created_at,
    created_by_id, created_by_agent_id)
VALUES («e1», 'task_created', 'task', «t1», '{"x": "canary-7f3a"}', '{"x": "canary-7f3a"}', 1,
        '2025-06-15 14:00:00+00:00', «u1», NULL),
    («e2», 'task_moved', 'task', «t1», '{}', '{}', 2, '2025-06-15 14:10:00+00:00', NULL, «a1»),
    («e3», 'task_moved', 'task', «t1», '{}', '{}', 3, '2025-06-15 14:20:00+00:00', NULL, «a1»);
INSERT INTO event_snapshots (aggregate_type, aggregate_id, version, snapshot_data, created_at)
VALUES ('task', «t1», 1, '{"x": "canary-7f3a"}', '2025-06-15 14:01:00+00:00'),
    ('task', «t1», 2, '{"x": "canary-7f3a"}', '2025-06-15 14:11:00+00:00');
"""


def _rows(*, postgres: bool = False) -> str:
    lists = ROWS.replace("«skills»", "'{split,estimate}'" if postgres else """'["split", "estimate"]'""")
    lists = lists.replace("«none»", "'{}'" if postgres else "'[]'")
    return re.sub(r"«(\w+)»", lambda named: f"'{_id(named[1])}'", lists)


def _sqlite(path: Path, schema: str, rows: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((SCHEMAS / schema).read_text())
        db.executescript(rows)
    return str(path)


def _read(url: str) -> SystemReading:
    reader = SystemReader("claw", url)
    reading = reader.poll(NOW)
    assert reading is not None
    assert reader.report() == ("ok", "")
    reader.close()
    return reading


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> SystemReading:
    folder = tmp_path_factory.mktemp("openclaw")
    _sqlite(folder / "data/dev/pm-dashboard-dev.sqlite", "schema.sqlite.sql", _rows())
    return _read(str(folder))  # the project's folder: its usual file is found


def _by_title(reading: SystemReading) -> dict[str, Task]:
    return {task.title: task for task in reading.tasks}


def test_it_is_known_by_its_tables_and_every_part_is_counted(reading: SystemReading) -> None:
    state = reading.state
    assert (state.kind, state.engine, state.missing) == (
        "openclaw",
        "sqlite",
        ("messages: no table communications",),
    )
    wanted = {
        "agents": 3,
        "tasks": 3,
        "queue": 4,
        "events": 3,
        "projects": 2,
        "dependencies": 2,
        "documents": 1,
    }
    assert wanted.items() <= state.counts.items()
    assert state.depths == {"planner": 2}


def test_a_projects_progress_is_computed_from_its_tasks_without_deleted_ones(reading: SystemReading) -> None:
    launch, empty = reading.projects
    assert (launch.name, launch.status, launch.priority) == ("Launch", "active", "critical")
    assert (launch.tasks, launch.tasks_done, launch.average_progress, launch.progress) == (3, 1, 40, 10)
    assert (launch.starts_at, launch.ends_at) == (1_748_736_000_000, 1_751_328_000_000)
    assert (launch.budget, launch.cost) == (1000.5, 20)
    assert (launch.extra["team"], launch.extra["members"], launch.extra["comments"]) == ("Shop", "1", "1")
    assert (empty.name, empty.tasks, empty.tasks_done, empty.average_progress) == ("Empty", 0, 0, None)


def test_deleted_projects_and_tasks_are_left_out(reading: SystemReading) -> None:
    assert "Gone" not in repr(reading)
    assert "Deleted" not in repr(reading)


def test_tasks_have_our_words_beside_their_own(reading: SystemReading) -> None:
    told = {
        title: (task.status, task.system_status, task.priority) for title, task in _by_title(reading).items()
    }
    assert told == {
        "Cart": ("DONE", "completed", "HIGH"),
        "Tax": ("BLOCKED", "on_hold", "MEDIUM"),
        "Docs": ("BLOCKED", "blocked", "LOW"),
    }


def test_a_task_tells_its_place_deadline_hours_and_comments(reading: SystemReading) -> None:
    cart, tax = _by_title(reading)["Cart"], _by_title(reading)["Tax"]
    assert (cart.estimated_hours, cart.actual_hours, cart.comments) == (2.5, 3, 2)
    assert (cart.extra["deadline"], cart.extra["order"], cart.extra["attachments"]) == (
        "2025-06-20 00:00:00+00:00",
        "1",
        "1",
    )
    assert (tax.extra["parent"], tax.extra["project"]) == (_id("t1"), _id("p1"))
    assert tax.updated_at == 1_749_999_660_000


def test_only_finish_to_start_blocks_and_a_lag_is_told(reading: SystemReading) -> None:
    tasks = _by_title(reading)
    assert tasks["Tax"].dependencies == (_id("t1"),)
    assert tasks["Tax"].extra["related"] == f"finish_to_start {_id('t1')} (+4.5 h)"
    assert tasks["Docs"].dependencies == ()
    assert tasks["Docs"].extra["related"] == f"start_to_start {_id('t2')}"


def test_agents_tell_their_heartbeat_and_what_they_have_to_do(reading: SystemReading) -> None:
    planner, sleeper, talker = sorted(reading.agents, key=lambda agent: agent.name)
    assert (planner.status, planner.system_status, planner.role) == ("active", "busy", "planning")
    assert (planner.heartbeat_at, planner.capabilities) == (1_750_000_000_000, ("split", "estimate"))
    assert (planner.current_task, planner.workload, planner.extra["version"]) == ("plan_week", 2, "2.1")
    assert (talker.status, talker.system_status, talker.errors, talker.heartbeat_at) == (
        "idle",
        "paused",
        1,
        None,
    )
    assert (sleeper.status, sleeper.system_status) == ("offline", "inactive")


def test_the_queue_runs_from_low_to_critical_and_tells_retries_and_expiry(reading: SystemReading) -> None:
    told = {item.id: item for item in reading.queue}
    week, day, failed, expired = (told[_id(name)] for name in ("q1", "q2", "q3", "q4"))
    assert [item.priority for item in (week, day, failed, expired)] == ["critical", "low", "medium", "high"]
    assert (week.status, week.queue, week.agent_id) == ("running", "planner", _id("a1"))
    assert (week.expires_at, week.extra["type"]) == (1_749_999_720_000, "plan_week")
    assert (day.status, day.attempts, day.max_attempts) == ("pending", 0, 3)
    assert (failed.status, failed.error, failed.attempts) == ("failed", "no route", 3)
    assert (expired.status, expired.system_status) == ("expired", "expired")


def test_events_tell_what_happened_to_what_by_whom_and_never_their_data(reading: SystemReading) -> None:
    assert [(event.kind, event.source, event.text, event.resolved) for event in reading.events] == [
        ("task_moved", "planner", f"task {_id('t1')}, version 3", None),
        ("task_moved", "planner", f"task {_id('t1')}, version 2", None),
        ("task_created", f"user {_id('u1')}", f"task {_id('t1')}, version 1", None),
    ]


def test_a_snapshot_is_a_version_and_a_number_of_later_events(reading: SystemReading) -> None:
    (snapshot,) = reading.items
    assert (snapshot.kind, snapshot.title, snapshot.version) == ("snapshot", f"task {_id('t1')}", "2")
    assert (snapshot.extra["snapshots"], snapshot.extra["events since"]) == ("2", "1")


def test_secrets_nodes_payloads_and_contents_are_in_no_record(reading: SystemReading) -> None:
    assert CANARY not in repr(reading)
    assert "100.99.98.97" not in repr(reading)


def test_ids_with_and_without_dashes_are_the_same_ids(tmp_path: Path) -> None:
    rows = _rows()
    for table in ("users", "projects", "tasks"):  # these have 32 digits, what refers to them has UUIDs
        rows += f"UPDATE {table} SET id = upper(replace(id, '-', ''));"
    rows += "UPDATE tasks SET project_id = upper(replace(project_id, '-', ''));"
    reading = _read(_sqlite(tmp_path / "claw.sqlite", "schema.sqlite.sql", rows))
    tasks = _by_title(reading)
    assert tasks["Cart"].id == _hex("t1")
    assert tasks["Tax"].dependencies == (_hex("t1"),)
    assert tasks["Cart"].comments == 2
    launch = reading.projects[0]
    assert (launch.tasks, launch.extra["team"], launch.extra["comments"]) == (3, "Shop", "1")


@pytest.mark.parametrize(
    ("at", "word", "other"),
    [("2025-06-15T15:07:00Z", "error", "busy"), ("2025-06-15T15:06:00Z", "busy", "error")],
    ids=["newer", "older"],
)
def test_of_two_words_about_an_agent_in_one_place_the_newer_counts_and_both_are_told(
    tmp_path: Path, at: str, word: str, other: str
) -> None:
    rows = (
        _rows()
        + f"""
    CREATE TABLE agents_state (agentId, "state.status", lastUpdated);
    INSERT INTO agents_state VALUES ('{_hex("a1")}', 'error', '{at}');"""
    )
    reading = _read(_sqlite(tmp_path / "claw.sqlite", "schema.sqlite.sql", rows))
    planner = next(agent for agent in reading.agents if agent.name == "planner")
    assert (planner.system_status, planner.extra["other status"]) == (word, other)


def test_postgresql_gives_the_same_reading_as_sqlite(reading: SystemReading) -> None:
    url = fresh_database((SCHEMAS / "schema.postgres.sql").read_text())
    with psycopg.connect(url) as db:
        db.execute(_rows(postgres=True).encode())
    told = _read(url)
    assert (told.state.kind, told.state.engine) == ("openclaw", "postgres")
    assert (told.state.counts, told.state.tallies, told.state.depths) == (
        reading.state.counts,
        reading.state.tallies,
        reading.state.depths,
    )
    assert _with_plain_numbers(told) == _with_plain_numbers(reading)
    assert CANARY not in repr(told)


def _with_plain_numbers(reading: SystemReading) -> object:
    """A number that is only told is `20` of one engine and `20.0` of the other."""
    records = comparable(reading)
    for record in (record for part in records.values() for record in part if "extra" in record):
        record["extra"] = {key: re.sub(r"\.0\Z", "", text) for key, text in record["extra"].items()}
    return records


REAL_ROWS = """
INSERT INTO agents (id, name, type, status, capabilities, current_task, socket_id, last_activity, tasks_completed,
    success_rate, error_count)
VALUES ('a1', 'builder', 'backend', 'busy', '["sql"]', 't1', 'canary-7f3a', '2025-06-15T15:06:40.000Z', 7, 0.875, 1),
    ('a2', 'painter', 'design', 'idle', '[]', '{"title": "canary-7f3a"}', 'canary-7f3a', '2025-06-15T14:00:00.000Z',
        0, 0, 0);
INSERT INTO projects (id, name, status, priority, assigned_agents, tasks, progress, due_date, metadata)
VALUES ('p1', 'Launch', 'active', 'urgent', '["a1", "a2"]', '["t1"]', 12.5, '2025-07-01', '{"x": "canary-7f3a"}');
INSERT INTO tasks (id, project_id, title, status, priority, assigned_agent_id, dependencies, due_date, metadata)
VALUES ('t1', 'p1', 'Cart', 'in_progress', 'urgent', 'a1', '["t2"]', '2025-06-20', '{"x": "canary-7f3a"}'),
    ('t2', 'p1', 'Tax', 'failed', 'low', NULL, '[]', NULL, NULL),
    ('t3', 'p1', 'Docs', 'completed', 'medium', 'a2', NULL, NULL, NULL);
INSERT INTO communications (id, from_agent_id, to_agent_id, type, message, metadata, timestamp, read, task_id)
VALUES ('m1', 'a1', 'a2', 'request', 'Which blue?', '{"x": "canary-7f3a"}', '2025-06-15T15:00:00.000Z', 0, 't1'),
    ('m2', 'a2', 'a1', 'reply', 'The dark one', NULL, '2025-06-15T15:01:00.000Z', 1, 't1');
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> SystemReading:
    folder = tmp_path_factory.mktemp("real")
    _sqlite(folder / "backend/data/openclaw-pm.db", "schema.real.sqlite.sql", REAL_ROWS)
    return _read(str(folder))


def test_the_real_four_tables_are_known_too_and_what_they_lack_is_told(real: SystemReading) -> None:
    assert real.state.kind == "openclaw"
    told = {problem.partition(":")[0] for problem in real.state.missing}
    assert told == {"dependencies", "queue", "events", "documents"}


def test_a_real_agents_last_activity_is_its_heartbeat(real: SystemReading) -> None:
    builder, painter = sorted(real.agents, key=lambda agent: agent.id)
    assert (builder.status, builder.role, builder.heartbeat_at) == ("active", "backend", 1_750_000_000_000)
    assert (builder.tasks_done, builder.success_rate, builder.errors) == (7, 0.875, 1)
    assert (builder.current_task, builder.capabilities) == ("t1", ("sql",))
    assert (painter.status, painter.system_status, painter.current_task) == ("idle", "idle", "")
    assert real.state.heartbeat_seconds == 300


def test_the_real_vocabulary_means_the_same_things(real: SystemReading) -> None:
    tasks = {task.id: task for task in real.tasks}
    assert {name: (task.status, task.priority) for name, task in tasks.items()} == {
        "t1": ("IN_PROGRESS", "CRITICAL"),
        "t2": ("FAILED", "LOW"),
        "t3": ("DONE", "MEDIUM"),
    }
    assert (tasks["t1"].dependencies, tasks["t1"].assigned_to) == (("t2",), "a1")
    (project,) = real.projects
    assert (project.priority, project.tasks, project.tasks_done, project.progress) == ("critical", 3, 1, 12.5)
    assert project.average_progress is None


def test_real_agents_messages_have_names_and_tell_whether_they_were_read(real: SystemReading) -> None:
    assert [(one.sender, one.receiver, one.text, one.is_read, one.task_id) for one in real.messages] == [
        ("painter", "builder", "The dark one", True, "t1"),
        ("builder", "painter", "Which blue?", False, "t1"),
    ]


def test_sockets_metadata_and_whole_tasks_are_in_no_record_of_the_real_one(real: SystemReading) -> None:
    assert CANARY not in repr(real)
