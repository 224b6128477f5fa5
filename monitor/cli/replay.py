"""`agent-monitor replay`: the screen, at any moment of a recording."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import click

from monitor.errors import ConfigError
from monitor.paths import StatePaths, expand
from monitor.when import ALLOWED, parse_when

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.cli.context import Globals
    from monitor.model import Millis


@click.command(epilog=f"WHEN: {ALLOWED}.")
@click.argument("recording", required=False)
@click.option("--at", metavar="WHEN", help="Begin there.")
@click.option("--from", "start", metavar="WHEN", help="Leave out what was before.")
@click.option("--to", "end", metavar="WHEN", help="Leave out what came later.")
@click.option(
    "--speed",
    type=click.FloatRange(1, 3600),
    default=1.0,
    show_default=True,
    metavar="N",
    help="Play N seconds of the recording a second, 1 to 3600.",
)
@click.option("--paused", is_flag=True, help="Stand still until told to play.")
@click.pass_obj
def replay(
    options: Globals,
    *,
    recording: str | None,
    at: str | None,
    start: str | None,
    end: str | None,
    speed: float,
    paused: bool,
) -> int:
    """Look at last night as at now: the screen, at any moment of RECORDING.

    RECORDING is a database that was recorded, also one that is recorded now or may not be written; without it the one
    in force is shown. It begins with its first moment, or the one of --from. Nothing is written.
    """
    from monitor.ui.environment import check_terminal, screen_environment

    check_terminal()
    environment = screen_environment()
    file = expand(recording).absolute() if recording else options.paths.database
    now = time.time_ns() // 1_000_000
    moments = [parse_when(text, now) if text is not None else None for text in (at, start, end)]
    begin = asyncio.run(_begin(file, now, *moments))

    from monitor.cli.live import screen_options
    from monitor.history.replay.feed import ReplayFeed
    from monitor.keystore import KeyStore
    from monitor.ui.app import MonitorApp
    from monitor.ui.terminal import run_app

    store = KeyStore()
    interval = options.settings.intervals.tick
    feed = ReplayFeed(
        file,
        store,
        at=begin,
        start=moments[1],
        end=moments[2],
        speed=speed,
        playing=not paused,
        interval=interval,
    )
    screen = screen_options(options, environment)
    return run_app(MonitorApp(store, feed, screen), logs=options.paths.logs, mouse=screen.mouse)


async def _begin(
    file: Path, now: Millis, at: Millis | None, start: Millis | None, end: Millis | None
) -> Millis | None:
    """Where to begin; None for the first moment. Raises MonitorError, naming the span, for what is not in it."""
    from monitor.history.lock import holder
    from monitor.history.recordings import survey
    from monitor.history.replay.span import Span, clip, within

    if start is not None and end is not None and start > end:
        raise ConfigError("--from is later than --to.")
    recorded, older = await survey(file)
    span = clip(recorded, file, start, end)
    if older:
        click.echo("An older schema: a temporary copy is brought up to date first.", err=True)
    if end is None and holder(StatePaths(file.parent, file).lock) is not None:
        span = Span(span.first, max(span.last, now))
    return within(span, file, at) if at is not None else None
