-- AgentVine's tables as its documents have them (seed 002), with types that SQLite has.
-- Mended: the documents write indexes inside of the tables and one of them with USING GIN, which no engine takes (X2-01,
-- X2-02); their types, casts and defaults are PostgreSQL's although SQLite is the engine for development (X2-03): ids are
-- text made of 16 random bytes, JSON and arrays are JSON text, times are text in UTC.
-- Left as they are: updated_at and created_at stand in few tables (X2-04), nothing is deleted softly and what is deleted
-- takes its executions with it (X2-05, X2-06), capabilities and assignments are kept twice (X2-07, X2-08), and
-- conversation_id and sender_id refer to no table (X2-09, X2-11).

CREATE TABLE users (
    id              TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    username        TEXT NOT NULL UNIQUE,
    email           TEXT NOT NULL UNIQUE,
    hashed_password TEXT NOT NULL,
    full_name       TEXT,
    role            TEXT NOT NULL CHECK (role IN ('admin', 'developer', 'viewer')),
    is_active       BOOLEAN DEFAULT TRUE,
    is_verified     BOOLEAN DEFAULT FALSE,
    created_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_login_at   TIMESTAMP,
    settings        JSON DEFAULT '{}'
);
CREATE INDEX idx_users_email ON users (email);
CREATE INDEX idx_users_username ON users (username);
CREATE INDEX idx_users_role ON users (role);

CREATE TABLE workers (
    id                   TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    name                 TEXT NOT NULL,
    worker_type          TEXT NOT NULL CHECK (
        worker_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')
    ),
    status               TEXT NOT NULL CHECK (status IN ('idle', 'busy', 'offline', 'error')),
    version              TEXT,
    max_concurrent_tasks INTEGER DEFAULT 1,
    timeout_seconds      INTEGER DEFAULT 3600,
    context_window_size  INTEGER DEFAULT 200000,      -- tokens
    config               JSON DEFAULT '{}',
    capabilities         JSON DEFAULT '[]',           -- array of names
    last_heartbeat_at    TIMESTAMP,
    created_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_workers_type ON workers (worker_type);
CREATE INDEX idx_workers_status ON workers (status);
CREATE INDEX idx_workers_heartbeat ON workers (last_heartbeat_at);
CREATE INDEX idx_workers_type_status ON workers (worker_type, status);

CREATE TABLE tasks (
    id               TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    title            TEXT NOT NULL,
    description      TEXT,
    task_type        TEXT NOT NULL CHECK (
        task_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')
    ),
    permission_level TEXT NOT NULL CHECK (permission_level IN ('autonomous', 'supervised', 'human_required')),
    priority         TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'critical')),
    status           TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'queued', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')
    ),
    repository_url   TEXT,
    branch_name      TEXT,
    issue_number     INTEGER,
    pr_number        INTEGER,
    context          JSON DEFAULT '{}',
    metadata         JSON DEFAULT '{}',
    created_by       TEXT REFERENCES users (id) ON DELETE SET NULL,
    assigned_to      TEXT REFERENCES workers (id) ON DELETE SET NULL,
    parent_task_id   TEXT REFERENCES tasks (id) ON DELETE CASCADE,
    created_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    started_at       TIMESTAMP,
    completed_at     TIMESTAMP
);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_type ON tasks (task_type);
CREATE INDEX idx_tasks_priority ON tasks (priority);
CREATE INDEX idx_tasks_created_by ON tasks (created_by);
CREATE INDEX idx_tasks_assigned_to ON tasks (assigned_to);
CREATE INDEX idx_tasks_parent ON tasks (parent_task_id);
CREATE INDEX idx_tasks_status_priority ON tasks (status, priority);

CREATE TABLE work_orders (
    id              TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    task_id         TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    queue_name      TEXT NOT NULL,                    -- as Redis calls it
    status          TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'claimed', 'completed', 'failed', 'expired')
    ),
    payload         JSON NOT NULL,
    result          JSON,
    error_message   TEXT,
    retry_count     INTEGER DEFAULT 0,
    max_retries     INTEGER DEFAULT 3,
    timeout_seconds INTEGER DEFAULT 3600,
    enqueued_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    claimed_at      TIMESTAMP,
    completed_at    TIMESTAMP,
    expires_at      TIMESTAMP
);
CREATE INDEX idx_work_orders_task ON work_orders (task_id);
CREATE INDEX idx_work_orders_queue ON work_orders (queue_name);
CREATE INDEX idx_work_orders_status ON work_orders (status);
CREATE INDEX idx_work_orders_enqueued ON work_orders (enqueued_at);
CREATE INDEX idx_work_orders_expires ON work_orders (expires_at);

CREATE TABLE worker_assignments (
    id            TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    worker_id     TEXT NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    work_order_id TEXT NOT NULL REFERENCES work_orders (id) ON DELETE CASCADE,
    status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'failed', 'timeout')),
    assigned_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    completed_at  TIMESTAMP,
    UNIQUE (worker_id, work_order_id)
);
CREATE INDEX idx_assignments_worker ON worker_assignments (worker_id);
CREATE INDEX idx_assignments_order ON worker_assignments (work_order_id);
CREATE INDEX idx_assignments_status ON worker_assignments (status);

CREATE TABLE executions (
    id               TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    task_id          TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    worker_id        TEXT NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    status           TEXT NOT NULL DEFAULT 'running' CHECK (
        status IN ('running', 'completed', 'failed', 'timeout', 'cancelled')
    ),
    exit_code        INTEGER,
    stdout_log       TEXT,
    stderr_log       TEXT,
    metrics          JSON DEFAULT '{}',
    started_at       TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    completed_at     TIMESTAMP,
    duration_seconds INTEGER
);
CREATE INDEX idx_executions_task ON executions (task_id);
CREATE INDEX idx_executions_worker ON executions (worker_id);
CREATE INDEX idx_executions_status ON executions (status);
CREATE INDEX idx_executions_started ON executions (started_at);
CREATE INDEX idx_executions_task_status ON executions (task_id, status);

CREATE TABLE execution_logs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id TEXT NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    level        TEXT NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    message      TEXT NOT NULL,
    metadata     JSON DEFAULT '{}',
    logged_at    TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_execution_logs_execution ON execution_logs (execution_id);
CREATE INDEX idx_execution_logs_level ON execution_logs (level);
CREATE INDEX idx_execution_logs_logged_at ON execution_logs (logged_at);

CREATE TABLE chat_messages (
    id                TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    conversation_id   TEXT NOT NULL,
    sender_type       TEXT NOT NULL CHECK (sender_type IN ('user', 'worker', 'system', 'controller')),
    sender_id         TEXT,
    message           TEXT NOT NULL,
    message_type      TEXT NOT NULL DEFAULT 'text' CHECK (
        message_type IN ('text', 'question', 'response', 'status', 'error')
    ),
    metadata          JSON DEFAULT '{}',
    parent_message_id TEXT REFERENCES chat_messages (id) ON DELETE SET NULL,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    edited_at         TIMESTAMP
);
CREATE INDEX idx_chat_messages_conversation ON chat_messages (conversation_id);
CREATE INDEX idx_chat_messages_sender ON chat_messages (sender_type, sender_id);
CREATE INDEX idx_chat_messages_created ON chat_messages (created_at);
CREATE INDEX idx_chat_messages_parent ON chat_messages (parent_message_id);

CREATE TABLE chat_attachments (
    id              TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    message_id      TEXT NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    file_name       TEXT NOT NULL,
    file_path       TEXT NOT NULL,
    file_type       TEXT,
    file_size_bytes INTEGER,
    metadata        JSON DEFAULT '{}',
    created_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_chat_attachments_message ON chat_attachments (message_id);

CREATE TABLE context_documents (
    id             TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    title          TEXT NOT NULL,
    document_type  TEXT NOT NULL CHECK (
        document_type IN ('design', 'plan', 'specification', 'guide', 'reference')
    ),
    content        TEXT NOT NULL,
    repository_url TEXT,
    tags           JSON DEFAULT '[]',                 -- array of names
    metadata       JSON DEFAULT '{}',
    created_by     TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    version        INTEGER DEFAULT 1
);
CREATE INDEX idx_context_docs_type ON context_documents (document_type);
CREATE INDEX idx_context_docs_repo ON context_documents (repository_url);
CREATE INDEX idx_context_docs_created_by ON context_documents (created_by);

CREATE TABLE task_dependencies (
    id                 TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    task_id            TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on_task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dependency_type    TEXT NOT NULL DEFAULT 'blocks' CHECK (
        dependency_type IN ('blocks', 'related', 'duplicate')
    ),
    created_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (task_id, depends_on_task_id),
    CHECK (task_id <> depends_on_task_id)
);
CREATE INDEX idx_task_deps_task ON task_dependencies (task_id);
CREATE INDEX idx_task_deps_depends_on ON task_dependencies (depends_on_task_id);

CREATE TABLE worker_capabilities (
    id               TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    worker_id        TEXT NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    capability_name  TEXT NOT NULL,
    capability_level TEXT DEFAULT 'intermediate' CHECK (
        capability_level IN ('beginner', 'intermediate', 'advanced', 'expert')
    ),
    metadata         JSON DEFAULT '{}',
    UNIQUE (worker_id, capability_name)
);
CREATE INDEX idx_worker_caps_worker ON worker_capabilities (worker_id);
CREATE INDEX idx_worker_caps_name ON worker_capabilities (capability_name);
