-- Roll-ups, and the archive of critical alerts
-- A row sums up a period of an agent or of the host, once the period is over. What holds is weighted by how long it held,
-- for an unchanged sample is written only every 10 s. Times, sizes, NULL: as in 0001.

CREATE TABLE agent_metrics_5min (
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- start of the five minutes
    sample_count    INTEGER NOT NULL,
    measured_ms     INTEGER NOT NULL,           -- time in which the numbers are known; averages are over it
    avg_cpu         REAL,                       -- percent of one core
    max_cpu         REAL,
    avg_memory      INTEGER,                    -- bytes
    max_memory      INTEGER,
    max_processes   INTEGER,
    max_uncommitted INTEGER,                    -- files
    active_ms       INTEGER NOT NULL,           -- time in each status; what they leave of the period is a gap
    idle_ms         INTEGER NOT NULL,
    blocked_ms      INTEGER NOT NULL,
    error_ms        INTEGER NOT NULL,
    offline_ms      INTEGER NOT NULL,
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_metrics_hourly (
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- start of the hour
    sample_count    INTEGER NOT NULL,
    measured_ms     INTEGER NOT NULL,
    avg_cpu         REAL,
    max_cpu         REAL,
    avg_memory      INTEGER,
    max_memory      INTEGER,
    max_processes   INTEGER,
    max_uncommitted INTEGER,
    active_ms       INTEGER NOT NULL,
    idle_ms         INTEGER NOT NULL,
    blocked_ms      INTEGER NOT NULL,
    error_ms        INTEGER NOT NULL,
    offline_ms      INTEGER NOT NULL,
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_metrics_daily (              -- seed 001's, with its column `date`
    agent_id        TEXT    NOT NULL,
    date            TEXT    NOT NULL CHECK (date LIKE '____-__-__'),  -- the day in UTC
    timestamp       INTEGER NOT NULL,           -- start of the day
    sample_count    INTEGER NOT NULL,
    measured_ms     INTEGER NOT NULL,
    avg_cpu         REAL,
    max_cpu         REAL,
    avg_memory      INTEGER,
    max_memory      INTEGER,
    max_processes   INTEGER,
    max_uncommitted INTEGER,
    active_ms       INTEGER NOT NULL,
    idle_ms         INTEGER NOT NULL,
    blocked_ms      INTEGER NOT NULL,
    error_ms        INTEGER NOT NULL,
    offline_ms      INTEGER NOT NULL,
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE system_health_hourly (
    timestamp             INTEGER NOT NULL PRIMARY KEY,  -- start of the hour
    sample_count          INTEGER NOT NULL,
    overall_status        TEXT    NOT NULL CHECK (overall_status IN ('healthy', 'degraded', 'unhealthy')),  -- the worst
    avg_api_latency       REAL,                 -- milliseconds
    max_api_latency       REAL,
    max_websocket_connections INTEGER,
    avg_file_watch_events REAL,                 -- a minute
    max_error_count       INTEGER NOT NULL,     -- sources failing
    avg_cpu_usage         REAL,                 -- percent of all cores
    max_cpu_usage         REAL,
    avg_memory_usage      INTEGER,              -- bytes
    max_memory_usage      INTEGER,
    avg_memory_percent    REAL,
    max_memory_percent    REAL,
    max_swap_percent      REAL,
    max_disk_usage        INTEGER,              -- bytes
    max_disk_percent      REAL,
    avg_load1             REAL,
    max_load1             REAL
) STRICT;

CREATE TABLE rollups (                          -- how far each roll-up has come
    name            TEXT    NOT NULL PRIMARY KEY,  -- its table
    done_until      INTEGER NOT NULL            -- every period that ends by then is summed up
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts_archive (                   -- critical alerts past their time in `alerts`
    alert_id        TEXT    NOT NULL PRIMARY KEY,
    rule            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    type            TEXT    NOT NULL CHECK (type IN ('agent', 'task', 'system', 'performance')),
    severity        TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    title           TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,           -- JSON object
    acknowledged    INTEGER NOT NULL CHECK (acknowledged IN (0, 1)),
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    resolved_at     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    archived_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_alerts_archive_created ON alerts_archive (created_at);
