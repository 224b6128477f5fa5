-- How AgentVine writes down what the demo's agents do (monitor/demo/systems.py).

-- name: begin
INSERT INTO context_documents (id, title, document_type, content, repository_url, tags)
VALUES ('doc-1', 'How orders are priced', 'design', 'Of the demo.', 'https://example.org/shop.git', '["orders", "prices"]');

-- name: agent
INSERT INTO workers (id, name, worker_type, status, version, capabilities, last_heartbeat_at, created_at, updated_at)
VALUES (:agent, :agent_name, 'feature', 'idle', '1.0', json_array(:role), :now, :now, :now);
INSERT INTO worker_capabilities (worker_id, capability_name, capability_level) VALUES (:agent, 'Python', 'expert');

-- name: heartbeat
UPDATE workers SET last_heartbeat_at = :now WHERE id = :agent;

-- name: task
INSERT INTO tasks (
    id, title, task_type, permission_level, priority, status, repository_url, branch_name, created_at, updated_at
) VALUES (
    :task, :title, 'feature', 'supervised', CASE :priority WHEN 2 THEN 'high' WHEN 1 THEN 'normal' ELSE 'low' END,
    'queued', 'https://example.org/shop.git', 'feat/' || :task, :now, :now
);
INSERT INTO task_dependencies (task_id, depends_on_task_id)
SELECT :task, :above WHERE :task <> :above AND :number % 4 = 0 AND EXISTS (SELECT 1 FROM tasks WHERE id = :above);

-- name: queued
INSERT INTO work_orders (id, task_id, queue_name, status, payload, max_retries, enqueued_at, expires_at)
VALUES (
    'order-' || :number, :task, CASE :priority WHEN 2 THEN 'high_priority' WHEN 1 THEN 'default' ELSE 'low_priority' END,
    'pending', '{"prompt": "do it"}', :retries, :now, datetime(:now, '+1 hour')
);

-- name: claimed
UPDATE work_orders SET status = 'claimed', claimed_at = :now WHERE id = 'order-' || :number;
UPDATE tasks SET status = 'in_progress', assigned_to = :agent, started_at = :now, updated_at = :now WHERE id = :task;
INSERT INTO worker_assignments (worker_id, work_order_id, assigned_at) VALUES (:agent, 'order-' || :number, :now)
ON CONFLICT DO UPDATE SET status = 'active', assigned_at = excluded.assigned_at, completed_at = NULL;

-- name: busy
UPDATE workers SET status = 'busy', updated_at = :now WHERE id = :agent;

-- name: idle
UPDATE workers SET status = 'idle', updated_at = :now WHERE id = :agent;

-- name: run
INSERT INTO executions (id, task_id, worker_id, started_at, stdout_log) VALUES (:run, :task, :agent, :now, 'of the demo');

-- name: run_done
UPDATE executions SET status = 'completed', exit_code = 0, completed_at = :now,
    duration_seconds = unixepoch(:now) - unixepoch(started_at) WHERE id = :run;
UPDATE worker_assignments SET status = 'completed', completed_at = :now
WHERE worker_id = :agent AND work_order_id = 'order-' || :number;

-- name: run_failed
UPDATE executions SET status = 'failed', exit_code = 1, completed_at = :now,
    duration_seconds = unixepoch(:now) - unixepoch(started_at) WHERE id = :run;
UPDATE worker_assignments SET status = 'failed', completed_at = :now
WHERE worker_id = :agent AND work_order_id = 'order-' || :number;

-- name: retried
UPDATE work_orders SET status = 'pending', retry_count = :attempts, claimed_at = NULL WHERE id = 'order-' || :number;
UPDATE tasks SET status = 'queued', updated_at = :now WHERE id = :task;

-- name: done
UPDATE work_orders SET status = 'completed', completed_at = :now WHERE id = 'order-' || :number;
UPDATE tasks SET status = 'completed', completed_at = :now, updated_at = :now WHERE id = :task;

-- name: failed
UPDATE work_orders SET status = 'failed', retry_count = :retries, completed_at = :now, error_message = 'a test fails'
WHERE id = 'order-' || :number;
UPDATE tasks SET status = 'failed', updated_at = :now WHERE id = :task;

-- name: log
INSERT INTO execution_logs (execution_id, level, message, logged_at) VALUES (:run, upper(:level), :text, :now);

-- name: question
INSERT INTO chat_messages (id, conversation_id, sender_type, sender_id, message, message_type, created_at)
VALUES ('msg-' || :question, :task, 'worker', :agent, :text, 'question', :now);

-- name: answer
INSERT INTO chat_messages (id, conversation_id, sender_type, message, message_type, parent_message_id, created_at)
SELECT 'answer-' || :question, conversation_id, 'user', :text, 'response', id, :now
FROM chat_messages WHERE id = 'msg-' || :question;
