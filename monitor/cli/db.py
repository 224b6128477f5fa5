"""`agent-monitor db`: information, migrations, and a check of the history database."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from monitor import __version__
from monitor.cli.json_output import SCHEMA, iso, plain
from monitor.cli.table import amount, print_table
from monitor.errors import DatabaseError

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.check import CheckReport


@click.group()
def db() -> None:
    """Look after the history database."""


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def info(options: Globals, *, as_json: bool) -> None:
    """Print where the database is, its schema, who records into it, and what its tables hold."""
    report = asyncio.run(_check(options, thorough=False))
    if as_json:
        _print_json(plain(report))
        return
    held = report.recorder
    size = amount(report.database_bytes, "bytes")
    click.echo(f"Database: {report.file}, {size}, and {amount(report.log_bytes, 'bytes')} of write-ahead log")
    click.echo(f"Schema: version {report.version}; this program knows version {report.version_known}")
    click.echo(f"Recorded: {iso(report.first) or '-'} to {iso(report.last) or '-'}")
    click.echo(
        f"Recorder: {f'pid {held.pid} on {held.host} since {iso(held.started_at)}' if held else 'none'}"
    )
    rows = [[table.name, amount(table.bytes, "bytes"), str(table.rows)] for table in report.tables]
    print_table(["TABLE", "SIZE", "ROWS"], rows, 0)


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(options: Globals, *, as_json: bool) -> int:
    """Check integrity, schema and checksums, orphan rows and permissions; exits with 1 when something is wrong."""
    report = asyncio.run(_check(options, thorough=True))
    if as_json:
        _print_json(plain(report))
    else:
        for problem in report.problems:
            click.echo(problem, err=True)
        if not report.problems:
            click.echo(f"{options.paths.database}: no problems found.")
    return 1 if report.problems else 0


@db.command()
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


async def _check(options: Globals, *, thorough: bool) -> CheckReport:
    from monitor.history.check import check as check_database

    if not options.paths.database.is_file():
        raise DatabaseError(f"{options.paths.database}: is not there; `agent-monitor record` makes it.")
    return await check_database(options.paths, thorough=thorough)


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


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **value}).decode() + "\n")
