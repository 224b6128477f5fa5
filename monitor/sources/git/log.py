"""Reads commits: which there are, and of each, once for ever, what it says and what it changed."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from monitor.model import COMMIT_FILES_LIMIT, FileChange, Millis
from monitor.sources.git.errors import GitError
from monitor.sources.git.files import read_range
from monitor.text import clean, clean_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.sources.git.environment import Environment
    from monitor.sources.git.layout import Layout
    from monitor.sources.git.runner import Runner

CACHED_COMMITS: Final = 20_000
"""Over all repositories; some 500 bytes each, without their files."""
CACHED_FILES: Final = 100_000
"""Files of these commits; some 150 bytes each."""
REACHED: Final = 200
"""Commits that HEAD reaches of which a log tells that it does."""

_FIELDS: Final = ("%H", "%P", "%an", "%ae", "%ct", "%s")
_DISPLAY: Final = (
    "--no-show-signature",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-notes",
    "--no-decorate",
    "--ignore-submodules=all",
    "--encoding=UTF-8",
)
_ATTRIBUTES: Final = ("log", "--no-walk=unsorted", "-z", "--format=" + "%x00".join(_FIELDS), *_DISPLAY)
# Of a merge: against its first parent (`-m --first-parent` is that for every git, as `log.diffMerges` is set).
# Looking for renames is bounded: above 100 files on both sides only exact ones are found.
_NUMSTAT: Final = ("-m", "--first-parent", "--numstat", "-M", "-l100")
_NAMES: Final = ("-m", "--first-parent", "--name-only", "--no-renames")
_COUNT: Final = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)


class CommitFacts(msgspec.Struct, frozen=True):
    """What never changes of a commit. Lines of binary files are not counted; text is clean.

    At the boundary of a shallow clone `parents` and `files` are unknown.
    """

    commit_hash: str
    author_name: str
    author_email: str
    commit_timestamp: Millis
    message: str
    files_changed: int
    lines_added: int
    lines_deleted: int
    parents: int | None
    files: tuple[FileChange, ...] | None
    """The first `COMMIT_FILES_LIMIT` of them."""


class Newest(NamedTuple):
    """The newest commits that HEAD reaches, newest first."""

    facts: list[CommitFacts]
    reached: tuple[str, ...]
    """Object ids of these and of older ones, at most `REACHED`."""


class CommitReader:
    """Reads commits through a runner and keeps them. Safe to use from several threads."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: OrderedDict[tuple[str, str], CommitFacts] = OrderedDict()
        self._files = 0
        self._lock = threading.Lock()

    def newest(self, layout: Layout, environment: Environment, limit: int) -> Newest:
        """The newest `limit` commits that HEAD reaches. Raises GitError."""
        try:
            reached = self._reached(layout, environment, max(limit, REACHED))
        except GitError as error:
            if error.state != "missing-objects":
                raise
            reached = self._reached(layout, environment, limit)  # of a history that is broken farther back
        hashes = reached[:limit]
        common = layout.common_dir
        facts: dict[str, CommitFacts] = {}
        with self._lock:
            for oid in hashes:
                if (common, oid) in self._known:
                    self._known.move_to_end((common, oid))
                    facts[oid] = self._known[common, oid]
        missing = [oid for oid in hashes if oid not in facts]
        if missing:
            facts |= self._read(layout, environment, missing)
        return Newest([facts[oid] for oid in hashes if oid in facts], tuple(reached[:REACHED]))

    def _reached(self, layout: Layout, environment: Environment, limit: int) -> list[str]:
        listing = self._runner.run(
            layout.worktree, environment, ["rev-list", f"--max-count={limit}", "HEAD", "--"]
        )
        return listing.decode("ascii", "replace").split()

    def _read(
        self, layout: Layout, environment: Environment, hashes: Sequence[str]
    ) -> dict[str, CommitFacts]:
        """Read commits and remember them, but those at which a shallow clone's history is cut off.

        Such a commit would seem to have added every file there is, and fetching more history changes that.
        """
        boundary = _shallow(layout.common_dir)
        whole = [oid for oid in hashes if oid not in boundary]
        cut = [oid for oid in hashes if oid in boundary]
        found = self._counted(layout, environment, whole) if whole else {}
        self._remember(layout.common_dir, found)
        if not cut:
            return found
        return found | {
            oid: msgspec.structs.replace(facts, parents=None, files=None)
            for oid, facts in parse_log(self._log(layout, environment, cut)).items()
        }

    def _remember(self, common_dir: str, found: dict[str, CommitFacts]) -> None:
        with self._lock:
            for oid, facts in found.items():
                if (common_dir, oid) not in self._known:
                    self._files += len(facts.files or ())
                self._known[common_dir, oid] = facts
            while len(self._known) > CACHED_COMMITS or self._files > CACHED_FILES:
                _, oldest = self._known.popitem(last=False)
                self._files -= len(oldest.files or ())

    def _counted(
        self, layout: Layout, environment: Environment, hashes: Sequence[str]
    ) -> dict[str, CommitFacts]:
        """Commits with numstat; one by one when the contents that some of them changed are not in the repository."""
        try:
            return parse_log(self._log(layout, environment, hashes, *_NUMSTAT))
        except GitError as error:
            if error.state != "missing-objects":
                raise
        if len(hashes) > 1:
            return {
                oid: facts
                for one in hashes
                for oid, facts in self._counted(layout, environment, [one]).items()
            }
        told = self._log(layout, environment, hashes, *_NAMES).rstrip(b"\0").split(b"\0")
        names = [name.removeprefix(b"\n") for name in told[len(_FIELDS) :]]
        files = tuple(FileChange(clean_path(name)) for name in names[:COMMIT_FILES_LIMIT])
        return {
            oid: msgspec.structs.replace(facts, files_changed=len(names), files=files)
            for oid, facts in parse_log(self._log(layout, environment, hashes)).items()
        }

    def _log(self, layout: Layout, environment: Environment, hashes: Sequence[str], *options: str) -> bytes:
        return self._runner.run(layout.worktree, environment, [*_ATTRIBUTES, *options, *hashes, "--"])


def parse_log(output: bytes) -> dict[str, CommitFacts]:
    """By its hash, each commit of `git log -z` in this module's format, with or without numstat."""
    tokens = output.split(b"\0")
    commits: dict[str, CommitFacts] = {}
    at = 0
    while at + len(_FIELDS) <= len(tokens):
        oid, parents, name, email, seconds, subject = tokens[at : at + len(_FIELDS)]
        at += len(_FIELDS)
        count = added = deleted = 0
        files: list[FileChange] = []
        while at < len(tokens) and (found := _COUNT.fullmatch(tokens[at])):
            at += (
                1 if found[3] else 3
            )  # a rename has no path here, and two after it: the old one and the new one
            count += 1
            change = FileChange(
                clean_path(found[3] or b"".join(tokens[at - 1 : at])), _lines(found[1]), _lines(found[2])
            )
            added += change.lines_added or 0
            deleted += change.lines_deleted or 0
            if len(files) < COMMIT_FILES_LIMIT:
                files.append(change)
        commit_hash = oid.strip().decode("ascii", "replace")
        commits[commit_hash] = CommitFacts(
            commit_hash,
            clean(name, 100),
            clean(email, 100),
            1000 * int(seconds) if seconds.isdigit() else 0,
            clean(subject),
            count,
            added,
            deleted,
            len(parents.split()),
            tuple(files),
        )
    return commits


def _lines(number: bytes) -> int | None:
    """Lines of a file; None of a binary one."""
    return None if number == b"-" else int(number)


def _shallow(common_dir: str) -> frozenset[str]:
    """Commits at which a shallow clone's history ends."""
    content = read_range(f"{common_dir}/shallow", 0, 1024 * 1024) or b""
    return frozenset(content.decode("ascii", "replace").split())
