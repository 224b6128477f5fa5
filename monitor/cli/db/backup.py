"""`agent-monitor db backup`: a verified copy of the database, or of everything, while a recorder records."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import print_json
from monitor.cli.json_output import iso, plain
from monitor.cli.progress import Progress
from monitor.cli.table import amount
from monitor.errors import DatabaseError

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.backup.backup import Made


@click.command()
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--full",
    is_flag=True,
    help="An archive (tar.gz) of the database, the configuration, the coordination files of each root and the logs.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option(
    "--keep", type=click.IntRange(min=1), metavar="N", help="Then remove all but the newest N backups there."
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DAYS",
    help="Then remove backups there that are older, but for the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def backup(
    options: Globals,
    file: str | None,
    keep: int | None,
    max_age: float | None,
    *,
    full: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Copy the database to FILE, also while a recorder records, and verify the copy.

    FILE may be a folder; left out it is the folder `backups` of the state folder, or the one in the settings.
    Only files that this program made and named there are ever removed.
    """
    from monitor.history.backup.backup import back_up, target_file
    from monitor.history.backup.files import Limits

    paths, settings = options.paths, options.settings
    if not paths.database.is_file():
        raise DatabaseError(f"{paths.database}: is not there; `agent-monitor record` makes it.")
    now = time.time_ns() // 1_000_000
    folder = paths.backups_in(settings.backup.folder)
    target = target_file(file, folder, paths.database, "full" if full else "database", now)
    limits = Limits(keep=keep, max_age_days=max_age)
    with Progress("backing up") as progress:
        if full:
            from monitor.history.backup.archive import back_up_fully

            made = back_up_fully(
                paths,
                target,
                now,
                config=options.loaded.file,
                roots=settings.roots,
                force=force,
                limits=limits,
                progress=progress,
            )
        else:
            made = asyncio.run(back_up(paths, target, now, force=force, limits=limits, progress=progress))
    if as_json:
        print_json(plain(made))
    else:
        _print(made)


def _print(made: Made) -> None:
    held = made.database
    click.echo(f"{made.file}: {amount(made.bytes, 'bytes')}, verified.")
    click.echo(f"It holds what was recorded from {iso(held.first) or '-'} to {iso(held.last) or '-'}.")
    for file in made.removed:
        click.echo(f"Removed {file}")
    for line in made.left_out:
        click.echo(f"Left out: {line}", err=True)
