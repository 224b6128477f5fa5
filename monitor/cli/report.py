"""`agent-monitor report`: what a stretch of a recording comes to."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.cli.output import Format
    from monitor.history.reports.base import Report
    from monitor.model import Millis

NAMES: Final = (
    "agents",
    "tasks",
    "velocity",
    "commits",
    "alerts",
    "health",
    "timeline",
    "tokens",
    "cost",
    "waits",
    "tools",
    "systems",
)
GROUPINGS: Final = ("day", "hour", "agent", "wait")


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option(
    "--since",
    metavar="WHEN",
    help="From then on: -2h, 14:05, yesterday 23:00, 2026-11-22 …; a day ago unless told, for velocity seven days.",
)
@click.option("--until", metavar="WHEN", help="Up to then; now unless told.")
@click.option(
    "--agent",
    "agents",
    metavar="AGENT",
    multiple=True,
    help="Of this agent only, by id or name; may be given several times.",
)
@click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    help="What a row stands for: in tokens and cost a day (unless told), an hour or an agent; in waits an agent or a "
    "wait.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "jsonl", "csv")),
    help="A table in a terminal and CSV into a pipe unless told.",
)
@click.pass_obj
def report(
    options: Globals,
    name: str,
    since: str | None,
    until: str | None,
    agents: tuple[str, ...],
    by: str | None,
    form: Format | None,
) -> None:
    """Print a report of the recording.

    agents: time in each status, CPU time, peak memory, commits, tasks done, and the longest wait for a person.
    tasks: how long each took and was blocked. velocity: tasks completed a day. commits: the newest first.
    alerts: when each fired, was acknowledged and resolved. health: the host and the monitor by the hour.
    timeline: everything that happened, in order.

    From the agents' own logs: tokens and cost, by day and model. waits: how long each waited for a person, and for
    what. tools: calls, errors and time of each.

    systems: how attached systems fared, and how deep their queues were.
    """
    from monitor.cli.output import write_report

    terminal = sys.stdout.isatty()
    found = asyncio.run(_build(options, name, since, until, agents, by))
    form = form or ("table" if terminal else "csv")
    width = shutil.get_terminal_size((160, 24)).columns if terminal else 0
    write_report(found, form, sys.stdout, width)
    if not found.rows:
        click.echo(
            f"No {name} in that time." if name != "health" else "Nothing recorded in that time.", err=True
        )


async def _build(
    options: Globals,
    name: str,
    since: str | None,
    until: str | None,
    agents: tuple[str, ...],
    by: str | None,
) -> Report:
    from monitor.cli.progress import Progress
    from monitor.history.recordings import open_recording
    from monitor.history.reports.base import Query
    from monitor.history.reports.names import REPORTS
    from monitor.history.reports.people import resolve_agents

    start, end = _interval(name, since, until)
    grouping = _grouping(name, by)
    async with open_recording(options.paths.database) as (db, _):
        wanted = await resolve_agents(db, agents)
        with Progress(f"report {name}") as progress:
            query = Query(since=start, until=end, agents=wanted, by=grouping, progress=progress)
            return await REPORTS[name](db, query)


def _grouping(name: str, by: str | None) -> str:
    """What a row is to stand for. Raises ConfigError where the report has no such rows."""
    from monitor.errors import ConfigError
    from monitor.history.reports.names import GROUPINGS as KNOWN

    known = KNOWN.get(name, ())
    if by is not None and by not in known:
        have = f"it has {', '.join(known)}" if known else "its rows are always the same"
        raise ConfigError(f"--by {by}: report {name} has no such rows; {have}.")
    return by or (known[0] if known else "")


def _interval(name: str, since: str | None, until: str | None) -> tuple[Millis, Millis]:
    """The interval asked for. Raises ConfigError when it is none."""
    from monitor.errors import ConfigError
    from monitor.history.reports.names import default_since
    from monitor.when import parse_when

    now = time.time_ns() // 1_000_000
    end = parse_when(until, now) if until is not None else now
    start = parse_when(since, now) if since is not None else default_since(name, end)
    if start >= end:
        raise ConfigError(f"--since {since or 'unless told'}: is not before --until {until or 'now'}.")
    return start, end
