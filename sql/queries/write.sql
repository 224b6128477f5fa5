-- What the recorder writes each tick. Every statement may be repeated: writing the same tick twice adds nothing.

-- name: insert_recorder(host, boot_id, pid, version, interval_ms, at)<!
-- One start of a recorder.
INSERT INTO recorders (host, boot_id, pid, version, interval_ms, started_at, last_tick_at)
VALUES (:host, :boot_id, :pid, :version, :interval_ms, :at, :at);

-- name: touch_recorder*!
UPDATE recorders SET last_tick_at = :at, interval_ms = :interval_ms WHERE recorder_id = :recorder_id;

-- name: insert_recorder_interval*!
INSERT INTO recorder_intervals (recorder_id, timestamp, interval_ms) VALUES (:recorder_id, :at, :interval_ms)
ON CONFLICT (recorder_id, timestamp) DO UPDATE SET interval_ms = excluded.interval_ms;

-- name: stop_recorder(recorder_id, at)!
-- The end of a recorder; who ends before the first tick, which brings the row of its interval, had no last one.
UPDATE recorders SET
    stopped_at = :at,
    last_tick_at = iif(
        EXISTS (SELECT 1 FROM recorder_intervals AS i WHERE i.recorder_id = :recorder_id), :at, last_tick_at
    )
WHERE recorder_id = :recorder_id;

-- name: upsert_agent*!
INSERT INTO agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
VALUES (:agent_id, :name, :kind, :role, :host, :worktree, :origin, :at, :at)
ON CONFLICT (agent_id) DO UPDATE
SET name = excluded.name, kind = excluded.kind, role = excluded.role, host = excluded.host,
    worktree = excluded.worktree, origin = excluded.origin, last_seen = excluded.last_seen;

-- name: insert_agent_profile*!
-- Only when it differs from the one that holds at that time.
INSERT INTO agent_profiles (agent_id, timestamp, name, kind, role, host, worktree, origin)
SELECT :agent_id, :at, :name, :kind, :role, :host, :worktree, :origin
WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT * FROM agent_profiles
        WHERE agent_id = :agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
    )
    WHERE name = :name AND kind = :kind AND role = :role AND host = :host AND worktree IS :worktree
        AND origin = :origin
)
ON CONFLICT (agent_id, timestamp) DO UPDATE
SET name = excluded.name, kind = excluded.kind, role = excluded.role, host = excluded.host,
    worktree = excluded.worktree, origin = excluded.origin;

-- name: insert_agent_metrics*!
INSERT INTO agent_metrics (
    agent_id, timestamp, status, current_task, cpu_usage, memory_usage, memory_percent, uncommitted_changes,
    uptime_seconds, last_activity, branch, process_count, thread_count, stale
) VALUES (
    :agent_id, :timestamp, :status, :current_task, :cpu_usage, :memory_usage, :memory_percent, :uncommitted_changes,
    :uptime_seconds, :last_activity, :branch, :process_count, :thread_count, :stale
) ON CONFLICT (agent_id, timestamp) DO NOTHING;

-- name: insert_agent_details*!
INSERT INTO agent_details (
    agent_id, timestamp, pid, process, git_state, git_read_at, ahead, behind, stash_count, repository, process_start
) VALUES (
    :agent_id, :timestamp, :pid, :process, :git_state, :git_read_at, :ahead, :behind, :stash_count, :repository,
    :process_start
) ON CONFLICT (agent_id, timestamp) DO NOTHING;

-- name: insert_agent_processes*!
INSERT INTO agent_processes (agent_id, timestamp, tree) VALUES (:agent_id, :timestamp, :tree)
ON CONFLICT (agent_id, timestamp) DO UPDATE SET tree = excluded.tree;

-- name: upsert_status_change*!
INSERT INTO agent_status_changes (agent_id, timestamp, since, status, reason, evidence, system, system_status)
VALUES (:agent_id, :timestamp, :since, :status, :reason, :evidence, :system, :system_status)
ON CONFLICT (agent_id, timestamp) DO UPDATE
SET since = excluded.since, status = excluded.status, reason = excluded.reason, evidence = excluded.evidence,
    system = excluded.system, system_status = excluded.system_status;

-- name: insert_task_event*!
-- A task that comes back as it once was says so with the time it had then: an event of its own, of now.
INSERT INTO task_events (
    task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root, recorded_at
)
SELECT
    :task_id, :event_type, :previous_status, :new_status, :assigned_to, :changed_by, :details,
    iif(again, :at, :timestamp), :root, iif(again, NULL, :recorded_at)
FROM (
    SELECT EXISTS (
        SELECT 1 FROM task_events AS told
        WHERE told.task_id = :task_id AND told.root = :root AND told.timestamp = :timestamp
            AND told.event_type = :event_type AND coalesce(told.recorded_at, told.timestamp) <> :at
            AND (
                told.details <> :details
                OR told.id < (SELECT max(id) FROM task_events WHERE task_id = :task_id AND root = :root)
            )
    ) AS again
) WHERE true
ON CONFLICT (task_id, root, timestamp, event_type) DO NOTHING;

-- name: upsert_board_state*!
INSERT INTO board_states (
    root, timestamp, path, version, shape, sprint, last_synced, last_updated, updated_by, error, partial
) VALUES (
    :root, :at, :path, :version, :shape, :sprint, :last_synced, :last_updated, :updated_by, :error, :partial
) ON CONFLICT (root, timestamp) DO UPDATE
SET path = excluded.path, version = excluded.version, shape = excluded.shape, sprint = excluded.sprint,
    last_synced = excluded.last_synced, last_updated = excluded.last_updated, updated_by = excluded.updated_by,
    error = excluded.error, partial = excluded.partial;

-- name: upsert_commit*!
-- Its attributes never change; what is known of who made it may.
INSERT INTO git_commits (
    commit_hash, short_hash, agent_id, author_name, author_email, message, branch, files_changed, lines_added,
    lines_deleted, commit_timestamp, recorded_at, attribution, repository, parents, files_listed
) VALUES (
    :commit_hash, :short_hash, :agent_id, :author_name, :author_email, :message, :branch, :files_changed, :lines_added,
    :lines_deleted, :commit_timestamp, :at, :attribution, :repository, :parents, :files_listed
) ON CONFLICT (commit_hash) DO UPDATE
SET agent_id = excluded.agent_id, branch = excluded.branch, attribution = excluded.attribution,
    files_changed = excluded.files_changed, lines_added = excluded.lines_added,
    lines_deleted = excluded.lines_deleted, parents = coalesce(excluded.parents, parents),
    files_listed = coalesce(excluded.files_listed, files_listed);

-- name: upsert_commit_file*!
INSERT INTO commit_files (commit_hash, place, path, lines_added, lines_deleted)
VALUES (:commit_hash, :place, :path, :lines_added, :lines_deleted)
ON CONFLICT (commit_hash, place) DO UPDATE
SET path = excluded.path, lines_added = excluded.lines_added, lines_deleted = excluded.lines_deleted;

-- name: upsert_commit_agent*!
INSERT INTO commit_agents (commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at)
VALUES (:commit_hash, :agent_id, :attribution, :branch, :commit_timestamp, :at)
ON CONFLICT (commit_hash, agent_id) DO UPDATE
SET attribution = excluded.attribution, branch = excluded.branch, attributed_at = excluded.recorded_at
WHERE excluded.attribution = 'reflog' AND attribution = 'branch';

-- name: insert_system_health*!
INSERT INTO system_health (
    timestamp, overall_status, api_latency, websocket_connections, file_watch_events, error_count, cpu_usage,
    memory_usage, disk_usage, memory_percent, swap_percent, disk_percent, load1, load5, load15, details
) VALUES (
    :timestamp, :overall_status, :api_latency, :websocket_connections, :file_watch_events, :error_count, :cpu_usage,
    :memory_usage, :disk_usage, :memory_percent, :swap_percent, :disk_percent, :load1, :load5, :load15, :details
) ON CONFLICT (timestamp) DO NOTHING;

-- name: insert_rag_metrics*!
INSERT INTO rag_metrics (
    timestamp, origin, total_patterns, total_queries, average_response_time, hit_rate, memory_usage,
    query_volume_last_hour, top_patterns, recent_queries
) VALUES (
    :timestamp, :origin, :total_patterns, :total_queries, :average_response_time, :hit_rate, :memory_usage,
    :query_volume_last_hour, :top_patterns, :recent_queries
) ON CONFLICT (timestamp) DO NOTHING;

-- name: tell_superseded*!
INSERT INTO alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
)
SELECT
    alert_id, :at, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, 1,
    max(created_at, :created_at)
FROM alerts WHERE rule = :rule AND subject = :subject AND resolved = 0 AND alert_id <> :alert_id
ON CONFLICT (alert_id, timestamp) DO UPDATE SET resolved = excluded.resolved, resolved_at = excluded.resolved_at;

-- name: supersede_alert*!
-- One open alert a rule and subject (checklist X1-15): an older one that was left open ends where the new one begins.
UPDATE alerts SET resolved = 1, resolved_at = max(created_at, :created_at)
WHERE rule = :rule AND subject = :subject AND resolved = 0 AND alert_id <> :alert_id;

-- name: upsert_alert*!
INSERT INTO alerts (
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved, resolved_at, created_at
) VALUES (
    :alert_id, :rule, :subject, :type, :severity, :title, :message, :source, :metadata, :acknowledged,
    :acknowledged_by, :acknowledged_at, :resolved, :resolved_at, :created_at
) ON CONFLICT (alert_id) DO UPDATE
SET severity = excluded.severity, title = excluded.title, message = excluded.message, metadata = excluded.metadata,
    acknowledged = excluded.acknowledged, acknowledged_by = excluded.acknowledged_by,
    acknowledged_at = excluded.acknowledged_at, resolved = excluded.resolved, resolved_at = excluded.resolved_at;

-- name: insert_alert_change*!
INSERT INTO alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
) VALUES (
    :alert_id, :at, :severity, :title, :message, :metadata, :acknowledged, :acknowledged_by, :acknowledged_at,
    :resolved, :resolved_at
) ON CONFLICT (alert_id, timestamp) DO UPDATE
SET severity = excluded.severity, title = excluded.title, message = excluded.message, metadata = excluded.metadata,
    acknowledged = excluded.acknowledged, acknowledged_by = excluded.acknowledged_by,
    acknowledged_at = excluded.acknowledged_at, resolved = excluded.resolved, resolved_at = excluded.resolved_at;

-- name: end_alert_mute*!
-- One mute a rule and subject: the one before ends where another begins, or where it is taken back.
UPDATE alert_mutes SET ended_at = :at
WHERE rule = :rule AND subject = :subject AND ended_at IS NULL AND recorded_at <= :at AND until > :at;

-- name: upsert_alert_mute*!
INSERT INTO alert_mutes (rule, subject, recorded_at, created_at, until, muted_by, note)
VALUES (:rule, :subject, :at, :created_at, :until, :muted_by, :note)
ON CONFLICT (rule, subject, recorded_at) DO UPDATE
SET created_at = excluded.created_at, until = excluded.until, ended_at = NULL, muted_by = excluded.muted_by,
    note = excluded.note;

-- name: insert_event*!
INSERT INTO events (timestamp, type, agent_id, subject, details, recorded_at)
VALUES (:timestamp, :type, :agent_id, :subject, :details, :recorded_at)
ON CONFLICT (timestamp, type, agent_id, subject, details) DO NOTHING;

-- name: insert_session_state*!
INSERT INTO session_states (
    agent_id, timestamp, session_id, kind, model, turn_state, state_since, unsure, tool, tool_target, tool_since,
    waiting_for, waiting_since, limited_until, error, updated, input_tokens, output_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost_usd, context_used, context_size, edit_count, errors, details
) VALUES (
    :agent_id, :timestamp, :session_id, :kind, :model, :turn_state, :state_since, :unsure, :tool, :tool_target,
    :tool_since, :waiting_for, :waiting_since, :limited_until, :error, :updated, :input_tokens, :output_tokens,
    :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_usd, :context_used, :context_size, :edit_count,
    :errors, :details
) ON CONFLICT (agent_id, timestamp) DO NOTHING;

-- name: upsert_session_usage*!
INSERT INTO session_usage (
    agent_id, timestamp, session_id, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
    reasoning_tokens, cost_usd
) VALUES (
    :agent_id, :timestamp, :session_id, :model, :input_tokens, :output_tokens, :cache_read_tokens, :cache_write_tokens,
    :reasoning_tokens, :cost_usd
) ON CONFLICT (agent_id, timestamp, session_id, model) DO UPDATE
SET (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd) = (
    excluded.input_tokens, excluded.output_tokens, excluded.cache_read_tokens, excluded.cache_write_tokens,
    excluded.reasoning_tokens, excluded.cost_usd
);

-- name: upsert_session_call*!
INSERT INTO session_calls (agent_id, timestamp, session_id, call_id, name, target, ended_at, outcome)
VALUES (:agent_id, :timestamp, :session_id, :call_id, :name, :target, :ended_at, :outcome)
ON CONFLICT (agent_id, timestamp, session_id, call_id) DO UPDATE
SET (name, target, ended_at, outcome) = (excluded.name, excluded.target, excluded.ended_at, excluded.outcome);

-- name: insert_system_state*!
INSERT INTO system_states (
    name, timestamp, attached, kind, engine, url, state, since, problem, read_at, counts, depths, details
) VALUES (
    :name, :timestamp, :attached, :kind, :engine, :url, :state, :since, :problem, :read_at, :counts, :depths, :details
) ON CONFLICT (name, timestamp) DO NOTHING;

-- name: insert_system_event*!
-- After a restart what is there is told once more: it was resolved meanwhile, or is as it was.
INSERT INTO system_events (
    system, timestamp, event_id, kind, source, severity, system_severity, text, resolved, resolved_at, recorded_at
) VALUES (
    :system, :timestamp, :event_id, :kind, :source, :severity, :system_severity, :text, :resolved, :resolved_at,
    :recorded_at
) ON CONFLICT (system, timestamp, event_id) DO UPDATE
SET severity = excluded.severity, system_severity = excluded.system_severity, text = excluded.text,
    resolved = excluded.resolved, resolved_at = excluded.resolved_at,
    resolved_noted_at = iif(excluded.resolved = 1 AND system_events.resolved IS NOT 1, :at, resolved_noted_at);

-- name: change_system_event*!
-- The newest one of that id: a system that began anew numbers its events from 1 again.
UPDATE system_events
SET severity = :severity, system_severity = :system_severity, text = :text, resolved = :resolved,
    resolved_at = :resolved_at,
    resolved_noted_at = CASE WHEN :resolved IS NOT 1 THEN NULL WHEN resolved = 1 THEN resolved_noted_at ELSE :at END
WHERE system = :system AND event_id = :event_id AND timestamp = (
    SELECT max(timestamp) FROM system_events WHERE system = :system AND event_id = :event_id
);

-- name: insert_system_log*!
INSERT INTO system_logs (system, timestamp, line_id, level, system_level, subject, text, recorded_at)
VALUES (:system, :timestamp, :line_id, :level, :system_level, :subject, :text, :recorded_at)
ON CONFLICT (system, timestamp, line_id) DO NOTHING;

-- name: insert_system_metric*!
INSERT INTO system_metrics (system, timestamp, metric_id, kind, name, value, unit, subject, recorded_at)
VALUES (:system, :timestamp, :metric_id, :kind, :name, :value, :unit, :subject, :recorded_at)
ON CONFLICT (system, timestamp, metric_id) DO NOTHING;
