-- The database of goose as the demo's agents write it (crates/goose/src/session/session_manager.rs).

-- name: sessions_table
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY,
  working_dir TEXT NOT NULL,
  session_type TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  total_tokens INTEGER,
  accumulated_input_tokens INTEGER NOT NULL DEFAULT 0,
  accumulated_output_tokens INTEGER NOT NULL DEFAULT 0,
  accumulated_cache_read_tokens INTEGER NOT NULL DEFAULT 0,
  accumulated_cache_write_tokens INTEGER NOT NULL DEFAULT 0,
  provider_name TEXT,
  model_config_json TEXT,
  goose_mode TEXT
);

-- name: messages_table
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL,
  role TEXT NOT NULL,
  content_json TEXT NOT NULL,
  created_timestamp INTEGER NOT NULL
);

-- name: messages_index
CREATE INDEX IF NOT EXISTS messages_session ON messages (session_id, id);

-- name: add_session
INSERT INTO sessions (id, working_dir, session_type, created_at, updated_at, provider_name, model_config_json, goose_mode)
VALUES (:id, :directory, 'user', :now, :now, 'openai', :model, 'smart_approve');

-- name: touch_session
UPDATE sessions SET updated_at = :now WHERE id = :id;

-- name: count_tokens
UPDATE sessions
SET total_tokens = :context,
    accumulated_input_tokens = accumulated_input_tokens + :input,
    accumulated_output_tokens = accumulated_output_tokens + :output,
    accumulated_cache_read_tokens = accumulated_cache_read_tokens + :cached,
    accumulated_cache_write_tokens = accumulated_cache_write_tokens + :written
WHERE id = :id;

-- name: add_message
INSERT INTO messages (session_id, role, content_json, created_timestamp)
VALUES (:session, :role, :content, :seconds);

-- name: drop_messages
DELETE FROM messages WHERE session_id = :id;

-- name: drop_session
DELETE FROM sessions WHERE id = :id;
