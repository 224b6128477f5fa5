-- The SQLite file of br: the same name, fewer columns, no views; blocked_issues_cache tells by whom.

CREATE TABLE issues (
    id                TEXT PRIMARY KEY,
    title             TEXT NOT NULL,
    description       TEXT NOT NULL DEFAULT '',
    status            TEXT NOT NULL DEFAULT 'open',
    priority          INTEGER NOT NULL DEFAULT 2,
    issue_type        TEXT NOT NULL DEFAULT 'task',
    assignee          TEXT,
    estimated_minutes INTEGER,
    created_at        DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by        TEXT DEFAULT '',
    updated_at        DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    closed_at         DATETIME,
    close_reason      TEXT DEFAULT '',
    source_repo       TEXT DEFAULT '.',
    ephemeral         INTEGER DEFAULT 0,
    pinned            INTEGER DEFAULT 0,
    due_at            DATETIME,
    defer_until       DATETIME
);
CREATE TABLE dependencies (
    issue_id      TEXT NOT NULL,
    depends_on_id TEXT NOT NULL,
    type          TEXT NOT NULL DEFAULT 'blocks',
    created_at    DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_by    TEXT NOT NULL DEFAULT '',
    metadata      TEXT DEFAULT '{}',
    thread_id     TEXT DEFAULT '',
    PRIMARY KEY (issue_id, depends_on_id)
);
CREATE TABLE labels (issue_id TEXT NOT NULL, label TEXT NOT NULL, PRIMARY KEY (issue_id, label));
CREATE TABLE blocked_issues_cache (issue_id TEXT PRIMARY KEY, blocked_by TEXT NOT NULL, blocked_at DATETIME);
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL);
