-- The queries of Beads: of the SQLite files of bd and br, and (`…__lines`) of issues.jsonl. Descriptions, designs, notes,
-- comments' texts, payloads and sessions are named nowhere.

-- name: tasks()
-- Ready and blocked are computed as bd does: an open issue waits while something open blocks it, or an issue above it. A
-- blocker is open unless closed or pinned. What depends on an issue that is not there says so. Each issue is walked through
-- once: bd stops 50 levels down, so that circles end, which this way they do as well.
-- needs: issues(id, title, status, priority, issue_type), dependencies(issue_id, depends_on_id, type)
-- may: issues(assignee, created_at, created_by, updated_at, estimated_minutes, ephemeral, is_template, pinned, due_at, defer_until, close_reason, external_ref)
-- may: labels(issue_id, label), comments(issue_id)
WITH RECURSIVE
    blocked (issue_id, blocker) AS MATERIALIZED (
        SELECT d.issue_id, d.depends_on_id FROM dependencies AS d JOIN issues AS b ON b.id = d.depends_on_id
        WHERE d.type IN ('blocks', 'conditional-blocks', 'waits-for')
            AND b.status NOT IN ('closed', 'pinned', 'tombstone') AND coalesce(b.pinned, 0) = 0
    ),
    waits (issue_id) AS (
        SELECT issue_id FROM blocked
        UNION
        SELECT d.issue_id FROM waits JOIN dependencies AS d ON d.depends_on_id = waits.issue_id AND d.type = 'parent-child'
    ),
    gone (issue_id, depends_on_id) AS MATERIALIZED (
        SELECT issue_id, depends_on_id FROM dependencies WHERE depends_on_id NOT IN (SELECT id FROM issues WHERE id IS NOT NULL)
    )
SELECT i.id, i.title, i.priority, i.assignee AS assigned_to, i.created_by, i.created_at, i.updated_at,
    CASE WHEN i.status = 'open' AND i.id IN (SELECT issue_id FROM waits) THEN 'waits' ELSE i.status END AS status,
    i.status AS system_status, i.estimated_minutes / 60.0 AS estimated_hours,
    (SELECT group_concat(label) FROM labels WHERE issue_id = i.id) AS tags,
    (SELECT count(*) FROM comments WHERE issue_id = i.id) AS comments, i.issue_type AS "extra.type",
    (SELECT min(depends_on_id) FROM dependencies WHERE issue_id = i.id AND type = 'parent-child') AS "extra.parent",
    (SELECT group_concat(blocker, ', ') FROM blocked WHERE issue_id = i.id) AS "extra.blocked by",
    CASE WHEN i.status = 'open' AND i.id NOT IN (SELECT issue_id FROM waits) AND coalesce(i.ephemeral, 0) = 0
        AND (i.defer_until IS NULL OR julianday(i.defer_until) <= julianday('now')) THEN 'yes' END AS "extra.ready",
    (SELECT group_concat(depends_on_id, ', ') FROM gone WHERE issue_id = i.id) AS "extra.depends on what is not there",
    i.due_at AS "extra.due", i.defer_until AS "extra.deferred until",
    i.close_reason AS "extra.closed because", i.external_ref AS "extra.elsewhere",
    CASE WHEN i.status IN ('closed', 'tombstone') THEN 1 ELSE 0 END AS closed, i.updated_at AS changed
FROM issues AS i
WHERE i.status <> 'tombstone' AND coalesce(i.is_template, 0) = 0
    AND i.issue_type NOT IN ('agent', 'role', 'message', 'event');

-- name: tasks__lines()
-- The same of the JSON lines, whose dependencies, labels and comments stand in the issue, and in which empty fields are left out.
-- needs: issues(id, title, issue_type)
-- may: issues(_type, status, priority, assignee, created_at, created_by, updated_at, estimated_minutes, ephemeral, is_template, pinned, due_at, defer_until, close_reason, external_ref, dependencies, labels, comment_count)
WITH RECURSIVE
    depends (issue_id, depends_on_id, type) AS MATERIALIZED (
        SELECT s.id, d.value ->> 'depends_on_id', d.value ->> 'type' FROM issues AS s, json_each(s.dependencies) AS d
        WHERE json_valid(s.dependencies) AND d.type = 'object'
    ),
    blocked (issue_id, blocker) AS MATERIALIZED (
        SELECT d.issue_id, d.depends_on_id FROM depends AS d JOIN issues AS b ON b.id = d.depends_on_id
        WHERE d.type IN ('blocks', 'conditional-blocks', 'waits-for')
            AND coalesce(b.status, 'open') NOT IN ('closed', 'pinned', 'tombstone') AND coalesce(b.pinned, 0) = 0
    ),
    waits (issue_id) AS (
        SELECT issue_id FROM blocked
        UNION
        SELECT d.issue_id FROM waits JOIN depends AS d ON d.depends_on_id = waits.issue_id AND d.type = 'parent-child'
    ),
    gone (issue_id, depends_on_id) AS MATERIALIZED (
        SELECT issue_id, depends_on_id FROM depends WHERE depends_on_id NOT IN (SELECT id FROM issues WHERE id IS NOT NULL)
    )
SELECT i.id, i.title, i.priority, i.assignee AS assigned_to, i.created_by, i.created_at, i.updated_at,
    CASE WHEN coalesce(i.status, 'open') = 'open' AND i.id IN (SELECT issue_id FROM waits) THEN 'waits'
        ELSE coalesce(i.status, 'open') END AS status,
    coalesce(i.status, 'open') AS system_status, i.estimated_minutes / 60.0 AS estimated_hours,
    i.labels AS tags,
    coalesce(i.comment_count, 0) AS comments, coalesce(i.issue_type, 'task') AS "extra.type",
    (SELECT min(depends_on_id) FROM depends WHERE issue_id = i.id AND type = 'parent-child') AS "extra.parent",
    (SELECT group_concat(blocker, ', ') FROM blocked WHERE issue_id = i.id) AS "extra.blocked by",
    CASE WHEN coalesce(i.status, 'open') = 'open' AND i.id NOT IN (SELECT issue_id FROM waits) AND coalesce(i.ephemeral, 0) = 0
        AND (i.defer_until IS NULL OR julianday(i.defer_until) <= julianday('now')) THEN 'yes' END AS "extra.ready",
    (SELECT group_concat(depends_on_id, ', ') FROM gone WHERE issue_id = i.id) AS "extra.depends on what is not there",
    i.due_at AS "extra.due", i.defer_until AS "extra.deferred until",
    i.close_reason AS "extra.closed because", i.external_ref AS "extra.elsewhere",
    CASE WHEN i.status IN ('closed', 'tombstone') THEN 1 ELSE 0 END AS closed, i.updated_at AS changed
FROM issues AS i
WHERE coalesce(i._type, 'issue') = 'issue' AND coalesce(i.status, 'open') <> 'tombstone' AND coalesce(i.is_template, 0) = 0
    AND coalesce(i.issue_type, 'task') NOT IN ('agent', 'role', 'message', 'event');

-- name: dependencies()
-- needs: dependencies(issue_id, depends_on_id, type)
-- may: dependencies(created_at)
SELECT issue_id || ' ' || type || ' ' || depends_on_id AS id, issue_id AS task_id, depends_on_id AS depends_on, type AS kind,
    0 AS closed, created_at AS changed
FROM dependencies;

-- name: dependencies__lines()
-- needs: issues(id, dependencies)
SELECT s.id || ' ' || (d.value ->> 'type') || ' ' || (d.value ->> 'depends_on_id') AS id, s.id AS task_id,
    d.value ->> 'depends_on_id' AS depends_on, d.value ->> 'type' AS kind, 0 AS closed, d.value ->> 'created_at' AS changed
FROM issues AS s, json_each(s.dependencies) AS d WHERE json_valid(s.dependencies) AND d.type = 'object';

-- name: agents()
-- Agent beads, where there are some.
-- needs: issues(id, title, issue_type, agent_state)
-- may: issues(status, last_activity, hook_bead, role_type, rig, updated_at)
SELECT id, title AS name, role_type AS role, rig AS "group", coalesce(nullif(agent_state, ''), 'idle') AS status,
    hook_bead AS current_task, last_activity AS heartbeat_at, updated_at,
    CASE WHEN status = 'closed' THEN 1 ELSE 0 END AS closed, updated_at AS changed
FROM issues WHERE issue_type = 'agent' AND status NOT IN ('closed', 'tombstone');

-- name: events()
-- What was done to issues: the kind and the status words, never a comment.
-- needs: events(id, issue_id, event_type, actor, created_at)
SELECT id, created_at AS at, event_type AS kind, issue_id AS source, 'info' AS severity,
    issue_id || ' ' || replace(event_type, '_', ' ') || coalesce(' by ' || nullif(actor, ''), '') AS text, 1 AS closed, id AS changed
FROM events;
