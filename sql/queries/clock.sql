-- A clock that was set back: nothing recorded may lie ahead of it. Every time after `:after`, up to `:until`, is
-- moved back by `:by` milliseconds. OR IGNORE: a row whose new time is taken is moved by the next run, a little further.

-- name: clock_floor()
-- A clock that shows less than this has lost its time, and is not believed: the schema was made a day after it.
SELECT max(applied_at) - 86400000 AS floor FROM schema_version WHERE success = 1;

-- name: newest_time(until)
-- The last time that anything was recorded under.
SELECT max(coalesce(at, 0)) AS newest FROM (
    SELECT max(started_at) AS at FROM recorders WHERE started_at <= :until
    UNION ALL SELECT max(last_tick_at) FROM recorders WHERE last_tick_at <= :until
    UNION ALL SELECT max(stopped_at) FROM recorders WHERE stopped_at <= :until
    UNION ALL SELECT max((
        SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp <= :until
    )) FROM agents AS a
    UNION ALL SELECT max((
        SELECT max(timestamp) FROM agent_status_changes WHERE agent_id = a.agent_id AND timestamp <= :until
    )) FROM agents AS a
    UNION ALL SELECT max(timestamp) FROM system_health WHERE timestamp <= :until
    UNION ALL SELECT max(timestamp) FROM rag_metrics WHERE timestamp <= :until
    UNION ALL SELECT max(timestamp) FROM task_events WHERE timestamp <= :until
    UNION ALL SELECT max(timestamp) FROM events WHERE type = 'source' AND timestamp <= :until
    UNION ALL SELECT max(created_at) FROM alerts WHERE created_at <= :until
    UNION ALL SELECT max(resolved_at) FROM alerts WHERE resolved_at <= :until
    UNION ALL SELECT max(recorded_at) FROM alert_mutes WHERE recorded_at <= :until
    UNION ALL SELECT max(ended_at) FROM alert_mutes WHERE ended_at <= :until
);

-- name: pin_agent_profiles(after, until)!
-- The last word on each thing holds now: it is noted again as of the moment of the clock, not moved in between others.
UPDATE OR IGNORE agent_profiles SET timestamp = :after
WHERE (agent_id, timestamp) IN (
    SELECT agent_id, (
        SELECT max(timestamp) FROM agent_profiles WHERE agent_id = a.agent_id AND timestamp <= :until
    ) FROM agents AS a
) AND timestamp > :after;

-- name: pin_agent_details(after, until)!
UPDATE OR IGNORE agent_details SET timestamp = :after, git_read_at = min(git_read_at, :after)
WHERE (agent_id, timestamp) IN (
    SELECT agent_id, (
        SELECT max(timestamp) FROM agent_details WHERE agent_id = a.agent_id AND timestamp <= :until
    ) FROM agents AS a
) AND timestamp > :after;

-- name: pin_agent_status_changes(after, until, by)!
UPDATE OR IGNORE agent_status_changes SET timestamp = :after, since = since - iif(since > :after, :by, 0)
WHERE (agent_id, timestamp) IN (
    SELECT agent_id, (
        SELECT max(timestamp) FROM agent_status_changes WHERE agent_id = a.agent_id AND timestamp <= :until
    ) FROM agents AS a
) AND timestamp > :after;

-- name: pin_agent_processes(after, until)!
UPDATE OR IGNORE agent_processes SET timestamp = :after
WHERE (agent_id, timestamp) IN (
    SELECT agent_id, (
        SELECT max(timestamp) FROM agent_processes WHERE agent_id = a.agent_id AND timestamp <= :until
    ) FROM agents AS a
) AND timestamp > :after;

-- name: pin_session_states(after, until)!
-- What a log wrote of its own times stays.
UPDATE OR IGNORE session_states SET timestamp = :after
WHERE (agent_id, timestamp) IN (
    SELECT agent_id, (
        SELECT max(timestamp) FROM session_states WHERE agent_id = a.agent_id AND timestamp <= :until
    ) FROM agents AS a
) AND timestamp > :after;

-- name: pin_system_states(after, until, by)!
UPDATE OR IGNORE system_states
SET timestamp = :after, since = since - iif(since > :after, :by, 0), read_at = min(read_at, :after)
WHERE (name, timestamp) IN (SELECT name, max(timestamp) FROM system_states WHERE timestamp <= :until GROUP BY name)
    AND timestamp > :after;

-- name: pin_task_events(after, until)!
UPDATE OR IGNORE task_events SET timestamp = :after, recorded_at = min(recorded_at, :after)
WHERE id IN (
    SELECT max(id) FROM task_events WHERE timestamp > :after AND timestamp <= :until GROUP BY task_id, root
);

-- name: pin_board_states(after, until)!
UPDATE OR IGNORE board_states SET timestamp = :after, last_synced = min(last_synced, :after)
WHERE (root, timestamp) IN (SELECT root, max(timestamp) FROM board_states WHERE timestamp <= :until GROUP BY root)
    AND timestamp > :after;

-- name: pin_alert_changes(after, until, by)!
UPDATE OR IGNORE alert_changes
SET timestamp = :after,
    acknowledged_at = acknowledged_at - iif(acknowledged_at > :after, :by, 0),
    resolved_at = resolved_at - iif(resolved_at > :after, :by, 0)
WHERE (alert_id, timestamp) IN (
    SELECT alert_id, max(timestamp) FROM alert_changes
    WHERE timestamp > :after AND timestamp <= :until GROUP BY alert_id
);

-- name: pin_alert_mutes(after, until, by)!
-- It lasts as long as was meant, or has ended by now.
UPDATE OR IGNORE alert_mutes
SET recorded_at = :after, created_at = min(created_at, :after), until = max(until - :by, :after),
    ended_at = min(ended_at, :after)
WHERE (rule, subject, recorded_at) IN (
    SELECT rule, subject, max(recorded_at) FROM alert_mutes
    WHERE recorded_at > :after AND recorded_at <= :until GROUP BY rule, subject
);

-- name: pin_system_health(after, until)!
UPDATE OR IGNORE system_health SET timestamp = :after
WHERE timestamp = (SELECT max(timestamp) FROM system_health WHERE timestamp <= :until) AND timestamp > :after;

-- name: pin_rag_metrics(after, until)!
UPDATE OR IGNORE rag_metrics SET timestamp = :after
WHERE timestamp = (SELECT max(timestamp) FROM rag_metrics WHERE timestamp <= :until) AND timestamp > :after;

-- name: pin_sources(after, until, by)!
UPDATE OR IGNORE events
SET timestamp = :after,
    recorded_at = min(recorded_at, :after),
    details = CASE
        WHEN json_valid(details) AND json_extract(details, '$.since') > :after
            THEN json_set(details, '$.since', json_extract(details, '$.since') - :by)
        ELSE details
    END
WHERE id IN (
    SELECT max(id) FROM events
    WHERE type = 'source' AND timestamp > :after AND timestamp <= :until GROUP BY subject
);

-- name: move_recorders(after, until, by)!
UPDATE recorders
SET started_at = started_at - iif(started_at > :after, :by, 0),
    last_tick_at = max(last_tick_at - :by, started_at - iif(started_at > :after, :by, 0)),
    stopped_at = max(stopped_at - :by, started_at - iif(started_at > :after, :by, 0))
WHERE max(last_tick_at, coalesce(stopped_at, 0)) > :after AND last_tick_at <= :until;

-- name: move_recorder_intervals(after, until, by)!
UPDATE OR IGNORE recorder_intervals SET timestamp = timestamp - :by
WHERE recorder_id IN (SELECT recorder_id FROM recorders) AND timestamp > :after AND timestamp <= :until;

-- name: move_agents(after, until, by)!
UPDATE agents
SET first_seen = first_seen - iif(first_seen > :after, :by, 0),
    last_seen = max(last_seen - :by, first_seen - iif(first_seen > :after, :by, 0))
WHERE last_seen > :after AND last_seen <= :until;

-- name: move_agent_profiles(after, until, by)!
UPDATE OR IGNORE agent_profiles SET timestamp = timestamp - :by
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_agent_metrics(after, until, by)!
UPDATE OR IGNORE agent_metrics
SET timestamp = timestamp - :by,
    last_activity = min(last_activity - iif(last_activity > :after, :by, 0), timestamp - :by)
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_agent_details(after, until, by)!
UPDATE OR IGNORE agent_details
SET timestamp = timestamp - :by,
    git_read_at = min(git_read_at - iif(git_read_at > :after, :by, 0), timestamp - :by)
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_agent_status_changes(after, until, by)!
UPDATE OR IGNORE agent_status_changes
SET timestamp = timestamp - :by, since = min(since - iif(since > :after, :by, 0), timestamp - :by)
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_agent_processes(after, until, by)!
UPDATE OR IGNORE agent_processes SET timestamp = timestamp - :by
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_session_states(after, until, by)!
UPDATE OR IGNORE session_states SET timestamp = timestamp - :by
WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after AND timestamp <= :until;

-- name: move_system_states(after, until, by)!
UPDATE OR IGNORE system_states
SET timestamp = timestamp - :by, since = min(since - iif(since > :after, :by, 0), timestamp - :by),
    read_at = min(read_at - iif(read_at > :after, :by, 0), timestamp - :by)
WHERE timestamp > :after AND timestamp <= :until;

-- name: move_system_events(after, until, by)!
-- What an event says of its own times goes with the clock as well: it would come up again otherwise.
UPDATE OR IGNORE system_events
SET timestamp = timestamp - iif(timestamp > :after, :by, 0),
    resolved_at = resolved_at - iif(resolved_at > :after, :by, 0),
    recorded_at = recorded_at - iif(recorded_at > :after, :by, 0),
    resolved_noted_at = resolved_noted_at - iif(resolved_noted_at > :after, :by, 0)
WHERE max(timestamp, coalesce(recorded_at, 0), coalesce(resolved_noted_at, 0)) > :after AND timestamp <= :until;

-- name: move_system_logs(after, until, by)!
-- A line is noted within a day: for those that are older the table is not read.
UPDATE OR IGNORE system_logs
SET timestamp = timestamp - iif(timestamp > :after, :by, 0),
    recorded_at = recorded_at - iif(recorded_at > :after, :by, 0)
WHERE system IN (SELECT name FROM system_states) AND timestamp > :after - 86400000 AND timestamp <= :until
    AND max(timestamp, coalesce(recorded_at, 0)) > :after;

-- name: move_system_metrics(after, until, by)!
UPDATE OR IGNORE system_metrics
SET timestamp = timestamp - iif(timestamp > :after, :by, 0),
    recorded_at = recorded_at - iif(recorded_at > :after, :by, 0)
WHERE system IN (SELECT name FROM system_states) AND timestamp > :after - 86400000 AND timestamp <= :until
    AND max(timestamp, coalesce(recorded_at, 0)) > :after;

-- name: move_task_events(after, until, by)!
UPDATE OR IGNORE task_events
SET timestamp = timestamp - :by, recorded_at = recorded_at - iif(recorded_at > :after, :by, 0)
WHERE timestamp > :after AND timestamp <= :until;

-- name: move_board_states(after, until, by)!
UPDATE OR IGNORE board_states
SET timestamp = timestamp - :by,
    last_synced = min(last_synced - iif(last_synced > :after, :by, 0), timestamp - :by)
WHERE timestamp > :after AND timestamp <= :until;

-- name: move_git_commits(after, until, by)!
-- A commit's own time is git's word, and stays.
UPDATE git_commits SET recorded_at = recorded_at - :by WHERE recorded_at > :after AND recorded_at <= :until;

-- name: move_commit_agents(after, until, by)!
UPDATE commit_agents
SET recorded_at = recorded_at - iif(recorded_at > :after, :by, 0),
    attributed_at = attributed_at - iif(attributed_at > :after, :by, 0)
WHERE max(recorded_at, coalesce(attributed_at, 0)) > :after AND recorded_at <= :until;

-- name: move_system_health(after, until, by)!
UPDATE OR IGNORE system_health SET timestamp = timestamp - :by WHERE timestamp > :after AND timestamp <= :until;

-- name: move_rag_metrics(after, until, by)!
UPDATE OR IGNORE rag_metrics SET timestamp = timestamp - :by WHERE timestamp > :after AND timestamp <= :until;

-- name: move_alerts(after, until, by)!
UPDATE alerts
SET created_at = created_at - iif(created_at > :after, :by, 0),
    acknowledged_at = max(
        acknowledged_at - iif(acknowledged_at > :after, :by, 0), created_at - iif(created_at > :after, :by, 0)
    ),
    resolved_at = max(resolved_at - iif(resolved_at > :after, :by, 0), created_at - iif(created_at > :after, :by, 0))
WHERE max(created_at, coalesce(acknowledged_at, 0), coalesce(resolved_at, 0)) > :after
    AND max(created_at, coalesce(acknowledged_at, 0), coalesce(resolved_at, 0)) <= :until;

-- name: move_alert_changes(after, until, by)!
UPDATE OR IGNORE alert_changes
SET timestamp = timestamp - :by,
    acknowledged_at = acknowledged_at - iif(acknowledged_at > :after, :by, 0),
    resolved_at = resolved_at - iif(resolved_at > :after, :by, 0)
WHERE timestamp > :after AND timestamp <= :until;

-- name: move_alert_mutes(after, until, by)!
-- One made before that moment was meant to last to a time that is still right.
UPDATE OR IGNORE alert_mutes
SET recorded_at = recorded_at - iif(recorded_at > :after, :by, 0),
    created_at = min(created_at, recorded_at - iif(recorded_at > :after, :by, 0)),
    until = until - iif(recorded_at > :after, :by, 0),
    ended_at = iif(recorded_at > :after, ended_at - :by, min(ended_at, :after))
WHERE max(recorded_at, coalesce(ended_at, 0)) > :after AND recorded_at <= :until;

-- name: move_events(after, until, by)!
-- What an agent's progress log says of its times stays: read again, it would be recorded twice.
UPDATE OR IGNORE events
SET timestamp = timestamp - iif(type <> 'activity' AND timestamp > :after, :by, 0),
    recorded_at = recorded_at - iif(recorded_at > :after, :by, 0)
WHERE max(timestamp, coalesce(recorded_at, 0)) > :after AND timestamp <= :until;

-- name: drop_5min_after(after)!
DELETE FROM agent_metrics_5min WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after;

-- name: drop_hourly_after(after)!
DELETE FROM agent_metrics_hourly WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after;

-- name: drop_daily_after(after)!
DELETE FROM agent_metrics_daily WHERE agent_id IN (SELECT agent_id FROM agents) AND timestamp > :after;

-- name: drop_health_hourly_after(after)!
DELETE FROM system_health_hourly WHERE timestamp > :after;
