"""Groups of agents that have a worktree, a repository, a role or a host in common."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Literal

from monitor.model import STATUSES
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.agent_rows import AgentRow, GroupRow
from monitor.ui.panes.attention import rank
from monitor.ui.spans import Cell, Span, fit
from monitor.ui.widgets.columns import Place, Placed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from monitor.ui.widgets.rows import Parts

Grouping = Literal["", "worktree", "repository", "role", "host"]

GROUPINGS: Final[tuple[Grouping, ...]] = ("", "worktree", "repository", "role", "host")
"""What agents can be grouped by, in the order in which a key goes through them; empty: not at all."""
_ATTENTION: Final = ("error", "blocked", "active", "idle", "offline")


def group_key(row: AgentRow, grouping: Grouping) -> str:
    """What the agents of a group have in common; empty for those that have none."""
    if row.status is None or not grouping:
        return ""
    value: str | None = getattr(row.status, grouping)
    return value or ""


def grouped(
    rows: Iterable[AgentRow], grouping: Grouping, folded: Collection[str]
) -> list[tuple[GroupRow, list[AgentRow]]]:
    """The groups with their agents, in the order of the rows; groups by who needs a person, then by name."""
    members: dict[str, list[AgentRow]] = {}
    for row in rows:
        members.setdefault(group_key(row, grouping), []).append(row)
    found = [
        (
            min(rank(agent.status) for agent in agents),
            _heading(key, agents, grouping, folded=key in folded),
            agents,
        )
        for key, agents in members.items()
    ]
    found.sort(key=lambda group: (group[0], group[1].name.casefold(), group[1].key))
    return [(heading, agents) for _, heading, agents in found]


def _heading(key: str, agents: Sequence[AgentRow], grouping: Grouping, *, folded: bool) -> GroupRow:
    name, place = _named(key, grouping)
    counts = Counter(row.status.status for row in agents if row.status)
    loads = [row.metrics.cpu_usage for row in agents if row.metrics and row.metrics.cpu_usage is not None]
    sizes = [
        row.metrics.memory_usage for row in agents if row.metrics and row.metrics.memory_usage is not None
    ]
    return GroupRow(
        key=key,
        name=name,
        place=place,
        agents=len(agents),
        counts=tuple(
            (status, counts[status]) for status in sorted(STATUSES, key=_ATTENTION.index) if counts[status]
        ),
        cpu_usage=sum(loads) if loads else None,
        memory_usage=sum(sizes) if sizes else None,
        folded=folded,
    )


def _named(key: str, grouping: Grouping) -> tuple[str, str]:
    """Name and place of a group: a folder has its own name, and the path beside it."""
    if not key:
        return f"no {grouping}", ""
    if grouping not in ("worktree", "repository"):
        return clean(key), ""
    path = PurePosixPath(key)
    if grouping == "repository" and path.name == ".git":
        path = path.parent
    return clean(path.name or key), clean(str(path))


def heading_line(group: GroupRow, columns: Sequence[Placed[Any]]) -> Parts:
    """Name and counts up to the numbers, and the sums under their columns."""
    numbers = {placed.column.key: placed for placed in columns if placed.column.key in ("cpu", "memory")}
    end = columns[-1].x + columns[-1].width if columns else 0
    width = max(0, min([end, *(placed.x - 1 for placed in numbers.values())]))
    parts: list[tuple[Place, Cell]] = [(Place(0, width), _label(group))]
    sums = {"cpu": text.cpu(group.cpu_usage), "memory": text.size(group.memory_usage)}
    for key, (_, x, cells) in numbers.items():
        parts.append((Place(x, cells), fit(((sums[key], "strong"),), cells, "right")))
    return parts


def _label(group: GroupRow) -> Cell:
    spans: list[Span] = [
        ("▸ " if group.folded else "▾ ", "key"),
        (group.name, "title"),
        (f"  {group.agents} agent{'' if group.agents == 1 else 's'}", "muted"),
    ]
    for status, number in group.counts:
        glyph, style = text.STATUS_GLYPHS[status]
        style = {"blocked": "call", "error": "alarm"}.get(status, style)  # type: ignore[assignment]
        spans += [("  ", "text"), (f"{glyph} {number} {status}", style)]
    if group.place:
        spans.append((f"  {group.place}", "faint"))
    return tuple(spans)
