"""`agent-monitor alerts`: list, acknowledge, resolve, mute."""

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
from monitor.cli.mutes import mute, mutes, unmute
from monitor.cli.table import age, print_table
from monitor.errors import MonitorError
from monitor.model import Alert, Command, Millis, Mute
from monitor.rules.mutes import muted_by

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.group()
def alerts() -> None:
    """List alerts; acknowledge, resolve or mute them."""


alerts.add_command(mute)
alerts.add_command(unmute)
alerts.add_command(mutes)


@alerts.command("list")
@click.option("--all", "with_resolved", is_flag=True, help="Resolved ones as well.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most this many."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_alerts(options: Globals, *, with_resolved: bool, limit: int, as_json: bool) -> None:
    """List the alerts that are open, the newest first."""
    from monitor.cli.state import alert_json

    now = time.time_ns() // 1_000_000
    found, muted = asyncio.run(_read(options, now, with_resolved=with_resolved, limit=limit))
    if as_json:
        value = {"schema": SCHEMA, "alerts": [alert_json(alert, muted, now) for alert in found]}
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    if not found:
        click.echo("No alerts." if with_resolved else "No open alerts.")
        return
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 0
    rows = [
        [alert.alert_id, alert.severity, _life(alert, muted, now), age(now, alert.created_at), alert.title]
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


def _life(alert: Alert, muted: tuple[Mute, ...], now: Millis) -> str:
    if alert.resolved:
        return "resolved"
    life = "acknowledged" if alert.acknowledged else "firing"
    return life if muted_by(muted, alert, now) is None else f"{life}, muted"


async def _read(
    options: Globals, now: Millis, *, with_resolved: bool, limit: int
) -> tuple[tuple[Alert, ...], tuple[Mute, ...]]:
    from monitor.history.connection import open_reader
    from monitor.history.moments.reader import alerts as read_alerts
    from monitor.history.moments.reader import mutes as read_mutes

    if not options.paths.database.is_file():
        return (), ()
    async with open_reader(options.paths.database) as connection:
        found = await read_alerts(connection, include_resolved=with_resolved, limit=limit)
        return found, await read_mutes(connection, now)


def _send(options: Globals, alert_id: str, kind: Literal["acknowledge", "resolve"], note: str) -> None:
    """Hand the command to the one writer, or apply it here when nobody records."""
    from monitor.history.commands import send_command

    now = time.time_ns() // 1_000_000
    kept, _ = asyncio.run(_read(options, now, with_resolved=True, limit=100_000))
    found = [alert for alert in kept if alert.alert_id == alert_id]
    if not found:
        raise MonitorError(
            f"{alert_id}: there is no such alert; `agent-monitor alerts list --all` shows their ids."
        )
    if found[0].resolved:
        raise MonitorError(f"{alert_id}: was resolved already.")
    command = Command(kind=kind, alert_id=alert_id, by=getpass.getuser(), at=now, note=note)
    asyncio.run(send_command(options.paths, command))
    click.echo(f"{alert_id}: {kind}d")
