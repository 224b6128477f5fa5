-- The OpenClaw PM dashboard's queries: of its documented tables, of the four that its code keeps (`…__real`), and of its
-- collections in MongoDB (`…__mongo`; a nested field has its dotted name).
-- users is named nowhere. Neither are config, configuration, payload, result, event_data, snapshot_data, content,
-- metadata, file names and paths, Tailscale's nodes, keys and addresses, the ids and data of sessions, permissions, and
-- currentTasks, whose entries may hold anything.
-- Ids are 32 hex digits in some tables and UUIDs in others (X3-02): where two tables meet that may differ, ids are
-- compared in lower case and without dashes.

-- name: agents()
-- Where the same database tells of an agent's state in MongoDB's shape as well, the newer word counts (X3-14).
-- dialect: sqlite
-- needs: agents(id, name, type, status, version, last_heartbeat)
-- may: agents(capabilities, created_at, updated_at)
-- may: agent_tasks(agent_id, task_type, status, started_at)
-- may: agents_state(agentId, state.status, lastUpdated)
WITH stated AS (
    SELECT lower(replace(agentId, '-', '')) AS key, "state.status" AS status, lastUpdated AS at FROM agents_state
    WHERE "state.status" IS NOT NULL
), told AS (
    SELECT a.*, s.status AS other, s.at,
        s.at IS NOT NULL AND julianday(s.at) > coalesce(julianday(max(coalesce(a.updated_at, a.last_heartbeat),
            coalesce(a.last_heartbeat, a.updated_at))), 0) AS is_newer
    FROM agents AS a LEFT JOIN stated AS s ON s.key = lower(replace(a.id, '-', ''))
)
SELECT id, name, type AS role, CASE WHEN is_newer THEN other ELSE status END AS status,
    last_heartbeat AS heartbeat_at, CASE WHEN is_newer THEN at ELSE updated_at END AS updated_at, capabilities,
    (
        SELECT task_type FROM agent_tasks WHERE agent_id = told.id AND status = 'running'
        ORDER BY started_at DESC LIMIT 1
    ) AS current_task,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = told.id AND status IN ('pending', 'running')) AS workload,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = told.id AND status = 'completed') AS tasks_done,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = told.id AND status = 'failed') AS errors,
    version AS "extra.version", CASE WHEN is_newer THEN status ELSE other END AS "extra.other status",
    created_at AS "extra.registered", 0 AS closed, coalesce(last_heartbeat, updated_at) AS changed
FROM told;

-- name: agents__mongo()
-- What agents keep in MongoDB; a session of an agent that is active is a sign of life too.
-- dialect: sqlite
-- needs: agents_state(agentId)
-- may: agents_state(agentType, state.status, state.performance.tasksCompleted, state.performance.averageResponseTime, state.performance.errorRate, state.performance.uptime, state.tailscale.connectivity, state.tailscale.lastSeen, lastUpdated, version)
-- may: sessions(agentId, isActive, connectionInfo.lastActivity)
WITH connected AS (
    SELECT agentId AS agent, count(*) AS number, max("connectionInfo.lastActivity") AS heard_at FROM sessions
    WHERE isActive = 1 AND agentId IS NOT NULL GROUP BY agentId
)
SELECT a.agentId AS id, a.agentId AS name, a.agentType AS role, coalesce(a."state.status", 'inactive') AS status,
    nullif(max(coalesce(a.lastUpdated, ''), coalesce(a."state.tailscale.lastSeen", ''), coalesce(c.heard_at, '')), '')
        AS heartbeat_at,
    a.lastUpdated AS updated_at, a."state.performance.tasksCompleted" AS tasks_done,
    a."state.performance.errorRate" AS "extra.error rate",
    a."state.performance.averageResponseTime" AS "extra.response time", a."state.performance.uptime" AS "extra.uptime",
    a."state.tailscale.connectivity" AS "extra.connection", c.number AS "extra.sessions", a.version AS "extra.version",
    0 AS closed, a.lastUpdated AS changed
FROM agents_state AS a LEFT JOIN connected AS c ON c.agent = a.agentId;

-- name: agents__postgres()
-- As the documented ones in SQLite; there is nothing of MongoDB beside them.
-- dialect: postgres
-- needs: agents(id, name, type, status, version, last_heartbeat)
-- may: agents(capabilities, created_at, updated_at)
-- may: agent_tasks(agent_id, task_type, status, started_at)
SELECT CAST(a.id AS text) AS id, a.name, a.type AS role, a.status, a.last_heartbeat AS heartbeat_at, a.updated_at,
    a.capabilities,
    (
        SELECT task_type FROM agent_tasks WHERE agent_id = a.id AND status = 'running' ORDER BY started_at DESC LIMIT 1
    ) AS current_task,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = a.id AND status IN ('pending', 'running')) AS workload,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = a.id AND status = 'completed') AS tasks_done,
    (SELECT count(*) FROM agent_tasks WHERE agent_id = a.id AND status = 'failed') AS errors,
    a.version AS "extra.version", a.created_at AS "extra.registered", 0 AS closed,
    coalesce(a.last_heartbeat, a.updated_at) AS changed
FROM agents AS a;

-- name: agents__real()
-- The status of an agent whose socket is lost stays what it was (SIB-49): its last activity is its heartbeat. A task
-- that is kept whole in the agent's row is not read.
-- dialect: sqlite
-- needs: agents(id, name, type, status, last_activity)
-- may: agents(capabilities, current_task, tasks_completed, average_task_time, success_rate, last_task_completion_time, error_count, created_at, updated_at)
SELECT id, name, type AS role, status, last_activity AS heartbeat_at, updated_at, capabilities,
    CASE WHEN current_task NOT LIKE '{%' THEN current_task END AS current_task, tasks_completed AS tasks_done,
    success_rate, error_count AS errors, average_task_time AS "extra.time per task",
    last_task_completion_time AS "extra.last task ended", created_at AS "extra.registered", 0 AS closed,
    coalesce(last_activity, updated_at) AS changed
FROM agents;

-- name: tasks()
-- Assignee and creator are people (003-023), told by their ids. What is deleted softly is left out.
-- needs: tasks(id, project_id, title, status, priority, order_index, deleted_at)
-- may: tasks(parent_task_id, description, assignee_id, creator_id, estimated_hours, actual_hours, deadline, completed_at, progress, created_at, updated_at)
-- may: comments(commentable_type, commentable_id, deleted_at), attachments(attachable_type, attachable_id, deleted_at)
WITH commented AS MATERIALIZED (
    SELECT lower(replace(CAST(commentable_id AS text), '-', '')) AS key, count(*) AS number FROM comments
    WHERE lower(commentable_type) = 'task' AND deleted_at IS NULL GROUP BY 1
), attached AS MATERIALIZED (
    SELECT lower(replace(CAST(attachable_id AS text), '-', '')) AS key, count(*) AS number FROM attachments
    WHERE lower(attachable_type) = 'task' AND deleted_at IS NULL GROUP BY 1
)
SELECT CAST(t.id AS text) AS id, t.title, t.description, t.status, t.priority,
    CAST(t.assignee_id AS text) AS assigned_to, CAST(t.creator_id AS text) AS created_by, t.created_at, t.updated_at,
    t.estimated_hours, t.actual_hours, coalesce((
        SELECT number FROM commented WHERE key = lower(replace(CAST(t.id AS text), '-', ''))
    ), 0) AS comments,
    CAST(t.project_id AS text) AS "extra.project", CAST(t.parent_task_id AS text) AS "extra.parent",
    t.progress AS "extra.progress", t.order_index AS "extra.order", t.deadline AS "extra.deadline",
    t.completed_at AS "extra.completed", (
        SELECT number FROM attached WHERE key = lower(replace(CAST(t.id AS text), '-', ''))
    ) AS "extra.attachments",
    CASE WHEN t.status IN ('completed', 'cancelled') THEN 1 ELSE 0 END AS closed, t.updated_at AS changed
FROM tasks AS t WHERE t.deleted_at IS NULL;

-- name: tasks__real()
-- Dependencies stand in the task itself; the unit of its durations is told nowhere.
-- needs: tasks(id, title, status, priority, assigned_agent_id)
-- may: tasks(project_id, description, dependencies, estimated_duration, actual_duration, started_at, completed_at, due_date, created_at, updated_at)
SELECT id, title, description, status, priority, assigned_agent_id AS assigned_to, created_at, updated_at, dependencies,
    project_id AS "extra.project", estimated_duration AS "extra.estimated", actual_duration AS "extra.took",
    started_at AS "extra.started", completed_at AS "extra.completed", due_date AS "extra.deadline",
    CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, updated_at AS changed
FROM tasks;

-- name: dependencies()
-- Told by the ids that tasks has.
-- needs: task_dependencies(id, task_id, depends_on_id, dependency_type), tasks(id)
-- may: task_dependencies(lag_hours, created_at)
WITH known AS (
    SELECT CAST(id AS text) AS id, lower(replace(CAST(id AS text), '-', '')) AS key FROM tasks
)
SELECT CAST(d.id AS text) AS id, coalesce(t.id, CAST(d.task_id AS text)) AS task_id,
    coalesce(o.id, CAST(d.depends_on_id AS text)) AS depends_on, d.dependency_type AS kind, d.lag_hours, 0 AS closed,
    d.created_at AS changed
FROM task_dependencies AS d
    LEFT JOIN known AS t ON t.key = lower(replace(CAST(d.task_id AS text), '-', ''))
    LEFT JOIN known AS o ON o.key = lower(replace(CAST(d.depends_on_id AS text), '-', ''));

-- name: queue()
-- Each agent has a queue of its own.
-- needs: agent_tasks(id, agent_id, task_type, status, created_at, started_at, completed_at), agents(id, name)
-- may: agent_tasks(priority, error_message, retry_count, max_retries, expires_at)
SELECT CAST(q.id AS text) AS id, coalesce(a.name, CAST(q.agent_id AS text)) AS queue,
    CAST(q.agent_id AS text) AS agent_id, q.status, q.priority, q.retry_count AS attempts,
    q.max_retries AS max_attempts, q.created_at AS enqueued_at, q.started_at AS claimed_at,
    q.completed_at AS ended_at, q.expires_at, q.error_message AS error, q.task_type AS "extra.type",
    CASE WHEN q.status IN ('pending', 'running') THEN 0 ELSE 1 END AS closed,
    coalesce(q.completed_at, q.started_at, q.created_at) AS changed
FROM agent_tasks AS q LEFT JOIN agents AS a ON a.id = q.agent_id;

-- name: queue__mongo()
-- Messages to be delivered: to a channel, or to one agent or client. MongoDB itself removes what has expired.
-- dialect: sqlite
-- needs: message_queue(messageId, status)
-- may: message_queue(type, source, target, channel, priority, attempts, maxAttempts, scheduledAt, processedAt, expiresAt, error)
SELECT messageId AS id, coalesce(channel, target) AS queue, target AS agent_id, status, priority, attempts,
    maxAttempts AS max_attempts, scheduledAt AS enqueued_at, scheduledAt AS delay_until,
    CASE WHEN status = 'processing' THEN processedAt END AS claimed_at,
    CASE WHEN status IN ('completed', 'failed') THEN processedAt END AS ended_at, expiresAt AS expires_at, error,
    type AS "extra.type", source AS "extra.source",
    CASE WHEN status IN ('completed', 'failed') THEN 1 ELSE 0 END AS closed,
    coalesce(processedAt, scheduledAt) AS changed
FROM message_queue;

-- name: events()
-- What happened to which aggregate, and its version after that; what it says is not read. The author is an agent, or
-- somebody.
-- needs: events(id, event_type, aggregate_type, aggregate_id, version, created_at)
-- may: events(created_by_id, created_by_agent_id), agents(id, name)
SELECT CAST(e.id AS text) AS id, e.created_at AS at, e.event_type AS kind,
    coalesce(a.name, CAST(e.created_by_agent_id AS text),
        CASE WHEN e.created_by_id IS NOT NULL THEN 'user ' || CAST(e.created_by_id AS text) END) AS source,
    e.aggregate_type || ' ' || CAST(e.aggregate_id AS text) || ', version ' || CAST(e.version AS text) AS text,
    1 AS closed, e.created_at AS changed
FROM events AS e LEFT JOIN agents AS a ON a.id = e.created_by_agent_id;

-- name: messages__real()
-- needs: communications(id, from_agent_id, to_agent_id, type, message, timestamp)
-- may: communications(read, project_id, task_id), agents(id, name)
SELECT m.id, m.timestamp AS at, m.project_id AS conversation, coalesce(f.name, m.from_agent_id) AS sender,
    CASE WHEN f.id IS NOT NULL THEN 'agent' END AS sender_kind, coalesce(t.name, m.to_agent_id) AS receiver,
    m.type AS kind, m.message AS text, m.task_id, m.read AS is_read, 1 AS closed, m.timestamp AS changed
FROM communications AS m LEFT JOIN agents AS f ON f.id = m.from_agent_id LEFT JOIN agents AS t ON t.id = m.to_agent_id;

-- name: projects()
-- With the numbers of the documents' view (003-124), which would be up to five minutes old: rows that are deleted softly
-- are left out of them.
-- needs: projects(id, name, status, priority, deleted_at, updated_at), tasks(id, project_id, status, progress, deleted_at, updated_at)
-- may: projects(team_id, start_date, end_date, budget, actual_cost, progress, gsd_compliant, created_at)
-- may: teams(id, name, deleted_at), team_members(team_id), comments(commentable_type, commentable_id, deleted_at)
WITH counted AS (
    SELECT project_id, count(*) AS tasks, sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS done,
        avg(progress) AS average, max(updated_at) AS at
    FROM tasks WHERE deleted_at IS NULL GROUP BY project_id
), teamed AS (
    SELECT lower(replace(CAST(t.id AS text), '-', '')) AS key, t.name, (
        SELECT count(*) FROM team_members AS m WHERE m.team_id = t.id
    ) AS members
    FROM teams AS t WHERE t.deleted_at IS NULL
), commented AS (
    SELECT lower(replace(CAST(commentable_id AS text), '-', '')) AS key, count(*) AS number FROM comments
    WHERE lower(commentable_type) = 'project' AND deleted_at IS NULL GROUP BY 1
)
SELECT CAST(p.id AS text) AS id, p.name, p.status, p.priority, p.progress, coalesce(c.tasks, 0) AS tasks,
    coalesce(c.done, 0) AS tasks_done, c.average AS average_progress, p.start_date AS starts_at, p.end_date AS ends_at,
    p.updated_at, p.budget, p.actual_cost AS cost, t.name AS "extra.team", t.members AS "extra.members",
    m.number AS "extra.comments", CASE WHEN p.gsd_compliant = 1 THEN 'yes' END AS "extra.GSD",
    p.created_at AS "extra.created",
    CASE WHEN p.status IN ('completed', 'cancelled', 'archived') THEN 1 ELSE 0 END AS closed,
    CASE WHEN c.at > p.updated_at THEN c.at ELSE p.updated_at END AS changed
FROM projects AS p LEFT JOIN counted AS c ON c.project_id = p.id
    LEFT JOIN teamed AS t ON t.key = lower(replace(CAST(p.team_id AS text), '-', ''))
    LEFT JOIN commented AS m ON m.key = lower(replace(CAST(p.id AS text), '-', ''))
WHERE p.deleted_at IS NULL;

-- name: projects__real()
-- The code's tasks have no progress of their own: there is no average of it.
-- needs: projects(id, name, status, priority, progress, updated_at), tasks(id, project_id, status, updated_at)
-- may: projects(assigned_agents, start_date, due_date, completed_date)
WITH counted AS (
    SELECT project_id, count(*) AS tasks, sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS done,
        max(updated_at) AS at
    FROM tasks GROUP BY project_id
)
SELECT p.id, p.name, p.status, p.priority, p.progress, coalesce(c.tasks, 0) AS tasks, coalesce(c.done, 0) AS tasks_done,
    p.start_date AS starts_at, p.due_date AS ends_at, p.updated_at, p.assigned_agents AS "extra.agents",
    p.completed_date AS "extra.completed", CASE WHEN p.status IN ('completed', 'cancelled', 'archived') THEN 1 ELSE 0 END
        AS closed,
    CASE WHEN c.at > p.updated_at THEN c.at ELSE p.updated_at END AS changed
FROM projects AS p LEFT JOIN counted AS c ON c.project_id = p.id;

-- name: documents()
-- The newest snapshot of each aggregate, and how many events came after it (003-076).
-- needs: event_snapshots(aggregate_type, aggregate_id, version, created_at)
-- may: events(aggregate_type, aggregate_id, version)
WITH newest AS (
    SELECT aggregate_type, aggregate_id, max(version) AS version, count(*) AS number, max(created_at) AS at
    FROM event_snapshots GROUP BY aggregate_type, aggregate_id
)
SELECT n.aggregate_type || ' ' || CAST(n.aggregate_id AS text) AS id,
    n.aggregate_type || ' ' || CAST(n.aggregate_id AS text) AS title, 'snapshot' AS kind, n.version, n.at AS updated_at,
    n.number AS "extra.snapshots",
    (
        SELECT count(*) FROM events AS e
        WHERE e.aggregate_type = n.aggregate_type AND e.aggregate_id = n.aggregate_id AND e.version > n.version
    ) AS "extra.events since",
    0 AS closed, n.at AS changed
FROM newest AS n;

-- name: documents__mongo()
-- dialect: sqlite
-- needs: project_documents(_id, title)
-- may: project_documents(projectId, documentType, version, tags, tailscaleAccess.accessLevel, createdAt, updatedAt, isDeleted)
SELECT _id AS id, title, documentType AS kind, version, coalesce(updatedAt, createdAt) AS updated_at,
    projectId AS "extra.project", tags AS "extra.tags", "tailscaleAccess.accessLevel" AS "extra.access",
    createdAt AS "extra.created", 0 AS closed, coalesce(updatedAt, createdAt) AS changed
FROM project_documents WHERE coalesce(isDeleted, 0) = 0;
