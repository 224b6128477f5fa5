"""What a tool works on, in one word that may be kept: a path, or the name of a program; never its arguments.

A hook uses this while its agent waits: nothing that is slow to import may be needed here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from monitor.text import TARGET_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMAND_LIMIT: Final = 4096
"""Characters of a command that are looked at."""
_WORD: Final = re.compile(r"""\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s;&|<>()"']+)|([;&|<>()]+))""")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_.+@-]{1,40}\Z")
_KIND_LIMIT: Final = 80
"""Characters of the kind of a sub-agent."""
_SHELLS: Final = frozenset({"bash", "sh", "zsh", "dash", "fish"})
_WRAPPERS: Final = frozenset(
    {"sudo", "env", "time", "nice", "nohup", "command", "exec", "builtin", "timeout", "stdbuf"}
)
"""Programs that run another one."""
_BY_THE_WAY: Final = frozenset({"cd", "pushd", "export", "set", "source", "."})
"""Commands that only prepare what comes after them."""


def program_of(command: str | Sequence[str]) -> str:
    """The name of the program that a command line runs: `git` of `cd x && A=1 sudo git push`; empty when unsure."""
    if not isinstance(command, str):
        words = [word for word in command if isinstance(word, str)]
        shell = words and words[0].rpartition("/")[2] in _SHELLS
        if shell and len(words) > 2 and words[1].startswith("-") and "c" in words[1]:
            return program_of(words[2])
        return _name(words[0]) if words else ""
    return _first_program(command[:_COMMAND_LIMIT])


def _first_program(text: str) -> str:
    begins = True
    skipping = False
    for found in _WORD.finditer(text):
        double, single, bare, sign = found.groups()
        if sign is not None:
            begins, skipping = True, False
            continue
        if not begins or skipping:
            continue
        word = next(part for part in (double, single, bare) if part is not None)
        if _ASSIGNMENT.match(word) or word.startswith("-") or word.rpartition("/")[2] in _WRAPPERS:
            continue
        if word in _BY_THE_WAY:
            skipping = True
            continue
        if word[:1].isdigit():  # of `timeout 10 make`
            continue
        return _name(word)
    return ""


def _name(word: str) -> str:
    name = word.rpartition("/")[2]
    return name if _PROGRAM.match(name) else ""


def path_target(path: object, cwd: str | None) -> str:
    """A path as it may be kept: relative to the folder that the agent works in, when it is in it."""
    if not isinstance(path, str) or not path:
        return ""
    if cwd and path.startswith(cwd.rstrip("/") + "/"):
        path = path[len(cwd.rstrip("/")) + 1 :]
    return clean(path, TARGET_LIMIT)


def call_target(path: object, command: object, agent_type: object, cwd: str | None) -> str:
    """What a call works on: a path, else the program that a command runs, else the kind of a sub-agent."""
    if path:
        return path_target(path, cwd)
    if isinstance(command, str):
        return program_of(command)
    return clean(agent_type, _KIND_LIMIT) if isinstance(agent_type, str) else ""


def absolute_path(value: Any) -> str | None:
    """A path that can be stored and shown as it is; None for anything else."""
    text = value if isinstance(value, str) else ""
    return text if text.startswith("/") and text.isprintable() and len(text) <= 4096 else None
