-- How the multi-agent dashboard writes down what the demo's agents do (monitor/demo/systems.py).

-- name: begin
INSERT INTO system_config (key, value, data_type, description, is_secret) VALUES
    ('max_concurrent_processes', '20', 'number', 'Processes at once', FALSE),
    ('default_process_timeout', '1800', 'number', 'Seconds', FALSE),
    ('log_retention_days', '30', 'number', 'Days', FALSE),
    ('api_token', 'not-a-real-token', 'string', 'Of the demo', TRUE);
INSERT INTO employee_templates (id, name, role, department, system_prompt, default_tools, skill_requirements)
VALUES ('tpl-1', 'Reviewer', 'review', 'Development', 'You review.', '["Read", "Grep"]', '["review"]');

-- name: agent
INSERT INTO employees (id, name, role, department, level, status, skills, system_prompt_template, performance_metrics)
VALUES (:agent, :agent_name, :role, 'Development', 'Senior', 'active', json_array(:role), 'You are ' || :agent_name,
    '{"tasksCompleted": 0, "successRate": 1.0}');
INSERT INTO processes (
    id, name, employee_id, status, pid, system_prompt, working_directory, allowed_tools, created_at, updated_at,
    started_at, resource_usage
) VALUES (
    'proc-' || :agent, :agent, :agent, 'running', :pid, 'You are ' || :agent_name, :cwd, '["Read", "Edit", "Bash"]',
    :now, :now, :now, '{"cpuPercent": 1.0, "memoryMB": 120, "uptimeSeconds": 0}'
);

-- name: heartbeat
UPDATE processes SET pid = coalesce(:pid, pid), updated_at = :now WHERE id = 'proc-' || :agent;

-- name: task
INSERT INTO tasks (id, employee_id, type, priority, status, title, payload, estimated_duration, created_at, created_by)
VALUES (:task, :agent, 'feature', :priority, 'pending', :title, '{"prompt": "do it"}', 30, :now, 'demo');

-- name: queued
INSERT INTO task_queue (id, task_id, queue_name, priority, attempts, max_attempts, status, created_at)
VALUES (
    'q-' || :number, :task, CASE :priority WHEN 2 THEN 'high' WHEN 1 THEN 'medium' ELSE 'low' END, :priority, 0,
    :retries, 'pending', :now
);

-- name: claimed
UPDATE task_queue SET status = 'processing', attempts = :attempts, processed_at = :now WHERE id = 'q-' || :number;
UPDATE tasks SET status = 'running', employee_id = :agent, process_id = 'proc-' || :agent, assigned_at = :now,
    started_at = :now WHERE id = :task;

-- name: busy
UPDATE employees SET status = 'busy', current_workload = 1, updated_at = :now WHERE id = :agent;

-- name: idle
UPDATE employees SET status = 'active', current_workload = 0, updated_at = :now WHERE id = :agent;

-- name: retried
UPDATE task_queue SET status = 'delayed', delay_until = datetime(:now, '+30 seconds') WHERE id = 'q-' || :number;
UPDATE tasks SET status = 'assigned', started_at = NULL WHERE id = :task;

-- name: done
UPDATE task_queue SET status = 'completed', processed_at = :now WHERE id = 'q-' || :number;
UPDATE tasks SET status = 'completed', completed_at = :now, actual_duration = 5 WHERE id = :task;

-- name: failed
UPDATE task_queue SET status = 'failed', processed_at = :now WHERE id = 'q-' || :number;
UPDATE tasks SET status = 'failed', completed_at = :now, error_message = 'a test fails' WHERE id = :task;

-- name: log
INSERT INTO process_logs (process_id, log_level, message, timestamp)
VALUES ('proc-' || :agent, CASE :level WHEN 'warning' THEN 'WARN' ELSE upper(:level) END, :text, :now);
INSERT INTO performance_metrics (process_id, employee_id, metric_type, metric_name, value, unit, timestamp)
VALUES ('proc-' || :agent, :agent, 'cpu', 'cpu_percent', :value, '%', :now);

-- name: event
INSERT INTO system_events (id, event_type, source, severity, message, timestamp)
VALUES (:event, 'system-alert', 'queue', :severity, :text, :now);

-- name: resolved
UPDATE system_events SET resolved = TRUE, resolved_at = :now WHERE id = :event;
