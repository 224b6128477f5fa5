-- The four tables that the OpenClaw PM dashboard's code really keeps (backend/data/openclaw-pm.db; checklist SIB-47,
-- SIB-48). They share three names with the documented ones and little else; there are no events, no users, no MongoDB.

CREATE TABLE agents (
    id                        TEXT PRIMARY KEY,
    name                      TEXT NOT NULL,
    type                      TEXT NOT NULL CHECK (
        type IN ('frontend', 'backend', 'design', 'testing', 'deployment', 'coordination', 'analysis')
    ),
    status                    TEXT NOT NULL CHECK (status IN ('active', 'idle', 'busy', 'offline', 'error')),
    capabilities              TEXT,             -- JSON array
    current_task              TEXT,
    socket_id                 TEXT,
    last_activity             DATETIME,         -- the only sign of life: the status of a lost socket stays (SIB-49)
    tasks_completed           INTEGER DEFAULT 0,
    average_task_time         REAL DEFAULT 0,
    success_rate              REAL DEFAULT 0,
    last_task_completion_time DATETIME,
    error_count               INTEGER DEFAULT 0,
    created_at                DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at                DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE projects (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    description     TEXT,
    status          TEXT NOT NULL,
    priority        TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    assigned_agents TEXT,                       -- JSON array
    tasks           TEXT,                       -- JSON array
    progress        REAL DEFAULT 0,
    start_date      DATETIME,
    due_date        DATETIME,
    completed_date  DATETIME,
    created_at      DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at      DATETIME DEFAULT CURRENT_TIMESTAMP,
    metadata        TEXT
);

CREATE TABLE tasks (
    id                 TEXT PRIMARY KEY,
    project_id         TEXT REFERENCES projects (id),
    title              TEXT NOT NULL,
    description        TEXT,
    status             TEXT NOT NULL CHECK (
        status IN ('pending', 'assigned', 'in_progress', 'completed', 'failed', 'cancelled')
    ),
    priority           TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    assigned_agent_id  TEXT REFERENCES agents (id),
    dependencies       TEXT,                    -- JSON array of ids
    estimated_duration INTEGER,                 -- in a unit that nothing tells
    actual_duration    INTEGER,
    started_at         DATETIME,
    completed_at       DATETIME,
    due_date           DATETIME,
    created_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at         DATETIME DEFAULT CURRENT_TIMESTAMP,
    metadata           TEXT
);

CREATE TABLE communications (
    id            TEXT PRIMARY KEY,
    from_agent_id TEXT,
    to_agent_id   TEXT,
    type          TEXT NOT NULL,
    message       TEXT NOT NULL,
    metadata      TEXT,
    timestamp     DATETIME DEFAULT CURRENT_TIMESTAMP,
    read          INTEGER DEFAULT 0,
    project_id    TEXT,
    task_id       TEXT
);
