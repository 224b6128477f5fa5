-- The files of commits, and whose process and repository an agent's are
-- Of a commit recorded before this it is not known how many parents it has, and which files it changed. Times, sizes,
-- NULL: as in 0001.

CREATE TABLE commit_files (                     -- the first 100 files of each commit; they never change
    commit_hash     TEXT    NOT NULL REFERENCES git_commits (commit_hash),
    place           INTEGER NOT NULL CHECK (place >= 0),  -- in git's order, from 0
    path            TEXT    NOT NULL CHECK (length(path) BETWEEN 1 AND 400),  -- below the worktree; of a renamed file the new one
    lines_added     INTEGER,                    -- NULL: not counted, as of a binary file
    lines_deleted   INTEGER,                    -- the same
    PRIMARY KEY (commit_hash, place)
) STRICT, WITHOUT ROWID;

ALTER TABLE git_commits ADD COLUMN parents INTEGER;  -- more than one: a merge, whose files are those that differ from the first
ALTER TABLE git_commits ADD COLUMN files_listed INTEGER;  -- rows in commit_files; NULL: not recorded

ALTER TABLE agent_details ADD COLUMN repository TEXT;  -- common git folder: the same for all worktrees of a repository
ALTER TABLE agent_details ADD COLUMN process_start INTEGER;  -- of pid: clock ticks from the host's start to its own (field 22 of /proc/<pid>/stat)
