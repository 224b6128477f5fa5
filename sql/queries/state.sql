-- The state of a moment. `:at` is the moment, in milliseconds; nothing that was recorded later is seen.

-- name: recorder_at(at)
-- The recorder that ran, or had run last.
SELECT recorder_id, host, boot_id, pid, version, interval_ms, started_at, last_tick_at, stopped_at
FROM recorders WHERE started_at <= :at ORDER BY recorder_id DESC LIMIT 1;

-- name: agents_at(at, seen_since)
-- Each agent seen since `:seen_since`, with its newest sample, the one that last told task and branch, its details and
-- its status change.
SELECT
    a.agent_id, a.name, a.kind, a.role, a.worktree, a.host, a.origin, a.first_seen, a.last_seen,
    m.timestamp AS sampled_at, m.status AS sampled_status, f.current_task, m.cpu_usage, m.memory_usage,
    m.memory_percent, m.uncommitted_changes, m.uptime_seconds, m.last_activity, f.branch, m.process_count,
    m.thread_count, m.stale,
    d.pid, d.process, d.git_state, d.git_read_at, d.ahead, d.behind, d.stash_count,
    c.since, c.status, c.reason, c.evidence
FROM agents AS a
LEFT JOIN agent_metrics AS m ON m.agent_id = a.agent_id AND m.timestamp = (
    SELECT timestamp FROM agent_metrics
    WHERE agent_id = a.agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
)
LEFT JOIN agent_metrics AS f ON f.agent_id = a.agent_id AND f.timestamp = (
    SELECT timestamp FROM agent_metrics
    WHERE agent_id = a.agent_id AND timestamp <= :at AND branch IS NOT NULL ORDER BY timestamp DESC LIMIT 1
)
LEFT JOIN agent_details AS d ON d.agent_id = a.agent_id AND d.timestamp = (
    SELECT timestamp FROM agent_details
    WHERE agent_id = a.agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
)
LEFT JOIN agent_status_changes AS c ON c.agent_id = a.agent_id AND c.timestamp = (
    SELECT timestamp FROM agent_status_changes
    WHERE agent_id = a.agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
)
WHERE a.last_seen >= :seen_since AND (m.timestamp IS NOT NULL OR c.timestamp IS NOT NULL)
ORDER BY CASE a.origin WHEN 'config' THEN 0 WHEN 'board' THEN 1 ELSE 2 END, a.first_seen, a.agent_id;

-- name: activity_at(at, agent_id, limit)
-- An agent's newest events, status changes and own commits; a restart notes a status again, which UNION joins.
SELECT timestamp, kind, text, details FROM (
    SELECT * FROM (
        SELECT timestamp, type AS kind, subject AS text, details, id FROM events
        WHERE agent_id = :agent_id AND timestamp <= :at ORDER BY timestamp DESC, id DESC LIMIT :limit
    )
    UNION
    SELECT * FROM (
        SELECT since AS timestamp, 'status' AS kind, status || ': ' || reason AS text, NULL AS details, 0 AS id
        FROM agent_status_changes
        WHERE agent_id = :agent_id AND agent_status_changes.timestamp <= :at
        ORDER BY agent_status_changes.timestamp DESC LIMIT :limit
    )
    UNION
    SELECT * FROM (
        SELECT
            commit_timestamp AS timestamp, 'commit' AS kind, short_hash || ' ' || message AS text, NULL AS details, id
        FROM git_commits
        WHERE agent_id = :agent_id AND recorded_at <= :at AND attribution = 'reflog'
        ORDER BY commit_timestamp DESC LIMIT :limit
    )
) ORDER BY timestamp DESC, id DESC LIMIT :limit;

-- name: board_tasks_at(at)
-- The newest event of each task of each root: the index is walked from task to task, not from event to event.
WITH RECURSIVE task (task_id, root) AS (
    SELECT * FROM (SELECT task_id, root FROM task_events ORDER BY task_id, root LIMIT 1)
    UNION ALL
    SELECT after.task_id, after.root FROM task JOIN task_events AS after ON after.id = (
        SELECT id FROM task_events WHERE (task_id, root) > (task.task_id, task.root) ORDER BY task_id, root LIMIT 1
    )
)
SELECT e.details
FROM task JOIN task_events AS e ON e.id = (
    SELECT id FROM task_events
    WHERE task_id = task.task_id AND root = task.root AND timestamp <= :at
    ORDER BY timestamp DESC, id DESC LIMIT 1
) ORDER BY e.root, (
    SELECT id FROM task_events
    WHERE task_id = task.task_id AND root = task.root ORDER BY timestamp, event_type LIMIT 1
);

-- name: task_history_at(at, task_ids, limit)
-- The newest events of each task in the JSON array `:task_ids`, newest first.
SELECT id, task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root FROM (
    SELECT e.*, row_number() OVER (PARTITION BY e.task_id ORDER BY e.timestamp DESC, e.id DESC) AS place
    FROM json_each(:task_ids) AS wanted CROSS JOIN task_events AS e
    WHERE e.task_id = wanted.value AND e.timestamp <= :at
) WHERE place <= :limit ORDER BY task_id, place;

-- name: changed_tasks(after)
SELECT task_id FROM task_events WHERE id > :after;

-- name: board_states_at(at)
-- The state of each root's board that holds: the newest row of each.
WITH RECURSIVE board (root) AS (
    SELECT min(root) FROM board_states
    UNION ALL
    SELECT (SELECT min(root) FROM board_states WHERE root > board.root) FROM board WHERE board.root IS NOT NULL
)
SELECT s.*
FROM board JOIN board_states AS s ON s.root = board.root AND s.timestamp = (
    SELECT timestamp FROM board_states
    WHERE root = board.root AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
) ORDER BY s.root;

-- name: commit_feed_at(at, limit)
SELECT c.*, (
    SELECT json_group_array(agent_id) FROM (
        SELECT a.agent_id FROM commit_agents AS a
        WHERE a.commit_hash = c.commit_hash AND a.recorded_at <= :at ORDER BY a.id
    )
) AS agent_ids
FROM git_commits AS c
WHERE min(c.commit_timestamp, c.recorded_at) <= :at AND c.recorded_at <= :at
ORDER BY min(c.commit_timestamp, c.recorded_at) DESC LIMIT :limit;

-- name: recent_commits_at(at, agent_id, limit)
SELECT c.*, (
    SELECT json_group_array(agent_id) FROM (
        SELECT a.agent_id FROM commit_agents AS a
        WHERE a.commit_hash = c.commit_hash AND a.recorded_at <= :at ORDER BY a.id
    )
) AS agent_ids
FROM commit_agents AS h CROSS JOIN git_commits AS c ON c.commit_hash = h.commit_hash
WHERE h.agent_id = :agent_id AND min(h.commit_timestamp, h.recorded_at) <= :at AND h.recorded_at <= :at
ORDER BY min(h.commit_timestamp, h.recorded_at) DESC LIMIT :limit;

-- name: agents_with_new_commits(after)
-- Everyone who has a commit that someone was newly found to have.
SELECT every.agent_id
FROM commit_agents AS newly CROSS JOIN commit_agents AS every ON every.commit_hash = newly.commit_hash
WHERE newly.id > :after;

-- name: health_at(at)
-- The newest row, and the details that hold for it.
SELECT h.*, d.timestamp AS details_at, d.details AS carried_details
FROM system_health AS h
LEFT JOIN system_health AS d ON d.timestamp = (
    SELECT timestamp FROM system_health
    WHERE timestamp <= h.timestamp AND details IS NOT NULL ORDER BY timestamp DESC LIMIT 1
)
WHERE h.timestamp <= :at ORDER BY h.timestamp DESC LIMIT 1;

-- name: rag_at(at)
SELECT * FROM rag_metrics WHERE timestamp <= :at ORDER BY timestamp DESC LIMIT 1;

-- name: active_alerts_at(at)
-- Raised by then, and not resolved by then.
SELECT * FROM alerts WHERE resolved = 0 AND created_at <= :at
UNION ALL
SELECT * FROM alerts WHERE resolved_at > :at AND resolved = 1 AND created_at <= :at
ORDER BY created_at;

-- name: sources_at(at, since)
-- The newest state of each source that the recorder of that moment told.
WITH RECURSIVE source (subject) AS (
    SELECT * FROM (SELECT subject FROM events WHERE type = 'source' ORDER BY subject LIMIT 1)
    UNION ALL
    SELECT (
        SELECT subject FROM events WHERE type = 'source' AND subject > source.subject ORDER BY subject LIMIT 1
    ) FROM source WHERE source.subject IS NOT NULL
)
SELECT e.timestamp, e.agent_id, e.subject, e.details
FROM source JOIN events AS e ON e.id = (
    SELECT id FROM events
    WHERE type = 'source' AND subject = source.subject AND timestamp BETWEEN :since AND :at
    ORDER BY timestamp DESC, id DESC LIMIT 1
);

-- name: events_at(at, limit)
SELECT timestamp, type, agent_id, subject, details FROM events
WHERE timestamp <= :at ORDER BY timestamp DESC, id DESC LIMIT :limit;

-- name: agents_with_new_events(after)
SELECT agent_id FROM events WHERE id > :after;

-- name: marks()
-- How far each growing table has come: tells a follower what it has not read yet.
SELECT
    (SELECT max(id) FROM events) AS events,
    (SELECT max(id) FROM task_events) AS task_events,
    (SELECT max(id) FROM commit_agents) AS commits,
    (SELECT max(recorder_id) FROM recorders) AS recorders;
