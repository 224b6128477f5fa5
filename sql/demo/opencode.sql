-- The database of opencode as the demo's agents write it (packages/opencode/src/session/session.sql.ts).

-- name: session_table
CREATE TABLE IF NOT EXISTS session (
  id TEXT PRIMARY KEY,
  parent_id TEXT,
  directory TEXT NOT NULL,
  version TEXT NOT NULL,
  agent TEXT,
  time_created INTEGER NOT NULL,
  time_updated INTEGER NOT NULL,
  time_compacting INTEGER,
  time_archived INTEGER
);

-- name: message_table
CREATE TABLE IF NOT EXISTS message (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  time_created INTEGER NOT NULL,
  time_updated INTEGER NOT NULL,
  data TEXT NOT NULL
);

-- name: part_table
CREATE TABLE IF NOT EXISTS part (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  time_created INTEGER NOT NULL,
  time_updated INTEGER NOT NULL,
  data TEXT NOT NULL
);

-- name: message_index
CREATE INDEX IF NOT EXISTS message_session ON message (session_id, time_updated);

-- name: part_index
CREATE INDEX IF NOT EXISTS part_session ON part (session_id, time_updated);

-- name: add_session
INSERT INTO session (id, parent_id, directory, version, agent, time_created, time_updated)
VALUES (:id, :parent, :directory, :version, :agent, :now, :now);

-- name: touch_session
UPDATE session SET time_updated = :now WHERE id = :id;

-- name: put_message
INSERT INTO message (id, session_id, time_created, time_updated, data)
VALUES (:id, :session, :now, :now, :data)
ON CONFLICT (id) DO UPDATE SET time_updated = :now, data = :data;

-- name: put_part
INSERT INTO part (id, message_id, session_id, time_created, time_updated, data)
VALUES (:id, :message, :session, :now, :now, :data)
ON CONFLICT (id) DO UPDATE SET time_updated = :now, data = :data;

-- name: drop_parts
DELETE FROM part WHERE session_id IN (SELECT id FROM session WHERE id = :id OR parent_id = :id);

-- name: drop_messages
DELETE FROM message WHERE session_id IN (SELECT id FROM session WHERE id = :id OR parent_id = :id);

-- name: drop_sessions
DELETE FROM session WHERE id = :id OR parent_id = :id;
