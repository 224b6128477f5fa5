-- The status of every agent over an interval in parts of `:bucket` milliseconds from `:start` on, and what happened in
-- each. `:end` is the moment: nothing that was noted then or later is seen. Urgency: 5 error, 4 blocked, 3 active, 2 idle,
-- 1 offline, 0 unknown.

-- name: ribbon_marks()
-- How far each roll-up has come.
SELECT
    (SELECT done_until FROM rollups WHERE name = 'agent_metrics_5min') AS done_5min,
    (SELECT done_until FROM rollups WHERE name = 'agent_metrics_hourly') AS done_hourly;

-- name: ribbon_samples(agent_id, since, until)
SELECT timestamp, status FROM agent_metrics
WHERE agent_id = :agent_id AND timestamp > :since AND timestamp < :until ORDER BY timestamp;

-- name: ribbon_5min(start, since, until, bucket)
SELECT
    agents.agent_id, (timestamp - :start) / :bucket AS number,
    max(CASE
        WHEN error_ms > 0 THEN 5 WHEN blocked_ms > 0 THEN 4 WHEN active_ms > 0 THEN 3 WHEN idle_ms > 0 THEN 2
        WHEN offline_ms > 0 THEN 1 ELSE 0
    END) AS urgency
FROM agents CROSS JOIN agent_metrics_5min AS m ON m.agent_id = agents.agent_id
WHERE timestamp >= :since AND timestamp < :until GROUP BY agents.agent_id, number;

-- name: ribbon_hourly(start, since, until, bucket)
SELECT
    agents.agent_id, (timestamp - :start) / :bucket AS number,
    max(CASE
        WHEN error_ms > 0 THEN 5 WHEN blocked_ms > 0 THEN 4 WHEN active_ms > 0 THEN 3 WHEN idle_ms > 0 THEN 2
        WHEN offline_ms > 0 THEN 1 ELSE 0
    END) AS urgency
FROM agents CROSS JOIN agent_metrics_hourly AS m ON m.agent_id = agents.agent_id
WHERE timestamp >= :since AND timestamp < :until GROUP BY agents.agent_id, number;

-- name: ribbon_commits(start, end, bucket)
SELECT
    c.agent_id, (min(c.commit_timestamp, c.recorded_at) - :start) / :bucket AS number, count(*) AS commits
FROM agents CROSS JOIN commit_agents AS c ON c.agent_id = agents.agent_id
WHERE min(c.commit_timestamp, c.recorded_at) >= :start AND min(c.commit_timestamp, c.recorded_at) < :end
    AND c.attribution = 'reflog' AND coalesce(c.attributed_at, c.recorded_at) < :end
GROUP BY c.agent_id, number;

-- name: ribbon_alerts(start, end, bucket)
-- The gravest of the alerts that fired in each part, as grave as it had become, as a number, 0 for info.
SELECT
    number, max(CASE severity WHEN 'critical' THEN 3 WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END) AS gravest
FROM (
    SELECT (a.created_at - :start) / :bucket AS number, c.severity
    FROM alerts AS a JOIN alert_changes AS c ON c.alert_id = a.alert_id AND c.timestamp = (
        SELECT timestamp FROM alert_changes
        WHERE alert_id = a.alert_id AND timestamp < :end ORDER BY timestamp DESC LIMIT 1
    )
    WHERE a.created_at >= :start AND a.created_at < :end
    UNION ALL
    SELECT (created_at - :start) / :bucket, severity
    FROM alerts_archive WHERE created_at >= :start AND created_at < :end
) GROUP BY number;
