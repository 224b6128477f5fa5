"""`agent-monitor db`: look after the history database; one file a command."""

from __future__ import annotations

from typing import Final

import click

from monitor.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "backup": ("monitor.cli.db.backup", "backup"),
    "check": ("monitor.cli.db.check", "check"),
    "info": ("monitor.cli.db.info", "info"),
    "migrate": ("monitor.cli.db.migrate", "migrate"),
    "prune": ("monitor.cli.db.prune", "prune"),
    "restore": ("monitor.cli.db.restore", "restore"),
    "salvage": ("monitor.cli.db.salvage", "salvage"),
    "vacuum": ("monitor.cli.db.vacuum", "vacuum"),
}
"""Command to (module, name in it)."""


@click.group(cls=LazyGroup, places=COMMANDS)
def db() -> None:
    """Look after the history database."""
