-- Tempolite's queries: of its branch v1, of its branch context (`…__context`), and of the JSON dump (`…__dump`).
-- Inputs, outputs, values, definitions and stack traces are named nowhere.

-- name: queue()
-- Workflows that wait or run, by queue.
-- needs: workflow_entities(id, handler_name, status, queue_entities), queues(id, name)
-- may: workflow_entities(created_at, updated_at)
SELECT w.id, q.name AS queue, CAST(w.id AS text) AS task_id, w.status, w.created_at AS enqueued_at,
    w.handler_name AS "extra.workflow",
    CASE WHEN lower(w.status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, w.updated_at AS changed
FROM workflow_entities AS w JOIN queues AS q ON q.id = w.queue_entities;

-- name: queue__context()
-- needs: workflows(id, handler_name, status, queue_name, is_paused)
-- may: workflows(created_at)
SELECT id, queue_name AS queue, id AS task_id, status, created_at AS enqueued_at, handler_name AS "extra.workflow",
    CASE WHEN lower(status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, created_at AS changed
FROM workflows;

-- name: queue__dump()
-- needs: WorkflowEntities(ID, HandlerName, Status, QueueID)
-- may: WorkflowEntities(CreatedAt, UpdatedAt), Queues(ID, Name)
SELECT w.ID AS id, coalesce(q.Name, CAST(w.QueueID AS text)) AS queue, CAST(w.ID AS text) AS task_id, w.Status AS status,
    w.CreatedAt AS enqueued_at, w.HandlerName AS "extra.workflow",
    CASE WHEN lower(w.Status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, w.UpdatedAt AS changed
FROM WorkflowEntities AS w LEFT JOIN Queues AS q ON q.ID = w.QueueID;

-- name: executions()
-- Every execution of a workflow, an activity, a saga, a side effect or a signal, with the attempts that its entity counts.
-- needs: workflow_entities(id, handler_name), workflow_executions(id, status, workflow_entity_id)
-- may: workflow_entities(retry_state), workflow_executions(started_at, completed_at, error, updated_at)
-- may: activity_entities(id, handler_name, retry_state, workflow_entity_activity_children)
-- may: activity_executions(id, started_at, completed_at, status, error, updated_at, activity_entity_id)
-- may: saga_entities(id, handler_name, retry_state, workflow_entity_saga_children)
-- may: saga_executions(id, execution_type, started_at, completed_at, status, error, updated_at, saga_entity_id)
-- may: side_effect_entities(id, handler_name, retry_state, workflow_entity_side_effect_children)
-- may: side_effect_executions(id, started_at, completed_at, status, error, updated_at, side_effect_entity_id)
-- may: signal_entities(id, handler_name, step_id, retry_state), hierarchies(parent_entity_id, child_entity_id, child_type)
-- may: signal_executions(id, started_at, completed_at, status, error, updated_at, entity_id)
WITH signalled AS MATERIALIZED (
    SELECT child_entity_id AS id, min(CAST(parent_entity_id AS text)) AS workflow_id
    FROM hierarchies WHERE lower(child_type) = 'signal' GROUP BY child_entity_id
)
SELECT id, name, workflow_id, status, started_at, ended_at, error, kind AS "extra.kind",
    CASE WHEN json_valid(retries) THEN retries ->> 'attempts' END AS "extra.attempts",
    CASE WHEN lower(status) IN ('none', 'pending', 'queued', 'running', 'paused') THEN 0 ELSE 1 END AS closed, changed
FROM (
    SELECT 'workflow ' || x.id AS id, e.handler_name AS name, CAST(e.id AS text) AS workflow_id, x.status,
        x.started_at, x.completed_at AS ended_at, x.error, 'workflow' AS kind, e.retry_state AS retries,
        x.updated_at AS changed
    FROM workflow_executions AS x JOIN workflow_entities AS e ON e.id = x.workflow_entity_id
    UNION ALL
    SELECT 'activity ' || x.id, e.handler_name, CAST(e.workflow_entity_activity_children AS text), x.status,
        x.started_at, x.completed_at, x.error, 'activity', e.retry_state,
        x.updated_at
    FROM activity_executions AS x JOIN activity_entities AS e ON e.id = x.activity_entity_id
    UNION ALL
    SELECT 'saga ' || x.id, e.handler_name, CAST(e.workflow_entity_saga_children AS text), x.status,
        x.started_at, x.completed_at, x.error, 'saga ' || coalesce(x.execution_type, ''), e.retry_state,
        x.updated_at
    FROM saga_executions AS x JOIN saga_entities AS e ON e.id = x.saga_entity_id
    UNION ALL
    SELECT 'side effect ' || x.id, e.handler_name, CAST(e.workflow_entity_side_effect_children AS text), x.status,
        x.started_at, x.completed_at, x.error, 'side effect', e.retry_state,
        x.updated_at
    FROM side_effect_executions AS x JOIN side_effect_entities AS e ON e.id = x.side_effect_entity_id
    UNION ALL
    SELECT 'signal ' || x.id, coalesce(nullif(e.handler_name, ''), e.step_id), p.workflow_id, x.status,
        x.started_at, x.completed_at, x.error, 'signal', e.retry_state,
        x.updated_at
    FROM signal_executions AS x JOIN signal_entities AS e ON e.id = x.entity_id
        LEFT JOIN signalled AS p ON p.id = e.id
) AS every;

-- name: executions__context()
-- needs: workflows(id, handler_name), workflow_executions(id, status, workflow_executions)
-- may: workflow_executions(started_at, updated_at, error)
-- may: activities(id, handler_name), activity_executions(id, status, attempt, started_at, updated_at, error, activity_executions)
-- may: side_effects(id, handler_name), side_effect_executions(id, status, attempt, started_at, updated_at, error, side_effect_executions)
-- may: saga_executions(id, handler_name, step_type, status, started_at, completed_at, error, saga_steps)
-- may: signals(id, step_id), signal_executions(id, status, started_at, updated_at, error, signal_executions)
-- may: execution_relationships(parent_entity_id, child_entity_id)
WITH above AS MATERIALIZED (
    SELECT child_entity_id AS id, min(parent_entity_id) AS workflow_id FROM execution_relationships GROUP BY child_entity_id
)
SELECT id, name, workflow_id, status, started_at, CASE WHEN closed = 1 THEN ended_at END AS ended_at, error,
    kind AS "extra.kind", attempt AS "extra.attempt", closed, changed
FROM (
    SELECT *, CASE WHEN lower(status) IN ('pending', 'queued', 'running', 'paused') THEN 0 ELSE 1 END AS closed
    FROM (
        SELECT x.id, w.handler_name AS name, w.id AS workflow_id, x.status, x.started_at, x.updated_at AS ended_at, x.error,
            'workflow' AS kind, NULL AS attempt, x.updated_at AS changed
        FROM workflow_executions AS x JOIN workflows AS w ON w.id = x.workflow_executions
        UNION ALL
        SELECT x.id, a.handler_name, p.workflow_id, x.status, x.started_at, x.updated_at, x.error, 'activity', x.attempt, x.updated_at
        FROM activity_executions AS x JOIN activities AS a ON a.id = x.activity_executions
            LEFT JOIN above AS p ON p.id = a.id
        UNION ALL
        SELECT x.id, s.handler_name, p.workflow_id, x.status, x.started_at, x.updated_at, x.error, 'side effect', x.attempt, x.updated_at
        FROM side_effect_executions AS x JOIN side_effects AS s ON s.id = x.side_effect_executions
            LEFT JOIN above AS p ON p.id = s.id
        UNION ALL
        SELECT x.id, x.handler_name, p.workflow_id, x.status, x.started_at, x.completed_at, x.error, 'saga ' || lower(coalesce(x.step_type, '')), NULL,
            coalesce(x.completed_at, x.started_at)
        FROM saga_executions AS x LEFT JOIN above AS p ON p.id = x.saga_steps
        UNION ALL
        SELECT x.id, s.step_id, p.workflow_id, x.status, x.started_at, x.updated_at, x.error, 'signal', NULL, x.updated_at
        FROM signal_executions AS x JOIN signals AS s ON s.id = x.signal_executions
            LEFT JOIN above AS p ON p.id = s.id
    ) AS told
) AS every;

-- name: executions__dump()
-- needs: WorkflowEntities(ID, HandlerName), WorkflowExecutions(ID, Status, WorkflowEntityID)
-- may: WorkflowEntities(RetryState.attempts), WorkflowExecutions(StartedAt, CompletedAt, Error, UpdatedAt)
-- may: Hierarchies(ParentEntityID, ChildEntityID, ChildType)
-- may: ActivityEntities(ID, HandlerName, RetryState.attempts), ActivityExecutions(ID, Status, ActivityEntityID, StartedAt, CompletedAt, Error, UpdatedAt)
-- may: SagaEntities(ID, HandlerName, RetryState.attempts), SagaExecutions(ID, execution_type, Status, SagaEntityID, StartedAt, CompletedAt, Error, UpdatedAt)
-- may: SideEffectEntities(ID, HandlerName, RetryState.attempts), SideEffectExecutions(ID, Status, SideEffectEntityID, StartedAt, CompletedAt, Error, UpdatedAt)
-- may: SignalEntities(ID, HandlerName, StepID, RetryState.attempts), SignalExecutions(ID, Status, EntityID, StartedAt, CompletedAt, Error, UpdatedAt)
WITH above AS MATERIALIZED (
    SELECT ChildEntityID AS id, lower(ChildType) AS kind, min(CAST(ParentEntityID AS text)) AS workflow_id
    FROM Hierarchies GROUP BY ChildEntityID, lower(ChildType)
)
SELECT id, name, workflow_id, status, started_at, ended_at, error, kind AS "extra.kind", retries AS "extra.attempts",
    CASE WHEN lower(status) IN ('none', 'pending', 'queued', 'running', 'paused') THEN 0 ELSE 1 END AS closed, changed
FROM (
    SELECT 'workflow ' || x.ID AS id, e.HandlerName AS name, CAST(e.ID AS text) AS workflow_id, x.Status AS status,
        x.StartedAt AS started_at, x.CompletedAt AS ended_at, x.Error AS error, 'workflow' AS kind,
        e."RetryState.attempts" AS retries, x.UpdatedAt AS changed
    FROM WorkflowExecutions AS x JOIN WorkflowEntities AS e ON e.ID = x.WorkflowEntityID
    UNION ALL
    SELECT 'activity ' || x.ID, e.HandlerName, p.workflow_id, x.Status,
        x.StartedAt, x.CompletedAt, x.Error, 'activity',
        e."RetryState.attempts", x.UpdatedAt
    FROM ActivityExecutions AS x JOIN ActivityEntities AS e ON e.ID = x.ActivityEntityID
        LEFT JOIN above AS p ON p.id = e.ID AND p.kind = 'activity'
    UNION ALL
    SELECT 'saga ' || x.ID, e.HandlerName, p.workflow_id, x.Status,
        x.StartedAt, x.CompletedAt, x.Error, 'saga ' || coalesce(x.execution_type, ''),
        e."RetryState.attempts", x.UpdatedAt
    FROM SagaExecutions AS x JOIN SagaEntities AS e ON e.ID = x.SagaEntityID
        LEFT JOIN above AS p ON p.id = e.ID AND p.kind = 'saga'
    UNION ALL
    SELECT 'side effect ' || x.ID, e.HandlerName, p.workflow_id, x.Status,
        x.StartedAt, x.CompletedAt, x.Error, 'side effect',
        e."RetryState.attempts", x.UpdatedAt
    FROM SideEffectExecutions AS x JOIN SideEffectEntities AS e ON e.ID = x.SideEffectEntityID
        LEFT JOIN above AS p ON p.id = e.ID AND p.kind = 'side_effect'
    UNION ALL
    SELECT 'signal ' || x.ID, coalesce(nullif(e.HandlerName, ''), e.StepID), p.workflow_id, x.Status,
        x.StartedAt, x.CompletedAt, x.Error, 'signal',
        e."RetryState.attempts", x.UpdatedAt
    FROM SignalExecutions AS x JOIN SignalEntities AS e ON e.ID = x.EntityID
        LEFT JOIN above AS p ON p.id = e.ID AND p.kind = 'signal'
) AS every;

-- name: workflows()
-- Each with its newest execution, and the one above it.
-- needs: workflow_entities(id, handler_name, status)
-- may: workflow_entities(type, step_id, run_id, created_at, updated_at)
-- may: workflow_executions(id, workflow_entity_id, error, completed_at)
-- may: hierarchies(parent_entity_id, child_entity_id, child_type), runs(id, status)
-- may: activity_entities(workflow_entity_activity_children, status)
WITH above AS MATERIALIZED (
    SELECT child_entity_id AS id, min(parent_entity_id) AS parent_id
    FROM hierarchies WHERE lower(child_type) LIKE '%workflow%' GROUP BY child_entity_id
), held AS MATERIALIZED (
    SELECT workflow_entity_activity_children AS id, count(*) AS steps,
        sum(CASE WHEN lower(status) = 'completed' THEN 1 ELSE 0 END) AS done
    FROM activity_entities GROUP BY workflow_entity_activity_children
), newest AS MATERIALIZED (
    SELECT workflow_entity_id AS id, error, completed_at,
        row_number() OVER (PARTITION BY workflow_entity_id ORDER BY id DESC) AS place
    FROM workflow_executions
)
SELECT w.id, w.handler_name AS name, w.type AS kind, w.status, w.step_id AS step_name,
    (SELECT parent_id FROM above WHERE id = w.id) AS parent_id,
    coalesce((SELECT steps FROM held WHERE id = w.id), 0) AS steps, coalesce((SELECT done FROM held WHERE id = w.id), 0) AS step,
    x.error, w.created_at, w.updated_at, x.completed_at AS ended_at,
    (SELECT status FROM runs WHERE id = w.run_id) AS "extra.run",
    CASE WHEN lower(w.status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, w.updated_at AS changed
FROM workflow_entities AS w LEFT JOIN newest AS x ON x.id = w.id AND x.place = 1;

-- name: workflows__context()
-- needs: workflows(id, handler_name, status, is_paused)
-- may: workflows(identity, step_id, created_at, continued_from_id, retried_from_id)
-- may: execution_relationships(parent_entity_id, child_entity_id), workflow_executions(workflow_executions, error, updated_at)
WITH above AS MATERIALIZED (
    SELECT child_entity_id AS id, min(parent_entity_id) AS parent_id FROM execution_relationships GROUP BY child_entity_id
), ran AS MATERIALIZED (
    SELECT workflow_executions AS id, max(updated_at) AS updated_at FROM workflow_executions GROUP BY workflow_executions
), failing AS MATERIALIZED (
    SELECT workflow_executions AS id, error, row_number() OVER (PARTITION BY workflow_executions ORDER BY updated_at DESC) AS place
    FROM workflow_executions WHERE error IS NOT NULL
)
SELECT w.id, w.handler_name AS name, w.identity AS kind, w.status, w.step_id AS step_name, w.created_at,
    coalesce((SELECT parent_id FROM above WHERE id = w.id), w.continued_from_id) AS parent_id,
    (SELECT updated_at FROM ran WHERE id = w.id) AS updated_at,
    (SELECT error FROM failing WHERE id = w.id AND place = 1) AS error,
    w.is_paused AS "extra.paused", w.retried_from_id AS "extra.retry of",
    CASE WHEN lower(w.status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, w.created_at AS changed
FROM workflows AS w;

-- name: workflows__dump()
-- needs: WorkflowEntities(ID, HandlerName, Status)
-- may: WorkflowEntities(Type, StepID, CreatedAt, UpdatedAt), WorkflowExecutions(ID, WorkflowEntityID, Error, CompletedAt)
-- may: Hierarchies(ParentEntityID, ChildEntityID, ChildType)
WITH above AS MATERIALIZED (
    SELECT ChildEntityID AS id, min(ParentEntityID) AS parent_id
    FROM Hierarchies WHERE lower(ChildType) LIKE '%workflow%' GROUP BY ChildEntityID
), newest AS MATERIALIZED (
    SELECT WorkflowEntityID AS id, Error AS error, CompletedAt AS completed_at,
        row_number() OVER (PARTITION BY WorkflowEntityID ORDER BY ID DESC) AS place
    FROM WorkflowExecutions
)
SELECT w.ID AS id, w.HandlerName AS name, w.Type AS kind, w.Status AS status, w.StepID AS step_name,
    w.CreatedAt AS created_at, w.UpdatedAt AS updated_at, x.completed_at AS ended_at, x.error,
    (SELECT parent_id FROM above WHERE id = w.ID) AS parent_id,
    CASE WHEN lower(w.Status) IN ('completed', 'failed', 'cancelled') THEN 1 ELSE 0 END AS closed, w.UpdatedAt AS changed
FROM WorkflowEntities AS w LEFT JOIN newest AS x ON x.id = w.ID AND x.place = 1;

-- name: events()
-- The log of state changes.
-- needs: event_logs(id, timestamp, event_type)
-- may: event_logs(entity_type, handler_name, previous_state, new_state, error)
SELECT id, timestamp AS at, event_type AS kind, coalesce(handler_name, entity_type) AS source,
    CASE WHEN error IS NULL OR error = '' THEN 'info' ELSE 'error' END AS severity,
    coalesce(previous_state || ' to ' || new_state, new_state, event_type) AS text, 1 AS closed, id AS changed
FROM event_logs;
