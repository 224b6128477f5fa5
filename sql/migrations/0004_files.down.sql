-- Back to schema 3: the files of commits, repositories and the start of processes are lost.
ALTER TABLE agent_details DROP COLUMN process_start;
ALTER TABLE agent_details DROP COLUMN repository;
ALTER TABLE git_commits DROP COLUMN files_listed;
ALTER TABLE git_commits DROP COLUMN parents;
DROP TABLE commit_files;
