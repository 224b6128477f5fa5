"""Sends a signal to the processes of an agent and to no others.

A process is (boot id, pid, start time), never a bare pid (DESIGN.md §4). Each process is looked at again at the moment
of sending; on Linux through a descriptor of the process itself (pidfd_open(2)), so that a pid that is used again in
between is never hit. pid 1, this program, what is above it, and what belongs to another user are left alone.
"""

from __future__ import annotations

import os
import pwd
import signal
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from monitor.errors import SourceError
from monitor.model import ProcessKey
from monitor.ui.outside.process_table import Processes, Seen, own_family, processes

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROUNDS: Final = 10
"""How often the tree is looked at again for children that came meanwhile."""


class Outcome(NamedTuple):
    """What became of sending a signal."""

    sent: tuple[ProcessKey, ...] = ()
    gone: int = 0
    """Processes that had ended before it could be sent."""
    denied: int = 0
    """Processes to which the system let none be sent."""
    refused: str = ""
    """Why nothing was sent at all, for people."""

    def __add__(self, other: object) -> Outcome:
        """Both together, as when several agents are meant."""
        if not isinstance(other, Outcome):
            return NotImplemented
        return Outcome(
            self.sent + other.sent,
            self.gone + other.gone,
            self.denied + other.denied,
            "; ".join(filter(None, (self.refused, other.refused))),
        )


def send(key: ProcessKey, number: signal.Signals, *, tree: bool = True) -> Outcome:
    """Send a signal to a process and, unless `tree` is false, to all below it.

    Blocks for some milliseconds while it reads the process table. Never raises.
    """
    try:
        table = processes()
        if key.boot_id != table.boot_id:
            return Outcome(gone=1)
        root = _same(table, key.pid, key.start)
        if root is None:
            return Outcome(gone=1)
        refused = _refusal(table, key.pid)
        return Outcome(refused=refused) if refused else _send(table, root, number, tree=tree)
    except SourceError as error:
        return Outcome(refused=str(error))


def still_there(keys: Iterable[ProcessKey]) -> int:
    """How many of these processes still run."""
    table = processes()
    return sum(_same(table, key.pid, key.start) is not None for key in keys)


def _refusal(table: Processes, pid: int) -> str:
    """Why no signal may be sent to this process; empty when one may."""
    if pid in own_family():
        return f"process {pid} is Agent Monitor itself or one that it runs under"
    owner = table.owner(pid)
    if owner is not None and owner != os.getuid():
        return f"process {pid} belongs to another user ({_user_name(owner)})"
    return ""


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _same(table: Processes, pid: int, start: int) -> Seen | None:
    """The process, if it is still the same and runs."""
    seen = table.look(pid)
    return seen if seen is not None and seen.start == start and seen.lives else None


def _below(table: Processes, roots: Iterable[Seen]) -> list[Seen]:
    """All living processes below these, parents before their children."""
    children: dict[int, list[Seen]] = {}
    starts: dict[int, int] = {}
    for seen in table.everything():
        children.setdefault(seen.ppid, []).append(seen)
        starts[seen.pid] = seen.start
    known = {root.pid for root in roots if starts.get(root.pid) == root.start}
    found: list[Seen] = []
    waiting = list(known)
    for pid in waiting:
        for child in children.get(pid, ()):
            if child.pid not in known:
                known.add(child.pid)
                waiting.append(child.pid)
                found.append(child)
    return [seen for seen in found if seen.lives]


def _send(table: Processes, root: Seen, number: signal.Signals, *, tree: bool) -> Outcome:
    """Hold the process and its tree, then send; what is to be killed stands still first, so that it starts nothing."""
    family = own_family()
    with ExitStack() as stack:
        held: dict[int, _Held] = {}
        gone = 0
        waiting = [root]
        for _ in range(_ROUNDS):
            for seen in waiting:
                one = _Held.of(table, seen)
                if one is None:
                    gone += 1
                    continue
                stack.callback(one.close)
                held[seen.pid] = one
                if number is signal.SIGKILL:
                    with suppress(OSError):
                        one.send(signal.SIGSTOP)
            if not tree or not held:
                break
            roots = [one.seen for one in held.values()]
            waiting = [seen for seen in _below(table, roots) if seen.pid not in family]
            if not waiting:
                break
        return _send_to(held.values(), number, gone)


def _send_to(held: Iterable[_Held], number: signal.Signals, gone: int) -> Outcome:
    sent: list[ProcessKey] = []
    denied = 0
    for one in held:
        try:
            one.send(number)
            if one.seen.is_stopped and number is not signal.SIGKILL:
                one.send(signal.SIGCONT)
        except ProcessLookupError:
            gone += 1
        except OSError:
            denied += 1
        else:
            sent.append(ProcessKey(one.table.boot_id, one.seen.pid, one.seen.start))
    return Outcome(tuple(sent), gone, denied)


class _Held:
    """A process that was looked at, with a descriptor of it where the system gives one."""

    def __init__(self, table: Processes, seen: Seen, descriptor: int) -> None:
        self.table = table
        self.seen = seen
        self._descriptor = descriptor

    @classmethod
    def of(cls, table: Processes, seen: Seen) -> _Held | None:
        """Hold it; None when it has ended, or its pid is another's by now.

        It is looked at after the descriptor was opened: the same start then means that the descriptor is of it.
        """
        held = cls(table, seen, _open(seen.pid))
        if _same(table, seen.pid, seen.start) is None:
            held.close()
            return None
        return held

    def send(self, number: signal.Signals) -> None:
        """Send a signal. Raises ProcessLookupError when it has ended, else what the system says."""
        if self._descriptor >= 0:
            signal.pidfd_send_signal(self._descriptor, number)
            return
        if _same(self.table, self.seen.pid, self.seen.start) is None:
            raise ProcessLookupError
        os.kill(self.seen.pid, number)

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(pid: int) -> int:
    """A descriptor of a process; -1 where the system has none to give (other systems, old kernels, none left)."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
