-- Retention: rows past their time go, oldest first, at most `:count` a statement. `:cut` is the moment before which nothing
-- is kept but what still holds then: the newest row before it of what is written only when it changes.
-- `:gone`: the agent was not seen since, so nothing of it holds.

-- name: agents_to_maintain()
-- Every agent that may have rows; the index is walked from agent to agent for those that are not in `agents`.
WITH RECURSIVE sampled (agent_id) AS (
    SELECT min(agent_id) FROM agent_metrics
    UNION
    SELECT (SELECT min(agent_id) FROM agent_metrics WHERE agent_id > sampled.agent_id)
    FROM sampled WHERE sampled.agent_id IS NOT NULL
)
SELECT agent_id, last_seen FROM agents
UNION ALL
SELECT agent_id, 0 FROM sampled
WHERE agent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.agent_id = sampled.agent_id);

-- name: board_roots()
WITH RECURSIVE board (root) AS (
    SELECT min(root) FROM board_states
    UNION
    SELECT (SELECT min(root) FROM board_states WHERE root > board.root) FROM board WHERE board.root IS NOT NULL
)
SELECT root FROM board WHERE root IS NOT NULL;

-- name: systems_to_maintain()
-- Every attached system that has rows; each index is walked from system to system.
WITH RECURSIVE
    stated (name) AS (
        SELECT min(name) FROM system_states
        UNION
        SELECT (SELECT min(name) FROM system_states WHERE name > stated.name) FROM stated WHERE name IS NOT NULL
    ),
    happened (name) AS (
        SELECT min(system) FROM system_events
        UNION
        SELECT (SELECT min(system) FROM system_events WHERE system > name) FROM happened WHERE name IS NOT NULL
    ),
    logged (name) AS (
        SELECT min(system) FROM system_logs
        UNION
        SELECT (SELECT min(system) FROM system_logs WHERE system > name) FROM logged WHERE name IS NOT NULL
    ),
    measured (name) AS (
        SELECT min(system) FROM system_metrics
        UNION
        SELECT (SELECT min(system) FROM system_metrics WHERE system > name) FROM measured WHERE name IS NOT NULL
    )
SELECT name FROM (
    SELECT name FROM stated UNION SELECT name FROM happened UNION SELECT name FROM logged UNION SELECT name FROM measured
) WHERE name IS NOT NULL ORDER BY name;

-- name: prune_agent_metrics(key, cut, gone, count)!
-- What still holds goes back to the newest sample that tells task and branch.
DELETE FROM agent_metrics WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM agent_metrics
        WHERE agent_id = :key AND timestamp <= :cut AND branch IS NOT NULL AND NOT :gone ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM agent_metrics WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_agent_metrics_5min(key, cut, count)!
DELETE FROM agent_metrics_5min WHERE agent_id = :key AND timestamp < min(:cut, coalesce((
    SELECT timestamp FROM agent_metrics_5min WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count
), :cut));

-- name: prune_agent_metrics_hourly(key, cut, count)!
DELETE FROM agent_metrics_hourly WHERE agent_id = :key AND timestamp < min(:cut, coalesce((
    SELECT timestamp FROM agent_metrics_hourly WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count
), :cut));

-- name: prune_agent_metrics_daily(key, cut, count)!
DELETE FROM agent_metrics_daily WHERE agent_id = :key AND timestamp < min(:cut, coalesce((
    SELECT timestamp FROM agent_metrics_daily WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count
), :cut));

-- name: prune_agent_details(key, cut, gone, count)!
DELETE FROM agent_details WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM agent_details
        WHERE agent_id = :key AND timestamp <= :cut AND NOT :gone ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM agent_details WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_agent_processes(key, cut, gone, count)!
DELETE FROM agent_processes WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM agent_processes
        WHERE agent_id = :key AND timestamp <= :cut AND NOT :gone ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM agent_processes WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_session_states(key, cut, gone, count)!
-- The row that still holds stays, and the one that has its details.
DELETE FROM session_states WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM session_states
        WHERE agent_id = :key AND timestamp <= :cut AND NOT :gone AND (details IS NOT NULL OR session_id = '')
        ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM session_states WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_session_usage(key, cut, count)!
DELETE FROM session_usage WHERE (agent_id, timestamp, session_id, model) IN (
    SELECT agent_id, timestamp, session_id, model FROM session_usage
    WHERE agent_id = :key AND timestamp < :cut ORDER BY timestamp LIMIT :count
);

-- name: prune_session_calls(key, cut, count)!
DELETE FROM session_calls WHERE (agent_id, timestamp, session_id, call_id) IN (
    SELECT agent_id, timestamp, session_id, call_id FROM session_calls
    WHERE agent_id = :key AND timestamp < :cut ORDER BY timestamp LIMIT :count
);

-- name: prune_system_states(key, cut, count)!
-- The row that still holds stays; of a system that was attached no more, none does.
DELETE FROM system_states WHERE name = :key AND timestamp < min(
    coalesce((
        SELECT iif(attached, timestamp, :cut) FROM system_states
        WHERE name = :key AND timestamp <= :cut ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM system_states WHERE name = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_system_events(key, cut, count)!
DELETE FROM system_events WHERE (system, timestamp, event_id) IN (
    SELECT system, timestamp, event_id FROM system_events
    WHERE system = :key AND timestamp < :cut ORDER BY timestamp LIMIT :count
);

-- name: prune_system_logs(key, cut, count)!
DELETE FROM system_logs WHERE (system, timestamp, line_id) IN (
    SELECT system, timestamp, line_id FROM system_logs
    WHERE system = :key AND timestamp < :cut ORDER BY timestamp LIMIT :count
);

-- name: prune_system_metrics(key, cut, count)!
DELETE FROM system_metrics WHERE (system, timestamp, metric_id) IN (
    SELECT system, timestamp, metric_id FROM system_metrics
    WHERE system = :key AND timestamp < :cut ORDER BY timestamp LIMIT :count
);

-- name: prune_agent_status_changes(key, cut, gone, count)!
DELETE FROM agent_status_changes WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM agent_status_changes
        WHERE agent_id = :key AND timestamp <= :cut AND NOT :gone ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((
        SELECT timestamp FROM agent_status_changes WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count
    ), :cut)
);

-- name: prune_agent_profiles(key, cut, count)!
-- Reports name agents that are gone, so the last profile stays as long as the agent's row.
DELETE FROM agent_profiles WHERE agent_id = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM agent_profiles
        WHERE agent_id = :key AND timestamp <= :cut ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM agent_profiles WHERE agent_id = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_board_states(key, cut, count)!
DELETE FROM board_states WHERE root = :key AND timestamp < min(
    coalesce((
        SELECT timestamp FROM board_states
        WHERE root = :key AND timestamp <= :cut ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM board_states WHERE root = :key ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_system_health(cut, count)!
-- What still holds goes back to the newest row with details.
DELETE FROM system_health WHERE timestamp < min(
    coalesce((
        SELECT timestamp FROM system_health
        WHERE timestamp <= :cut AND details IS NOT NULL ORDER BY timestamp DESC LIMIT 1
    ), :cut),
    coalesce((SELECT timestamp FROM system_health ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: prune_system_health_hourly(cut, count)!
DELETE FROM system_health_hourly WHERE timestamp < min(:cut, coalesce((
    SELECT timestamp FROM system_health_hourly ORDER BY timestamp LIMIT 1 OFFSET :count
), :cut));

-- name: prune_rag_metrics(cut, count)!
-- The newest row before the cut still holds.
DELETE FROM rag_metrics WHERE timestamp < min(
    coalesce((SELECT max(timestamp) FROM rag_metrics WHERE timestamp <= :cut), :cut),
    coalesce((SELECT timestamp FROM rag_metrics ORDER BY timestamp LIMIT 1 OFFSET :count), :cut)
);

-- name: source_events_in_force(cut)
-- The newest event before the cut of each source that the recorder of that moment told of.
WITH RECURSIVE source (subject) AS (
    SELECT * FROM (SELECT subject FROM events WHERE type = 'source' ORDER BY subject LIMIT 1)
    UNION
    SELECT (
        SELECT subject FROM events WHERE type = 'source' AND subject > source.subject ORDER BY subject LIMIT 1
    ) FROM source WHERE source.subject IS NOT NULL
)
SELECT e.id
FROM source JOIN events AS e ON e.id = (
    SELECT id FROM events
    WHERE type = 'source' AND subject = source.subject AND timestamp < :cut
        AND timestamp >= (SELECT started_at FROM recorders WHERE started_at <= :cut ORDER BY started_at DESC LIMIT 1)
    ORDER BY timestamp DESC, id DESC LIMIT 1
);

-- name: prune_events(cut, kept, count)!
-- `:kept` is a JSON array of ids that stay.
DELETE FROM events WHERE id IN (
    SELECT id FROM events
    WHERE timestamp < :cut AND id NOT IN (SELECT value FROM json_each(:kept)) ORDER BY timestamp LIMIT :count
);

-- name: archive_alerts(cut, count, at)!
-- Alerts that were critical at some time, of those that `prune_alerts` deletes next.
INSERT INTO alerts_archive (
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved_at, created_at, archived_at
)
SELECT
    alert_id, rule, subject, type, 'critical', title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved_at, created_at, :at
FROM alerts AS a
WHERE id IN (
    SELECT id FROM alerts WHERE resolved = 1 AND resolved_at < :cut ORDER BY resolved_at, id LIMIT :count
) AND (
    severity = 'critical'
    OR EXISTS (SELECT 1 FROM alert_changes AS c WHERE c.alert_id = a.alert_id AND c.severity = 'critical')
)
ON CONFLICT (alert_id) DO NOTHING;

-- name: prune_alerts(cut, count)!
-- Open ones never; their changes go with them.
DELETE FROM alerts WHERE id IN (
    SELECT id FROM alerts WHERE resolved = 1 AND resolved_at < :cut ORDER BY resolved_at, id LIMIT :count
);

-- name: prune_alert_mutes(cut, count)!
DELETE FROM alert_mutes WHERE (rule, subject, recorded_at) IN (
    SELECT rule, subject, recorded_at FROM alert_mutes
    WHERE coalesce(ended_at, until) < :cut ORDER BY coalesce(ended_at, until) LIMIT :count
);

-- name: prune_agents(key, cut)!
-- An agent that was not seen since and of which nothing is left.
DELETE FROM agents WHERE agent_id = :key AND last_seen < :cut
    AND NOT EXISTS (SELECT 1 FROM agent_metrics WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_metrics_5min WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_metrics_hourly WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_metrics_daily WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_details WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_processes WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM agent_status_changes WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM session_states WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM session_usage WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM session_calls WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM commit_agents WHERE agent_id = :key)
    AND NOT EXISTS (SELECT 1 FROM events WHERE agent_id = :key);

-- name: forget_profiles(key)!
DELETE FROM agent_profiles
WHERE agent_id = :key AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.agent_id = :key);

-- name: oldest_prunable(agents)
-- The oldest row of each table that is pruned early.
SELECT
    (SELECT min((SELECT min(timestamp) FROM agent_metrics WHERE agent_id = a.value)) FROM json_each(:agents) AS a)
        AS agent_metrics,
    (SELECT min((SELECT min(timestamp) FROM agent_processes WHERE agent_id = a.value)) FROM json_each(:agents) AS a)
        AS agent_processes,
    (SELECT min(timestamp) FROM system_health) AS system_health,
    (SELECT min(timestamp) FROM rag_metrics) AS rag_metrics,
    (SELECT min((SELECT min(timestamp) FROM agent_metrics_5min WHERE agent_id = a.value)) FROM json_each(:agents) AS a)
        AS agent_metrics_5min,
    (SELECT min(timestamp) FROM events) AS events;

-- name: overdue_rows(agents, cuts)
-- How many rows of each table are past their time; `:cuts` is a JSON object of table and cut. One row of what still holds
-- stays for each agent or root.
WITH agent (agent_id) AS (SELECT value FROM json_each(:agents))
SELECT 'agent_metrics' AS name, count(*) AS rows FROM agent CROSS JOIN agent_metrics AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < coalesce((
        SELECT timestamp FROM agent_metrics
        WHERE agent_id = agent.agent_id AND timestamp <= json_extract(:cuts, '$.agent_metrics') AND branch IS NOT NULL
        ORDER BY timestamp DESC LIMIT 1
    ), json_extract(:cuts, '$.agent_metrics'))
UNION ALL SELECT 'agent_metrics_5min', count(*) FROM agent CROSS JOIN agent_metrics_5min AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_metrics_5min')
UNION ALL SELECT 'agent_metrics_hourly', count(*) FROM agent CROSS JOIN agent_metrics_hourly AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_metrics_hourly')
UNION ALL SELECT 'agent_metrics_daily', count(*) FROM agent CROSS JOIN agent_metrics_daily AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_metrics_daily')
UNION ALL SELECT 'agent_details', count(*) - count(DISTINCT t.agent_id) FROM agent CROSS JOIN agent_details AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_details')
UNION ALL SELECT 'agent_processes', count(*) - count(DISTINCT t.agent_id) FROM agent CROSS JOIN agent_processes AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_processes')
UNION ALL SELECT 'agent_status_changes', count(*) - count(DISTINCT t.agent_id)
    FROM agent CROSS JOIN agent_status_changes AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_status_changes')
UNION ALL SELECT 'session_states', count(*) FROM agent CROSS JOIN session_states AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < coalesce((
        SELECT timestamp FROM session_states
        WHERE agent_id = agent.agent_id AND timestamp <= json_extract(:cuts, '$.session_states')
            AND (details IS NOT NULL OR session_id = '')
        ORDER BY timestamp DESC LIMIT 1
    ), json_extract(:cuts, '$.session_states'))
UNION ALL SELECT 'session_usage', count(*) FROM agent CROSS JOIN session_usage AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.session_usage')
UNION ALL SELECT 'session_calls', count(*) FROM agent CROSS JOIN session_calls AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.session_calls')
UNION ALL SELECT 'agent_profiles', count(*) - count(DISTINCT t.agent_id) FROM agent CROSS JOIN agent_profiles AS t
    ON t.agent_id = agent.agent_id AND t.timestamp < json_extract(:cuts, '$.agent_profiles')
UNION ALL SELECT 'board_states', count(*) - count(DISTINCT root) FROM board_states
    WHERE timestamp < json_extract(:cuts, '$.board_states')
UNION ALL SELECT 'system_states', count(*) FROM system_states AS t
    WHERE t.timestamp < (
        SELECT iif(attached, timestamp, json_extract(:cuts, '$.system_states')) FROM system_states
        WHERE name = t.name AND timestamp <= json_extract(:cuts, '$.system_states')
        ORDER BY timestamp DESC LIMIT 1
    )
UNION ALL SELECT 'system_events', count(*) FROM system_events
    WHERE timestamp < json_extract(:cuts, '$.system_events')
UNION ALL SELECT 'system_logs', count(*) FROM system_logs WHERE timestamp < json_extract(:cuts, '$.system_logs')
UNION ALL SELECT 'system_metrics', count(*) FROM system_metrics
    WHERE timestamp < json_extract(:cuts, '$.system_metrics')
UNION ALL SELECT 'system_health', count(*) FROM system_health WHERE timestamp < json_extract(:cuts, '$.system_health')
UNION ALL SELECT 'system_health_hourly', count(*) FROM system_health_hourly
    WHERE timestamp < json_extract(:cuts, '$.system_health_hourly')
UNION ALL SELECT 'rag_metrics', max(0, count(*) - 1) FROM rag_metrics
    WHERE timestamp < json_extract(:cuts, '$.rag_metrics')
UNION ALL SELECT 'events', count(*) FROM events WHERE timestamp < json_extract(:cuts, '$.events')
UNION ALL SELECT 'alerts', count(*) FROM alerts
    WHERE resolved = 1 AND resolved_at < json_extract(:cuts, '$.alerts')
UNION ALL SELECT 'alert_mutes', count(*) FROM alert_mutes
    WHERE coalesce(ended_at, until) < json_extract(:cuts, '$.alert_mutes');
