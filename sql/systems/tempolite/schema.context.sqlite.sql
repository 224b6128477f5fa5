-- Tempolite's tables as its branch context made them: the last version that wrote a *.db file. Ids are text.

CREATE TABLE activities (
    id           TEXT PRIMARY KEY,
    identity     TEXT,
    step_id      TEXT,
    status       TEXT,
    queue_name   TEXT,
    handler_name TEXT,
    input        JSON,
    max_duration TEXT,
    retry_policy JSON,
    timeout      TEXT,
    created_at   DATETIME
);

CREATE TABLE activity_executions (
    id                  TEXT PRIMARY KEY,
    run_id              TEXT,
    status              TEXT,
    queue_name          TEXT,
    attempt             INTEGER,
    output              JSON,
    error               TEXT,
    started_at          DATETIME,
    updated_at          DATETIME,
    activity_executions TEXT
);

CREATE TABLE execution_relationships (
    id               TEXT PRIMARY KEY,
    run_id           TEXT,
    parent_entity_id TEXT,
    child_entity_id  TEXT,
    parent_id        TEXT,
    child_id         TEXT,
    parent_type      TEXT,
    child_type       TEXT,
    parent_step_id   TEXT,
    child_step_id    TEXT
);

CREATE TABLE feature_flag_versions (
    id            TEXT PRIMARY KEY,
    workflow_type TEXT,
    workflow_id   TEXT,
    change_id     TEXT,
    version       INTEGER
);

CREATE TABLE runs (
    id           TEXT PRIMARY KEY,
    run_id       TEXT,
    type         TEXT,
    created_at   DATETIME,
    run_workflow TEXT,
    run_activity TEXT
);

CREATE TABLE sagas (
    id              TEXT PRIMARY KEY,
    run_id          TEXT,
    step_id         TEXT,
    status          TEXT,
    queue_name      TEXT,
    saga_definition JSON,
    error           TEXT,
    created_at      DATETIME,
    updated_at      DATETIME
);

CREATE TABLE saga_executions (
    id           TEXT PRIMARY KEY,
    handler_name TEXT,
    step_type    TEXT,
    status       TEXT,
    queue_name   TEXT,
    sequence     INTEGER,
    error        TEXT,
    started_at   DATETIME,
    completed_at DATETIME,
    saga_steps   TEXT
);

CREATE TABLE side_effects (
    id           TEXT PRIMARY KEY,
    identity     TEXT,
    step_id      TEXT,
    handler_name TEXT,
    status       TEXT,
    queue_name   TEXT,
    retry_policy JSON,
    timeout      TEXT,
    created_at   DATETIME
);

CREATE TABLE side_effect_executions (
    id                     TEXT PRIMARY KEY,
    status                 TEXT,
    queue_name             TEXT,
    attempt                INTEGER,
    output                 JSON,
    error                  TEXT,
    started_at             DATETIME,
    updated_at             DATETIME,
    side_effect_executions TEXT
);

CREATE TABLE signals (
    id         TEXT PRIMARY KEY,
    step_id    TEXT,
    status     TEXT,
    queue_name TEXT,
    created_at DATETIME,
    consumed   BOOL DEFAULT FALSE
);

CREATE TABLE signal_executions (
    id                TEXT PRIMARY KEY,
    run_id            TEXT,
    status            TEXT,
    queue_name        TEXT,
    output            JSON,
    error             TEXT,
    started_at        DATETIME,
    updated_at        DATETIME,
    signal_executions TEXT
);

CREATE TABLE workflows (
    id                TEXT PRIMARY KEY,
    step_id           TEXT,
    status            TEXT,
    identity          TEXT,
    handler_name      TEXT,
    input             JSON,
    queue_name        TEXT,
    retry_policy      JSON,
    is_paused         BOOL DEFAULT FALSE,
    is_ready          BOOL DEFAULT FALSE,
    max_duration      TEXT,
    created_at        DATETIME,
    continued_from_id TEXT,
    retried_from_id   TEXT
);

CREATE TABLE workflow_executions (
    id                  TEXT PRIMARY KEY,
    run_id              TEXT,
    status              TEXT,
    queue_name          TEXT,
    output              JSON,
    error               TEXT,
    is_replay           BOOL DEFAULT FALSE,
    started_at          DATETIME,
    updated_at          DATETIME,
    workflow_executions TEXT
);
