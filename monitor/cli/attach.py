"""`agent-monitor attach`: try another system's database before it stands in the configuration."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Final

import click
import msgspec

from monitor.cli.json_output import SCHEMA, plain
from monitor.cli.table import age, print_line, print_table
from monitor.config import SystemSettings
from monitor.errors import ConfigError, MonitorError, SourceError
from monitor.text import mask_url

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.model import SystemReading, SystemState

_NOT_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_SHOWN_LINES: Final = 5


@click.command()
@click.argument("url")
@click.option("--kind", default="", metavar="NAME", help="Which system it is; its tables tell when left out.")
@click.option(
    "--live", "as_live", is_flag=True, help="Open the live view with it; nothing is recorded for good."
)
@click.option("--json", "as_json", is_flag=True, help="Print all that was read as one JSON object.")
@click.pass_obj
def attach(options: Globals, *, url: str, kind: str, as_live: bool, as_json: bool) -> int:
    """Read another system once, and print what it holds and how to attach it for good.

    URL is a file, a folder, or sqlite://, postgresql://, mongodb://. Nothing is written to it.
    """
    if as_live and as_json:
        raise click.UsageError("--live opens the screen, and --json prints once.")
    system = SystemSettings(
        name=_name(url, kind), url=url if "://" in url else os.path.abspath(url), kind=kind
    )
    reading = _read(system)
    if as_live:
        return _live(options, msgspec.structs.replace(system, kind=reading.state.kind))
    if as_json:
        sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **plain(reading)}).decode() + "\n")
        return 0
    _print(reading, system)
    return 0


def _read(system: SystemSettings) -> SystemReading:
    """One reading. Raises ConfigError for a kind that is not known, MonitorError for what cannot be read."""
    from monitor.sources.systems.catalogue import kinds
    from monitor.sources.systems.reader import SystemReader

    known = [kind.name for kind in kinds()]
    if system.kind and system.kind not in known:
        raise ConfigError(f"--kind {system.kind}: expected {', '.join(known)}.")
    reader = SystemReader(system.name, system.url, kind=system.kind)
    try:
        reading = reader.poll(time.time_ns() // 1_000_000)
    except SourceError as error:
        raise MonitorError(str(error)) from error
    finally:
        reader.close()
    if reading is None:
        raise MonitorError(f"{mask_url(system.url)}: nothing could be read.")
    return reading


def _live(options: Globals, system: SystemSettings) -> int:
    """The live view on this host with the system beside it, and a history that goes with it."""
    from monitor.cli.live import live
    from monitor.ui.environment import check_terminal

    check_terminal()
    with tempfile.TemporaryDirectory(prefix="agent-monitor-attach-") as folder:
        return live(options.beside(system, folder), offer_demo=False)


def _print(reading: SystemReading, system: SystemSettings) -> None:
    state = reading.state
    width = 0 if not sys.stdout.isatty() else os.get_terminal_size().columns
    print_line(f"{state.kind}, {state.engine}: {state.url}", width)
    click.echo()
    rows = [
        [name, str(count), _tally(state, name), str(state.shown.get(name, ""))]
        for name, count in state.counts.items()
        if count or name not in {told.partition(":")[0] for told in state.missing}
    ]
    print_table(["PART", "ROWS", "IN THE SYSTEM'S OWN WORDS", "OF THESE SHOWN"], rows, width)
    if state.missing:
        click.echo()
        for told in state.missing:
            print_line(f"not there: {told}", width)
    if reading.logs:
        now = time.time_ns() // 1_000_000
        click.echo()
        lines = [
            [age(now, line.at), line.level, line.subject, line.text] for line in reading.logs[:_SHOWN_LINES]
        ]
        print_table(["AGE", "LEVEL", "OF", "LOG"], lines, width)
    click.echo("\nTo attach it for good, add to the configuration (agent-monitor config path):\n")
    click.echo(f'[[systems]]\nname = "{system.name}"\nurl = "{mask_url(system.url)}"')


def _tally(state: SystemState, part: str) -> str:
    """`12 running, 3 failed`."""
    told = sorted(state.tallies.get(part, {}).items(), key=lambda item: -item[1])
    return ", ".join(f"{number} {word or '(none)'}" for word, number in told)


def _name(url: str, kind: str) -> str:
    """A name for it: its kind, else that of its file or its host."""
    shown = mask_url(url).rstrip("/")
    base = kind or os.path.splitext(os.path.basename(shown.partition("?")[0]))[0]
    return _NOT_NAMES.sub("-", base).strip("-.")[:40] or "system"
