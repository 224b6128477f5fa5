"""Which agents change the same file at the same time: what is uncommitted in one worktree, and lately committed.

Two agents that work in one worktree see each other's files anyway; a commit that both have is settled.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAIRS_LIMIT: Final = 50
"""Pairs of agents that are told of, those with the most files first."""
FILES_LIMIT: Final = 20
"""Files of a pair that are told by name."""
_CROWD: Final = 12
"""Agents beyond which a file is everybody's: every pair of them would be told of."""


class Change(msgspec.Struct, frozen=True):
    """A file that an agent changes."""

    path: str
    """Below the worktree."""
    holders: frozenset[str] = frozenset()
    """Ids of the agents that have the commit which changed it; empty: it is uncommitted."""


class WorkingSet(msgspec.Struct, frozen=True):
    """What one agent changes now, or changed lately."""

    agent_id: str
    worktree: str
    repository: str
    """The common git folder: the same for all worktrees of a repository."""
    changes: tuple[Change, ...]


class Overlap(msgspec.Struct, frozen=True):
    """Two agents that change the same files."""

    agents: tuple[str, str]
    """Their ids, in order."""
    files: tuple[str, ...]
    """In order, at most `FILES_LIMIT`."""
    count: int
    """Of all files."""


def overlaps_in(sets: Iterable[WorkingSet]) -> list[Overlap]:
    """The overlaps among agents of one repository, at most `PAIRS_LIMIT`, the largest first."""
    by_path: dict[str, dict[str, list[Change]]] = defaultdict(dict)
    worktrees: dict[str, str] = {}
    for working in sets:
        worktrees[working.agent_id] = working.worktree
        for change in working.changes:
            by_path[change.path].setdefault(working.agent_id, []).append(change)
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, agents in by_path.items():
        if 2 <= len(agents) <= _CROWD:
            for one, other in combinations(sorted(agents), 2):
                if worktrees[one] != worktrees[other] and _both_change(one, other, agents):
                    shared[one, other].append(path)
    found = [Overlap(pair, tuple(sorted(files)[:FILES_LIMIT]), len(files)) for pair, files in shared.items()]
    return sorted(found, key=lambda overlap: (-overlap.count, overlap.agents))[:PAIRS_LIMIT]


def _both_change(one: str, other: str, agents: Mapping[str, list[Change]]) -> bool:
    """Whether each has a change of the file that the other does not have yet."""
    return any(other not in change.holders for change in agents[one]) and any(
        one not in change.holders for change in agents[other]
    )
