-- How the coordination database writes down what the demo's agents do (monitor/demo/systems.py): each task is a workflow.

-- name: begin
INSERT INTO workflow_templates (id, name, workflow_type, template_def, agent_sequence)
VALUES ('tpl-1', 'Research first', 'research', '{"steps": []}', '["research", "poc", "documentation", "validation"]');

-- name: agent
INSERT INTO agent_configurations (id, agent_type, agent_id, configuration, capabilities, last_heartbeat, created_at, updated_at)
VALUES (
    'conf-' || :agent, CASE :agent_number % 3 WHEN 0 THEN 'poc' WHEN 1 THEN 'research' ELSE 'documentation' END, :agent,
    '{}', json_array(:role), :now, :now, :now
);

-- name: heartbeat
UPDATE agent_configurations SET last_heartbeat = :now WHERE agent_id = :agent;

-- name: task
INSERT INTO workflow_mappings (
    beads_issue_id, tempolite_workflow_id, workflow_type, status, priority, parent_workflow_id, created_at, updated_at
) VALUES (
    'bd-' || :number, 'wf-' || :number, CASE :number % 3 WHEN 0 THEN 'poc' WHEN 1 THEN 'research' ELSE 'documentation' END,
    'active', 2 - :priority, CASE WHEN :number % 4 = 0 THEN 'bd-' || (:number - 1) END, :now, :now
);

-- name: claimed
INSERT INTO agent_assignments (
    workflow_id, agent_type, agent_id, step_number, step_name, assigned_at, started_at, status, handoff_from
)
SELECT 'wf-' || :number, agent_type, agent_id, :attempts, 'step ' || :attempts, :now, :now, 'started', (
    SELECT agent_id FROM agent_assignments WHERE workflow_id = 'wf-' || :number ORDER BY id DESC LIMIT 1
)
FROM agent_configurations WHERE agent_id = :agent;
UPDATE workflow_mappings SET updated_at = :now WHERE beads_issue_id = 'bd-' || :number;

-- name: busy
UPDATE agent_configurations SET status = 'busy', current_workload = 1, updated_at = :now WHERE agent_id = :agent;

-- name: idle
UPDATE agent_configurations SET status = 'active', current_workload = 0, updated_at = :now WHERE agent_id = :agent;

-- name: run_done
UPDATE agent_assignments SET status = 'completed', completed_at = :now
WHERE workflow_id = 'wf-' || :number AND status = 'started';
INSERT INTO workflow_performance (
    workflow_id, agent_type, step_name, start_time, end_time, duration_ms, success, memory_usage_mb, cpu_usage_percent,
    created_at
) VALUES ('wf-' || :number, 'research', 'step ' || :attempts, :now, :now, 4000, TRUE, 120, 12.5, :now);
INSERT INTO workflow_results (workflow_id, agent_type, result_type, result_data, confidence_score, quality_score, created_at)
VALUES ('wf-' || :number, 'research', 'findings', '{}', 0.8, 7.5, :now);

-- name: run_failed
UPDATE agent_assignments SET status = 'failed', completed_at = :now
WHERE workflow_id = 'wf-' || :number AND status = 'started';
INSERT INTO workflow_performance (
    workflow_id, agent_type, step_name, start_time, end_time, duration_ms, success, error_message, created_at
) VALUES ('wf-' || :number, 'research', 'step ' || :attempts, :now, :now, 900, FALSE, 'a test fails', :now);

-- name: done
UPDATE workflow_mappings SET status = 'completed', completed_at = :now, updated_at = :now WHERE beads_issue_id = 'bd-' || :number;

-- name: failed
UPDATE workflow_mappings SET status = 'failed', updated_at = :now WHERE beads_issue_id = 'bd-' || :number;
