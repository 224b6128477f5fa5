"""`agent-monitor db prune`: retention now, instead of once a day."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import print_json
from monitor.cli.json_output import plain
from monitor.cli.progress import Progress
from monitor.cli.table import amount, print_table

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.upkeep.tidy import Pruned


@click.command()
@click.option(
    "--dry-run", is_flag=True, help="Only count the rows past their time; also while a recorder runs."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def prune(options: Globals, *, dry_run: bool, as_json: bool) -> None:
    """Sum up and delete what is older than the settings under `retention` say, and give its space back.

    A recorder does this by itself every day, so the command is refused while one runs.
    """
    from monitor.history.upkeep.tidy import overdue, prune_now

    now = time.time_ns() // 1_000_000
    kept = options.settings.retention
    if dry_run:
        pruned = asyncio.run(overdue(options.paths, kept, now))
    else:
        with Progress("pruning") as progress:
            limit = options.settings.database.wal_limit_mb
            pruned = asyncio.run(prune_now(options.paths, kept, now, limit, progress))
    if as_json:
        print_json(plain(pruned))
    else:
        _print(pruned)


def _print(pruned: Pruned) -> None:
    rows = [[table, str(count)] for table, count in pruned.rows.items() if count]
    if not rows:
        click.echo(f"{pruned.file}: nothing is past its time.")
        return
    print_table(["TABLE", "ROWS PAST THEIR TIME" if pruned.dry_run else "ROWS DELETED"], rows, 0)
    if not pruned.dry_run:
        before, after = amount(pruned.bytes_before, "bytes"), amount(pruned.bytes_after, "bytes")
        click.echo(f"{pruned.file}: {before} before, {after} now.")
