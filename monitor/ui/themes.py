"""The program's own themes; any of Textual's can be chosen instead.

A theme is a handful of colours. What is drawn with them is decided once, in `palette.py` for the program's own lines
and in `monitor.tcss` for the rest.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from monitor.ui.palette import RULE_CONTRAST, TEXT_CONTRAST

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
    variables={"block-cursor-foreground": "#11151A"},
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
    variables={"block-cursor-foreground": "#FAFBFC"},
)
HIGH_CONTRAST: Final = Theme(
    name="monitor-high-contrast",
    primary="#7CCBFF",
    secondary="#B8D4E8",
    accent="#E6B8FF",
    success="#7CF29A",
    warning="#FFD84A",
    error="#FF9A9A",
    foreground="#FFFFFF",
    background="#000000",
    surface="#0C0C0C",
    panel="#181818",
    dark=True,
    variables={
        "block-cursor-foreground": "#000000",
        "text": "#FFFFFF",
        "text-muted": "#D8D8D8",
        "text-disabled": "#B4B4B4",
        TEXT_CONTRAST: "7",
        RULE_CONTRAST: "4.5",
    },
)
# Hues of Okabe and Ito's palette for colour-blind people: bluish green, yellow, vermilion and blue, each as light or as
# dark as it has to be to stay apart from the others without the sense of red, of green, or of blue.
SAFE_DARK: Final = Theme(
    name="monitor-colour-blind-dark",
    primary="#2C94EA",
    secondary="#7FA3C4",
    accent="#CC79A7",
    success="#6BE3C3",
    warning="#F2E766",
    error="#F06A00",
    foreground="#D6DCE4",
    background="#11151A",
    surface="#1A2027",
    panel="#222A33",
    dark=True,
    variables={"block-cursor-foreground": "#11151A"},
)
SAFE_LIGHT: Final = Theme(
    name="monitor-colour-blind-light",
    primary="#00305C",
    secondary="#4F7396",
    accent="#7A3A60",
    success="#007052",
    warning="#686108",
    error="#571D00",
    foreground="#1E242B",
    background="#FAFBFC",
    surface="#EEF1F4",
    panel="#E2E7EC",
    dark=False,
    variables={"block-cursor-foreground": "#FAFBFC"},
)
OWN: Final = (DARK, LIGHT, HIGH_CONTRAST, SAFE_DARK, SAFE_LIGHT)
"""All of them, as they are offered."""
PLAIN: Final = Theme(
    name="monitor-plain",
    primary="ansi_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    ansi=True,
    variables={
        "block-cursor-text-style": "bold reverse",
        "block-cursor-blurred-text-style": "bold",
        "input-cursor-text-style": "reverse",
    },
)
"""What is left when no colour is wanted: weight and reverse in the terminal's own two colours."""
