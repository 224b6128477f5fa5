-- How a part of a system is read. `part` is one of the system's own queries (sql/systems/<system>/read.sql), which a
-- reader puts in front as a WITH clause. Of every part, `changed` is what grows with each change, in the system's own
-- form, and `closed` is 1 for what has ended.

-- name: part_first(limit)
-- What is open, then what changed last.
SELECT * FROM part ORDER BY closed, changed IS NULL, changed DESC LIMIT :limit;

-- name: part_newest(limit)
-- Of what is only ever added to: the end.
SELECT * FROM part ORDER BY changed DESC LIMIT :limit;

-- name: part_since(since, limit)
-- What changed since, what is as new as that among it.
SELECT * FROM part WHERE changed >= :since ORDER BY changed DESC LIMIT :limit;

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
"{table}" AS (SELECT *, {nothing} FROM {full_name}),;

-- name: table_of_nothing()!
-- In the place of a table that is not there.
"{table}" AS (SELECT {nothing} WHERE 1 = 0),;

-- name: null_column()!
CAST(NULL AS text) AS "{column}";

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
-- Every table and view that may be read, with its columns, in the order of the search path.
SELECT n.nspname AS "schema", c.relname AS "table", a.attname AS "column"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ANY (current_schemas(false))
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY array_position(current_schemas(false), n.nspname), c.relname, a.attnum;

-- name: postgres_changes()
-- What has been written to each table since the server began to count; a standby counts nothing.
SELECT relid AS id, n_tup_ins + n_tup_upd + n_tup_del AS changes,
    current_setting('track_counts')::boolean AND NOT pg_is_in_recovery() AS counted
FROM pg_catalog.pg_stat_user_tables ORDER BY relid;
