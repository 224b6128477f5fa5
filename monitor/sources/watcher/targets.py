"""What can be watched, which folders that takes, and what an event in them means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from monitor.model import Millis

TargetKind = Literal["git", "coordination", "sessions", "worktree"]
"""In the order of being followed, should the limit not be enough: what tells most for the fewest folders first."""

SKIPPED: Final = frozenset(
    {
        "node_modules",
        "dist",
        "build",
        "target",
        "__pycache__",
        "venv",
        "vendor",
        "site-packages",
        "bower_components",
    }
)
"""Folders that tools fill (SIB-26). Beside these every hidden folder is skipped, `.git` and the caches among them."""
WORKTREE_FOLDERS: Final = 4_000
"""Folders followed in one worktree; a larger one is polled."""
OTHER_FOLDERS: Final = 500
"""Folders followed for a target of another kind."""
HEAD_SIZE: Final = 4096

HEAD_FILES: Final = frozenset(
    {"HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "sequencer"}
)
PLAIN_FILES: Final = frozenset({"index", "FETCH_HEAD", "packed-refs"})
EDITOR_FILES: Final = ("~", ".swp", ".swx", ".lock", ".tmp")


class Target(NamedTuple):
    """Something to watch. `path` is absolute.

    worktree: its folder, with everything below but `SKIPPED`. git: a worktree's own git folder, or the worktree; the
    folder that its repository's worktrees share is found from it. coordination: a folder, or one file. sessions: a
    folder, with everything below. `key` is what a `Change` is reported under, and need not be unique.
    """

    kind: TargetKind
    key: str
    path: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a target since the last batch."""

    kind: TargetKind
    key: str
    at: Millis
    """The first event of the batch."""
    paths: tuple[str, ...] = ()
    """Some of the paths, from the target's folder, cleaned; empty when events were lost and anything may differ."""
    head_moved: bool = False
    """HEAD, its log or its branch moved: there may be new commits."""


class Plan(msgspec.Struct, frozen=True):
    """Where a target is looked for.

    `folders` are followed as they are, `trees` with everything below. Only what happens to `name`, if it is given,
    counts in `folders`. A target that is not there has the folder that it would appear in.
    """

    folders: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    name: str = ""
    missing: bool = False
    git_folder: str = ""
    common_folder: str = ""
    branch: str = ""
    """What HEAD of `git_folder` points at below `refs/heads`; empty when it is detached."""
    limit: int = OTHER_FOLDERS
    """Folders that may be followed for it."""

    @property
    def base(self) -> str:
        """The folder that the paths of a change are told from."""
        return self.common_folder or next(iter(self.roots), os.sep)

    @property
    def roots(self) -> tuple[str, ...]:
        """Where it begins: without one of these it has to be looked for again."""
        return self.folders + self.trees


def plan(target: Target) -> Plan:
    """Look where the target is now; touches the file system. What cannot be looked at is missing."""
    path = os.path.realpath(target.path)
    if target.kind == "git":
        return _plan_git(path)
    if os.path.isdir(path):
        return Plan(trees=(path,), limit=WORKTREE_FOLDERS if target.kind == "worktree" else OTHER_FOLDERS)
    if target.kind == "coordination" and os.path.exists(path):
        return Plan(folders=(os.path.dirname(path),), name=os.path.basename(path))
    return _plan_missing(path)


def _plan_missing(path: str) -> Plan:
    parent, name = os.path.split(path)
    return Plan(folders=(parent,) if os.path.isdir(parent) else (), name=name, missing=True)


def _plan_git(path: str) -> Plan:
    folder = git_folder(path)
    if folder is None:
        return (
            Plan(folders=(path,), name=".git", missing=True) if os.path.isdir(path) else _plan_missing(path)
        )
    common = os.path.normpath(os.path.join(folder, _first_line(os.path.join(folder, "commondir")) or "."))
    folders = [
        folder,
        *(os.path.join(folder, name) for name in ("logs", "reftable")),
        os.path.join(common, "refs"),
    ]
    if common != folder:
        folders.append(common)
    trees = [os.path.join(common, "refs", name) for name in ("heads", "remotes")]
    return Plan(
        folders=tuple(filter(os.path.isdir, folders)),
        trees=tuple(filter(os.path.isdir, trees)),
        git_folder=folder,
        common_folder=common,
        branch=_branch(folder),
    )


def with_branch_of_now(planned: Plan) -> Plan:
    """The plan after HEAD moved. Read only then: a reference that moves concerns all worktrees of a repository."""
    return msgspec.structs.replace(planned, branch=_branch(planned.git_folder))


def _branch(folder: str) -> str:
    head = _first_line(os.path.join(folder, "HEAD"))
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""


def git_folder(path: str) -> str | None:
    """The git folder at `path` (itself, its `.git`, or where its `.git` file points), or None."""
    if os.path.isfile(os.path.join(path, "HEAD")):
        return path
    dot = os.path.join(path, ".git")
    if os.path.isdir(dot):
        return dot
    line = _first_line(dot)
    if not line.startswith("gitdir: "):
        return None
    folder = os.path.normpath(os.path.join(path, line.removeprefix("gitdir: ")))
    return folder if os.path.isdir(folder) else None


def _first_line(file: str) -> str:
    """The first line of a small file that git wrote; empty when there is none."""
    try:
        if not os.path.isfile(file):
            return ""
        with Path(file).open("rb") as stream:
            return os.fsdecode(stream.readline(HEAD_SIZE)).rstrip("\n")
    except OSError:
        return ""


def is_followed(name: str) -> bool:
    """Whether a folder of this name in a tree is followed."""
    return not name.startswith(".") and name not in SKIPPED


def meaning(target: Target, planned: Plan, folder: str, name: str) -> bool | None:
    """What a change of `name` in `folder` is to the target: None nothing, True its head moved, False anything else."""
    if planned.name:
        return False if name == planned.name and folder in planned.folders else None
    if target.kind == "git":
        return _git_meaning(planned, folder, name)
    if name == ".git" or name in SKIPPED or name.endswith(EDITOR_FILES):
        return None
    if target.kind == "coordination" and name.startswith("."):
        return None
    return False


def _git_meaning(planned: Plan, folder: str, name: str) -> bool | None:
    if name.endswith(".lock"):
        return None
    if folder == planned.git_folder:
        if name in HEAD_FILES or name.startswith("rebase-"):
            return True
        return False if name in PLAIN_FILES else None
    if folder == planned.common_folder:
        return False if name == "packed-refs" else None
    if os.path.dirname(folder) == planned.git_folder and os.path.basename(folder) in {"logs", "reftable"}:
        return True if name in {"HEAD", "tables.list"} else None
    return _reference_meaning(planned, os.path.join(folder, name))


def _reference_meaning(planned: Plan, path: str) -> bool | None:
    """Worktrees share their branches: one that is moved concerns only the worktree that has it checked out."""
    if not planned.branch:
        return None
    reference = path.removeprefix(planned.common_folder + "/refs/")
    if reference == f"heads/{planned.branch}":
        return True
    # A push or fetch moves refs/remotes/<remote>/<branch>, and with it ahead and behind.
    parts = reference.split("/", 2)
    return False if parts[0] == "remotes" and parts[2:] == [planned.branch] else None
