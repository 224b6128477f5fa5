"""The check report that `db info` and `db check` print."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from monitor.cli.json_output import SCHEMA
from monitor.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.cli.context import Globals
    from monitor.history.check.check import CheckReport, Depth


async def look_over(
    options: Globals, depth: Depth, progress: Callable[[float], None] | None = None
) -> CheckReport:
    """Check the database. Raises DatabaseError, also when there is none."""
    from monitor.history.check.check import check

    if not options.paths.database.is_file():
        raise DatabaseError(f"{options.paths.database}: is not there; `agent-monitor record` makes it.")
    return await check(options.paths, depth=depth, progress=progress)


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object with its schema."""
    sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **value}).decode() + "\n")
