"""Why git could not be asked: the state of the repository by name, and a sentence for a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from monitor.text import clean

if TYPE_CHECKING:
    from monitor.model import GitState

UNREADABLE: Final[frozenset[GitState]] = frozenset(
    {
        "bare",
        "corrupt-head",
        "corrupt-index",
        "deleted",
        "failed",
        "foreign-owner",
        "missing-objects",
        "not-a-repository",
        "pruned-worktree",
        "timeout",
    }
)
"""As the `state` of a reading these mean that git told nothing: every number is unknown, `error` says why."""


class GitError(Exception):
    """Git could not tell: `state` names the case, `sentence` says what happened, where, and what to do."""

    def __init__(self, state: GitState, sentence: str) -> None:
        super().__init__(sentence)
        self.state: GitState = state
        self.sentence = sentence


# What git 2.25 to 2.50 print with LC_ALL=C; the first pattern that is found decides.
_MESSAGES: Final[tuple[tuple[re.Pattern[str], GitState, str], ...]] = (
    (
        re.compile(r"dubious ownership|unsafe repository", re.IGNORECASE),
        "foreign-owner",
        "{path} is another user's and git refuses it: `git config --global --add safe.directory {path}` trusts it",
    ),
    (
        re.compile(r"must be run in a work tree|cannot use bare repository", re.IGNORECASE),
        "bare",
        "{path} is a bare repository: it has no files to watch; name one of its worktrees",
    ),
    (
        re.compile(
            r"index file|bad signature 0x|bad index|index uses|unknown index entry|unordered stage entries"
            r"|malformed name field|(?:read|map|open).*/index'?:",
            re.IGNORECASE,
        ),
        "corrupt-index",
        "the index of {path} is damaged ({said}): `rm` it and run `git reset` there",
    ),
    (
        re.compile(r"appears to be broken|unable to resolve HEAD|bad HEAD|HEAD.*broken", re.IGNORECASE),
        "corrupt-head",
        "HEAD of {path} is damaged ({said}): `git reflog` or .git/logs/HEAD tells where it was",
    ),
    (
        re.compile(
            r"bad object|bad tree|unable to read|missing (?:blob|tree|commit|object)|could not parse|invalid sha1"
            r"|is corrupt|could not (?:read|fetch|get)|unable to (?:find|parse)|inflate|failed to read object"
            r"|revision walk setup failed|promisor",
            re.IGNORECASE,
        ),
        "missing-objects",
        "objects are missing in {path} ({said}): `git fsck` there tells which",
    ),
    (
        re.compile(r"permission denied|cannot (?:open|access).*denied", re.IGNORECASE),
        "failed",
        "permission denied in {path} ({said}): run the monitor as the user who owns it",
    ),
    (
        re.compile(r"not a git repository", re.IGNORECASE),
        "not-a-repository",
        "{path} is not a git repository ({said})",
    ),
)


def failure(path: str, code: int, said: str) -> GitError:
    """The named failure of a git command that ended with `code` and printed `said`."""
    text = clean(_told(said), 160)
    for pattern, state, sentence in _MESSAGES:
        if pattern.search(said):
            return GitError(state, sentence.format(path=clean(path), said=text))
    return GitError(
        "failed", f"git failed in {clean(path)} with exit status {code}: {text or 'it said nothing'}"
    )


def trouble(worktree: str, error: OSError) -> GitError:
    """The failure of the operating system to read a file of a worktree's repository."""
    path = clean(str(error.filename or worktree))
    if isinstance(error, PermissionError):
        return GitError(
            "failed", f"permission denied: {path}: run the monitor as the user who owns the repository"
        )
    return GitError(
        "failed", f"{path} of {clean(worktree)} cannot be read: {clean(error.strerror or str(error))}"
    )


def _told(said: str) -> str:
    """The line that matters: the first fatal one, else the first error, else the first line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for word in ("fatal: ", "error: "):
        for line in lines:
            if line.startswith(word):
                return line.removeprefix(word)
    return lines[0] if lines else ""
