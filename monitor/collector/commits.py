"""The commit book: commits of all worktrees, each once, with every agent that has it (checklist X1-06)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from monitor.keystore import FEED_LIMIT, RECENT_COMMITS_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Commit, Millis


class CommitBook:
    """Merges what each worktree's log and reflog tell into one list.

    An agent with reflog evidence owns the commit; without any, the first agent that had it does.
    """

    def __init__(self) -> None:
        self._commits: dict[str, Commit] = {}
        self._recent: dict[str, tuple[str, ...]] = {}
        self._newest: dict[str, Millis | None] = {}
        self._lists: dict[str, tuple[Commit, ...]] = {}
        self._reached: dict[str, tuple[str, ...]] = {}
        """Of each agent, the commits that its worktree has: one of them may be told of by another worktree later."""
        self.version = 0
        """Grows when an agent's commits, or who has a commit, may have changed."""
        self.last_commit_at: Millis | None = None
        """Time of the newest commit that an agent made."""

    def restore(self, commits: Iterable[Commit]) -> None:
        """Take up what history has, so that it is not announced again."""
        self._newest.clear()
        self._lists.clear()
        self.version += 1
        for commit in commits:
            self._commits[commit.commit_hash] = commit
            self._note_time(commit)
            for agent_id in commit.agent_ids:
                self._recent[agent_id] = (*self._recent.get(agent_id, ()), commit.commit_hash)[
                    :RECENT_COMMITS_LIMIT
                ]

    def apply(
        self, agent_ids: Sequence[str], commits: Sequence[Commit], reached: Iterable[str] = ()
    ) -> tuple[list[Commit], list[Commit]]:
        """Take up one worktree's newest commits, newest first, and the hashes of those and older ones that it has.

        Returns (changed, made): the records that are new or have changed, and those among them that are new to us
        and were made by one of these agents.
        """
        changed, made = [], []
        self._newest.clear()
        self.version += 1
        unknown = {commit.commit_hash for commit in commits} - self._commits.keys()
        others = self._who_has(unknown, agent_ids)
        for commit in commits:
            old = self._commits.get(commit.commit_hash)
            merged = _with_agents(_merge(old, commit, agent_ids), others.get(commit.commit_hash, ()))
            if merged != old:
                self._commits[commit.commit_hash] = merged
                changed.append(merged)
                self._note_time(merged)
                if commit.attribution == "reflog" and (old is None or old.attribution != "reflog"):
                    made.append(merged)
        changed += self._held(agent_ids, set(reached).difference(commit.commit_hash for commit in commits))
        has = tuple(map(sys.intern, reached))
        for agent_id in agent_ids:
            self._reached[agent_id] = has
            self._recent[agent_id] = tuple(commit.commit_hash for commit in commits[:RECENT_COMMITS_LIMIT])
        for agent_id in (*agent_ids, *(holder for commit in changed for holder in commit.agent_ids)):
            self._lists.pop(agent_id, None)
        if changed:
            self._trim()
        return changed, made

    def forget(self, agent_id: str) -> None:
        """The agent is gone; its commits stay in the feed until newer ones push them out."""
        self.version += 1
        self._recent.pop(agent_id, None)
        self._reached.pop(agent_id, None)
        self._newest.pop(agent_id, None)
        self._lists.pop(agent_id, None)

    @property
    def known(self) -> tuple[Commit, ...]:
        """All commits in memory."""
        return tuple(self._commits.values())

    def recent(self, agent_id: str) -> tuple[Commit, ...]:
        """The agent's newest commits, newest first; the very tuple of before while nothing of them is new."""
        if agent_id not in self._lists:
            names = self._recent.get(agent_id, ())
            self._lists[agent_id] = tuple(self._commits[name] for name in names if name in self._commits)
        return self._lists[agent_id]

    def newest_by(self, agent_id: str) -> Millis | None:
        """When the agent last made a commit: of those that are its own."""
        if agent_id not in self._newest:
            own = [commit for commit in self.recent(agent_id) if commit.agent_id == agent_id]
            self._newest[agent_id] = max((commit.commit_timestamp for commit in own), default=None)
        return self._newest[agent_id]

    def feed(self) -> tuple[Commit, ...]:
        """The newest commits over all agents, newest first."""
        newest = sorted(self._commits.values(), key=lambda commit: commit.commit_timestamp, reverse=True)
        return tuple(newest[:FEED_LIMIT])

    def _who_has(self, hashes: set[str], but: Sequence[str]) -> dict[str, list[str]]:
        """For each of these commits, the agents that have it beside those that tell of it now."""
        found: dict[str, list[str]] = {}
        if hashes:
            for agent_id, reached in self._reached.items():
                for name in hashes.intersection(reached) if agent_id not in but else ():
                    found.setdefault(name, []).append(agent_id)
        return found

    def _held(self, agent_ids: Sequence[str], hashes: Iterable[str]) -> list[Commit]:
        """Note that these agents have the commits with these hashes, as far as they are known; returns the changed."""
        changed = []
        for name in hashes:
            old = self._commits.get(name)
            if old is not None and (new := _with_agents(old, agent_ids)) is not old:
                self._commits[name] = new
                changed.append(new)
        return changed

    def _note_time(self, commit: Commit) -> None:
        self.last_commit_at = max(self.last_commit_at or 0, commit.commit_timestamp)

    def _trim(self) -> None:
        """Keep what the feed or an agent's list still shows."""
        shown = {name for names in self._recent.values() for name in names}
        shown.update(commit.commit_hash for commit in self.feed())
        if len(self._commits) > 2 * len(shown):
            self._commits = {name: commit for name, commit in self._commits.items() if name in shown}


def _merge(old: Commit | None, new: Commit, agent_ids: Sequence[str]) -> Commit:
    if old is None:
        return msgspec.structs.replace(new, agent_id=agent_ids[0], agent_ids=tuple(agent_ids))
    merged = _with_agents(old, agent_ids)
    if new.attribution == "reflog" and old.attribution == "branch":
        merged = msgspec.structs.replace(
            merged, agent_id=agent_ids[0], attribution="reflog", branch=new.branch
        )
    # Where history has it from an earlier version, or a shallow clone told of it first.
    if old.files is None and new.files is not None:
        merged = msgspec.structs.replace(
            merged,
            parents=new.parents,
            files=new.files,
            files_changed=new.files_changed,
            lines_added=new.lines_added,
            lines_deleted=new.lines_deleted,
        )
    return merged


def _with_agents(commit: Commit, agent_ids: Sequence[str]) -> Commit:
    """The commit with these agents among those that have it; the very same when they are already."""
    more = tuple(agent_id for agent_id in agent_ids if agent_id not in commit.agent_ids)
    return msgspec.structs.replace(commit, agent_ids=commit.agent_ids + more) if more else commit
