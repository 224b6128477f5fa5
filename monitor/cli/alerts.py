"""`agent-monitor alerts`: list, acknowledge, resolve."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import sys
import time
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from monitor.cli.json_output import SCHEMA
from monitor.cli.table import age, print_table
from monitor.errors import MonitorError
from monitor.model import Alert, Command

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.group()
def alerts() -> None:
    """List alerts; acknowledge or resolve one."""


@alerts.command("list")
@click.option("--all", "with_resolved", is_flag=True, help="Resolved ones as well.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most this many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_alerts(options: Globals, *, with_resolved: bool, limit: int, as_json: bool) -> None:
    """List the alerts that are open, the most severe first."""
    from monitor.cli.state import alert_json

    found = asyncio.run(_read(options, with_resolved=with_resolved, limit=limit))
    if as_json:
        value = {"schema": SCHEMA, "alerts": [alert_json(alert) for alert in found]}
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    if not found:
        click.echo("No alerts." if with_resolved else "No open alerts.")
        return
    now = time.time_ns() // 1_000_000
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 0
    rows = [
        [alert.alert_id, alert.severity, _life(alert), age(now, alert.created_at), alert.title]
        for alert in found
    ]
    print_table(["ID", "SEVERITY", "STATE", "AGE", "TITLE"], rows, width)


@alerts.command()
@click.argument("alert_id")
@click.option("--note", default="", help="Why, for whoever reads it later.")
@click.pass_obj
def ack(options: Globals, alert_id: str, note: str) -> None:
    """Acknowledge an alert: it stays open, and is known."""
    _send(options, alert_id, "acknowledge", note)


@alerts.command()
@click.argument("alert_id")
@click.pass_obj
def resolve(options: Globals, alert_id: str) -> None:
    """Resolve an alert by hand; its rule may raise a new one once its condition was gone."""
    _send(options, alert_id, "resolve", "")


def _life(alert: Alert) -> str:
    if alert.resolved:
        return "resolved"
    return "acknowledged" if alert.acknowledged else "firing"


async def _read(options: Globals, *, with_resolved: bool, limit: int) -> tuple[Alert, ...]:
    from monitor.history.connection import open_reader
    from monitor.history.moments.reader import alerts as read_alerts

    if not options.paths.database.is_file():
        return ()
    async with open_reader(options.paths.database) as connection:
        return await read_alerts(connection, include_resolved=with_resolved, limit=limit)


def _send(options: Globals, alert_id: str, kind: Literal["acknowledge", "resolve"], note: str) -> None:
    """Hand the command to the one writer, or apply it here when nobody records."""
    from monitor.history.commands import send_command

    found = [
        a for a in asyncio.run(_read(options, with_resolved=True, limit=100_000)) if a.alert_id == alert_id
    ]
    if not found:
        raise MonitorError(
            f"{alert_id}: there is no such alert; `agent-monitor alerts list --all` shows their ids."
        )
    if found[0].resolved:
        raise MonitorError(f"{alert_id}: was resolved already.")
    command = Command(
        kind=kind, alert_id=alert_id, by=getpass.getuser(), at=time.time_ns() // 1_000_000, note=note
    )
    asyncio.run(send_command(options.paths, command))
    click.echo(f"{alert_id}: {kind}d")
