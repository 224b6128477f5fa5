"""`agent-monitor db check`: is the database sound?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import look_over, print_json
from monitor.cli.json_output import plain
from monitor.cli.progress import Progress

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option("--quick", is_flag=True, help="Pages and schema only, not every row against its indexes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(options: Globals, *, quick: bool, as_json: bool) -> int:
    """Check integrity, schema and checksums, orphan and impossible rows, permissions; exits with 1 on a problem."""
    with Progress("checking") as progress:
        report = asyncio.run(look_over(options, "quick" if quick else "full", progress))
    if as_json:
        print_json(plain(report))
    else:
        for problem in report.problems:
            click.echo(problem, err=True)
        if not report.problems:
            click.echo(f"{options.paths.database}: no problems found.")
    return 1 if report.problems else 0
