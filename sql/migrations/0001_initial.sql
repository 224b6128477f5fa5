-- Initial dashboard schema
-- Tables, columns and vocabularies of seed 001, and what the state of a moment is rebuilt from.
-- Times: INTEGER milliseconds since the epoch, UTC. Sizes: bytes. NULL: unknown.

CREATE TABLE recorders (                        -- one row for each start of a recorder: its epoch
    recorder_id     INTEGER PRIMARY KEY,
    host            TEXT    NOT NULL,
    boot_id         TEXT    NOT NULL,
    pid             INTEGER NOT NULL,
    version         TEXT    NOT NULL,           -- of the program
    interval_ms     INTEGER NOT NULL,           -- of its tick
    started_at      INTEGER NOT NULL,
    last_tick_at    INTEGER NOT NULL,           -- of the last tick written
    stopped_at      INTEGER                     -- NULL: running, or killed at last_tick_at
) STRICT;

CREATE TABLE agents (
    agent_id        TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    host            TEXT    NOT NULL,
    worktree        TEXT,                       -- absolute path
    origin          TEXT    NOT NULL CHECK (origin IN ('config', 'board', 'discovered')),
    first_seen      INTEGER NOT NULL,
    last_seen       INTEGER NOT NULL            -- refreshed hourly and on change, not each tick
) STRICT, WITHOUT ROWID;

-- A sample equal to the one before it is written again only after 10 s; what is older is a gap. Task and branch, long
-- and lasting, are written when one of them changed and once a minute.
CREATE TABLE agent_metrics (
    agent_id            TEXT    NOT NULL,
    timestamp           INTEGER NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('active', 'idle', 'blocked', 'error', 'offline')),
    current_task        TEXT,                   -- empty: none; NULL: as in the rows before
    cpu_usage           REAL,                   -- percent of one core, over the process tree
    memory_usage        INTEGER,                -- bytes, over the process tree
    memory_percent      REAL,                   -- of the machine's memory
    uncommitted_changes INTEGER,                -- files: modified + staged + untracked
    uptime_seconds      INTEGER,                -- of the topmost process, at this sample
    last_activity       INTEGER,                -- time
    branch              TEXT,                   -- empty: none or unknown; NULL: as in the rows before
    process_count       INTEGER,
    thread_count        INTEGER,
    stale               INTEGER NOT NULL CHECK (stale IN (0, 1)),
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_details (                    -- what changes rarely: a row when any of it changed
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,
    pid             INTEGER,                    -- of the topmost process
    process         TEXT    NOT NULL,           -- program name
    git_state       TEXT,
    git_read_at     INTEGER,                    -- time of the git reading
    ahead           INTEGER,                    -- commits
    behind          INTEGER,                    -- commits
    stash_count     INTEGER,
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_status_changes (
    agent_id        TEXT    NOT NULL,
    timestamp       INTEGER NOT NULL,           -- of the tick that noted it
    since           INTEGER NOT NULL,           -- since when the status holds
    status          TEXT    NOT NULL CHECK (status IN ('active', 'idle', 'blocked', 'error', 'offline')),
    reason          TEXT    NOT NULL,
    evidence        TEXT    NOT NULL,           -- JSON array of {kind, at, text}
    PRIMARY KEY (agent_id, timestamp)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_events (
    id              INTEGER PRIMARY KEY,
    task_id         TEXT    NOT NULL,
    event_type      TEXT    NOT NULL CHECK (event_type IN ('created', 'updated', 'assigned', 'blocked', 'completed')),
    previous_status TEXT,
    new_status      TEXT,                       -- NULL: the task left the board
    assigned_to     TEXT,
    changed_by      TEXT,
    details         TEXT    NOT NULL,           -- JSON {changed: [field], task: the task after the change or null}
    timestamp       INTEGER NOT NULL,
    root            TEXT    NOT NULL            -- folder whose board holds it
) STRICT;
CREATE UNIQUE INDEX idx_task_events_task_id ON task_events (task_id, root, timestamp, event_type);
CREATE INDEX idx_task_events_type_time ON task_events (event_type, timestamp);
CREATE INDEX idx_task_events_assigned  ON task_events (assigned_to);
CREATE INDEX idx_task_events_time      ON task_events (timestamp);

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

CREATE TABLE git_commits (
    id                INTEGER PRIMARY KEY,
    commit_hash       TEXT    NOT NULL UNIQUE,
    short_hash        TEXT    NOT NULL,
    agent_id          TEXT    NOT NULL,         -- the first agent that had it
    author_name       TEXT    NOT NULL,
    author_email      TEXT    NOT NULL,
    message           TEXT    NOT NULL,         -- subject line
    branch            TEXT,
    files_changed     INTEGER NOT NULL DEFAULT 0,
    lines_added       INTEGER NOT NULL DEFAULT 0,
    lines_deleted     INTEGER NOT NULL DEFAULT 0,
    commit_timestamp  INTEGER NOT NULL,
    recorded_at       INTEGER NOT NULL,
    attribution       TEXT    NOT NULL CHECK (attribution IN ('reflog', 'branch')),
    repository        TEXT    NOT NULL          -- common git folder
) STRICT;
CREATE INDEX idx_git_commits_agent_time ON git_commits (agent_id, commit_timestamp);
CREATE INDEX idx_git_commits_branch     ON git_commits (branch);
-- No commit was made after it was seen: a commit date in the future neither stays on top nor hides the commit.
CREATE INDEX idx_git_commits_time       ON git_commits (min(commit_timestamp, recorded_at));

CREATE TABLE commit_agents (                    -- which agents have a commit (checklist X1-06)
    id               INTEGER PRIMARY KEY,       -- grows: tells a follower what is new, and keeps the agents' order
    commit_hash      TEXT    NOT NULL REFERENCES git_commits (commit_hash),
    agent_id         TEXT    NOT NULL,
    attribution      TEXT    NOT NULL CHECK (attribution IN ('reflog', 'branch')),
    branch           TEXT,
    commit_timestamp INTEGER NOT NULL,          -- the commit's own, for the index
    recorded_at      INTEGER NOT NULL,          -- when this agent was seen to have it
    UNIQUE (commit_hash, agent_id)
) STRICT;
CREATE INDEX idx_commit_agents_agent ON commit_agents (agent_id, min(commit_timestamp, recorded_at));

CREATE TABLE system_health (
    timestamp             INTEGER NOT NULL PRIMARY KEY,
    overall_status        TEXT    NOT NULL CHECK (overall_status IN ('healthy', 'degraded', 'unhealthy')),
    api_latency           REAL,                 -- milliseconds: the collector's last tick
    websocket_connections INTEGER,              -- viewers
    file_watch_events     INTEGER,              -- in the minute before
    error_count           INTEGER NOT NULL DEFAULT 0,  -- sources failing
    cpu_usage             REAL,                 -- percent of all cores
    memory_usage          INTEGER,              -- bytes
    disk_usage            INTEGER,              -- bytes used on the fullest watched file system
    memory_percent        REAL,
    swap_percent          REAL,
    disk_percent          REAL,
    load1                 REAL,
    load5                 REAL,
    load15                REAL,
    details               TEXT                  -- JSON {services, disks, collector, uptime_seconds}; NULL: as in the rows before
) STRICT;
CREATE INDEX idx_system_health_status ON system_health (overall_status) WHERE overall_status <> 'healthy';

CREATE TABLE rag_metrics (
    timestamp              INTEGER NOT NULL PRIMARY KEY,
    origin                 TEXT    NOT NULL,
    total_patterns         INTEGER,
    total_queries          INTEGER,
    average_response_time  REAL,                -- milliseconds
    hit_rate               REAL,                -- percent
    memory_usage           INTEGER,             -- bytes
    query_volume_last_hour INTEGER,
    top_patterns           TEXT    NOT NULL,    -- JSON array of {name, count}
    recent_queries         INTEGER              -- how many; their text is not kept
) STRICT;

CREATE TABLE alerts (
    id              INTEGER PRIMARY KEY,
    alert_id        TEXT    NOT NULL UNIQUE,
    rule            TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    type            TEXT    NOT NULL CHECK (type IN ('agent', 'task', 'system', 'performance')),
    severity        TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    title           TEXT    NOT NULL CHECK (length(title) <= 200),
    message         TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    metadata        TEXT    NOT NULL,           -- JSON object
    acknowledged    INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1)),
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    resolved        INTEGER NOT NULL DEFAULT 0 CHECK (resolved IN (0, 1)),
    resolved_at     INTEGER,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_alerts_open      ON alerts (rule, subject) WHERE resolved = 0;  -- the same alert once (X1-15)
CREATE INDEX idx_alerts_type_severity    ON alerts (type, severity);
CREATE INDEX idx_alerts_acknowledged     ON alerts (acknowledged) WHERE resolved = 0;
CREATE INDEX idx_alerts_created          ON alerts (created_at);
CREATE INDEX idx_alerts_resolved         ON alerts (resolved_at);

CREATE TABLE events (                           -- each once: what a restart reads again adds nothing
    id              INTEGER PRIMARY KEY,
    timestamp       INTEGER NOT NULL,
    type            TEXT    NOT NULL,
    agent_id        TEXT    NOT NULL,           -- empty: of the host
    subject         TEXT    NOT NULL,
    details         TEXT    NOT NULL,           -- JSON object
    UNIQUE (timestamp, type, agent_id, subject, details)
) STRICT;
CREATE INDEX idx_events_agent ON events (agent_id, timestamp);
CREATE INDEX idx_events_type  ON events (type, timestamp);
CREATE INDEX idx_events_source ON events (subject, timestamp) WHERE type = 'source';
