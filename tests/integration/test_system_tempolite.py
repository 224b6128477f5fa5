"""Tempolite: the two SQLite schemas that its branches made, and the JSON dump of its memory store."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from monitor.model import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

NOW = 1_750_000_000_000
CANARY = "canary-31f7"
AT = "2025-06-15 15:06:40"
V1 = f"""
INSERT INTO queues (id, name) VALUES (1, 'default');
INSERT INTO runs (id, status) VALUES (1, 'Running');
INSERT INTO workflow_entities (id, handler_name, type, status, step_id, queue_entities, run_id, created_at, updated_at)
VALUES (1, 'research', 'Workflow', 'Running', 'root', 1, 1, '{AT}', '{AT}'),
    (2, 'summary', 'Workflow', 'Failed', 'child', 1, 1, '{AT}', '{AT}');
INSERT INTO workflow_data (id, inputs, entity_id) VALUES (1, '{CANARY}', 1);
INSERT INTO hierarchies (parent_entity_id, child_entity_id, parent_type, child_type)
VALUES (1, 2, 'Workflow', 'Workflow');
INSERT INTO workflow_executions (id, status, workflow_entity_id, started_at, completed_at, error, stack_trace)
VALUES (1, 'Running', 1, '{AT}', NULL, NULL, NULL), (2, 'Failed', 2, '{AT}', '{AT}', 'no network', '{CANARY}');
INSERT INTO workflow_execution_data (id, outputs, execution_id) VALUES (1, '{CANARY}', 1);
INSERT INTO activity_entities (id, handler_name, status, workflow_entity_activity_children)
VALUES (1, 'fetch', 'Completed', 1), (2, 'read', 'Running', 1);
INSERT INTO activity_executions (id, status, activity_entity_id, started_at) VALUES (1, 'Completed', 1, '{AT}'),
    (2, 'Running', 2, '{AT}');
INSERT INTO saga_entities (id, handler_name, status, workflow_entity_saga_children)
VALUES (1, 'undo', 'Compensated', 2);
INSERT INTO saga_executions (id, execution_type, status, saga_entity_id) VALUES (1, 'compensation', 'Completed', 1);
INSERT INTO event_logs (timestamp, event_type, handler_name, previous_state, new_state, error)
VALUES ('{AT}', 'state_changed', 'summary', 'Running', 'Failed', 'no network');
"""
CONTEXT = f"""
INSERT INTO workflows (id, step_id, status, identity, handler_name, input, queue_name, is_paused, created_at)
VALUES ('wf-a', 'root', 'Running', 'v1', 'research', '{CANARY}', 'default', 0, '{AT}'),
    ('wf-b', 'child', 'Paused', 'v1', 'summary', '{CANARY}', 'default', 1, '{AT}');
INSERT INTO execution_relationships (id, parent_entity_id, child_entity_id)
VALUES (1, 'wf-a', 'wf-b'), (2, 'wf-a', 'act');
INSERT INTO workflow_executions (id, status, output, error, started_at, updated_at, workflow_executions)
VALUES ('x1', 'Retried', '{CANARY}', 'once', '{AT}', '{AT}', 'wf-a');
INSERT INTO activities (id, step_id, status, handler_name, input) VALUES ('act', 's', 'Completed', 'fetch', '{CANARY}');
INSERT INTO activity_executions (id, status, attempt, output, started_at, updated_at, activity_executions)
VALUES ('x2', 'Completed', 2, '{CANARY}', '{AT}', '2025-06-15 15:07:40', 'act');
"""
DUMP = {
    "Queues": {"1": {"ID": 1, "Name": "default"}},
    "WorkflowEntities": {
        "1": {
            "ID": 1,
            "HandlerName": "research",
            "Type": "workflow",
            "Status": "Running",
            "QueueID": 1,
            "RunID": 1,
        },
        "2": {
            "ID": 2,
            "HandlerName": "summary",
            "Type": "workflow",
            "Status": "Completed",
            "QueueID": 1,
            "RunID": 1,
        },
    },
    "WorkflowExecutions": {
        "1": {"ID": 1, "WorkflowEntityID": 2, "Status": "Completed", "StackTrace": CANARY, "Error": ""},
    },
    "WorkflowExecutionData": {"1": {"ID": 1, "Outputs": [CANARY]}},
    "Hierarchies": {"1": {"ID": 1, "ParentEntityID": 1, "ChildEntityID": 2, "ChildType": "workflow"}},
}


def read(place: Path) -> SystemReading:
    reader = SystemReader("engine", str(place))
    told = reader.poll(NOW)
    reader.close()
    assert told is not None
    assert (told.state.kind, reader.report()) == ("tempolite", ("ok", ""))
    assert CANARY not in repr(told), "inputs, outputs and stack traces are never read"
    return told


def made(folder: Path, schema: str, rows: str) -> Path:
    file = folder / "tempolite.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript((sql_folder() / "systems/tempolite" / schema).read_text())
        db.executescript(rows)
    return file


def test_the_newer_schema_tells_workflows_with_their_parents_steps_and_errors(tmp_path: Path) -> None:
    told = read(made(tmp_path, "schema.sqlite.sql", V1))
    workflows = {one.id: one for one in told.workflows}
    first, second = workflows["1"], workflows["2"]
    assert (first.name, first.status, first.system_status) == ("research", "running", "Running")
    assert (first.step, first.steps, first.created_at) == (1, 2, NOW)
    assert (second.parent_id, second.status, second.error) == ("1", "failed", "no network")
    assert told.state.depths == {"default": 1}
    assert [(item.id, item.queue, item.status) for item in told.queue] == [
        ("1", "default", "running"),
        ("2", "default", "failed"),
    ]


def test_the_newer_schema_tells_every_kind_of_execution(tmp_path: Path) -> None:
    told = read(made(tmp_path, "schema.sqlite.sql", V1))
    runs = {run.id: (run.name, run.workflow_id, run.status, run.extra["kind"]) for run in told.executions}
    assert runs == {
        "workflow 1": ("research", "1", "running", "workflow"),
        "workflow 2": ("summary", "2", "failed", "workflow"),
        "activity 1": ("fetch", "1", "done", "activity"),
        "activity 2": ("read", "1", "running", "activity"),
        "saga 1": ("undo", "2", "done", "saga compensation"),
    }
    (event,) = told.events
    assert (event.severity, event.text, event.source) == ("error", "Running to Failed", "summary")


def test_the_older_schema_has_text_ids_attempts_and_relations(tmp_path: Path) -> None:
    told = read(made(tmp_path, "schema.context.sqlite.sql", CONTEXT))
    workflows = {one.id: one for one in told.workflows}
    assert (workflows["wf-b"].parent_id, workflows["wf-b"].status) == ("wf-a", "paused")
    assert workflows["wf-a"].error == "once"
    runs = {run.id: run for run in told.executions}
    assert (runs["x2"].workflow_id, runs["x2"].extra["attempt"], runs["x2"].ended_at) == (
        "wf-a",
        "2",
        NOW + 60_000,
    )
    assert (runs["x1"].status, runs["x1"].system_status) == ("failed", "Retried")
    assert "events: no table event_logs" in told.state.missing


def test_the_dump_of_the_memory_store_is_read_as_tables(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(DUMP))
    told = read(file)
    assert told.state.engine == "files"
    assert [(one.id, one.status, one.parent_id) for one in told.workflows] == [
        ("1", "running", ""),
        ("2", "done", "1"),
    ]
    assert [(item.queue, item.status) for item in told.queue] == [("default", "running"), ("default", "done")]
    assert [(run.name, run.status) for run in told.executions] == [("summary", "done")]
