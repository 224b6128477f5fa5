"""Which shell and which editor to open in a worktree, and in what surroundings. Never through a shell's words."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["shell", "editor"]

OWN_VARIABLES: Final = "AGENT_MONITOR_"
"""Prefix of what is set for this program alone."""
EDITORS: Final = ("sensible-editor", "nvim", "vim", "vi", "nano", "emacs", "micro")
"""Looked for in this order when nothing names an editor."""
_TAKES_FOLDER: Final = frozenset(
    {
        "nvim",
        "vim",
        "vi",
        "gvim",
        "view",
        "emacs",
        "emacsclient",
        "hx",
        "helix",
        "code",
        "codium",
        "cursor",
        "zed",
        "subl",
    }
)
"""Editors that show a folder when they are given one; others would refuse it, and are only started there."""


class ProgramError(MonitorError):
    """The program cannot be opened there; the text says why and what to do."""


class Program(NamedTuple):
    """What to run, as an argument list."""

    argv: tuple[str, ...]
    name: str


def program(kind: Kind, setting: str, environ: Mapping[str, str]) -> Program:
    """The shell or the editor of this person: the setting, else what the environment names, else what there is.

    Raises ProgramError when it cannot be found.
    """
    named = _shell(setting, environ) if kind == "shell" else _editor(setting, environ)
    text, origin = named
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ProgramError(f"{origin}: {text!r} cannot be read as a command: {error}.") from error
    found = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if found is None:
        raise ProgramError(
            f"{origin}: there is no program {text!r}. The setting screen.{kind} names another."
        )
    name = Path(words[0]).name
    folder = (".",) if kind == "editor" and name in _TAKES_FOLDER else ()
    return Program((found, *words[1:], *folder), name)


def _shell(setting: str, environ: Mapping[str, str]) -> tuple[str, str]:
    if setting:
        return setting, "screen.shell"
    if environ.get("SHELL"):
        return shlex.quote(environ["SHELL"]), "$SHELL"
    try:
        login = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        login = ""
    return shlex.quote(login or "/bin/sh"), "the login shell"


def _editor(setting: str, environ: Mapping[str, str]) -> tuple[str, str]:
    for text, origin in (
        (setting, "screen.editor"),
        (environ.get("VISUAL", ""), "$VISUAL"),
        (environ.get("EDITOR", ""), "$EDITOR"),
    ):
        if text.strip():
            return text, origin
    for name in EDITORS:
        if shutil.which(name, path=environ.get("PATH")):
            return name, "the editor"
    raise ProgramError("No editor is known: set $EDITOR, or screen.editor in the configuration.")


def surroundings(environ: Mapping[str, str], folder: str, *, no_color: bool) -> dict[str, str]:
    """The environment for a program: this one's, without what is meant for this program alone."""
    kept = {name: value for name, value in environ.items() if not name.startswith(OWN_VARIABLES)}
    kept["PWD"] = folder
    if no_color:
        kept["NO_COLOR"] = "1"  # Textual takes it out of the environment
    return kept


@contextmanager
def folder_held(path: str) -> Iterator[str]:
    """Hold a worktree open: yields a path that leads to it whatever is put in its place meanwhile.

    Raises ProgramError when it is gone, is no folder, or lies behind a symbolic link, which the worktree of an agent
    does not: somebody has put one there.
    """
    try:
        if os.path.realpath(path) != path:
            raise ProgramError(f"{path} leads elsewhere by a symbolic link: nothing is opened there.")
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no path"
        raise ProgramError(f"The worktree {path} cannot be opened: {reason}.") from error
    try:
        held = f"/proc/self/fd/{descriptor}"
        yield held if os.path.isdir(held) else path
    finally:
        os.close(descriptor)
