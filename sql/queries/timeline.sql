-- Where in a recording there is something to see. Times in milliseconds; every query goes by an index.

-- name: recorded_span()
-- When recorders began and ended, and the first and the last row of what is sampled: what was pruned is no moment.
SELECT
    (SELECT min(started_at) FROM recorders) AS started,
    (SELECT max(last_tick_at) FROM recorders) AS ticked,
    (SELECT min((SELECT min(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id)) FROM agents AS a)
        AS first_sample,
    (SELECT max((SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id)) FROM agents AS a)
        AS last_sample,
    (SELECT min(timestamp) FROM system_health) AS first_health,
    (SELECT max(timestamp) FROM system_health) AS last_health;

-- name: agents_recorded()
SELECT agent_id FROM agents;

-- name: ticks_around(at)
-- The last tick by then that wrote a sample of anything, and the next one.
SELECT
    (SELECT max(timestamp) FROM (
        SELECT (
            SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp <= :at
        ) AS timestamp FROM agents AS a
        UNION ALL
        SELECT max(timestamp) FROM system_health WHERE timestamp <= :at
    )) AS before,
    (SELECT min(timestamp) FROM (
        SELECT (
            SELECT min(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp > :at
        ) AS timestamp FROM agents AS a
        UNION ALL
        SELECT min(timestamp) FROM system_health WHERE timestamp > :at
    )) AS after;

-- name: ticks_on(at, count)
-- The tick that is `:count` ticks later, or the last one.
WITH RECURSIVE tick (at, number) AS (
    SELECT :at, 0
    UNION ALL
    SELECT (
        SELECT min(timestamp) FROM (
            SELECT (
                SELECT min(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp > tick.at
            ) AS timestamp FROM agents AS a
            UNION ALL
            SELECT (SELECT min(timestamp) FROM system_health WHERE timestamp > tick.at)
        )
    ), number + 1
    FROM tick WHERE number < :count AND at IS NOT NULL
)
SELECT max(at) AS at FROM tick;

-- name: ticks_back(at, count)
-- The tick that is `:count` ticks earlier, or the first one.
WITH RECURSIVE tick (at, number) AS (
    SELECT :at, 0
    UNION ALL
    SELECT (
        SELECT max(timestamp) FROM (
            SELECT (
                SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp < tick.at
            ) AS timestamp FROM agents AS a
            UNION ALL
            SELECT (SELECT max(timestamp) FROM system_health WHERE timestamp < tick.at)
        )
    ), number + 1
    FROM tick WHERE number < :count AND at IS NOT NULL
)
SELECT min(at) AS at FROM tick;

-- name: next_alert(at)
-- The next alert that fired, as it was then; the gravest of those that fired at one time.
SELECT
    f.created_at AS at, coalesce(c.severity, f.severity) AS word, f.subject, coalesce(c.title, f.title) AS text
FROM (
    SELECT * FROM (
        SELECT alert_id, created_at, severity, subject, title FROM alerts
        WHERE created_at > :at
        ORDER BY created_at, instr('critical error warning info', severity) LIMIT 1
    )
    UNION ALL
    SELECT * FROM (
        SELECT alert_id, created_at, severity, subject, title FROM alerts_archive
        WHERE created_at > :at
        ORDER BY created_at, instr('critical error warning info', severity) LIMIT 1
    )
) AS f
LEFT JOIN alert_changes AS c ON c.alert_id = f.alert_id AND c.timestamp = (
    SELECT min(timestamp) FROM alert_changes WHERE alert_id = f.alert_id
)
ORDER BY at, instr('critical error warning info', word) LIMIT 1;

-- name: previous_alert(at)
-- The last alert that had fired before, as it was then; the gravest of those that fired at one time.
SELECT
    f.created_at AS at, coalesce(c.severity, f.severity) AS word, f.subject, coalesce(c.title, f.title) AS text
FROM (
    SELECT * FROM (
        SELECT alert_id, created_at, severity, subject, title FROM alerts
        WHERE created_at < :at
        ORDER BY created_at DESC, instr('critical error warning info', severity) LIMIT 1
    )
    UNION ALL
    SELECT * FROM (
        SELECT alert_id, created_at, severity, subject, title FROM alerts_archive
        WHERE created_at < :at
        ORDER BY created_at DESC, instr('critical error warning info', severity) LIMIT 1
    )
) AS f
LEFT JOIN alert_changes AS c ON c.alert_id = f.alert_id AND c.timestamp = (
    SELECT min(timestamp) FROM alert_changes WHERE alert_id = f.alert_id
)
ORDER BY at DESC, instr('critical error warning info', word) LIMIT 1;

-- name: next_status_change(at)
-- The next time that an agent went to another status; a restart notes the same one again. Of several at one time the
-- one that most needs a person.
SELECT c.timestamp AS at, c.status AS word, c.agent_id AS subject, c.reason
FROM agents AS a CROSS JOIN agent_status_changes AS c ON c.agent_id = a.agent_id AND c.timestamp = (
    SELECT timestamp FROM agent_status_changes
    WHERE agent_id = a.agent_id AND timestamp > :at AND status IS NOT (
        SELECT status FROM agent_status_changes
        WHERE agent_id = a.agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
    ) ORDER BY timestamp LIMIT 1
)
ORDER BY c.timestamp, instr('error blocked offline idle active', c.status) LIMIT 1;

-- name: previous_status_change(at)
-- The last time before that an agent went to another status. As `next_status_change`.
SELECT c.timestamp AS at, c.status AS word, c.agent_id AS subject, c.reason
FROM agents AS a CROSS JOIN agent_status_changes AS c ON c.agent_id = a.agent_id AND c.timestamp = (
    SELECT timestamp FROM agent_status_changes AS later
    WHERE agent_id = a.agent_id AND timestamp < :at AND status IS NOT (
        SELECT status FROM agent_status_changes
        WHERE agent_id = a.agent_id AND timestamp < later.timestamp ORDER BY timestamp DESC LIMIT 1
    ) ORDER BY timestamp DESC LIMIT 1
)
ORDER BY c.timestamp DESC, instr('error blocked offline idle active', c.status) LIMIT 1;

-- name: alert_slices(first, last, slices)
-- How many alerts fired in each of the equal parts of a span, and the gravest of them as a number, 0 for info.
SELECT
    (created_at - :first) * :slices / (:last - :first + 1) AS slice, count(*) AS alerts,
    max(CASE severity WHEN 'critical' THEN 3 WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END) AS severity
FROM (
    SELECT created_at, severity FROM alerts WHERE created_at BETWEEN :first AND :last
    UNION ALL
    SELECT created_at, severity FROM alerts_archive WHERE created_at BETWEEN :first AND :last
) GROUP BY slice;

-- name: status_slices(first, last, slices)
-- How often an agent went to another status in each of the equal parts of a span, and the one of these statuses that
-- most needs a person, as a number, 0 for active.
SELECT
    (timestamp - :first) * :slices / (:last - :first + 1) AS slice, count(*) AS changes,
    max(CASE status WHEN 'error' THEN 4 WHEN 'blocked' THEN 3 WHEN 'offline' THEN 2 WHEN 'idle' THEN 1 ELSE 0 END)
        AS urgency
FROM agent_status_changes AS c
WHERE timestamp BETWEEN :first AND :last AND status IS NOT (
    SELECT status FROM agent_status_changes
    WHERE agent_id = c.agent_id AND timestamp < c.timestamp ORDER BY timestamp DESC LIMIT 1
) GROUP BY slice;

-- name: recorders_until(last)
-- The recorders that had started by then. One that was killed ends with the last sample before the next one began.
SELECT
    started_at, coalesce(stopped_at, max(
        last_tick_at,
        coalesce((
            SELECT max((
                SELECT max(timestamp) FROM agent_metrics WHERE agent_id = a.agent_id AND timestamp < coalesce((
                    SELECT min(after.started_at) FROM recorders AS after WHERE after.started_at > r.started_at
                ), 9223372036854775807)
            )) FROM agents AS a
        ), 0)
    )) AS ended_at
FROM recorders AS r WHERE started_at <= :last;

-- name: gaps_since(first)
-- What fell out while a recorder ran, each noted at its end.
SELECT details FROM events WHERE type = 'gap' AND timestamp >= :first ORDER BY timestamp;
