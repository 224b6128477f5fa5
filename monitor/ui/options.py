"""What the person who starts the screen may choose about it."""

from __future__ import annotations

import msgspec


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the screen; everything else is a setting of the collector."""

    theme: str | None = None
    """Name of a Textual theme; None is the program's own."""
    animations: bool = False
    """Smooth movement; off by default, because it costs bytes over SSH."""
    user: str = ""
    """Whom an acknowledgement is from."""
    interval: float = 2.0
    """Seconds between two refreshes, until the feed says otherwise."""
    initial_filter: str = ""
    """Filter of the agents pane at the start."""
    no_color: bool = False
    """Draw with weight and reverse only, never with colours (NO_COLOR)."""
    keymap: dict[str, str] = {}
    """Other keys for commands: command id to a comma-separated list of keys."""
