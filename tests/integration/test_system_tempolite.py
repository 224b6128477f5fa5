"""Tempolite: the two SQLite schemas that its branches made, and the JSON dump of its memory store."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import SourceError
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
UPDATE activity_entities SET retry_state = '{{"attempts": 3}}' WHERE id = 2;
UPDATE activity_entities SET retry_state = 'no JSON' WHERE id = 1;
INSERT INTO hierarchies (parent_entity_id, child_entity_id, parent_type, child_type)
VALUES (2, 1, 'Workflow', 'Signal');
INSERT INTO signal_entities (id, handler_name, step_id, status) VALUES (1, '', 'approved', 'Running');
INSERT INTO signal_executions (id, status, entity_id, started_at) VALUES (1, 'Running', 1, '{AT}');
INSERT INTO signal_execution_data (id, value, execution_id) VALUES (1, '{CANARY}', 1);
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
INSERT INTO execution_relationships (id, parent_entity_id, child_entity_id)
VALUES (3, 'wf-b', 'saga'), (4, 'wf-b', 'sig');
INSERT INTO sagas (id, status, saga_definition) VALUES ('saga', 'Running', '{CANARY}');
INSERT INTO saga_executions (id, handler_name, step_type, status, saga_steps)
VALUES ('x3', 'refund', 'Compensation', 'Running', 'saga');
INSERT INTO signals (id, step_id, status) VALUES ('sig', 'approved', 'Completed');
INSERT INTO signal_executions (id, status, output, signal_executions) VALUES ('x4', 'Completed', '{CANARY}', 'sig');
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
    "ActivityEntities": {"1": {"ID": 1, "HandlerName": "fetch", "RetryState": {"attempts": 2}}},
    "ActivityExecutions": {
        "1": {
            "ID": 1,
            "ActivityEntityID": 1,
            "Status": "Retried",
            "StartedAt": "2025-06-15T15:06:40Z",
            "CompletedAt": None,
        },
    },
    "ActivityData": {"1": {"id": 1, "inputs": [CANARY], "output": [CANARY]}},
    "SagaEntities": {"1": {"ID": 1, "HandlerName": "undo"}},
    "SagaExecutions": {
        "1": {"ID": 1, "SagaEntityID": 1, "Status": "Running", "execution_type": "transaction"}
    },
    "SagaValues": {"1": {"id": 1, "key": "k", "value": CANARY}},
    "SideEffectEntities": {"1": {"ID": 1, "HandlerName": "clock"}},
    "SideEffectExecutions": {"1": {"ID": 1, "SideEffectEntityID": 1, "Status": "Completed"}},
    "SignalEntities": {"1": {"ID": 1, "HandlerName": "", "StepID": "approved"}},
    "SignalExecutions": {
        "1": {"ID": 1, "EntityID": 1, "Status": "Pending", "StartedAt": "0001-01-01T00:00:00Z"}
    },
    "SignalExecutionData": {"1": {"id": 1, "value": CANARY}},
    "EntityToWorkflow": {"1": 1},
    "Hierarchies": {
        "2": {"ID": 2, "ParentEntityID": 2, "ChildEntityID": 1, "ChildType": "activity"},
        "1": {"ID": 1, "ParentEntityID": 1, "ChildEntityID": 2, "ChildType": "workflow"},
    },
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
        "signal 1": ("approved", "2", "running", "signal"),
    }
    assert {run.id: run.extra["attempts"] for run in told.executions if "attempts" in run.extra} == {
        "activity 2": "3"
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
    kinds = {name: (run.name, run.workflow_id, run.extra["kind"]) for name, run in runs.items()}
    assert kinds["x3"] == ("refund", "wf-b", "saga compensation")
    assert kinds["x4"] == ("approved", "wf-b", "signal")
    assert "events: no table event_logs" in told.state.missing


def test_a_dump_that_is_half_written_leaves_what_was_read_last(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(DUMP))
    reader = SystemReader("engine", str(file))
    assert reader.poll(NOW) is not None
    file.write_text(json.dumps(DUMP)[:100])
    with pytest.raises(SourceError, match="not valid JSON"):
        reader.poll(NOW + 1)
    file.write_text(json.dumps(DUMP | {"Queues": {}}))
    told = reader.poll(NOW + 2)
    assert told is not None
    assert (len(told.workflows), told.queue[0].queue) == (2, "1")


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
    runs = {run.id: (run.name, run.workflow_id, run.status, run.extra["kind"]) for run in told.executions}
    assert runs == {
        "workflow 1": ("summary", "2", "done", "workflow"),
        "activity 1": ("fetch", "2", "failed", "activity"),
        "saga 1": ("undo", "", "running", "saga transaction"),
        "side effect 1": ("clock", "", "done", "side effect"),
        "signal 1": ("approved", "", "pending", "signal"),
    }
    activity = next(run for run in told.executions if run.id == "activity 1")
    assert (activity.started_at, activity.extra["attempts"]) == (NOW, "2")


NUMBERS = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000) INSERT INTO"
MANY = {
    "schema.sqlite.sql": f"""
        {NUMBERS} workflow_entities (id, handler_name, status) SELECT n, 'research', 'Running' FROM n;
        {NUMBERS} workflow_executions (id, status, workflow_entity_id) SELECT n, 'Running', n FROM n;
        {NUMBERS} hierarchies (parent_entity_id, child_entity_id, child_type) SELECT n / 2, n, 'workflow' FROM n;
        {NUMBERS} activity_entities (id, handler_name, status, workflow_entity_activity_children)
        SELECT n, 'fetch', 'Completed', n FROM n;
        {NUMBERS} activity_executions (id, status, activity_entity_id) SELECT n, 'Completed', n FROM n;
    """,
    "schema.context.sqlite.sql": f"""
        {NUMBERS} workflows (id, handler_name, status) SELECT 'w' || n, 'research', 'Running' FROM n;
        {NUMBERS} workflow_executions (id, status, workflow_executions) SELECT 'x' || n, 'Running', 'w' || n FROM n;
        {NUMBERS} activities (id, handler_name, status) SELECT 'a' || n, 'fetch', 'Completed' FROM n;
        {NUMBERS} activity_executions (id, status, activity_executions) SELECT 'y' || n, 'Completed', 'a' || n FROM n;
        {NUMBERS} execution_relationships (id, parent_entity_id, child_entity_id) SELECT n, 'w' || n, 'a' || n FROM n;
    """,
}


@pytest.mark.parametrize("schema", MANY)
def test_ten_thousand_workflows_are_read_before_a_query_has_to_be_given_up(
    tmp_path: Path, schema: str
) -> None:
    """A join that no index can serve would take a minute here."""
    counts = read(made(tmp_path, schema, MANY[schema])).state.counts
    assert (counts["workflows"], counts["executions"]) == (10_000, 20_000)
