"""The TCP ports on which a process listens: how a person finds the server that an agent has started.

Asked for trees that somebody looks at or that are recorded, never for every process of the host. A process of another
user, and one whose look would cost too much, has none that are known.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PORTS_LIMIT: Final = 10
"""Ports told of a process."""
LOOK_SECONDS: Final = 5.0
"""What was found is believed for so long."""
DESCRIPTORS_LIMIT: Final = 1024
"""Descriptors of a process that are looked at, the oldest first: servers open their sockets early."""
LOOK_LIMIT: Final = 65_536
"""Descriptors that are looked at in `LOOK_SECONDS`, over all processes."""
TABLE_LIMIT: Final = 1 << 20
"""Bytes read of a table of sockets."""
_CHUNK: Final = 1 << 16
_LISTEN: Final = b"0A"
"""TCP_LISTEN of the kernel's include/net/tcp_states.h, as proc_net_tcp(5) writes it."""
_SOCKET: Final = "socket:["


class Ports(ABC):
    """Remembers for a few seconds what each process listens on. Called from one thread at a time; never raises."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = -LOOK_SECONDS
        self._found: dict[tuple[int, int], tuple[int, ...]] = {}

    def of(self, pid: int, start: int) -> tuple[int, ...]:
        """Ports of a process, ascending, each once; empty when it is gone or denies it. `start` as in `ProcessKey`."""
        now = self._clock()
        if now - self._since >= LOOK_SECONDS:
            self._since = now
            self._found.clear()
            self._begin()
        known = self._found.get((pid, start))
        if known is None:
            known = self._found[pid, start] = tuple(sorted(set(self._find(pid)))[:PORTS_LIMIT])
        return known

    def _begin(self) -> None:  # noqa: B027 - not every reader shares something between processes
        """A new look: forget what was shared by the processes of the last one."""

    @abstractmethod
    def _find(self, pid: int) -> Iterable[int]:
        """The ports as the system tells them, in any order."""


class LinuxPorts(Ports):
    """Reads /proc: the sockets that listen in a process's network namespace, and which of them it holds."""

    def __init__(self, root: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`root` is where the process table is mounted."""
        super().__init__(clock)
        self._root = root
        self._listening: dict[str, Mapping[str, int]] = {}
        self._left = LOOK_LIMIT

    def _begin(self) -> None:
        self._listening.clear()
        self._left = LOOK_LIMIT

    def _find(self, pid: int) -> list[int]:
        try:
            namespace = os.readlink(f"{self._root}/{pid}/ns/net")
            listening = self._listening.get(namespace)
            if listening is None:
                listening = self._listening[namespace] = self._sockets(pid)
            return self._held(pid, listening) if listening else []
        except OSError:
            return []

    def _held(self, pid: int, listening: Mapping[str, int]) -> list[int]:
        """Ports of the listening sockets among a process's descriptors."""
        found: list[int] = []
        with os.scandir(f"{self._root}/{pid}/fd") as descriptors:
            for descriptor in islice(descriptors, min(DESCRIPTORS_LIMIT, self._left)):
                self._left -= 1
                try:
                    target = os.readlink(descriptor.path)
                except OSError:  # closed meanwhile
                    continue
                if target.startswith(_SOCKET):
                    port = listening.get(target[len(_SOCKET) : -1])
                    if port is not None:
                        found.append(port)
        return found

    def _sockets(self, pid: int) -> dict[str, int]:
        """Inode to port of every socket that listens where the process is, IPv4 and IPv6."""
        found: dict[str, int] = {}
        for table in ("tcp", "tcp6"):
            try:
                found |= listening_in(f"{self._root}/{pid}/net/{table}")
            except OSError:  # a kernel without IPv6 has no such table
                continue
        return found


class PortablePorts(Ports):
    """Asks psutil, where there is no /proc."""

    def _find(self, pid: int) -> list[int]:
        try:
            connections = psutil.Process(pid).net_connections(kind="tcp")
        except (psutil.Error, OSError):
            return []
        listening = [one for one in connections if one.status == psutil.CONN_LISTEN and one.laddr]
        return [one.laddr.port for one in listening]


def listening_in(path: str) -> dict[str, int]:
    """Inode to port of the listening sockets in a table as proc_net_tcp(5) describes it.

    The kernel lists those that listen before the others, of which a busy host has tens of thousands: a part of the
    table without any is the last one read. Raises OSError when the table cannot be read.
    """
    found: dict[str, int] = {}
    with open(path, "rb", buffering=0) as table:
        left, rest = TABLE_LIMIT, b""
        while left > 0 and (part := table.read(min(_CHUNK, left))):
            left -= len(part)
            *lines, rest = (rest + part).split(b"\n")
            before = len(found)
            for line in lines:
                fields = line.split(None, 10)
                if len(fields) > 9 and fields[3] == _LISTEN:
                    found[fields[9].decode()] = int(fields[1].rpartition(b":")[2], 16)
            if len(found) == before:
                break
    return found
