-- AgentVine's queries: of its documented tables, and (`…__real`) of the six that its code makes.
-- users is named nowhere. Neither are payload, result, context, metadata, config, settings, metrics, stdout_log,
-- stderr_log, output, content, file names and paths, nor the session's own id. An address of a repository may hold a
-- token in front of an @ or behind a question mark: such a one is not read.

-- name: agents()
-- Capabilities stand in a column and in a table (X2-07): both are told, those of the table with their level. What a
-- worker holds is an active assignment's task, else one in progress that is assigned to it (X2-08).
-- dialect: sqlite
-- needs: workers(id, name, worker_type, status)
-- may: workers(version, max_concurrent_tasks, timeout_seconds, context_window_size, capabilities, last_heartbeat_at, created_at, updated_at)
-- may: worker_capabilities(worker_id, capability_name, capability_level)
-- may: worker_assignments(worker_id, work_order_id, status, assigned_at), work_orders(id, task_id)
-- may: tasks(id, assigned_to, status, started_at), executions(worker_id, status)
WITH held AS MATERIALIZED (
    SELECT a.worker_id, o.task_id AS task_id, a.assigned_at AS at, 1 AS place
    FROM worker_assignments AS a JOIN work_orders AS o ON o.id = a.work_order_id WHERE a.status = 'active'
    UNION ALL
    SELECT assigned_to, id, started_at, 2 FROM tasks WHERE status = 'in_progress' AND assigned_to IS NOT NULL
), run AS MATERIALIZED (
    SELECT worker_id, sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS done,
        sum(CASE WHEN status IN ('failed', 'timeout') THEN 1 ELSE 0 END) AS failed
    FROM executions GROUP BY worker_id
)
SELECT w.id, w.name, 'claude-code' AS kind, w.worker_type AS role, w.status, w.last_heartbeat_at AS heartbeat_at,
    w.updated_at,
    (SELECT task_id FROM held WHERE worker_id = w.id ORDER BY place, at DESC LIMIT 1) AS current_task,
    (SELECT count(DISTINCT task_id) FROM held WHERE worker_id = w.id) AS workload,
    w.max_concurrent_tasks AS capacity,
    (
        SELECT json_group_array(told) FROM (
            SELECT capability_name || coalesce(' (' || capability_level || ')', '') AS told FROM worker_capabilities
            WHERE worker_id = w.id
            UNION ALL
            SELECT c.value FROM json_each(
                CASE WHEN json_valid(w.capabilities) AND json_type(w.capabilities) = 'array' THEN w.capabilities ELSE '[]' END
            ) AS c
            WHERE c.type = 'text' AND NOT EXISTS (
                SELECT 1 FROM worker_capabilities AS same
                WHERE same.worker_id = w.id AND lower(same.capability_name) = lower(c.value)
            )
            ORDER BY 1
        )
    ) AS capabilities,
    coalesce((SELECT done FROM run WHERE worker_id = w.id), 0) AS tasks_done,
    coalesce((SELECT failed FROM run WHERE worker_id = w.id), 0) AS errors,
    w.timeout_seconds, w.context_window_size AS context_size, w.version AS "extra.version",
    w.created_at AS "extra.registered", 0 AS closed, coalesce(w.last_heartbeat_at, w.updated_at) AS changed
FROM workers AS w;

-- name: agents__postgres()
-- The same, where a JSON column is never anything else.
-- dialect: postgres
-- needs: workers(id, name, worker_type, status)
-- may: workers(version, max_concurrent_tasks, timeout_seconds, context_window_size, capabilities, last_heartbeat_at, created_at, updated_at)
-- may: worker_capabilities(worker_id, capability_name, capability_level)
-- may: worker_assignments(worker_id, work_order_id, status, assigned_at), work_orders(id, task_id)
-- may: tasks(id, assigned_to, status, started_at), executions(worker_id, status)
WITH held AS MATERIALIZED (
    SELECT a.worker_id, CAST(o.task_id AS text) AS task_id, a.assigned_at AS at, 1 AS place
    FROM worker_assignments AS a JOIN work_orders AS o ON o.id = a.work_order_id WHERE a.status = 'active'
    UNION ALL
    SELECT assigned_to, CAST(id AS text), started_at, 2 FROM tasks WHERE status = 'in_progress' AND assigned_to IS NOT NULL
), run AS MATERIALIZED (
    SELECT worker_id, sum(CASE WHEN status = 'completed' THEN 1 ELSE 0 END) AS done,
        sum(CASE WHEN status IN ('failed', 'timeout') THEN 1 ELSE 0 END) AS failed
    FROM executions GROUP BY worker_id
)
SELECT CAST(w.id AS text) AS id, w.name, 'claude-code' AS kind, w.worker_type AS role, w.status,
    w.last_heartbeat_at AS heartbeat_at, w.updated_at,
    (SELECT task_id FROM held WHERE worker_id = w.id ORDER BY place, at DESC LIMIT 1) AS current_task,
    (SELECT count(DISTINCT task_id) FROM held WHERE worker_id = w.id) AS workload,
    w.max_concurrent_tasks AS capacity,
    (
        SELECT json_agg(told ORDER BY told) FROM (
            SELECT capability_name || coalesce(' (' || capability_level || ')', '') AS told FROM worker_capabilities
            WHERE worker_id = w.id
            UNION ALL
            SELECT c.value #>> '{}' FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(CAST(w.capabilities AS jsonb)) = 'array' THEN CAST(w.capabilities AS jsonb)
                    ELSE CAST('[]' AS jsonb) END
            ) AS c
            WHERE jsonb_typeof(c.value) = 'string' AND NOT EXISTS (
                SELECT 1 FROM worker_capabilities AS same
                WHERE same.worker_id = w.id
                    AND lower(same.capability_name) = lower(c.value #>> '{}')
            )
        ) AS every
    ) AS capabilities,
    coalesce((SELECT done FROM run WHERE worker_id = w.id), 0) AS tasks_done,
    coalesce((SELECT failed FROM run WHERE worker_id = w.id), 0) AS errors,
    w.timeout_seconds, w.context_window_size AS context_size, w.version AS "extra.version",
    w.created_at AS "extra.registered", 0 AS closed, coalesce(w.last_heartbeat_at, w.updated_at) AS changed
FROM workers AS w;

-- name: agents__real()
-- A worker says nothing while it executes (SIB-43). One that says IDLE has the word of its session while that is active
-- and its task in progress; what happens in a session counts as heard of the worker.
-- needs: workers(id, name, status, last_heartbeat_at, updated_at)
-- may: sessions(worker_id, task_id, status, last_activity_at), tasks(id, status)
WITH held AS (
    SELECT s.worker_id, s.task_id, s.last_activity_at AS heard_at, t.status AS task_status,
        row_number() OVER (
            PARTITION BY s.worker_id
            ORDER BY CASE WHEN CAST(t.status AS text) = 'IN_PROGRESS' THEN 0 ELSE 1 END, s.last_activity_at DESC
        ) AS place
    FROM sessions AS s LEFT JOIN tasks AS t ON t.id = s.task_id WHERE CAST(s.status AS text) = 'ACTIVE'
)
SELECT CAST(w.id AS text) AS id, w.name, 'claude-code' AS kind,
    CASE WHEN CAST(w.status AS text) = 'IDLE' AND CAST(h.task_status AS text) = 'IN_PROGRESS' THEN 'ACTIVE'
        ELSE CAST(w.status AS text) END AS status,
    CASE WHEN CAST(h.task_status AS text) = 'IN_PROGRESS' THEN CAST(h.task_id AS text) END AS current_task,
    CASE WHEN w.last_heartbeat_at IS NULL OR h.heard_at > w.last_heartbeat_at
        THEN coalesce(h.heard_at, w.last_heartbeat_at) ELSE w.last_heartbeat_at END AS heartbeat_at,
    w.updated_at, w.status AS "extra.worker", 0 AS closed, w.updated_at AS changed
FROM workers AS w LEFT JOIN held AS h ON h.worker_id = w.id AND h.place = 1;

-- name: tasks()
-- Who works on a task stands in the task and in the assignments of its orders (X2-08): the task's own word counts, and
-- another one is told beside it.
-- needs: tasks(id, title, task_type, permission_level, priority, status)
-- may: tasks(description, repository_url, branch_name, issue_number, pr_number, created_by, assigned_to, parent_task_id, created_at, updated_at, started_at, completed_at)
-- may: work_orders(id, task_id), worker_assignments(worker_id, work_order_id, status)
WITH given AS MATERIALIZED (
    SELECT o.task_id, max(CAST(a.worker_id AS text)) AS worker_id
    FROM worker_assignments AS a JOIN work_orders AS o ON o.id = a.work_order_id
    WHERE a.status = 'active' GROUP BY o.task_id
)
SELECT CAST(t.id AS text) AS id, t.title, t.description, t.status, t.priority,
    coalesce(
        CAST(t.assigned_to AS text), (SELECT worker_id FROM given WHERE task_id = t.id)
    ) AS assigned_to, CAST(t.created_by AS text) AS created_by,
    t.created_at, t.updated_at, t.task_type AS "extra.type", t.permission_level AS "extra.permission",
    CAST(t.parent_task_id AS text) AS "extra.parent", t.branch_name AS "extra.branch",
    CASE WHEN t.repository_url NOT LIKE '%@%' AND t.repository_url NOT LIKE '%?%' THEN t.repository_url END
        AS "extra.repository",
    t.issue_number AS "extra.issue", t.pr_number AS "extra.pull request",
    (SELECT worker_id FROM given WHERE task_id = t.id AND worker_id <> CAST(t.assigned_to AS text))
        AS "extra.assignment",
    t.started_at AS "extra.started", t.completed_at AS "extra.completed",
    CASE WHEN t.status IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, t.updated_at AS changed
FROM tasks AS t;

-- name: tasks__real()
-- The worker is that of the task's session, else of its order.
-- needs: tasks(id, title, task_type, status, priority, created_at, updated_at)
-- may: tasks(description, repository_url, branch_name, completed_at)
-- may: sessions(worker_id, task_id, status), work_orders(worker_id, task_id)
WITH given AS (
    SELECT task_id, max(CASE WHEN CAST(status AS text) <> 'TERMINATED' THEN CAST(worker_id AS text) END) AS now,
        max(CAST(worker_id AS text)) AS before
    FROM sessions WHERE task_id IS NOT NULL GROUP BY task_id
), ordered AS (
    SELECT task_id, max(CAST(worker_id AS text)) AS worker_id FROM work_orders GROUP BY task_id
)
SELECT CAST(t.id AS text) AS id, t.title, t.description, t.status, t.priority,
    coalesce(g.now, g.before, o.worker_id) AS assigned_to, t.created_at, t.updated_at, t.task_type AS "extra.type",
    t.branch_name AS "extra.branch",
    CASE WHEN t.repository_url NOT LIKE '%@%' AND t.repository_url NOT LIKE '%?%' THEN t.repository_url END
        AS "extra.repository",
    t.completed_at AS "extra.completed",
    CASE WHEN CAST(t.status AS text) IN ('COMPLETED', 'FAILED', 'CANCELLED') THEN 1 ELSE 0 END AS closed,
    t.updated_at AS changed
FROM tasks AS t LEFT JOIN given AS g ON g.task_id = t.id LEFT JOIN ordered AS o ON o.task_id = t.id;

-- name: dependencies()
-- needs: task_dependencies(id, task_id, depends_on_task_id, dependency_type)
-- may: task_dependencies(created_at)
SELECT CAST(id AS text) AS id, CAST(task_id AS text) AS task_id, CAST(depends_on_task_id AS text) AS depends_on,
    dependency_type AS kind, 0 AS closed, created_at AS changed
FROM task_dependencies;

-- name: queue()
-- Orders, with their task's priority, for they have none of their own. One that is still open past its expiry is told as
-- it is: who sweeps the queue stands nowhere.
-- needs: work_orders(id, task_id, queue_name, status, enqueued_at, claimed_at, completed_at)
-- may: work_orders(error_message, retry_count, max_retries, timeout_seconds, expires_at)
-- may: tasks(id, priority), worker_assignments(worker_id, work_order_id, status)
WITH given AS (
    SELECT work_order_id, max(CASE WHEN status = 'active' THEN CAST(worker_id AS text) END) AS now,
        max(CAST(worker_id AS text)) AS before
    FROM worker_assignments GROUP BY work_order_id
)
SELECT CAST(o.id AS text) AS id, o.queue_name AS queue, CAST(o.task_id AS text) AS task_id,
    coalesce(g.now, g.before) AS agent_id, o.status, t.priority, o.retry_count AS attempts,
    o.max_retries AS max_attempts, o.enqueued_at, o.claimed_at, o.completed_at AS ended_at, o.expires_at,
    o.timeout_seconds, o.error_message AS error,
    CASE WHEN o.status IN ('pending', 'claimed') THEN 0 ELSE 1 END AS closed,
    coalesce(o.completed_at, o.claimed_at, o.enqueued_at) AS changed
FROM work_orders AS o LEFT JOIN tasks AS t ON t.id = o.task_id LEFT JOIN given AS g ON g.work_order_id = o.id;

-- name: queue__real()
-- Nothing ever sets an order past QUEUED (SIB-43): such a one has the word of its task, which is the live one. There is no
-- name of a queue; those of Redis are not read.
-- needs: work_orders(id, task_id, status, priority, enqueued_at), tasks(id, status)
-- may: work_orders(worker_id, retry_count, claimed_at, completed_at)
WITH told AS (
    SELECT o.*, CASE WHEN CAST(o.status AS text) = 'QUEUED' THEN coalesce(CAST(t.status AS text), 'QUEUED')
        ELSE CAST(o.status AS text) END AS word
    FROM work_orders AS o LEFT JOIN tasks AS t ON t.id = o.task_id
)
SELECT CAST(id AS text) AS id, 'work orders' AS queue, CAST(task_id AS text) AS task_id,
    CAST(worker_id AS text) AS agent_id, word AS status, priority, retry_count AS attempts, enqueued_at, claimed_at,
    completed_at AS ended_at, status AS "extra.order",
    CASE WHEN word IN ('COMPLETED', 'FAILED', 'CANCELLED') THEN 1 ELSE 0 END AS closed, enqueued_at AS changed
FROM told;

-- name: executions()
-- Named by their task; the time limit is their worker's. The code inserts none (SIB-43), its words would be in upper case.
-- needs: executions(id, task_id, worker_id, status, started_at, completed_at)
-- may: executions(exit_code, duration_seconds), tasks(id, title), workers(id, name, timeout_seconds)
SELECT CAST(e.id AS text) AS id, t.title AS name, CAST(e.task_id AS text) AS task_id,
    CAST(e.worker_id AS text) AS agent_id, e.status, e.exit_code, e.started_at, e.completed_at AS ended_at,
    e.duration_seconds, w.timeout_seconds, w.name AS "extra.worker",
    CASE WHEN lower(CAST(e.status AS text)) IN ('completed', 'failed', 'timeout', 'cancelled') THEN 1 ELSE 0 END
        AS closed,
    coalesce(e.completed_at, e.started_at) AS changed
FROM executions AS e LEFT JOIN tasks AS t ON t.id = e.task_id LEFT JOIN workers AS w ON w.id = e.worker_id;

-- name: assignments()
-- An assignment is to an order; its task is the order's.
-- needs: worker_assignments(id, worker_id, work_order_id, status, assigned_at, completed_at)
-- may: work_orders(id, task_id, queue_name, claimed_at), workers(id, worker_type)
SELECT CAST(a.id AS text) AS id, CAST(a.worker_id AS text) AS agent_id, w.worker_type AS agent_kind,
    CAST(o.task_id AS text) AS task_id, a.status, a.assigned_at, o.claimed_at AS started_at,
    a.completed_at AS ended_at, CAST(a.work_order_id AS text) AS "extra.order", o.queue_name AS "extra.queue",
    CASE WHEN a.status = 'active' THEN 0 ELSE 1 END AS closed, coalesce(a.completed_at, a.assigned_at) AS changed
FROM worker_assignments AS a LEFT JOIN work_orders AS o ON o.id = a.work_order_id
    LEFT JOIN workers AS w ON w.id = a.worker_id;

-- name: logs()
-- needs: execution_logs(id, execution_id, level, message, logged_at)
SELECT id, logged_at AS at, level, CAST(execution_id AS text) AS subject, message AS text, id AS changed
FROM execution_logs;

-- name: messages()
-- A question of a worker (in the code: a request) waits until a message is written below it (002-080). The sender's id
-- may be a worker's, a user's, a controller's or none (X2-11): only a worker's is made a name.
-- needs: chat_messages(id, conversation_id, sender_type, message, message_type, parent_message_id, created_at)
-- may: chat_messages(sender_id), chat_attachments(message_id), workers(id, name)
WITH answered AS (
    SELECT parent_message_id AS id, max(created_at) AS at FROM chat_messages
    WHERE parent_message_id IS NOT NULL GROUP BY parent_message_id
), attached AS (
    SELECT CAST(message_id AS text) AS id, count(*) AS number FROM chat_attachments GROUP BY message_id
), named AS (
    SELECT CAST(id AS text) AS id, name FROM workers
), told AS (
    SELECT m.*, w.name, f.number, a.at AS answered_at,
        CASE WHEN lower(CAST(m.message_type AS text)) IN ('question', 'request')
            AND lower(CAST(m.sender_type AS text)) = 'worker' AND a.at IS NULL THEN 1 ELSE 0 END AS waits
    FROM chat_messages AS m LEFT JOIN answered AS a ON a.id = m.id
        LEFT JOIN attached AS f ON f.id = CAST(m.id AS text)
        LEFT JOIN named AS w ON w.id = CAST(m.sender_id AS text) AND lower(CAST(m.sender_type AS text)) = 'worker'
)
SELECT CAST(id AS text) AS id, created_at AS at, CAST(conversation_id AS text) AS conversation,
    coalesce(name, CAST(sender_id AS text)) AS sender, sender_type AS sender_kind, message_type AS kind,
    message AS text, CAST(parent_message_id AS text) AS parent_id, waits AS is_question,
    coalesce(number, 0) AS attachments, 1 - waits AS closed, coalesce(answered_at, created_at) AS changed
FROM told;

-- name: documents()
-- needs: context_documents(id, title, document_type)
-- may: context_documents(repository_url, tags, version, created_at, updated_at)
SELECT CAST(id AS text) AS id, title, document_type AS kind, version, updated_at, tags AS "extra.tags",
    CASE WHEN repository_url NOT LIKE '%@%' AND repository_url NOT LIKE '%?%' THEN repository_url END
        AS "extra.repository",
    created_at AS "extra.created", 0 AS closed, updated_at AS changed
FROM context_documents;
