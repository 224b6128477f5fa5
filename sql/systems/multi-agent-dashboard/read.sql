-- The multi-agent dashboard's queries: of its documented tables, and (`…__files`) of the JSON files that its code keeps.
-- system_prompt, payload, result, metadata and args are named nowhere: they hold prompts.

-- name: agents()
-- Employees, each with its newest process, a living one first.
-- dialect: sqlite
-- needs: employees(id, name, role, department, level, status, skills, current_workload, max_concurrent_tasks)
-- may: employees(performance_metrics, updated_at)
-- may: processes(id, employee_id, status, pid, working_directory, created_at, updated_at, started_at, stopped_at, resource_usage)
SELECT e.id, e.name, 'claude-code' AS kind, e.role, e.department AS "group", coalesce(p.status, e.status) AS status,
    p.pid, p.working_directory AS cwd, p.started_at, p.stopped_at, coalesce(p.updated_at, e.updated_at) AS updated_at,
    e.current_workload AS workload, e.max_concurrent_tasks AS capacity, e.skills AS capabilities,
    CASE WHEN json_valid(e.performance_metrics) THEN e.performance_metrics ->> 'tasksCompleted' END AS tasks_done,
    CASE WHEN json_valid(e.performance_metrics) THEN e.performance_metrics ->> 'successRate' END AS success_rate,
    CASE WHEN json_valid(p.resource_usage) THEN p.resource_usage ->> 'cpuPercent' END AS cpu_usage,
    CASE WHEN json_valid(p.resource_usage) THEN (p.resource_usage ->> 'memoryMB') * 1048576 END AS memory_usage,
    e.level AS "extra.level", e.status AS "extra.employee",
    0 AS closed, coalesce(p.updated_at, e.updated_at) AS changed
FROM employees AS e LEFT JOIN processes AS p ON p.id = (
    SELECT id FROM processes WHERE employee_id = e.id
    ORDER BY CASE WHEN status IN ('starting', 'running') THEN 0 ELSE 1 END, created_at DESC LIMIT 1
);

-- name: agents__postgres()
-- The same, where a JSON column is never anything else.
-- dialect: postgres
-- needs: employees(id, name, role, department, level, status, skills, current_workload, max_concurrent_tasks)
-- may: employees(performance_metrics, updated_at)
-- may: processes(id, employee_id, status, pid, working_directory, created_at, updated_at, started_at, stopped_at, resource_usage)
SELECT e.id, e.name, 'claude-code' AS kind, e.role, e.department AS "group", coalesce(p.status, e.status) AS status,
    p.pid, p.working_directory AS cwd, p.started_at, p.stopped_at, coalesce(p.updated_at, e.updated_at) AS updated_at,
    e.current_workload AS workload, e.max_concurrent_tasks AS capacity, e.skills AS capabilities,
    CAST(e.performance_metrics AS jsonb) ->> 'tasksCompleted' AS tasks_done,
    CAST(e.performance_metrics AS jsonb) ->> 'successRate' AS success_rate,
    CAST(p.resource_usage AS jsonb) ->> 'cpuPercent' AS cpu_usage,
    CAST(CAST(p.resource_usage AS jsonb) ->> 'memoryMB' AS double precision) * 1048576 AS memory_usage,
    e.level AS "extra.level", e.status AS "extra.employee",
    0 AS closed, coalesce(p.updated_at, e.updated_at) AS changed
FROM employees AS e LEFT JOIN processes AS p ON p.id = (
    SELECT id FROM processes WHERE employee_id = e.id
    ORDER BY CASE WHEN status IN ('starting', 'running') THEN 0 ELSE 1 END, created_at DESC LIMIT 1
);

-- name: agents__files()
-- Each process is an agent: the registry of employees stands elsewhere.
-- needs: processes(id, name, employeeId, status)
-- may: processes(role, pid, startedAt, stoppedAt, memoryUsage, cpuUsage, lastHeartbeat, taskId, errorCount, restarts)
SELECT id, name, 'claude-code' AS kind, role, employeeId AS "group", status, pid, taskId AS current_task,
    lastHeartbeat AS heartbeat_at, startedAt AS started_at, stoppedAt AS stopped_at, errorCount AS errors,
    cpuUsage AS cpu_usage, memoryUsage AS memory_usage, restarts AS "extra.restarts",
    CASE WHEN status IN ('starting', 'running', 'stopping') THEN 0 ELSE 1 END AS closed, lastHeartbeat AS changed
FROM processes;

-- name: tasks()
-- employee_id is set before anybody is chosen (X0-11); durations are minutes.
-- needs: tasks(id, employee_id, type, status, title)
-- may: tasks(process_id, priority, description, error_message, estimated_duration, actual_duration, created_at, assigned_at, started_at, completed_at, created_by)
SELECT id, title, description, status, priority, employee_id AS assigned_to, created_by, created_at,
    coalesce(completed_at, started_at, assigned_at, created_at) AS updated_at,
    estimated_duration / 60.0 AS estimated_hours, actual_duration / 60.0 AS actual_hours,
    type AS "extra.type", process_id AS "extra.process", error_message AS "extra.error",
    assigned_at AS "extra.assigned", started_at AS "extra.started", completed_at AS "extra.completed",
    CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed,
    coalesce(completed_at, started_at, assigned_at, created_at) AS changed
FROM tasks;

-- name: tasks__files()
-- updatedAt is not moved by the code (SIB-34): a large file is read whole now and then all the same.
-- needs: tasks(id, status)
-- may: tasks(title, type, priority, assignedTo, processId, progress, retryCount, maxRetries, createdAt, updatedAt, resolvedAt, reopenedAt, completedAt)
SELECT id, coalesce(title, type, id) AS title, status, priority, assignedTo AS assigned_to, createdAt AS created_at,
    coalesce(reopenedAt, resolvedAt, completedAt, updatedAt) AS updated_at,
    type AS "extra.type", processId AS "extra.process", progress AS "extra.progress",
    retryCount AS "extra.retries", maxRetries AS "extra.retries at most", reopenedAt AS "extra.reopened",
    CASE WHEN status IN ('completed', 'failed', 'resolved', 'cancelled') THEN 1 ELSE 0 END AS closed,
    coalesce(updatedAt, createdAt) AS changed
FROM tasks;

-- name: queue()
-- The queue's priority may be another than the task's (X0-12).
-- needs: task_queue(id, task_id, queue_name, status)
-- may: task_queue(priority, attempts, max_attempts, delay_until, created_at, processed_at)
SELECT id, queue_name AS queue, task_id, status, priority, attempts, max_attempts, created_at AS enqueued_at,
    CASE WHEN status = 'processing' THEN processed_at END AS claimed_at,
    CASE WHEN status IN ('completed', 'failed') THEN processed_at END AS ended_at, delay_until,
    CASE WHEN status IN ('completed', 'failed') THEN 1 ELSE 0 END AS closed,
    coalesce(processed_at, created_at) AS changed
FROM task_queue;

-- name: executions()
-- Processes; one that stopped says nothing of how.
-- needs: processes(id, name, employee_id, status)
-- may: processes(pid, created_at, updated_at, started_at, stopped_at, max_turns, allowed_tools)
SELECT id, name, employee_id AS agent_id, status, pid, coalesce(started_at, created_at) AS started_at,
    stopped_at AS ended_at, max_turns AS "extra.turns at most", allowed_tools AS "extra.tools",
    CASE WHEN status IN ('starting', 'running') THEN 0 ELSE 1 END AS closed, updated_at AS changed
FROM processes;

-- name: executions__files()
-- needs: processes(id, name, employeeId, status)
-- may: processes(pid, createdAt, startedAt, stoppedAt, taskId, lastHeartbeat, restarts, errorCount)
SELECT id, name, employeeId AS agent_id, taskId AS task_id, status, pid, coalesce(startedAt, createdAt) AS started_at,
    stoppedAt AS ended_at, restarts AS "extra.restarts", errorCount AS "extra.errors",
    CASE WHEN status IN ('starting', 'running', 'stopping') THEN 0 ELSE 1 END AS closed, lastHeartbeat AS changed
FROM processes;

-- name: logs()
-- needs: process_logs(id, process_id, log_level, message, timestamp)
SELECT id, timestamp AS at, log_level AS level, process_id AS subject, message AS text, id AS changed FROM process_logs;

-- name: events()
-- needs: system_events(id, event_type, source, severity, message, resolved, timestamp)
-- may: system_events(resolved_at)
SELECT id, timestamp AS at, event_type AS kind, source, severity, message AS text, resolved, resolved_at,
    CASE WHEN resolved THEN 1 ELSE 0 END AS closed, coalesce(resolved_at, timestamp) AS changed
FROM system_events;

-- name: events__files()
-- The monitor's alerts; those of its workload compare percent with a number of tasks (SIB-37).
-- needs: alerts(id, message)
-- may: alerts(type, severity, timestamp, source, resolved, resolvedAt)
SELECT id, timestamp AS at, type AS kind, source, severity, message AS text, resolved, resolvedAt AS resolved_at,
    CASE WHEN resolved THEN 1 ELSE 0 END AS closed, timestamp AS changed
FROM alerts;

-- name: metrics()
-- Of a process, of an employee, or of the whole system.
-- needs: performance_metrics(id, metric_type, metric_name, value, timestamp)
-- may: performance_metrics(process_id, employee_id, unit)
SELECT id, timestamp AS at, metric_type AS kind, metric_name AS name, value, unit,
    coalesce(process_id, employee_id) AS subject, id AS changed
FROM performance_metrics;

-- name: templates()
-- needs: employee_templates(id, name, role, department)
-- may: employee_templates(default_tools, default_max_turns, skill_requirements, updated_at)
SELECT id, name AS title, role AS kind, updated_at, department AS "extra.department", default_tools AS "extra.tools",
    default_max_turns AS "extra.turns at most", skill_requirements AS "extra.skills", 0 AS closed, updated_at AS changed
FROM employee_templates;

-- name: configuration()
-- A secret's value never leaves the database.
-- needs: system_config(key, value, data_type, is_secret)
-- may: system_config(description, updated_at)
SELECT key AS id, key AS title, data_type AS kind, CASE WHEN is_secret THEN '***' ELSE value END AS value, updated_at,
    description AS "extra.description", 0 AS closed, updated_at AS changed
FROM system_config;
