-- Alerts outside the recorder: listed, acknowledged, resolved.

-- name: open_alerts(limit)
SELECT * FROM alerts WHERE resolved = 0 ORDER BY created_at DESC LIMIT :limit;

-- name: all_alerts(limit)
SELECT * FROM alerts ORDER BY created_at DESC LIMIT :limit;

-- name: alert_by_id(alert_id)
SELECT * FROM alerts WHERE alert_id = :alert_id;
