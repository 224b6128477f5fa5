"""`agent-monitor hooks`: have Claude Code tell what it does, and undo that."""

from __future__ import annotations

from typing import Final

import click

from monitor.cli.lazy import LazyGroup

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "install": ("monitor.cli.hooks.commands", "install"),
    "remove": ("monitor.cli.hooks.commands", "remove"),
    "status": ("monitor.cli.hooks.status", "status"),
}
"""Command to (module, name in it)."""


@click.group(cls=LazyGroup, places=COMMANDS)
def hooks() -> None:
    """Have Claude Code tell at once what it waits for, by hooks in its settings file."""
