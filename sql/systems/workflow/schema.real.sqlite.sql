-- The tables that the program's own migrations make, in data/coordination.db and in data/tempolite.db alike (SIB-52, SIB-53).
-- A workflow's own id is the key and what a parent is named by; there is a progress, and there are no views. The tables of
-- workflows, activities, sagas, signals and checkpoints stay empty: Tempolite runs in memory (SIB-54), and the issues are not
-- those of Beads. Go prints its times (`2025-06-15 15:06:40.12 +0000 UTC m=+0.01`) beside SQLite's own.

CREATE TABLE workflow_mappings (
    tempolite_workflow_id TEXT PRIMARY KEY,
    beads_issue_id        TEXT,
    workflow_type         TEXT NOT NULL CHECK (workflow_type IN ('research', 'poc', 'documentation', 'validation')),
    status                TEXT DEFAULT 'active' CHECK (status IN ('active', 'completed', 'failed', 'paused', 'cancelled')),
    priority              INTEGER DEFAULT 2 CHECK (priority BETWEEN 0 AND 3),
    metadata              JSON,
    parent_workflow_id    TEXT REFERENCES workflow_mappings (tempolite_workflow_id),
    created_at            TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at            TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    completed_at          TIMESTAMP,
    tempolite_entity_id   INTEGER
);
CREATE INDEX idx_workflow_mappings_issue ON workflow_mappings (beads_issue_id);
CREATE INDEX idx_workflow_mappings_type_status ON workflow_mappings (workflow_type, status);
CREATE INDEX idx_workflow_mappings_status_priority ON workflow_mappings (status, priority);
CREATE INDEX idx_workflow_mappings_parent ON workflow_mappings (parent_workflow_id);

CREATE TABLE agent_assignments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id  TEXT NOT NULL REFERENCES workflow_mappings (tempolite_workflow_id),
    agent_type   TEXT NOT NULL CHECK (agent_type IN ('research', 'poc', 'documentation', 'validation', 'supervisor')),
    agent_id     TEXT NOT NULL,
    step_number  INTEGER DEFAULT 1,
    step_name    TEXT,
    assigned_at  TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    started_at   TIMESTAMP,
    completed_at TIMESTAMP,
    status       TEXT DEFAULT 'assigned' CHECK (status IN ('assigned', 'started', 'completed', 'failed', 'cancelled')),
    handoff_from TEXT,
    handoff_to   TEXT
);
CREATE INDEX idx_agent_assignments_agent_status ON agent_assignments (agent_id, status);
CREATE INDEX idx_agent_assignments_workflow ON agent_assignments (workflow_id, step_number);
CREATE INDEX idx_agent_assignments_agent_type ON agent_assignments (agent_type, status);

CREATE TABLE workflow_results (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id       TEXT NOT NULL REFERENCES workflow_mappings (tempolite_workflow_id),
    agent_type        TEXT NOT NULL,
    result_type       TEXT NOT NULL CHECK (
        result_type IN ('findings', 'poc_results', 'documentation', 'validation', 'performance')
    ),
    result_data       JSON NOT NULL,
    confidence_score  REAL CHECK (confidence_score BETWEEN 0.0 AND 1.0),
    execution_time_ms INTEGER,
    artifacts         JSON,
    metadata          JSON,
    quality_score     REAL CHECK (quality_score BETWEEN 0.0 AND 10.0),
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_workflow_results_workflow ON workflow_results (workflow_id);
CREATE INDEX idx_workflow_results_agent_type ON workflow_results (agent_type, result_type);
CREATE INDEX idx_workflow_results_quality ON workflow_results (quality_score DESC);
CREATE INDEX idx_workflow_results_created ON workflow_results (created_at DESC);

CREATE TABLE research_findings (
    id                TEXT PRIMARY KEY,
    workflow_id       TEXT NOT NULL REFERENCES workflow_mappings (tempolite_workflow_id),
    library_name      TEXT NOT NULL,
    library_version   TEXT,
    documentation_url TEXT,
    findings          JSON NOT NULL,
    confidence_score  REAL CHECK (confidence_score BETWEEN 0.0 AND 1.0),
    relevance_score   REAL CHECK (relevance_score BETWEEN 0.0 AND 1.0),
    analysis_method   TEXT,  -- static_analysis, documentation_review, benchmark
    file_paths        JSON,
    metadata          JSON,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_research_findings_workflow ON research_findings (workflow_id);
CREATE INDEX idx_research_findings_library ON research_findings (library_name, library_version);
CREATE INDEX idx_research_findings_confidence ON research_findings (confidence_score DESC);

CREATE TABLE poc_results (
    id                  TEXT PRIMARY KEY,
    workflow_id         TEXT NOT NULL REFERENCES workflow_mappings (tempolite_workflow_id),
    implementation_type TEXT NOT NULL CHECK (
        implementation_type IN ('function', 'module', 'service', 'full_application')
    ),
    language            TEXT NOT NULL,
    framework           TEXT,
    build_success       BOOLEAN DEFAULT FALSE,
    test_success        BOOLEAN DEFAULT FALSE,
    performance_metrics JSON,
    test_results        JSON,
    artifacts           JSON,
    benchmarks          JSON,
    error_message       TEXT,
    execution_time_ms   INTEGER,
    complexity_score    REAL CHECK (complexity_score BETWEEN 0.0 AND 10.0),
    created_at          TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_poc_results_workflow ON poc_results (workflow_id);
CREATE INDEX idx_poc_results_success ON poc_results (build_success, test_success);
CREATE INDEX idx_poc_results_performance ON poc_results (execution_time_ms DESC);

CREATE TABLE workflow_performance (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id       TEXT NOT NULL REFERENCES workflow_mappings (tempolite_workflow_id),
    agent_type        TEXT NOT NULL,
    step_name         TEXT NOT NULL,
    start_time        TIMESTAMP NOT NULL,
    end_time          TIMESTAMP,
    duration_ms       INTEGER,
    success           BOOLEAN DEFAULT FALSE,
    error_message     TEXT,
    memory_usage_mb   INTEGER,
    cpu_usage_percent REAL,
    disk_io_bytes     INTEGER,
    network_io_bytes  INTEGER,
    resource_metadata JSON,
    created_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_workflow_performance_workflow ON workflow_performance (workflow_id);
CREATE INDEX idx_workflow_performance_duration ON workflow_performance (duration_ms DESC);
CREATE INDEX idx_workflow_performance_success ON workflow_performance (success, duration_ms);

CREATE TABLE workflow_analytics (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    date                  DATE NOT NULL,
    workflow_type         TEXT NOT NULL,
    agent_type            TEXT NOT NULL,
    total_workflows       INTEGER DEFAULT 0,
    successful_workflows  INTEGER DEFAULT 0,
    failed_workflows      INTEGER DEFAULT 0,
    avg_execution_time_ms INTEGER,
    avg_confidence_score  REAL,
    total_agents_active   INTEGER DEFAULT 0,
    system_load_avg       REAL,
    created_at            TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (date, workflow_type, agent_type)
);
CREATE INDEX idx_workflow_analytics_date ON workflow_analytics (date DESC);
CREATE INDEX idx_workflow_analytics_type ON workflow_analytics (workflow_type, agent_type);

CREATE TABLE workflow_templates (
    id             TEXT PRIMARY KEY,
    name           TEXT NOT NULL UNIQUE,
    description    TEXT,
    workflow_type  TEXT NOT NULL,
    template_def   JSON NOT NULL,
    agent_sequence JSON NOT NULL,  -- kinds of agents, in order
    variables      JSON,
    version        TEXT DEFAULT '1.0',
    is_active      BOOLEAN DEFAULT TRUE,
    usage_count    INTEGER DEFAULT 0,
    success_rate   REAL DEFAULT 0.0,
    created_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at     TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_workflow_templates_type ON workflow_templates (workflow_type);
CREATE INDEX idx_workflow_templates_active ON workflow_templates (is_active, usage_count DESC);

CREATE TABLE agent_configurations (
    id                  TEXT PRIMARY KEY,
    agent_type          TEXT NOT NULL,
    agent_id            TEXT NOT NULL,
    configuration       JSON NOT NULL,
    capabilities        JSON,
    max_workload        INTEGER DEFAULT 5,
    current_workload    INTEGER DEFAULT 0,
    status              TEXT DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'busy', 'error')),
    last_heartbeat      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    performance_metrics JSON,
    created_at          TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at          TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (agent_type, agent_id)
);
CREATE INDEX idx_agent_configurations_type_status ON agent_configurations (agent_type, status);
CREATE INDEX idx_agent_configurations_workload ON agent_configurations (current_workload, max_workload);

CREATE TABLE schema_migrations (
    version           TEXT PRIMARY KEY,  -- sorts as text: 1.10.0 before 1.9.0 (X4-13)
    applied_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    checksum          TEXT NOT NULL,
    description       TEXT,
    execution_time_ms INTEGER,
    success           BOOLEAN DEFAULT TRUE
);

CREATE TABLE workflow_progress (
    workflow_id       TEXT PRIMARY KEY,
    current_step      INTEGER DEFAULT 0,
    total_steps       INTEGER DEFAULT 0,
    progress_percent  INTEGER DEFAULT 0,
    status            TEXT DEFAULT 'pending',
    current_step_name TEXT,
    updated_at        TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE workflows (
    id               TEXT PRIMARY KEY,
    definition       JSON NOT NULL,
    status           TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'paused', 'restored')
    ),
    current_activity TEXT,
    created_at       TIMESTAMP NOT NULL,
    updated_at       TIMESTAMP NOT NULL,
    started_at       TIMESTAMP,
    completed_at     TIMESTAMP,
    error_message    TEXT
);

CREATE TABLE activities (
    id            TEXT PRIMARY KEY,
    workflow_id   TEXT NOT NULL REFERENCES workflows (id),
    name          TEXT NOT NULL,
    params        JSON,
    result        JSON,
    status        TEXT NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'running', 'completed', 'failed', 'cancelled')
    ),
    started_at    TIMESTAMP,
    completed_at  TIMESTAMP,
    retry_count   INTEGER DEFAULT 0,
    error_message TEXT
);

CREATE TABLE sagas (
    id           TEXT PRIMARY KEY,
    workflow_id  TEXT NOT NULL REFERENCES workflows (id),
    definition   JSON NOT NULL,
    status       TEXT NOT NULL DEFAULT 'pending',
    started_at   TIMESTAMP,
    completed_at TIMESTAMP
);

CREATE TABLE signals (
    id           TEXT PRIMARY KEY,
    workflow_id  TEXT NOT NULL REFERENCES workflows (id),
    name         TEXT NOT NULL,
    data         JSON,
    processed    BOOLEAN DEFAULT FALSE,
    created_at   TIMESTAMP NOT NULL,
    processed_at TIMESTAMP
);

CREATE TABLE checkpoints (
    id          TEXT PRIMARY KEY,
    workflow_id TEXT NOT NULL REFERENCES workflows (id),
    state       JSON NOT NULL,
    created_at  TIMESTAMP NOT NULL
);

CREATE TABLE issues (
    id          TEXT PRIMARY KEY,
    title       TEXT NOT NULL,
    description TEXT,
    type        TEXT,
    priority    INTEGER DEFAULT 2 CHECK (priority BETWEEN 0 AND 3),
    status      TEXT NOT NULL DEFAULT 'open' CHECK (
        status IN ('open', 'in_progress', 'blocked', 'closed', 'cancelled')
    ),
    assignee    TEXT,
    labels      JSON,
    parent_id   TEXT REFERENCES issues (id),
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    closed_at   TIMESTAMP
);

CREATE TABLE dependencies (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id  TEXT NOT NULL REFERENCES issues (id),
    child_id   TEXT NOT NULL REFERENCES issues (id),
    dep_type   TEXT DEFAULT 'blocks' CHECK (dep_type IN ('blocks', 'depends_on', 'relates_to', 'duplicates')),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (parent_id, child_id)
);

CREATE TABLE comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    issue_id   TEXT NOT NULL REFERENCES issues (id) ON DELETE CASCADE,
    author     TEXT,
    content    TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP
);
