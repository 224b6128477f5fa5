"""`agent-monitor db migrate`: bring the database to another schema."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING

import click

from monitor import __version__

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option(
    "--to", "target", type=click.IntRange(min=0), metavar="VERSION", help="Up or down to this version."
)
@click.pass_obj
def migrate(options: Globals, target: int | None) -> None:
    """Bring the database to the newest schema, or to another version; refused while a recorder runs."""
    before, after = asyncio.run(_migrate(options, target))
    if before == after:
        click.echo(f"{options.paths.database}: is at version {after} already.")
    else:
        click.echo(f"{options.paths.database}: migrated from version {before} to {after}.")


async def _migrate(options: Globals, target: int | None) -> tuple[int, int]:
    from monitor.history.connection import explain, open_writer
    from monitor.history.lock import RecorderLock
    from monitor.history.migrations import current_version
    from monitor.history.migrations import migrate as migrate_database

    now = time.time_ns() // 1_000_000
    with RecorderLock(options.paths, version=__version__, interval_seconds=0.0, now=now):
        connection = await open_writer(options.paths, options.settings.database.wal_limit_mb)
        try:
            before = await current_version(connection)
            await migrate_database(connection, target)
            return before, await current_version(connection)
        except sqlite3.Error as error:
            raise explain(error, options.paths.database) from error
        finally:
            await connection.close()
