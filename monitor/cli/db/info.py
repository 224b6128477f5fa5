"""`agent-monitor db info`: where the database is and what it holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import look_over, print_json
from monitor.cli.json_output import iso, plain
from monitor.cli.table import amount, print_table

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def info(options: Globals, *, as_json: bool) -> None:
    """Print where the database is, its schema, who records into it, and what its tables hold."""
    report = asyncio.run(look_over(options, "look"))
    if as_json:
        print_json(plain(report))
        return
    held = report.recorder
    size = amount(report.database_bytes, "bytes")
    click.echo(f"Database: {report.file}, {size}, and {amount(report.log_bytes, 'bytes')} of write-ahead log")
    click.echo(f"Schema: version {report.version}; this program knows version {report.version_known}")
    click.echo(f"Recorded: {iso(report.first) or '-'} to {iso(report.last) or '-'}")
    click.echo(
        f"Recorder: {f'pid {held.pid} on {held.host} since {iso(held.started_at)}' if held else 'none'}"
    )
    for aside in report.asides:
        click.echo(
            f"Put aside, damaged: {aside.file}, {amount(aside.bytes, 'bytes')}; `agent-monitor db salvage` reads it; "
            "remove it when you have what you need"
        )
    rows = [[table.name, amount(table.bytes, "bytes"), str(table.rows)] for table in report.tables]
    print_table(["TABLE", "SIZE", "ROWS"], rows, 0)
