-- What `db check` and `db info` ask.

-- name: integrity()
SELECT integrity_check AS problem FROM pragma_integrity_check WHERE integrity_check <> 'ok';

-- name: foreign_keys()
SELECT "table" AS child, rowid AS row, parent FROM pragma_foreign_key_check;

-- name: references(limit)
SELECT
    "table" || ': ' || coalesce('row ' || rowid, 'a row') || ' refers to a row of ' || parent || ' that is not there'
    AS problem
FROM pragma_foreign_key_check LIMIT :limit;

-- name: agents_without_row(limit)
-- Agents that were sampled but are not in `agents`: the index is walked from agent to agent.
WITH RECURSIVE sampled (agent_id) AS (
    SELECT min(agent_id) FROM agent_metrics
    UNION
    SELECT (SELECT min(agent_id) FROM agent_metrics WHERE agent_id > sampled.agent_id)
    FROM sampled WHERE sampled.agent_id IS NOT NULL
)
SELECT 'agent_metrics: samples of ' || agent_id || ', which is not in agents' AS problem FROM sampled
WHERE agent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.agent_id = sampled.agent_id)
LIMIT :limit;

-- name: commits_without_agent(limit)
SELECT 'git_commits: nobody has commit ' || commit_hash AS problem FROM git_commits
WHERE NOT EXISTS (SELECT 1 FROM commit_agents WHERE commit_agents.commit_hash = git_commits.commit_hash)
LIMIT :limit;

-- name: storage()
SELECT
    (SELECT journal_mode FROM pragma_journal_mode) AS journal_mode,
    (SELECT auto_vacuum FROM pragma_auto_vacuum) AS auto_vacuum,
    (SELECT page_size FROM pragma_page_size) AS page_size,
    (SELECT page_count FROM pragma_page_count) AS page_count,
    (SELECT freelist_count FROM pragma_freelist_count) AS free_pages;

-- name: data_version()
SELECT data_version FROM pragma_data_version;

-- name: counts()
SELECT 'recorders' AS name, count(*) AS rows FROM recorders
UNION ALL SELECT 'recorder_intervals', count(*) FROM recorder_intervals
UNION ALL SELECT 'agents', count(*) FROM agents
UNION ALL SELECT 'agent_metrics', count(*) FROM agent_metrics
UNION ALL SELECT 'agent_details', count(*) FROM agent_details
UNION ALL SELECT 'agent_status_changes', count(*) FROM agent_status_changes
UNION ALL SELECT 'task_events', count(*) FROM task_events
UNION ALL SELECT 'agent_profiles', count(*) FROM agent_profiles
UNION ALL SELECT 'agent_processes', count(*) FROM agent_processes
UNION ALL SELECT 'agent_metrics_5min', count(*) FROM agent_metrics_5min
UNION ALL SELECT 'agent_metrics_hourly', count(*) FROM agent_metrics_hourly
UNION ALL SELECT 'agent_metrics_daily', count(*) FROM agent_metrics_daily
UNION ALL SELECT 'rollups', count(*) FROM rollups
UNION ALL SELECT 'board_states', count(*) FROM board_states
UNION ALL SELECT 'git_commits', count(*) FROM git_commits
UNION ALL SELECT 'commit_agents', count(*) FROM commit_agents
UNION ALL SELECT 'commit_files', count(*) FROM commit_files
UNION ALL SELECT 'system_health', count(*) FROM system_health
UNION ALL SELECT 'system_health_hourly', count(*) FROM system_health_hourly
UNION ALL SELECT 'rag_metrics', count(*) FROM rag_metrics
UNION ALL SELECT 'alerts', count(*) FROM alerts
UNION ALL SELECT 'alert_changes', count(*) FROM alert_changes
UNION ALL SELECT 'alerts_archive', count(*) FROM alerts_archive
UNION ALL SELECT 'alert_mutes', count(*) FROM alert_mutes
UNION ALL SELECT 'session_states', count(*) FROM session_states
UNION ALL SELECT 'session_usage', count(*) FROM session_usage
UNION ALL SELECT 'session_calls', count(*) FROM session_calls
UNION ALL SELECT 'system_states', count(*) FROM system_states
UNION ALL SELECT 'system_events', count(*) FROM system_events
UNION ALL SELECT 'system_logs', count(*) FROM system_logs
UNION ALL SELECT 'system_metrics', count(*) FROM system_metrics
UNION ALL SELECT 'events', count(*) FROM events;

-- name: table_bytes()
-- Pages of each table with its indexes; needs a SQLite that was built with dbstat.
SELECT s.tbl_name AS name, sum(d.pgsize) AS bytes
FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
WHERE d.aggregate GROUP BY s.tbl_name;

-- name: time_range()
-- First and last tick that a recorder wrote.
SELECT min(started_at) AS first, max(last_tick_at) AS last FROM recorders;

-- name: database_file()
SELECT file FROM pragma_database_list WHERE name = 'main';

-- name: schema_objects()
-- Tables and indexes with their statements; those that SQLite makes by itself have none.
SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL;

-- name: tables_made()
SELECT name, wr AS without_row_id FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\';

-- name: columns_of(of_table)
SELECT name, type, "notnull" OR pk > 0 AS required, pk AS key FROM pragma_table_info(:of_table) ORDER BY cid;

-- name: quick_integrity_of_all()
SELECT quick_check AS problem FROM pragma_quick_check WHERE quick_check <> 'ok';

-- name: quick_integrity(of_table)
SELECT quick_check AS problem FROM pragma_quick_check(:of_table) WHERE quick_check <> 'ok';

-- Rows that cannot be true. Each query tells them in words, at most `:limit`; `:latest` is a day from now.

-- name: orphans(limit)
SELECT DISTINCT 'agent_details' || ': rows of ' || agent_id || ', which is not in agents' AS problem
FROM agent_details WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'agent_status_changes: rows of ' || agent_id || ', which is not in agents'
FROM agent_status_changes WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'agent_profiles: rows of ' || agent_id || ', which is not in agents'
FROM agent_profiles WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'agent_processes: rows of ' || agent_id || ', which is not in agents'
FROM agent_processes WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'session_states: rows of ' || agent_id || ', which is not in agents'
FROM session_states WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'session_usage: rows of ' || agent_id || ', which is not in agents'
FROM session_usage WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT DISTINCT 'session_calls: rows of ' || agent_id || ', which is not in agents'
FROM session_calls WHERE agent_id NOT IN (SELECT agent_id FROM agents)
UNION ALL
SELECT 'agents: ' || agent_id || ' has no row in agent_profiles'
FROM agents WHERE agent_id NOT IN (SELECT agent_id FROM agent_profiles)
UNION ALL
SELECT 'alerts: ' || alert_id || ' has no row in alert_changes'
FROM alerts WHERE alert_id NOT IN (SELECT alert_id FROM alert_changes)
UNION ALL
SELECT 'recorders: ' || recorder_id || ' has no row in recorder_intervals'
FROM recorders WHERE recorder_id NOT IN (SELECT recorder_id FROM recorder_intervals)
    AND last_tick_at > started_at  -- the first tick brings the row: who ended before it has none
LIMIT :limit;

-- name: impossible_orders(limit)
-- What came to an end before it began.
SELECT 'alerts: ' || alert_id || ' was resolved before it was created' AS problem
FROM alerts WHERE resolved_at < created_at
UNION ALL
SELECT 'alerts: ' || alert_id || ' was acknowledged before it was created'
FROM alerts WHERE acknowledged_at < created_at
UNION ALL
SELECT 'alerts: ' || alert_id || ' is resolved at no time, or not resolved at one'
FROM alerts WHERE resolved <> (resolved_at IS NOT NULL)
UNION ALL
SELECT 'alerts_archive: ' || alert_id || ' was resolved before it was created'
FROM alerts_archive WHERE resolved_at < created_at
UNION ALL
SELECT 'alert_mutes: that of ' || trim(rule || ' ' || subject) || ' ended before it began'
FROM alert_mutes WHERE coalesce(ended_at, until) < recorded_at OR until < created_at
UNION ALL
SELECT 'recorders: ' || recorder_id || ' ended before it started'
FROM recorders WHERE coalesce(stopped_at, last_tick_at) < started_at OR last_tick_at < started_at
UNION ALL
SELECT 'agents: ' || agent_id || ' was last seen before it was first seen'
FROM agents WHERE last_seen < first_seen
UNION ALL
SELECT 'agent_status_changes: ' || agent_id || ' has a status that holds since later than it was noted'
FROM agent_status_changes WHERE since > timestamp
LIMIT :limit;

-- name: impossible_futures(latest, limit)
-- What lies more than a day ahead. Commits may: their dates are their authors'.
SELECT 'agent_metrics: samples of ' || agent_id AS problem FROM agents AS a
WHERE (SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id) > :latest
UNION ALL
SELECT 'agent_status_changes: ' || agent_id FROM agents AS a
WHERE (SELECT max(timestamp) FROM agent_status_changes WHERE agent_id = a.agent_id) > :latest
UNION ALL
SELECT 'session_states: ' || agent_id FROM agents AS a
WHERE (SELECT max(timestamp) FROM session_states WHERE agent_id = a.agent_id) > :latest
UNION ALL
SELECT DISTINCT 'system_states: ' || name FROM system_states WHERE timestamp > :latest
UNION ALL
SELECT DISTINCT 'system_events: ' || system FROM system_events WHERE max(timestamp, coalesce(recorded_at, 0)) > :latest
UNION ALL
SELECT DISTINCT 'system_logs: ' || name FROM system_states AS s
WHERE (SELECT max(timestamp) FROM system_logs WHERE system = s.name) > :latest
UNION ALL
SELECT DISTINCT 'system_metrics: ' || name FROM system_states AS s
WHERE (SELECT max(timestamp) FROM system_metrics WHERE system = s.name) > :latest
UNION ALL
SELECT 'agents: ' || agent_id FROM agents WHERE last_seen > :latest
UNION ALL
SELECT 'recorders: ' || recorder_id FROM recorders WHERE max(started_at, last_tick_at) > :latest
UNION ALL
SELECT 'system_health' WHERE (SELECT max(timestamp) FROM system_health) > :latest
UNION ALL
SELECT 'rag_metrics' WHERE (SELECT max(timestamp) FROM rag_metrics) > :latest
UNION ALL
SELECT 'events' WHERE (SELECT max(timestamp) FROM events) > :latest
UNION ALL
SELECT 'task_events' WHERE (SELECT max(timestamp) FROM task_events) > :latest
UNION ALL
SELECT 'alerts: ' || alert_id FROM alerts WHERE created_at > :latest
UNION ALL
SELECT 'alert_mutes: ' || trim(rule || ' ' || subject) FROM alert_mutes WHERE recorded_at > :latest
UNION ALL
SELECT 'git_commits: ' || commit_hash FROM git_commits WHERE recorded_at > :latest
UNION ALL
SELECT 'rollups: ' || name FROM rollups WHERE done_until > :latest
LIMIT :limit;

-- name: impossible_rollups(limit)
SELECT 'agent_metrics_5min: a row of ' || agent_id AS problem FROM agent_metrics_5min
WHERE timestamp % 300000 <> 0 OR sample_count < 0 OR measured_ms NOT BETWEEN 0 AND 300000
    OR min(active_ms, idle_ms, blocked_ms, error_ms, offline_ms) < 0
    OR active_ms + idle_ms + blocked_ms + error_ms + offline_ms > 300000
UNION ALL
SELECT 'agent_metrics_hourly: a row of ' || agent_id FROM agent_metrics_hourly
WHERE timestamp % 3600000 <> 0 OR sample_count < 0 OR measured_ms NOT BETWEEN 0 AND 3600000
    OR min(active_ms, idle_ms, blocked_ms, error_ms, offline_ms) < 0
    OR active_ms + idle_ms + blocked_ms + error_ms + offline_ms > 3600000
UNION ALL
SELECT 'agent_metrics_daily: the row of ' || agent_id || ' and ' || date FROM agent_metrics_daily
WHERE timestamp % 86400000 <> 0 OR sample_count < 0 OR measured_ms NOT BETWEEN 0 AND 86400000
    OR min(active_ms, idle_ms, blocked_ms, error_ms, offline_ms) < 0
    OR active_ms + idle_ms + blocked_ms + error_ms + offline_ms > 86400000
    OR date <> strftime('%Y-%m-%d', timestamp / 1000, 'unixepoch')
UNION ALL
SELECT 'system_health_hourly: a row' FROM system_health_hourly WHERE timestamp % 3600000 <> 0 OR sample_count < 0
LIMIT :limit;

-- name: unmarked_rollups(limit)
-- The newest sample before a mark has to be summed up in the period that it lies in.
SELECT 'agent_metrics_5min: the newest samples of ' || m.agent_id || ' are not in it, and it says they are' AS problem
FROM rollups AS r CROSS JOIN agents AS a CROSS JOIN agent_metrics AS m
WHERE r.name = 'agent_metrics_5min' AND m.agent_id = a.agent_id AND m.timestamp = (
        SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp < r.done_until
    )
    AND NOT EXISTS (
        SELECT 1 FROM agent_metrics_5min AS p
        WHERE p.agent_id = m.agent_id AND p.timestamp = m.timestamp - m.timestamp % 300000
    )
LIMIT :limit;

-- name: torn_json(limit)
SELECT 'events: the details of row ' || id AS problem FROM events WHERE NOT json_valid(details)
UNION ALL
SELECT 'task_events: the details of row ' || id FROM task_events WHERE NOT json_valid(details)
UNION ALL
SELECT 'alerts: the metadata of ' || alert_id FROM alerts WHERE NOT json_valid(metadata)
UNION ALL
SELECT 'alert_changes: the metadata of ' || alert_id FROM alert_changes WHERE NOT json_valid(metadata)
UNION ALL
SELECT 'agent_status_changes: the evidence of ' || agent_id FROM agent_status_changes WHERE NOT json_valid(evidence)
UNION ALL
SELECT 'system_health: the details at ' || timestamp FROM system_health
WHERE details IS NOT NULL AND NOT json_valid(details)
UNION ALL
SELECT 'system_states: the counts of ' || name || ' at ' || timestamp FROM system_states
WHERE NOT json_valid(counts) OR NOT json_valid(depths)
UNION ALL
SELECT 'rag_metrics: the patterns at ' || timestamp FROM rag_metrics WHERE NOT json_valid(top_patterns)
LIMIT :limit;

-- name: recorded_trees()
SELECT agent_id, timestamp, tree FROM agent_processes;
