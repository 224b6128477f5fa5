-- An interval of a recording, copied from the attached database `source` into a new one: what was recorded in it, and
-- what its first moment is rebuilt from. `:since` and `:until` are both in it. `:agents` is a JSON array of those that
-- appear in it; `:only` is the same when others are to be left out, else NULL.

-- name: attach_source(uri)!
ATTACH DATABASE :uri AS source;

-- name: detach_source()!
DETACH DATABASE source;

-- name: probe_source()
SELECT name FROM source.sqlite_schema LIMIT 1;

-- name: exported_agents(since, until, followed, only)
-- Whoever was followed at its first moment (`:followed`), or came into it.
SELECT agent_id FROM source.agents AS a
WHERE (:only IS NULL OR agent_id IN (SELECT value FROM json_each(:only))) AND (
    agent_id IN (SELECT value FROM json_each(:followed))
    OR EXISTS (
        SELECT 1 FROM source.agent_metrics AS m
        WHERE m.agent_id = a.agent_id AND m.timestamp > :since AND m.timestamp <= :until
    )
    OR EXISTS (
        SELECT 1 FROM source.agent_status_changes AS c
        WHERE c.agent_id = a.agent_id AND c.timestamp > :since AND c.timestamp <= :until
    )
)
ORDER BY agent_id;

-- name: export_recorders(since, until)!
-- The one that ran at the beginning, or had run last, and those that started later. One that ran begins and ends with
-- the interval.
INSERT INTO main.recorders (
    recorder_id, host, boot_id, pid, version, interval_ms, started_at, last_tick_at, stopped_at
)
SELECT
    recorder_id, host, boot_id, pid, version,
    coalesce((
        SELECT i.interval_ms FROM source.recorder_intervals AS i
        WHERE i.recorder_id = r.recorder_id AND i.timestamp <= :until ORDER BY i.timestamp DESC LIMIT 1
    ), interval_ms),
    iif(coalesce(stopped_at, last_tick_at) >= :since, max(started_at, :since), started_at),
    min(last_tick_at, :until),
    iif(stopped_at <= :until, stopped_at, NULL)
FROM source.recorders AS r
WHERE started_at <= :until AND recorder_id >= coalesce((
    SELECT recorder_id FROM source.recorders WHERE started_at <= :since ORDER BY recorder_id DESC LIMIT 1
), 0);

-- name: export_recorder_intervals(until)!
-- A recorder whose start was moved to the beginning keeps its own here: `recorder_at` goes by the earlier.
INSERT INTO main.recorder_intervals (recorder_id, timestamp, interval_ms)
SELECT recorder_id, timestamp, interval_ms FROM source.recorder_intervals
WHERE timestamp <= :until AND recorder_id IN (SELECT recorder_id FROM main.recorders)
UNION ALL
SELECT r.recorder_id, r.started_at, r.interval_ms
FROM source.recorders AS r JOIN main.recorders AS moved USING (recorder_id)
WHERE moved.started_at > r.started_at AND NOT EXISTS (
    SELECT 1 FROM source.recorder_intervals AS i
    WHERE i.recorder_id = r.recorder_id AND i.timestamp <= r.started_at
);

-- name: export_agents(until, agents)!
-- As they were at the end.
INSERT INTO main.agents (agent_id, name, kind, role, host, worktree, origin, first_seen, last_seen)
SELECT
    a.agent_id, coalesce(p.name, a.name), coalesce(p.kind, a.kind), coalesce(p.role, a.role),
    coalesce(p.host, a.host), iif(p.agent_id IS NULL, a.worktree, p.worktree), coalesce(p.origin, a.origin),
    a.first_seen, min(a.last_seen, :until)
FROM source.agents AS a
LEFT JOIN source.agent_profiles AS p ON p.agent_id = a.agent_id AND p.timestamp = coalesce(
    (SELECT max(timestamp) FROM source.agent_profiles WHERE agent_id = a.agent_id AND timestamp <= :until),
    (SELECT min(timestamp) FROM source.agent_profiles WHERE agent_id = a.agent_id)
)
WHERE a.agent_id IN (SELECT value FROM json_each(:agents));

-- name: export_agent_profiles(since, until, agents)!
INSERT INTO main.agent_profiles (agent_id, timestamp, name, kind, role, host, worktree, origin)
SELECT p.agent_id, p.timestamp, p.name, p.kind, p.role, p.host, p.worktree, p.origin
FROM json_each(:agents) AS wanted CROSS JOIN source.agent_profiles AS p ON p.agent_id = wanted.value
WHERE p.timestamp <= :until AND p.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.agent_profiles WHERE agent_id = wanted.value AND timestamp <= :since
), 0);

-- name: export_agent_details(since, until, agents)!
INSERT INTO main.agent_details (
    agent_id, timestamp, pid, process, git_state, git_read_at, ahead, behind, stash_count, repository, process_start
)
SELECT
    d.agent_id, d.timestamp, d.pid, d.process, d.git_state, d.git_read_at, d.ahead, d.behind, d.stash_count,
    d.repository, d.process_start
FROM json_each(:agents) AS wanted CROSS JOIN source.agent_details AS d ON d.agent_id = wanted.value
WHERE d.timestamp <= :until AND d.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.agent_details WHERE agent_id = wanted.value AND timestamp <= :since
), 0);

-- name: export_agent_processes(since, until, agents)!
INSERT INTO main.agent_processes (agent_id, timestamp, tree)
SELECT t.agent_id, t.timestamp, t.tree
FROM json_each(:agents) AS wanted CROSS JOIN source.agent_processes AS t ON t.agent_id = wanted.value
WHERE t.timestamp <= :until AND t.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.agent_processes WHERE agent_id = wanted.value AND timestamp <= :since
), 0);

-- name: export_session_states(since, until, agents)!
-- Before it: what held at its first moment, from the row on that has the details.
INSERT INTO main.session_states
SELECT s.* FROM json_each(:agents) AS wanted CROSS JOIN source.session_states AS s ON s.agent_id = wanted.value
WHERE s.timestamp <= :until AND s.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.session_states
    WHERE agent_id = wanted.value AND timestamp <= :since AND (details IS NOT NULL OR session_id = '')
), 0);

-- name: export_session_usage(since, until, agents)!
-- With the hours of the sessions that were there before it.
INSERT INTO main.session_usage
SELECT u.* FROM json_each(:agents) AS wanted CROSS JOIN source.session_usage AS u ON u.agent_id = wanted.value
WHERE u.timestamp <= :until AND (
    u.timestamp > :since - 3600000
    OR u.session_id IN (SELECT session_id FROM main.session_states WHERE agent_id = wanted.value)
);

-- name: export_session_calls(since, until, agents)!
-- The same of what they called.
INSERT INTO main.session_calls (agent_id, timestamp, session_id, call_id, name, target, ended_at, outcome)
SELECT
    c.agent_id, c.timestamp, c.session_id, c.call_id, c.name, c.target,
    iif(c.ended_at <= :until, c.ended_at, NULL), iif(c.ended_at > :until, NULL, c.outcome)
FROM json_each(:agents) AS wanted CROSS JOIN source.session_calls AS c ON c.agent_id = wanted.value
WHERE c.timestamp <= :until AND (
    c.timestamp > :since
    OR c.session_id IN (SELECT session_id FROM main.session_states WHERE agent_id = wanted.value)
);

-- name: export_system_states(since, until, only)!
-- Attached systems tell of all their agents: where some agents only are wanted, nothing of the systems goes along.
INSERT INTO main.system_states
SELECT s.* FROM source.system_states AS s
WHERE :only IS NULL AND s.timestamp <= :until AND s.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.system_states WHERE name = s.name AND timestamp <= :since
), 0);

-- name: export_system_events(since, until, lines)!
-- Before it: as many as a moment shows. One that was resolved later was open.
INSERT INTO main.system_events
SELECT
    t.system, t.timestamp, t.event_id, t.kind, t.source, t.severity, t.system_severity, t.text,
    iif(t.resolved_noted_at > :until, 0, t.resolved), iif(t.resolved_noted_at > :until, NULL, t.resolved_at),
    t.recorded_at, iif(t.resolved_noted_at > :until, NULL, t.resolved_noted_at)
FROM (SELECT DISTINCT name FROM main.system_states) AS wanted
CROSS JOIN source.system_events AS t ON t.system = wanted.name
WHERE t.timestamp <= :until AND coalesce(t.recorded_at, t.timestamp) <= :until AND t.timestamp >= coalesce((
    SELECT timestamp FROM source.system_events
    WHERE system = wanted.name AND timestamp <= :since AND coalesce(recorded_at, timestamp) <= :since
    ORDER BY timestamp DESC LIMIT 1 OFFSET :lines - 1
), 0);

-- name: export_system_logs(since, until, lines)!
-- The same of lines.
INSERT INTO main.system_logs
SELECT
    t.system, t.timestamp, t.line_id, t.level, t.system_level, t.subject, t.text, t.recorded_at
FROM (SELECT DISTINCT name FROM main.system_states) AS wanted
CROSS JOIN source.system_logs AS t ON t.system = wanted.name
WHERE t.timestamp <= :until AND coalesce(t.recorded_at, t.timestamp) <= :until AND t.timestamp >= coalesce((
    SELECT timestamp FROM source.system_logs
    WHERE system = wanted.name AND timestamp <= :since AND coalesce(recorded_at, timestamp) <= :since
    ORDER BY timestamp DESC LIMIT 1 OFFSET :lines - 1
), 0);

-- name: export_system_metrics(since, until, lines)!
-- The same of numbers.
INSERT INTO main.system_metrics
SELECT
    t.system, t.timestamp, t.metric_id, t.kind, t.name, t.value, t.unit, t.subject, t.recorded_at
FROM (SELECT DISTINCT name FROM main.system_states) AS wanted
CROSS JOIN source.system_metrics AS t ON t.system = wanted.name
WHERE t.timestamp <= :until AND coalesce(t.recorded_at, t.timestamp) <= :until AND t.timestamp >= coalesce((
    SELECT timestamp FROM source.system_metrics
    WHERE system = wanted.name AND timestamp <= :since AND coalesce(recorded_at, timestamp) <= :since
    ORDER BY timestamp DESC LIMIT 1 OFFSET :lines - 1
), 0);

-- name: export_agent_status_changes(since, until, agents, listed)!
-- Before it: as many changes to another status as an activity list shows, from the row before the first of them on.
INSERT INTO main.agent_status_changes (
    agent_id, timestamp, since, status, reason, evidence, system, system_status
)
SELECT c.agent_id, c.timestamp, c.since, c.status, c.reason, c.evidence, c.system, c.system_status
FROM json_each(:agents) AS wanted CROSS JOIN source.agent_status_changes AS c ON c.agent_id = wanted.value
WHERE c.timestamp <= :until AND c.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.agent_status_changes
    WHERE agent_id = wanted.value AND timestamp < (
        SELECT min(timestamp) FROM (
            SELECT s.timestamp FROM source.agent_status_changes AS s
            WHERE s.agent_id = wanted.value AND s.timestamp <= :since AND s.status IS NOT (
                SELECT status FROM source.agent_status_changes
                WHERE agent_id = s.agent_id AND timestamp < s.timestamp ORDER BY timestamp DESC LIMIT 1
            )
            ORDER BY s.timestamp DESC LIMIT :listed
        )
    )
), 0);

-- name: export_carried_samples(since, agents)!
-- The newest sample, and the newest that tells task and branch.
INSERT OR IGNORE INTO main.agent_metrics (
    agent_id, timestamp, status, current_task, cpu_usage, memory_usage, memory_percent, uncommitted_changes,
    uptime_seconds, last_activity, branch, process_count, thread_count, stale
)
SELECT
    m.agent_id, m.timestamp, m.status, m.current_task, m.cpu_usage, m.memory_usage, m.memory_percent,
    m.uncommitted_changes, m.uptime_seconds, m.last_activity, m.branch, m.process_count, m.thread_count, m.stale
FROM json_each(:agents) AS wanted CROSS JOIN source.agent_metrics AS m ON m.agent_id = wanted.value
WHERE m.timestamp IN (
    (SELECT max(timestamp) FROM source.agent_metrics WHERE agent_id = wanted.value AND timestamp <= :since),
    (
        SELECT timestamp FROM source.agent_metrics
        WHERE agent_id = wanted.value AND timestamp <= :since AND branch IS NOT NULL
        ORDER BY timestamp DESC LIMIT 1
    )
);

-- name: export_samples(agent_id, after, until)!
INSERT OR IGNORE INTO main.agent_metrics (
    agent_id, timestamp, status, current_task, cpu_usage, memory_usage, memory_percent, uncommitted_changes,
    uptime_seconds, last_activity, branch, process_count, thread_count, stale
)
SELECT
    agent_id, timestamp, status, current_task, cpu_usage, memory_usage, memory_percent, uncommitted_changes,
    uptime_seconds, last_activity, branch, process_count, thread_count, stale
FROM source.agent_metrics WHERE agent_id = :agent_id AND timestamp > :after AND timestamp <= :until;

-- name: export_system_health(since, until)!
-- The newest before it too, and the one that tells the details that hold then.
INSERT INTO main.system_health (
    timestamp, overall_status, api_latency, websocket_connections, file_watch_events, error_count, cpu_usage,
    memory_usage, disk_usage, memory_percent, swap_percent, disk_percent, load1, load5, load15, details
)
SELECT
    timestamp, overall_status, api_latency, websocket_connections, file_watch_events, error_count, cpu_usage,
    memory_usage, disk_usage, memory_percent, swap_percent, disk_percent, load1, load5, load15, details
FROM source.system_health
WHERE (timestamp > :since AND timestamp <= :until) OR timestamp IN (
    (SELECT max(timestamp) FROM source.system_health WHERE timestamp <= :since),
    (
        SELECT timestamp FROM source.system_health
        WHERE timestamp <= :since AND details IS NOT NULL ORDER BY timestamp DESC LIMIT 1
    )
);

-- name: export_rag_metrics(since, until)!
INSERT INTO main.rag_metrics (
    timestamp, origin, total_patterns, total_queries, average_response_time, hit_rate, memory_usage,
    query_volume_last_hour, top_patterns, recent_queries
)
SELECT
    timestamp, origin, total_patterns, total_queries, average_response_time, hit_rate, memory_usage,
    query_volume_last_hour, top_patterns, recent_queries
FROM source.rag_metrics
WHERE timestamp <= :until AND timestamp >= coalesce((
    SELECT max(timestamp) FROM source.rag_metrics WHERE timestamp <= :since
), 0);

-- name: export_agent_metrics_5min(since, until, agents)!
INSERT INTO main.agent_metrics_5min
SELECT r.* FROM json_each(:agents) AS wanted CROSS JOIN source.agent_metrics_5min AS r ON r.agent_id = wanted.value
WHERE r.timestamp >= :since AND r.timestamp + 300000 <= :until;

-- name: export_agent_metrics_hourly(since, until, agents)!
INSERT INTO main.agent_metrics_hourly
SELECT r.* FROM json_each(:agents) AS wanted CROSS JOIN source.agent_metrics_hourly AS r ON r.agent_id = wanted.value
WHERE r.timestamp >= :since AND r.timestamp + 3600000 <= :until;

-- name: export_agent_metrics_daily(since, until, agents)!
INSERT INTO main.agent_metrics_daily
SELECT r.* FROM json_each(:agents) AS wanted CROSS JOIN source.agent_metrics_daily AS r ON r.agent_id = wanted.value
WHERE r.timestamp >= :since AND r.timestamp + 86400000 <= :until;

-- name: export_system_health_hourly(since, until)!
INSERT INTO main.system_health_hourly
SELECT * FROM source.system_health_hourly WHERE timestamp >= :since AND timestamp + 3600000 <= :until;

-- name: export_rollups(until)!
-- A period that goes beyond the end is not summed up here.
INSERT INTO main.rollups (name, done_until)
SELECT name, min(done_until, :until) FROM source.rollups;
