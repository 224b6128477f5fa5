"""What a command of the screen is, and where one works."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Context = Literal[
    "app",
    "main",
    "panes",
    "pane",
    "order",
    "table",
    "agents",
    "commits",
    "health",
    "alerts",
    "past-alerts",
    "mutes",
    "tasks",
    "board",
    "columns",
    "timeline",
    "systems",
    "attached",
    "system-rows",
    "workflows",
    "log",
    "span",
    "agent",
    "acting",
    "task",
    "commit",
    "overlay",
    "filter",
    "choice",
    "prompt",
    "replay",
    "moment",
]
"""Where a command works: everywhere (`app`), on the main screen, on every screen with several panes (`panes`), in
every pane, in panes that can be sorted, in every table, in the pane of that name, in every list of tasks, where those
of all agents are (`board`), where they stand in columns, on the screen of attached systems (`attached`), in its lists
(`system-rows`), in panes that show a span of the past (`span`), on an agent's details (`agent`), where an agent is at
hand to do something to, as its row or its details (`acting`), among what a task is related to (`task`), on a commit's
(`commit`), on a screen that lies over another one, while a filter is typed, while something is chosen or typed in a
dialog, on every screen of a replay, and while a moment is typed."""
Group = Literal[
    "Agents", "Tasks and commits", "Systems", "Alerts", "Find", "View", "Move", "Replay", "Program"
]

GROUPS: Final[tuple[Group, ...]] = (
    "Agents",
    "Tasks and commits",
    "Systems",
    "Alerts",
    "Find",
    "View",
    "Move",
    "Replay",
    "Program",
)
REPLAY_CONTEXTS: Final[frozenset[Context]] = frozenset({"replay", "moment"})


class CommandSpec(NamedTuple):
    """One command."""

    id: str
    """Its name for ever: in a key map, in the palette, in the reference."""
    keys: tuple[str, ...]
    """Textual key names, the one to show first."""
    title: str
    """Short, for the footer."""
    help: str
    group: Group
    action: str
    """Textual action, run where the context says."""
    context: Context
    footer: bool = False
    palette: bool = True
    priority: bool = False
    """Works even while text is typed."""
    back: str = ""
    """Id of the command that goes the other way: the footer shows the keys of both."""
    late: bool = False
    """The footer shows it after all others, where there is room left."""
    live: bool = False
    """About what happens now: it is not offered in a replay, where its key may mean something else."""
    outside: bool = False
    """It does something outside of the screen: it is not offered with `--readonly`."""
