-- The OpenClaw PM dashboard's tables as its documents have them (seed 003), for PostgreSQL.
-- Mended as in the schema for SQLite, with UUIDs for all ids (X3-02) and every type made before it is used (X3-04). The
-- documents' events are partitioned by year although their key does not hold the time (X3-08), and their view of
-- projects is refreshed in a way that needs an index it has not (X3-07): neither is here, the view's numbers are
-- computed by a query.

CREATE TYPE team_member_role_enum AS ENUM ('lead', 'member', 'contributor');
CREATE TYPE dependency_type_enum AS ENUM ('finish_to_start', 'start_to_start', 'finish_to_finish', 'start_to_finish');
CREATE TYPE agent_type_enum AS ENUM ('orchestrator', 'planning', 'task', 'progress', 'communication', 'resource');
CREATE TYPE agent_status_enum AS ENUM ('inactive', 'initializing', 'active', 'busy', 'paused', 'error', 'terminating');
CREATE TYPE agent_task_status_enum AS ENUM ('pending', 'running', 'completed', 'failed', 'cancelled', 'expired');

CREATE TABLE users (
    id                 UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email              TEXT NOT NULL UNIQUE,
    username           TEXT NOT NULL UNIQUE,
    full_name          TEXT,
    avatar_url         TEXT,
    role               TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'manager', 'member', 'viewer')),
    status             TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'suspended')),
    tailscale_user     TEXT,
    tailscale_node_key TEXT,
    preferences        JSONB DEFAULT '{}',
    created_at         TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at         TIMESTAMP WITH TIME ZONE DEFAULT now(),
    last_login_at      TIMESTAMP WITH TIME ZONE,
    deleted_at         TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_users_tailscale_user ON users (tailscale_user);
CREATE INDEX idx_users_role ON users (role);

CREATE TABLE teams (
    id                 UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name               TEXT NOT NULL,
    description        TEXT,
    team_lead_id       UUID REFERENCES users (id),
    tailscale_acl_tags TEXT[] DEFAULT '{}',
    created_at         TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at         TIMESTAMP WITH TIME ZONE DEFAULT now(),
    deleted_at         TIMESTAMP WITH TIME ZONE
);

CREATE TABLE team_members (
    team_id   UUID NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id   UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role      team_member_role_enum NOT NULL DEFAULT 'member',
    joined_at TIMESTAMP WITH TIME ZONE DEFAULT now(),
    PRIMARY KEY (team_id, user_id)
);

CREATE TABLE projects (
    id                   UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name                 TEXT NOT NULL,
    description          TEXT,
    status               TEXT NOT NULL DEFAULT 'planning' CHECK (
        status IN ('planning', 'active', 'on_hold', 'completed', 'cancelled', 'archived')
    ),
    priority             TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    owner_id             UUID NOT NULL REFERENCES users (id),
    team_id              UUID REFERENCES teams (id),
    start_date           DATE,
    end_date             DATE,
    budget               DECIMAL(12, 2),
    actual_cost          DECIMAL(12, 2) DEFAULT 0,
    progress             DECIMAL(5, 2) DEFAULT 0 CHECK (progress >= 0 AND progress <= 100),
    gsd_compliant        INTEGER DEFAULT 0,
    tailscale_accessible INTEGER DEFAULT 1,
    created_at           TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at           TIMESTAMP WITH TIME ZONE DEFAULT now(),
    deleted_at           TIMESTAMP WITH TIME ZONE                     -- set: gone, and left out by readers
);
CREATE INDEX idx_projects_owner_id ON projects (owner_id);
CREATE INDEX idx_projects_team_id ON projects (team_id);
CREATE INDEX idx_projects_status ON projects (status);
CREATE INDEX idx_projects_priority ON projects (priority);

CREATE TABLE tasks (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    project_id      UUID NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    parent_task_id  UUID REFERENCES tasks (id),
    title           TEXT NOT NULL,
    description     TEXT,
    status          TEXT NOT NULL DEFAULT 'not_started' CHECK (
        status IN ('not_started', 'in_progress', 'on_hold', 'completed', 'cancelled', 'blocked')
    ),
    priority        TEXT NOT NULL DEFAULT 'medium' CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    assignee_id     UUID REFERENCES users (id),       -- a person, not an agent
    creator_id      UUID NOT NULL REFERENCES users (id),
    estimated_hours DECIMAL(6, 2),
    actual_hours    DECIMAL(6, 2) DEFAULT 0,
    deadline        TIMESTAMP WITH TIME ZONE,
    completed_at    TIMESTAMP WITH TIME ZONE,
    progress        DECIMAL(5, 2) DEFAULT 0 CHECK (progress >= 0 AND progress <= 100),
    order_index     INTEGER DEFAULT 0,
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    deleted_at      TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_tasks_project_id ON tasks (project_id);
CREATE INDEX idx_tasks_assignee_id ON tasks (assignee_id);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_deadline ON tasks (deadline);
CREATE INDEX idx_tasks_parent ON tasks (parent_task_id);

CREATE TABLE task_dependencies (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    task_id         UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    depends_on_id   UUID NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    dependency_type dependency_type_enum NOT NULL DEFAULT 'finish_to_start',
    lag_hours       DECIMAL(6, 2) DEFAULT 0,
    created_at      TIMESTAMP WITH TIME ZONE DEFAULT now(),
    UNIQUE (task_id, depends_on_id),
    CHECK (task_id <> depends_on_id)
);

CREATE TABLE comments (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    commentable_type TEXT NOT NULL,                   -- 'project', 'task', …
    commentable_id   UUID NOT NULL,
    author_id        UUID NOT NULL REFERENCES users (id),
    content          TEXT NOT NULL,
    mentions         UUID[] DEFAULT '{}',
    attachments      JSONB DEFAULT '[]',
    created_at       TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at       TIMESTAMP WITH TIME ZONE DEFAULT now(),
    deleted_at       TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_comments_commentable ON comments (commentable_type, commentable_id);
CREATE INDEX idx_comments_author ON comments (author_id);

CREATE TABLE attachments (
    id                UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    attachable_type   TEXT NOT NULL,
    attachable_id     UUID NOT NULL,
    filename          TEXT NOT NULL,
    original_filename TEXT NOT NULL,
    mime_type         TEXT,
    file_size         BIGINT,
    file_path         TEXT NOT NULL,
    uploaded_by_id    UUID NOT NULL REFERENCES users (id),
    created_at        TIMESTAMP WITH TIME ZONE DEFAULT now(),
    deleted_at        TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_attachments_attachable ON attachments (attachable_type, attachable_id);

CREATE TABLE agents (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name           TEXT NOT NULL,
    type           agent_type_enum NOT NULL,
    status         agent_status_enum NOT NULL DEFAULT 'inactive',
    version        TEXT NOT NULL,
    config         JSONB DEFAULT '{}',
    capabilities   TEXT[] DEFAULT '{}',
    tailscale_node TEXT,
    tailscale_ip   INET,
    last_heartbeat TIMESTAMP WITH TIME ZONE,
    created_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    updated_at     TIMESTAMP WITH TIME ZONE DEFAULT now()
);

CREATE TABLE agent_tasks (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id      UUID NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    task_type     TEXT NOT NULL,
    status        agent_task_status_enum NOT NULL DEFAULT 'pending',
    priority      INTEGER DEFAULT 1,                  -- more is more urgent, as in MongoDB's message_queue
    payload       JSONB NOT NULL,
    result        JSONB,
    error_message TEXT,
    retry_count   INTEGER DEFAULT 0,
    max_retries   INTEGER DEFAULT 3,
    created_at    TIMESTAMP WITH TIME ZONE DEFAULT now(),
    started_at    TIMESTAMP WITH TIME ZONE,
    completed_at  TIMESTAMP WITH TIME ZONE,
    expires_at    TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_agent_tasks_agent_status ON agent_tasks (agent_id, status);
CREATE INDEX idx_agent_tasks_expires ON agent_tasks (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE events (
    id                  UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    event_type          TEXT NOT NULL,
    aggregate_type      TEXT NOT NULL,
    aggregate_id        UUID NOT NULL,
    event_data          JSONB NOT NULL,
    metadata            JSONB DEFAULT '{}',
    version             INTEGER NOT NULL,
    created_at          TIMESTAMP WITH TIME ZONE DEFAULT now(),
    created_by_id       UUID REFERENCES users (id),
    created_by_agent_id UUID REFERENCES agents (id)
);
CREATE UNIQUE INDEX idx_events_aggregate ON events (aggregate_type, aggregate_id, version);
CREATE INDEX idx_events_type ON events (event_type);
CREATE INDEX idx_events_created_at ON events (created_at);

CREATE TABLE event_snapshots (
    id             UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    aggregate_type TEXT NOT NULL,
    aggregate_id   UUID NOT NULL,
    version        INTEGER NOT NULL,
    snapshot_data  JSONB NOT NULL,
    created_at     TIMESTAMP WITH TIME ZONE DEFAULT now(),
    UNIQUE (aggregate_type, aggregate_id, version)
);
