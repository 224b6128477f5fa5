"""`agent-monitor record`: the recorder, without a screen."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from monitor.cli.context import Globals


@click.command()
@click.option(
    "--duration",
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="Stop by itself this long after the first sample.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 86_400),
    metavar="SECONDS",
    help="Between two samples; as before the command.",
)
@click.pass_obj
def record(options: Globals, duration: float | None, interval: float | None) -> int:
    """Record every agent into the database until told to stop (ctrl+c, SIGTERM) or for --duration.

    Viewers attach to it: start `agent-monitor` in any terminal. A damaged database is put aside, and a new one begun
    with the last state that can be had.
    """
    if interval is not None:
        options.interval = interval
    return asyncio.run(_record(options, duration))


async def _record(options: Globals, duration: float | None) -> int:
    from monitor.collector.live import LiveFeed
    from monitor.keystore import KeyStore

    stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopped, 128 + number)
    feed = LiveFeed(options.settings, options.paths, KeyStore(), need_history=True)
    begin = time.monotonic()
    collecting = asyncio.create_task(feed.run(), name="collector")
    begun = asyncio.create_task(feed.begun.wait())
    ends: set[asyncio.Future[Any]] = {collecting, stopped}
    try:
        await asyncio.wait({*ends, begun}, return_when=asyncio.FIRST_COMPLETED)
        if begun.done():
            click.echo(f"recording to {options.paths.database}; ctrl+c stops", err=True)
            await asyncio.wait(ends, timeout=duration, return_when=asyncio.FIRST_COMPLETED)
    finally:
        begun.cancel()
        collecting.cancel()
        results = await asyncio.gather(collecting, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]
    if sys.stderr.isatty():
        click.echo(f"recorded {feed.ticks} ticks in {time.monotonic() - begin:.0f} s", err=True)
    return stopped.result() if stopped.done() else 0


def _stop(stopped: asyncio.Future[int], code: int) -> None:
    if not stopped.done():
        stopped.set_result(code)
