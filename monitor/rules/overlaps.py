"""Which agents change the same files, in different worktrees of one repository: what will have to be merged."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


OVERLAPS_LIMIT: Final = 50
"""Pairs that are told at the same time: who has more of them than that needs no longer list."""
FILES_LIMIT: Final = 20
"""Files of a pair that are told by name; all of them are counted."""
LOOKS_LIMIT: Final = 5_000
"""Pairs that are compared at most, 2 to 12 µs each: all agents of a large fleet may have touched one file."""

Place = tuple[str, str]
"""A file: repository, and path in it."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What is changed in one worktree and may not be known in others."""

    repository: str
    """The common git folder: equal for all worktrees of one repository."""
    agents: tuple[str, ...]
    """Who works there; one at least."""
    uncommitted: frozenset[str] = frozenset()
    """Files, relative to the worktree."""
    commits: tuple[Commit, ...] = ()
    """Made there lately, with their files."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Two worktrees in which the same files are changed, and neither has what the other one did."""

    pair: tuple[str, str]
    """The first agents of both, in order of their ids."""
    agents: tuple[str, ...]
    """All agents of both."""
    files: tuple[str, ...]
    """The first `FILES_LIMIT` by name."""
    count: int
    """All of them."""


class OverlapIndex:
    """The work in all worktrees by file, so that a change in one is compared with those alone that touch its files."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}
        self._touching: dict[Place, set[str]] = {}
        self._crowded: set[Place] = set()
        """Files that several worktrees touch."""
        self._told: tuple[tuple[str, str], ...] = ()
        """Pairs of worktrees that were found at the last look."""

    def put(self, worktree: str, work: Work | None) -> None:
        """What is changed in a worktree from now on; None: nothing is known of it, or it is gone."""
        old = self._works.pop(worktree, None)
        if work is not None:
            self._works[worktree] = work
        before, after = _places(old), _places(work)
        for place in before - after:
            touching = self._touching[place]
            touching.discard(worktree)
            if len(touching) == 1:
                self._crowded.discard(place)
            if not touching:
                del self._touching[place]
        for place in after - before:
            touching = self._touching.setdefault(place, set())
            touching.add(worktree)
            if len(touching) > 1:
                self._crowded.add(place)

    def find(self) -> tuple[Overlap, ...]:
        """Compare every two worktrees that have a file in common, at most `OVERLAPS_LIMIT` of which are told.

        Pairs found before come first: none loses its place to a newer one. Then come those that share the files that
        the fewest touch.
        """
        found: dict[tuple[str, str], Overlap] = {}
        looked: set[tuple[str, str]] = set()
        for pair in chain(self._told, self._candidates()):
            if len(found) == OVERLAPS_LIMIT or len(looked) == LOOKS_LIMIT:
                break
            if pair not in looked:
                looked.add(pair)
                one, other = self._works.get(pair[0]), self._works.get(pair[1])
                if one is not None and other is not None and (files := _shared(one, other)):
                    found[pair] = _overlap(one, other, files)
        self._told = tuple(found)
        return tuple(sorted(found.values(), key=lambda overlap: overlap.pair))

    def _candidates(self) -> Iterator[tuple[str, str]]:
        """Pairs of worktrees that touch the same file; a pair comes once for each such file."""
        for place in sorted(self._crowded, key=lambda place: (len(self._touching[place]), place)):
            yield from combinations(sorted(self._touching[place]), 2)


def _places(work: Work | None) -> frozenset[Place]:
    return (
        frozenset((work.repository, file) for file in _files(work, ())) if work is not None else frozenset()
    )


def _shared(one: Work, other: Work) -> Sequence[str]:
    """The files that both change, in order; what a commit did that the other has already is no longer only theirs."""
    if one.repository != other.repository:
        return ()
    return sorted(_files(one, other.agents) & _files(other, one.agents))


def _files(work: Work, others: Sequence[str]) -> frozenset[str]:
    """What is changed there beside what the `others` have."""
    made = (
        change.path
        for commit in work.commits
        if not any(agent_id in commit.agent_ids for agent_id in others)
        for change in commit.files or ()
    )
    return work.uncommitted.union(made)


def _overlap(one: Work, other: Work, files: Sequence[str]) -> Overlap:
    one, other = sorted((one, other), key=lambda work: work.agents[0])
    return Overlap(
        pair=(one.agents[0], other.agents[0]),
        agents=one.agents + other.agents,
        files=tuple(files[:FILES_LIMIT]),
        count=len(files),
    )
