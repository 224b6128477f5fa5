-- Attached systems
-- What other systems that run agents told of themselves: no prompt, payload, result or secret is among it. Times that a
-- system wrote are its own. Times, sizes, NULL: as in 0001.

CREATE TABLE system_states (                    -- an attached system, whenever something of it changed
    name            TEXT    NOT NULL,           -- as the configuration calls it
    timestamp       INTEGER NOT NULL,           -- of the tick that noted it
    attached        INTEGER NOT NULL CHECK (attached IN (0, 1)),  -- 0: it is attached no more
    kind            TEXT    NOT NULL,           -- which system it is; empty: unknown
    engine          TEXT    NOT NULL,           -- sqlite, postgres, mongo or files; empty: never opened
    url             TEXT    NOT NULL,           -- where it is, without user and password
    state           TEXT    NOT NULL CHECK (state IN ('ok', 'degraded', 'failing', 'off')),  -- how reading it goes
    since           INTEGER,                    -- since when it has been in that state
    problem         TEXT    NOT NULL,           -- empty: none
    read_at         INTEGER,                    -- when it last told something new
    counts          TEXT    NOT NULL,           -- JSON object: rows of each part; at most a minute old
    depths          TEXT    NOT NULL,           -- JSON object: open rows of each queue; the same
    details         BLOB,                       -- status words, limits and what cannot be read, JSON compressed with zlib
    PRIMARY KEY (name, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE system_events (                    -- what happened in a system
    system          TEXT    NOT NULL,           -- its name
    timestamp       INTEGER NOT NULL,           -- the system's own; of the tick where it tells none, or one still to come
    event_id        TEXT    NOT NULL,           -- as the system numbers it
    kind            TEXT    NOT NULL,           -- in its words
    source          TEXT    NOT NULL,           -- the part of it that says so; may be empty
    severity        TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    system_severity TEXT    NOT NULL,           -- its own word for that
    text            TEXT    NOT NULL,           -- what happened
    resolved        INTEGER CHECK (resolved IN (0, 1)),  -- NULL: it is nothing that could be resolved
    resolved_at     INTEGER,                    -- the system's own; NULL: not resolved, or it does not tell
    recorded_at     INTEGER,                    -- of the tick that noted it; NULL: at its timestamp
    resolved_noted_at INTEGER,                  -- of the tick that noted it as resolved; NULL: none, or it was when it came
    PRIMARY KEY (system, timestamp, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_system_events_id ON system_events (system, event_id);
CREATE INDEX idx_system_events_resolved ON system_events (system, resolved_noted_at)
WHERE resolved_noted_at IS NOT NULL;

CREATE TABLE system_logs (                      -- lines of a system's log that came while it was attached
    system          TEXT    NOT NULL,           -- its name
    timestamp       INTEGER NOT NULL,           -- as in system_events
    line_id         TEXT    NOT NULL,           -- as the system numbers it
    level           TEXT    NOT NULL CHECK (level IN (  -- how grave
        'debug', 'info', 'warning', 'error', 'critical', 'unknown'
    )),
    system_level    TEXT    NOT NULL,           -- its own word for that
    subject         TEXT    NOT NULL,           -- the process or execution that wrote it; may be empty
    text            TEXT    NOT NULL,           -- as it was written
    recorded_at     INTEGER,                    -- as in system_events
    PRIMARY KEY (system, timestamp, line_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE system_metrics (                   -- numbers that a system measured while it was attached
    system          TEXT    NOT NULL,           -- its name
    timestamp       INTEGER NOT NULL,           -- as in system_events
    metric_id       TEXT    NOT NULL,           -- as the system numbers it
    kind            TEXT    NOT NULL,           -- in its words
    name            TEXT    NOT NULL,           -- the same
    value           REAL,                       -- NULL: unknown
    unit            TEXT    NOT NULL,           -- the system's own; may be empty
    subject         TEXT    NOT NULL,           -- what it is of; may be empty
    recorded_at     INTEGER,                    -- as in system_events
    PRIMARY KEY (system, timestamp, metric_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE agent_status_changes ADD COLUMN system TEXT;  -- that knows the agent; NULL: none
ALTER TABLE agent_status_changes ADD COLUMN system_status TEXT;  -- its own word for the agent's status; NULL: none
