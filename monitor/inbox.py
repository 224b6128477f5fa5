"""The inbox: small files by which viewers hand commands to the one writer (DESIGN.md §1).

A command is written beside its final name and renamed into place, so the reader never sees half of one. The inbox is
bounded in number, size and age.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Final

import msgspec

from monitor.errors import MonitorError
from monitor.model import Command
from monitor.paths import private_folder

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
            raise MonitorError(f"{inbox}: holds {MAX_FILES} commands that nobody took; is the recorder running?")
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
            if name.startswith("."):
                if status.st_mtime < oldest:
                    file.unlink()
                continue
            if name.endswith(".json") and status.st_size <= MAX_BYTES and status.st_mtime >= oldest:
                commands.append(_decoder.decode(file.read_bytes()))
            file.unlink()
        except msgspec.DecodeError:
            file.unlink(missing_ok=True)
        except OSError:
            continue
    return commands
