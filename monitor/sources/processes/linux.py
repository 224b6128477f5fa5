"""The process table on Linux, read as cheaply as it can be (DESIGN.md §8, "processes").

One listing of /proc a tick tells who came and went. Members of agents' trees are read with `pread` on kept
descriptors: one system call each, and a process that has died gives an error, never a stranger with its pid. Most
are asleep, and a line that has not changed is not parsed. Fields as in proc_pid_stat(5).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from monitor.sources.processes.descriptors import OUT_OF_DESCRIPTORS
from monitor.sources.processes.ports import LinuxPorts
from monitor.sources.processes.procfs import HERTZ, PAGE, STAT_SIZE, ProcFiles
from monitor.sources.processes.table import Entry, ProcessTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Millis

_SPLITS: Final = 22
"""Fields split off after the name: up to the resident size; the rest is not needed."""
_KERNEL_THREAD: Final = 0x00200000
"""PF_KTHREAD of the kernel's include/linux/sched.h, in the field of flags."""


class LinuxTable(ProcessTable):
    """Reads /proc; see `ProcessTable`. CPU times are in clock ticks. Called from one thread at a time."""

    def __init__(self, root: str = "/proc") -> None:
        """`root` is where the process table is mounted. Raises SourceError when it is not there."""
        super().__init__()
        self._files = ProcFiles(root)
        self._ports = LinuxPorts(root)
        self.boot_id = self._files.boot_id
        self.tick_seconds = 1 / HERTZ

    @property
    def degraded(self) -> str:
        """Says that descriptors ran out, and how many processes were not read therefore; else empty."""
        problem = self._files.descriptors.problem
        return f"{self._unread} processes were not read: {problem}" if self._unread else problem

    def track(self, entries: Iterable[Entry]) -> None:
        """Keep a descriptor on each and read it; what it used before the last look counts for nothing."""
        for entry in entries:
            data = self._read_numbers(entry)
            if data and self._take_numbers(entry, data):
                self._begin(entry)

    def untrack(self, entries: Iterable[Entry]) -> None:
        """Close their descriptors."""
        for entry in entries:
            self._files.descriptors.release(entry)
            entry.data, entry.problem = b"", ""

    def arguments(self, entry: Entry) -> tuple[str, ...]:
        """Read its command line."""
        return self._files.arguments(entry.pid)

    def executable(self, entry: Entry) -> str | None:
        """Read where its executable is."""
        return self._files.link(entry.pid, "exe")

    def cwd(self, entry: Entry) -> str | None:
        """Read its working directory."""
        return self._files.link(entry.pid, "cwd")

    def age(self, entry: Entry) -> float:
        """Seconds since it was started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - entry.start / HERTZ

    def started(self, entry: Entry) -> Millis:
        """Start time on the wall clock."""
        return self._files.started(entry.start)

    def exit_status(self, entry: Entry) -> int | None:
        """Wait status of a zombie."""
        return self._files.exit_status(entry.pid) if entry.is_zombie else None

    def ports(self, entry: Entry) -> tuple[int, ...]:
        """Look which of the sockets that listen it holds."""
        return self._ports.of(entry.pid, entry.start)

    def close(self) -> None:
        """Close all descriptors."""
        self._files.descriptors.close()

    def _names(self) -> set[str]:
        return self._files.names()

    def _measure(self, tracked: Iterable[Entry]) -> tuple[list[Entry], list[Entry], bool]:
        """Read all tracked entries: (dead ones, those with a new name, whether one has another parent)."""
        pread, size = os.pread, STAT_SIZE
        dead: list[Entry] = []
        renamed: list[Entry] = []
        moved = False
        for entry in tracked:
            try:
                data: bytes | None = pread(entry.descriptor, size, 0)
            except OSError:
                data = self._read_numbers(entry)
            if data in (entry.data, b""):
                continue
            name, ppid = entry.name, entry.ppid
            if data is None or not self._take_numbers(entry, data):
                dead.append(entry)
                continue
            moved |= entry.ppid != ppid
            if entry.name != name:
                renamed.append(entry)
        return dead, renamed, moved

    def _read_numbers(self, entry: Entry) -> bytes | None:
        """Read the line of an entry; None when its process is gone, empty when it is denied or cannot be read."""
        if entry.descriptor < 0:
            self._files.descriptors.keep(entry, self._files.stat_path(entry.pid))
        try:
            kept = entry.descriptor
            data = os.pread(kept, STAT_SIZE, 0) if kept >= 0 else self._files.stat(entry.pid)
        except (FileNotFoundError, ProcessLookupError):
            return None
        except OSError as error:
            out = error.errno in OUT_OF_DESCRIPTORS
            entry.problem = "file descriptors ran out" if out else f"{error.strerror}".lower()
            self._unread += out
            return b""
        entry.problem = ""
        return data

    def _take_numbers(self, entry: Entry, data: bytes) -> bool:
        """Take over what the line says; False when it is of another process with the same pid."""
        end = data.rindex(b")")
        fields = data[end + 2 :].split(None, _SPLITS)
        if int(fields[19]) != entry.start:
            return False
        own, reaped = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        entry.used, entry.reaped_delta = own - entry.own, reaped - entry.reaped
        entry.own, entry.reaped, entry.tick = own, reaped, self._tick
        entry.threads, entry.memory = int(fields[17]), int(fields[21]) * PAGE
        entry.state, entry.data = fields[0].decode().upper(), data
        entry.name = os.fsdecode(data[data.index(b"(") + 1 : end])
        self._move(entry, int(fields[1]))
        return True

    def _meet(self, name: str) -> Entry | None:
        """Make the entry of a process not seen before; None when it is none, or gone again."""
        if not name.isdecimal():
            self._known.add(name)
            return None
        try:
            data = self._files.stat(name)
        except (FileNotFoundError, ProcessLookupError):
            return None
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self._unread += 1
            else:
                self._known.add(name)  # hidden from this user: not asked again
            return None
        fields = data[data.rindex(b")") + 2 :].split(None, 20)
        entry = Entry(int(name), int(fields[19]))
        entry.is_kernel = bool(int(fields[6]) & _KERNEL_THREAD)
        self._take_numbers(entry, data)
        self._add(entry)
        return entry

    def _identify(self, entry: Entry) -> bool:
        if entry.data:  # tracked: read in this look already
            return True
        try:
            data = self._files.stat(entry.pid)
        except (FileNotFoundError, ProcessLookupError):
            return False
        except OSError:
            return True
        end = data.rindex(b")")
        fields = data[end + 2 :].split(None, 20)
        if int(fields[19]) != entry.start:
            return False
        entry.name = os.fsdecode(data[data.index(b"(") + 1 : end])
        self._move(entry, int(fields[1]))
        return True
