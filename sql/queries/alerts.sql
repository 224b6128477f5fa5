-- Alerts outside the recorder: listed, acknowledged, resolved.

-- name: open_alerts(limit)
SELECT * FROM alerts WHERE resolved = 0 ORDER BY created_at DESC LIMIT :limit;

-- name: all_alerts(limit)
SELECT * FROM alerts ORDER BY created_at DESC LIMIT :limit;

-- name: resolved_alerts_at(at, limit)
-- Those that were resolved by then, as they were then, the one resolved last first. What a person resolved is noted by the
-- next tick: an alert counts as resolved from the tick that noted it.
SELECT * FROM (
    SELECT * FROM (
        SELECT
            a.alert_id, a.rule, a.subject, a.type, a.source, a.created_at, c.severity, c.title, c.message, c.metadata,
            c.acknowledged, c.acknowledged_by, c.acknowledged_at, 1 AS resolved, c.resolved_at
        FROM alerts AS a JOIN alert_changes AS c ON c.alert_id = a.alert_id AND c.timestamp = (
            SELECT timestamp FROM alert_changes
            WHERE alert_id = a.alert_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
        )
        WHERE a.resolved_at <= :at AND c.resolved = 1 ORDER BY a.resolved_at DESC, a.id DESC LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT
            alert_id, rule, subject, type, source, created_at, severity, title, message, metadata,
            acknowledged, acknowledged_by, acknowledged_at, 1 AS resolved, resolved_at
        FROM alerts_archive WHERE resolved_at <= :at ORDER BY resolved_at DESC LIMIT :limit
    )
) ORDER BY resolved_at DESC LIMIT :limit;

-- name: alert_by_id(alert_id)
SELECT * FROM alerts WHERE alert_id = :alert_id;
