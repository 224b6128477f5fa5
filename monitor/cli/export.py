"""`agent-monitor export`: an interval of the recording as a recording of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import click
import msgspec

from monitor.cli.json_output import SCHEMA, plain
from monitor.cli.table import amount

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.export import Exported


@click.command()
@click.option(
    "--from",
    "since",
    metavar="WHEN",
    required=True,
    help="Its first moment: -2h, 14:05, yesterday 23:00, 2026-11-22 …",
)
@click.option("--to", "until", metavar="WHEN", default="now", show_default=True, help="Its last moment.")
@click.option(
    "--agent",
    "agents",
    metavar="AGENT",
    multiple=True,
    help="Only this agent, by id or name, and the host; may be given several times.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("file")
@click.pass_obj
def export(
    options: Globals,
    since: str,
    until: str,
    agents: tuple[str, ...],
    *,
    force: bool,
    as_json: bool,
    file: str,
) -> None:
    """Write an interval of the recording into FILE, a recording of its own: `agent-monitor replay FILE` shows it.

    In every moment of it FILE shows what the original shows, and holds nothing else of what lies outside.
    """
    done = asyncio.run(_export(options, since, until, agents, file, force=force))
    if as_json:
        sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **plain(done)}).decode() + "\n")
        return
    from monitor.when import format_when

    who = "1 agent" if len(done.agents) == 1 else f"{len(done.agents)} agents"
    click.echo(
        f"{done.file}: {format_when(done.since)} to {format_when(done.until)}, {who}, "
        f"{done.rows['agent_metrics']} samples, {amount(done.bytes, 'bytes')}."
    )


async def _export(
    options: Globals, since: str, until: str, agents: tuple[str, ...], file: str, *, force: bool
) -> Exported:
    from monitor.cli.progress import Progress
    from monitor.errors import ConfigError
    from monitor.history.export import export as write
    from monitor.paths import expand
    from monitor.when import parse_when

    now = time.time_ns() // 1_000_000
    start, end = parse_when(since, now), parse_when(until, now)
    if start >= end:
        raise ConfigError(f"--from {since}: is not before --to {until}.")
    with Progress("export") as progress:
        return await write(
            options.paths.database,
            expand(file).absolute(),
            start,
            end,
            agents=agents,
            force=force,
            progress=progress,
        )
