"""The registry: all commands in the order in which they are shown, and what is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.binding import Binding
from textual.keys import key_to_character

from monitor.ui.commands.agents import AGENTS
from monitor.ui.commands.alerts import ALERTS
from monitor.ui.commands.board import BOARD
from monitor.ui.commands.commits import COMMITS
from monitor.ui.commands.details import DETAILS
from monitor.ui.commands.dialogs import DIALOGS
from monitor.ui.commands.find import FIND
from monitor.ui.commands.history import HISTORY
from monitor.ui.commands.move import MOVE
from monitor.ui.commands.program import PROGRAM
from monitor.ui.commands.replay import REPLAY
from monitor.ui.commands.spec import GROUPS, REPLAY_CONTEXTS, CommandSpec, Context
from monitor.ui.commands.systems import SYSTEMS
from monitor.ui.commands.view import VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

COMMANDS: Final[tuple[CommandSpec, ...]] = (
    *AGENTS,
    *DETAILS,
    *BOARD,
    *COMMITS,
    *SYSTEMS,
    *ALERTS,
    *FIND,
    *VIEW,
    *HISTORY,
    *MOVE,
    *REPLAY,
    *PROGRAM,
    *DIALOGS,
)
"""Every command, group by group."""
COMMAND_BY_ID: Final = {command.id: command for command in COMMANDS}

KEY_NAMES: Final = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "at": "@",
    "backslash": "\\",
    "underscore": "_",
}
"""How keys are written for people, where that is not Textual's own name."""


def commands(*contexts: Context) -> Iterator[CommandSpec]:
    """The commands that work in any of these contexts, in the order of the registry."""
    return (command for command in COMMANDS if command.context in contexts)


def offered(*, replay: bool, readonly: bool = False) -> Iterator[CommandSpec]:
    """The commands that footer, help and palette show in a replay, or outside one, and where nothing may be changed."""
    for command in COMMANDS:
        hidden = command.live if replay else command.context in REPLAY_CONTEXTS
        if not hidden and not (readonly and command.outside):
            yield command


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
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    character = key_to_character(key)
    return character if character and character.isprintable() and not character.isspace() else key


def key_labels(command: CommandSpec, keymap: dict[str, str]) -> tuple[str, ...]:
    """The keys of a command for people, under a key map (command id to comma-separated keys)."""
    keys: Iterable[str] = keymap[command.id].split(",") if command.id in keymap else command.keys
    return tuple(key_label(key.strip()) for key in keys)


def footer_label(command: CommandSpec, keymap: dict[str, str]) -> str:
    """The key that the footer shows, after that of the command that goes the other way: `[ ]`."""
    both = (COMMAND_BY_ID[command.back], command) if command.back else (command,)
    return " ".join(key_labels(one, keymap)[0] for one in both)


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
