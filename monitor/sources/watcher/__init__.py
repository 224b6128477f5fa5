"""The file watcher: follows worktrees, their git folders and coordination folders (SIB-24, SIB-26).

What it saw decides what is asked again; what it cannot follow it names, so that it is asked at an interval.
"""

from monitor.sources.watcher.targets import Change, Target
from monitor.sources.watcher.watcher import Watcher

__all__ = ["Change", "Target", "Watcher"]
