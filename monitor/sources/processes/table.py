"""The process table as both readers of it give it: entries that live as long as their process.

An entry's numbers are those of the last tick in which it was read; only members of an agent's tree are read each tick.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Millis


YOUNG_SECONDS: Final = 5.0
"""So long a process is looked at again every tick: a fork shows its parent's name and arguments until it execs."""


class Entry:
    """One process: who it is, and its newest numbers. It is changed by the table that made it, and by nobody else."""

    __slots__ = (
        "data",
        "descriptor",
        "is_kernel",
        "is_member",
        "memory",
        "met",
        "name",
        "own",
        "pid",
        "ppid",
        "problem",
        "reaped",
        "reaped_delta",
        "seen",
        "start",
        "state",
        "threads",
        "tick",
        "used",
    )

    def __init__(self, pid: int, start: int) -> None:
        self.pid = pid
        self.start = start
        """As in `ProcessKey.start`."""
        self.ppid = 0
        self.name = ""
        """The process's own name, as it is; not yet cleaned."""
        self.state = "?"
        self.own: float = 0
        """CPU time of its own, in the table's `tick_seconds`."""
        self.reaped: float = 0
        """CPU time of its children that ended and were waited for, all their lives long."""
        self.used: float = 0
        """What `own` grew by in the tick numbered `tick`."""
        self.reaped_delta: float = 0
        """What `reaped` grew by in the tick numbered `tick`."""
        self.met = -1
        """The tick in which it was first seen."""
        self.tick = -1
        """The last tick in which a number changed."""
        self.memory = 0
        """Resident bytes."""
        self.threads = 0
        self.problem = ""
        """Why its numbers are not known, for people; empty when they are."""
        self.is_kernel = False
        """Whether it is a thread of the kernel, which never runs another program."""
        self.seen: object = None
        """What it was last recognised by."""
        self.is_member = False
        """Whether it is in an agent's tree, below the topmost process."""
        self.descriptor = -1
        """Kept open on its numbers (Linux); -1 when it is not."""
        self.data = b""
        """The line its numbers were read from (Linux)."""

    @property
    def is_zombie(self) -> bool:
        """Whether it has ended; a leader whose other threads go on has not."""
        return self.state in "ZX" and self.threads <= 1


class Changes(msgspec.Struct, frozen=True):
    """What one look found."""

    appeared: tuple[Entry, ...] = ()
    vanished: tuple[Entry, ...] = ()
    looked_at: tuple[Entry, ...] = ()
    """Entries that may run another program than before."""
    rearranged: bool = False
    """A process has another parent than before."""


class ProcessTable(ABC):
    """The process table; how it is read is the subclass's affair, and never shows in the numbers.

    Called from one thread at a time.
    """

    boot_id: str
    tick_seconds: float
    """Unit of CPU times."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        """Every process of the host, by pid."""
        self.children: dict[int, set[int]] = {}
        """Pids by the pid of their parent."""
        self._known: set[str] = set()
        self._young: list[Entry] = []
        self._orphans: list[Entry] = []
        self._turn: list[Entry] = []
        self._owed = 0.0
        self._tick = -1
        self._was_whole = self._is_whole = False
        """Whether the last look, and this one, found every process."""
        self._unread = 0
        """Processes that could not be read in this look because descriptors ran out."""

    def look(self, tick: int, tracked: Iterable[Entry], *, share: float) -> Changes:
        """Read the tracked entries and find who came and went; `tick` numbers the looks from 0.

        Of the others, a `share` (0 to 1) is looked at again, in turns, and all young ones and orphans: what a
        process runs and whose child it is can change. Raises SourceError when the table cannot be read at all.
        """
        self._tick = tick
        self._was_whole, self._is_whole, self._unread = self._is_whole, False, 0
        names, known = self._names(), self._known
        vanished, looked_at, rearranged = self._measure(tracked)
        for entry in vanished:
            self._drop(entry)
        for name in known - names:
            known.discard(name)
            gone = self.entries.get(int(name)) if name.isdecimal() else None
            if gone is not None:
                self._drop(gone)
                vanished.append(gone)
        rearranged |= self._look_again(share, vanished, looked_at)
        # A pid that died and was taken again meanwhile was dropped above, so it comes in here as a new process.
        appeared = [new for name in names - known if (new := self._meet(name)) is not None]
        self._is_whole = not self._unread
        return Changes(tuple(appeared), tuple(vanished), tuple(looked_at), rearranged)

    @property
    @abstractmethod
    def degraded(self) -> str:
        """Why it reads less, or slower, than it should, for people; else empty."""

    @abstractmethod
    def track(self, entries: Iterable[Entry]) -> None:
        """Read these from now on: they became members of a tree. Their numbers are fresh afterwards.

        What they used before the last look counts for nothing.
        """

    @abstractmethod
    def untrack(self, entries: Iterable[Entry]) -> None:
        """Let go of these: they live on outside every tree, or are gone."""

    @abstractmethod
    def arguments(self, entry: Entry) -> tuple[str, ...]:
        """What the process was started as: foreign, secret, and never to leave this package.

        Empty for kernel threads and zombies, and where it is denied.
        """

    @abstractmethod
    def executable(self, entry: Entry) -> str | None:
        """Path of its executable; None when it is gone or denied."""

    @abstractmethod
    def cwd(self, entry: Entry) -> str | None:
        """Its working directory; None when it is gone or denied."""

    @abstractmethod
    def age(self, entry: Entry) -> float:
        """Seconds since it was started, time asleep included."""

    @abstractmethod
    def started(self, entry: Entry) -> Millis:
        """When it was started, by the wall clock."""

    @abstractmethod
    def ports(self, entry: Entry) -> tuple[int, ...]:
        """TCP ports on which it listens, ascending, as of the last few seconds; empty when that is denied."""

    def exit_status(self, entry: Entry) -> int | None:  # noqa: ARG002 - most systems tell nobody but the parent
        """Wait status of a zombie; None when only its parent may know."""
        return None

    def close(self) -> None:  # noqa: B027 - not every reader holds something
        """Let go of everything."""

    @abstractmethod
    def _names(self) -> set[str]:
        """Pids of all processes, as text; other names are no harm."""

    @abstractmethod
    def _meet(self, name: str) -> Entry | None:
        """Make the entry of a process not seen before; None when it is none, or gone again."""

    @abstractmethod
    def _measure(self, tracked: Iterable[Entry]) -> tuple[list[Entry], list[Entry], bool]:
        """Read all tracked entries: (dead ones, those with a new name, whether one has another parent)."""

    @abstractmethod
    def _identify(self, entry: Entry) -> bool:
        """Read again what it is called and whose child it is; False when it is gone."""

    def _begin(self, entry: Entry) -> None:
        """Start counting CPU time: what it used already counts if it was started after the last look."""
        is_new = entry.met == self._tick and self._was_whole
        entry.used, entry.reaped_delta = (entry.own, entry.reaped) if is_new else (0, 0)

    def _add(self, entry: Entry) -> None:
        entry.met = self._tick
        self.entries[entry.pid] = entry
        self._known.add(str(entry.pid))
        self.children.setdefault(entry.ppid, set()).add(entry.pid)
        if self.age(entry) < YOUNG_SECONDS:
            self._young.append(entry)

    def _move(self, entry: Entry, ppid: int) -> None:
        """Its parent is now that one."""
        if ppid != entry.ppid:
            self.children.get(entry.ppid, set()).discard(entry.pid)
            self.children.setdefault(ppid, set()).add(entry.pid)
            entry.ppid = ppid

    def _drop(self, entry: Entry) -> None:
        """Forget a process that is gone. Its children have another parent now."""
        self.untrack((entry,))
        del self.entries[entry.pid]
        self._known.discard(str(entry.pid))
        self.children.get(entry.ppid, set()).discard(entry.pid)
        self._orphans += [
            self.entries[pid] for pid in self.children.pop(entry.pid, ()) if pid in self.entries
        ]

    def _look_again(self, share: float, vanished: list[Entry], looked_at: list[Entry]) -> bool:
        """Look at young entries, orphans, and the next ones in turn; tells whether one has another parent."""
        due = {*self._young, *self._orphans, *self._next_in_turn(share)}
        self._orphans = []
        moved = False
        for entry in due:
            if self.entries.get(entry.pid) is not entry:
                continue
            ppid = entry.ppid
            if self._identify(entry):
                looked_at.append(entry)
                moved |= entry.ppid != ppid
            else:
                self._drop(entry)
                vanished.append(entry)
        self._young = [entry for entry in self._young if self.age(entry) < YOUNG_SECONDS]
        return moved

    def _next_in_turn(self, share: float) -> list[Entry]:
        self._owed = min(self._owed + share * len(self.entries), len(self.entries))
        due = []
        while self._owed >= 1:
            self._owed -= 1
            if not self._turn:
                # Members of trees are read every tick, so they need no turn.
                self._turn = [e for e in self.entries.values() if not e.is_kernel and not e.is_member]
            if self._turn:
                due.append(self._turn.pop())
        return due
