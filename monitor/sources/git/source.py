"""Reads worktrees and their commits; every odd repository becomes a named state, never an exception.

One git process a reading in the ordinary case: `git status`. Branches to measure against are read from the
repository's files, the configuration when it changed, distances between commits and the facts of a commit once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.errors import SourceError
from monitor.model import Commit
from monitor.sources.git import layout as layouts
from monitor.sources.git.distance import Distance, Distances
from monitor.sources.git.environment import Environments
from monitor.sources.git.errors import GitError, trouble
from monitor.sources.git.log import CommitReader
from monitor.sources.git.reading import current_branch, is_shallow, readable, unreadable
from monitor.sources.git.reflog import Reflogs
from monitor.sources.git.refs import References
from monitor.sources.git.runner import Runner
from monitor.sources.git.signature import Signatures
from monitor.sources.git.status import ARGUMENTS, StatusParser
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from monitor.model import Millis, WorktreeReading
    from monitor.sources.git.layout import Layout, WatchPaths

_WORKTREES: Final = 4096


class WorktreeLog(NamedTuple):
    """What a worktree's HEAD reaches."""

    commits: tuple[Commit, ...]
    """The newest, newest first."""
    reached: tuple[str, ...]
    """Object ids of these and of older ones, at most `log.REACHED`."""


class GitSource:
    """Reads git worktrees. Safe to use from several threads.

    `timeout` is the time limit of one git command in seconds.
    """

    def __init__(self, timeout: float = 10.0) -> None:
        self._runner = Runner(timeout)
        self._environments = Environments(self._runner)
        self._references = References()
        self._distances = Distances(self._runner, self._references)
        self._reflogs = Reflogs()
        self._commits = CommitReader(self._runner)
        self._signatures = Signatures()
        self._costs: dict[str, float] = {}
        self._spent_ms = 0.0
        self._lock = threading.Lock()

    @property
    def spent_ms(self) -> float:
        """CPU milliseconds of everything asked so far: of the git processes and of the threads that ran them."""
        return self._spent_ms

    def last_cost_ms(self, worktree: str) -> float | None:
        """CPU milliseconds of a worktree's last reading and the commits read since; None before the first."""
        return self._costs.get(worktree)

    def worktree_of(self, folder: str) -> str | None:
        """Root of the git worktree that holds a folder, or None; see `layout.worktree_of`."""
        return layouts.worktree_of(folder)

    def paths(self, worktree: str) -> WatchPaths | None:
        """What a file watcher has to watch for a worktree; None when it has no repository."""
        try:
            return layouts.watch_paths(worktree)
        except GitError:
            return None

    def signature(self, worktree: str) -> Hashable:
        """A value that changes when git is worth asking; see `Signatures.of`."""
        return self._signatures.of(worktree)

    def read(self, worktree: str, now: Millis) -> WorktreeReading:
        """Read one worktree. Whatever its repository is like: `state` and `error` tell (see `UNREADABLE`)."""
        found: Layout | None = None
        with self._metered(worktree, first=True):
            try:
                found = layouts.layout_of(worktree)
                return self._read(found, now)
            except GitError as error:
                return unreadable(worktree, found, error, now)
            except OSError as error:
                return unreadable(worktree, None, trouble(worktree, error), now)

    def log(self, worktree: str, agent_id: str, limit: int = 10) -> WorktreeLog:
        """The newest `limit` commits of a worktree's HEAD; none on an unborn branch.

        Attributed by the worktree's reflog where it tells that the commit was made there, else by its branch.
        Raises SourceError when git cannot tell.
        """
        with self._metered(worktree, first=False):
            try:
                return self._newest(layouts.layout_of(worktree), agent_id, limit)
            except GitError as error:
                raise SourceError(error.sentence) from error
            except OSError as error:
                raise SourceError(trouble(worktree, error).sentence) from error

    def _read(self, found: Layout, now: Millis) -> WorktreeReading:
        """Ask git. Raises GitError and OSError."""
        environment = self._environments.of(found)
        parser = StatusParser()
        self._runner.run(found.worktree, environment, ARGUMENTS, parser.feed)
        status = parser.result()
        branch = current_branch(found, status.branch)
        distance = Distance(status.ahead, status.behind)
        # A history that is cut off counts wrong.
        if status.ahead is None and status.head is not None and not is_shallow(found):
            distance = self._distances.from_default(found, environment, status.head, branch)
        return readable(found, status, branch, distance, now)

    def _newest(self, found: Layout, agent_id: str, limit: int) -> WorktreeLog:
        """Ask git. Raises GitError and OSError."""
        name = found.head_ref
        if name not in {None, layouts.FOREIGN_REFS} and not self._references.resolve(
            found.common_dir, str(name)
        ):
            return WorktreeLog((), ())
        newest = self._commits.newest(found, self._environments.of(found), limit)
        made = self._reflogs.made_in(found.git_dir)
        branch = current_branch(found)
        commits = tuple(
            Commit(
                commit_hash=facts.commit_hash,
                short_hash=facts.commit_hash[:7],
                agent_id=agent_id,
                agent_ids=(agent_id,),
                author_name=facts.author_name,
                author_email=facts.author_email,
                message=facts.message,
                branch=None if branch is None else clean(branch),
                files_changed=facts.files_changed,
                lines_added=facts.lines_added,
                lines_deleted=facts.lines_deleted,
                commit_timestamp=facts.commit_timestamp,
                attribution="reflog" if facts.commit_hash in made else "branch",
                repository=found.common_dir,
                parents=facts.parents,
                files=facts.files,
            )
            for facts in newest.facts
        )
        return WorktreeLog(commits, newest.reached)

    @contextlib.contextmanager
    def _metered(self, worktree: str, *, first: bool) -> Iterator[None]:
        """Add what a call costs to the worktree's last cost, which `first` starts anew."""
        before = 1000 * time.thread_time() + self._runner.thread_spent_ms
        try:
            yield
        finally:
            cost = 1000 * time.thread_time() + self._runner.thread_spent_ms - before
            with self._lock:
                self._spent_ms += cost
                if len(self._costs) >= _WORKTREES and worktree not in self._costs:
                    self._costs.clear()
                self._costs[worktree] = cost if first else cost + self._costs.get(worktree, 0.0)
