"""The commands of the panes that show a span of the past."""

from __future__ import annotations

from typing import Final

from monitor.ui.commands.spec import CommandSpec

HISTORY: Final = (
    CommandSpec(
        "timeline.open",
        ("enter",),
        "Details",
        "In the timeline: open the details of the selected agent.",
        "View",
        "open_agent",
        "timeline",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "span.longer",
        ("full_stop",),
        "Span",
        "Charts, timeline: show more of the past.",
        "View",
        "span(1)",
        "span",
        footer=True,
        back="span.shorter",
    ),
    CommandSpec(
        "span.shorter",
        ("comma",),
        "Shorter span",
        "Charts, timeline: show less, in more detail.",
        "View",
        "span(-1)",
        "span",
    ),
)
