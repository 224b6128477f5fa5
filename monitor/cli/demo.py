"""`agent-monitor demo`: a fleet of simulated agents that is real to everything that watches it."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from monitor.cli.json_output import SCHEMA

if TYPE_CHECKING:
    from monitor.cli.context import Globals
    from monitor.demo.fleet import Fleet


@click.command()
@click.option("--dir", "folder", metavar="DIR", help="An empty or new folder for it; else a temporary one.")
@click.option("--agents", type=click.IntRange(1, 1000), default=6, show_default=True, help="How many agents.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same script.")
@click.option("--pace", type=click.FloatRange(0, 1000), default=1.0, help="Faster above 1; 0 is quiet.")
@click.option(
    "--system",
    "systems",
    metavar="NAME",
    multiple=True,
    help="Have a system keep its database of the fleet too, and attach it; `all` for every one. Repeatable.",
)
@click.option("--headless", is_flag=True, help="Run the fleet alone, and print a line of JSON once it is up.")
@click.pass_obj
def demo(
    options: Globals,
    *,
    folder: str | None,
    agents: int,
    seed: int,
    pace: float,
    systems: tuple[str, ...],
    headless: bool,
) -> int:
    """Start a demo fleet: real processes that work in real git worktrees, on a board that moves.

    Without --headless the live view opens on it and nothing is left behind. With it, the fleet runs until it is told
    to stop; `agent-monitor --config CONFIG status`, with the config that it prints, sees this fleet and no other
    agent.
    """
    from monitor.demo.fleet import Fleet

    place = Path(folder).expanduser().absolute() if folder else None
    fleet = Fleet(place, agents=agents, seed=seed, pace=pace, keep=headless, systems=systems)
    return run_headless(fleet) if headless else show(options, fleet)


def show(options: Globals, fleet: Fleet) -> int:
    """The live view on a fleet of its own; its history is removed with it."""
    from monitor.cli.live import live
    from monitor.ui.environment import check_terminal

    check_terminal()
    with fleet:
        state = str(fleet.folder / "history")
        return live(options.elsewhere(str(fleet.config), state), offer_demo=False)


def run_headless(fleet: Fleet) -> int:
    """The fleet alone, until SIGINT (exit code 130), SIGTERM (143) or SIGHUP (129)."""
    caught: list[int] = []
    stop = threading.Event()

    def catch(number: int, _frame: object) -> None:
        caught.append(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, catch)
    with fleet:
        line = {
            "schema": SCHEMA,
            "ready": True,
            "root": str(fleet.root),
            "config": str(fleet.config),
            "pids": list(fleet.pids),
        }
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
        stop.wait()
    return 128 + caught[0]
