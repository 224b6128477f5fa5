"""`agent-monitor hooks status`: what is installed, whether it can run, and when it last did."""

from __future__ import annotations

import os
import shlex
import time
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from monitor.cli.hooks import entries, settings_file
from monitor.cli.hooks.commands import wanted_command
from monitor.cli.hooks.place import which_file
from monitor.cli.table import age
from monitor.sources.sessions import hook_spool
from monitor.sources.sessions.hooks import HOOKS, HookRecord
from monitor.sources.values import as_text, as_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.cli.context import Globals

_TAIL: Final = 8192
"""Bytes at the end of a file in which its last line is looked for."""


@click.command()
@which_file
@click.pass_obj
def status(options: Globals, *, path: str) -> None:
    """Tell which hooks are installed, whether their command can run, and when the last one came."""
    file = settings_file.read(path)
    rows = [
        ("settings", file.path if file.text is not None else f"{file.path}: there is no such file"),
        *_hooks(file.content, wanted_command(options)),
        ("last hook", _last(str(options.paths.hooks))),
    ]
    for name, text in rows:
        click.echo(f"{name:<13}{text}")


def _hooks(content: dict[str, Any], wanted: str) -> Iterator[tuple[str, str]]:
    found = entries.installed(content)
    missing = [event for event in entries.EVENTS if event not in found]
    if not found:
        yield "hooks", "none; `agent-monitor hooks install` adds them"
    else:
        yield "hooks", ", ".join(found)
        if missing:
            yield "missing", f"{', '.join(missing)}; `agent-monitor hooks install` adds them"
    for command in dict.fromkeys(found.values()):
        yield "command", command
        if trouble := _trouble(command):
            yield "", trouble
        elif command != wanted:
            yield "", f"`agent-monitor hooks install` would write now: {wanted}"
    yield "status line", _status_line(content.get("statusLine"))
    if content.get("disableAllHooks") is True:
        yield "disabled", "`disableAllHooks` is set in this file: Claude Code calls none"


def _trouble(command: str) -> str:
    """Why it cannot run; empty when nothing speaks against it."""
    try:
        program = shlex.split(command, comments=True)[0]
    except (ValueError, IndexError):
        return "it cannot be understood: `agent-monitor hooks install` writes it anew"
    if not os.access(program, os.X_OK):
        return (
            f"{program}: cannot be run; `agent-monitor hooks install` writes it anew, `remove` takes it out"
        )
    return ""


def _status_line(line: Any) -> str:
    if entries.is_ours(line):
        return "ours"
    return "none" if line is None else "of somebody else"


def _last(folder: str) -> str:
    """The newest line of the spool."""
    try:
        path = hook_spool.newest(folder)
        record = _last_record(path) if path else None
    except OSError as error:
        return f"{folder}: cannot be read: {error.strerror}"
    if record is None:
        return f"none yet; they are kept in {folder}"
    now = time.time_ns() // 1_000_000
    session = as_text(record.session_id)
    return f"{age(now, as_time(record.at))} ago: {as_text(record.event)} of session {session}"


def _last_record(path: str) -> HookRecord | None:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            return HOOKS.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return None
