"""What the screen has to know of its surroundings before Textual is imported, which reads them while it is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import msgspec

from monitor.errors import ConfigError
from monitor.ui.ascii import only_ascii

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

INSTEAD = "use `agent-monitor status` for one look, or `agent-monitor record` to collect without a screen"


class ScreenEnvironment(msgspec.Struct, frozen=True):
    """How to draw here."""

    no_color: bool
    """NO_COLOR is set and not empty (no-color.org)."""
    remote: bool
    """The terminal is at the other end of an SSH connection, where every byte counts."""
    ascii: bool = False
    """The locale shows nothing but ASCII."""
    browser: bool = False
    """There is no terminal: a web server draws this in a browser, and shows what it likes."""


def in_browser(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a web server like textual-serve has started this for a browser, and speaks on stdin and stdout."""
    environ = os.environ if environ is None else environ
    return environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def check_terminal(
    stdin: TextIO | None = None, stdout: TextIO | None = None, environ: Mapping[str, str] | None = None
) -> None:
    """Make sure that there is a terminal to draw on and to read keys from (the process's own when left out).

    A browser needs none. Raises ConfigError, which says what to do instead. Textual itself would draw into a pipe.
    """
    environ = os.environ if environ is None else environ
    if in_browser(environ):
        return
    for name, stream in (("stdout", stdout or sys.__stdout__), ("stdin", stdin or sys.__stdin__)):
        if not _is_terminal(stream):
            raise ConfigError(f"{name} is not a terminal: {INSTEAD}")
    term = environ.get("TERM", "")
    if term in {"", "dumb", "unknown"}:
        what = f"TERM={term}" if term else "TERM is not set"
        raise ConfigError(f"{what}: this terminal cannot show a screen; {INSTEAD}")


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def screen_environment(environ: MutableMapping[str, str] | None = None) -> ScreenEnvironment:
    """Tell how to draw, and set what Textual reads at import; call it before anything imports Textual.

    Over SSH animations are off and 256 colours do, which is a quarter fewer bytes; what the user has set stays.
    An empty NO_COLOR, which Textual would obey, is removed.
    """
    environ = os.environ if environ is None else environ
    no_color = bool(environ.get("NO_COLOR"))
    if not no_color:
        environ.pop("NO_COLOR", None)
    if in_browser(environ):
        return ScreenEnvironment(no_color=no_color, remote=False, browser=True)
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    if remote:
        environ.setdefault("TEXTUAL_ANIMATIONS", "none")
        environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
    return ScreenEnvironment(no_color=no_color, remote=remote, ascii=only_ascii(environ))
