"""Reads commits: which there are, and of each, once for ever, what it says and what it changed."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Millis
from monitor.sources.git.errors import GitError
from monitor.sources.git.files import read_range
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.sources.git.environment import Environment
    from monitor.sources.git.layout import Layout
    from monitor.sources.git.runner import Runner

CACHED_COMMITS: Final = 20_000
"""Over all repositories; some 500 bytes each."""

_FIELDS: Final = ("%H", "%an", "%ae", "%ct", "%s")
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
    """What never changes of a commit. Lines of binary files are not counted; text is clean."""

    commit_hash: str
    author_name: str
    author_email: str
    commit_timestamp: Millis
    message: str
    files_changed: int
    lines_added: int
    lines_deleted: int


class CommitReader:
    """Reads commits through a runner and keeps them. Safe to use from several threads."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._known: OrderedDict[tuple[str, str], CommitFacts] = OrderedDict()
        self._lock = threading.Lock()

    def newest(self, layout: Layout, environment: Environment, limit: int) -> list[CommitFacts]:
        """The newest commits that HEAD reaches, newest first. Raises GitError."""
        listing = self._runner.run(
            layout.worktree, environment, ["rev-list", f"--max-count={limit}", "HEAD", "--"]
        )
        hashes = listing.decode("ascii", "replace").split()
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
        return [facts[oid] for oid in hashes if oid in facts]

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
        with self._lock:
            self._known.update({(layout.common_dir, oid): facts for oid, facts in found.items()})
            while len(self._known) > CACHED_COMMITS:
                self._known.popitem(last=False)
        return found | (parse_log(self._log(layout, environment, cut)) if cut else {})

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
        names = self._log(layout, environment, hashes, *_NAMES).rstrip(b"\0").split(b"\0")[len(_FIELDS) :]
        return {
            oid: msgspec.structs.replace(facts, files_changed=len(names))
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
        oid, name, email, seconds, subject = tokens[at : at + len(_FIELDS)]
        at += len(_FIELDS)
        files = added = deleted = 0
        while at < len(tokens) and (count := _COUNT.fullmatch(tokens[at])):
            at += 1 if count[3] else 3  # a rename has no path here, and two after it
            files += 1
            added += int(count[1]) if count[1] != b"-" else 0
            deleted += int(count[2]) if count[2] != b"-" else 0
        commit_hash = oid.strip().decode("ascii", "replace")
        commits[commit_hash] = CommitFacts(
            commit_hash,
            clean(name, 100),
            clean(email, 100),
            1000 * int(seconds) if seconds.isdigit() else 0,
            clean(subject),
            files,
            added,
            deleted,
        )
    return commits


def _shallow(common_dir: str) -> frozenset[str]:
    """Commits at which a shallow clone's history ends."""
    content = read_range(f"{common_dir}/shallow", 0, 1024 * 1024) or b""
    return frozenset(content.decode("ascii", "replace").split())
