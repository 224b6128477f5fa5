"""The Beads-workflow coordination database (seed 004): as documented, in two engines, and as its migrations make it."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pytest
from postgres_server import fresh_database
from system_readings import comparable

from monitor.model import SystemReading
from monitor.paths import sql_folder
from monitor.sources.systems.reader import SystemReader

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import psycopg

NOW = 1_750_000_000_000
CANARY = "canary-44e9"
AT = "2025-06-15 15:06:40"
FOLDER = sql_folder() / "systems/workflow"
ROWS = f"""
INSERT INTO workflow_mappings (
    beads_issue_id, tempolite_workflow_id, workflow_type, status, priority, metadata, parent_workflow_id,
    created_at, updated_at
) VALUES ('bd-1', 'wf-1', 'research', 'active', 0, '{{"prompt": "{CANARY}"}}', NULL, '{AT}', '{AT}'),
    ('bd-2', 'wf-2', 'poc', 'failed', 2, NULL, 'bd-1', '{AT}', '{AT}'),
    ('bd-3', 'wf-3', 'documentation', 'cancelled', 3, NULL, 'bd-1', '{AT}', '{AT}'),
    ('bd-4', 'wf-4', 'validation', NULL, 2, NULL, NULL, '{AT}', '{AT}');
INSERT INTO agent_assignments (
    workflow_id, agent_type, agent_id, step_number, step_name, assigned_at, completed_at, status, handoff_from,
    handoff_to
) VALUES ('wf-1', 'research', 'ann', 1, 'collect', '{AT}', '{AT}', 'completed', NULL, 'bob'),
    ('wf-1', 'supervisor', 'bob', 2, 'review', '{AT}', NULL, 'started', 'ann', NULL);
INSERT INTO workflow_results (workflow_id, agent_type, result_type, result_data, confidence_score,
    quality_score, created_at)
VALUES ('wf-1', 'research', 'findings', '{{"text": "{CANARY}"}}', 0.4, 7.5, '{AT}'),
    ('wf-1', 'research', 'findings', '{{"text": "{CANARY}"}}', 0.9, 8.0, '{AT}');
INSERT INTO research_findings (
    id, workflow_id, library_name, library_version, findings, confidence_score, relevance_score,
    analysis_method, created_at
) VALUES ('f1', 'wf-1', 'httpx', '0.27', '{{"text": "{CANARY}"}}', 0.8, 0.5, 'benchmark', '{AT}');
INSERT INTO poc_results (
    id, workflow_id, implementation_type, language, build_success, test_success, test_results, error_message, created_at
) VALUES ('p1', 'wf-2', 'module', 'go', TRUE, FALSE, '{{"text": "{CANARY}"}}', 'a test fails', '{AT}');
INSERT INTO workflow_performance (
    workflow_id, agent_type, step_name, start_time, end_time, duration_ms, success, error_message,
    memory_usage_mb, created_at
) VALUES ('wf-1', 'research', 'collect', '{AT}', '{AT}', 1000, TRUE, NULL, 64, '{AT}'),
    ('wf-1', 'research', 'collect', '{AT}', '{AT}', 3000, TRUE, NULL, NULL, '{AT}'),
    ('wf-2', 'poc', 'build', '{AT}', '{AT}', 500, FALSE, 'no compiler', NULL, '{AT}');
INSERT INTO workflow_templates (id, name, workflow_type, template_def, agent_sequence, updated_at)
VALUES ('t1', 'Research first', 'research', '{{"prompt": "{CANARY}"}}', '["research", "poc"]', '{AT}');
INSERT INTO workflow_analytics (
    date, workflow_type, agent_type, total_workflows, successful_workflows, failed_workflows, avg_execution_time_ms,
    system_load_avg, created_at
) VALUES ('2025-06-15', 'research', 'research', 3, 2, 1, 1500, 0.5, '{AT}');
INSERT INTO agent_configurations (
    id, agent_type, agent_id, configuration, capabilities, max_workload, current_workload, status,
    last_heartbeat, updated_at
) VALUES ('c1', 'research', 'ann', '{{"key": "{CANARY}"}}', '["web"]', 5, 2, 'busy', '{AT}', '{AT}'),
    ('c2', 'supervisor', 'bob', '{{"key": "{CANARY}"}}', NULL, 0, 1, 'error', '{AT}', '{AT}'),
    ('c3', 'poc', 'cy', '{{"key": "{CANARY}"}}', NULL, 5, 0, 'active', '{AT}', '{AT}');
"""


def read(place: str) -> SystemReading:
    reader = SystemReader("coordination", place)
    told = reader.poll(NOW)
    reader.close()
    assert told is not None
    assert (told.state.kind, reader.report()) == ("workflow", ("ok", ""))
    assert CANARY not in repr(told), "results, findings, definitions and configurations are never read"
    return told


def made(folder: Path, schema: str, rows: str) -> Path:
    file = folder / "coordination.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.executescript((FOLDER / schema).read_text())
        db.executescript(rows)
    return file


@pytest.fixture
def told(tmp_path: Path) -> SystemReading:
    return read(str(made(tmp_path, "schema.sqlite.sql", ROWS)))


def test_each_workflow_is_one_row_with_its_results_and_the_average_of_its_steps(told: SystemReading) -> None:
    """The view workflow_overview as it is meant: X4-01, X4-02."""
    assert sorted(one.id for one in told.workflows) == ["wf-1", "wf-2", "wf-3", "wf-4"]
    first = next(one for one in told.workflows if one.id == "wf-1")
    assert (first.issue_id, first.kind, first.status, first.system_status) == (
        "bd-1",
        "research",
        "running",
        "active",
    )
    assert (first.results, first.best_confidence, first.average_ms) == (2, 0.9, 2000)
    assert (first.step, first.step_name, first.agent_id) == (2, "review", "bob")


def test_cancelled_workflows_and_those_without_a_status_are_shown_too(told: SystemReading) -> None:
    """X4-03."""
    statuses = {one.id: (one.status, one.system_status) for one in told.workflows}
    assert statuses["wf-3"] == ("cancelled", "cancelled")
    assert statuses["wf-4"] == ("unknown", "")


def test_a_parent_that_is_an_issue_is_told_as_its_workflow(told: SystemReading) -> None:
    """X4-06."""
    assert {one.id: one.parent_id for one in told.workflows if one.parent_id} == {
        "wf-2": "wf-1",
        "wf-3": "wf-1",
    }


def test_a_failed_workflow_says_why_and_priorities_run_downwards(told: SystemReading) -> None:
    second = next(one for one in told.workflows if one.id == "wf-2")
    assert (second.status, second.error) == ("failed", "no compiler")
    assert {one.id: one.priority for one in told.workflows if one.id in ("wf-1", "wf-3")} == {
        "wf-1": "critical",
        "wf-3": "low",
    }


def test_busy_and_failing_agents_are_shown_and_a_load_of_nothing_is_not_divided(told: SystemReading) -> None:
    """The view agent_workload as it is meant: X4-04, X4-05."""
    agents = {agent.id: agent for agent in told.agents}
    assert {name: (one.status, one.system_status) for name, one in agents.items()} == {
        "ann": ("active", "busy"),
        "bob": ("error", "error"),
        "cy": ("idle", "active"),
    }
    assert (agents["ann"].workload, agents["ann"].capacity, agents["ann"].extra["load"]) == (2, 5, "40 %")
    assert "load" not in agents["bob"].extra
    assert agents["ann"].heartbeat_at == NOW
    assert (agents["bob"].current_task, agents["bob"].extra["step"]) == ("bd-1", "review")


def test_hand_offs_are_told(told: SystemReading) -> None:
    steps = {
        step.id: (step.agent_id, step.status, step.handoff_from, step.handoff_to) for step in told.assignments
    }
    assert steps == {"1": ("ann", "done", "", "bob"), "2": ("bob", "running", "ann", "")}


def test_what_was_found_is_told_without_the_finding(told: SystemReading) -> None:
    results = {one.id: one for one in told.results}
    assert results["finding:f1"].title == "httpx 0.27"
    assert results["poc:p1"].title == "module in go"
    assert (results["poc:p1"].success, results["poc:p1"].error) == (False, "a test fails")
    assert (results["result:2"].confidence, results["result:2"].quality) == (0.9, 8.0)


def test_steps_are_executions_and_numbers(told: SystemReading) -> None:
    assert [
        (run.name, run.status, run.duration_seconds) for run in told.executions if run.workflow_id == "wf-2"
    ] == [("build", "failed", 0.5)]
    numbers = {
        (metric.name, metric.value, metric.unit) for metric in told.metrics if metric.subject == "wf-1"
    }
    assert {("duration", 1000.0, "ms"), ("memory", 64.0, "MB")} <= numbers


def test_each_days_analytics_are_numbers(told: SystemReading) -> None:
    day = {
        metric.name: (metric.value, metric.unit, metric.subject)
        for metric in told.metrics
        if metric.kind == "analytics"
    }
    assert day["average duration"] == (1500, "ms", "research research")
    assert (day["failed"][0], day["system load"][0]) == (1, 0.5)
    assert "average confidence" not in day, "what nobody measured is no number"


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_the_trends_of_thirty_days_are_told_by_day_and_kind_of_agent(tmp_path: Path, engine: str) -> None:
    """The view performance_trends; what is older, as all that stands in the rows above, has no trend."""
    now = """
        INSERT INTO workflow_performance (
            workflow_id, agent_type, step_name, start_time, duration_ms, success, memory_usage_mb, cpu_usage_percent
        ) VALUES ('wf-1', 'research', 'collect', CURRENT_TIMESTAMP, 1000, TRUE, 60, 10.0),
            ('wf-1', 'research', 'collect', CURRENT_TIMESTAMP, 2000, FALSE, 80, NULL);
    """
    if engine == "sqlite":
        place = str(made(tmp_path, "schema.sqlite.sql", ROWS + now))
    else:
        place = fresh_database((FOLDER / "schema.postgres.sql").read_text())
        with psycopg.connect(place) as db:
            db.execute((ROWS + now).encode())
    trends = [metric for metric in read(place).metrics if metric.kind == "trend"]
    assert {metric.name: (metric.value, metric.unit, metric.subject) for metric in trends} == {
        "executions": (2, "", "research"),
        "successes": (1, "", "research"),
        "average duration": (1500, "ms", "research"),
        "average memory": (70, "MB", "research"),
        "average cpu": (10, "%", "research"),
    }


def test_postgresql_tells_the_same() -> None:
    """Of the same rows; the numbers of trends are of the last 30 days, and there are none of then."""
    url = fresh_database((FOLDER / "schema.postgres.sql").read_text())
    with psycopg.connect(url) as db:
        db.execute(ROWS.encode())
    in_memory = SystemReader("coordination", url)
    told = in_memory.poll(NOW)
    in_memory.close()
    assert told is not None
    assert (told.state.kind, told.state.engine, in_memory.report()) == ("workflow", "postgres", ("ok", ""))
    assert CANARY not in repr(told)
    assert told.state.counts["workflows"] == 4


def test_the_same_rows_are_the_same_records_in_both_engines(told: SystemReading) -> None:
    url = fresh_database((FOLDER / "schema.postgres.sql").read_text())
    with psycopg.connect(url) as db:
        db.execute(ROWS.encode())
    there, here = comparable(read(url)), comparable(told)
    for part in ("agents", "assignments", "workflows", "executions", "results", "metrics", "items"):
        assert there[part] == here[part], part


def test_the_real_migrations_key_parent_and_progress_are_read(tmp_path: Path) -> None:
    """SIB-52; and times that Go has printed stand beside SQLite's own."""
    rows = f"""
        INSERT INTO workflow_mappings (tempolite_workflow_id, beads_issue_id, workflow_type,
        parent_workflow_id, created_at)
        VALUES ('wf-1', NULL, 'research', NULL, '2025-06-15 15:06:40.123456789 +0000 UTC m=+0.012345'),
            ('wf-2', 'bd-2', 'poc', 'wf-1', '{AT}');
        INSERT INTO workflow_progress (workflow_id, current_step, total_steps, progress_percent, status,
        current_step_name)
        VALUES ('wf-1', 2, 4, 50, 'running', 'collect');
    """
    told = read(str(made(tmp_path, "schema.real.sqlite.sql", rows)))
    workflows = {one.id: one for one in told.workflows}
    first = workflows["wf-1"]
    assert (first.name, first.step, first.steps, first.percent, first.step_name) == (
        "wf-1",
        2,
        4,
        50,
        "collect",
    )
    assert first.created_at == NOW + 123
    assert workflows["wf-2"].parent_id == "wf-1"


def test_ten_thousand_workflows_are_read_before_a_query_has_to_be_given_up(tmp_path: Path) -> None:
    """A join that no index can serve would take a minute here."""
    rows = """
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
        INSERT INTO workflow_mappings (beads_issue_id, tempolite_workflow_id, workflow_type, parent_workflow_id)
        SELECT 'bd-' || n, 'wf-' || n, 'poc', CASE WHEN n > 1 THEN 'bd-' || n / 2 END FROM n;
        INSERT INTO agent_assignments (workflow_id, agent_type, agent_id, status)
        SELECT tempolite_workflow_id, 'poc', 'ann', 'started' FROM workflow_mappings;
        INSERT INTO workflow_performance (workflow_id, agent_type, step_name, start_time, error_message)
        SELECT tempolite_workflow_id, 'poc', 'build', '2025-06-15', 'no compiler' FROM workflow_mappings;
    """
    told = read(str(made(tmp_path, "schema.sqlite.sql", rows)))
    assert told.state.counts["workflows"] == 10_000
