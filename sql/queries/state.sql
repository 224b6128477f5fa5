-- The state of a moment. `:at` is the moment, in milliseconds; nothing that was recorded later is seen.

-- name: recorder_at(at)
-- The recorder that ran, or had run last, with the interval of then; whether it had stopped.
SELECT
    r.recorder_id, r.host, r.boot_id, r.pid, r.version, r.last_tick_at,
    -- In an exported interval the row begins with the interval, and the recorder's own start stands beside it.
    min(r.started_at, coalesce(
        (SELECT min(timestamp) FROM recorder_intervals WHERE recorder_id = r.recorder_id), r.started_at
    )) AS started_at,
    coalesce((
        SELECT interval_ms FROM recorder_intervals
        WHERE recorder_id = r.recorder_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
    ), r.interval_ms) AS interval_ms,
    iif(r.stopped_at <= :at, r.stopped_at, NULL) AS stopped_at
FROM recorders AS r WHERE r.started_at <= :at ORDER BY r.recorder_id DESC LIMIT 1;

-- name: agents_at(at, seen_since)
-- Each agent seen since `:seen_since` as it was, with its newest sample, the one that last told task and branch, its
-- details and its status change; `left_at` when it was let go after that sample.
SELECT
    a.agent_id, coalesce(p.name, a.name) AS name, coalesce(p.kind, a.kind) AS kind, coalesce(p.role, a.role) AS role,
    iif(p.agent_id IS NULL, a.worktree, p.worktree) AS worktree, coalesce(p.host, a.host) AS host,
    coalesce(p.origin, a.origin) AS origin, a.first_seen,
    m.timestamp AS sampled_at, m.status AS sampled_status, f.current_task, m.cpu_usage, m.memory_usage,
    m.memory_percent, m.uncommitted_changes, m.uptime_seconds, m.last_activity, f.branch, m.process_count,
    m.thread_count, m.stale,
    d.pid, d.process, d.git_state, d.git_read_at, d.ahead, d.behind, d.stash_count, d.repository,
    d.process_start,
    c.since, c.status, c.reason, c.evidence, c.system, c.system_status,
    (
        SELECT max(timestamp) FROM events
        WHERE agent_id = a.agent_id AND timestamp > m.timestamp AND timestamp <= :at AND type = 'agent-left'
    ) AS left_at
FROM agents AS a
LEFT JOIN agent_profiles AS p ON p.agent_id = a.agent_id AND p.timestamp = coalesce(
    (
        SELECT timestamp FROM agent_profiles
        WHERE agent_id = a.agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
    ),
    (SELECT min(timestamp) FROM agent_profiles WHERE agent_id = a.agent_id)
)
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
ORDER BY
    CASE coalesce(p.origin, a.origin) WHEN 'config' THEN 0 WHEN 'board' THEN 1 ELSE 2 END, a.first_seen, a.agent_id;

-- name: processes_at(at, agent_id)
-- The process tree that was recorded last.
SELECT tree FROM agent_processes
WHERE agent_id = :agent_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1;

-- name: activity_at(at, agent_id, limit)
-- An agent's newest events, changes of status and own commits. A restart, or another reason, notes a status again, which
-- is no change; one that began later than that is, of an agent that was not watched meanwhile. A wait that is taken up
-- again began when it began: it is told once.
SELECT timestamp, kind, text, details FROM (
    SELECT * FROM (
        SELECT timestamp, type AS kind, subject AS text, details, id FROM events
        WHERE agent_id = :agent_id AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
        ORDER BY timestamp DESC, id DESC LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT s.since AS timestamp, 'status' AS kind, s.status || ': ' || s.reason AS text, NULL AS details, 0 AS id
        FROM agent_status_changes AS s
        WHERE s.agent_id = :agent_id AND s.timestamp <= :at AND NOT EXISTS (
            SELECT 1 FROM (
                SELECT status, timestamp FROM agent_status_changes
                WHERE agent_id = s.agent_id AND timestamp < s.timestamp ORDER BY timestamp DESC LIMIT 1
            ) AS before
            WHERE before.status = s.status AND before.timestamp >= s.since
        )
        ORDER BY s.timestamp DESC LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT
            c.commit_timestamp AS timestamp, 'commit' AS kind, c.short_hash || ' ' || c.message AS text,
            NULL AS details, h.id
        FROM commit_agents AS h CROSS JOIN git_commits AS c ON c.commit_hash = h.commit_hash
        WHERE h.agent_id = :agent_id AND min(h.commit_timestamp, h.recorded_at) <= :at
            AND h.attribution = 'reflog' AND coalesce(h.attributed_at, h.recorded_at) <= :at
        ORDER BY min(h.commit_timestamp, h.recorded_at) DESC LIMIT :limit
    )
) GROUP BY timestamp, kind, text, details ORDER BY timestamp DESC, max(id) DESC LIMIT :limit;

-- name: board_tasks_at(at)
-- The newest event of each task of each root: the index is walked from task to task, not from event to event.
WITH RECURSIVE task (task_id, root) AS (
    SELECT * FROM (SELECT task_id, root FROM task_events ORDER BY task_id, root LIMIT 1)
    UNION
    SELECT after.task_id, after.root FROM task JOIN task_events AS after ON after.id = (
        SELECT id FROM task_events WHERE (task_id, root) > (task.task_id, task.root) ORDER BY task_id, root LIMIT 1
    )
)
SELECT e.task_id, e.details
FROM task JOIN task_events AS e ON e.id = (
    SELECT id FROM task_events
    WHERE task_id = task.task_id AND root = task.root
        AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
    ORDER BY timestamp DESC, id DESC LIMIT 1
) ORDER BY e.root, (SELECT min(id) FROM task_events WHERE task_id = task.task_id AND root = task.root);

-- name: task_history_at(at, task_ids, limit)
-- The newest events of each task in the JSON array `:task_ids`, newest first.
SELECT id, task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root FROM (
    SELECT e.*, row_number() OVER (PARTITION BY e.task_id ORDER BY e.timestamp DESC, e.id DESC) AS place
    FROM json_each(:task_ids) AS wanted CROSS JOIN task_events AS e
    WHERE e.task_id = wanted.value AND e.timestamp <= :at AND coalesce(e.recorded_at, e.timestamp) <= :at
) WHERE place <= :limit ORDER BY task_id, place;

-- name: changed_tasks(after)
SELECT task_id FROM task_events WHERE id > :after;

-- name: board_states_at(at)
-- The state of each root's board that holds: the newest row of each.
WITH RECURSIVE board (root) AS (
    SELECT min(root) FROM board_states
    UNION
    SELECT (SELECT min(root) FROM board_states WHERE root > board.root) FROM board WHERE board.root IS NOT NULL
)
SELECT s.*
FROM board JOIN board_states AS s ON s.root = board.root AND s.timestamp = (
    SELECT timestamp FROM board_states
    WHERE root = board.root AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
) ORDER BY s.root;

-- name: commit_feed_at(at, limit)
SELECT c.*, (
    SELECT json_group_array(json_array(agent_id, own, branch)) FROM (
        SELECT
            a.agent_id, a.branch,
            a.attribution = 'reflog' AND coalesce(a.attributed_at, a.recorded_at) <= :at AS own
        FROM commit_agents AS a
        WHERE a.commit_hash = c.commit_hash AND a.recorded_at <= :at ORDER BY a.id
    )
) AS holders, (
    SELECT json_group_array(json_array(path, lines_added, lines_deleted)) FROM (
        SELECT path, lines_added, lines_deleted FROM commit_files WHERE commit_hash = c.commit_hash ORDER BY place
    )
) AS files
FROM git_commits AS c
WHERE min(c.commit_timestamp, c.recorded_at) <= :at AND c.recorded_at <= :at
ORDER BY min(c.commit_timestamp, c.recorded_at) DESC LIMIT :limit;

-- name: recent_commits_at(at, agent_id, limit)
SELECT c.*, (
    SELECT json_group_array(json_array(agent_id, own, branch)) FROM (
        SELECT
            a.agent_id, a.branch,
            a.attribution = 'reflog' AND coalesce(a.attributed_at, a.recorded_at) <= :at AS own
        FROM commit_agents AS a
        WHERE a.commit_hash = c.commit_hash AND a.recorded_at <= :at ORDER BY a.id
    )
) AS holders, (
    SELECT json_group_array(json_array(path, lines_added, lines_deleted)) FROM (
        SELECT path, lines_added, lines_deleted FROM commit_files WHERE commit_hash = c.commit_hash ORDER BY place
    )
) AS files
FROM commit_agents AS h CROSS JOIN git_commits AS c ON c.commit_hash = h.commit_hash
WHERE h.agent_id = :agent_id AND min(h.commit_timestamp, h.recorded_at) <= :at AND h.recorded_at <= :at
ORDER BY min(h.commit_timestamp, h.recorded_at) DESC LIMIT :limit;

-- name: agents_with_new_commits(after, attributed_after)
-- Everyone who has a commit that someone was newly found to have, or to have made.
SELECT every.agent_id
FROM (
    SELECT commit_hash FROM commit_agents WHERE id > :after
    UNION
    SELECT commit_hash FROM commit_agents WHERE attributed_at > :attributed_after
) AS newly CROSS JOIN commit_agents AS every ON every.commit_hash = newly.commit_hash;

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

-- name: active_alerts_at(at, resolved_since)
-- Those open, as they were. An alert is resolved by the tick that notes it, which may come after the time that a person
-- resolved it: those resolved since `:resolved_since` are looked at too.
SELECT
    a.alert_id, a.rule, a.subject, a.type, a.source, a.created_at, c.severity, c.title, c.message, c.metadata,
    c.acknowledged, c.acknowledged_by, c.acknowledged_at, c.resolved, c.resolved_at
FROM (
    SELECT * FROM alerts WHERE resolved = 0 AND created_at <= :at
    UNION ALL
    SELECT * FROM alerts WHERE resolved_at > :resolved_since AND resolved = 1 AND created_at <= :at
) AS a JOIN alert_changes AS c ON c.alert_id = a.alert_id AND c.timestamp = (
    SELECT timestamp FROM alert_changes
    WHERE alert_id = a.alert_id AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1
)
WHERE c.resolved = 0 OR c.resolved_at > :at
ORDER BY a.id;

-- name: mutes_at(at, latest)
-- Those that held. None ends later than `:latest`, so that those of a later time are not read.
SELECT rule, subject, created_at, until, muted_by, note FROM alert_mutes
WHERE coalesce(ended_at, until) > :at AND coalesce(ended_at, until) <= :latest AND recorded_at <= :at
ORDER BY recorded_at;

-- name: sources_at(at, since)
-- The newest state of each source that the recorder of that moment told.
WITH RECURSIVE source (subject) AS (
    SELECT * FROM (SELECT subject FROM events WHERE type = 'source' ORDER BY subject LIMIT 1)
    UNION
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
WHERE timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
ORDER BY timestamp DESC, id DESC LIMIT :limit;

-- name: agents_with_new_events(after)
SELECT agent_id FROM events WHERE id > :after;

-- name: marks()
-- How far each growing table has come: tells a follower what it has not read yet.
SELECT
    (SELECT max(id) FROM events) AS events,
    (SELECT max(id) FROM task_events) AS task_events,
    (SELECT max(id) FROM commit_agents) AS commits,
    (SELECT max(attributed_at) FROM commit_agents WHERE attributed_at IS NOT NULL) AS attributed,
    (SELECT max(recorder_id) FROM recorders) AS recorders;

-- name: session_marks_at(at, agents)
-- When each agent's session was noted last.
SELECT a.value AS agent_id, (
    SELECT max(timestamp) FROM session_states WHERE agent_id = a.value AND timestamp <= :at
) AS timestamp
FROM json_each(:agents) AS a;

-- name: session_at(at, agent_id)
-- An agent's session as it was noted last, with the details that held then.
SELECT s.*, (
    SELECT d.details FROM session_states AS d
    WHERE d.agent_id = s.agent_id AND d.timestamp <= s.timestamp AND d.session_id = s.session_id
        AND d.details IS NOT NULL
    ORDER BY d.timestamp DESC LIMIT 1
) AS held_details
FROM session_states AS s
WHERE s.agent_id = :agent_id AND s.timestamp <= :at ORDER BY s.timestamp DESC LIMIT 1;

-- name: session_calls_at(at, agent_id, session_id, limit)
-- The newest calls of a session; one that ended later was under way.
SELECT
    call_id, name, target, timestamp, iif(ended_at <= :at, ended_at, NULL) AS ended_at,
    iif(ended_at IS NULL OR ended_at <= :at, outcome, NULL) AS outcome
FROM session_calls
WHERE agent_id = :agent_id AND timestamp <= :at AND session_id = :session_id
ORDER BY timestamp DESC, call_id LIMIT :limit;

-- name: session_hours_at(at, agent_id, session_id, hours)
-- Usage of a session in its newest hours, the oldest first.
SELECT * FROM session_usage
WHERE agent_id = :agent_id AND timestamp <= :at AND session_id = :session_id AND timestamp >= (
    SELECT min(timestamp) FROM (
        SELECT DISTINCT timestamp FROM session_usage
        WHERE agent_id = :agent_id AND timestamp <= :at AND session_id = :session_id
        ORDER BY timestamp DESC LIMIT :hours
    )
)
ORDER BY timestamp, model;

-- name: system_marks_at(at)
-- Each system of which something was recorded, with when its state was noted last, and how far its lists have come.
WITH RECURSIVE system (name) AS (
    SELECT min(name) FROM system_states
    UNION
    SELECT (SELECT min(name) FROM system_states WHERE name > system.name) FROM system WHERE system.name IS NOT NULL
)
SELECT
    s.name,
    (SELECT max(timestamp) FROM system_states WHERE name = s.name AND timestamp <= :at) AS state,
    (
        SELECT timestamp FROM system_events
        WHERE system = s.name AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
        ORDER BY timestamp DESC LIMIT 1
    ) AS events,
    (
        SELECT max(resolved_noted_at) FROM system_events
        WHERE system = s.name AND resolved_noted_at IS NOT NULL AND resolved_noted_at <= :at
    ) AS resolved,
    (
        SELECT timestamp FROM system_logs
        WHERE system = s.name AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
        ORDER BY timestamp DESC LIMIT 1
    ) AS logs,
    (
        SELECT timestamp FROM system_metrics
        WHERE system = s.name AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
        ORDER BY timestamp DESC LIMIT 1
    ) AS metrics
FROM system AS s WHERE s.name IS NOT NULL ORDER BY s.name;

-- name: system_state_at(at, system)
SELECT * FROM system_states WHERE name = :system AND timestamp <= :at ORDER BY timestamp DESC LIMIT 1;

-- name: system_events_at(at, system, limit)
-- The newest events of a system; one that was noted as resolved later was open.
SELECT
    event_id, timestamp, kind, source, severity, system_severity, text,
    iif(resolved_noted_at > :at, 0, resolved) AS resolved, iif(resolved_noted_at > :at, NULL, resolved_at) AS resolved_at
FROM system_events
WHERE system = :system AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
ORDER BY timestamp DESC, event_id DESC LIMIT :limit;

-- name: system_logs_at(at, system, limit)
SELECT line_id, timestamp, level, system_level, subject, text FROM system_logs
WHERE system = :system AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
ORDER BY timestamp DESC, line_id DESC LIMIT :limit;

-- name: system_metrics_at(at, system, limit)
SELECT metric_id, timestamp, kind, name, value, unit, subject FROM system_metrics
WHERE system = :system AND timestamp <= :at AND coalesce(recorded_at, timestamp) <= :at
ORDER BY timestamp DESC, metric_id DESC LIMIT :limit;
