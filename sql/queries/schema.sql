-- The table that records which migrations were applied; the runner makes it before the first one.

-- name: create_schema_version()!
CREATE TABLE IF NOT EXISTS schema_version (
    version           INTEGER NOT NULL PRIMARY KEY,
    description       TEXT    NOT NULL,         -- first comment line of the file
    checksum          TEXT    NOT NULL,         -- SHA-256 of the file, hexadecimal
    applied_at        INTEGER NOT NULL,         -- time, milliseconds
    execution_time_ms INTEGER NOT NULL,
    success           INTEGER NOT NULL CHECK (success IN (0, 1))  -- 0: it failed, and was undone
) STRICT;

-- name: schema_tables()
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\';

-- name: database_files()
-- What the connection reads.
SELECT name, file FROM pragma_database_list;

-- name: table_statements()
-- The statement that made each table, with its comments.
SELECT name, sql FROM sqlite_schema WHERE type = 'table';

-- name: schema_versions()
SELECT version, description, checksum, applied_at, execution_time_ms, success FROM schema_version ORDER BY version;

-- name: record_migration(version, description, checksum, applied_at, execution_time_ms, success)!
INSERT INTO schema_version (version, description, checksum, applied_at, execution_time_ms, success)
VALUES (:version, :description, :checksum, :applied_at, :execution_time_ms, :success)
ON CONFLICT (version) DO UPDATE
SET description = excluded.description, checksum = excluded.checksum, applied_at = excluded.applied_at,
    execution_time_ms = excluded.execution_time_ms, success = excluded.success;

-- name: forget_migration(version)!
DELETE FROM schema_version WHERE version = :version;
