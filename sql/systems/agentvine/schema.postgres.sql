-- AgentVine's tables as its documents have them (seed 002), for PostgreSQL.
-- Mended as in the schema for SQLite: indexes stand beside the tables, and the one with USING GIN too (X2-01, X2-02). Of
-- the columns of JSON none is indexed, as in the documents' own tables (X2-10).

CREATE TABLE users (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    username        VARCHAR(50) NOT NULL UNIQUE,
    email           VARCHAR(255) NOT NULL UNIQUE,
    hashed_password VARCHAR(255) NOT NULL,
    full_name       VARCHAR(255),
    role            VARCHAR(20) NOT NULL CHECK (role IN ('admin', 'developer', 'viewer')),
    is_active       BOOLEAN DEFAULT TRUE,
    is_verified     BOOLEAN DEFAULT FALSE,
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    last_login_at   TIMESTAMP WITH TIME ZONE,
    settings        JSONB DEFAULT '{}'
);
CREATE INDEX idx_users_email ON users (email);
CREATE INDEX idx_users_username ON users (username);
CREATE INDEX idx_users_role ON users (role);

CREATE TABLE workers (
    id                   UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name                 VARCHAR(100) NOT NULL,
    worker_type          VARCHAR(20) NOT NULL CHECK (
        worker_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')
    ),
    status               VARCHAR(20) NOT NULL CHECK (status IN ('idle', 'busy', 'offline', 'error')),
    version              VARCHAR(50),
    max_concurrent_tasks INTEGER DEFAULT 1,
    timeout_seconds      INTEGER DEFAULT 3600,
    context_window_size  INTEGER DEFAULT 200000,      -- tokens
    config               JSONB DEFAULT '{}',
    capabilities         JSONB DEFAULT '[]',          -- array of names
    last_heartbeat_at    TIMESTAMP WITH TIME ZONE,
    created_at           TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at           TIMESTAMP WITH TIME ZONE DEFAULT now()
);
CREATE INDEX idx_workers_type ON workers (worker_type);
CREATE INDEX idx_workers_status ON workers (status);
CREATE INDEX idx_workers_heartbeat ON workers (last_heartbeat_at);
CREATE INDEX idx_workers_type_status ON workers (worker_type, status);

CREATE TABLE tasks (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    title            VARCHAR(255) NOT NULL,
    description      TEXT,
    task_type        VARCHAR(20) NOT NULL CHECK (
        task_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')
    ),
    permission_level VARCHAR(20) NOT NULL CHECK (permission_level IN ('autonomous', 'supervised', 'human_required')),
    priority         VARCHAR(10) NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'critical')),
    status           VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'queued', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')
    ),
    repository_url   VARCHAR(500),
    branch_name      VARCHAR(255),
    issue_number     INTEGER,
    pr_number        INTEGER,
    context          JSONB DEFAULT '{}',
    metadata         JSONB DEFAULT '{}',
    created_by       UUID REFERENCES users (id) ON DELETE SET NULL,
    assigned_to      UUID REFERENCES workers (id) ON DELETE SET NULL,
    parent_task_id   UUID REFERENCES tasks (id) ON DELETE CASCADE,
    created_at       TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at       TIMESTAMP WITH TIME ZONE DEFAULT now(),
    started_at       TIMESTAMP WITH TIME ZONE,
    completed_at     TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_type ON tasks (task_type);
CREATE INDEX idx_tasks_priority ON tasks (priority);
CREATE INDEX idx_tasks_created_by ON tasks (created_by);
CREATE INDEX idx_tasks_assigned_to ON tasks (assigned_to);
CREATE INDEX idx_tasks_parent ON tasks (parent_task_id);
CREATE INDEX idx_tasks_status_priority ON tasks (status, priority);

CREATE TABLE work_orders (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id         UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    queue_name      VARCHAR(50) NOT NULL,                    -- as Redis calls it
    status          VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'claimed', 'completed', 'failed', 'expired')
    ),
    payload         JSONB NOT NULL,
    result          JSONB,
    error_message   TEXT,
    retry_count     INTEGER DEFAULT 0,
    max_retries     INTEGER DEFAULT 3,
    timeout_seconds INTEGER DEFAULT 3600,
    enqueued_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    claimed_at      TIMESTAMP WITH TIME ZONE,
    completed_at    TIMESTAMP WITH TIME ZONE,
    expires_at      TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_work_orders_task ON work_orders (task_id);
CREATE INDEX idx_work_orders_queue ON work_orders (queue_name);
CREATE INDEX idx_work_orders_status ON work_orders (status);
CREATE INDEX idx_work_orders_enqueued ON work_orders (enqueued_at);
CREATE INDEX idx_work_orders_expires ON work_orders (expires_at);

CREATE TABLE worker_assignments (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    worker_id     UUID NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    work_order_id UUID NOT NULL REFERENCES work_orders (id) ON DELETE CASCADE,
    status        VARCHAR(20) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'completed', 'failed', 'timeout')),
    assigned_at   TIMESTAMP WITH TIME ZONE DEFAULT now(),
    completed_at  TIMESTAMP WITH TIME ZONE,
    UNIQUE (worker_id, work_order_id)
);
CREATE INDEX idx_assignments_worker ON worker_assignments (worker_id);
CREATE INDEX idx_assignments_order ON worker_assignments (work_order_id);
CREATE INDEX idx_assignments_status ON worker_assignments (status);

CREATE TABLE executions (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id          UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    worker_id        UUID NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    status           VARCHAR(20) NOT NULL DEFAULT 'running' CHECK (
        status IN ('running', 'completed', 'failed', 'timeout', 'cancelled')
    ),
    exit_code        INTEGER,
    stdout_log       TEXT,
    stderr_log       TEXT,
    metrics          JSONB DEFAULT '{}',
    started_at       TIMESTAMP WITH TIME ZONE DEFAULT now(),
    completed_at     TIMESTAMP WITH TIME ZONE,
    duration_seconds INTEGER
);
CREATE INDEX idx_executions_task ON executions (task_id);
CREATE INDEX idx_executions_worker ON executions (worker_id);
CREATE INDEX idx_executions_status ON executions (status);
CREATE INDEX idx_executions_started ON executions (started_at);
CREATE INDEX idx_executions_task_status ON executions (task_id, status);

CREATE TABLE execution_logs (
    id           BIGSERIAL PRIMARY KEY,
    execution_id UUID NOT NULL REFERENCES executions (id) ON DELETE CASCADE,
    level        VARCHAR(10) NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    message      TEXT NOT NULL,
    metadata     JSONB DEFAULT '{}',
    logged_at    TIMESTAMP WITH TIME ZONE DEFAULT now()
);
CREATE INDEX idx_execution_logs_execution ON execution_logs (execution_id);
CREATE INDEX idx_execution_logs_level ON execution_logs (level);
CREATE INDEX idx_execution_logs_logged_at ON execution_logs (logged_at);

CREATE TABLE chat_messages (
    id                UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    conversation_id   UUID NOT NULL,
    sender_type       VARCHAR(10) NOT NULL CHECK (sender_type IN ('user', 'worker', 'system', 'controller')),
    sender_id         UUID,
    message           TEXT NOT NULL,
    message_type      VARCHAR(20) NOT NULL DEFAULT 'text' CHECK (
        message_type IN ('text', 'question', 'response', 'status', 'error')
    ),
    metadata          JSONB DEFAULT '{}',
    parent_message_id UUID REFERENCES chat_messages (id) ON DELETE SET NULL,
    created_at        TIMESTAMP WITH TIME ZONE DEFAULT now(),
    edited_at         TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_chat_messages_conversation ON chat_messages (conversation_id);
CREATE INDEX idx_chat_messages_sender ON chat_messages (sender_type, sender_id);
CREATE INDEX idx_chat_messages_created ON chat_messages (created_at);
CREATE INDEX idx_chat_messages_parent ON chat_messages (parent_message_id);

CREATE TABLE chat_attachments (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    message_id      UUID NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    file_name       VARCHAR(255) NOT NULL,
    file_path       VARCHAR(500) NOT NULL,
    file_type       VARCHAR(50),
    file_size_bytes BIGINT,
    metadata        JSONB DEFAULT '{}',
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now()
);
CREATE INDEX idx_chat_attachments_message ON chat_attachments (message_id);

CREATE TABLE context_documents (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    title          VARCHAR(255) NOT NULL,
    document_type  VARCHAR(50) NOT NULL CHECK (
        document_type IN ('design', 'plan', 'specification', 'guide', 'reference')
    ),
    content        TEXT NOT NULL,
    repository_url VARCHAR(500),
    tags           VARCHAR(50)[] DEFAULT '{}',
    metadata       JSONB DEFAULT '{}',
    created_by     UUID REFERENCES users (id) ON DELETE SET NULL,
    created_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    version        INTEGER DEFAULT 1
);
CREATE INDEX idx_context_docs_type ON context_documents (document_type);
CREATE INDEX idx_context_docs_repo ON context_documents (repository_url);
CREATE INDEX idx_context_docs_tags ON context_documents USING gin (tags);
CREATE INDEX idx_context_docs_created_by ON context_documents (created_by);

CREATE TABLE task_dependencies (
    id                 UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id            UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on_task_id UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dependency_type    VARCHAR(20) NOT NULL DEFAULT 'blocks' CHECK (
        dependency_type IN ('blocks', 'related', 'duplicate')
    ),
    created_at         TIMESTAMP WITH TIME ZONE DEFAULT now(),
    UNIQUE (task_id, depends_on_task_id),
    CHECK (task_id <> depends_on_task_id)
);
CREATE INDEX idx_task_deps_task ON task_dependencies (task_id);
CREATE INDEX idx_task_deps_depends_on ON task_dependencies (depends_on_task_id);

CREATE TABLE worker_capabilities (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    worker_id        UUID NOT NULL REFERENCES workers (id) ON DELETE CASCADE,
    capability_name  VARCHAR(100) NOT NULL,
    capability_level VARCHAR(20) DEFAULT 'intermediate' CHECK (
        capability_level IN ('beginner', 'intermediate', 'advanced', 'expert')
    ),
    metadata         JSONB DEFAULT '{}',
    UNIQUE (worker_id, capability_name)
);
CREATE INDEX idx_worker_caps_worker ON worker_capabilities (worker_id);
CREATE INDEX idx_worker_caps_name ON worker_capabilities (capability_name);
