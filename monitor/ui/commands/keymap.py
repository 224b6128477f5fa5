"""Checks and normalizes the keys that a person has given to commands: `[screen.keys]` of the configuration.

A key may be written as Textual names it (`question_mark`, `ctrl+l`), as the character itself (`?`), or as help and
footer show it (`F6`, `pgdn`, `esc`).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from textual.keys import Keys as TextualKeys
from textual.keys import _character_to_key, key_to_character

from monitor.errors import ConfigError
from monitor.ui.commands.registry import COMMAND_BY_ID, COMMANDS, KEY_NAMES
from monitor.ui.commands.spec import REPLAY_CONTEXTS, CommandSpec, Context

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_NAMED: Final = frozenset(key.value for key in TextualKeys if "<" not in key.value)
_BY_LABEL: Final = {label: key for key, label in KEY_NAMES.items()}
_MODAL: Final[frozenset[Context]] = frozenset({"filter", "choice", "prompt", "moment"})
"""Where keys mean nothing else: a dialog, or a line that is typed."""
_TYPED: Final[frozenset[Context]] = frozenset({"filter", "prompt", "moment"})
_EVERYWHERE: Final[frozenset[Context]] = frozenset({"app", "table", "pane", "order", "replay"})
"""In force beside any of the others."""
SCENES: Final[tuple[frozenset[Context], ...]] = (
    frozenset({"main", "panes", "agents", "acting"}),
    frozenset({"main", "panes", "commits"}),
    frozenset({"main", "panes", "health"}),
    frozenset({"main", "panes", "alerts"}),
    frozenset({"main", "panes", "tasks", "board"}),
    frozenset({"main", "panes", "timeline", "span"}),
    frozenset({"main", "panes", "systems"}),
    frozenset({"overlay", "agent", "acting", "panes", "span"}),
    frozenset({"overlay", "agent", "acting", "panes", "alerts"}),
    frozenset({"overlay", "agent", "acting", "panes", "commits"}),
    frozenset({"overlay", "agent", "acting", "panes", "tasks"}),
    frozenset({"overlay", "panes", "commit"}),
    frozenset({"overlay", "tasks", "board", "columns"}),
    frozenset({"overlay", "panes", "task"}),
    frozenset({"overlay", "alerts"}),
    frozenset({"overlay", "past-alerts"}),
    frozenset({"overlay", "mutes"}),
)
"""What is in force together: a screen and its focused pane."""
_WRITTEN: Final = "a character, a name as enter, pgdn, f6 or left, or one of them after ctrl+, alt+ or shift+"


def checked_keymap(keymap: Mapping[str, str], origin: str) -> dict[str, str]:
    """The key map in Textual's names: command id to keys with commas between.

    `origin` is the file or variable it comes from. Raises ConfigError, naming the key and what is allowed, for a
    command that does not exist, for a key that cannot be pressed, and for one that has another meaning there.
    """
    mapped: dict[str, tuple[str, ...]] = {}
    for command_id, written in keymap.items():
        where = f'{origin}: screen.keys."{command_id}"'
        command = COMMAND_BY_ID.get(command_id)
        if command is None:
            near = get_close_matches(command_id, COMMAND_BY_ID, 3, 0.4)
            hint = (
                f"do you mean {', '.join(near)}?"
                if near
                else "the ids are those of help (?) and of the page Keys."
            )
            raise ConfigError(f"{where}: there is no such command; {hint}")
        mapped[command_id] = _keys(written, command, f'{where} = "{written}"')
    for command_id in mapped:
        _refuse_clash(COMMAND_BY_ID[command_id], mapped, origin)
    return {command_id: ",".join(keys) for command_id, keys in mapped.items()}


def _keys(written: str, command: CommandSpec, where: str) -> tuple[str, ...]:
    """The keys as Textual names them."""
    # A comma is a key, too, when it stands alone.
    parts = [","] if written.strip() == "," else [part.strip() for part in written.split(",")]
    keys = []
    for part in parts:
        key = _key(part)
        if key is None:
            raise ConfigError(f'{where}: "{part}" is no key; allowed: {_WRITTEN}, with commas between.')
        if command.context in _TYPED and _is_typed(key):
            raise ConfigError(
                f'{where}: "{part}" is a letter that is typed there; allowed: keys as enter, f6, ctrl+x.'
            )
        keys.append(key)
    return tuple(dict.fromkeys(keys))


def _key(written: str) -> str | None:
    """Textual's name of one key; None for what cannot be pressed."""
    *modifiers, base = written.rsplit("+", 1) if len(written) > 1 and not written.endswith("+") else [written]
    prefix = "".join(modifiers).lower()
    if any(modifier not in _MODIFIERS for modifier in filter(None, prefix.split("+"))):
        return None
    if len(base) == 1:
        if not base.isprintable():
            return None
        letter = base.lower() if "ctrl" in prefix else base
        base = "space" if base == " " else _character_to_key(letter)
    else:
        base = _BY_LABEL.get(base.lower(), base.lower())
        known = base in _NAMED or base in KEY_NAMES
        if not known and not (key_to_character(base) or "\n").isprintable():
            return None
    return f"{prefix}+{base}" if prefix else base


def _is_typed(key: str) -> bool:
    """Whether the key puts a letter into a line."""
    return len(KEY_NAMES.get(key, key)) == 1 or (key_to_character(key) or "\n").isprintable()


def _refuse_clash(command: CommandSpec, mapped: Mapping[str, tuple[str, ...]], origin: str) -> None:
    """Raise ConfigError when a key that was given to this command means something else where the command works."""
    for other in COMMANDS:
        if other.id == command.id or not _together(command, other):
            continue
        theirs = mapped.get(other.id, other.keys)
        # What two commands share by their own keys is meant, as escape.
        shared = [key for key in mapped[command.id] if key in theirs and key not in _both(command, other)]
        if shared:
            label = KEY_NAMES.get(shared[0], shared[0])
            raise ConfigError(
                f'{origin}: screen.keys."{command.id}": the key {label} is that of {other.id} ({other.title}) as well; '
                f"give one of them another."
            )


def _both(one: CommandSpec, other: CommandSpec) -> frozenset[str]:
    return frozenset(one.keys) & frozenset(other.keys)


def _together(one: CommandSpec, other: CommandSpec) -> bool:
    """Whether both commands can work at the same moment, so that one would hide the other."""
    contexts = {one.context, other.context}
    if len(contexts) == 1:
        return True
    if contexts & _MODAL:
        # Only what works even while one types reaches in there.
        return "app" in contexts and (one.priority or other.priority)
    if contexts & REPLAY_CONTEXTS and (one.live or other.live):
        return False
    inner = contexts - _EVERYWHERE
    return any(inner <= scene for scene in SCENES)
