-- What backups and restores ask.

-- name: recorded_since(since)
-- How much was recorded after a moment: what going back to it leaves behind.
SELECT
    (SELECT sum((SELECT count(*) FROM agent_metrics AS m WHERE m.agent_id = a.agent_id AND m.timestamp > :since))
     FROM agents AS a) AS samples,
    (SELECT count(*) FROM task_events WHERE timestamp > :since) AS task_events,
    (SELECT count(*) FROM git_commits WHERE recorded_at > :since) AS commits,
    (SELECT count(*) FROM alerts WHERE created_at > :since) AS alerts;

-- name: recorded_until()
-- The last moment that was recorded; a recorder's own row is refreshed less often than samples are written.
SELECT max(
    coalesce((SELECT max(last_tick_at) FROM recorders), 0),
    coalesce((SELECT max((SELECT max(timestamp) FROM agent_metrics AS m WHERE m.agent_id = a.agent_id))
              FROM agents AS a), 0)
) AS last;
