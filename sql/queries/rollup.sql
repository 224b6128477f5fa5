-- Roll-ups: periods that are over, summed up. A sample holds until the next one, at most as long as a sample is carried
-- forward; each period gets the part of it that lies inside. Every statement may be repeated: a row of fewer samples never
-- replaces one of more, for samples leave by retention only.

-- name: recorded_intervals()
-- How often was sampled from when on, oldest first.
SELECT timestamp, interval_ms FROM recorder_intervals ORDER BY timestamp, recorder_id;

-- name: rollup_mark(rollup)
SELECT done_until FROM rollups WHERE name = :rollup;

-- name: set_rollup_mark(name, done_until)!
INSERT INTO rollups (name, done_until) VALUES (:name, :done_until)
ON CONFLICT (name) DO UPDATE SET done_until = excluded.done_until;

-- name: reopen_rollups(at)!
-- Something is written at `:at`: periods from then on are summed up again.
UPDATE rollups SET done_until = :at - :at % CASE name
    WHEN 'agent_metrics_5min' THEN 300000 WHEN 'agent_metrics_daily' THEN 86400000 ELSE 3600000
END
WHERE done_until > :at;

-- name: next_to_roll_up_agent_metrics_5min(agents, at, carries)
-- When something of the agents in the JSON array `:agents` holds again, from `:at` on.
WITH carry (since, ms) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:carries)
), around (before, next) AS (
    SELECT
        (SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.value AND timestamp < :at),
        (SELECT min(timestamp) FROM agent_metrics WHERE agent_id = a.value AND timestamp >= :at)
    FROM json_each(:agents) AS a
)
SELECT min(CASE
    WHEN before + (SELECT ms FROM (SELECT ms, max(since) FROM carry WHERE since <= before)) > :at THEN :at ELSE next
END) AS at FROM around;

-- name: next_to_roll_up_agent_metrics_hourly(agents, at)
SELECT min((SELECT min(timestamp) FROM agent_metrics_5min WHERE agent_id = a.value AND timestamp >= :at)) AS at
FROM json_each(:agents) AS a;

-- name: next_to_roll_up_agent_metrics_daily(agents, at)
SELECT min((SELECT min(timestamp) FROM agent_metrics_hourly WHERE agent_id = a.value AND timestamp >= :at)) AS at
FROM json_each(:agents) AS a;

-- name: next_to_roll_up_system_health_hourly(at)
SELECT min(timestamp) AS at FROM system_health WHERE timestamp >= :at;

-- name: roll_up_agent_metrics_5min(agents, periods, length, carries)!
-- `:agents` and `:periods` (their starts) are JSON arrays; `:carries` is one of [since, ms], oldest first. `measured_ms` is
-- the time in which the CPU is known; memory is known whenever it is.
WITH carry (since, ms) AS MATERIALIZED (
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:carries)
), span (agent_id, start, first) AS MATERIALIZED (
    SELECT a.value, p.value, coalesce((
        SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.value AND timestamp <= p.value
    ), p.value)
    FROM json_each(:agents) AS a CROSS JOIN json_each(:periods) AS p
), sample AS (
    SELECT
        s.agent_id, s.start, m.timestamp, m.status, m.cpu_usage, m.memory_usage, m.process_count, m.uncommitted_changes,
        lead(m.timestamp, 1, s.start + :length)
            OVER (PARTITION BY s.agent_id, s.start ORDER BY m.timestamp) AS next
    FROM span AS s
    CROSS JOIN agent_metrics AS m
        ON m.agent_id = s.agent_id AND m.timestamp >= s.first AND m.timestamp < s.start + :length
), held AS MATERIALIZED (
    SELECT
        *,
        min(next, timestamp + (SELECT ms FROM (SELECT ms, max(since) FROM carry WHERE since <= timestamp)))
            - max(timestamp, start) AS ms
    FROM sample
)
INSERT INTO agent_metrics_5min (
    agent_id, timestamp, sample_count, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes,
    max_uncommitted, active_ms, idle_ms, blocked_ms, error_ms, offline_ms
)
SELECT
    agent_id, start, sum(timestamp >= start), coalesce(sum(ms) FILTER (WHERE cpu_usage IS NOT NULL), 0),
    sum(cpu_usage * ms) / sum(ms) FILTER (WHERE cpu_usage IS NOT NULL), max(cpu_usage),
    CAST(round(
        total(memory_usage * ms) FILTER (WHERE cpu_usage IS NOT NULL)
        / sum(ms) FILTER (WHERE cpu_usage IS NOT NULL AND memory_usage IS NOT NULL)
    ) AS INTEGER),
    max(memory_usage), max(process_count), max(uncommitted_changes),
    coalesce(sum(ms) FILTER (WHERE status = 'active'), 0), coalesce(sum(ms) FILTER (WHERE status = 'idle'), 0),
    coalesce(sum(ms) FILTER (WHERE status = 'blocked'), 0), coalesce(sum(ms) FILTER (WHERE status = 'error'), 0),
    coalesce(sum(ms) FILTER (WHERE status = 'offline'), 0)
FROM held WHERE ms > 0 GROUP BY agent_id, start
ON CONFLICT (agent_id, timestamp) DO UPDATE
SET sample_count = excluded.sample_count, measured_ms = excluded.measured_ms, avg_cpu = excluded.avg_cpu,
    max_cpu = excluded.max_cpu, avg_memory = excluded.avg_memory, max_memory = excluded.max_memory,
    max_processes = excluded.max_processes, max_uncommitted = excluded.max_uncommitted,
    active_ms = excluded.active_ms, idle_ms = excluded.idle_ms, blocked_ms = excluded.blocked_ms,
    error_ms = excluded.error_ms, offline_ms = excluded.offline_ms
WHERE excluded.sample_count >= agent_metrics_5min.sample_count;

-- name: roll_up_agent_metrics_hourly(agents, periods, length)!
INSERT INTO agent_metrics_hourly (
    agent_id, timestamp, sample_count, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes,
    max_uncommitted, active_ms, idle_ms, blocked_ms, error_ms, offline_ms
)
SELECT
    m.agent_id, p.value, sum(m.sample_count), sum(m.measured_ms), sum(m.avg_cpu * m.measured_ms) / sum(m.measured_ms),
    max(m.max_cpu),
    CAST(round(
        total(m.avg_memory * m.measured_ms) / sum(m.measured_ms) FILTER (WHERE m.avg_memory IS NOT NULL)
    ) AS INTEGER),
    max(m.max_memory), max(m.max_processes), max(m.max_uncommitted), sum(m.active_ms), sum(m.idle_ms),
    sum(m.blocked_ms), sum(m.error_ms), sum(m.offline_ms)
FROM json_each(:agents) AS a
CROSS JOIN json_each(:periods) AS p
CROSS JOIN agent_metrics_5min AS m
    ON m.agent_id = a.value AND m.timestamp >= p.value AND m.timestamp < p.value + :length
GROUP BY m.agent_id, p.value
ON CONFLICT (agent_id, timestamp) DO UPDATE
SET sample_count = excluded.sample_count, measured_ms = excluded.measured_ms, avg_cpu = excluded.avg_cpu,
    max_cpu = excluded.max_cpu, avg_memory = excluded.avg_memory, max_memory = excluded.max_memory,
    max_processes = excluded.max_processes, max_uncommitted = excluded.max_uncommitted,
    active_ms = excluded.active_ms, idle_ms = excluded.idle_ms, blocked_ms = excluded.blocked_ms,
    error_ms = excluded.error_ms, offline_ms = excluded.offline_ms
WHERE excluded.sample_count >= agent_metrics_hourly.sample_count;

-- name: roll_up_agent_metrics_daily(agents, periods, length)!
INSERT INTO agent_metrics_daily (
    agent_id, date, timestamp, sample_count, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes,
    max_uncommitted, active_ms, idle_ms, blocked_ms, error_ms, offline_ms
)
SELECT
    m.agent_id, date(p.value / 1000, 'unixepoch'), p.value, sum(m.sample_count), sum(m.measured_ms),
    sum(m.avg_cpu * m.measured_ms) / sum(m.measured_ms), max(m.max_cpu),
    CAST(round(
        total(m.avg_memory * m.measured_ms) / sum(m.measured_ms) FILTER (WHERE m.avg_memory IS NOT NULL)
    ) AS INTEGER),
    max(m.max_memory), max(m.max_processes), max(m.max_uncommitted), sum(m.active_ms), sum(m.idle_ms),
    sum(m.blocked_ms), sum(m.error_ms), sum(m.offline_ms)
FROM json_each(:agents) AS a
CROSS JOIN json_each(:periods) AS p
CROSS JOIN agent_metrics_hourly AS m
    ON m.agent_id = a.value AND m.timestamp >= p.value AND m.timestamp < p.value + :length
GROUP BY m.agent_id, p.value
ON CONFLICT (agent_id, timestamp) DO UPDATE
SET sample_count = excluded.sample_count, measured_ms = excluded.measured_ms, avg_cpu = excluded.avg_cpu,
    max_cpu = excluded.max_cpu, avg_memory = excluded.avg_memory, max_memory = excluded.max_memory,
    max_processes = excluded.max_processes, max_uncommitted = excluded.max_uncommitted,
    active_ms = excluded.active_ms, idle_ms = excluded.idle_ms, blocked_ms = excluded.blocked_ms,
    error_ms = excluded.error_ms, offline_ms = excluded.offline_ms
WHERE excluded.sample_count >= agent_metrics_daily.sample_count;

-- name: roll_up_system_health_hourly(periods, length)!
-- Rows of host health come at one interval, changed or not, so each weighs the same. The worst status of the hour is its
-- status.
INSERT INTO system_health_hourly (
    timestamp, sample_count, overall_status, avg_api_latency, max_api_latency, max_websocket_connections,
    avg_file_watch_events, max_error_count, avg_cpu_usage, max_cpu_usage, avg_memory_usage, max_memory_usage,
    avg_memory_percent, max_memory_percent, max_swap_percent, max_disk_usage, max_disk_percent, avg_load1, max_load1
)
SELECT
    p.value, count(*),
    CASE
        max(CASE h.overall_status WHEN 'unhealthy' THEN 2 WHEN 'degraded' THEN 1 ELSE 0 END)
        WHEN 2 THEN 'unhealthy' WHEN 1 THEN 'degraded' ELSE 'healthy'
    END,
    avg(h.api_latency), max(h.api_latency), max(h.websocket_connections), avg(h.file_watch_events),
    max(h.error_count), avg(h.cpu_usage), max(h.cpu_usage), CAST(round(avg(h.memory_usage)) AS INTEGER),
    max(h.memory_usage), avg(h.memory_percent), max(h.memory_percent), max(h.swap_percent), max(h.disk_usage),
    max(h.disk_percent), avg(h.load1), max(h.load1)
FROM json_each(:periods) AS p
CROSS JOIN system_health AS h ON h.timestamp >= p.value AND h.timestamp < p.value + :length
GROUP BY p.value
ON CONFLICT (timestamp) DO UPDATE
SET sample_count = excluded.sample_count, overall_status = excluded.overall_status,
    avg_api_latency = excluded.avg_api_latency, max_api_latency = excluded.max_api_latency,
    max_websocket_connections = excluded.max_websocket_connections,
    avg_file_watch_events = excluded.avg_file_watch_events, max_error_count = excluded.max_error_count,
    avg_cpu_usage = excluded.avg_cpu_usage, max_cpu_usage = excluded.max_cpu_usage,
    avg_memory_usage = excluded.avg_memory_usage, max_memory_usage = excluded.max_memory_usage,
    avg_memory_percent = excluded.avg_memory_percent, max_memory_percent = excluded.max_memory_percent,
    max_swap_percent = excluded.max_swap_percent, max_disk_usage = excluded.max_disk_usage,
    max_disk_percent = excluded.max_disk_percent, avg_load1 = excluded.avg_load1, max_load1 = excluded.max_load1
WHERE excluded.sample_count >= system_health_hourly.sample_count;
