"""Who is meant: the agents that a recording knows, by id or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import MonitorError
from monitor.history.queries import fetch
from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiosqlite

SHOWN: int = 20
"""Agents that an error names at most."""


async def agent_names(db: aiosqlite.Connection) -> dict[str, str]:
    """Each agent's id and the name it had last; an agent known only from a commit or a task has its id for a name."""
    return {row["agent_id"]: row["name"] for row in await fetch(db, "known_agents")}


async def resolve_agents(db: aiosqlite.Connection, wanted: Iterable[str]) -> tuple[str, ...]:
    """The ids of the agents that people call so: by id, else by name, in any case.

    Raises MonitorError naming the known ones for an agent that the recording does not know.
    """
    names = await agent_names(db)
    found: dict[str, None] = {}
    for word in wanted:
        same = [agent_id for agent_id in names if agent_id == word]
        folded = word.casefold()
        same = same or [
            agent_id for agent_id, name in names.items() if folded in (agent_id.casefold(), name.casefold())
        ]
        if not same:
            raise MonitorError(_unknown(word, names))
        found.update(dict.fromkeys(same))
    return tuple(found)


def _unknown(word: str, names: dict[str, str]) -> str:
    if not names:
        return f"{clean(word)}: there is no such agent: the recording has none."
    listed = ", ".join(clean(agent_id) for agent_id in sorted(names)[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{clean(word)}: there is no such agent in the recording; it has {listed}{more}."
