"""`agent-monitor db vacuum`: give the free pages of the database back to the disk."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import print_json
from monitor.cli.json_output import plain
from monitor.cli.progress import Progress
from monitor.cli.table import amount

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def vacuum(options: Globals, *, as_json: bool) -> None:
    """Give the free pages of the database back to the disk; refused while a recorder runs.

    A recorder gives space back by itself after each retention. A file that cannot be shortened page by page is written
    anew once, which takes as much free space as it has content.
    """
    from monitor.history.upkeep.tidy import compact

    now = time.time_ns() // 1_000_000
    with Progress("giving space back") as progress:
        done = asyncio.run(compact(options.paths, now, options.settings.database.wal_limit_mb, progress))
    if as_json:
        print_json(plain(done))
        return
    before, after = amount(done.bytes_before, "bytes"), amount(done.bytes_after, "bytes")
    click.echo(f"{done.file}: {before} before, {after} now{' (written anew)' if done.rewritten else ''}.")
