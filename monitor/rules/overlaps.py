"""Which agents change the same files, in different worktrees of one repository: what will have to be merged."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


OVERLAPS_LIMIT: Final = 50
"""Pairs that are told at the same time: who has more of them than that needs no longer list."""
FILES_LIMIT: Final = 20
"""Files of a pair that are told by name; all of them are counted."""
LOOKS_LIMIT: Final = 5_000
"""Pairs that are compared at most, some 2 µs each: all agents of a large fleet may have touched one file."""

Pair = tuple[str, str]
"""The first agents of two worktrees, in order of their ids."""


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

    pair: Pair
    agents: tuple[str, ...]
    """All agents of both."""
    files: tuple[str, ...]
    """The first `FILES_LIMIT` by name."""
    count: int
    """All of them."""


def find_overlaps(works: Iterable[Work], earlier: Iterable[Pair] = ()) -> tuple[Overlap, ...]:
    """Compare every two worktrees that have a file in common, at most `OVERLAPS_LIMIT` of which are told.

    Pairs of `earlier`, those told before, come first: a pair does not lose its place to a newer one. Then come those
    that share the files that the fewest touch.
    """
    touched = {work.agents[0]: work for work in works}
    found: dict[Pair, Overlap] = {}
    looked: set[Pair] = set()
    for pair in chain(_still_there(earlier, touched), _candidates(touched.values())):
        if len(found) == OVERLAPS_LIMIT or len(looked) == LOOKS_LIMIT:
            break
        if pair not in looked:
            looked.add(pair)
            if files := _shared(touched[pair[0]], touched[pair[1]]):
                found[pair] = _overlap(touched[pair[0]], touched[pair[1]], files)
    return tuple(found[pair] for pair in sorted(found))


def _still_there(pairs: Iterable[Pair], touched: dict[str, Work]) -> Iterator[Pair]:
    for one, other in pairs:
        if one in touched and other in touched:
            yield (one, other)


def _candidates(works: Iterable[Work]) -> Iterator[Pair]:
    """Pairs of worktrees of one repository that touch the same file; a pair comes once for each such file."""
    touching: dict[tuple[str, str], list[str]] = {}
    for work in works:
        for file in _files(work, ()):
            touching.setdefault((work.repository, file), []).append(work.agents[0])
    several = [place for place, agents in touching.items() if len(agents) > 1]
    for place in sorted(several, key=lambda place: (len(touching[place]), place)):
        yield from combinations(sorted(touching[place]), 2)


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
    return Overlap(
        pair=(one.agents[0], other.agents[0]),
        agents=one.agents + other.agents,
        files=tuple(files[:FILES_LIMIT]),
        count=len(files),
    )
