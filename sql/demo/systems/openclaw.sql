-- How the OpenClaw dashboard writes down what the demo's agents do (monitor/demo/systems.py).

-- name: begin
INSERT INTO users (id, email, username, full_name) VALUES ('user-1', 'sam@example.org', 'sam', 'Sam');
INSERT INTO teams (id, name, team_lead_id) VALUES ('team-1', 'The shop', 'user-1');
INSERT INTO team_members (team_id, user_id, role) VALUES ('team-1', 'user-1', 'lead');

-- name: project
INSERT INTO projects (id, name, status, owner_id, team_id, start_date, end_date, budget)
VALUES (:project, :name, 'active', 'user-1', 'team-1', date(:now), date(:now, '+30 days'), 10000);

-- name: agent
INSERT INTO agents (id, name, type, status, version, capabilities, last_heartbeat, created_at, updated_at)
VALUES (:agent, :agent_name, 'task', 'active', '1.0', json_array(:role), :now, :now, :now);

-- name: heartbeat
UPDATE agents SET last_heartbeat = :now WHERE id = :agent;

-- name: task
INSERT INTO tasks (id, project_id, title, priority, creator_id, estimated_hours, deadline, order_index, created_at, updated_at)
VALUES (
    :task, 'project-1', :title, CASE :priority WHEN 2 THEN 'high' WHEN 1 THEN 'medium' ELSE 'low' END, 'user-1', 2,
    datetime(:now, '+2 days'), :number, :now, :now
);
INSERT INTO task_dependencies (task_id, depends_on_id, lag_hours)
SELECT :task, :above, 1 WHERE :task <> :above AND :number % 4 = 0 AND EXISTS (SELECT 1 FROM tasks WHERE id = :above);

-- name: queued
INSERT INTO agent_tasks (id, agent_id, task_type, priority, payload, max_retries, created_at, expires_at)
VALUES ('at-' || :number, :agent, 'feature', :priority, '{"prompt": "do it"}', :retries, :now, datetime(:now, '+1 hour'));

-- name: claimed
UPDATE agent_tasks SET status = 'running', agent_id = :agent, started_at = :now WHERE id = 'at-' || :number;
UPDATE tasks SET status = 'in_progress', progress = 50, updated_at = :now WHERE id = :task;
INSERT INTO events (event_type, aggregate_type, aggregate_id, event_data, version, created_at, created_by_agent_id)
VALUES ('task.started', 'task', :task, '{}', 2 * :attempts, :now, :agent);

-- name: busy
UPDATE agents SET status = 'busy', updated_at = :now WHERE id = :agent;

-- name: idle
UPDATE agents SET status = 'active', updated_at = :now WHERE id = :agent;

-- name: retried
UPDATE agent_tasks SET status = 'pending', retry_count = :attempts, started_at = NULL WHERE id = 'at-' || :number;
UPDATE tasks SET status = 'on_hold', updated_at = :now WHERE id = :task;

-- name: done
UPDATE agent_tasks SET status = 'completed', completed_at = :now WHERE id = 'at-' || :number;
UPDATE tasks SET status = 'completed', progress = 100, completed_at = :now, updated_at = :now WHERE id = :task;
INSERT INTO events (event_type, aggregate_type, aggregate_id, event_data, version, created_at, created_by_agent_id)
VALUES ('task.completed', 'task', :task, '{}', 2 * :attempts + 1, :now, :agent);

-- name: failed
UPDATE agent_tasks SET status = 'failed', retry_count = :retries, completed_at = :now, error_message = 'a test fails'
WHERE id = 'at-' || :number;
UPDATE tasks SET status = 'blocked', updated_at = :now WHERE id = :task;
