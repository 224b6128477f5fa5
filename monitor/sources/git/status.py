"""Reads `git status --porcelain=v2 -z` as it arrives (git-status(1), "Porcelain Format Version 2").

Untracked files are counted one by one, not by folder: uncommitted changes are files (checklist SIB-13). A folder that
somebody forgot to ignore may hold a million, so the names are counted as they arrive and not kept.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec

ARGUMENTS: Final = (
    "status",
    "--porcelain=v2",
    "--branch",
    "--show-stash",
    "--ahead-behind",
    "-z",
    "--untracked-files=all",
    "--ignore-submodules=all",
    "--no-renames",
)
MAX_PATHS: Final = 200
"""Changed files whose names are given on."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What one status told; counts are files."""

    head: str | None = None
    """Object id; None on an unborn branch."""
    branch: str | None = None
    """None when detached."""
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    stash_count: int | None = None
    """None when git says nothing: there is none, or git is older than 2.35."""
    changed: int = 0
    """Each file once: staged, modified, conflicted, untracked."""
    modified: int = 0
    staged: int = 0
    untracked: int = 0
    conflicted: int = 0
    paths: tuple[bytes, ...] = ()
    """Of the first changed files, relative to the worktree."""


class StatusParser:
    """Takes the output in pieces of any size; `result()` when it has ended."""

    def __init__(self) -> None:
        self._rest = b""
        self._headers: dict[bytes, bytes] = {}
        self._paths: list[bytes] = []
        self._ordinary = self._modified = self._staged = self._untracked = self._conflicted = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece."""
        *records, self._rest = (self._rest + chunk).split(b"\0")
        for record in records:
            kind = record[:2]
            if kind == b"? ":
                self._untracked += 1
                if len(self._paths) < MAX_PATHS:
                    self._paths.append(record[2:])
            elif kind == b"1 ":
                self._changed(record)
            elif kind == b"u ":
                self._conflicted += 1
                self._path(record, 10)
            elif kind == b"# ":
                name, _, value = record[2:].partition(b" ")
                self._headers[name] = value

    def result(self) -> Status:
        """What the status told."""
        oid = self._headers.get(b"branch.oid", b"(initial)")
        branch = self._headers.get(b"branch.head", b"(detached)")
        upstream = self._headers.get(b"branch.upstream")
        ahead, behind = _counts(self._headers.get(b"branch.ab", b""))
        stash = self._headers.get(b"stash", b"")
        return Status(
            head=None if oid == b"(initial)" else oid.decode("ascii", "replace"),
            branch=None if branch == b"(detached)" else os.fsdecode(branch),
            upstream=None if upstream is None else os.fsdecode(upstream),
            ahead=ahead,
            behind=behind,
            stash_count=int(stash) if stash.isdigit() else None,
            changed=self._ordinary + self._untracked + self._conflicted,
            modified=self._modified,
            staged=self._staged,
            untracked=self._untracked,
            conflicted=self._conflicted,
            paths=tuple(self._paths),
        )

    def _changed(self, record: bytes) -> None:
        """An ordinary entry: `1 XY sub mH mI mW hH hI path`, X for the index, Y for the worktree."""
        self._ordinary += 1
        self._staged += record[2:3] != b"."
        self._modified += record[3:4] != b"."
        self._path(record, 8)

    def _path(self, record: bytes, fields: int) -> None:
        """Keep the path that follows a number of fields."""
        if len(self._paths) < MAX_PATHS:
            parts = record.split(b" ", fields)
            if len(parts) > fields:
                self._paths.append(parts[fields])


def _counts(text: bytes) -> tuple[int | None, int | None]:
    """Commits ahead and behind of `+1 -2`; unknown when git does not say."""
    ahead, _, behind = text.partition(b" -")
    if not (ahead[:1] == b"+" and ahead[1:].isdigit() and behind.isdigit()):
        return None, None
    return int(ahead[1:]), int(behind)
