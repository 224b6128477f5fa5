-- Rows for charts over an interval: samples of an agent, or one of their roll-ups, `:start` included, `:end` not.

-- name: series_marks(agent_id)
-- How far each roll-up has come, and where the rows of each table begin.
SELECT
    (SELECT done_until FROM rollups WHERE name = 'agent_metrics_5min') AS done_5min,
    (SELECT done_until FROM rollups WHERE name = 'agent_metrics_hourly') AS done_hourly,
    (SELECT done_until FROM rollups WHERE name = 'agent_metrics_daily') AS done_daily,
    (SELECT min(timestamp) FROM agent_metrics WHERE agent_id = :agent_id) AS first_sample,
    (SELECT min(timestamp) FROM agent_metrics_5min WHERE agent_id = :agent_id) AS first_5min,
    (SELECT min(timestamp) FROM agent_metrics_hourly WHERE agent_id = :agent_id) AS first_hourly,
    (SELECT min(timestamp) FROM agent_metrics_daily WHERE agent_id = :agent_id) AS first_daily;

-- name: series_samples(agent_id, start, end)
-- Samples, and the one before them, which may still hold at `:start`.
SELECT timestamp, status, cpu_usage, memory_usage, process_count, uncommitted_changes
FROM agent_metrics
WHERE agent_id = :agent_id AND timestamp < :end AND timestamp >= coalesce((
    SELECT max(timestamp) FROM agent_metrics WHERE agent_id = :agent_id AND timestamp <= :start
), :start)
ORDER BY timestamp;

-- name: series_5min(agent_id, start, end)
SELECT
    timestamp, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes, max_uncommitted, active_ms,
    idle_ms, blocked_ms, error_ms, offline_ms
FROM agent_metrics_5min WHERE agent_id = :agent_id AND timestamp >= :start AND timestamp < :end ORDER BY timestamp;

-- name: series_hourly(agent_id, start, end)
SELECT
    timestamp, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes, max_uncommitted, active_ms,
    idle_ms, blocked_ms, error_ms, offline_ms
FROM agent_metrics_hourly WHERE agent_id = :agent_id AND timestamp >= :start AND timestamp < :end ORDER BY timestamp;

-- name: series_daily(agent_id, start, end)
SELECT
    timestamp, measured_ms, avg_cpu, max_cpu, avg_memory, max_memory, max_processes, max_uncommitted, active_ms,
    idle_ms, blocked_ms, error_ms, offline_ms
FROM agent_metrics_daily WHERE agent_id = :agent_id AND timestamp >= :start AND timestamp < :end ORDER BY timestamp;

-- name: series_commits(agent_id, start, end, bucket)
-- How many commits the agent made in each `:bucket` milliseconds from `:start` on, as far as was known before `:end`.
SELECT (min(commit_timestamp, recorded_at) - :start) / :bucket AS number, count(*) AS commits
FROM commit_agents
WHERE agent_id = :agent_id
    AND min(commit_timestamp, recorded_at) >= :start AND min(commit_timestamp, recorded_at) < :end
    AND attribution = 'reflog' AND coalesce(attributed_at, recorded_at) < :end
GROUP BY number;

-- name: host_marks()
SELECT
    (SELECT done_until FROM rollups WHERE name = 'system_health_hourly') AS done_hourly,
    (SELECT min(timestamp) FROM system_health) AS first_sample;

-- name: host_samples(start, since, end, bucket)
-- Rows of host health from `:since` on, those of each `:bucket` milliseconds from `:start` on as one.
SELECT
    (timestamp - :start) / :bucket AS number, count(*) AS sample_count,
    max(CASE overall_status WHEN 'unhealthy' THEN 2 WHEN 'degraded' THEN 1 ELSE 0 END) AS worst,
    avg(cpu_usage) AS avg_cpu, max(cpu_usage) AS max_cpu, avg(memory_percent) AS avg_memory,
    max(memory_percent) AS max_memory, max(disk_percent) AS max_disk, avg(load1) AS avg_load, max(load1) AS max_load,
    avg(api_latency) AS avg_latency, max(api_latency) AS max_latency, max(error_count) AS max_errors
FROM system_health WHERE timestamp >= :since AND timestamp < :end GROUP BY number ORDER BY number;

-- name: host_hourly(start, end, origin, bucket)
-- The hours that begin in the interval, those of each `:bucket` milliseconds from `:origin` on as one.
SELECT
    (timestamp - :origin) / :bucket AS number, sum(sample_count) AS sample_count,
    max(CASE overall_status WHEN 'unhealthy' THEN 2 WHEN 'degraded' THEN 1 ELSE 0 END) AS worst,
    sum(avg_cpu_usage * sample_count) / sum(iif(avg_cpu_usage IS NULL, 0, sample_count)) AS avg_cpu,
    max(max_cpu_usage) AS max_cpu,
    sum(avg_memory_percent * sample_count) / sum(iif(avg_memory_percent IS NULL, 0, sample_count)) AS avg_memory,
    max(max_memory_percent) AS max_memory, max(max_disk_percent) AS max_disk,
    sum(avg_load1 * sample_count) / sum(iif(avg_load1 IS NULL, 0, sample_count)) AS avg_load,
    max(max_load1) AS max_load,
    sum(avg_api_latency * sample_count) / sum(iif(avg_api_latency IS NULL, 0, sample_count)) AS avg_latency,
    max(max_api_latency) AS max_latency, max(max_error_count) AS max_errors
FROM system_health_hourly
WHERE timestamp >= :start AND timestamp < :end GROUP BY number ORDER BY number;

-- name: completed_by(since, at)
-- When tasks were completed from `:since` on, as far as it was known at `:at`.
SELECT timestamp FROM task_events
WHERE event_type = 'completed' AND timestamp >= :since AND timestamp <= :at
    AND coalesce(recorded_at, timestamp) <= :at;
