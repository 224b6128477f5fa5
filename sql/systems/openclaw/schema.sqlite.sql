-- The OpenClaw PM dashboard's tables as its documents have them (seed 003), with types that SQLite has.
-- Mended: under the heading of SQLite most tables are written for PostgreSQL (X3-01), and projects refers to one of them
-- (X3-03): here all are SQLite's. Ids are 32 hex digits in three tables and UUIDs in those that refer to them, so that no
-- key matches (X3-02): here all are 32 hex digits. Lists of words are CHECKs, for types are used before they are made
-- (X3-04). Columns that are UNIQUE have no second index of the same (X3-05), and an aggregate has each version once also
-- in events, as in event_snapshots (X3-09).

CREATE TABLE users (
    id                 TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    email              TEXT NOT NULL UNIQUE,
    username           TEXT NOT NULL UNIQUE,
    full_name          TEXT,
    avatar_url         TEXT,
    role               TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'manager', 'member', 'viewer')),
    status             TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    tailscale_user     TEXT,
    tailscale_node_key TEXT,
    preferences        TEXT DEFAULT '{}',
    created_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    last_login_at      DATETIME,
    deleted_at         DATETIME
);
CREATE INDEX idx_users_tailscale_user ON users (tailscale_user);
CREATE INDEX idx_users_role ON users (role);

CREATE TABLE teams (
    id                 TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name               TEXT NOT NULL,
    description        TEXT,
    team_lead_id       TEXT REFERENCES users (id),
    tailscale_acl_tags TEXT DEFAULT '[]',             -- JSON array
    created_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    deleted_at         DATETIME
);

CREATE TABLE team_members (
    team_id   TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('lead', 'member', 'contributor')),
    joined_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (team_id, user_id)
);

CREATE TABLE projects (
    id                   TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name                 TEXT NOT NULL,
    description          TEXT,
    status               TEXT NOT NULL DEFAULT 'planning' CHECK (
        status IN ('planning', 'active', 'on_hold', 'completed', 'cancelled', 'archived')
    ),
    priority             TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    owner_id             TEXT NOT NULL REFERENCES users (id),
    team_id              TEXT REFERENCES teams (id),
    start_date           DATE,
    end_date             DATE,
    budget               DECIMAL(12, 2),
    actual_cost          DECIMAL(12, 2) DEFAULT 0,
    progress             DECIMAL(5, 2) DEFAULT 0 CHECK (progress >= 0 AND progress <= 100),
    gsd_compliant        INTEGER DEFAULT 0,
    tailscale_accessible INTEGER DEFAULT 1,
    created_at           DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at           DATETIME DEFAULT CURRENT_TIMESTAMP,
    deleted_at           DATETIME                     -- set: gone, and left out by readers
);
CREATE INDEX idx_projects_owner_id ON projects (owner_id);
CREATE INDEX idx_projects_team_id ON projects (team_id);
CREATE INDEX idx_projects_status ON projects (status);
CREATE INDEX idx_projects_priority ON projects (priority);

CREATE TABLE tasks (
    id              TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    project_id      TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    parent_task_id  TEXT REFERENCES tasks (id),
    title           TEXT NOT NULL,
    description     TEXT,
    status          TEXT NOT NULL DEFAULT 'not_started' CHECK (
        status IN ('not_started', 'in_progress', 'on_hold', 'completed', 'cancelled', 'blocked')
    ),
    priority        TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    assignee_id     TEXT REFERENCES users (id),       -- a person, not an agent
    creator_id      TEXT NOT NULL REFERENCES users (id),
    estimated_hours DECIMAL(6, 2),
    actual_hours    DECIMAL(6, 2) DEFAULT 0,
    deadline        DATETIME,
    completed_at    DATETIME,
    progress        DECIMAL(5, 2) DEFAULT 0 CHECK (progress >= 0 AND progress <= 100),
    order_index     INTEGER DEFAULT 0,
    created_at      DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at      DATETIME DEFAULT CURRENT_TIMESTAMP,
    deleted_at      DATETIME
);
CREATE INDEX idx_tasks_project_id ON tasks (project_id);
CREATE INDEX idx_tasks_assignee_id ON tasks (assignee_id);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_deadline ON tasks (deadline);
CREATE INDEX idx_tasks_parent ON tasks (parent_task_id);

CREATE TABLE task_dependencies (
    id              TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    task_id         TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on_id   TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dependency_type TEXT NOT NULL DEFAULT 'finish_to_start' CHECK (
        dependency_type IN ('finish_to_start', 'start_to_start', 'finish_to_finish', 'start_to_finish')
    ),
    lag_hours       DECIMAL(6, 2) DEFAULT 0,
    created_at      DATETIME DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (task_id, depends_on_id),
    CHECK (task_id <> depends_on_id)
);

CREATE TABLE comments (
    id               TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    commentable_type TEXT NOT NULL,                   -- 'project', 'task', …
    commentable_id   TEXT NOT NULL,
    author_id        TEXT NOT NULL REFERENCES users (id),
    content          TEXT NOT NULL,
    mentions         TEXT DEFAULT '[]',               -- JSON array of ids
    attachments      TEXT DEFAULT '[]',
    created_at       DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at       DATETIME DEFAULT CURRENT_TIMESTAMP,
    deleted_at       DATETIME
);
CREATE INDEX idx_comments_commentable ON comments (commentable_type, commentable_id);
CREATE INDEX idx_comments_author ON comments (author_id);

CREATE TABLE attachments (
    id                TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    attachable_type   TEXT NOT NULL,
    attachable_id     TEXT NOT NULL,
    filename          TEXT NOT NULL,
    original_filename TEXT NOT NULL,
    mime_type         TEXT,
    file_size         INTEGER,
    file_path         TEXT NOT NULL,
    uploaded_by_id    TEXT NOT NULL REFERENCES users (id),
    created_at        DATETIME DEFAULT CURRENT_TIMESTAMP,
    deleted_at        DATETIME
);
CREATE INDEX idx_attachments_attachable ON attachments (attachable_type, attachable_id);

CREATE TABLE agents (
    id             TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name           TEXT NOT NULL,
    type           TEXT NOT NULL CHECK (
        type IN ('orchestrator', 'planning', 'task', 'progress', 'communication', 'resource')
    ),
    status         TEXT NOT NULL DEFAULT 'inactive' CHECK (
        status IN ('inactive', 'initializing', 'active', 'busy', 'paused', 'error', 'terminating')
    ),
    version        TEXT NOT NULL,
    config         TEXT DEFAULT '{}',
    capabilities   TEXT DEFAULT '[]',                 -- JSON array
    tailscale_node TEXT,
    tailscale_ip   TEXT,
    last_heartbeat DATETIME,
    created_at     DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at     DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE agent_tasks (
    id            TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    agent_id      TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    task_type     TEXT NOT NULL,
    status        TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'expired')
    ),
    priority      INTEGER DEFAULT 1,                  -- more is more urgent, as in MongoDB's message_queue
    payload       TEXT NOT NULL,
    result        TEXT,
    error_message TEXT,
    retry_count   INTEGER DEFAULT 0,
    max_retries   INTEGER DEFAULT 3,
    created_at    DATETIME DEFAULT CURRENT_TIMESTAMP,
    started_at    DATETIME,
    completed_at  DATETIME,
    expires_at    DATETIME
);
CREATE INDEX idx_agent_tasks_agent_status ON agent_tasks (agent_id, status);
CREATE INDEX idx_agent_tasks_expires ON agent_tasks (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE events (
    id                  TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    event_type          TEXT NOT NULL,
    aggregate_type      TEXT NOT NULL,
    aggregate_id        TEXT NOT NULL,
    event_data          TEXT NOT NULL,
    metadata            TEXT DEFAULT '{}',
    version             INTEGER NOT NULL,
    created_at          DATETIME DEFAULT CURRENT_TIMESTAMP,
    created_by_id       TEXT REFERENCES users (id),
    created_by_agent_id TEXT REFERENCES agents (id)
);
CREATE UNIQUE INDEX idx_events_aggregate ON events (aggregate_type, aggregate_id, version);
CREATE INDEX idx_events_type ON events (event_type);
CREATE INDEX idx_events_created_at ON events (created_at);

CREATE TABLE event_snapshots (
    id             TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    aggregate_type TEXT NOT NULL,
    aggregate_id   TEXT NOT NULL,
    version        INTEGER NOT NULL,
    snapshot_data  TEXT NOT NULL,
    created_at     DATETIME DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (aggregate_type, aggregate_id, version)
);
