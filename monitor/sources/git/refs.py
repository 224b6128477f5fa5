"""Resolves references from a repository's own files, once for all of its worktrees.

Git's files backend only (gitrepository-layout(5)); with another one (reftable) a name stays unknown.
"""

from __future__ import annotations

import os
import re
import threading
from typing import Final

from monitor.sources.git.files import Stamp, read_range, read_small, stamp

_OBJECT_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PACKED_LIMIT: Final = 16 * 1024 * 1024
_CACHED: Final = 64


class References:
    """Reads references; keeps the text of `packed-refs` until that file changes. Safe to use from several threads."""

    def __init__(self) -> None:
        self._packed: dict[str, tuple[Stamp, bytes]] = {}
        self._lock = threading.Lock()

    def resolve(self, common_dir: str, name: str) -> str | None:
        """Object id of a full reference name; None when unknown. Raises PermissionError."""
        for _ in range(5):  # git follows as many symbolic references
            content = (read_small(os.path.join(common_dir, name)) or b"").strip()
            if content.startswith(b"ref:"):
                target = os.fsdecode(content[4:].strip())
                if not _is_safe(target):
                    return None
                name = target
                continue
            if _OBJECT_ID.fullmatch(content):
                return content.decode("ascii")
            return self._from_packed(common_dir, name)
        return None

    def default_branch(self, common_dir: str) -> tuple[str, str] | None:
        """Name and object id of the branch that others are measured against: origin/HEAD, else main, else master.

        The name is the branch's short one (`main`), with or without a remote. Raises PermissionError.
        """
        remote = (read_small(os.path.join(common_dir, "refs/remotes/origin/HEAD")) or b"").strip()
        names = ["refs/heads/main", "refs/heads/master"]
        if remote.startswith(b"ref: refs/remotes/origin/"):
            names.insert(0, os.fsdecode(remote[5:].strip()))
        for name in names:
            oid = self.resolve(common_dir, name) if _is_safe(name) else None
            if oid is not None:
                return name.removeprefix("refs/remotes/origin/").removeprefix("refs/heads/"), oid
        return None

    def _from_packed(self, common_dir: str, name: str) -> str | None:
        path = os.path.join(common_dir, "packed-refs")
        now = stamp(path)
        with self._lock:
            known = self._packed.get(common_dir)
        if known is None or known[0] != now:
            known = (now, b"\n" + (read_range(path, 0, _PACKED_LIMIT) or b""))
            with self._lock:
                if len(self._packed) >= _CACHED:
                    self._packed.clear()
                self._packed[common_dir] = known
        found = re.search(rb"\n([0-9a-f]{40,64}) " + re.escape(os.fsencode(name)) + rb"\n", known[1])
        return found[1].decode("ascii") if found else None


def _is_safe(name: str) -> bool:
    """Whether a reference name stays inside the repository."""
    return name.startswith("refs/") and ".." not in name.split("/") and "\0" not in name
