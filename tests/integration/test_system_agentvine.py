"""AgentVine (seed 002): its documented tables in SQLite and PostgreSQL, and the six that its code makes."""

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
SCHEMAS = sql_folder() / "systems/agentvine"


def _id(name: str) -> str:
    """An id that SQLite and PostgreSQL write alike."""
    return f"{name.encode().hex():0>32}"[:8] + "-0000-4000-8000-" + f"{name.encode().hex():0>12}"[-12:]


# «name» stands for an id.
ROWS = """
INSERT INTO users (id, username, email, hashed_password, full_name, role, settings)
VALUES («u1», 'canary-7f3a', 'canary-7f3a@x', 'canary-7f3a', 'canary-7f3a', 'admin', '{"token": "canary-7f3a"}');
INSERT INTO workers (id, name, worker_type, status, version, max_concurrent_tasks, timeout_seconds, config,
    capabilities, last_heartbeat_at, updated_at)
VALUES («w1», 'Ada', 'feature', 'busy', '1.2', 2, 1800, '{"api_key": "canary-7f3a"}', '["python", "Docs", 7]',
        '2025-06-15 15:00:00+00:00', '2025-06-15 14:00:00+00:00'),
    («w2», 'Bob', 'test', 'idle', NULL, 1, 3600, '{}', '[]', NULL, '2025-06-15 13:00:00+00:00'),
    («w3», 'Cy', 'docs', 'error', NULL, 1, 3600, '{}', '{"not": "a list"}', NULL, '2025-06-15 12:00:00+00:00');
INSERT INTO worker_capabilities (worker_id, capability_name, capability_level, metadata)
VALUES («w1», 'Python', 'expert', '{"x": "canary-7f3a"}'), («w1», 'FastAPI', NULL, '{}');
INSERT INTO tasks (id, title, description, task_type, permission_level, priority, status, repository_url, branch_name,
    issue_number, pr_number, context, metadata, created_by, assigned_to, parent_task_id, updated_at, started_at)
VALUES («t1», 'Cart', 'Totals', 'feature', 'supervised', 'critical', 'in_progress', 'https://git.example/shop', 'cart',
        12, 34, '{"prompt": "canary-7f3a"}', '{"x": "canary-7f3a"}', «u1», «w1», NULL, '2025-06-15 15:06:40+00:00',
        '2025-06-15 15:00:00+00:00'),
    («t2», 'Tests', NULL, 'test', 'autonomous', 'normal', 'blocked', 'https://canary-7f3a@git.example/shop', NULL,
        NULL, NULL, '{}', '{}', NULL, NULL, «t1», '2025-06-15 15:05:00+00:00', NULL),
    («t3», 'Docs', NULL, 'docs', 'human_required', 'low', 'cancelled', 'https://git.example/?t=canary-7f3a', NULL,
        NULL, NULL, '{}', '{}', NULL, «w2», NULL, '2025-06-15 15:04:00+00:00', NULL),
    («t4», 'Checkout', NULL, 'feature', 'autonomous', 'high', 'queued', NULL, NULL, NULL, NULL, '{}', '{}', NULL, NULL,
        NULL, '2025-06-15 15:03:00+00:00', NULL);
INSERT INTO task_dependencies (id, task_id, depends_on_task_id, dependency_type)
VALUES («d1», «t2», «t1», 'blocks'), («d2», «t3», «t1», 'duplicate');
INSERT INTO work_orders (id, task_id, queue_name, status, payload, result, error_message, retry_count, max_retries,
    timeout_seconds, enqueued_at, claimed_at, completed_at, expires_at)
VALUES («o1», «t1», 'high_priority', 'claimed', '{"prompt": "canary-7f3a"}', NULL, NULL, 1, 3, 900,
        '2025-06-15 14:58:00+00:00', '2025-06-15 15:00:00+00:00', NULL, '2025-06-15 16:00:00+00:00'),
    («o2», «t4», 'default', 'pending', '{}', NULL, NULL, 0, 3, 3600, '2025-06-15 14:00:00+00:00', NULL, NULL,
        '2025-06-15 15:00:00+00:00'),
    («o3», «t2», 'default', 'failed', '{}', '{"r": "canary-7f3a"}', 'no tests', 3, 3, 3600,
        '2025-06-15 13:00:00+00:00', '2025-06-15 13:10:00+00:00', '2025-06-15 13:20:00+00:00', NULL),
    («o4», «t3», 'default', 'expired', '{}', NULL, NULL, 0, 3, 3600, '2025-06-15 12:00:00+00:00', NULL, NULL,
        '2025-06-15 12:30:00+00:00');
INSERT INTO worker_assignments (id, worker_id, work_order_id, status, assigned_at, completed_at)
VALUES («a1», «w1», «o1», 'active', '2025-06-15 15:00:00+00:00', NULL),
    («a2», «w2», «o3», 'timeout', '2025-06-15 13:10:00+00:00', '2025-06-15 13:20:00+00:00');
INSERT INTO executions (id, task_id, worker_id, status, exit_code, stdout_log, stderr_log, metrics, started_at,
    completed_at, duration_seconds)
VALUES («e1», «t1», «w1», 'running', NULL, 'canary-7f3a', 'canary-7f3a', '{"x": "canary-7f3a"}',
        '2025-06-15 15:00:00+00:00', NULL, NULL),
    («e2», «t2», «w1», 'timeout', -9, NULL, NULL, '{}', '2025-06-15 13:10:00+00:00', '2025-06-15 13:20:00+00:00', 600),
    («e3», «t3», «w1», 'completed', 0, NULL, NULL, '{}', '2025-06-15 12:10:00+00:00', '2025-06-15 12:10:30+00:00', 30);
INSERT INTO execution_logs (execution_id, level, message, metadata, logged_at)
VALUES («e1», 'WARNING', 'careful', '{"x": "canary-7f3a"}', '2025-06-15 15:00:01+00:00'),
    («e1», 'CRITICAL', 'dead', '{}', '2025-06-15 15:00:02+00:00');
INSERT INTO chat_messages (id, conversation_id, sender_type, sender_id, message, message_type, metadata,
    parent_message_id, created_at)
VALUES («m1», «c1», 'worker', «w1», 'Which tax?', 'question', '{"x": "canary-7f3a"}', NULL,
        '2025-06-15 15:00:00+00:00'),
    («m2», «c1», 'worker', «w1», 'Which currency?', 'question', '{}', NULL, '2025-06-15 14:00:00+00:00'),
    («m3», «c1», 'user', «u1», 'Euro', 'response', '{}', «m2», '2025-06-15 14:05:00+00:00'),
    («m4», «c1», 'user', «u1», 'How far are you?', 'question', '{}', NULL, '2025-06-15 14:06:00+00:00'),
    («m5», «c1», 'controller', NULL, 'Go on', 'text', '{}', NULL, '2025-06-15 14:07:00+00:00');
INSERT INTO chat_attachments (message_id, file_name, file_path, metadata)
VALUES («m3», 'canary-7f3a', '/canary-7f3a', '{"x": "canary-7f3a"}'), («m3», 'canary-7f3a', '/canary-7f3a', '{}');
INSERT INTO context_documents (id, title, document_type, content, repository_url, tags, metadata, updated_at, version)
VALUES («x1», 'Prices', 'specification', 'canary-7f3a', 'https://git.example/shop', «tags», '{"x": "canary-7f3a"}',
    '2025-06-15 15:00:00+00:00', 4);
"""


def _rows(tags: str) -> str:
    return re.sub(r"«(\w+)»", lambda named: f"'{_id(named[1])}'", ROWS.replace("«tags»", tags))


def _sqlite(path: Path, schema: str, rows: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((SCHEMAS / schema).read_text())
        db.executescript(rows)
    return path


def _read(url: str) -> SystemReading:
    reader = SystemReader("vine", url)
    reading = reader.poll(NOW)
    assert reading is not None
    assert reader.report() == ("ok", "")
    reader.close()
    return reading


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> SystemReading:
    folder = tmp_path_factory.mktemp("agentvine")
    return _read(str(_sqlite(folder / "agentvine.db", "schema.sqlite.sql", _rows("""'["tax", "money"]'"""))))


def test_it_is_known_by_its_tables_and_every_part_is_counted(reading: SystemReading) -> None:
    state = reading.state
    assert (state.kind, state.engine, state.missing) == ("agentvine", "sqlite", ())
    assert state.counts == {
        "agents": 3,
        "tasks": 4,
        "dependencies": 2,
        "queue": 4,
        "executions": 3,
        "assignments": 2,
        "logs": 2,
        "messages": 5,
        "documents": 1,
        "workflows": 0,
        "events": 0,
    }
    assert state.depths == {"high_priority": 1, "default": 1}
    assert state.tallies["queue"] == {"claimed": 1, "pending": 1, "failed": 1, "expired": 1}


def test_a_worker_tells_its_heartbeat_limits_and_what_it_holds(reading: SystemReading) -> None:
    ada, bob, cy = sorted(reading.agents, key=lambda agent: agent.name)
    assert (ada.id, ada.kind, ada.role) == (_id("w1"), "claude-code", "feature")
    assert (ada.status, ada.system_status) == ("active", "busy")
    assert ada.heartbeat_at == 1_749_999_600_000
    assert (ada.current_task, ada.workload, ada.capacity) == (_id("t1"), 1, 2)
    assert (ada.timeout_seconds, ada.context_size) == (1800, 200_000)
    assert (ada.tasks_done, ada.errors) == (1, 1)
    assert ada.extra["version"] == "1.2"
    assert (bob.status, bob.heartbeat_at, bob.current_task, bob.workload) == ("idle", None, "", 0)
    assert (cy.status, cy.system_status) == ("error", "error")


def test_capabilities_of_the_column_and_of_the_table_are_one_list(reading: SystemReading) -> None:
    ada, _, cy = sorted(reading.agents, key=lambda agent: agent.name)
    assert set(ada.capabilities) == {"Python (expert)", "FastAPI", "Docs"}
    assert len(ada.capabilities) == 3
    assert cy.capabilities == ()


def test_a_worker_is_silent_for_as_long_as_a_task_may_take_before_it_counts_as_lost(
    reading: SystemReading,
) -> None:
    assert reading.state.heartbeat_seconds == 3660
    assert reading.state.timeout_seconds == 3600


def _by_title(reading: SystemReading) -> dict[str, Task]:
    return {task.title: task for task in reading.tasks}


def test_tasks_have_our_words_beside_their_own(reading: SystemReading) -> None:
    told = {title: (task.status, task.system_status) for title, task in _by_title(reading).items()}
    assert told == {
        "Cart": ("IN_PROGRESS", "in_progress"),
        "Tests": ("BLOCKED", "blocked"),
        "Docs": ("CANCELLED", "cancelled"),
        "Checkout": ("TODO", "queued"),
    }
    assert {title: task.priority for title, task in _by_title(reading).items()} == {
        "Cart": "CRITICAL",
        "Tests": "MEDIUM",
        "Docs": "LOW",
        "Checkout": "HIGH",
    }


def test_a_task_tells_its_branch_issue_and_pull_request(reading: SystemReading) -> None:
    cart = _by_title(reading)["Cart"]
    assert (cart.description, cart.assigned_to, cart.system) == ("Totals", _id("w1"), "vine")
    assert cart.extra == {
        "type": "feature",
        "permission": "supervised",
        "branch": "cart",
        "repository": "https://git.example/shop",
        "issue": "12",
        "pull request": "34",
        "started": cart.extra["started"],
    }


def test_an_address_that_may_hold_a_token_is_not_read(reading: SystemReading) -> None:
    tasks = _by_title(reading)
    assert "repository" not in tasks["Tests"].extra
    assert "repository" not in tasks["Docs"].extra


def test_only_blocking_dependencies_keep_a_task_waiting(reading: SystemReading) -> None:
    tasks = _by_title(reading)
    assert tasks["Tests"].dependencies == (_id("t1"),)
    assert tasks["Tests"].extra["parent"] == _id("t1")
    assert tasks["Docs"].dependencies == ()
    assert tasks["Docs"].extra["related"] == f"duplicate {_id('t1')}"


def test_where_task_and_assignment_name_two_workers_the_tasks_word_counts_and_both_are_told(
    tmp_path: Path,
) -> None:
    rows = _rows("'[]'") + f"UPDATE tasks SET assigned_to = '{_id('w2')}' WHERE title = 'Cart';"
    rows += f"UPDATE work_orders SET task_id = '{_id('t4')}' WHERE id = '{_id('o3')}';"
    rows += "UPDATE worker_assignments SET status = 'active';"
    tasks = _by_title(_read(str(_sqlite(tmp_path / "vine.db", "schema.sqlite.sql", rows))))
    assert (tasks["Cart"].assigned_to, tasks["Cart"].extra["assignment"]) == (_id("w2"), _id("w1"))
    assert tasks["Checkout"].assigned_to == _id("w2")
    assert "assignment" not in tasks["Checkout"].extra


def test_an_order_tells_its_queue_retries_and_expiry(reading: SystemReading) -> None:
    orders = {order.id: order for order in reading.queue}
    claimed, pending, failed, expired = (orders[_id(name)] for name in ("o1", "o2", "o3", "o4"))
    assert (claimed.status, claimed.system_status, claimed.queue) == ("running", "claimed", "high_priority")
    assert (claimed.task_id, claimed.agent_id, claimed.priority) == (_id("t1"), _id("w1"), "critical")
    assert (claimed.attempts, claimed.max_attempts, claimed.timeout_seconds) == (1, 3, 900)
    assert (claimed.enqueued_at, claimed.claimed_at) == (1_749_999_480_000, 1_749_999_600_000)
    assert (pending.status, pending.expires_at, pending.agent_id) == ("pending", 1_749_999_600_000, "")
    assert (failed.status, failed.error, failed.agent_id) == ("failed", "no tests", _id("w2"))
    assert (expired.status, expired.system_status) == ("expired", "expired")


def test_an_assignment_leads_through_its_order_to_the_task(reading: SystemReading) -> None:
    active, timeout = sorted(reading.assignments, key=lambda one: one.system_status)
    assert (active.status, active.agent_id, active.task_id) == ("running", _id("w1"), _id("t1"))
    assert (active.assigned_at, active.extra["order"]) == (1_749_999_600_000, _id("o1"))
    assert (timeout.status, timeout.system_status, timeout.task_id) == ("timeout", "timeout", _id("t2"))
    assert timeout.agent_kind == "test"


def test_an_execution_tells_how_it_ended_and_how_long_it_took(reading: SystemReading) -> None:
    runs = {run.id: run for run in reading.executions}
    running, killed, done = (runs[_id(name)] for name in ("e1", "e2", "e3"))
    assert (running.status, running.name, running.timeout_seconds) == ("running", "Cart", 1800)
    assert (killed.status, killed.exit_code, killed.duration_seconds) == ("timeout", -9, 600)
    assert (done.status, done.system_status, done.exit_code) == ("done", "completed", 0)


def test_log_lines_have_a_level_of_ours(reading: SystemReading) -> None:
    assert [(line.level, line.system_level, line.subject, line.text) for line in reading.logs] == [
        ("critical", "CRITICAL", _id("e1"), "dead"),
        ("warning", "WARNING", _id("e1"), "careful"),
    ]


def test_a_workers_question_without_an_answer_waits_and_nobody_elses_does(reading: SystemReading) -> None:
    assert [message.text for message in reading.messages if message.is_question] == ["Which tax?"]
    first = reading.messages[0]
    assert (first.sender, first.sender_kind, first.kind) == ("Ada", "worker", "question")
    assert (first.conversation, first.at) == (_id("c1"), 1_749_999_600_000)


def test_an_answer_has_its_place_in_the_thread_and_the_number_of_its_attachments(
    reading: SystemReading,
) -> None:
    told = {message.text: message for message in reading.messages}
    assert (told["Euro"].parent_id, told["Euro"].attachments, told["Euro"].sender) == (
        _id("m2"),
        2,
        _id("u1"),
    )
    assert (told["Go on"].sender, told["Go on"].sender_kind, told["Go on"].attachments) == (
        "",
        "controller",
        0,
    )


def test_a_document_is_listed_without_its_content(reading: SystemReading) -> None:
    (document,) = reading.items
    assert (document.part, document.title, document.kind, document.version) == (
        "documents",
        "Prices",
        "specification",
        "4",
    )
    assert document.extra["tags"] == "tax, money"


def test_passwords_outputs_payloads_and_contents_are_in_no_record(reading: SystemReading) -> None:
    assert CANARY not in repr(reading)
    assert "users" not in reading.state.counts


def test_postgresql_gives_the_same_reading_as_sqlite(reading: SystemReading) -> None:
    url = fresh_database((SCHEMAS / "schema.postgres.sql").read_text())
    with psycopg.connect(url) as db:
        db.execute(_rows("'{tax,money}'").encode())
    told = _read(url)
    assert (told.state.kind, told.state.engine, told.state.missing) == ("agentvine", "postgres", ())
    assert (told.state.counts, told.state.tallies, told.state.depths) == (
        reading.state.counts,
        reading.state.tallies,
        reading.state.depths,
    )
    assert comparable(told) == comparable(reading)
    assert CANARY not in repr(told)


REAL_ROWS = """
INSERT INTO workers VALUES
    ('0001', 'Ada', 'IDLE', '2025-06-15 12:00:00.000000', '2025-06-15 12:00:00.000000', '2025-06-15 14:00:00.000001'),
    ('0002', 'Bob', 'WAITING', '2025-06-15 12:00:00.000000', '2025-06-15 12:00:00.000000',
        '2025-06-15 15:00:00.500000'),
    ('0003', 'Cy', 'IDLE', '2025-06-15 12:00:00.000000', '2025-06-15 12:00:00.000000', NULL);
INSERT INTO tasks VALUES
    ('t1', 'Cart', NULL, 'FEATURE', 'IN_PROGRESS', 'HIGH', 'https://canary-7f3a@git.example/x', 'cart',
        '2025-06-15 12:00:00.000000', '2025-06-15 12:00:00.000000', NULL),
    ('t2', 'Docs', NULL, 'DOCS', 'COMPLETED', 'LOW', NULL, NULL, '2025-06-15 12:00:00.000000',
        '2025-06-15 12:30:00.000000', '2025-06-15 12:30:00.000000'),
    ('t3', 'Wait', NULL, 'DOCS', 'QUEUED', 'NORMAL', NULL, NULL, '2025-06-15 12:00:00.000000',
        '2025-06-15 12:10:00.000000', NULL);
INSERT INTO sessions VALUES
    ('s1', 'canary-7f3a', '0001', 't1', 'ACTIVE', '2025-06-15 15:00:00.000000', '2025-06-15 15:06:40.000000', NULL),
    ('s2', 'canary-7f3a', '0003', 't1', 'TERMINATED', '2025-06-15 11:00:00.000000', '2025-06-15 11:06:40.000000',
        '2025-06-15 11:07:00.000000'),
    ('s3', 'canary-7f3a', '0003', 't2', 'TERMINATED', '2025-06-15 11:00:00.000000', '2025-06-15 11:06:40.000000',
        '2025-06-15 11:07:00.000000');
INSERT INTO work_orders VALUES
    ('o1', 't1', '0001', 'QUEUED', 'HIGH', 0, '2025-06-15 12:00:00.000000', NULL, NULL),
    ('o2', 't2', NULL, 'QUEUED', 'LOW', 0, '2025-06-15 12:00:00.000000', NULL, NULL),
    ('o3', 't3', NULL, 'QUEUED', 'NORMAL', 1, '2025-06-15 12:00:00.000000', NULL, NULL);
INSERT INTO executions VALUES
    ('e1', 't1', '0001', 's1', 'RUNNING', 'canary-7f3a', '2025-06-15 15:00:00.000000', NULL);
INSERT INTO chat_messages VALUES
    ('m1', 'c1', 'WORKER', '0001', 'Which tax?', 'REQUEST', NULL, '2025-06-15 15:00:00.000000'),
    ('m2', 'c1', 'WORKER', '0001', 'Which currency?', 'REQUEST', NULL, '2025-06-15 14:00:00.000000'),
    ('m3', 'c1', 'HUMAN', NULL, 'Euro', 'RESPONSE', 'm2', '2025-06-15 14:05:00.000000');
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> SystemReading:
    folder = tmp_path_factory.mktemp("real") / "backend"
    folder.mkdir()
    _sqlite(folder / "agentvine.db", "schema.real.sqlite.sql", REAL_ROWS)
    return _read(str(folder.parent))  # the project's folder: its usual file is found


def test_the_real_six_tables_are_known_too_and_what_they_lack_is_told(real: SystemReading) -> None:
    assert real.state.kind == "agentvine"
    told = {problem.partition(":")[0] for problem in real.state.missing}
    assert told == {"dependencies", "assignments", "logs", "documents"}
    assert (real.state.counts["agents"], real.state.counts["tasks"], real.state.counts["messages"]) == (
        3,
        3,
        3,
    )


def test_an_idle_worker_with_a_task_in_progress_in_an_active_session_works(real: SystemReading) -> None:
    ada, bob, cy = sorted(real.agents, key=lambda agent: agent.id)
    assert (ada.status, ada.system_status, ada.extra["worker"]) == ("active", "ACTIVE", "IDLE")
    assert (ada.current_task, ada.heartbeat_at) == ("t1", 1_750_000_000_000)
    assert (bob.status, bob.system_status, bob.heartbeat_at) == ("blocked", "WAITING", 1_749_999_600_500)
    assert (cy.status, cy.system_status, cy.heartbeat_at, cy.current_task) == ("idle", "IDLE", None, "")


def test_an_order_that_nobody_sets_past_queued_has_the_word_of_its_task(real: SystemReading) -> None:
    told = {order.id: (order.status, order.system_status, order.extra["order"]) for order in real.queue}
    assert told == {
        "o1": ("running", "IN_PROGRESS", "QUEUED"),
        "o2": ("done", "COMPLETED", "QUEUED"),
        "o3": ("pending", "QUEUED", "QUEUED"),
    }
    assert real.state.depths == {"work orders": 2}


def test_a_real_task_is_its_open_sessions_workers(real: SystemReading) -> None:
    tasks = _by_title(real)
    assert (tasks["Cart"].assigned_to, tasks["Docs"].assigned_to) == ("0001", "0003")
    assert tasks["Wait"].assigned_to is None
    assert [tasks[title].priority for title in ("Cart", "Docs", "Wait")] == ["HIGH", "LOW", "MEDIUM"]


def test_upper_case_words_mean_the_same(real: SystemReading) -> None:
    assert {task.title: task.status for task in real.tasks} == {
        "Cart": "IN_PROGRESS",
        "Docs": "DONE",
        "Wait": "TODO",
    }
    assert [(run.status, run.name) for run in real.executions] == [("running", "Cart")]
    assert [message.text for message in real.messages if message.is_question] == ["Which tax?"]


def test_sessions_of_claude_code_and_outputs_are_in_no_record_of_the_real_one(real: SystemReading) -> None:
    assert CANARY not in repr(real)


def test_an_answer_is_noticed_by_the_next_look(tmp_path: Path) -> None:
    path = _sqlite(tmp_path / "vine.db", "schema.sqlite.sql", _rows("'[]'"))
    reader = SystemReader("vine", str(path))
    first = reader.poll(NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            "INSERT INTO chat_messages (id, conversation_id, sender_type, message, parent_message_id)"
            " VALUES ('m9', 'c1', 'user', '19 %', ?)",
            (_id("m1"),),
        )
        second = reader.poll(NOW + 1)
    assert first is not None
    assert second is not None
    assert not [message.text for message in second.messages if message.is_question]
    assert second.tasks is first.tasks
