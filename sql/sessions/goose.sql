-- The database of goose (crates/goose/src/session/session_manager.rs). Columns that some versions lack are null.

-- name: goose_sessions(since, limit)
-- Sessions that were written since, the newest first. Every column: which there are depends on the version.
SELECT *
FROM sessions
WHERE updated_at >= :since
ORDER BY updated_at DESC
LIMIT :limit;

-- name: goose_messages(session_id, after)
-- Messages of a session after one of them, without their texts: the kinds and calls in them.
SELECT messages.id AS id,
       messages.role AS role,
       messages.created_timestamp AS at,
       json_extract(part.value, '$.type') AS type,
       coalesce(json_extract(part.value, '$.id'), json_extract(part.value, '$.data.id')) AS call_id,
       coalesce(json_extract(part.value, '$.toolCall.value.name'),
                json_extract(part.value, '$.toolName'),
                json_extract(part.value, '$.data.toolName')) AS tool,
       json_extract(part.value, '$.toolResult.status') AS status,
       json_extract(part.value, '$.toolResult.value.isError') AS is_error,
       json_extract(part.value, '$.toolCall.value.arguments.path') AS path,
       substr(json_extract(part.value, '$.toolCall.value.arguments.command'), 1, 4096) AS command
FROM messages, json_each(CASE WHEN json_valid(messages.content_json) THEN messages.content_json ELSE '[]' END) AS part
WHERE messages.session_id = :session_id AND messages.id > :after
ORDER BY messages.id, part.key;
