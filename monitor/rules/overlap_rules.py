"""The alert about two agents that change the same file: whoever commits second has to merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.rules.rule import Finding, Firing, Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.config import Thresholds
    from monitor.rules.facts import Situation

_HOLD_SECONDS: Final = 10.0
"""Time for a rebase or a merge that touches many files for a moment."""


def _file_overlap(situation: Situation, _thresholds: Thresholds, _firing: Firing) -> Iterator[Finding]:
    names = {status.id: status.name for status in situation.statuses}
    for overlap in situation.overlaps:
        one, other = (names.get(agent_id, agent_id) for agent_id in overlap.agents)
        more = f" and {overlap.count - 1} more" if overlap.count > 1 else ""
        noun = "files" if overlap.count > 1 else "file"
        yield finding(
            "file-overlap",
            "+".join(overlap.agents),
            title=f"{one} and {other} change the same {noun}",
            message=f"Uncommitted or lately committed in both worktrees: {overlap.files[0]}{more}. "
            "Have one of them wait, or let one take the other's commits before it goes on.",
            source="git",
            agents=list(overlap.agents),
            files=list(overlap.files),
            count=overlap.count,
        )


OVERLAP_RULES: Final = (
    Rule(id="file-overlap", type="agent", severity="warning", find=_file_overlap, hold_seconds=_HOLD_SECONDS),
)
