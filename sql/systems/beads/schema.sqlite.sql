-- The SQLite file of bd up to 0.50 (metadata bd_version 0.49.6), as real files have it: real_schemas.md of the seeds.
-- Times are text with nanoseconds and Z or an offset. issue_id waits for depends_on_id.

CREATE TABLE issues (
    id                  TEXT PRIMARY KEY,
    content_hash        TEXT,
    title               TEXT NOT NULL CHECK (length(title) <= 500),
    description         TEXT NOT NULL DEFAULT '',
    design              TEXT NOT NULL DEFAULT '',
    acceptance_criteria TEXT NOT NULL DEFAULT '',
    notes               TEXT NOT NULL DEFAULT '',
    status              TEXT NOT NULL DEFAULT 'open',
    priority            INTEGER NOT NULL DEFAULT 2 CHECK (priority BETWEEN 0 AND 4),
    issue_type          TEXT NOT NULL DEFAULT 'task',
    assignee            TEXT,
    estimated_minutes   INTEGER,
    created_at          DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by          TEXT DEFAULT '',
    owner               TEXT DEFAULT '',
    updated_at          DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    closed_at           DATETIME,
    closed_by_session   TEXT DEFAULT '',
    external_ref        TEXT,
    spec_id             TEXT,
    compaction_level    INTEGER DEFAULT 0,
    compacted_at        DATETIME,
    compacted_at_commit TEXT,
    original_size       INTEGER,
    deleted_at          DATETIME,
    deleted_by          TEXT DEFAULT '',
    delete_reason       TEXT DEFAULT '',
    original_type       TEXT DEFAULT '',
    sender              TEXT DEFAULT '',
    ephemeral           INTEGER DEFAULT 0,
    wisp_type           TEXT DEFAULT '',
    pinned              INTEGER DEFAULT 0,
    is_template         INTEGER DEFAULT 0,
    crystallizes        INTEGER DEFAULT 0,
    mol_type            TEXT DEFAULT '',
    work_type           TEXT DEFAULT '',
    quality_score       REAL,
    source_system       TEXT DEFAULT '',
    metadata            TEXT NOT NULL DEFAULT '{}',
    event_kind          TEXT DEFAULT '',
    actor               TEXT DEFAULT '',
    target              TEXT DEFAULT '',
    payload             TEXT DEFAULT '',
    source_repo         TEXT DEFAULT '.',
    close_reason        TEXT DEFAULT '',
    await_type          TEXT DEFAULT '',
    await_id            TEXT DEFAULT '',
    timeout_ns          INTEGER DEFAULT 0,
    waiters             TEXT DEFAULT '',
    hook_bead           TEXT DEFAULT '',
    role_bead           TEXT DEFAULT '',
    agent_state         TEXT DEFAULT '',
    last_activity       DATETIME,
    role_type           TEXT DEFAULT '',
    rig                 TEXT DEFAULT '',
    due_at              DATETIME,
    defer_until         DATETIME,
    CHECK ((status = 'closed' AND closed_at IS NOT NULL) OR status = 'tombstone' OR (status <> 'closed' AND closed_at IS NULL))
);
CREATE INDEX idx_issues_status ON issues (status);
CREATE INDEX idx_issues_priority ON issues (priority);
CREATE INDEX idx_issues_assignee ON issues (assignee);
CREATE INDEX idx_issues_created_at ON issues (created_at);

CREATE TABLE dependencies (
    issue_id      TEXT NOT NULL,
    depends_on_id TEXT NOT NULL,                     -- may be of an issue that is not there
    type          TEXT NOT NULL DEFAULT 'blocks',
    created_at    DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by    TEXT NOT NULL DEFAULT '',
    metadata      TEXT DEFAULT '{}',
    thread_id     TEXT DEFAULT '',
    PRIMARY KEY (issue_id, depends_on_id, type)
);
CREATE INDEX idx_dependencies_depends_on ON dependencies (depends_on_id);

CREATE TABLE labels (issue_id TEXT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (issue_id, label));

CREATE TABLE comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id   TEXT NOT NULL,
    author     TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id   TEXT NOT NULL,
    event_type TEXT NOT NULL,
    actor      TEXT NOT NULL,
    old_value  TEXT,
    new_value  TEXT,
    comment    TEXT,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE config (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE blocked_issues_cache (issue_id TEXT PRIMARY KEY);
