-- How Tempolite writes down what the demo's agents do (monitor/demo/systems.py): each task is a workflow.

-- name: begin
INSERT INTO queues (id, name, created_at, updated_at) VALUES (1, 'default', :now, :now), (2, 'slow', :now, :now);
INSERT INTO runs (id, status, created_at, updated_at) VALUES (1, 'Running', :now, :now);

-- name: task
INSERT INTO workflow_entities (id, handler_name, type, status, step_id, queue_entities, run_id, created_at, updated_at)
VALUES (:number, :title, 'Workflow', 'Queued', 'root', 1 + (:priority = 0), 1, :now, :now);
INSERT INTO hierarchies (parent_entity_id, child_entity_id, parent_type, child_type, created_at, updated_at, run_id)
SELECT :number - 1, :number, 'Workflow', 'Workflow', :now, :now, 1 WHERE :number % 3 = 0 AND :number > 1;

-- name: claimed
UPDATE workflow_entities SET status = 'Running', updated_at = :now WHERE id = :number;
INSERT INTO activity_entities (
    id, handler_name, type, status, step_id, run_id, workflow_entity_activity_children, created_at, updated_at
) VALUES (10 * :number + :attempts, 'work of ' || :agent, 'Activity', 'Running', :run, 1, :number, :now, :now);

-- name: run
INSERT INTO workflow_executions (id, status, workflow_entity_id, started_at, created_at, updated_at)
VALUES (10 * :number + :attempts, 'Running', :number, :now, :now, :now);
INSERT INTO activity_executions (id, status, activity_entity_id, started_at, created_at, updated_at)
VALUES (10 * :number + :attempts, 'Running', 10 * :number + :attempts, :now, :now, :now);
INSERT INTO event_logs (timestamp, event_type, entity_type, handler_name, previous_state, new_state, created_at)
VALUES (:now, 'state_changed', 'workflow', :title, 'Queued', 'Running', :now);

-- name: run_done
UPDATE workflow_executions SET status = 'Completed', completed_at = :now, updated_at = :now
WHERE id = 10 * :number + :attempts;
UPDATE activity_executions SET status = 'Completed', completed_at = :now, updated_at = :now
WHERE id = 10 * :number + :attempts;
UPDATE activity_entities SET status = 'Completed', updated_at = :now WHERE id = 10 * :number + :attempts;

-- name: run_failed
UPDATE workflow_executions SET status = 'Failed', error = 'a test fails', completed_at = :now, updated_at = :now
WHERE id = 10 * :number + :attempts;
UPDATE activity_executions SET status = 'Failed', error = 'a test fails', completed_at = :now, updated_at = :now
WHERE id = 10 * :number + :attempts;
UPDATE activity_entities SET status = 'Failed', updated_at = :now WHERE id = 10 * :number + :attempts;

-- name: retried
UPDATE workflow_entities SET status = 'Queued', updated_at = :now WHERE id = :number;

-- name: done
UPDATE workflow_entities SET status = 'Completed', updated_at = :now WHERE id = :number;
INSERT INTO event_logs (timestamp, event_type, entity_type, handler_name, previous_state, new_state, created_at)
VALUES (:now, 'state_changed', 'workflow', :title, 'Running', 'Completed', :now);

-- name: failed
UPDATE workflow_entities SET status = 'Failed', updated_at = :now WHERE id = :number;
INSERT INTO event_logs (timestamp, event_type, entity_type, handler_name, previous_state, new_state, error, created_at)
VALUES (:now, 'state_changed', 'workflow', :title, 'Running', 'Failed', 'a test fails', :now);
