-- The queries of Beads: of the SQLite files of bd and br, and (`…__lines`) of issues.jsonl. Descriptions, designs, notes,
-- comments' texts, payloads and sessions are named nowhere.

-- name: tasks()
-- Ready and blocked are computed as bd does: an open issue waits while something open blocks it, or an ancestor of it. A
-- blocker is open unless closed or pinned. What depends on an issue that is not there says so.
-- needs: issues(id, title, status, priority, issue_type), dependencies(issue_id, depends_on_id, type)
-- may: issues(assignee, created_at, created_by, updated_at, closed_at, estimated_minutes, ephemeral, is_template, pinned, due_at, defer_until, close_reason, external_ref)
-- may: labels(issue_id, label), comments(issue_id)
SELECT i.id, i.title, i.priority, i.assignee AS assigned_to, i.created_by, i.created_at, i.updated_at,
    CASE WHEN i.status = 'open' AND w.issue_id IS NOT NULL THEN 'waits' ELSE i.status END AS status,
    i.status AS system_status, i.estimated_minutes / 60.0 AS estimated_hours, l.tags, coalesce(c.number, 0) AS comments,
    i.issue_type AS "extra.type", p.parent AS "extra.parent", w.blockers AS "extra.blocked by",
    CASE WHEN i.status = 'open' AND w.issue_id IS NULL AND coalesce(i.ephemeral, 0) = 0
        AND (i.defer_until IS NULL OR julianday(i.defer_until) <= julianday('now')) THEN 'yes' END AS "extra.ready",
    g.gone AS "extra.depends on what is not there", i.due_at AS "extra.due", i.defer_until AS "extra.deferred until",
    i.close_reason AS "extra.closed because", i.external_ref AS "extra.elsewhere",
    CASE WHEN i.status IN ('closed', 'tombstone') THEN 1 ELSE 0 END AS closed, i.updated_at AS changed
FROM issues AS i
LEFT JOIN (
    WITH RECURSIVE
        blocked (issue_id, blocker) AS (
            SELECT d.issue_id, d.depends_on_id FROM dependencies AS d JOIN issues AS b ON b.id = d.depends_on_id
            WHERE d.type IN ('blocks', 'conditional-blocks', 'waits-for')
                AND b.status NOT IN ('closed', 'pinned', 'tombstone') AND coalesce(b.pinned, 0) = 0
        ),
        waits (issue_id, depth) AS (
            SELECT issue_id, 0 FROM blocked
            UNION
            SELECT d.issue_id, waits.depth + 1 FROM waits JOIN dependencies AS d
                ON d.depends_on_id = waits.issue_id AND d.type = 'parent-child'
            WHERE waits.depth < 50
        )
    SELECT n.issue_id, (SELECT group_concat(blocker, ', ') FROM blocked WHERE issue_id = n.issue_id) AS blockers
    FROM (SELECT DISTINCT issue_id FROM waits) AS n
) AS w ON w.issue_id = i.id
LEFT JOIN (
    SELECT issue_id, min(depends_on_id) AS parent FROM dependencies WHERE type = 'parent-child' GROUP BY issue_id
) AS p ON p.issue_id = i.id
LEFT JOIN (
    SELECT d.issue_id, group_concat(d.depends_on_id, ', ') AS gone
    FROM dependencies AS d LEFT JOIN issues AS x ON x.id = d.depends_on_id WHERE x.id IS NULL GROUP BY d.issue_id
) AS g ON g.issue_id = i.id
LEFT JOIN (SELECT issue_id, group_concat(label) AS tags FROM labels GROUP BY issue_id) AS l ON l.issue_id = i.id
LEFT JOIN (SELECT issue_id, count(*) AS number FROM comments GROUP BY issue_id) AS c ON c.issue_id = i.id
WHERE i.status <> 'tombstone' AND coalesce(i.is_template, 0) = 0
    AND i.issue_type NOT IN ('agent', 'role', 'message', 'event');

-- name: tasks__lines()
-- The same of the JSON lines, whose dependencies, labels and comments stand in the issue.
-- needs: issues(id, title, status, priority, issue_type)
-- may: issues(assignee, created_at, created_by, updated_at, closed_at, estimated_minutes, ephemeral, is_template, pinned, due_at, defer_until, close_reason, external_ref, dependencies, labels, comment_count)
SELECT i.id, i.title, i.priority, i.assignee AS assigned_to, i.created_by, i.created_at, i.updated_at,
    CASE WHEN i.status = 'open' AND w.issue_id IS NOT NULL THEN 'waits' ELSE i.status END AS status,
    i.status AS system_status, i.estimated_minutes / 60.0 AS estimated_hours, i.labels AS tags,
    coalesce(i.comment_count, 0) AS comments, i.issue_type AS "extra.type", p.parent AS "extra.parent",
    w.blockers AS "extra.blocked by",
    CASE WHEN i.status = 'open' AND w.issue_id IS NULL AND coalesce(i.ephemeral, 0) = 0
        AND (i.defer_until IS NULL OR julianday(i.defer_until) <= julianday('now')) THEN 'yes' END AS "extra.ready",
    g.gone AS "extra.depends on what is not there", i.due_at AS "extra.due", i.defer_until AS "extra.deferred until",
    i.close_reason AS "extra.closed because", i.external_ref AS "extra.elsewhere",
    CASE WHEN i.status IN ('closed', 'tombstone') THEN 1 ELSE 0 END AS closed, i.updated_at AS changed
FROM issues AS i
LEFT JOIN (
    WITH RECURSIVE
        depends (issue_id, depends_on_id, type) AS MATERIALIZED (
            SELECT s.id, d.value ->> 'depends_on_id', d.value ->> 'type' FROM issues AS s, json_each(s.dependencies) AS d
            WHERE json_valid(s.dependencies)
        ),
        blocked (issue_id, blocker) AS (
            SELECT d.issue_id, d.depends_on_id FROM depends AS d JOIN issues AS b ON b.id = d.depends_on_id
            WHERE d.type IN ('blocks', 'conditional-blocks', 'waits-for')
                AND b.status NOT IN ('closed', 'pinned', 'tombstone') AND coalesce(b.pinned, 0) = 0
        ),
        waits (issue_id, depth) AS (
            SELECT issue_id, 0 FROM blocked
            UNION
            SELECT d.issue_id, waits.depth + 1 FROM waits JOIN depends AS d
                ON d.depends_on_id = waits.issue_id AND d.type = 'parent-child'
            WHERE waits.depth < 50
        )
    SELECT n.issue_id, (SELECT group_concat(blocker, ', ') FROM blocked WHERE issue_id = n.issue_id) AS blockers
    FROM (SELECT DISTINCT issue_id FROM waits) AS n
) AS w ON w.issue_id = i.id
LEFT JOIN (
    SELECT s.id, min(d.value ->> 'depends_on_id') AS parent FROM issues AS s, json_each(s.dependencies) AS d
    WHERE json_valid(s.dependencies) AND d.value ->> 'type' = 'parent-child' GROUP BY s.id
) AS p ON p.id = i.id
LEFT JOIN (
    SELECT s.id, group_concat(d.value ->> 'depends_on_id', ', ') AS gone
    FROM issues AS s, json_each(s.dependencies) AS d
    WHERE json_valid(s.dependencies) AND d.value ->> 'depends_on_id' NOT IN (SELECT id FROM issues) GROUP BY s.id
) AS g ON g.id = i.id
WHERE i.status <> 'tombstone' AND coalesce(i.is_template, 0) = 0
    AND i.issue_type NOT IN ('agent', 'role', 'message', 'event');

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
FROM issues AS s, json_each(s.dependencies) AS d WHERE json_valid(s.dependencies);

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
-- may: events(old_value, new_value)
SELECT id, created_at AS at, event_type AS kind, issue_id AS source, 'info' AS severity,
    issue_id || ' ' || replace(event_type, '_', ' ') || ' by ' || actor AS text, 1 AS closed, id AS changed
FROM events;
