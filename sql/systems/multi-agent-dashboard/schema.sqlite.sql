-- The multi-agent dashboard's tables as its documents have them (seed 000), for SQLite.
-- Mended: employees stand before processes, which refer to them (X0-01); no partition is made of process_logs, and it is
-- made once (X0-02); the columns of employees are those of L38-52 and not of its first migration (X0-04); indexes of
-- L465-470 are made, that of skills (GIN) is PostgreSQL's alone.

CREATE TABLE employees (
    id                     TEXT PRIMARY KEY,
    name                   TEXT NOT NULL,
    role                   TEXT NOT NULL,
    department             TEXT NOT NULL,
    level                  TEXT NOT NULL CHECK (level IN ('Junior', 'Mid', 'Senior')),
    status                 TEXT NOT NULL CHECK (status IN ('active', 'inactive', 'busy', 'maintenance')),
    skills                 JSON NOT NULL,       -- array of names
    current_workload       INTEGER DEFAULT 0,   -- tasks by the documents, percent in the code (SIB-37)
    max_concurrent_tasks   INTEGER DEFAULT 5,
    system_prompt_template TEXT NOT NULL,
    performance_metrics    JSON,                -- tasksCompleted, averageTaskDuration, successRate, qualityScore
    created_at             TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at             TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_employees_status ON employees (status);
CREATE INDEX idx_employees_department ON employees (department);
CREATE INDEX idx_employees_workload ON employees (current_workload);

CREATE TABLE processes (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    employee_id       TEXT NOT NULL REFERENCES employees (id),
    status            TEXT NOT NULL CHECK (status IN ('starting', 'running', 'stopped', 'error', 'crashed')),
    pid               INTEGER,
    system_prompt     TEXT NOT NULL,
    working_directory TEXT NOT NULL,
    allowed_tools     TEXT,                     -- JSON array
    max_turns         INTEGER DEFAULT 20,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    started_at        TIMESTAMP,
    stopped_at        TIMESTAMP,
    resource_usage    JSON                      -- cpuPercent, memoryMB, uptimeSeconds
);
CREATE INDEX idx_processes_status ON processes (status);
CREATE INDEX idx_processes_employee ON processes (employee_id);
CREATE INDEX idx_processes_created ON processes (created_at);
CREATE INDEX idx_processes_employee_status ON processes (employee_id, status);
CREATE INDEX idx_processes_active ON processes (employee_id) WHERE status = 'running';

CREATE TABLE tasks (
    id                 TEXT PRIMARY KEY,
    process_id         TEXT REFERENCES processes (id),
    employee_id        TEXT NOT NULL REFERENCES employees (id),
    type               TEXT NOT NULL,
    priority           INTEGER DEFAULT 0 CHECK (priority IN (0, 1, 2)),  -- 0 low, 1 medium, 2 high
    status             TEXT NOT NULL CHECK (
        status IN ('pending', 'assigned', 'running', 'completed', 'failed', 'cancelled')
    ),
    title              TEXT NOT NULL,
    description        TEXT,
    payload            JSON,
    result             JSON,
    error_message      TEXT,
    estimated_duration INTEGER,                 -- minutes
    actual_duration    INTEGER,                 -- minutes
    created_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    assigned_at        TIMESTAMP,
    started_at         TIMESTAMP,
    completed_at       TIMESTAMP,
    created_by         TEXT
);
CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_priority ON tasks (priority);
CREATE INDEX idx_tasks_employee ON tasks (employee_id);
CREATE INDEX idx_tasks_process ON tasks (process_id);
CREATE INDEX idx_tasks_created ON tasks (created_at);
CREATE INDEX idx_tasks_status_priority ON tasks (status, priority);
CREATE INDEX idx_tasks_employee_status ON tasks (employee_id, status);

CREATE TABLE task_queue (
    id           TEXT PRIMARY KEY,
    task_id      TEXT NOT NULL REFERENCES tasks (id),
    queue_name   TEXT NOT NULL,
    priority     INTEGER DEFAULT 0,
    attempts     INTEGER DEFAULT 0,
    max_attempts INTEGER DEFAULT 3,
    delay_until  TIMESTAMP,
    payload      JSON,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'delayed')),
    created_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    processed_at TIMESTAMP
);
CREATE INDEX idx_task_queue_status ON task_queue (status);
CREATE INDEX idx_task_queue_priority ON task_queue (priority);
CREATE INDEX idx_task_queue_delay ON task_queue (delay_until);

CREATE TABLE process_logs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    process_id TEXT NOT NULL REFERENCES processes (id),
    log_level  TEXT NOT NULL CHECK (log_level IN ('DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL')),
    message    TEXT NOT NULL,
    metadata   JSON,
    timestamp  TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_process_logs_process ON process_logs (process_id);
CREATE INDEX idx_process_logs_level ON process_logs (log_level);
CREATE INDEX idx_process_logs_timestamp ON process_logs (timestamp);

CREATE TABLE performance_metrics (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    process_id  TEXT REFERENCES processes (id),
    employee_id TEXT REFERENCES employees (id),
    metric_type TEXT NOT NULL,
    metric_name TEXT NOT NULL,
    value       REAL NOT NULL,
    unit        TEXT,
    tags        JSON,
    timestamp   TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_metrics_process ON performance_metrics (process_id);
CREATE INDEX idx_metrics_employee ON performance_metrics (employee_id);
CREATE INDEX idx_metrics_type ON performance_metrics (metric_type);
CREATE INDEX idx_metrics_timestamp ON performance_metrics (timestamp);

CREATE TABLE system_events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    event_type  TEXT NOT NULL,
    source      TEXT NOT NULL,
    severity    TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    message     TEXT NOT NULL,
    details     JSON,
    resolved    BOOLEAN DEFAULT FALSE,
    timestamp   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    resolved_at TIMESTAMP
);
CREATE INDEX idx_system_events_type ON system_events (event_type);
CREATE INDEX idx_system_events_severity ON system_events (severity);
CREATE INDEX idx_system_events_resolved ON system_events (resolved);
CREATE INDEX idx_system_events_timestamp ON system_events (timestamp);

CREATE TABLE system_config (
    key         TEXT PRIMARY KEY,
    value       TEXT NOT NULL,                  -- in clear, also a secret one (X0-14)
    data_type   TEXT NOT NULL CHECK (data_type IN ('string', 'number', 'boolean', 'json')),
    description TEXT,
    is_secret   BOOLEAN DEFAULT FALSE,
    created_at  TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at  TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE employee_templates (
    id                 TEXT PRIMARY KEY,
    name               TEXT NOT NULL,
    role               TEXT NOT NULL,
    department         TEXT NOT NULL,
    system_prompt      TEXT NOT NULL,
    default_tools      JSON,
    default_max_turns  INTEGER DEFAULT 20,
    skill_requirements JSON,
    created_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
