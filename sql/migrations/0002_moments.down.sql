-- Back to schema 1: the last state of each board stays, older ones are lost.
CREATE TABLE boards (                           -- the last good reading of each root's board
    root            TEXT    NOT NULL PRIMARY KEY,
    path            TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    shape           TEXT    NOT NULL,
    sprint          TEXT    NOT NULL,
    last_synced     INTEGER,
    last_updated    INTEGER,
    updated_by      TEXT    NOT NULL,
    error           TEXT    NOT NULL            -- empty: the last reading was good
) STRICT, WITHOUT ROWID;
INSERT INTO boards (root, path, version, shape, sprint, last_synced, last_updated, updated_by, error)
SELECT root, path, version, shape, sprint, last_synced, last_updated, updated_by, error
FROM board_states AS s
WHERE timestamp = (SELECT max(timestamp) FROM board_states WHERE root = s.root);
DROP TABLE board_states;
DROP INDEX idx_recorders_started;
DROP TABLE recorder_intervals;
DROP TABLE alert_changes;
DROP TABLE agent_processes;
DROP TABLE agent_profiles;
DROP INDEX idx_commit_agents_attributed;
ALTER TABLE commit_agents DROP COLUMN attributed_at;
ALTER TABLE task_events DROP COLUMN recorded_at;
ALTER TABLE events DROP COLUMN recorded_at;
DROP INDEX idx_alerts_resolved;
CREATE INDEX idx_alerts_resolved ON alerts (resolved_at);
