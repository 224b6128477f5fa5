"""The inbox: small files by which viewers hand commands to the one writer (DESIGN.md §1).

A command is written beside its final name and renamed into place, so the reader never sees half of one. The inbox is
bounded in number, size and age.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import MonitorError
from monitor.model import Command
from monitor.paths import private_folder

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILES: Final = 1000
MAX_BYTES: Final = 16_384
MAX_AGE_SECONDS: Final = 86_400.0

_decoder = msgspec.json.Decoder(Command)


def drop(inbox: Path, command: Command) -> None:
    """Leave a command for the collector.

    Raises MonitorError when the inbox is full or cannot be written.
    """
    body = msgspec.json.encode(command)
    if len(body) > MAX_BYTES:
        raise MonitorError(f"the note is too long: at most {MAX_BYTES} bytes fit into one command.")
    try:
        private_folder(inbox)
        if sum(1 for _ in inbox.iterdir()) >= MAX_FILES:
            raise MonitorError(
                f"{inbox}: holds {MAX_FILES} commands that nobody took; is the recorder running?"
            )
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        temporary = inbox / f".{name}"
        temporary.write_bytes(body)
        os.replace(temporary, inbox / f"{name}.json")
    except OSError as error:
        raise MonitorError(f"{inbox}: cannot be written: {error.strerror}.") from error


def take(inbox: Path) -> list[Command]:
    """Take and remove the waiting commands, oldest first; what is foreign, too large or too old is removed unread."""
    try:
        names = sorted(entry.name for entry in os.scandir(inbox))
    except OSError:
        return []
    commands = []
    oldest = time.time() - MAX_AGE_SECONDS
    for name in names[:MAX_FILES]:
        file = inbox / name
        try:
            status = file.lstat()
            old = status.st_mtime < oldest
            if name.startswith(".") and not old:
                continue  # being written
            # A pipe would never end, a link may lead anywhere.
            regular = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES
            command = _read(file) if regular and not old and name.endswith(".json") else None
            file.unlink()
        except OSError:
            continue
        if command is not None:
            commands.append(command)
    return commands


def _read(file: Path) -> Command | None:
    """The command in the file; None when there is none, or one from a time that has not come."""
    try:
        command = _decoder.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return command if 0 <= command.at <= (time.time() + MAX_AGE_SECONDS) * 1000 else None
