"""The commands of the alerts."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

ALERTS: Final = (
    CommandSpec(
        "alert.acknowledge",
        ("a",),
        "Acknowledge",
        "Acknowledge the selected alert: you have seen it.",
        "Alerts",
        "acknowledge",
        "alerts",
        footer=True,
        live=True,
    ),
    CommandSpec(
        "alert.resolve",
        ("R",),
        "Resolve",
        "Resolve the selected alert: it leaves the list.",
        "Alerts",
        "resolve",
        "alerts",
        footer=True,
        live=True,
    ),
)
