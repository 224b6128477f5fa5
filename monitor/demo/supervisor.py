"""The process that runs the fleet: forks the agents, brings back those that fail, and writes what they share.

It is started by `monitor.demo.fleet` and ends, with every agent, when the pipe on its standard input does. Only what is
light is imported here, since each agent is a fork of this process.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from monitor.demo import agent, lifeline
from monitor.demo.board import Board, first_task
from monitor.demo.cast import Member, cast
from monitor.demo.coordination import ProgressLog, Rag

_BOARD_SECONDS: Final = 1.5
"""Shortest time between two writes of the board."""
_BOARD_AGENTS_PER_SECOND: Final = 200
"""A large fleet's board is written less often: it holds a few megabytes."""
_RAG_SECONDS: Final = 15.0
_COMEBACK_SECONDS: Final = (20.0, 60.0)
_ZOMBIE_SECONDS: Final = 6.0
"""How long the remains of a failed agent stay, so that a monitor can read how it ended (proc(5), exit_code)."""
_PATIENCE: Final = ((signal.SIGTERM, 1.0), (signal.SIGKILL, 10.0))
"""How the agents are ended, and how long each is waited for; all but stopped ones end at the first at once."""


class Orders(NamedTuple):
    """What the fleet is to be; travels as JSON in the first argument. `now`: seconds since the epoch."""

    folder: str
    sql: str
    agents: int
    seed: int
    pace: float
    now: int
    temporary: bool
    """Whether the folder goes when the fleet ends."""


class _Process:
    """An agent's process, and when what is to happen to it (monotonic seconds)."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.life = -1
        self.pid = 0
        self.failed = False
        self.bury_at = 0.0
        self.return_at = 0.0


class Supervisor:
    """One writer for all that the agents share, and the parent of every agent."""

    def __init__(self, orders: Orders, life: int) -> None:
        self._orders = orders
        self._life = life
        self._rng = random.Random(f"{orders.seed}:supervisor")
        self._processes = {
            member.id: _Process(member) for member in cast(orders.agents, orders.seed, orders.now)
        }
        self._reports, reporting = os.pipe()
        self._waking, self._woken = os.pipe()
        self._buffer = b""
        private = (self._reports, self._waking, self._woken)
        self._place = agent.Place(
            Path(orders.folder), Path(orders.sql), orders.seed, orders.pace, life, reporting, private
        )
        self._dirty = True
        self._board_at = self._rag_at = 0.0
        self._ending = False
        self._up: set[str] = set()

    def run(self) -> None:
        """Start the agents, say `ready` on standard output, and keep the fleet going until the lifeline ends."""
        self._listen()
        gc.freeze()  # what is shared with the forks stays shared
        for member_id, process in self._processes.items():
            self._start(process, first_task(self._orders.seed, member_id))
        self._open_coordination()  # after the forks: each would carry the whole board
        while not self._ending:
            self._wait()
            now = time.monotonic()
            for process in self._processes.values():
                self._look_after(process, now)
            if self._orders.pace:
                self._write_shared()

    def end(self) -> None:
        """End every process of every agent and reap it."""
        groups = {process.pid for process in self._processes.values() if process.pid}
        for number, seconds in _PATIENCE:
            for group in groups:
                _kill_group(group, number)
            deadline = time.monotonic() + seconds
            while groups and time.monotonic() < deadline:
                groups = {group for group in groups if not _bury(group)}
                time.sleep(0.005)
        if self._orders.temporary:
            shutil.rmtree(self._orders.folder, ignore_errors=True)

    def _listen(self) -> None:
        for descriptor in self._place.private:
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        lifeline.adopt_orphans()
        self._poll = select.poll()
        for descriptor in (self._life, self._reports, self._waking):
            self._poll.register(descriptor, select.POLLIN)

    def _open_coordination(self) -> None:
        orders, members = self._orders, [process.member for process in self._processes.values()]
        folder = self._place.folder / "project" / "coordination"
        folder.mkdir()
        self._board = Board(folder / "task-board.json", members, orders.seed, orders.now)
        self._log = ProgressLog(folder / "progress-log.md", orders.now)
        self._rag = Rag(folder, orders.seed)
        for member in members[:3]:
            self._rag.remember(member.id, orders.now - 3600 * (1 + member.number))
        self._write_shared()

    def _start(self, process: _Process, task: int) -> None:
        process.life += 1
        process.failed = False
        process.pid = agent.start(process.member, self._place, process.life, task)

    def _wait(self) -> None:
        """Sleep until something happens or is due, and take in what happened."""
        for descriptor, _ in self._poll.poll(self._seconds_to_next() * 1000 + 1):
            if descriptor == self._life:
                self._ending = True
            elif descriptor == self._waking:
                numbers = os.read(self._waking, 4096)
                self._ending = self._ending or signal.SIGTERM in numbers
                if signal.SIGCHLD in numbers:
                    self._find_failed()
            else:
                self._read_reports()

    def _seconds_to_next(self) -> float:
        due = [
            at
            for process in self._processes.values()
            if process.failed
            for at in (process.bury_at, process.return_at)
            if at
        ]
        if self._orders.pace:
            due += [self._rag_at, *([self._board_at] if self._dirty else [])]
        return max(0.0, min(min(due, default=1e9) - time.monotonic(), 3600.0))

    def _find_failed(self) -> None:
        now, pace = time.monotonic(), self._orders.pace or 1
        for process in self._processes.values():
            ended = None if process.failed else _how_it_ended(process.pid)
            if ended is not None:
                delay = self._rng.uniform(*_COMEBACK_SECONDS) / pace
                process.failed = True
                process.return_at = now + delay
                process.bury_at = now + min(_ZOMBIE_SECONDS, delay / 2)
                self._tell(process.member.id, "Blockers", f"Process ended with {ended}; it is started again")

    def _look_after(self, process: _Process, now: float) -> None:
        if process.failed and process.bury_at and process.bury_at <= now:
            _kill_group(process.pid, signal.SIGKILL)
            if _bury(process.pid):
                process.pid = 0  # from now on the number may be a stranger's
                process.bury_at = 0.0
        if process.failed and process.return_at <= now and not process.pid:
            self._start(process, self._board.current[process.member.id])

    def _read_reports(self) -> None:
        *lines, self._buffer = (self._buffer + os.read(self._reports, 65_536)).split(b"\n")
        for line in lines:
            self._take_in(*json.loads(line))

    def _take_in(self, agent_id: str, kind: str, task: int, text: str = "") -> None:
        """Put an agent's report where it belongs."""
        now = time.time()
        self._dirty = self._dirty or kind != "up"
        match kind:
            case "up":
                self._count_up(agent_id)
            case "take":
                self._board.take(agent_id, task, now)
            case "block":
                self._board.block(agent_id, task, text, now)
                self._tell(agent_id, "Blockers", text)
            case "unblock":
                self._board.unblock(agent_id, task, now)
            case "finish":
                self._tell(agent_id, "Completed", self._board.finish(agent_id, task, now))
                self._rag.remember(agent_id, now)
            case "commit":
                self._tell(agent_id, "In Progress", f"Committed {text}")
            case "test":
                self._board.comment(agent_id, task, text, now)

    def _count_up(self, agent_id: str) -> None:
        self._up.add(agent_id)
        if len(self._up) == len(self._processes) and not sys.stdout.closed:
            print("ready", flush=True)  # noqa: T201 - the fleet waits for this word
            sys.stdout.close()

    def _tell(self, agent_id: str, section: str, text: str) -> None:
        self._log.append(agent_id, time.time(), section, text)

    def _write_shared(self) -> None:
        now, pace = time.monotonic(), self._orders.pace or 1
        if self._dirty and self._board_at <= now:
            self._board.write()
            self._dirty = False
            self._board_at = now + max(_BOARD_SECONDS, self._orders.agents / _BOARD_AGENTS_PER_SECOND) / pace
        if self._rag_at <= now:
            self._rag.move(time.time())
            self._rag_at = now + _RAG_SECONDS / pace


def _how_it_ended(pid: int) -> str | None:
    """How the child ended, None while it lives; where the system allows, it stays a zombie for now."""
    if sys.platform == "linux":
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        signalled = found.si_code != os.CLD_EXITED
        return f"signal {found.si_status}" if signalled else f"exit code {found.si_status}"
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        return None
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _bury(group: int) -> bool:
    """Reap what has ended of a process group; whether none of it is left to us."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False


def _kill_group(group: int, number: int) -> None:
    for send in (os.killpg, os.kill):  # it may not have made its group yet
        try:
            send(group, number)
        except (ProcessLookupError, PermissionError):
            continue
        return


def main() -> None:
    """Run the fleet that the first argument describes; standard input is the lifeline."""
    supervisor = Supervisor(Orders(**json.loads(sys.argv[1])), sys.stdin.fileno())
    try:
        supervisor.run()
    finally:
        supervisor.end()
