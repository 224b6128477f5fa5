-- An interval's tasks, commits, alerts and events, with those that its first moment shows: as export.sql. What was
-- noted later than it happened is known from then on (`known_at`).

-- name: export_task_events(since, until, only, history)!
-- Of tasks that stood on the board at its first moment, or changed in it: their newest events before it, as many as a
-- task's history shows, and their first, by which they are ordered.
WITH
    told AS (
        SELECT *, max(timestamp, coalesce(recorded_at, timestamp)) AS known_at FROM source.task_events
    ),
    life AS (
        SELECT
            id, task_id, new_status,
            row_number() OVER (PARTITION BY task_id ORDER BY timestamp DESC, id DESC) AS place,
            row_number() OVER (PARTITION BY task_id, root ORDER BY timestamp DESC, id DESC) AS place_on_board,
            row_number() OVER (PARTITION BY task_id, root ORDER BY id) AS number
        FROM told WHERE known_at <= :since
    ),
    wanted AS (
        SELECT task_id FROM life WHERE place_on_board = 1 AND new_status IS NOT NULL
        UNION
        SELECT task_id FROM told WHERE known_at > :since AND known_at <= :until
    )
INSERT INTO main.task_events (
    id, task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root, recorded_at
)
SELECT
    id, task_id, event_type, previous_status, new_status, assigned_to, changed_by, details, timestamp, root, recorded_at
FROM told
WHERE task_id IN (SELECT task_id FROM wanted)
    AND (
        (known_at > :since AND known_at <= :until)
        OR id IN (SELECT id FROM life WHERE place <= :history OR place_on_board = 1 OR number = 1)
    )
    AND (:only IS NULL OR task_id IN (
        SELECT task_id FROM told
        WHERE assigned_to IN (SELECT value FROM json_each(:only)) AND known_at <= :until
    ))
ORDER BY id;

-- name: export_board_states(since, until)!
INSERT INTO main.board_states (
    root, timestamp, path, version, shape, sprint, last_synced, last_updated, updated_by, error, partial
)
SELECT
    b.root, b.timestamp, b.path, b.version, b.shape, b.sprint, b.last_synced, b.last_updated, b.updated_by, b.error,
    b.partial
FROM source.board_states AS b
WHERE b.timestamp <= :until AND b.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.board_states WHERE root = b.root AND timestamp <= :since
), 0);

-- name: export_git_commits(since, until, agents, only, feed, recent, listed)!
-- Those seen in it; those that the feed (`:feed`), an agent's list (`:recent`) and its activities (`:listed`) showed at
-- its first moment; and those that someone was newly found to have, or to have made. Of who made it only what was known
-- by the end.
WITH
    held AS (
        SELECT
            id, commit_hash, agent_id, branch, recorded_at, min(commit_timestamp, recorded_at) AS made_at,
            iif(attribution = 'reflog', coalesce(attributed_at, recorded_at), NULL) AS own_at
        FROM source.commit_agents
        WHERE recorded_at <= :until AND (:only IS NULL OR agent_id IN (SELECT value FROM json_each(:only)))
    ),
    listed AS (
        SELECT commit_hash, row_number() OVER (PARTITION BY agent_id ORDER BY made_at DESC) AS place
        FROM held WHERE recorded_at <= :since AND agent_id IN (SELECT value FROM json_each(:agents))
    ),
    own AS (
        SELECT commit_hash, row_number() OVER (PARTITION BY agent_id ORDER BY made_at DESC) AS place
        FROM held WHERE own_at <= :since AND agent_id IN (SELECT value FROM json_each(:agents))
    ),
    feed AS (
        SELECT commit_hash FROM source.git_commits
        WHERE recorded_at <= :since AND (:only IS NULL OR commit_hash IN (SELECT commit_hash FROM held))
        ORDER BY min(commit_timestamp, recorded_at) DESC LIMIT :feed
    ),
    wanted AS (
        SELECT commit_hash FROM feed
        UNION SELECT commit_hash FROM listed WHERE place <= :recent
        UNION SELECT commit_hash FROM own WHERE place <= :listed
        UNION SELECT commit_hash FROM held WHERE recorded_at > :since
        UNION SELECT commit_hash FROM held WHERE own_at > :since AND own_at <= :until
        UNION SELECT commit_hash FROM source.git_commits WHERE :only IS NULL AND recorded_at > :since
    )
INSERT INTO main.git_commits (
    id, commit_hash, short_hash, agent_id, author_name, author_email, message, branch, files_changed, lines_added,
    lines_deleted, commit_timestamp, recorded_at, attribution, repository, parents, files_listed
)
SELECT
    c.id, c.commit_hash, c.short_hash, coalesce(h.agent_id, c.agent_id), c.author_name, c.author_email, c.message,
    iif(h.agent_id IS NULL, c.branch, h.branch), c.files_changed, c.lines_added, c.lines_deleted, c.commit_timestamp,
    c.recorded_at, iif(h.agent_id IS NULL, c.attribution, iif(h.own_at <= :until, 'reflog', 'branch')), c.repository,
    c.parents, c.files_listed
FROM source.git_commits AS c
LEFT JOIN (  -- where something was found out after the end: who stood for it until then
    SELECT *, row_number() OVER (
        PARTITION BY commit_hash ORDER BY coalesce(own_at <= :until, 0) DESC, id
    ) AS place
    FROM held WHERE commit_hash IN (
        SELECT commit_hash FROM source.commit_agents
        WHERE attribution = 'reflog' AND coalesce(attributed_at, recorded_at) > :until
    )
) AS h ON h.commit_hash = c.commit_hash AND h.place = 1
WHERE c.recorded_at <= :until AND c.commit_hash IN (SELECT commit_hash FROM wanted)
    AND (:only IS NULL OR coalesce(h.agent_id, c.agent_id) IN (SELECT value FROM json_each(:only)))
ORDER BY c.id;

-- name: export_commit_files()!
INSERT INTO main.commit_files (commit_hash, place, path, lines_added, lines_deleted)
SELECT f.commit_hash, f.place, f.path, f.lines_added, f.lines_deleted
FROM main.git_commits AS wanted CROSS JOIN source.commit_files AS f ON f.commit_hash = wanted.commit_hash;

-- name: export_commit_agents(until, only)!
INSERT INTO main.commit_agents (
    id, commit_hash, agent_id, attribution, branch, commit_timestamp, recorded_at, attributed_at
)
SELECT
    id, commit_hash, agent_id, iif(attributed_at > :until, 'branch', attribution), branch, commit_timestamp,
    recorded_at, iif(attributed_at > :until, NULL, attributed_at)
FROM source.commit_agents
WHERE commit_hash IN (SELECT commit_hash FROM main.git_commits) AND recorded_at <= :until
    AND (:only IS NULL OR agent_id IN (SELECT value FROM json_each(:only)))
ORDER BY id;

-- name: export_alerts(since, until, only, noted_late)!
-- Those open at some time of it, as far as their life had come by its end. An alert may be noted as resolved so much
-- later than it was (`:noted_late`).
WITH life AS (
    SELECT
        a.*,
        (
            SELECT max(timestamp) FROM source.alert_changes WHERE alert_id = a.alert_id AND timestamp <= :until
        ) AS changed_at,
        coalesce((
            SELECT resolved = 0 OR resolved_at > :since FROM source.alert_changes
            WHERE alert_id = a.alert_id AND timestamp <= :since ORDER BY timestamp DESC LIMIT 1
        ), 1) AS was_open
    FROM source.alerts AS a
    WHERE created_at <= :until AND (resolved_at IS NULL OR resolved_at > :since - :noted_late)
)
INSERT INTO main.alerts (
    id, alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved, resolved_at, created_at
)
SELECT
    a.id, a.alert_id, a.rule, a.subject, a.type, c.severity, c.title, c.message, a.source, c.metadata,
    c.acknowledged, c.acknowledged_by, c.acknowledged_at, c.resolved OR coalesce(a.resolved_at <= :until, 0),
    coalesce(c.resolved_at, iif(a.resolved_at <= :until, a.resolved_at, NULL)), a.created_at
FROM life AS a JOIN source.alert_changes AS c ON c.alert_id = a.alert_id AND c.timestamp = a.changed_at
WHERE a.was_open AND (
    :only IS NULL
    OR a.subject IN (SELECT value FROM json_each(:only))
    OR a.source IN (SELECT value FROM json_each(:only))
)
ORDER BY a.id;

-- name: export_alert_changes(since, until)!
INSERT INTO main.alert_changes (
    alert_id, timestamp, severity, title, message, metadata, acknowledged, acknowledged_by, acknowledged_at, resolved,
    resolved_at
)
SELECT
    c.alert_id, c.timestamp, c.severity, c.title, c.message, c.metadata, c.acknowledged, c.acknowledged_by,
    c.acknowledged_at, c.resolved, c.resolved_at
FROM main.alerts AS wanted CROSS JOIN source.alert_changes AS c ON c.alert_id = wanted.alert_id
WHERE c.timestamp <= :until AND c.timestamp >= coalesce((
    SELECT max(timestamp) FROM source.alert_changes WHERE alert_id = wanted.alert_id AND timestamp <= :since
), 0);

-- name: export_alerts_archive(since, until, only)!
INSERT INTO main.alerts_archive (
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved_at, created_at, archived_at
)
SELECT
    alert_id, rule, subject, type, severity, title, message, source, metadata, acknowledged, acknowledged_by,
    acknowledged_at, resolved_at, created_at, archived_at
FROM source.alerts_archive
WHERE resolved_at >= :since AND resolved_at <= :until AND (:only IS NULL
    OR subject IN (SELECT value FROM json_each(:only)) OR source IN (SELECT value FROM json_each(:only)));

-- name: export_alert_mutes(since, until, only)!
-- Those that held at some time of it; for some agents only, those that can have kept one of their alerts quiet.
INSERT INTO main.alert_mutes (rule, subject, recorded_at, created_at, until, ended_at, muted_by, note)
SELECT rule, subject, recorded_at, created_at, until, iif(ended_at <= :until, ended_at, NULL), muted_by, note
FROM source.alert_mutes AS m
WHERE recorded_at <= :until AND coalesce(ended_at, until) > :since AND (:only IS NULL OR EXISTS (
    SELECT 1 FROM main.alerts AS a WHERE m.rule IN ('', a.rule) AND m.subject IN ('', a.subject)
));

-- name: export_events(since, until, agents, only, shown, listed)!
-- Before it: the newest of all (`:shown`), of each agent (`:listed`), when each agent left last, and the newest of each
-- source since the recorder of its first moment started.
WITH
    told AS (
        SELECT *, max(timestamp, coalesce(recorded_at, timestamp)) AS known_at FROM source.events
        WHERE :only IS NULL OR agent_id IN (SELECT value FROM json_each(:only)) OR type = 'gap'
            OR (type = 'source' AND details ->> 'subject' IN (SELECT value FROM json_each(:only)))
    ),
    shown AS (SELECT id FROM told WHERE known_at <= :since ORDER BY timestamp DESC, id DESC LIMIT :shown),
    listed AS (
        SELECT id, row_number() OVER (PARTITION BY agent_id ORDER BY timestamp DESC, id DESC) AS place
        FROM told WHERE known_at <= :since AND agent_id IN (SELECT value FROM json_each(:agents))
    ),
    departures AS (
        SELECT id, row_number() OVER (PARTITION BY agent_id ORDER BY timestamp DESC, id DESC) AS place
        FROM told
        WHERE type = 'agent-left' AND timestamp <= :since AND agent_id IN (SELECT value FROM json_each(:agents))
    ),
    sources AS (
        SELECT id, row_number() OVER (PARTITION BY subject ORDER BY timestamp DESC, id DESC) AS place
        FROM told
        WHERE type = 'source' AND timestamp <= :since AND timestamp >= (
            SELECT started_at FROM source.recorders WHERE started_at <= :since ORDER BY recorder_id DESC LIMIT 1
        )
    )
INSERT INTO main.events (id, timestamp, type, agent_id, subject, details, recorded_at)
SELECT id, timestamp, type, agent_id, subject, details, recorded_at FROM told
WHERE (known_at > :since AND known_at <= :until) OR id IN (
    SELECT id FROM shown
    UNION SELECT id FROM listed WHERE place <= :listed
    UNION SELECT id FROM departures WHERE place = 1
    UNION SELECT id FROM sources WHERE place = 1
)
ORDER BY id;
