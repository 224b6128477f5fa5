"""`agent-monitor db salvage`: what can still be read of a damaged database."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from monitor.cli.db.report import print_json
from monitor.cli.json_output import iso, plain
from monitor.cli.progress import Progress
from monitor.cli.table import print_table
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.history.recovery.salvage_into import IntoReport

SHOWN: Final = 20
"""Lost pages that are told one by one."""
TIMES: Final = range(1_000_000_000_000, 253_402_300_800_000)
"""Milliseconds since the epoch, 2001 to 9999: a number among these in a key is a time."""


@click.command()
@click.argument("damaged", metavar="DAMAGED")
@click.option(
    "--into",
    metavar="FILE",
    help="A recording that gains what it does not have, or a new one; the database in use when left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def salvage(options: Globals, damaged: str, into: str | None, *, as_json: bool) -> None:
    """Bring back what can still be read of DAMAGED, a database that was put aside, into the one in use or a FILE.

    DAMAGED is only read. Refused while a recorder writes the other file; may be repeated, for nothing comes twice.
    """
    from monitor.history.recovery.salvage_into import salvage_into

    paths = options.paths
    if into is not None:
        paths = msgspec.structs.replace(paths, database=Path(into).expanduser().absolute())
    with Progress("salvaging") as progress:
        report = asyncio.run(
            salvage_into(
                paths,
                Path(damaged).expanduser().absolute(),
                time.time_ns() // 1_000_000,
                wal_limit_mb=options.settings.database.wal_limit_mb,
                progress=progress,
            )
        )
    if as_json:
        print_json(plain(report))
    else:
        _print(report)


def _print(report: IntoReport) -> None:
    rows = [
        [table.name, str(table.read), str(table.added), str(table.broken), str(len(table.lost))]
        for table in report.tables
        if table.read or table.broken or table.lost
    ]
    print_table(["TABLE", "READ", "ADDED", "BROKEN", "LOST PAGES"], rows, 0)
    lost = [(table.name, page) for table in report.tables for page in table.lost]
    for name, page in lost[:SHOWN]:
        click.echo(
            f"{name}: page {page.page} cannot be read: rows between {_key(page.after, 'the first')} and "
            f"{_key(page.before, 'the last')} may be missing."
        )
    if len(lost) > SHOWN:
        click.echo(f"{len(lost) - SHOWN} more lost pages: --json names them all.")
    if report.unknown_pages:
        click.echo(
            f"{report.unknown_pages} pages with rows of which it cannot be told whose they are were left out."
        )
    click.echo(
        f"{report.file}: {'gained what it did not have' if report.merged else 'made'} from {report.damaged}"
    )


def _key(key: tuple[str | int | None, ...], otherwise: str) -> str:
    """A key's columns; numbers that can only be times as times."""
    told = [iso(part) if isinstance(part, int) and part in TIMES else part for part in key]
    return clean(" ".join(str(part) for part in told)) or otherwise
