-- What reports ask. `:since` is in the interval, `:until` is not. `:agents` is a JSON array of ids, or NULL for all.

-- name: known_agents()
-- Everyone whom the recording knows, by the name they had last; who is only in commits or tasks goes by the id.
SELECT agent_id, name FROM agents
UNION ALL
SELECT agent_id, agent_id FROM (
    SELECT agent_id FROM commit_agents UNION SELECT assigned_to FROM task_events WHERE assigned_to <> 'all'
) AS other
WHERE NOT EXISTS (
    SELECT 1 FROM agents WHERE lower(other.agent_id) IN (lower(agents.agent_id), lower(agents.name))
)
ORDER BY agent_id;

-- name: report_agents(agents)
SELECT agent_id FROM agents
WHERE :agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents));

-- name: rolled_until(rollup)
SELECT done_until FROM rollups WHERE name = :rollup;

-- name: held_from()
-- The oldest row of each level: the index is walked from agent to agent.
WITH RECURSIVE
    sampled (agent_id) AS (
        SELECT min(agent_id) FROM agent_metrics
        UNION
        SELECT (SELECT min(agent_id) FROM agent_metrics WHERE agent_id > sampled.agent_id)
        FROM sampled WHERE sampled.agent_id IS NOT NULL
    ),
    rolled (agent_id) AS (
        SELECT agent_id FROM sampled WHERE agent_id IS NOT NULL
        UNION
        SELECT agent_id FROM agents
    )
SELECT 'agent_metrics' AS name, (
    SELECT min((SELECT min(timestamp) FROM agent_metrics AS m WHERE m.agent_id = rolled.agent_id)) FROM rolled
) AS held_from
UNION ALL
SELECT 'agent_metrics_5min', (
    SELECT min((SELECT min(timestamp) FROM agent_metrics_5min AS m WHERE m.agent_id = rolled.agent_id)) FROM rolled
)
UNION ALL
SELECT 'agent_metrics_hourly', (
    SELECT min((SELECT min(timestamp) FROM agent_metrics_hourly AS m WHERE m.agent_id = rolled.agent_id)) FROM rolled
)
UNION ALL
SELECT 'agent_metrics_daily', (
    SELECT min((SELECT min(timestamp) FROM agent_metrics_daily AS m WHERE m.agent_id = rolled.agent_id)) FROM rolled
);

-- name: report_intervals(since, until)
-- The recorders' intervals that held, the one of the beginning first.
SELECT timestamp, interval_ms FROM recorder_intervals WHERE timestamp < :until AND timestamp >= coalesce(
    (SELECT max(timestamp) FROM recorder_intervals WHERE timestamp <= :since), 0
)
ORDER BY timestamp, recorder_id;

-- name: rolled_sums(level, period, since, until, agents)
-- Of each agent; a period that lies in the interval with a part of it counts for that part.
SELECT
    m.agent_id,
    sum(m.active_ms * m.share) AS active_ms,
    sum(m.idle_ms * m.share) AS idle_ms,
    sum(m.blocked_ms * m.share) AS blocked_ms,
    sum(m.error_ms * m.share) AS error_ms,
    sum(m.offline_ms * m.share) AS offline_ms,
    sum(m.avg_cpu * m.measured_ms * m.share) / 100.0 AS cpu_ms,
    max(m.max_memory) AS peak_memory
FROM (
    SELECT *, (min(timestamp + :period, :until) - max(timestamp, :since)) * 1.0 / :period AS share
    FROM (
        SELECT
            agent_id, timestamp, active_ms, idle_ms, blocked_ms, error_ms, offline_ms, avg_cpu, measured_ms, max_memory
        FROM agents CROSS JOIN agent_metrics_daily USING (agent_id)
        WHERE :level = 'agent_metrics_daily' AND timestamp > :since - :period AND timestamp < :until
        UNION ALL
        SELECT
            agent_id, timestamp, active_ms, idle_ms, blocked_ms, error_ms, offline_ms, avg_cpu, measured_ms, max_memory
        FROM agents CROSS JOIN agent_metrics_hourly USING (agent_id)
        WHERE :level = 'agent_metrics_hourly' AND timestamp > :since - :period AND timestamp < :until
        UNION ALL
        SELECT
            agent_id, timestamp, active_ms, idle_ms, blocked_ms, error_ms, offline_ms, avg_cpu, measured_ms, max_memory
        FROM agents CROSS JOIN agent_metrics_5min USING (agent_id)
        WHERE :level = 'agent_metrics_5min' AND timestamp > :since - :period AND timestamp < :until
    )
) AS m
WHERE :agents IS NULL OR m.agent_id IN (SELECT value FROM json_each(:agents))
GROUP BY m.agent_id;

-- name: sample_sums(agent_id, since, until, carry)
-- A sample holds until the next one, and no longer than `:carry`.
SELECT
    :agent_id AS agent_id,
    sum(iif(status = 'active', held_ms, 0)) AS active_ms,
    sum(iif(status = 'idle', held_ms, 0)) AS idle_ms,
    sum(iif(status = 'blocked', held_ms, 0)) AS blocked_ms,
    sum(iif(status = 'error', held_ms, 0)) AS error_ms,
    sum(iif(status = 'offline', held_ms, 0)) AS offline_ms,
    sum(cpu_usage * held_ms) / 100.0 AS cpu_ms,
    max(iif(held_ms > 0, memory_usage, NULL)) AS peak_memory
FROM (
    SELECT
        status, cpu_usage, memory_usage,
        max(0, min(coalesce(next, :until), timestamp + :carry, :until) - max(timestamp, :since)) AS held_ms
    FROM (
        SELECT
            status, cpu_usage, memory_usage, timestamp, lead(timestamp) OVER (ORDER BY timestamp) AS next
        FROM agent_metrics
        WHERE agent_id = :agent_id AND timestamp > :since - :carry AND timestamp < :until
    )
);

-- name: own_commits(since, until, agents)
-- What each agent made, by its own reflog.
SELECT
    agent_id, count(*) AS commits, sum(lines_added) AS lines_added, sum(lines_deleted) AS lines_deleted
FROM git_commits
WHERE min(commit_timestamp, recorded_at) >= :since AND min(commit_timestamp, recorded_at) < :until
    AND attribution = 'reflog' AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)))
GROUP BY agent_id;

-- name: blocked_spans(since, until, agents)
-- Each stretch in which an agent was noted as blocked, up to its next change, or to the last it was seen before that:
-- by its samples, else by the recorder's own word.
SELECT
    s.agent_id, s.since, s.reason,
    min(s.next, coalesce(
        (SELECT max(timestamp) FROM agent_metrics AS m WHERE m.agent_id = s.agent_id AND m.timestamp < s.next),
        r.stopped_at, r.last_tick_at, s.next
    ) + 10000 + 2 * coalesce(r.interval_ms, 0)) AS until
FROM (
    SELECT
        c.agent_id, c.timestamp, c.since, c.status, c.reason,
        coalesce(lead(c.timestamp) OVER (PARTITION BY c.agent_id ORDER BY c.timestamp), :until) AS next
    FROM agents CROSS JOIN agent_status_changes AS c ON c.agent_id = agents.agent_id
    WHERE c.timestamp < :until AND c.timestamp >= coalesce((
        SELECT max(timestamp) FROM agent_status_changes
        WHERE agent_id = agents.agent_id AND timestamp <= :since
    ), :since)
    AND (:agents IS NULL OR agents.agent_id IN (SELECT value FROM json_each(:agents)))
) AS s
LEFT JOIN recorders AS r ON r.recorder_id = (
    SELECT recorder_id FROM recorders WHERE started_at <= s.timestamp ORDER BY started_at DESC LIMIT 1
)
WHERE s.status = 'blocked'
ORDER BY s.agent_id, s.timestamp;

-- name: completed_events(since, until)
SELECT task_id, root, assigned_to, timestamp FROM task_events
WHERE event_type = 'completed' AND timestamp >= :since AND timestamp < :until
ORDER BY timestamp;

-- name: boards_watched_since()
-- When each root's board was first read.
SELECT root, min(timestamp) AS since FROM board_states GROUP BY root;

-- name: newest_tasks(until)
-- The last thing known of each task before the end; of one that has left the board, the last that it was.
SELECT e.task_id, e.root, e.details, e.assigned_to FROM task_events AS e
JOIN (
    SELECT max(id) AS id FROM task_events
    WHERE timestamp < :until AND (new_status IS NOT NULL OR event_type = 'created')
    GROUP BY task_id, root
) AS newest USING (id);

-- name: task_lives(until)
SELECT task_id, root, event_type, new_status, timestamp FROM task_events
WHERE timestamp < :until ORDER BY task_id, root, id;

-- name: report_commits(since, until, agents)
SELECT
    min(commit_timestamp, recorded_at) AS time, short_hash AS "commit", agent_id AS agent, branch,
    files_changed AS files, lines_added, lines_deleted, attribution, author_name AS author, message
FROM git_commits
WHERE min(commit_timestamp, recorded_at) >= :since AND min(commit_timestamp, recorded_at) < :until
    AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)))
ORDER BY min(commit_timestamp, recorded_at) DESC, id DESC;

-- name: report_alerts(since, until, agents)
SELECT * FROM (
    SELECT
        alert_id, rule, subject, source, severity, title, message, acknowledged, acknowledged_by, acknowledged_at,
        resolved_at, created_at
    FROM alerts
    UNION ALL
    SELECT
        alert_id, rule, subject, source, severity, title, message, acknowledged, acknowledged_by, acknowledged_at,
        resolved_at, created_at
    FROM alerts_archive
)
WHERE created_at < :until AND (resolved_at IS NULL OR resolved_at >= :since) AND (
    :agents IS NULL OR subject IN (SELECT value FROM json_each(:agents))
    OR source IN (SELECT value FROM json_each(:agents))
)
ORDER BY created_at, alert_id;

-- name: health_hours(since, until)
SELECT
    timestamp AS time, overall_status AS status, round(avg_cpu_usage, 1) AS cpu, max_cpu_usage AS cpu_max,
    round(avg_memory_percent, 1) AS memory, max_memory_percent AS memory_max, max_memory_usage AS memory_peak,
    max_swap_percent AS swap_max, max_disk_percent AS disk_max, round(avg_load1, 2) AS load,
    round(max_load1, 2) AS load_max,
    round(avg_api_latency, 1) AS latency_ms, round(max_api_latency, 1) AS latency_max_ms, max_error_count AS errors,
    max_websocket_connections AS viewers, sample_count AS samples
FROM system_health_hourly WHERE timestamp >= :since AND timestamp < :until ORDER BY timestamp;

-- name: health_periods(since, until, period)
-- The same from samples.
SELECT
    timestamp / :period * :period AS time,
    CASE max(CASE overall_status WHEN 'unhealthy' THEN 2 WHEN 'degraded' THEN 1 ELSE 0 END)
        WHEN 2 THEN 'unhealthy' WHEN 1 THEN 'degraded' ELSE 'healthy'
    END AS status,
    round(avg(cpu_usage), 1) AS cpu, max(cpu_usage) AS cpu_max, round(avg(memory_percent), 1) AS memory,
    max(memory_percent) AS memory_max, max(memory_usage) AS memory_peak, max(swap_percent) AS swap_max,
    max(disk_percent) AS disk_max, round(avg(load1), 2) AS load, round(max(load1), 2) AS load_max,
    round(avg(api_latency), 1) AS latency_ms, round(max(api_latency), 1) AS latency_max_ms,
    max(error_count) AS errors, max(websocket_connections) AS viewers, count(*) AS samples
FROM system_health WHERE timestamp >= :since AND timestamp < :until
GROUP BY timestamp / :period ORDER BY timestamp;

-- name: status_moments(since, until, agents)
-- Changes to another status; a restart notes the one that holds again.
SELECT c.timestamp, 'status' AS kind, c.agent_id, c.status || ': ' || c.reason AS text
FROM agents CROSS JOIN agent_status_changes AS c ON c.agent_id = agents.agent_id
WHERE c.timestamp >= :since AND c.timestamp < :until AND c.status IS NOT (
    SELECT status FROM agent_status_changes
    WHERE agent_id = c.agent_id AND timestamp < c.timestamp ORDER BY timestamp DESC LIMIT 1
) AND (:agents IS NULL OR agents.agent_id IN (SELECT value FROM json_each(:agents)));

-- name: alert_moments(since, until, agents)
WITH every AS (
    SELECT alert_id, rule, subject, source, severity, title, acknowledged_by, acknowledged_at, resolved_at, created_at
    FROM alerts
    UNION ALL
    SELECT alert_id, rule, subject, source, severity, title, acknowledged_by, acknowledged_at, resolved_at, created_at
    FROM alerts_archive
),
wanted AS (
    SELECT *, iif(subject IN (SELECT agent_id FROM agents), subject, NULL) AS agent_id FROM every
    WHERE created_at < :until AND (resolved_at IS NULL OR resolved_at >= :since) AND (
        :agents IS NULL OR subject IN (SELECT value FROM json_each(:agents))
        OR source IN (SELECT value FROM json_each(:agents))
    )
)
SELECT * FROM (
    SELECT created_at AS timestamp, 'alert-fired' AS kind, agent_id, severity || ': ' || title AS text FROM wanted
    UNION ALL
    SELECT acknowledged_at, 'alert-acknowledged', agent_id, title || ', by ' || coalesce(acknowledged_by, '?')
    FROM wanted WHERE acknowledged_at IS NOT NULL
    UNION ALL
    SELECT resolved_at, 'alert-resolved', agent_id, title FROM wanted WHERE resolved_at IS NOT NULL
)
WHERE timestamp >= :since AND timestamp < :until;

-- name: commit_moments(since, until, agents)
SELECT
    min(commit_timestamp, recorded_at) AS timestamp, 'commit' AS kind, agent_id, short_hash || ' ' || message AS text
FROM git_commits
WHERE min(commit_timestamp, recorded_at) >= :since AND min(commit_timestamp, recorded_at) < :until
    AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)));

-- name: task_moments(since, until, agents)
SELECT
    timestamp, 'task-' || event_type AS kind, assigned_to AS agent_id,
    task_id || ': ' || iif(
        previous_status IS new_status,
        (SELECT group_concat(value, ', ') FROM json_each(details, '$.changed')),
        coalesce(previous_status || ' → ', '') || coalesce(new_status, 'left the board')
    ) AS text
FROM task_events
WHERE timestamp >= :since AND timestamp < :until
    AND (:agents IS NULL OR assigned_to IN (SELECT value FROM json_each(:agents)))
ORDER BY id;

-- name: event_moments(since, until, agents)
SELECT timestamp, type AS kind, agent_id, subject AS text, details FROM events
WHERE timestamp >= :since AND timestamp < :until
    AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)) OR type = 'gap')
ORDER BY timestamp, id;

-- name: recorder_moments(since, until)
-- A recorder that told no end was killed, unless it is the last one: that may run still.
SELECT * FROM (
    SELECT
        started_at AS timestamp, 'recorder-started' AS kind, NULL AS agent_id,
        'pid ' || pid || ' on ' || host || ', version ' || version || ', every ' || (interval_ms / 1000.0) || ' s'
            AS text
    FROM recorders
    UNION ALL
    SELECT
        coalesce(stopped_at, last_tick_at), iif(stopped_at IS NULL, 'recorder-killed', 'recorder-stopped'), NULL,
        'pid ' || pid || ' on ' || host
    FROM recorders AS r
    WHERE stopped_at IS NOT NULL OR EXISTS (SELECT 1 FROM recorders WHERE recorder_id > r.recorder_id)
)
WHERE timestamp >= :since AND timestamp < :until;

-- name: report_usage(since, until, agents)
-- Tokens by agent, hour and model; an hour counts by its start.
SELECT
    agent_id, timestamp, model,
    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
    sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
    sum(reasoning_tokens) AS reasoning_tokens,
    sum(cost_usd) AS cost_usd,
    sum(iif(cost_usd IS NULL, input_tokens + output_tokens + cache_read_tokens + cache_write_tokens, 0)) AS unpriced
FROM session_usage
WHERE timestamp >= :since AND timestamp < :until
    AND agent_id IN (SELECT agent_id FROM agents)
    AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)))
GROUP BY agent_id, timestamp, model ORDER BY timestamp, agent_id, model;

-- name: report_waits(since, until, agents)
-- Each stretch in which a session waited for a person, and what came after it; `next_at` is NULL while it goes on.
WITH waits AS (
    SELECT
        s.agent_id, s.session_id, s.turn_state, coalesce(s.waiting_since, s.state_since, s.timestamp) AS began,
        s.waiting_for, s.tool, s.tool_target, s.timestamp,
        (
            SELECT n.timestamp FROM session_states AS n
            WHERE n.agent_id = s.agent_id AND n.timestamp > s.timestamp AND NOT (
                n.turn_state IN ('permission', 'input') AND n.session_id = s.session_id
                AND n.waiting_since IS s.waiting_since
            )
            ORDER BY n.timestamp LIMIT 1
        ) AS next_at
    FROM agents AS a JOIN session_states AS s ON s.agent_id = a.agent_id
    WHERE s.turn_state IN ('permission', 'input') AND s.timestamp < :until
        AND (:agents IS NULL OR a.agent_id IN (SELECT value FROM json_each(:agents)))
)
SELECT
    w.agent_id, w.session_id, w.turn_state, w.began, w.waiting_for, w.tool, w.tool_target,
    min(coalesce(n.state_since, n.timestamp), n.timestamp) AS ended_at, n.turn_state AS next_state,
    n.session_id AS next_session, max(w.timestamp) AS noted_at
FROM waits AS w LEFT JOIN session_states AS n ON n.agent_id = w.agent_id AND n.timestamp = w.next_at
WHERE w.next_at IS NULL OR w.next_at > :since
GROUP BY w.agent_id, w.session_id, w.began ORDER BY w.began, w.agent_id;

-- name: report_calls(since, until, agents)
-- Calls by agent and tool; times are those of calls whose end is known.
SELECT
    agent_id, name, count(*) AS calls, count(*) FILTER (WHERE outcome = 'error') AS errors,
    count(*) FILTER (WHERE outcome = 'denied') AS denied, count(*) FILTER (WHERE outcome IS NULL) AS unknown,
    sum(max(0, ended_at - timestamp)) AS total_ms, avg(max(0, ended_at - timestamp)) AS mean_ms,
    max(max(0, ended_at - timestamp)) AS longest_ms
FROM session_calls
WHERE timestamp >= :since AND timestamp < :until
    AND agent_id IN (SELECT agent_id FROM agents)
    AND (:agents IS NULL OR agent_id IN (SELECT value FROM json_each(:agents)))
GROUP BY agent_id, name ORDER BY agent_id, calls DESC, name;

-- name: report_system_states(since, until)
-- States of attached systems in the interval, and the one of each that held at its beginning.
SELECT name, timestamp, attached, kind, state, depths FROM system_states AS s
WHERE timestamp < :until AND timestamp >= coalesce(
    (SELECT max(timestamp) FROM system_states WHERE name = s.name AND timestamp <= :since), 0
)
ORDER BY name, timestamp;

-- name: report_system_events(since, until)
SELECT system, count(*) AS events, count(*) FILTER (WHERE severity IN ('error', 'critical')) AS grave
FROM system_events WHERE timestamp >= :since AND timestamp < :until GROUP BY system;

-- name: report_system_lines(since, until)
SELECT system, count(*) FILTER (WHERE level IN ('error', 'critical')) AS errors
FROM system_logs WHERE timestamp >= :since AND timestamp < :until GROUP BY system;
