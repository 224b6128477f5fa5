"""The task board on a screen of its own."""

from __future__ import annotations

from monitor.ui.screens.single import PaneScreen


class BoardScreen(PaneScreen):
    """All tasks."""
