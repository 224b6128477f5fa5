-- The six tables that AgentVine's code really makes (Alembic c42dbd5e318c; checklist SIB-40 to SIB-44).
-- Words are stored by the names of their enums, in upper case, and nothing checks them; ids are 32 hex digits without
-- dashes; times are UTC without saying so, as 'YYYY-MM-DD HH:MM:SS.ffffff'. Nothing has a default: the code fills it.

CREATE TABLE workers (
    id                CHAR(32) NOT NULL PRIMARY KEY,
    name              VARCHAR(255) NOT NULL,
    status            VARCHAR(7) NOT NULL,      -- IDLE, BUSY, WAITING, ERROR, OFFLINE
    created_at        DATETIME NOT NULL,
    updated_at        DATETIME NOT NULL,
    last_heartbeat_at DATETIME                  -- none comes while it executes (SIB-43)
);

CREATE TABLE tasks (
    id             CHAR(32) NOT NULL PRIMARY KEY,
    title          VARCHAR(255) NOT NULL,
    description    TEXT,
    task_type      VARCHAR(20) NOT NULL,
    status         VARCHAR(11) NOT NULL,        -- QUEUED, IN_PROGRESS, COMPLETED, FAILED, CANCELLED
    priority       VARCHAR(10) NOT NULL,
    repository_url VARCHAR(500),
    branch_name    VARCHAR(255),
    created_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL,
    completed_at   DATETIME
);

CREATE TABLE sessions (
    id               CHAR(32) NOT NULL PRIMARY KEY,
    session_id       VARCHAR(255) NOT NULL,     -- Claude Code's own
    worker_id        CHAR(32) NOT NULL REFERENCES workers (id),
    task_id          CHAR(32) REFERENCES tasks (id),
    status           VARCHAR(10) NOT NULL,      -- ACTIVE, IDLE, TERMINATED
    created_at       DATETIME NOT NULL,
    last_activity_at DATETIME,
    terminated_at    DATETIME
);

CREATE TABLE work_orders (
    id           CHAR(32) NOT NULL PRIMARY KEY,
    task_id      CHAR(32) NOT NULL REFERENCES tasks (id),
    worker_id    CHAR(32) REFERENCES workers (id),
    status       VARCHAR(9) NOT NULL,           -- QUEUED, CLAIMED, COMPLETED, FAILED: nothing sets another than the first
    priority     VARCHAR(10) NOT NULL,
    retry_count  INTEGER NOT NULL,
    enqueued_at  DATETIME NOT NULL,
    claimed_at   DATETIME,
    completed_at DATETIME
);

CREATE TABLE executions (
    id           CHAR(32) NOT NULL PRIMARY KEY, -- nothing inserts one
    task_id      CHAR(32) NOT NULL REFERENCES tasks (id),
    worker_id    CHAR(32) NOT NULL REFERENCES workers (id),
    session_id   CHAR(32) REFERENCES sessions (id),
    status       VARCHAR(20) NOT NULL,
    output       TEXT,
    started_at   DATETIME NOT NULL,
    completed_at DATETIME
);

CREATE TABLE chat_messages (
    id                CHAR(32) NOT NULL PRIMARY KEY,
    conversation_id   CHAR(32) NOT NULL,
    sender_type       VARCHAR(10) NOT NULL,     -- WORKER, HUMAN, SYSTEM
    sender_id         CHAR(32),
    message           TEXT NOT NULL,
    message_type      VARCHAR(10) NOT NULL,     -- REQUEST, RESPONSE, STATUS, ERROR
    parent_message_id CHAR(32) REFERENCES chat_messages (id),
    created_at        DATETIME NOT NULL
);
