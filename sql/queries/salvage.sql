-- What a damaged database is read into, and how what was read joins another recording.

-- name: salvage_agent_details*!
INSERT OR IGNORE INTO agent_details VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_metrics*!
INSERT OR IGNORE INTO agent_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_metrics_5min*!
INSERT OR IGNORE INTO agent_metrics_5min VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_metrics_daily*!
INSERT OR IGNORE INTO agent_metrics_daily VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_metrics_hourly*!
INSERT OR IGNORE INTO agent_metrics_hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_processes*!
INSERT OR IGNORE INTO agent_processes VALUES (?, ?, ?);

-- name: salvage_agent_profiles*!
INSERT OR IGNORE INTO agent_profiles VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agent_status_changes*!
INSERT OR IGNORE INTO agent_status_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agents*!
INSERT OR IGNORE INTO agents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_alert_changes*!
INSERT OR IGNORE INTO alert_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_alert_mutes*!
INSERT OR IGNORE INTO alert_mutes VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_alerts*!
INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_alerts_archive*!
INSERT OR IGNORE INTO alerts_archive VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_board_states*!
INSERT OR IGNORE INTO board_states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_boards*!
-- Table of schema 1.
INSERT OR IGNORE INTO board_states (
    root, path, version, shape, sprint, last_synced, last_updated, updated_by, error, timestamp, partial
)
SELECT *, coalesce(last_synced, 0), 0 FROM (
    SELECT
        ? AS root, ? AS path, ? AS version, ? AS shape, ? AS sprint, ? AS last_synced, ? AS last_updated,
        ? AS updated_by, ? AS error
);

-- name: salvage_commit_agents*!
INSERT OR IGNORE INTO commit_agents VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_commit_files*!
INSERT OR IGNORE INTO commit_files VALUES (?, ?, ?, ?, ?);

-- name: salvage_events*!
INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: salvage_git_commits*!
INSERT OR IGNORE INTO git_commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_rag_metrics*!
INSERT OR IGNORE INTO rag_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_recorder_intervals*!
INSERT OR IGNORE INTO recorder_intervals VALUES (?, ?, ?);

-- name: salvage_recorders*!
INSERT OR IGNORE INTO recorders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_rollups*!
INSERT OR IGNORE INTO rollups VALUES (?, ?);

-- name: salvage_session_calls*!
INSERT OR IGNORE INTO session_calls VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_session_states*!
INSERT OR IGNORE INTO session_states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_session_usage*!
INSERT OR IGNORE INTO session_usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_health*!
INSERT OR IGNORE INTO system_health VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_health_hourly*!
INSERT OR IGNORE INTO system_health_hourly VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_states*!
INSERT OR IGNORE INTO system_states VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_events*!
INSERT OR IGNORE INTO system_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_logs*!
INSERT OR IGNORE INTO system_logs VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_system_metrics*!
INSERT OR IGNORE INTO system_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_task_events*!
INSERT OR IGNORE INTO task_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: salvage_agents_of_profiles()!
-- Agents whose row was lost: as their newest profile has them.
INSERT OR IGNORE INTO agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
SELECT agent_id, name, kind, role, host, worktree, origin, timestamp, timestamp FROM agent_profiles AS p
WHERE timestamp = (SELECT max(timestamp) FROM agent_profiles WHERE agent_id = p.agent_id);

-- name: salvage_agents_of_samples()!
-- Agents of which nothing but samples is left: they keep their id, and last until their last sample.
WITH RECURSIVE sampled (agent_id) AS (
    SELECT min(agent_id) FROM agent_metrics
    UNION
    SELECT (SELECT min(agent_id) FROM agent_metrics WHERE agent_id > sampled.agent_id)
    FROM sampled WHERE sampled.agent_id IS NOT NULL
)
INSERT INTO agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
SELECT
    agent_id, agent_id, 'custom', '', '', NULL, 'discovered',
    (SELECT min(timestamp) FROM agent_metrics WHERE agent_id = sampled.agent_id),
    (SELECT max(timestamp) FROM agent_metrics WHERE agent_id = sampled.agent_id)
FROM sampled WHERE agent_id IS NOT NULL
ON CONFLICT (agent_id) DO UPDATE
SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
WHERE first_seen > excluded.first_seen OR last_seen < excluded.last_seen - 3600000;  -- it is refreshed hourly

-- name: salvage_agents_of_the_rest()!
-- Agents that only changes, details or process trees name: their id may be the one that a flipped bit made.
INSERT INTO agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
SELECT agent_id, agent_id, 'custom', '', '', NULL, 'discovered', min(timestamp), max(timestamp) FROM (
    SELECT agent_id, timestamp FROM agent_status_changes
    UNION ALL SELECT agent_id, timestamp FROM agent_details
    UNION ALL SELECT agent_id, timestamp FROM agent_processes
    UNION ALL SELECT agent_id, timestamp FROM session_states
    UNION ALL SELECT agent_id, timestamp FROM session_usage
    UNION ALL SELECT agent_id, timestamp FROM session_calls
) WHERE agent_id NOT IN (SELECT agent_id FROM agents) GROUP BY agent_id;

-- name: salvage_recorder_of_samples()!
-- When every recorder's row was lost: one that ran from the first sample to the last.
INSERT INTO recorders (host, boot_id, pid, version, interval_ms, started_at, last_tick_at)
SELECT '', '', 0, '', 2000, min(first_seen), max(last_seen) FROM agents
WHERE NOT EXISTS (SELECT 1 FROM recorders) HAVING count(*) > 0;

-- name: salvage_profiles_of_agents()!
INSERT INTO agent_profiles (agent_id, timestamp, name, kind, role, host, worktree, origin)
SELECT agent_id, first_seen, name, kind, role, host, worktree, origin FROM agents AS a
WHERE NOT EXISTS (SELECT 1 FROM agent_profiles WHERE agent_profiles.agent_id = a.agent_id);

-- name: salvage_intervals_of_recorders()!
INSERT INTO recorder_intervals (recorder_id, timestamp, interval_ms)
SELECT recorder_id, started_at, interval_ms FROM recorders AS r
WHERE NOT EXISTS (SELECT 1 FROM recorder_intervals WHERE recorder_intervals.recorder_id = r.recorder_id);

-- name: salvage_changes_of_alerts()!
INSERT INTO alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
)
SELECT
    alert_id, created_at, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
FROM alerts AS a WHERE NOT EXISTS (SELECT 1 FROM alert_changes WHERE alert_changes.alert_id = a.alert_id);

-- name: salvage_commit_agents_of_commits()!
-- A commit that nobody has any more is its first agent's.
INSERT INTO commit_agents (commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at)
SELECT commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at FROM git_commits AS c
WHERE NOT EXISTS (SELECT 1 FROM commit_agents WHERE commit_agents.commit_hash = c.commit_hash);

-- name: salvage_drop_commit_agents()!
DELETE FROM commit_agents
WHERE NOT EXISTS (SELECT 1 FROM git_commits WHERE git_commits.commit_hash = commit_agents.commit_hash);

-- name: salvage_drop_commit_files()!
DELETE FROM commit_files
WHERE NOT EXISTS (SELECT 1 FROM git_commits WHERE git_commits.commit_hash = commit_files.commit_hash);

-- name: salvage_count_commit_files()!
-- What is told of a commit's files is what is left of them.
UPDATE git_commits AS c
SET files_listed = nullif((SELECT count(*) FROM commit_files AS f WHERE f.commit_hash = c.commit_hash), 0)
WHERE files_listed > 0;

-- name: salvage_drop_alert_changes()!
DELETE FROM alert_changes WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE alerts.alert_id = alert_changes.alert_id);

-- name: salvage_drop_recorder_intervals()!
DELETE FROM recorder_intervals
WHERE NOT EXISTS (SELECT 1 FROM recorders WHERE recorders.recorder_id = recorder_intervals.recorder_id);

-- name: salvage_mend_events()!
-- What is no JSON any more is empty: the rest of its row can be read.
UPDATE OR REPLACE events SET details = '{}' WHERE NOT json_valid(details);

-- name: salvage_mend_task_events()!
UPDATE task_events SET details = '{}' WHERE NOT json_valid(details);

-- name: salvage_mend_alerts()!
UPDATE alerts SET metadata = '{}' WHERE NOT json_valid(metadata);

-- name: salvage_mend_alert_changes()!
UPDATE alert_changes SET metadata = '{}' WHERE NOT json_valid(metadata);

-- name: salvage_mend_evidence()!
UPDATE agent_status_changes SET evidence = '[]' WHERE NOT json_valid(evidence);

-- name: salvage_mend_health()!
UPDATE system_health SET details = NULL WHERE details IS NOT NULL AND NOT json_valid(details);

-- name: salvage_mend_rag()!
UPDATE rag_metrics SET top_patterns = '[]' WHERE NOT json_valid(top_patterns);

-- name: salvage_mend_systems()!
UPDATE system_states
SET counts = iif(json_valid(counts), counts, '{}'), depths = iif(json_valid(depths), depths, '{}')
WHERE NOT json_valid(counts) OR NOT json_valid(depths);

-- name: salvage_drop_tree(agent_id, timestamp)!
DELETE FROM agent_processes WHERE agent_id = :agent_id AND timestamp = :timestamp;

-- name: salvage_drop_marks()!
-- Roll-ups are made again as far as there are samples.
DELETE FROM rollups;

-- name: attach_salvaged(file)!
ATTACH DATABASE :file AS salvaged;

-- name: detach_salvaged()!
DETACH DATABASE salvaged;

-- name: salvaged_since()
-- The first moment of which something was salvaged.
SELECT min(started_at) AS at FROM salvaged.recorders;

-- name: merge_agents()!
INSERT INTO main.agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
SELECT agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen FROM salvaged.agents WHERE true
ON CONFLICT (agent_id) DO UPDATE
SET first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
WHERE first_seen > excluded.first_seen OR last_seen < excluded.last_seen;

-- name: merge_recorders()!
-- A start of a recorder is the same in both files when its process and moment are.
INSERT INTO main.recorders (host, boot_id, pid, version, interval_ms, started_at, last_tick_at, stopped_at)
SELECT host, boot_id, pid, version, interval_ms, started_at, last_tick_at, stopped_at FROM salvaged.recorders AS s
WHERE NOT EXISTS (
    SELECT 1 FROM main.recorders AS m
    WHERE m.started_at = s.started_at AND m.pid = s.pid AND m.boot_id = s.boot_id
) ORDER BY s.recorder_id;

-- name: merge_recorder_ends()!
UPDATE main.recorders AS m
SET last_tick_at = s.last_tick_at, stopped_at = coalesce(m.stopped_at, s.stopped_at)
FROM salvaged.recorders AS s
WHERE m.started_at = s.started_at AND m.pid = s.pid AND m.boot_id = s.boot_id AND s.last_tick_at > m.last_tick_at;

-- name: merge_recorder_intervals()!
INSERT OR IGNORE INTO main.recorder_intervals (recorder_id, timestamp, interval_ms)
SELECT m.recorder_id, i.timestamp, i.interval_ms
FROM salvaged.recorder_intervals AS i
JOIN salvaged.recorders AS s ON s.recorder_id = i.recorder_id
JOIN main.recorders AS m ON m.started_at = s.started_at AND m.pid = s.pid AND m.boot_id = s.boot_id;

-- name: merge_agent_profiles()!
INSERT OR IGNORE INTO main.agent_profiles SELECT * FROM salvaged.agent_profiles;

-- name: merge_agent_details()!
INSERT OR IGNORE INTO main.agent_details SELECT * FROM salvaged.agent_details;

-- name: merge_agent_status_changes()!
INSERT OR IGNORE INTO main.agent_status_changes SELECT * FROM salvaged.agent_status_changes;

-- name: merge_agent_processes()!
INSERT OR IGNORE INTO main.agent_processes SELECT * FROM salvaged.agent_processes;

-- name: merge_session_states()!
INSERT OR IGNORE INTO main.session_states SELECT * FROM salvaged.session_states;

-- name: merge_session_usage()!
-- Of one hour, what was counted last is the most.
INSERT INTO main.session_usage SELECT * FROM salvaged.session_usage WHERE true
ON CONFLICT (agent_id, timestamp, session_id, model) DO UPDATE
SET (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd) = (
    excluded.input_tokens, excluded.output_tokens, excluded.cache_read_tokens, excluded.cache_write_tokens,
    excluded.reasoning_tokens, excluded.cost_usd
)
WHERE excluded.input_tokens + excluded.output_tokens + excluded.cache_read_tokens + excluded.cache_write_tokens
    > session_usage.input_tokens + session_usage.output_tokens + session_usage.cache_read_tokens
        + session_usage.cache_write_tokens;

-- name: merge_session_calls()!
-- A call that either file knows to have ended has.
INSERT INTO main.session_calls SELECT * FROM salvaged.session_calls WHERE true
ON CONFLICT (agent_id, timestamp, session_id, call_id) DO UPDATE
SET ended_at = excluded.ended_at, outcome = excluded.outcome WHERE session_calls.outcome IS NULL;

-- name: merge_system_states()!
INSERT OR IGNORE INTO main.system_states SELECT * FROM salvaged.system_states;

-- name: merge_system_events()!
-- An event that either file knows to be resolved is.
INSERT INTO main.system_events SELECT * FROM salvaged.system_events WHERE true
ON CONFLICT (system, timestamp, event_id) DO UPDATE
SET resolved = 1, resolved_at = excluded.resolved_at, resolved_noted_at = excluded.resolved_noted_at
WHERE excluded.resolved = 1 AND system_events.resolved IS NOT 1;

-- name: merge_system_logs()!
INSERT OR IGNORE INTO main.system_logs SELECT * FROM salvaged.system_logs;

-- name: merge_system_metrics()!
INSERT OR IGNORE INTO main.system_metrics SELECT * FROM salvaged.system_metrics;

-- name: merge_agent_metrics()!
INSERT OR IGNORE INTO main.agent_metrics SELECT * FROM salvaged.agent_metrics;

-- name: merge_agent_metrics_5min()!
INSERT OR IGNORE INTO main.agent_metrics_5min SELECT * FROM salvaged.agent_metrics_5min;

-- name: merge_agent_metrics_hourly()!
INSERT OR IGNORE INTO main.agent_metrics_hourly SELECT * FROM salvaged.agent_metrics_hourly;

-- name: merge_agent_metrics_daily()!
INSERT OR IGNORE INTO main.agent_metrics_daily SELECT * FROM salvaged.agent_metrics_daily;

-- name: merge_board_states()!
INSERT OR IGNORE INTO main.board_states SELECT * FROM salvaged.board_states;

-- name: merge_system_health()!
INSERT OR IGNORE INTO main.system_health SELECT * FROM salvaged.system_health;

-- name: merge_system_health_hourly()!
INSERT OR IGNORE INTO main.system_health_hourly SELECT * FROM salvaged.system_health_hourly;

-- name: merge_rag_metrics()!
INSERT OR IGNORE INTO main.rag_metrics SELECT * FROM salvaged.rag_metrics;

-- name: merge_alerts_archive()!
INSERT OR IGNORE INTO main.alerts_archive SELECT * FROM salvaged.alerts_archive;

-- name: merge_git_commits()!
INSERT OR IGNORE INTO main.git_commits (
    commit_hash, short_hash, agent_id, author_name, author_email, message, branch, files_changed, lines_added,
    lines_deleted, commit_timestamp, recorded_at, attribution, repository, parents, files_listed
) SELECT
    commit_hash, short_hash, agent_id, author_name, author_email, message, branch, files_changed, lines_added,
    lines_deleted, commit_timestamp, recorded_at, attribution, repository, parents, files_listed
FROM salvaged.git_commits;

-- name: merge_commit_files()!
INSERT OR IGNORE INTO main.commit_files SELECT * FROM salvaged.commit_files;

-- name: merge_commit_agents()!
INSERT OR IGNORE INTO main.commit_agents (
    commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at, attributed_at
) SELECT
    commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at, attributed_at
FROM salvaged.commit_agents ORDER BY id;

-- name: merge_task_events()!
INSERT OR IGNORE INTO main.task_events (
    task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root,
    recorded_at
) SELECT
    task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root,
    recorded_at
FROM salvaged.task_events ORDER BY id;

-- name: merge_events()!
INSERT OR IGNORE INTO main.events (
    timestamp, type, agent_id, subject, details, recorded_at
) SELECT
    timestamp, type, agent_id, subject, details, recorded_at
FROM salvaged.events ORDER BY id;

-- name: merge_alerts()!
-- One that is open in what was salvaged, and unknown here, ended with the last tick that was salvaged.
INSERT OR IGNORE INTO main.alerts (
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved, resolved_at, created_at
) SELECT
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, 1, coalesce(resolved_at, max(created_at, (SELECT max(last_tick_at) FROM salvaged.recorders))),
    created_at
FROM salvaged.alerts WHERE alert_id NOT IN (SELECT alert_id FROM main.alerts) ORDER BY id;

-- name: merge_alert_changes()!
INSERT OR IGNORE INTO main.alert_changes SELECT * FROM salvaged.alert_changes
WHERE alert_id IN (SELECT alert_id FROM main.alerts);

-- name: merge_alert_ends()!
INSERT OR IGNORE INTO main.alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
)
SELECT
    alert_id, resolved_at, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
FROM main.alerts AS a
WHERE resolved = 1 AND alert_id IN (SELECT alert_id FROM salvaged.alerts WHERE resolved = 0)
    AND NOT EXISTS (SELECT 1 FROM main.alert_changes AS c WHERE c.alert_id = a.alert_id AND c.resolved = 1);

-- name: merge_alert_states()!
-- Each alert is as its newest change has it, whichever file that comes from.
UPDATE OR IGNORE main.alerts AS a
SET
    (severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved, resolved_at) = (
        SELECT
            c.severity, c.title, c.message, c.metadata, c.acknowledged, c.acknowledged_by, c.acknowledged_at,
            c.resolved, c.resolved_at
        FROM main.alert_changes AS c WHERE c.alert_id = a.alert_id ORDER BY c.timestamp DESC LIMIT 1
    )
WHERE alert_id IN (SELECT alert_id FROM salvaged.alert_changes);

-- name: merge_alert_mutes()!
INSERT OR IGNORE INTO main.alert_mutes SELECT * FROM salvaged.alert_mutes;

-- name: merge_mute_ends()!
-- One that either file knows to have ended has.
UPDATE main.alert_mutes AS m SET ended_at = s.ended_at
FROM salvaged.alert_mutes AS s
WHERE m.rule = s.rule AND m.subject = s.subject AND m.recorded_at = s.recorded_at AND m.ended_at IS NULL
    AND s.ended_at <= m.until;

-- name: merge_mute_successors()!
-- One mute a rule and subject: where both files tell of it, the one before ends where the next begins.
UPDATE main.alert_mutes AS m
SET ended_at = (
    SELECT min(recorded_at) FROM main.alert_mutes
    WHERE rule = m.rule AND subject = m.subject AND recorded_at > m.recorded_at
)
WHERE EXISTS (
    SELECT 1 FROM main.alert_mutes AS next
    WHERE next.rule = m.rule AND next.subject = m.subject AND next.recorded_at > m.recorded_at
        AND next.recorded_at < coalesce(m.ended_at, m.until)
);
