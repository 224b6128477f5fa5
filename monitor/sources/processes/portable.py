"""The process table where there is no /proc: everything through psutil (macOS, the BSDs; and Linux, to compare)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import psutil

from monitor.errors import SourceError
from monitor.sources.processes.ports import PortablePorts
from monitor.sources.processes.table import Entry, ProcessTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Millis

_LETTERS: Final = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_SLEEPING: "S",
    psutil.STATUS_DISK_SLEEP: "D",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "T",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_DEAD: "X",
    psutil.STATUS_IDLE: "I",
}


class PortableTable(ProcessTable):
    """Asks psutil. CPU times are in seconds, start times in milliseconds since the epoch.

    Where the system does not tell the CPU time of children that ended (macOS), it counts as none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.boot_id = f"{psutil.boot_time():.0f}"
        self.tick_seconds = 1.0
        self._processes: dict[Entry, psutil.Process] = {}
        self._ports = PortablePorts()

    @property
    def degraded(self) -> str:
        """How many processes could not be read because descriptors ran out."""
        return f"{self._unread} processes were not read: file descriptors ran out" if self._unread else ""

    def track(self, entries: Iterable[Entry]) -> None:
        """Read them; nothing is kept open."""
        for entry in entries:
            if self._read_numbers(entry):
                self._begin(entry)

    def untrack(self, entries: Iterable[Entry]) -> None:
        """Forget their problems."""
        for entry in entries:
            entry.problem = ""

    def arguments(self, entry: Entry) -> tuple[str, ...]:
        """Ask for its command line."""
        try:
            return tuple(self._processes[entry].cmdline())
        except (KeyError, psutil.Error, OSError):
            return ()

    def executable(self, entry: Entry) -> str | None:
        """Ask where its executable is."""
        try:
            return self._processes[entry].exe() or None
        except (KeyError, psutil.Error, OSError):
            return None

    def cwd(self, entry: Entry) -> str | None:
        """Ask for its working directory."""
        try:
            return self._processes[entry].cwd() or None
        except (KeyError, psutil.Error, OSError):
            return None

    def age(self, entry: Entry) -> float:
        """Seconds since it was started, by the wall clock."""
        return time.time() - entry.start / 1000

    def started(self, entry: Entry) -> Millis:
        """Start time, which identifies the process here."""
        return entry.start

    def ports(self, entry: Entry) -> tuple[int, ...]:
        """Ask which sockets it listens on."""
        return self._ports.of(entry.pid, entry.start)

    def _names(self) -> set[str]:
        try:
            return set(map(str, psutil.pids()))
        except OSError as error:
            raise SourceError(f"The process table cannot be read: {error.strerror}.") from error

    def _drop(self, entry: Entry) -> None:
        self._processes.pop(entry, None)
        super()._drop(entry)

    def _meet(self, name: str) -> Entry | None:
        try:
            process = psutil.Process(int(name))
            with process.oneshot():
                entry = Entry(process.pid, round(process.create_time() * 1000))
                entry.name, entry.ppid = process.name(), process.ppid()
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            self._known.add(name)  # hidden from this user: not asked again
            return None
        except OSError:
            self._unread += 1
            return None
        self._processes[entry] = process
        self._add(entry)
        return entry

    def _measure(self, tracked: Iterable[Entry]) -> tuple[list[Entry], list[Entry], bool]:
        dead: list[Entry] = []
        renamed: list[Entry] = []
        moved = False
        for entry in tracked:
            name, ppid = entry.name, entry.ppid
            if not self._identify(entry) or not self._read_numbers(entry):
                dead.append(entry)
                continue
            moved |= entry.ppid != ppid
            if entry.name != name:
                renamed.append(entry)
        return dead, renamed, moved

    def _identify(self, entry: Entry) -> bool:
        # A process object keeps what it was told once, its name among it: only a new one tells of an exec.
        try:
            process = psutil.Process(entry.pid)
            with process.oneshot():
                if round(process.create_time() * 1000) != entry.start:
                    return False
                entry.name = process.name()
                self._move(entry, process.ppid())
        except psutil.NoSuchProcess:
            return False
        except (psutil.AccessDenied, OSError):
            return True
        self._processes[entry] = process
        return True

    def _read_numbers(self, entry: Entry) -> bool:
        """Take over its numbers; False when it is gone. What is denied is unknown."""
        process = self._processes[entry]
        try:
            with process.oneshot():
                entry.state = _LETTERS.get(process.status(), "?")
                times = process.cpu_times()
                entry.threads, entry.memory = process.num_threads(), process.memory_info().rss
        except psutil.ZombieProcess:
            entry.state, entry.threads, entry.memory = "Z", 1, 0
            entry.used = entry.reaped_delta = 0
            return True
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            entry.problem = "permission denied"
            return True
        except OSError:
            entry.problem = "file descriptors ran out"
            self._unread += 1
            return True
        own = times.user + times.system
        reaped = times.children_user + times.children_system
        entry.used, entry.reaped_delta = own - entry.own, reaped - entry.reaped
        entry.own, entry.reaped, entry.tick, entry.problem = own, reaped, self._tick, ""
        return True
