"""Which commits touch a file that another agent changes at the same time, as the alerts tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.ui.panes.agent_overlaps import RULE, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from monitor.model import Alert, Commit


def shared_files(alerts: Iterable[Alert]) -> dict[str, frozenset[str]]:
    """For each agent concerned, the files that another one changes too."""
    found: dict[str, set[str]] = {}
    for alert in alerts:
        if alert.rule == RULE:
            files = words(alert.metadata.get("files"))
            for agent_id in words(alert.metadata.get("agents")):
                found.setdefault(agent_id, set()).update(files)
    return {agent_id: frozenset(files) for agent_id, files in found.items() if files}


def touched_by(commit: Commit, shared: Mapping[str, AbstractSet[str]]) -> tuple[str, ...]:
    """The files of a commit that another agent changes too, in the commit's order."""
    if not shared or not commit.files:
        return ()
    files = frozenset().union(
        *(shared.get(agent_id, ()) for agent_id in commit.agent_ids or (commit.agent_id,))
    )
    return tuple(change.path for change in commit.files if change.path in files)
