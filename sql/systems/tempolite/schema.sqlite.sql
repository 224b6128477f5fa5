-- Tempolite's tables as its branch v1 makes them, for SQLite: entities, their executions, and what belongs to each. The
-- seed (004) names tempolite.db and never gives its schema, and upstream's main has no SQLite store at all (X4-14).

CREATE TABLE activity_data (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    inputs     JSON,
    output     JSON,
    created_at DATETIME,
    updated_at DATETIME,
    entity_id  INTEGER
);

CREATE TABLE activity_entities (
    id                                INTEGER PRIMARY KEY AUTOINCREMENT,
    handler_name                      TEXT,
    type                              TEXT,
    status                            TEXT,
    step_id                           TEXT,
    run_id                            INTEGER,
    retry_policy                      JSON,
    retry_state                       JSON,
    created_at                        DATETIME,
    updated_at                        DATETIME,
    workflow_entity_activity_children INTEGER
);

CREATE TABLE activity_executions (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at         DATETIME,
    completed_at       DATETIME,
    status             TEXT,
    error              TEXT,
    stack_trace        TEXT,
    created_at         DATETIME,
    updated_at         DATETIME,
    activity_entity_id INTEGER
);

CREATE TABLE activity_execution_data (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    last_heartbeat DATETIME,
    outputs        JSON,
    created_at     DATETIME,
    updated_at     DATETIME,
    execution_id   INTEGER
);

CREATE TABLE event_logs (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp             DATETIME,
    event_type            TEXT,
    entity_id             INTEGER,
    execution_id          INTEGER,
    entity_type           TEXT,
    step_id               TEXT,
    handler_name          TEXT,
    queue_name            TEXT,
    previous_state        TEXT,
    new_state             TEXT,
    error                 TEXT,
    created_at            DATETIME,
    run_id                INTEGER,
    workflow_id           INTEGER,
    workflow_execution_id INTEGER
);

CREATE TABLE hierarchies (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_entity_id    INTEGER,
    child_entity_id     INTEGER,
    parent_execution_id INTEGER,
    child_execution_id  INTEGER,
    parent_step_id      TEXT,
    child_step_id       TEXT,
    parent_type         TEXT,
    child_type          TEXT,
    created_at          DATETIME,
    updated_at          DATETIME,
    run_id              INTEGER
);

CREATE TABLE queues (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT,
    created_at DATETIME,
    updated_at DATETIME
);

CREATE TABLE runs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    status     TEXT,
    created_at DATETIME,
    updated_at DATETIME
);

CREATE TABLE saga_data (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at DATETIME,
    updated_at DATETIME,
    entity_id  INTEGER
);

CREATE TABLE saga_entities (
    id                            INTEGER PRIMARY KEY AUTOINCREMENT,
    handler_name                  TEXT,
    type                          TEXT,
    status                        TEXT,
    step_id                       TEXT,
    run_id                        INTEGER,
    retry_policy                  JSON,
    retry_state                   JSON,
    created_at                    DATETIME,
    updated_at                    DATETIME,
    workflow_entity_saga_children INTEGER
);

CREATE TABLE saga_executions (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_type TEXT,
    started_at     DATETIME,
    completed_at   DATETIME,
    status         TEXT,
    error          TEXT,
    stack_trace    TEXT,
    created_at     DATETIME,
    updated_at     DATETIME,
    saga_entity_id INTEGER
);

CREATE TABLE saga_execution_data (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    last_heartbeat DATETIME,
    step_index     INTEGER,
    created_at     DATETIME,
    updated_at     DATETIME,
    execution_id   INTEGER
);

CREATE TABLE saga_values (
    id                         INTEGER PRIMARY KEY AUTOINCREMENT,
    key                        TEXT,
    value                      BLOB,
    saga_entity_id             INTEGER,
    created_at                 DATETIME,
    updated_at                 DATETIME,
    saga_data_values           INTEGER,
    saga_entity_values         INTEGER,
    saga_execution_id          INTEGER,
    saga_execution_data_values INTEGER
);

CREATE TABLE side_effect_data (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at DATETIME,
    updated_at DATETIME,
    entity_id  INTEGER
);

CREATE TABLE side_effect_entities (
    id                                   INTEGER PRIMARY KEY AUTOINCREMENT,
    handler_name                         TEXT,
    type                                 TEXT,
    status                               TEXT,
    step_id                              TEXT,
    run_id                               INTEGER,
    retry_policy                         JSON,
    retry_state                          JSON,
    created_at                           DATETIME,
    updated_at                           DATETIME,
    workflow_entity_side_effect_children INTEGER
);

CREATE TABLE side_effect_executions (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at            DATETIME,
    completed_at          DATETIME,
    status                TEXT,
    error                 TEXT,
    stack_trace           TEXT,
    created_at            DATETIME,
    updated_at            DATETIME,
    side_effect_entity_id INTEGER
);

CREATE TABLE side_effect_execution_data (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    outputs      JSON,
    created_at   DATETIME,
    updated_at   DATETIME,
    execution_id INTEGER
);

CREATE TABLE signal_data (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT,
    created_at DATETIME,
    updated_at DATETIME,
    entity_id  INTEGER
);

CREATE TABLE signal_entities (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    handler_name TEXT,
    type         TEXT,
    status       TEXT,
    step_id      TEXT,
    run_id       INTEGER,
    retry_policy JSON,
    retry_state  JSON,
    created_at   DATETIME,
    updated_at   DATETIME
);

CREATE TABLE signal_executions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at   DATETIME,
    completed_at DATETIME,
    status       TEXT,
    error        TEXT,
    stack_trace  TEXT,
    created_at   DATETIME,
    updated_at   DATETIME,
    entity_id    INTEGER
);

CREATE TABLE signal_execution_data (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    value        BLOB,
    kind         TEXT,
    created_at   DATETIME,
    updated_at   DATETIME,
    execution_id INTEGER
);

CREATE TABLE versions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    change_id  TEXT,
    version    INTEGER,
    data       JSON,
    created_at DATETIME,
    updated_at DATETIME,
    entity_id  INTEGER
);

CREATE TABLE workflow_data (
    id                       INTEGER PRIMARY KEY AUTOINCREMENT,
    duration                 TEXT,
    paused                   BOOL DEFAULT FALSE,
    resumable                BOOL DEFAULT FALSE,
    is_root                  BOOL DEFAULT FALSE,
    inputs                   JSON,
    continued_from           INTEGER,
    continued_execution_from INTEGER,
    workflow_step_id         TEXT,
    workflow_from            INTEGER,
    workflow_execution_from  INTEGER,
    created_at               DATETIME,
    updated_at               DATETIME,
    entity_id                INTEGER
);

CREATE TABLE workflow_entities (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    handler_name   TEXT,
    type           TEXT,
    status         TEXT,
    step_id        TEXT,
    retry_policy   JSON,
    retry_state    JSON,
    created_at     DATETIME,
    updated_at     DATETIME,
    queue_entities INTEGER,
    run_id         INTEGER
);

CREATE TABLE workflow_executions (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at         DATETIME,
    completed_at       DATETIME,
    status             TEXT,
    error              TEXT,
    stack_trace        TEXT,
    created_at         DATETIME,
    updated_at         DATETIME,
    workflow_entity_id INTEGER
);

CREATE TABLE workflow_execution_data (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    last_heartbeat DATETIME,
    outputs        JSON,
    created_at     DATETIME,
    updated_at     DATETIME,
    execution_id   INTEGER
);
