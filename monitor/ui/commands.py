"""Every command of the screen, once: bindings, footer, help, palette and the reference page are made from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from textual.binding import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Context = Literal["app", "main", "pane", "order", "table", "alerts", "agent", "overlay", "filter"]
"""Where a command works: everywhere, on the main screen, in every pane, in panes that can be sorted, in every table,
in the alerts, on an agent's details, on a screen that lies over another one, and while a filter is typed."""
Group = Literal["Agents and alerts", "View", "Move", "Program"]

GROUPS: Final[tuple[Group, ...]] = ("Agents and alerts", "View", "Move", "Program")

_KEY_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
}


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


COMMANDS: Final[tuple[CommandSpec, ...]] = (
    CommandSpec(
        "agent.open",
        ("enter",),
        "Details",
        "Open the details of the selected agent.",
        "Agents and alerts",
        "open",
        "main",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "agent.next-waiting",
        ("n",),
        "Next waiting",
        "Select the next agent that is blocked or in error.",
        "Agents and alerts",
        "next_waiting(1)",
        "main",
    ),
    CommandSpec(
        "agent.previous-waiting",
        ("N",),
        "Previous waiting",
        "Select the one before it.",
        "Agents and alerts",
        "next_waiting(-1)",
        "main",
    ),
    CommandSpec(
        "alert.acknowledge",
        ("a",),
        "Acknowledge",
        "Acknowledge the selected alert: you have seen it.",
        "Agents and alerts",
        "acknowledge",
        "alerts",
        footer=True,
    ),
    CommandSpec(
        "alert.resolve",
        ("R",),
        "Resolve",
        "Resolve the selected alert: it leaves the list.",
        "Agents and alerts",
        "resolve",
        "alerts",
        footer=True,
    ),
    CommandSpec(
        "agent.tree",
        ("t",),
        "Tree",
        "In details: processes as a tree, or flat by CPU.",
        "Agents and alerts",
        "toggle_tree",
        "agent",
        footer=True,
    ),
    CommandSpec(
        "filter.open",
        ("slash",),
        "Filter",
        "Filter the pane: words, status:idle, kind:codex, branch:x.",
        "View",
        "open_filter",
        "pane",
        footer=True,
    ),
    CommandSpec(
        "filter.clear",
        ("escape",),
        "Clear filter",
        "Clear the filter of the focused pane.",
        "View",
        "clear_filter",
        "pane",
    ),
    CommandSpec(
        "filter.keep",
        ("enter", "down", "tab"),
        "Keep",
        "While typing: keep the filter and go back to the rows.",
        "View",
        "keep_filter",
        "filter",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "filter.cancel",
        ("escape",),
        "Clear",
        "While typing: clear the filter.",
        "View",
        "cancel_filter",
        "filter",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "sort.next", ("s", "f6"), "Sort", "Sort by the next column.", "View", "sort(1)", "order", footer=True
    ),
    CommandSpec(
        "sort.previous", ("S",), "Sort back", "Sort by the column before it.", "View", "sort(-1)", "order"
    ),
    CommandSpec("sort.invert", ("I",), "Invert", "Turn the order round.", "View", "invert", "order"),
    CommandSpec(
        "view.zoom",
        ("z",),
        "Zoom",
        "Give the pane the whole screen, or give it back.",
        "View",
        "zoom",
        "main",
        footer=True,
    ),
    CommandSpec("pane.agents", ("1",), "Agents", "Go to the agents.", "View", "pane('agents')", "main"),
    CommandSpec("pane.commits", ("2",), "Commits", "Go to the commits.", "View", "pane('commits')", "main"),
    CommandSpec(
        "pane.health",
        ("3",),
        "Health",
        "Go to the health of host, services and monitor.",
        "View",
        "pane('health')",
        "main",
    ),
    CommandSpec("pane.alerts", ("4",), "Alerts", "Go to the alerts.", "View", "pane('alerts')", "main"),
    CommandSpec(
        "board.open", ("b", "5"), "Board", "Open the task board.", "View", "board", "main", footer=True
    ),
    CommandSpec(
        "pane.next", ("tab",), "Next pane", "Go to the next pane.", "View", "screen.cycle(1)", "pane"
    ),
    CommandSpec(
        "pane.previous",
        ("shift+tab",),
        "Previous pane",
        "Go to the pane before it.",
        "View",
        "screen.cycle(-1)",
        "pane",
    ),
    CommandSpec(
        "move.down", ("j", "down"), "Down", "One row down.", "Move", "move(1)", "table", palette=False
    ),
    CommandSpec("move.up", ("k", "up"), "Up", "One row up.", "Move", "move(-1)", "table", palette=False),
    CommandSpec(
        "move.page-down",
        ("pagedown",),
        "Page down",
        "One screenful down.",
        "Move",
        "page(1)",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.page-up",
        ("pageup",),
        "Page up",
        "One screenful up.",
        "Move",
        "page(-1)",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.first",
        ("g", "home"),
        "First",
        "To the first row.",
        "Move",
        "edge('first')",
        "table",
        palette=False,
    ),
    CommandSpec(
        "move.last",
        ("G", "end"),
        "Last",
        "To the last row.",
        "Move",
        "edge('last')",
        "table",
        palette=False,
    ),
    CommandSpec(
        "back",
        ("escape",),
        "Back",
        "Close this screen; first a filter that is set.",
        "Program",
        "back",
        "overlay",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "pause",
        ("space",),
        "Pause",
        "Hold the picture still, and let it go on.",
        "Program",
        "pause",
        "app",
        footer=True,
    ),
    CommandSpec(
        "interval.longer",
        ("plus", "equals_sign"),
        "Slower",
        "Refresh less often.",
        "Program",
        "interval(1)",
        "app",
    ),
    CommandSpec(
        "interval.shorter", ("minus",), "Faster", "Refresh more often.", "Program", "interval(-1)", "app"
    ),
    CommandSpec(
        "palette",
        ("colon", "ctrl+p"),
        "Palette",
        "Search for a command or an agent.",
        "Program",
        "command_palette",
        "app",
        footer=True,
        palette=False,
    ),
    CommandSpec(
        "help", ("question_mark", "f1"), "Help", "Show all keys.", "Program", "help", "app", footer=True
    ),
    CommandSpec(
        "quit",
        ("q",),
        "Quit",
        "Leave; a recorder that runs elsewhere goes on.",
        "Program",
        "quit",
        "app",
        footer=True,
    ),
    CommandSpec(
        "quit.now",
        ("ctrl+c", "ctrl+q"),
        "Quit",
        "Leave, also while a filter is typed.",
        "Program",
        "quit",
        "app",
        palette=False,
        priority=True,
    ),
)


def commands(*contexts: Context) -> Iterator[CommandSpec]:
    """The commands that work in any of these contexts, in the order of the registry."""
    return (command for command in COMMANDS if command.context in contexts)


def bindings(*contexts: Context) -> Iterator[Binding]:
    """Textual's bindings of these contexts; the binding's id is the command's, so that a key map can change it."""
    for command in commands(*contexts):
        yield Binding(
            ",".join(command.keys),
            command.action,
            command.title,
            tooltip=command.help,
            id=command.id,
            show=command.footer,
            priority=command.priority,
        )


def key_label(key: str) -> str:
    """How a key is written for people: `?` for question_mark, `F6` for f6."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    return key.upper() if key[0] == "f" and key[1:].isdigit() else key


def key_labels(command: CommandSpec, keymap: dict[str, str]) -> tuple[str, ...]:
    """The keys of a command for people, under a key map (command id to comma-separated keys)."""
    keys: Iterable[str] = keymap[command.id].split(",") if command.id in keymap else command.keys
    return tuple(key_label(key.strip()) for key in keys)


def reference() -> str:
    """All keys as Markdown, for docs/reference/keys.md."""
    lines = ["# Keys", "", "Made from the registry of commands; an id can be given other keys."]
    for group in GROUPS:
        lines += ["", f"## {group}", "", "| key | what it does | id |", "|---|---|---|"]
        for command in COMMANDS:
            if command.group == group:
                keys = " ".join(f"`{label}`" for label in key_labels(command, {}))
                lines.append(f"| {keys} | {command.help} | `{command.id}` |")
    return "\n".join(lines) + "\n"
