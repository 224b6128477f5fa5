"""Files of /proc, read with care for descriptors that run out (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.errors import SourceError
from monitor.sources.processes.descriptors import OUT_OF_DESCRIPTORS, Descriptors

if TYPE_CHECKING:
    from monitor.model import Millis

HERTZ: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
STAT_SIZE: Final = 1024
"""Bytes read of a stat file: it has about 350."""
COMMAND_LIMIT: Final = 8192
"""Bytes read of a command line."""
_EXIT_CODE: Final = 49
_DELETED: Final = " (deleted)"


class ProcFiles:
    """One mounted /proc. Raises SourceError when it is not there."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.descriptors = Descriptors()
        try:
            self.boot_id = Path(root, "sys/kernel/random/boot_id").read_text().strip()
            stat = Path(root, "stat").read_text()
        except OSError as error:
            raise SourceError(
                f"{error.filename} cannot be read: {error.strerror}. Is {root} mounted?"
            ) from error
        self._boot_time = next(
            int(line.split()[1]) for line in stat.splitlines() if line.startswith("btime ")
        )

    def names(self) -> set[str]:
        """All names in /proc, the pids among them. Raises SourceError when it cannot be listed."""
        try:
            return set(os.listdir(self._root))
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS and self.descriptors.give_way():
                return self.names()
            raise SourceError(f"The process table {self._root} cannot be read: {error.strerror}.") from error

    def stat_path(self, pid: int | str) -> str:
        """Path of a process's numbers."""
        return f"{self._root}/{pid}/stat"

    def stat(self, pid: int | str) -> bytes:
        """Read a process's numbers. Raises OSError: ENOENT or ESRCH when it is gone."""
        return self._read(self.stat_path(pid), STAT_SIZE)

    def arguments(self, pid: int) -> tuple[str, ...]:
        """Read a process's command line; empty when it has none, is gone, or denies it."""
        try:
            data = self._read(f"{self._root}/{pid}/cmdline", COMMAND_LIMIT).rstrip(b"\0")
        except OSError:
            return ()
        return tuple(os.fsdecode(data).split("\0")) if data else ()

    def link(self, pid: int, name: str) -> str | None:
        """Read where `cwd` or `exe` leads; None when the process is gone or denies it."""
        try:
            return os.readlink(f"{self._root}/{pid}/{name}").removesuffix(_DELETED)
        except OSError:
            return None

    def exit_status(self, pid: int) -> int | None:
        """Wait status of a zombie; the kernel shows 0 to those who may not know it."""
        try:
            data = self.stat(pid)
        except OSError:
            return None
        status = int(data[data.rindex(b")") + 2 :].split()[_EXIT_CODE])
        return status if status or self._may_inspect(pid) else None

    def started(self, start: int) -> Millis:
        """Wall clock time of a start in clock ticks since boot, by the boot time read when this was made."""
        return self._boot_time * 1000 + start * 1000 // HERTZ

    def _may_inspect(self, pid: int) -> bool:
        try:
            return os.geteuid() in {0, Path(self._root, str(pid)).stat().st_uid}
        except OSError:
            return False

    def _read(self, path: str, size: int) -> bytes:
        """Read the beginning of a file; when descriptors ran out, once more without the kept ones."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS and self.descriptors.give_way():
                return self._read(path, size)
            raise
        try:
            return os.read(descriptor, size)
        finally:
            os.close(descriptor)
