"""The alert about agents that change the same files in different worktrees."""

from __future__ import annotations

from hashlib import blake2s
from typing import TYPE_CHECKING, Final

from monitor.rules.rule import Finding, Firing, Rule, finding
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.rules.facts import Situation
    from monitor.rules.overlaps import Overlap

FILE_OVERLAP: Final = "file-overlap"
"""Id of the rule. Its alerts' metadata hold `agents` (ids), `files` (the first 20 paths) and `count` (of all)."""
_HOLD_SECONDS: Final = 10.0
"""Time for a file that is touched and put back, and for a merge that is under way."""
_CLEAR_SECONDS: Final = 30.0
"""Time between an index that changes and the commit that git tells."""
_PATH_LIMIT: Final = 120
_NAMED: Final = 2
"""Files that the text names."""


def subject_of(overlap: Overlap) -> str:
    """What the alert is about: the first agents of both worktrees, `builder+parser`."""
    return "+".join(overlap.pair)


def _overlapping(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    if not situation.overlaps:
        return
    statuses = {status.id: status for status in situation.statuses}
    for overlap in situation.overlaps:
        names = [statuses[agent].name if agent in statuses else agent for agent in overlap.pair]
        what = "the same file" if overlap.count == 1 else f"the same {overlap.count} files"
        yield finding(
            FILE_OVERLAP,
            subject_of(overlap),
            title=f"{names[0]} and {names[1]} change {what}",
            message=f"Both have changed {_told(overlap)}, and neither has what the other did. "
            "Merge one into the other soon, or have one of them wait.",
            source="git",
            agents=list(overlap.agents),
            files=list(overlap.files),
            count=overlap.count,
            reason=_reason(overlap),
        )


def _told(overlap: Overlap) -> str:
    """The first files and how many more: `src/board.py, src/parser.py and 3 more`."""
    named = [clean(file, _PATH_LIMIT) for file in overlap.files[:_NAMED]]
    more = overlap.count - len(named)
    return f"{', '.join(named)} and {more} more" if more else " and ".join(named)


def _reason(overlap: Overlap) -> str:
    """What changes with the agents and the files: news of them are written."""
    told = "\0".join((*overlap.agents, *overlap.files, str(overlap.count)))
    return blake2s(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


OVERLAP_RULES: Final = (
    Rule(
        id=FILE_OVERLAP,
        type="agent",
        severity="info",
        find=_overlapping,
        hold_seconds=_HOLD_SECONDS,
        clear_seconds=_CLEAR_SECONDS,
    ),
)
