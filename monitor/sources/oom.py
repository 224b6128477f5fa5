"""What the kernel killed for lack of memory: its counters, looked at while a process lives and when it has ended.

The kernel counts for each control group (cgroup v2, `memory.events`) and for the whole host (`/proc/vmstat`), since
Linux 4.13. It names nobody where an ordinary user may read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Millis, OomReading

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_MS: Final = 30_000
"""Between two looks at the counters of those who live."""
_SIZE: Final = 65_536
"""Bytes read of one of the kernel's files."""
_KEPT: Final = 4
"""Looks for which one that is gone is remembered: its end has to be told by then."""


class _Seen(msgspec.Struct):
    """A living process at the last look."""

    pid: int
    events: Path | None
    """Its control group's counters; None when it has none that can be read."""
    at: Millis
    control_group: int | None
    host: int | None
    missed: int = 0


class OomWatch:
    """Remembers the kernel's counters for each living agent. It reads a few small files of the kernel's own."""

    def __init__(self, proc: str = "/proc", cgroups: str = "/sys/fs/cgroup") -> None:
        """`proc` and `cgroups`: where the kernel shows its processes and its control groups."""
        self._proc = Path(proc)
        self._cgroups = Path(cgroups)
        self._seen: dict[str, _Seen] = {}
        self._looked_at: Millis | None = None

    def watch(self, pids: Mapping[str, int], now: Millis) -> None:
        """The agents that live now, with the pid of each: those not seen before at once, all of them now and then."""
        due = self._looked_at is None or not 0 <= now - self._looked_at < LOOK_MS
        new = [
            agent_id
            for agent_id, pid in pids.items()
            if (seen := self._seen.get(agent_id)) is None or seen.pid != pid
        ]
        if not due and not new:
            return
        host = self._host_kills()
        for agent_id in pids if due else new:
            self._look(agent_id, pids[agent_id], host, now)
        if due:
            self._looked_at = now
            self._forget_the_gone(pids)

    def ended(self, agent_id: str) -> OomReading | None:
        """What was killed since the last look at this agent, whose process has ended; None when it was never seen."""
        seen = self._seen.pop(agent_id, None)
        if seen is None:
            return None
        return OomReading(
            since=seen.at,
            control_group=_more(seen.control_group, _count(seen.events)),
            host=_more(seen.host, self._host_kills()),
        )

    def _look(self, agent_id: str, pid: int, host: int | None, now: Millis) -> None:
        seen = self._seen.get(agent_id)
        events = seen.events if seen is not None and seen.pid == pid else self._events_of(pid)
        self._seen[agent_id] = _Seen(pid, events, now, _count(events), host)

    def _forget_the_gone(self, pids: Mapping[str, int]) -> None:
        for agent_id in [agent_id for agent_id in self._seen if agent_id not in pids]:
            seen = self._seen[agent_id]
            seen.missed += 1
            if seen.missed >= _KEPT:
                del self._seen[agent_id]

    def _events_of(self, pid: int) -> Path | None:
        """The counters of a process's control group; the root has none."""
        text = _read(self._proc / str(pid) / "cgroup")
        path = next((line[3:] for line in text.splitlines() if line.startswith("0::")), "/")
        if path == "/" or ".." in path.split("/"):
            return None
        return self._cgroups / path.lstrip("/") / "memory.events"

    def _host_kills(self) -> int | None:
        return _count(self._proc / "vmstat")


def _count(file: Path | None) -> int | None:
    """The number beside `oom_kill`; None when there is none to be read."""
    for line in _read(file).splitlines() if file is not None else ():
        name, _, number = line.partition(" ")
        if name == "oom_kill" and number.strip().isdigit():
            return int(number)
    return None


def _more(then: int | None, now: int | None) -> int | None:
    return None if then is None or now is None or now < then else now - then


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_SIZE).decode("ascii", "replace")
    except OSError:
        return ""
