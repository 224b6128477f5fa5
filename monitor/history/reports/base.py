"""What all reports have in common: the question, the answer, and the units of its columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from monitor.model import Millis

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import aiosqlite

Seconds = Annotated[float, "duration: seconds"]
Bytes = Annotated[int, "size: bytes"]
Percent = Annotated[float, "percent"]
Dollars = Annotated[float, "US dollars"]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the interval from `since` up to, and without, `until`."""

    since: Millis
    until: Millis
    agents: tuple[str, ...] = ()
    """Ids of the agents it is about; empty for all."""
    by: str = ""
    """What a row stands for, where a report leaves that open: one of `names.GROUPINGS`."""
    progress: Callable[[float], None] | None = None
    """Told the share done, 0 to 1, now and then in long work."""

    def wants(self, agent_id: str | None) -> bool:
        """Whether the report is about this agent."""
        return not self.agents or agent_id in self.agents

    @property
    def wanted(self) -> str | None:
        """The agents as a JSON array for a query; None for all."""
        return json.dumps(self.agents) if self.agents else None

    def tell(self, share: float) -> None:
        """Say how far the work has come."""
        if self.progress is not None:
            self.progress(share)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: rows that are all of one type, whose fields are the columns."""

    name: str
    since: Millis
    until: Millis
    row_type: type[msgspec.Struct]
    rows: tuple[msgspec.Struct, ...]
    totals: dict[str, Any] = {}
    """What stands under the table, by name."""


if TYPE_CHECKING:
    Build = Callable[[aiosqlite.Connection, Query], Awaitable[Report]]


def seconds(millis: float | None) -> float | None:
    """A duration; never negative, for a clock that was set back made no time run backwards. None: unknown."""
    return None if millis is None else round(max(0.0, millis) / 1000, 3)


def between(start: Millis | None, end: Millis | None) -> float | None:
    """The time from start to end; None when either is unknown."""
    return None if start is None or end is None else seconds(end - start)
