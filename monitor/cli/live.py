"""`agent-monitor` without a command: the live view."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Final

import click

from monitor.config import ENVIRONMENT_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.cli.context import Globals
    from monitor.config import Settings
    from monitor.keystore import Feed, KeyStore
    from monitor.paths import StatePaths
    from monitor.ui.environment import ScreenEnvironment
    from monitor.ui.options import ScreenOptions

DEMO_AGENTS: Final = 6


def live(options: Globals, *, offer_demo: bool = True) -> int:
    """Open the screen: attached when a recorder holds the database, else collecting and recording here.

    Raises ConfigError where there is no terminal. On a machine without agents it offers the demo fleet first.
    """
    from monitor.ui.environment import check_terminal, screen_environment

    check_terminal()
    environment = screen_environment()
    settings, paths = options.settings, options.paths
    if offer_demo and not environment.browser and _wants_demo(options):
        from monitor.cli.demo import show
        from monitor.demo.fleet import Fleet

        return show(options, Fleet(agents=DEMO_AGENTS))

    from monitor.cli.late_feed import LateFeed
    from monitor.history.presence import Presence
    from monitor.keystore import KeyStore
    from monitor.ui.app import MonitorApp
    from monitor.ui.terminal import run_app

    store = KeyStore()
    feed = LateFeed(lambda: _make_feed(settings, paths, store))
    screen = screen_options(options, environment)
    with Presence(paths, "browser" if environment.browser else "terminal"):
        return run_app(MonitorApp(store, feed, screen), logs=paths.logs, mouse=screen.mouse)


def screen_options(options: Globals, environment: ScreenEnvironment) -> ScreenOptions:
    """The screen's options of a person at a terminal, whatever feed it shows. Raises ConfigError for wrong keys."""
    from monitor.ui.commands.keymap import checked_keymap
    from monitor.ui.options import ScreenOptions

    settings = options.settings.screen
    return ScreenOptions(
        theme=options.theme or settings.theme or None,
        ascii=options.ascii or settings.ascii or environment.ascii,
        mouse=settings.mouse and not options.no_mouse,
        readonly=options.readonly or settings.readonly,
        initial_filter=options.filter,
        animations=settings.animations and not environment.remote,
        user=_user(),
        interval=options.settings.intervals.tick,
        no_color=environment.no_color,
        keymap=checked_keymap(settings.keys, origin_of_keys(options.loaded.file)),
        shell=settings.shell,
        editor=settings.editor,
        arrangement=options.paths.folder / "screen.json",
    )


def origin_of_keys(file: Path | None) -> str:
    """Where the key map comes from, for messages: the environment wins over the file."""
    name = f"{ENVIRONMENT_PREFIX}SCREEN__KEYS"
    found = next((one for one in sorted(os.environ) if one.startswith(name)), None)
    return f"environment variable {found}" if found or file is None else str(file)


def _make_feed(settings: Settings, paths: StatePaths, store: KeyStore) -> Feed:
    """Attached when a recorder holds the database, else collecting and recording here; imported only now."""
    from monitor.history.lock import holder

    if holder(paths.lock) is not None:
        from monitor.history.moments.attached import AttachedFeed

        return AttachedFeed(paths, store, interval=settings.intervals.tick)
    from monitor.collector.live import LiveFeed

    return LiveFeed(settings, paths, store)


def _wants_demo(options: Globals) -> bool:
    """Whether nothing at all is there to look at, and the person at the terminal would like the demo."""
    from monitor.history.lock import holder

    settings = options.settings
    named = settings.agents or settings.roots or options.config
    if (
        named
        or not settings.discover
        or options.paths.database.exists()
        or holder(options.paths.lock) is not None
    ):
        return False
    from monitor.sources.processes.source import ProcessSource

    source = ProcessSource((), discover=True, scan_interval=settings.intervals.process_scan)
    try:
        if source.poll(0).groups:
            return False
    finally:
        source.close()
    click.echo("No coding agent is running on this machine, and no folder was named with --root.")
    return click.confirm(
        "Show a demo fleet (real processes in a temporary folder, removed at the end)?", default=True
    )


def _user() -> str:
    """Who acknowledges: the login name, or the user's number where there is none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
