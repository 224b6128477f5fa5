-- How a part of a system is read. `part` is one of the system's own queries (sql/systems/<system>/read.sql), which a
-- reader puts in front as a WITH clause. Of every part, `changed` is what grows with each change, in the system's own
-- form, and `closed` is 1 for what has ended.

-- name: part_first(limit)
-- What is open, then what changed last.
SELECT * FROM part
ORDER BY CASE WHEN closed = 1 THEN 1 ELSE 0 END, changed IS NULL, changed DESC, id DESC LIMIT :limit;

-- name: part_newest(limit)
-- Of what is only ever added to: the end. What has no place in the order comes last.
SELECT * FROM part ORDER BY changed IS NULL, changed DESC, id DESC LIMIT :limit;

-- name: part_end(limit)
-- The same of what is long: in this form an index is used, and nothing is sorted.
SELECT * FROM part WHERE changed IS NOT NULL ORDER BY changed DESC, id DESC LIMIT :limit;

-- name: part_mark(overlap)
-- From where on to read next time.
SELECT changed FROM part WHERE changed IS NOT NULL ORDER BY changed DESC LIMIT 1 OFFSET :overlap;

-- name: part_since(since, limit)
-- What changed since, what is as new as that among it.
SELECT * FROM part WHERE changed >= :since ORDER BY changed DESC, id DESC LIMIT :limit;

-- name: part_tally()
-- How many there are in each status.
SELECT status, closed, count(*) AS number FROM part GROUP BY status, closed;

-- name: part_count()
SELECT count(*) AS number FROM part;

-- name: part_depths()
-- What waits or runs, by queue.
SELECT queue, count(*) AS number FROM part WHERE closed = 0 GROUP BY queue;

-- name: with_part()!
-- A query of a system in front of one of the above; what stands in braces is filled in with names of ours.
WITH {before} part AS ({query});

-- name: table_with_nothing()!
-- In the place of a table that lacks some columns.
"{table}" AS (SELECT {columns} FROM {full_name}),;

-- name: table_of_nothing()!
-- In the place of a table that is not there.
"{table}" AS (SELECT {nothing} WHERE 1 = 0),;

-- name: same_column()!
"{column}";

-- name: text_column()!
-- A word of an enum can be compared with no other word.
CAST("{column}" AS text) AS "{column}";

-- name: null_column()!
CAST(NULL AS {type}) AS "{column}";

-- name: make_table()!
-- Of the objects in a JSON file, or of a collection's documents.
CREATE TABLE "{table}" ({columns});

-- name: fill_table()!
INSERT INTO "{table}" VALUES ({marks});

-- name: sqlite_columns()
-- Every table of a SQLite file, with its columns. A view may be broken (checklist X4-01), and a virtual table's module
-- may not be there: asking for either's columns would fail for all.
SELECT m.name AS "table", p.name AS "column"
FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\';

-- name: postgres_columns()
-- Every table and view with its columns, in the order of the search path, and whether they may be read.
SELECT n.nspname AS "schema", c.relname AS "table", a.attname AS "column",
    has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable, t.typtype = 'e' AS enum
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ANY (current_schemas(false))
ORDER BY array_position(current_schemas(false), n.nspname), c.relname, a.attnum;

-- name: postgres_stamp()
-- What differs as soon as a transaction that wrote has ended: equal snapshots see equal rows. A standby's snapshots do
-- not tell every transaction, so there the place in the log is told as well. What a foreign table holds, nothing tells.
SELECT pg_postmaster_start_time()::text AS "server", pg_current_snapshot()::text AS "snapshot",
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS "replayed",
    EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE relkind = 'f') AS "foreign";
