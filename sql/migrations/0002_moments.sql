-- What a moment gone by is rebuilt from
-- Attributes, boards, alerts and process trees as they were: a row when they changed. Times, sizes, NULL: as in 0001.

CREATE TABLE agent_profiles (                   -- who an agent was: a row when any of it changed
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    host            TEXT    NOT NULL,
    worktree        TEXT,                       -- absolute path
    origin          TEXT    NOT NULL CHECK (origin IN ('config', 'board', 'discovered')),
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;
INSERT INTO agent_profiles (agent_id, timestamp, name, kind, role, host, worktree, origin)
SELECT agent_id, first_seen, name, kind, role, host, worktree, origin FROM agents;

-- An agent's process tree: every minute when any number in it moved, after 10 s when its processes are others. While the
-- agent has a process, the newest row holds.
CREATE TABLE agent_processes (
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,
    tree            BLOB    NOT NULL,           -- zlib-compressed JSON: ProcessInfo records, depth first
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE board_states (                     -- where the tasks of a root came from: a row when any of it changed
    root            TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,
    path            TEXT    NOT NULL,
    version         TEXT    NOT NULL,
    shape           TEXT    NOT NULL,
    sprint          TEXT    NOT NULL,
    last_synced     INTEGER,                    -- time of the reading
    last_updated    INTEGER,                    -- time, by the board's own word
    updated_by      TEXT    NOT NULL,
    error           TEXT    NOT NULL,           -- empty: the reading was good
    partial         INTEGER NOT NULL CHECK (partial IN (0, 1)),  -- read, and `error` says what was left out
    PRIMARY KEY (root, timestamp)
) STRICT, WITHOUT ROWID;
INSERT INTO board_states (
    root, timestamp, path, version, shape, sprint, last_synced, last_updated, updated_by, error, partial
)
SELECT root, coalesce(last_synced, 0), path, version, shape, sprint, last_synced, last_updated, updated_by, error, 0
FROM boards;
DROP TABLE boards;

CREATE TABLE alert_changes (                    -- an alert as it was from the tick that noted the change
    alert_id        TEXT    NOT NULL REFERENCES alerts (alert_id) ON DELETE CASCADE,
    timestamp       INTEGER NOT NULL,           -- of that tick
    severity        TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    title           TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,           -- JSON object
    acknowledged    INTEGER NOT NULL CHECK (acknowledged IN (0, 1)),
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    resolved        INTEGER NOT NULL CHECK (resolved IN (0, 1)),
    resolved_at     INTEGER,
    PRIMARY KEY (alert_id, timestamp)
) STRICT, WITHOUT ROWID;
INSERT INTO alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
)
SELECT
    alert_id, created_at, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
FROM alerts;

CREATE TABLE recorder_intervals (               -- how often a recorder sampled: a row when it changed
    recorder_id     INTEGER NOT NULL REFERENCES recorders (recorder_id) ON DELETE CASCADE,
    timestamp       INTEGER NOT NULL,
    interval_ms     INTEGER NOT NULL,
    PRIMARY KEY (recorder_id, timestamp)
) STRICT, WITHOUT ROWID;
INSERT INTO recorder_intervals (recorder_id, timestamp, interval_ms)
SELECT recorder_id, started_at, interval_ms FROM recorders;
CREATE INDEX idx_recorders_started ON recorders (started_at);

-- Those open at a moment gone by are found without reading the ones that came after it.
DROP INDEX idx_alerts_resolved;
CREATE INDEX idx_alerts_resolved ON alerts (resolved_at, created_at);

-- What was noted later than it happened is unknown to every moment between: NULL says that it was noted at its time.
ALTER TABLE events ADD COLUMN recorded_at INTEGER;
ALTER TABLE task_events ADD COLUMN recorded_at INTEGER;
ALTER TABLE commit_agents ADD COLUMN attributed_at INTEGER;  -- when the reflog told it, if that was after recorded_at
CREATE INDEX idx_commit_agents_attributed ON commit_agents (attributed_at) WHERE attributed_at IS NOT NULL;
