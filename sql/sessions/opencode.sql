-- The database of opencode (packages/opencode/src/session/session.sql.ts). No text of a person, a model or a tool is
-- selected. Columns that some versions lack are asked for apart.

-- name: opencode_sessions(since, limit)
-- Sessions that were written since, the newest first.
SELECT id, parent_id, directory, version, time_created, time_updated
FROM session
WHERE time_updated >= :since
ORDER BY time_updated DESC
LIMIT :limit;

-- name: opencode_session_times(since)
-- When these sessions are being summed up, or were put away.
SELECT id, agent, time_compacting, time_archived
FROM session
WHERE time_updated >= :since;

-- name: opencode_messages(session_id, since)
-- Messages of a session that were written since.
SELECT id,
       time_created,
       time_updated,
       json_extract(data, '$.role') AS role,
       json_extract(data, '$.modelID') AS model,
       json_extract(data, '$.finish') AS finish,
       json_extract(data, '$.error.name') AS error,
       json_extract(data, '$.time.completed') AS completed,
       json_extract(data, '$.cost') AS cost,
       json_extract(data, '$.tokens.input') AS input,
       json_extract(data, '$.tokens.output') AS output,
       json_extract(data, '$.tokens.reasoning') AS reasoning,
       json_extract(data, '$.tokens.cache.read') AS cache_read,
       json_extract(data, '$.tokens.cache.write') AS cache_write
FROM message
WHERE session_id = :session_id AND time_updated >= :since AND json_valid(data)
ORDER BY time_created, id;

-- name: opencode_parts(session_id, since)
-- Tool calls of a session, and the files that it changed, as written since.
SELECT id,
       time_updated,
       json_extract(data, '$.type') AS type,
       json_extract(data, '$.callID') AS call_id,
       json_extract(data, '$.tool') AS tool,
       json_extract(data, '$.state.status') AS status,
       json_extract(data, '$.state.time.start') AS started,
       json_extract(data, '$.state.time.end') AS ended,
       substr(json_extract(data, '$.state.error'), 1, 60) AS error,
       coalesce(json_extract(data, '$.state.input.filePath'), json_extract(data, '$.state.input.path')) AS path,
       substr(json_extract(data, '$.state.input.command'), 1, 4096) AS command,
       json_extract(data, '$.state.input.subagent_type') AS subagent,
       json_extract(data, '$.files') AS files
FROM part
WHERE session_id = :session_id
  AND time_updated >= :since
  AND json_valid(data)
  AND json_extract(data, '$.type') IN ('tool', 'patch')
ORDER BY time_created, id;
