"""The few facts about processes that a signal needs, read at the moment of asking."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

from monitor.sources.processes.procfs import ProcFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENDED = frozenset("ZX")
_LETTERS = {"zombie": "Z", "dead": "X", "stopped": "T"}
"""Of psutil's statuses, those that are told apart."""


class Seen(NamedTuple):
    """A process as it was a moment ago. `start` is that of `ProcessKey`."""

    pid: int
    ppid: int
    start: int
    state: str

    @property
    def lives(self) -> bool:
        """Whether it still runs: a zombie only waits for its parent."""
        return self.state not in _ENDED

    @property
    def is_stopped(self) -> bool:
        """Whether it takes no notice of signals until it is continued."""
        return self.state in {"T", "t"}


class Processes(Protocol):
    """The processes of this machine."""

    boot_id: str

    def look(self, pid: int) -> Seen | None:
        """The process with that pid now; None when there is none."""

    def everything(self) -> Iterable[Seen]:
        """All processes that can be seen."""

    def owner(self, pid: int) -> int | None:
        """The user id that it runs for; None when it is gone or denies it."""


def processes() -> Processes:
    """Those of this machine. Raises SourceError where /proc is expected and missing."""
    return LinuxProcesses() if sys.platform.startswith("linux") else PortableProcesses()


class LinuxProcesses:
    """Reads /proc."""

    def __init__(self, root: str = "/proc") -> None:
        self._files = ProcFiles(root)
        self._root = root
        self.boot_id = self._files.boot_id

    def look(self, pid: int) -> Seen | None:
        """One line of /proc (proc_pid_stat(5))."""
        try:
            data = self._files.stat(pid)
        except OSError:
            return None
        fields = data[data.rindex(b")") + 2 :].split(None, 20)
        return Seen(pid, int(fields[1]), int(fields[19]), fields[0].decode())

    def everything(self) -> Iterable[Seen]:
        """One line a process."""
        pids = [int(name) for name in self._files.names() if name.isdecimal()]
        return [seen for pid in pids if (seen := self.look(pid)) is not None]

    def owner(self, pid: int) -> int | None:
        """The real user id: the folder's owner is root for a process that hides its memory."""
        try:
            with open(f"{self._root}/{pid}/status", "rb") as file:
                return next((int(line.split()[1]) for line in file if line.startswith(b"Uid:")), None)
        except OSError:
            return None


class PortableProcesses:
    """Asks psutil; identities as in `monitor.sources.processes.portable`."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self.boot_id = f"{psutil.boot_time():.0f}"

    def look(self, pid: int) -> Seen | None:
        """One process."""
        try:
            process = self._psutil.Process(pid)
            with process.oneshot():
                start = round(process.create_time() * 1000)
                return Seen(pid, process.ppid(), start, _LETTERS.get(process.status(), "S"))
        except (self._psutil.Error, OSError):
            return None

    def everything(self) -> Iterable[Seen]:
        """All of them."""
        return [seen for pid in self._psutil.pids() if (seen := self.look(pid)) is not None]

    def owner(self, pid: int) -> int | None:
        """The real user id."""
        try:
            return self._psutil.Process(pid).uids().real
        except (self._psutil.Error, OSError):
            return None


def ancestors(table: Processes, pid: int) -> frozenset[int]:
    """A process and all above it."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        seen = table.look(pid)
        pid = seen.ppid if seen else 0
    return frozenset(found)


def own_family() -> frozenset[int]:
    """This process and all above it: what no signal of ours may reach."""
    return ancestors(processes(), os.getpid()) | {1}
