"""Worktrees and commits."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from monitor.model.words import Attribution, Millis

COMMIT_FILES_LIMIT: Final = 100
"""Files of a commit that are told by name; `files_changed` counts all of them."""

GitState = Literal[
    "branch",
    "detached",
    "rebase",
    "merge",
    "cherry-pick",
    "revert",
    "bisect",
    "unborn",
    "bare",
    "shallow",
    "index-locked",
    "corrupt-index",
    "corrupt-head",
    "missing-objects",
    "pruned-worktree",
    "foreign-owner",
    "deleted",
    "not-a-repository",
    "timeout",
    "failed",
]


class WorktreeReading(msgspec.Struct, frozen=True, kw_only=True):
    """What git says of one worktree."""

    path: str
    at: Millis
    state: GitState
    """The most telling state; `branch` when all is well."""
    flags: tuple[GitState, ...] = ()
    """Every state that holds, `state` first."""
    repository: str | None = None
    """The common git folder: equal for all worktrees of one repository."""
    branch: str | None = None
    """Branch name; in a rebase or bisect the branch being worked on; None when detached."""
    head: str | None = None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    uncommitted_changes: int | None = None
    """modified + staged + untracked files, each file once."""
    modified: int | None = None
    staged: int | None = None
    untracked: int | None = None
    conflicted: int | None = None
    stash_count: int | None = None
    changed_files: tuple[str, ...] = ()
    """The first of the uncommitted files, relative to the worktree."""
    last_change: Millis | None = None
    """Newest modification time among the uncommitted files and the index, where known."""
    error: str = ""


class FileChange(msgspec.Struct, frozen=True):
    """A file that a commit changed. Lines are None where git counts none (binary files)."""

    path: str
    """Relative to the worktree, `/` between its parts; of a renamed file, the new one."""
    lines_added: int | None = None
    lines_deleted: int | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, shown once with all the agents that have it (seed 001, git_commits)."""

    commit_hash: str
    short_hash: str
    agent_id: str
    agent_ids: tuple[str, ...]
    author_name: str
    author_email: str
    message: str
    """The subject line."""
    branch: str | None
    files_changed: int
    lines_added: int
    lines_deleted: int
    commit_timestamp: Millis
    attribution: Attribution
    repository: str = ""
    parents: int | None = None
    """How many it has; with more than one it is a merge, whose files are those that differ from the first parent.

    None: not recorded.
    """
    files: tuple[FileChange, ...] | None = None
    """The first `COMMIT_FILES_LIMIT` files it changed; None: not recorded."""
