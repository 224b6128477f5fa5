"""Where a worktree's repository is and what its own files tell, without running git.

Facts of the layout: gitrepository-layout(5), git-worktree(1) "DETAILS", git-rebase's state folders.
"""

from __future__ import annotations

import os
import re
import stat
import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.sources.git.errors import GitError, trouble
from monitor.sources.git.files import read_small
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.model import GitState

_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_VALID_SECONDS: Final = 5.0
_CACHED_FOLDERS: Final = 4096

FOREIGN_REFS: Final = "refs/heads/.invalid"
"""Where HEAD points when the references are not kept in files (reftable)."""

_OPERATIONS: Final[tuple[tuple[str, GitState], ...]] = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


class Layout(msgspec.Struct, frozen=True):
    """A worktree and the folders of its repository; absolute paths, symlinks resolved."""

    worktree: str
    git_dir: str
    """The worktree's own: HEAD, index, logs/HEAD."""
    common_dir: str
    """Shared by all worktrees of the repository: refs, objects, config."""
    head: str
    """Content of HEAD: `ref: refs/heads/<branch>` or an object id."""

    @property
    def head_ref(self) -> str | None:
        """Full name of the reference that HEAD points to; None when detached."""
        return self.head[5:].strip() if self.head.startswith("ref:") else None


class WatchPaths(msgspec.Struct, frozen=True):
    """What a file watcher has to watch to know when one worktree moves.

    `common_*` are shared by the worktrees of a repository: watch each path once.
    """

    worktree: str
    """Root of the files; watch it with its subfolders, without `.git`."""
    git_dir: str
    """HEAD, index, logs/HEAD and the state of operations; not its subfolders, except `logs`."""
    common_dir: str
    common_heads: str
    """Folder of the branches, with its subfolders."""
    common_packed_refs: str
    """A file that git replaces: watch its folder, `common_dir`."""


_folders: dict[str, tuple[float, str | None]] = {}


def worktree_of(folder: str) -> str | None:
    """Root of the git worktree that holds a folder (symlinks resolved), or None.

    Looks upwards for `.git` by `stat()` only, as git does: a folder with a HEAD, or a file. An answer is kept for
    five seconds. Never raises.
    """
    now = time.monotonic()
    known = _folders.get(folder)
    if known is not None and now - known[0] < _VALID_SECONDS:
        return known[1]
    found = _search(folder)
    if len(_folders) >= _CACHED_FOLDERS:
        _folders.clear()
    _folders[folder] = (now, found)
    return found


def _search(folder: str) -> str | None:
    try:
        path = os.path.realpath(folder)
    except (OSError, ValueError):
        return None
    while True:
        dot_git = os.path.join(path, ".git")
        mode = _mode(dot_git)
        if mode is not None and (stat.S_ISREG(mode) or _mode(os.path.join(dot_git, "HEAD")) is not None):
            return path
        parent = os.path.dirname(path)
        if parent == path:
            return None
        path = parent


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return None


def layout_of(worktree: str) -> Layout:
    """Find the folders of a worktree's repository.

    Raises GitError naming the state: deleted, not-a-repository, bare, pruned-worktree, corrupt-head, failed
    (permission denied).
    """
    try:
        path = os.path.realpath(worktree)
        git_dir = _git_dir(path)
        common_dir = _common_dir(git_dir)
        head = _head(path, git_dir)
    except OSError as error:
        raise trouble(worktree, error) from error
    except ValueError as error:  # a NUL in the path
        raise GitError(
            "not-a-repository", f"{clean(worktree)} cannot be a folder: {clean(str(error))}"
        ) from error
    if not os.path.isdir(os.path.join(common_dir, "objects")):
        raise GitError(
            "not-a-repository", f"{clean(path)} is not a git repository: {clean(common_dir)} holds no objects"
        )
    return Layout(path, git_dir, common_dir, head)


def _git_dir(worktree: str) -> str:
    """Follow `.git`, a folder or a gitfile. Raises GitError and OSError."""
    dot_git = os.path.join(worktree, ".git")
    try:
        mode = os.stat(dot_git).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _without_git(worktree) from None
    if stat.S_ISDIR(mode):
        return os.path.realpath(dot_git)
    content = read_small(dot_git) or b""
    if not content.startswith(b"gitdir:"):
        raise GitError(
            "not-a-repository", f"{clean(dot_git)} does not name a git folder: repair or remove it"
        )
    target = os.path.realpath(os.path.join(worktree, os.fsdecode(content[7:].strip())))
    if _mode(target) is None:
        raise GitError(
            "pruned-worktree",
            f"the git folder {clean(target)} of {clean(worktree)} is gone: the worktree was pruned or its "
            "repository moved; `git worktree repair` in the repository mends it",
        )
    return target


def _without_git(worktree: str) -> GitError:
    """Why a folder without `.git` is no worktree."""
    shown = clean(worktree)
    mode = _mode(worktree)
    if mode is None:
        return GitError("deleted", f"{shown} is gone: the folder was deleted or moved")
    if stat.S_ISDIR(mode) and all(
        _mode(os.path.join(worktree, part)) for part in ("HEAD", "objects", "refs")
    ):
        return GitError(
            "bare", f"{shown} is a bare repository: it has no files to watch; name one of its worktrees"
        )
    return GitError("not-a-repository", f"{shown} is not a git repository: it holds no .git")


def _common_dir(git_dir: str) -> str:
    content = read_small(os.path.join(git_dir, "commondir"))
    if not content:
        return git_dir
    return os.path.realpath(os.path.join(git_dir, os.fsdecode(content.strip())))


def _head(worktree: str, git_dir: str) -> str:
    """Content of HEAD, which may be a symlink in old repositories. Raises GitError and OSError."""
    path = os.path.join(git_dir, "HEAD")
    if os.path.islink(path):
        target = os.readlink(path)
        if target.startswith("refs/"):
            return f"ref: {target}"
    content = read_small(path)
    if content is None and _mode(os.path.join(git_dir, "objects")) is None and git_dir.endswith(".git"):
        raise GitError(
            "not-a-repository", f"{clean(worktree)} is not a git repository: {clean(git_dir)} holds no HEAD"
        )
    head = os.fsdecode((content or b"").strip())
    if not re.fullmatch(r"ref:\s*refs/\S.*", head) and not _OBJECT_ID.fullmatch(head):
        raise GitError(
            "corrupt-head",
            f"HEAD of {clean(worktree)} is damaged ({clean(path)} names no branch and no commit): "
            "logs/HEAD beside it tells where it was",
        )
    return head


def watch_paths(worktree: str) -> WatchPaths:
    """What to watch for one worktree. Raises GitError when it has no repository."""
    layout = layout_of(worktree)
    common = layout.common_dir
    return WatchPaths(
        layout.worktree,
        layout.git_dir,
        common,
        os.path.join(common, "refs", "heads"),
        os.path.join(common, "packed-refs"),
    )


def operations(git_dir: str) -> tuple[GitState, ...]:
    """The operations under way, each named once."""
    under_way = [state for name, state in _OPERATIONS if os.path.lexists(os.path.join(git_dir, name))]
    return tuple(dict.fromkeys(under_way))


def branch_worked_on(git_dir: str) -> str | None:
    """The branch that a rebase or a bisect will go back to; None when there is none.

    Raises PermissionError.
    """
    for folder in ("rebase-merge", "rebase-apply"):
        name = os.fsdecode((read_small(os.path.join(git_dir, folder, "head-name")) or b"").strip())
        if name.startswith("refs/heads/"):
            return name.removeprefix("refs/heads/")
    start = os.fsdecode((read_small(os.path.join(git_dir, "BISECT_START")) or b"").strip())
    return start if start and not _OBJECT_ID.fullmatch(start) else None
