"""What the person who starts the screen may choose about it."""

from __future__ import annotations

from pathlib import Path

import msgspec


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the screen; everything else is a setting of the collector."""

    theme: str | None = None
    """Name of a Textual theme; None is the program's own."""
    ascii: bool = False
    """Draw with ASCII characters only."""
    mouse: bool = True
    """Whether the mouse works; without it the terminal's own selection does."""
    readonly: bool = False
    """Nothing outside the screen can be acted on: no signal is sent, no program opened."""
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
    shell: str = ""
    """Program that `open a shell` starts; the login shell when empty."""
    editor: str = ""
    """Program that `open an editor` starts; `$VISUAL` or `$EDITOR` when empty."""
    arrangement: Path | None = None
    """Where the arrangement of the panes is remembered; None: nowhere."""
