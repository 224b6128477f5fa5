"""Git: worktrees and commits, read without running, locking or slowing anything of the repository (DESIGN.md §6)."""

from monitor.sources.git.errors import UNREADABLE
from monitor.sources.git.layout import WatchPaths, worktree_of
from monitor.sources.git.schedule import GitSchedule
from monitor.sources.git.source import GitSource, WorktreeLog

__all__ = ["UNREADABLE", "GitSchedule", "GitSource", "WatchPaths", "WorktreeLog", "worktree_of"]
