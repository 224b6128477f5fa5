"""The registry of Claude Code's processes: `sessions/<pid>.json`, one a process, written by the program itself."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psutil

from monitor.errors import SourceError
from monitor.model import Millis
from monitor.sources.files import FileMissingError, Signature, list_files, read_file
from monitor.sources.sessions.ledger import NAME_LIMIT
from monitor.sources.sessions.targets import absolute_path
from monitor.sources.values import as_count, as_text, as_time

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIZE_LIMIT: Final = 65_536
_FILES_LIMIT: Final = 1000
_START_FIELD: Final = 19
"""Of `/proc/<pid>/stat`, counted from the state that follows the name: field 22 of proc(5)."""
_GUARD_SECONDS: Final = 5.0
"""Between two looks at whether a process is still the one that wrote its file."""


class _File(msgspec.Struct, rename="camel"):
    """A file of the registry, as it is written."""

    pid: Any = None
    session_id: Any = None
    cwd: Any = None
    started_at: Any = None
    proc_start: Any = None
    version: Any = None
    status: Any = None
    status_updated_at: Any = None
    updated_at: Any = None
    waiting_for: Any = None
    entrypoint: Any = None


class Registered(msgspec.Struct, frozen=True):
    """A process as it registered itself."""

    pid: int
    process_start: int | None
    """None where the file does not tell: then the pid may be another program's by now."""
    session_id: str
    cwd: str | None
    started: Millis | None
    version: str
    status: str
    """`busy`, `waiting`, `idle`, `shell`; empty in older versions."""
    at: Millis | None
    """Since when."""
    waiting_for: str
    """Empty unless it waits: a stale value may stand in the file."""
    alive: bool
    """False when the process is gone, or its pid is another program's."""


class Registry:
    """The files of one registry, read again only when they change."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._known: dict[str, tuple[Signature, Registered | None]] = {}
        self._guard_at = 0.0
        self.problem = ""

    def look(self) -> tuple[Registered, ...]:
        """Every process that registered itself, the living ones and those that left their file behind."""
        try:
            files = list_files(self.folder, root=self.folder, limit=_FILES_LIMIT)
            self.problem = ""
        except FileMissingError:
            files = {}
        except SourceError as error:
            self.problem = str(error)
            files = {}
        guard = time.monotonic() >= self._guard_at
        if guard:
            self._guard_at = time.monotonic() + _GUARD_SECONDS
        known: dict[str, tuple[Signature, Registered | None]] = {}
        for name, signature in files.items():
            if not name.endswith(".json"):
                continue
            before = self._known.get(name)
            if before is None or before[0] != signature:
                known[name] = (signature, self._read(name))
            else:
                known[name] = (signature, _guarded(before[1]) if guard else before[1])
        self._known = known
        return tuple(self._entries())

    def _entries(self) -> Iterator[Registered]:
        return (entry for _, entry in self._known.values() if entry is not None)

    def _read(self, name: str) -> Registered | None:
        """A file; None when it is being written, damaged, or of another shape."""
        try:
            content = read_file(name, root=self.folder, limit=_SIZE_LIMIT).data
            file = msgspec.json.decode(content, type=_File)
        except (SourceError, FileMissingError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        pid, session_id = as_count(file.pid), as_text(file.session_id, NAME_LIMIT)
        if not pid or not session_id:
            return None
        status = as_text(file.status, NAME_LIMIT)
        return _guarded(
            Registered(
                pid=pid,
                process_start=as_count(file.proc_start),
                session_id=session_id,
                cwd=absolute_path(file.cwd),
                started=as_time(file.started_at),
                version=as_text(file.version, NAME_LIMIT),
                status=status,
                at=as_time(file.status_updated_at) or as_time(file.updated_at),
                waiting_for=as_text(file.waiting_for, NAME_LIMIT) if status == "waiting" else "",
                alive=True,
            )
        )


def _guarded(entry: Registered | None) -> Registered | None:
    if entry is None:
        return None
    alive = _is_alive(entry.pid, entry.process_start)
    return entry if alive is entry.alive else msgspec.structs.replace(entry, alive=alive)


def _is_alive(pid: int, start: int | None) -> bool:
    """Whether the pid is still the process that began at this tick of the kernel's clock."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read(1024).rpartition(b")")[2].split()
        return fields[0] not in {b"Z", b"X"} and (start is None or int(fields[_START_FIELD]) == start)
    except FileNotFoundError:
        # Without /proc there is no tick to compare with.
        return not os.path.isdir("/proc/self") and psutil.pid_exists(pid)
    except (OSError, IndexError, ValueError):
        return False
