"""`agent-monitor db check`: is the database sound?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.db.report import look_over, print_json
from monitor.cli.json_output import plain

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(options: Globals, *, as_json: bool) -> int:
    """Check integrity, schema and checksums, orphan rows and permissions; exits with 1 when something is wrong."""
    report = asyncio.run(look_over(options, thorough=True))
    if as_json:
        print_json(plain(report))
    else:
        for problem in report.problems:
            click.echo(problem, err=True)
        if not report.problems:
            click.echo(f"{options.paths.database}: no problems found.")
    return 1 if report.problems else 0
