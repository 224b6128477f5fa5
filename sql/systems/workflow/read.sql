-- The coordination database's queries, of its documents and of its real migrations. result_data, findings, test results,
-- artifacts, definitions, configurations, parameters, descriptions and metadata are named nowhere.
-- Times are cut to the second where they are compared: SQLite's own and those that Go prints stand in one column.

-- name: agents()
-- Every agent, also a busy and a failing one (X4-04); the load is told in percent, and not where nothing is allowed (X4-05).
-- needs: agent_configurations(agent_id, agent_type, status)
-- may: agent_configurations(capabilities, max_workload, current_workload, last_heartbeat, updated_at)
-- may: agent_assignments(id, agent_id, workflow_id, status, step_name)
-- may: workflow_mappings(tempolite_workflow_id, beads_issue_id)
WITH held AS MATERIALIZED (
    SELECT agent_id, workflow_id, step_name, count(*) OVER (PARTITION BY agent_id) AS open,
        row_number() OVER (PARTITION BY agent_id ORDER BY CAST(id AS integer) DESC) AS place
    FROM agent_assignments WHERE status IN ('assigned', 'started')
)
SELECT CASE WHEN count(*) OVER (PARTITION BY c.agent_id) > 1 THEN c.agent_type || '/' || c.agent_id ELSE c.agent_id END AS id,
    c.agent_id AS name, c.agent_type AS role, c.status, coalesce(m.beads_issue_id, a.workflow_id) AS current_task,
    c.last_heartbeat AS heartbeat_at, c.updated_at, c.current_workload AS workload, c.max_workload AS capacity, c.capabilities,
    CASE WHEN CAST(c.max_workload AS integer) > 0
        THEN CAST(CAST(100.0 * CAST(c.current_workload AS integer) / CAST(c.max_workload AS integer) AS integer) AS text) || ' %'
    END AS "extra.load",
    a.open AS "extra.open assignments", a.step_name AS "extra.step",
    CASE WHEN c.status = 'inactive' THEN 1 ELSE 0 END AS closed, coalesce(c.last_heartbeat, c.updated_at) AS changed
FROM agent_configurations AS c
LEFT JOIN held AS a ON a.agent_id = c.agent_id AND a.place = 1
LEFT JOIN workflow_mappings AS m ON m.tempolite_workflow_id = a.workflow_id
WHERE c.agent_id IS NOT NULL;

-- name: tasks()
-- The issues that the real migrations bring along: not those of Beads.
-- needs: issues(id, title, type, status, labels, parent_id)
-- may: issues(priority, assignee, created_at, updated_at)
SELECT id, coalesce(title, id) AS title, status, priority, assignee AS assigned_to, labels AS tags, created_at,
    updated_at, type AS "extra.type", parent_id AS "extra.parent",
    CASE WHEN status IN ('closed', 'cancelled') THEN 1 ELSE 0 END AS closed, substr(updated_at, 1, 19) AS changed
FROM issues WHERE id IS NOT NULL;

-- name: dependencies()
-- The parent is what comes first.
-- needs: dependencies(id, parent_id, child_id, dep_type)
SELECT id, child_id AS task_id, parent_id AS depends_on, dep_type AS kind, 0 AS closed, id AS changed FROM dependencies;

-- name: executions()
-- Runs of steps, and the activities that the real migrations have a table for.
-- dialect: sqlite
-- needs: workflow_performance(id, workflow_id, step_name, start_time, success)
-- may: workflow_performance(agent_type, end_time, duration_ms, error_message, created_at)
-- may: activities(id, workflow_id, name, status, started_at, completed_at, retry_count, error_message)
SELECT 'step:' || id AS id, step_name AS name, workflow_id,
    CASE WHEN success THEN 'completed' WHEN end_time IS NULL THEN 'started' ELSE 'failed' END AS status,
    start_time AS started_at, end_time AS ended_at, duration_ms / 1000.0 AS duration_seconds, error_message AS error,
    agent_type AS "extra.agents", NULL AS "extra.retries",
    CASE WHEN success OR end_time IS NOT NULL THEN 1 ELSE 0 END AS closed,
    substr(coalesce(end_time, created_at, start_time), 1, 19) AS changed
FROM workflow_performance
UNION ALL
SELECT 'activity:' || id, name, workflow_id, status, started_at, completed_at, NULL, error_message, NULL, retry_count,
    CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END,
    substr(coalesce(completed_at, started_at), 1, 19)
FROM activities;

-- name: executions__postgres()
-- dialect: postgres
-- needs: workflow_performance(id, workflow_id, agent_type, step_name, start_time, success, end_time, duration_ms, error_message, created_at)
SELECT 'step:' || id AS id, step_name AS name, workflow_id,
    CASE WHEN success THEN 'completed' WHEN end_time IS NULL THEN 'started' ELSE 'failed' END AS status,
    start_time AS started_at, end_time AS ended_at, duration_ms / 1000.0 AS duration_seconds, error_message AS error,
    agent_type AS "extra.agents", CASE WHEN success OR end_time IS NOT NULL THEN 1 ELSE 0 END AS closed,
    coalesce(end_time, created_at, start_time) AS changed
FROM workflow_performance;

-- name: assignments()
-- needs: agent_assignments(id, workflow_id, agent_id, status)
-- may: agent_assignments(agent_type, step_number, step_name, assigned_at, started_at, completed_at, handoff_from, handoff_to)
-- may: workflow_mappings(tempolite_workflow_id, beads_issue_id)
SELECT a.id, a.agent_id, a.agent_type AS agent_kind, m.beads_issue_id AS task_id, a.workflow_id, a.step_number AS step,
    a.step_name, a.status, a.assigned_at, a.started_at, a.completed_at AS ended_at, a.handoff_from, a.handoff_to,
    CASE WHEN a.status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed,
    coalesce(a.completed_at, a.started_at, a.assigned_at) AS changed
FROM agent_assignments AS a LEFT JOIN workflow_mappings AS m ON m.tempolite_workflow_id = a.workflow_id;

-- name: workflows()
-- The view workflow_overview as it is meant: a row for each workflow (X4-02), also a cancelled one and one without a status
-- (X4-03), with the average of duration_ms (X4-01). A parent is named by its issue in the documents, by its id in the real
-- tables (X4-06).
-- needs: workflow_mappings(tempolite_workflow_id, beads_issue_id, workflow_type, status)
-- may: workflow_mappings(priority, parent_workflow_id, created_at, updated_at, completed_at)
-- may: workflow_progress(workflow_id, current_step, total_steps, progress_percent, status, current_step_name)
-- may: agent_assignments(id, workflow_id, agent_id, status, step_number, step_name)
-- may: workflow_results(workflow_id, confidence_score)
-- may: research_findings(workflow_id)
-- may: poc_results(workflow_id)
-- may: workflow_performance(id, workflow_id, duration_ms, error_message)
WITH held AS MATERIALIZED (
    SELECT workflow_id, agent_id, step_number, step_name,
        row_number() OVER (PARTITION BY workflow_id ORDER BY CAST(id AS integer) DESC) AS place
    FROM agent_assignments WHERE status IN ('assigned', 'started')
), failing AS MATERIALIZED (
    SELECT workflow_id, error_message, row_number() OVER (PARTITION BY workflow_id ORDER BY CAST(id AS integer) DESC) AS place
    FROM workflow_performance WHERE error_message IS NOT NULL
), found AS MATERIALIZED (
    SELECT workflow_id, count(*) AS number, max(CAST(confidence_score AS double precision)) AS best
    FROM workflow_results GROUP BY workflow_id
), timed AS MATERIALIZED (
    SELECT workflow_id, avg(CAST(duration_ms AS double precision)) AS average FROM workflow_performance GROUP BY workflow_id
)
SELECT m.tempolite_workflow_id AS id, coalesce(m.beads_issue_id, m.tempolite_workflow_id) AS name, m.workflow_type AS kind,
    m.beads_issue_id AS issue_id,
    CASE WHEN EXISTS (SELECT 1 FROM workflow_mappings AS x WHERE x.tempolite_workflow_id = m.parent_workflow_id)
        THEN m.parent_workflow_id ELSE coalesce(
        (SELECT min(y.tempolite_workflow_id) FROM workflow_mappings AS y WHERE y.beads_issue_id = m.parent_workflow_id),
        m.parent_workflow_id
    ) END AS parent_id,
    m.status, m.priority, coalesce(CAST(p.current_step AS integer), CAST(a.step_number AS integer)) AS step,
    p.total_steps AS steps, coalesce(p.current_step_name, a.step_name) AS step_name, p.progress_percent AS percent, a.agent_id,
    m.created_at, m.updated_at, m.completed_at AS ended_at,
    coalesce((SELECT number FROM found WHERE workflow_id = m.tempolite_workflow_id), 0) AS results,
    (SELECT best FROM found WHERE workflow_id = m.tempolite_workflow_id) AS best_confidence,
    (SELECT average FROM timed WHERE workflow_id = m.tempolite_workflow_id) AS average_ms,
    CASE WHEN m.status = 'failed' THEN (
        SELECT error_message FROM failing WHERE workflow_id = m.tempolite_workflow_id AND place = 1
    ) END AS error,
    p.status AS "extra.progress",
    (SELECT count(*) FROM research_findings AS f WHERE f.workflow_id = m.tempolite_workflow_id) AS "extra.findings",
    (SELECT count(*) FROM poc_results AS c WHERE c.workflow_id = m.tempolite_workflow_id) AS "extra.proofs of concept",
    CASE WHEN m.status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed,
    coalesce(m.updated_at, m.created_at) AS changed
FROM workflow_mappings AS m
LEFT JOIN workflow_progress AS p ON p.workflow_id = m.tempolite_workflow_id
LEFT JOIN held AS a ON a.workflow_id = m.tempolite_workflow_id AND a.place = 1
WHERE m.tempolite_workflow_id IS NOT NULL;

-- name: results()
-- What was found, and that it was found: never the finding.
-- needs: workflow_results(id, workflow_id, agent_type, result_type, confidence_score, execution_time_ms, quality_score, created_at)
-- needs: research_findings(id, workflow_id, library_name, library_version, confidence_score, relevance_score, analysis_method, created_at)
-- needs: poc_results(id, workflow_id, implementation_type, language, framework, build_success, test_success, error_message, execution_time_ms, complexity_score, created_at)
SELECT 'result:' || id AS id, workflow_id, result_type AS kind, agent_type AS agent_kind, result_type AS title,
    CAST(NULL AS boolean) AS success, confidence_score AS confidence, quality_score AS quality,
    execution_time_ms AS duration_ms, created_at AS at, CAST(NULL AS text) AS error, CAST(NULL AS text) AS "extra.method",
    CAST(NULL AS double precision) AS "extra.relevance", CAST(NULL AS text) AS "extra.built",
    CAST(NULL AS text) AS "extra.tested", CAST(NULL AS double precision) AS "extra.complexity",
    0 AS closed, created_at AS changed
FROM workflow_results
UNION ALL
SELECT 'finding:' || id, workflow_id, 'research finding', 'research', library_name || coalesce(' ' || library_version, ''),
    NULL, confidence_score, NULL, NULL, created_at, NULL, analysis_method, relevance_score, NULL, NULL, NULL, 0, created_at
FROM research_findings
UNION ALL
SELECT 'poc:' || id, workflow_id, 'proof of concept', 'poc',
    implementation_type || ' in ' || language || coalesce(' with ' || framework, ''), build_success AND test_success,
    NULL, NULL, execution_time_ms, created_at, error_message, NULL, NULL,
    CASE WHEN build_success THEN 'yes' ELSE 'no' END, CASE WHEN test_success THEN 'yes' ELSE 'no' END, complexity_score,
    0, created_at
FROM poc_results;

-- name: results__alone()
-- Before the tables of findings and of proofs of concept are there.
-- needs: workflow_results(id, workflow_id, agent_type, result_type, created_at)
-- may: workflow_results(confidence_score, execution_time_ms, quality_score)
SELECT 'result:' || id AS id, workflow_id, result_type AS kind, agent_type AS agent_kind, result_type AS title,
    confidence_score AS confidence, quality_score AS quality, execution_time_ms AS duration_ms, created_at AS at,
    0 AS closed, created_at AS changed
FROM workflow_results;

-- name: metrics()
-- What each step used, the analytics of each day, and the view performance_trends: per day and kind of agent for 30 days.
-- dialect: sqlite
-- needs: workflow_performance(id, workflow_id, agent_type, step_name, duration_ms, success, created_at)
-- may: workflow_performance(memory_usage_mb, cpu_usage_percent, disk_io_bytes, network_io_bytes)
-- may: workflow_analytics(id, date, workflow_type, agent_type, total_workflows, successful_workflows, failed_workflows, avg_execution_time_ms, avg_confidence_score, total_agents_active, system_load_avg, created_at)
SELECT 'step:' || p.id || ':' || n.name AS id, p.created_at AS at, p.step_name AS kind, n.name, n.unit,
    p.workflow_id AS subject,
    CASE n.name WHEN 'duration' THEN p.duration_ms WHEN 'memory' THEN p.memory_usage_mb WHEN 'cpu' THEN p.cpu_usage_percent
        WHEN 'disk' THEN p.disk_io_bytes ELSE p.network_io_bytes END AS value,
    substr(p.created_at, 1, 19) AS changed
FROM workflow_performance AS p JOIN (
    SELECT 'duration' AS name, 'ms' AS unit UNION ALL SELECT 'memory', 'MB' UNION ALL SELECT 'cpu', '%'
    UNION ALL SELECT 'disk', 'bytes' UNION ALL SELECT 'network', 'bytes'
) AS n
WHERE CASE n.name WHEN 'duration' THEN p.duration_ms WHEN 'memory' THEN p.memory_usage_mb WHEN 'cpu' THEN p.cpu_usage_percent
    WHEN 'disk' THEN p.disk_io_bytes ELSE p.network_io_bytes END IS NOT NULL
UNION ALL
SELECT 'day:' || d.id || ':' || n.name, d.date, 'analytics', n.name, n.unit, d.workflow_type || ' ' || d.agent_type,
    CASE n.name WHEN 'workflows' THEN d.total_workflows WHEN 'successful' THEN d.successful_workflows
        WHEN 'failed' THEN d.failed_workflows WHEN 'average duration' THEN d.avg_execution_time_ms
        WHEN 'average confidence' THEN d.avg_confidence_score WHEN 'active agents' THEN d.total_agents_active
        ELSE d.system_load_avg END AS value,
    substr(coalesce(d.created_at, d.date), 1, 19)
FROM workflow_analytics AS d JOIN (
    SELECT 'workflows' AS name, '' AS unit UNION ALL SELECT 'successful', '' UNION ALL SELECT 'failed', ''
    UNION ALL SELECT 'average duration', 'ms' UNION ALL SELECT 'average confidence', '' UNION ALL SELECT 'active agents', ''
    UNION ALL SELECT 'system load', ''
) AS n
WHERE CASE n.name WHEN 'average duration' THEN d.avg_execution_time_ms WHEN 'average confidence' THEN d.avg_confidence_score
    WHEN 'system load' THEN d.system_load_avg ELSE 0 END IS NOT NULL
UNION ALL
SELECT 'trend:' || t.day || ':' || t.agent_type || ':' || n.name, t.day, 'trend', n.name, n.unit, t.agent_type,
    CASE n.name WHEN 'executions' THEN t.executions WHEN 'successes' THEN t.successes WHEN 'average duration' THEN t.duration
        WHEN 'average memory' THEN t.memory ELSE t.cpu END AS value,
    t.changed
FROM (
    SELECT substr(created_at, 1, 10) AS day, agent_type, count(*) AS executions, sum(CASE WHEN success THEN 1 ELSE 0 END) AS successes,
        avg(duration_ms) AS duration, avg(memory_usage_mb) AS memory, avg(cpu_usage_percent) AS cpu,
        max(substr(created_at, 1, 19)) AS changed
    FROM workflow_performance WHERE substr(created_at, 1, 10) >= date('now', '-30 days')
    GROUP BY substr(created_at, 1, 10), agent_type
) AS t JOIN (
    SELECT 'executions' AS name, '' AS unit UNION ALL SELECT 'successes', '' UNION ALL SELECT 'average duration', 'ms'
    UNION ALL SELECT 'average memory', 'MB' UNION ALL SELECT 'average cpu', '%'
) AS n
WHERE CASE n.name WHEN 'average duration' THEN t.duration WHEN 'average memory' THEN t.memory WHEN 'average cpu' THEN t.cpu
    ELSE 0 END IS NOT NULL;

-- name: metrics__postgres()
-- The same in PostgreSQL's types.
-- dialect: postgres
-- needs: workflow_performance(id, workflow_id, agent_type, step_name, duration_ms, success, created_at, memory_usage_mb, cpu_usage_percent, disk_io_bytes, network_io_bytes)
-- needs: workflow_analytics(id, date, workflow_type, agent_type, total_workflows, successful_workflows, failed_workflows, avg_execution_time_ms, avg_confidence_score, total_agents_active, system_load_avg, created_at)
SELECT 'step:' || p.id || ':' || n.name AS id, CAST(p.created_at AS timestamptz) AS at, p.step_name AS kind, n.name, n.unit,
    p.workflow_id AS subject, n.value, CAST(p.created_at AS timestamptz) AS changed
FROM workflow_performance AS p CROSS JOIN LATERAL (VALUES
    ('duration', 'ms', CAST(p.duration_ms AS double precision)), ('memory', 'MB', p.memory_usage_mb),
    ('cpu', '%', p.cpu_usage_percent), ('disk', 'bytes', p.disk_io_bytes), ('network', 'bytes', p.network_io_bytes)
) AS n (name, unit, value)
WHERE n.value IS NOT NULL
UNION ALL
SELECT 'day:' || d.id || ':' || n.name, CAST(d.date AS timestamp) AT TIME ZONE 'UTC', 'analytics', n.name, n.unit,
    d.workflow_type || ' ' || d.agent_type, n.value, CAST(d.created_at AS timestamptz)
FROM workflow_analytics AS d CROSS JOIN LATERAL (VALUES
    ('workflows', '', CAST(d.total_workflows AS double precision)), ('successful', '', d.successful_workflows),
    ('failed', '', d.failed_workflows), ('average duration', 'ms', d.avg_execution_time_ms),
    ('average confidence', '', d.avg_confidence_score), ('active agents', '', d.total_agents_active),
    ('system load', '', d.system_load_avg)
) AS n (name, unit, value)
WHERE n.value IS NOT NULL
UNION ALL
SELECT 'trend:' || t.day || ':' || t.agent_type || ':' || n.name, CAST(t.day AS timestamp) AT TIME ZONE 'UTC', 'trend',
    n.name, n.unit, t.agent_type, n.value, t.changed
FROM (
    SELECT CAST(CAST(created_at AS timestamptz) AT TIME ZONE 'UTC' AS date) AS day, agent_type, count(*) AS executions,
        sum(CASE WHEN success THEN 1 ELSE 0 END) AS successes, avg(CAST(duration_ms AS double precision)) AS duration,
        avg(CAST(memory_usage_mb AS double precision)) AS memory, avg(CAST(cpu_usage_percent AS double precision)) AS cpu,
        max(CAST(created_at AS timestamptz)) AS changed
    FROM workflow_performance WHERE created_at >= CURRENT_DATE - 30
    GROUP BY CAST(CAST(created_at AS timestamptz) AT TIME ZONE 'UTC' AS date), agent_type
) AS t CROSS JOIN LATERAL (VALUES
    ('executions', '', CAST(t.executions AS double precision)), ('successes', '', t.successes),
    ('average duration', 'ms', t.duration), ('average memory', 'MB', t.memory), ('average cpu', '%', t.cpu)
) AS n (name, unit, value)
WHERE n.value IS NOT NULL;

-- name: templates()
-- needs: workflow_templates(id, name, workflow_type)
-- may: workflow_templates(agent_sequence, version, is_active, usage_count, success_rate, updated_at)
SELECT id, name AS title, workflow_type AS kind, version, updated_at, agent_sequence AS "extra.agents",
    usage_count AS "extra.used", success_rate AS "extra.success rate",
    CASE WHEN CAST(is_active AS text) IN ('0', 'false') THEN 'no' ELSE 'yes' END AS "extra.active",
    0 AS closed, updated_at AS changed
FROM workflow_templates;
