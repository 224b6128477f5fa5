"""The program's own themes; any of Textual's can be chosen instead."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="monitor-dark",
    primary="#6CA8E8",
    secondary="#5A7FA6",
    accent="#C9A0E8",
    success="#7BC488",
    warning="#E5B567",
    error="#E8707A",
    foreground="#D6DCE4",
    background="#11151A",
    surface="#1A2027",
    panel="#222A33",
    dark=True,
)
LIGHT: Final = Theme(
    name="monitor-light",
    primary="#1F62A8",
    secondary="#4F7396",
    accent="#7A3FA8",
    success="#23803A",
    warning="#96620A",
    error="#BE2F3C",
    foreground="#1E242B",
    background="#FAFBFC",
    surface="#EEF1F4",
    panel="#E2E7EC",
    dark=False,
)
PLAIN: Final = "ansi-dark"
"""Textual's theme in the terminal's own colours: what is left when no colour is wanted."""
