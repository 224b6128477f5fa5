"""`agent-monitor alerts mute`, `unmute` and `mutes`: which alerts are kept quiet, and for how long."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import sys
import time
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from monitor.cli.json_output import SCHEMA, plain
from monitor.cli.output import duration
from monitor.cli.table import print_table
from monitor.errors import ConfigError, MonitorError
from monitor.model import Alert, Command, Millis, Mute
from monitor.rules.mutes import MUTE_DAYS, MUTE_MS, MUTES_LIMIT, muted_by
from monitor.text import clean
from monitor.when import ALLOWED_LENGTHS, format_when, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.cli.context import Globals

Key = tuple[str, str]
"""Rule id and subject of a mute; either may be empty."""


def _what(command: Callable[..., None]) -> Callable[..., None]:
    """The ways to say what is meant."""
    rule = click.option("--rule", metavar="ID", default="", help="Every alert of this rule.")
    subject = click.option("--subject", metavar="SUBJECT", default="", help="Every alert about this subject.")
    return click.argument("alert_id", required=False, default="")(rule(subject(command)))


@click.command(epilog=f"DURATION: {ALLOWED_LENGTHS}; at most {MUTE_DAYS} days.")
@_what
@click.option("--for", "length", metavar="DURATION", required=True, help="For how long.")
@click.option("--note", default="", help="Why, for whoever reads it later.")
@click.pass_obj
def mute(options: Globals, *, alert_id: str, rule: str, subject: str, length: str, note: str) -> None:
    """Keep alerts quiet for a time: an alert, a rule, a subject, or a rule about a subject.

    They are still raised and recorded, and stand below all others, in no count and no exit code.
    """
    lasting = parse_duration(length)
    if lasting > MUTE_MS:
        raise ConfigError(
            f"{clean(length, 60)!r} is too long: nothing is muted for more than {MUTE_DAYS} days."
        )
    now = time.time_ns() // 1_000_000
    alerts, mutes = asyncio.run(read(options, now))
    key = _key(alerts, alert_id, rule, subject)
    _require_rule(key[0], alerts)
    if key not in {(known.rule, known.subject) for known in mutes} and len(mutes) >= MUTES_LIMIT:
        raise MonitorError(f"{MUTES_LIMIT} mutes hold already: end one with `agent-monitor alerts unmute`.")
    _send(options, "mute", key, now, until=now + lasting, note=note)
    click.echo(f"{in_words(*key)}: muted until {format_when(now + lasting)}")


@click.command()
@_what
@click.pass_obj
def unmute(options: Globals, *, alert_id: str, rule: str, subject: str) -> None:
    """End a mute: name what was named when it was made."""
    now = time.time_ns() // 1_000_000
    alerts, mutes = asyncio.run(read(options, now))
    key = _key(alerts, alert_id, rule, subject)
    if key not in {(known.rule, known.subject) for known in mutes}:
        other = next((muted_by(mutes, alert, now) for alert in alerts if alert.alert_id == alert_id), None)
        hint = (
            "`agent-monitor alerts mutes` shows what is"
            if other is None
            else f"what keeps it quiet is the mute of {in_words(other.rule, other.subject)}: name that"
        )
        raise MonitorError(f"{in_words(*key)}: is not muted; {hint}.")
    _send(options, "unmute", key, now)
    click.echo(f"{in_words(*key)}: no longer muted")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def mutes(options: Globals, *, as_json: bool) -> None:
    """List what is muted, the mute that ends first in front."""
    now = time.time_ns() // 1_000_000
    _, found = asyncio.run(read(options, now))
    if as_json:
        value = {"schema": SCHEMA, "mutes": plain(found)}
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    if not found:
        click.echo("Nothing is muted.")
        return
    width = shutil.get_terminal_size((160, 24)).columns if sys.stdout.isatty() else 0
    rows = [
        [one.rule or "any", one.subject or "any", duration((one.until - now) / 1000), one.by, one.note]
        for one in found
    ]
    print_table(["RULE", "SUBJECT", "LEFT", "BY", "NOTE"], rows, width)


async def read(options: Globals, now: Millis) -> tuple[tuple[Alert, ...], tuple[Mute, ...]]:
    """All alerts that are still kept, newest first, and the mutes that hold."""
    from monitor.history.connection import open_reader
    from monitor.history.moments.reader import alerts, mutes

    if not options.paths.database.is_file():
        return (), ()
    async with open_reader(options.paths.database) as connection:
        found = await alerts(connection, include_resolved=True, limit=100_000)
        return found, await mutes(connection, now)


def in_words(rule: str, subject: str) -> str:
    """What a mute is about: `rule disk-trouble`, `subject builder`, `rule agent-blocked about builder`."""
    if not subject:
        return f"rule {clean(rule)}"
    return f"rule {clean(rule)} about {clean(subject)}" if rule else f"subject {clean(subject)}"


def _key(alerts: tuple[Alert, ...], alert_id: str, rule: str, subject: str) -> Key:
    """What is meant. Raises UsageError when that is nothing or two things, MonitorError for an unknown alert."""
    if bool(alert_id) == bool(rule or subject):
        raise click.UsageError(
            "name an alert by its id, or a rule with --rule, a subject with --subject, or both."
        )
    if not alert_id:
        return rule, subject.encode("utf-8", "replace").decode()
    named = next((alert for alert in alerts if alert.alert_id == alert_id), None)
    if named is None:
        raise MonitorError(
            f"{alert_id}: there is no such alert; `agent-monitor alerts list --all` shows their ids."
        )
    return named.rule, named.subject


def _require_rule(rule: str, alerts: tuple[Alert, ...]) -> None:
    """A mute of a rule that there is not would keep nothing quiet. Raises MonitorError."""
    from monitor.rules.alerts import RULES_BY_ID

    if rule and rule not in RULES_BY_ID and all(alert.rule != rule for alert in alerts):
        names = ", ".join(sorted(RULES_BY_ID))
        raise MonitorError(f"{clean(rule, 60)}: there is no such rule; there are {names}.")


def _send(
    options: Globals,
    kind: Literal["mute", "unmute"],
    key: Key,
    now: Millis,
    *,
    until: Millis | None = None,
    note: str = "",
) -> None:
    """Hand the command to the one writer, or apply it here when nobody records."""
    from monitor.history.commands import send_command

    rule, subject = key
    command = Command(
        kind=kind, rule=rule, subject=subject, by=getpass.getuser(), at=now, until=until, note=note
    )
    asyncio.run(send_command(options.paths, command))
