"""`agent-monitor serve`: the screen in a browser."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import sys
from typing import TYPE_CHECKING, Final

import click

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.ui.browser.server import BrowserServer

PORT: Final = 8765
INSTALL: Final = "pip install 'agent-monitor[serve]'"


@click.command()
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where it is served.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    default=PORT,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option(
    "--allow-actions", is_flag=True, help="Let viewers act on processes, as on a terminal of this user."
)
@click.pass_obj
def serve(options: Globals, *, host: str, port: int, allow_actions: bool) -> int:
    """Show the screen in a browser, until SIGINT (exit code 130), SIGTERM (143) or SIGHUP (129).

    Prints the address. It has a token in it, new each time: who has the address sees what you see. It is not encrypted;
    from another machine use an SSH tunnel (docs/how-to/use-in-a-browser.md).
    """
    try:
        from monitor.ui.browser.server import BrowserServer
    except ImportError as error:
        raise MonitorError(f"The browser needs textual-serve, which is not installed: {INSTALL}") from error
    _ = options.settings  # what is wrong with them is told here, and not to each viewer
    command = _command(options, readonly=options.readonly or not allow_actions)
    return asyncio.run(_serve(BrowserServer(command, host, port)))


async def _serve(server: BrowserServer) -> int:
    """Serve until a signal comes; returns the exit code of that signal."""
    caught: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def catch(number: int) -> None:
        if not caught.done():
            caught.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, catch, number)
    port = await server.start()
    try:
        _say(server, port)
        return 128 + await caught
    finally:
        await server.close()


def _say(server: BrowserServer, port: int) -> None:
    click.echo(f"http://{_reachable(server.host)}:{port}/{server.token}/")
    if not _loopback(server.host):
        click.echo(
            "It is not encrypted: whoever can read the network can read this, and the address.", err=True
        )
    click.echo("Press ctrl+c to end it.", err=True)
    sys.stdout.flush()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reachable(host: str) -> str:
    """The host as it stands in an address: a name for "every address", brackets around IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return socket.gethostname()
    return f"[{host}]" if address.version == 6 else host


def _command(options: Globals, *, readonly: bool) -> list[str]:
    """This program, with the same global options."""
    given: list[tuple[str, str | float | None]] = [
        ("--config", options.config),
        ("--db", options.database),
        ("--state-dir", options.state_dir),
        ("--interval", options.interval),
        ("--theme", options.theme),
        ("--filter", options.filter),
        *(("--root", root) for root in options.roots),
    ]
    flags = {"--ascii": options.ascii, "--no-mouse": options.no_mouse, "--readonly": readonly}
    arguments = [f"{name}={value}" for name, value in given if value is not None]
    return [sys.executable, "-m", "monitor", *arguments, *(name for name, given in flags.items() if given)]
