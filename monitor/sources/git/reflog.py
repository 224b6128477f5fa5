"""Which commits were made in a worktree: its own HEAD reflog tells (checklist X1-07; authors do not).

A line is `<old id> <new id> <who> <seconds> <zone>`, a tab and what was done, in the words of git's commands.
"""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from typing import Final

from monitor.sources.git.files import read_range

TAIL: Final = 256 * 1024
"""Bytes read at most at a time: some 1,500 entries."""

REMEMBERED: Final = 2000
"""Commits remembered of one worktree."""

_WORKTREES: Final = 4096
# "rebase (start)", "(finish)", "checkout", "reset", "clone" and fast-forwards move HEAD to commits made elsewhere.
_MADE: Final = re.compile(
    rb"commit(?: \([^)]*\))?: "
    rb"|(?:cherry-pick|revert|am): "
    rb"|(?:rebase|pull)[^:]*\((?:pick|continue|reword|edit|squash|fixup|merge|amend)\): "
    rb"|(?:merge|pull)\b.*: Merge made by "
)
_LINE: Final = re.compile(rb"[0-9a-f]{40,64} ([0-9a-f]{40,64}) [^\t\n]*\t([^\n]*)")


class _Log:
    """How far one worktree's reflog has been read, and the commits found in it, oldest first."""

    __slots__ = ("inode", "made", "offset")

    def __init__(self) -> None:
        self.inode = 0
        self.offset = 0
        self.made: OrderedDict[str, None] = OrderedDict()


class Reflogs:
    """Follows the HEAD reflogs of many worktrees, reading only what was added. Safe to use from several threads."""

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}
        self._lock = threading.Lock()

    def made_in(self, git_dir: str) -> frozenset[str]:
        """Object ids of the commits made in the worktree of `git_dir`; empty without a reflog.

        Raises PermissionError.
        """
        path = os.path.join(git_dir, "logs", "HEAD")
        with self._lock:
            if len(self._logs) >= _WORKTREES:
                self._logs.clear()
            log = self._logs.setdefault(git_dir, _Log())
            _follow(path, log)
            return frozenset(log.made)


def _follow(path: str, log: _Log) -> None:
    """Read what was added to a reflog; all of its tail when it was rewritten."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    if found.st_ino != log.inode or found.st_size < log.offset:
        log.inode, log.offset = found.st_ino, 0
        log.made.clear()
    start = max(log.offset, found.st_size - TAIL)
    content = read_range(path, start, TAIL) or b""
    end = content.rfind(b"\n") + 1
    for entry in _LINE.finditer(content, 0, end):
        if _MADE.match(entry[2]) and not entry[2].endswith(b": fast-forward"):
            log.made[entry[1].decode("ascii")] = None
    log.offset = start + end
    while len(log.made) > REMEMBERED:
        log.made.popitem(last=False)
