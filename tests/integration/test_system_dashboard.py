"""The multi-agent dashboard (seed 000): its documented SQLite tables, and the JSON files of its real code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.model.systems import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
CANARY = "canary-7f3a"
ROWS = """
INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template, performance_metrics)
VALUES ('emp_001', 'Alex', 'Project Manager', 'Executive', 'Senior', 'active', '["sprint_planning", "resources"]',
    'canary-7f3a', '{"tasksCompleted": 3, "successRate": 0.9}'),
    ('emp_002', 'Kim', 'Developer', 'Development', 'Mid', 'maintenance', 'not json', 'canary-7f3a', 'nor this');
INSERT INTO processes (id, name, employee_id, status, pid, system_prompt, working_directory, started_at, resource_usage)
VALUES ('p1', 'alex-1', 'emp_001', 'crashed', 4241, 'canary-7f3a', '/w/old', '2025-06-15 15:00:00', NULL),
    ('p2', 'alex-2', 'emp_001', 'running', 4242, 'canary-7f3a', '/w/alex', '2025-06-15 15:06:40',
    '{"cpuPercent": 12.5, "memoryMB": 200, "uptimeSeconds": 5}');
INSERT INTO tasks (id, process_id, employee_id, type, priority, status, title, payload, result, estimated_duration)
VALUES ('t1', 'p2', 'emp_001', 'code_review', 2, 'running', 'Review', '{"prompt": "canary-7f3a"}', 'canary-7f3a', 90);
INSERT INTO task_queue (id, task_id, queue_name, status, priority, payload)
VALUES ('q1', 't1', 'high', 'delayed', 1, 'canary-7f3a'), ('q2', 't1', 'high', 'completed', 0, NULL);
INSERT INTO process_logs (process_id, log_level, message, metadata) VALUES ('p2', 'WARN', 'careful', 'canary-7f3a');
INSERT INTO system_events (event_type, source, severity, message, details)
VALUES ('alert', 'x', 'high', 'bad', 'canary-7f3a');
INSERT INTO system_config (key, value, data_type, is_secret)
VALUES ('max_concurrent_processes', '7', 'number', FALSE), ('smtp', 'canary-7f3a', 'string', TRUE),
    ('github_token', 'canary-7f3a', 'string', FALSE);
INSERT INTO employee_templates (id, name, role, department, system_prompt, default_tools)
VALUES ('tpl', 'Tester', 'QA', 'Operations', 'canary-7f3a', '["Read", "Bash"]');
INSERT INTO performance_metrics (metric_type, metric_name, value, unit) VALUES ('memory', 'rss', 12.5, 'MB');
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "dashboard.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/multi-agent-dashboard/schema.sqlite.sql").read_text())
        db.executescript(ROWS)
    return path


@pytest.fixture
def reading(file: Path) -> Iterator[SystemReading]:
    reader = SystemReader("dash", str(file))
    told = reader.poll(NOW)
    assert told is not None
    yield told
    reader.close()


def test_it_is_known_by_its_tables_and_every_part_is_counted(reading: SystemReading) -> None:
    state = reading.state
    assert (state.kind, state.engine, state.missing) == ("multi-agent-dashboard", "sqlite", ())
    wanted = {
        "agents": 2,
        "tasks": 1,
        "queue": 2,
        "executions": 2,
        "workflows": 0,
        "events": 1,
        "messages": 0,
    }
    assert wanted.items() <= state.counts.items()
    assert state.depths == {"high": 1}
    assert (state.max_processes, state.timeout_seconds) == (7, 1800)


def test_an_employee_is_what_its_living_process_is(reading: SystemReading) -> None:
    kim, alex = sorted(reading.agents, key=lambda agent: agent.id, reverse=True)
    assert (alex.status, alex.system_status, alex.pid, alex.cwd) == ("active", "running", 4242, "/w/alex")
    assert alex.started_at == 1_750_000_000_000
    assert (alex.cpu_usage, alex.memory_usage) == (12.5, 200 * 1024 * 1024)
    assert (alex.capabilities, alex.tasks_done) == (("sprint_planning", "resources"), 3)
    assert (kim.status, kim.system_status, kim.capabilities) == ("offline", "maintenance", ("not json",))


def test_words_are_ours_and_the_systems_own_stand_beside_them(reading: SystemReading) -> None:
    task = reading.tasks[0]
    assert (task.status, task.system_status, task.priority, task.system) == (
        "IN_PROGRESS",
        "running",
        "HIGH",
        "dash",
    )
    assert task.estimated_hours == 1.5
    assert [(item.status, item.system_status, item.priority) for item in reading.queue] == [
        ("delayed", "delayed", "medium"),
        ("done", "completed", "low"),
    ]
    assert [(line.level, line.system_level) for line in reading.logs] == [("warning", "WARN")]
    assert [(event.severity, event.system_severity) for event in reading.events] == [("error", "high")]


def test_prompts_payloads_and_secrets_are_in_no_record(reading: SystemReading) -> None:
    assert CANARY not in repr(reading)
    values = {item.title: item.value for item in reading.items if item.part == "configuration"}
    assert values == {"max_concurrent_processes": "7", "smtp": "***", "github_token": "***"}


def test_only_what_is_new_is_another_record(file: Path) -> None:
    reader = SystemReader("dash", str(file))
    first = reader.poll(NOW)
    assert first is not None
    assert reader.poll(NOW + 1) is None
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("INSERT INTO process_logs (process_id, log_level, message) VALUES ('p2', 'FATAL', 'dead')")
        second = reader.poll(NOW + 2)
    assert second is not None
    assert [line.text for line in second.logs] == ["dead", "careful"]
    assert second.logs[1] is first.logs[0]
    assert second.tasks is first.tasks
    assert second.agents is first.agents
    assert second.state.counts["logs"] == 2


def test_the_real_codes_files_are_read_by_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "dashboard/backend/data"
    data.mkdir(parents=True)
    process = {
        "id": "p",
        "name": "pm",
        "employeeId": "emp_001",
        "pid": 8864,
        "status": "running",
        "memoryUsage": 5,
    }
    secret = {
        "command": "claude",
        "args": ["-p", CANARY, "--dangerously-skip-permissions"],
        "lastHeartbeat": NOW,
    }
    (data / "processes.json").write_text(json.dumps([process | secret]))
    task = {"id": "t", "status": "reopened", "priority": "urgent", "processId": "p", "description": CANARY}
    (data / "tasks.json").write_text(json.dumps([task]))
    reading = SystemReader("dash", str(tmp_path)).poll(NOW)
    assert reading is not None
    assert (reading.state.kind, reading.state.engine) == ("multi-agent-dashboard", "files")
    agent = reading.agents[0]
    assert (agent.status, agent.pid, agent.memory_usage, agent.heartbeat_at) == ("active", 8864, 5, NOW)
    assert [(task.status, task.priority, task.system_status) for task in reading.tasks] == [
        ("TODO", "CRITICAL", "reopened")
    ]
    assert CANARY not in repr(reading)
    assert any(told.startswith("queue: no table task_queue") for told in reading.state.missing)
