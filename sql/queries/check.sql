-- What `db check` and `db info` ask.

-- name: integrity()
SELECT integrity_check AS problem FROM pragma_integrity_check WHERE integrity_check <> 'ok';

-- name: foreign_keys()
SELECT "table" AS child, rowid AS row, parent FROM pragma_foreign_key_check;

-- name: agents_without_row()
-- Agents that were sampled but are not in `agents`: the index is walked from agent to agent.
WITH RECURSIVE sampled (agent_id) AS (
    SELECT min(agent_id) FROM agent_metrics
    UNION ALL
    SELECT (SELECT min(agent_id) FROM agent_metrics WHERE agent_id > sampled.agent_id)
    FROM sampled WHERE sampled.agent_id IS NOT NULL
)
SELECT agent_id FROM sampled
WHERE agent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.agent_id = sampled.agent_id);

-- name: commits_without_agent()
SELECT commit_hash FROM git_commits
WHERE NOT EXISTS (SELECT 1 FROM commit_agents WHERE commit_agents.commit_hash = git_commits.commit_hash);

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
UNION ALL SELECT 'system_health', count(*) FROM system_health
UNION ALL SELECT 'system_health_hourly', count(*) FROM system_health_hourly
UNION ALL SELECT 'rag_metrics', count(*) FROM rag_metrics
UNION ALL SELECT 'alerts', count(*) FROM alerts
UNION ALL SELECT 'alert_changes', count(*) FROM alert_changes
UNION ALL SELECT 'alerts_archive', count(*) FROM alerts_archive
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
