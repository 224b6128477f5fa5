-- How bd writes down what the demo's agents do (monitor/demo/systems.py).

-- name: begin
INSERT INTO metadata (key, value) VALUES ('bd_version', '0.49.6');
INSERT INTO config (key, value) VALUES ('issue_prefix', 'shop');

-- name: project
INSERT INTO issues (id, title, issue_type, priority, created_at, updated_at) VALUES ('shop-epic', :name, 'epic', 1, :iso, :iso);

-- name: agent
INSERT INTO issues (id, title, issue_type, agent_state, role_type, last_activity, created_at, updated_at)
VALUES ('shop-agent-' || :agent, :agent, 'agent', 'idle', :role, :iso, :iso, :iso);

-- name: heartbeat
UPDATE issues SET last_activity = :iso WHERE id = 'shop-agent-' || :agent;

-- name: task
INSERT INTO issues (id, title, priority, created_by, created_at, updated_at)
VALUES ('shop-' || :number, :title, 2 - :priority, 'sam', :iso, :iso);
INSERT INTO dependencies (issue_id, depends_on_id, type, created_at) VALUES ('shop-' || :number, 'shop-epic', 'parent-child', :iso);
INSERT INTO dependencies (issue_id, depends_on_id, type, created_at)
SELECT 'shop-' || :number, 'shop-' || (:number - 1), 'blocks', :iso WHERE :number % 4 = 0;
INSERT INTO labels (issue_id, label) VALUES ('shop-' || :number, CASE :number % 2 WHEN 0 THEN 'api' ELSE 'web' END);
INSERT INTO events (issue_id, event_type, actor, created_at) VALUES ('shop-' || :number, 'created', 'sam', :iso);

-- name: claimed
UPDATE issues SET status = 'in_progress', assignee = :agent, updated_at = :iso WHERE id = 'shop-' || :number;
INSERT INTO events (issue_id, event_type, actor, old_value, new_value, created_at)
VALUES ('shop-' || :number, 'status_changed', :agent, 'open', 'in_progress', :iso);

-- name: busy
UPDATE issues SET agent_state = 'working', hook_bead = 'shop-' || :number, updated_at = :iso WHERE id = 'shop-agent-' || :agent;

-- name: idle
UPDATE issues SET agent_state = 'idle', hook_bead = '', updated_at = :iso WHERE id = 'shop-agent-' || :agent;

-- name: retried
UPDATE issues SET status = 'open', updated_at = :iso WHERE id = 'shop-' || :number;

-- name: done
UPDATE issues SET status = 'closed', closed_at = :iso, close_reason = 'merged', updated_at = :iso WHERE id = 'shop-' || :number;
INSERT INTO events (issue_id, event_type, actor, created_at) VALUES ('shop-' || :number, 'closed', :agent, :iso);

-- name: failed
UPDATE issues SET status = 'blocked', updated_at = :iso WHERE id = 'shop-' || :number;

-- name: question
INSERT INTO comments (issue_id, author, text, created_at) VALUES ('shop-' || :number, :agent, :text, :iso);
