"""One demo agent: plays its script in its worktree with real files, real commits and real child processes.

It is forked from the supervisor rather than started, so that a thousand of them share one interpreter's memory; it
imports nothing of Agent Monitor outside `monitor.demo`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from monitor.demo import content, gitenv, lifeline
from monitor.demo.logs.catalogue import open_log
from monitor.demo.logs.journal import PAST_SECONDS, Journal
from monitor.demo.logs.shapes import Clock, Setting
from monitor.demo.script import Step, steps

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.demo.cast import Member

HELPERS: Final = ("node", "mcp-server", "pyright", "esbuild", "watcher")
"""Names of the helper processes that an agent keeps beside a shell with a program in it."""
CHILDREN: Final = len(HELPERS) + 2
"""Child processes of an agent at rest."""
_SETTLE_SECONDS: Final = 0.3
"""Before a new agent writes its past: meanwhile the others come up."""
_SLICE_SECONDS: Final = 0.05
"""Period in which a burner works and rests."""


class Place(NamedTuple):
    """Where an agent lives, how fast, and whom it tells.

    `pace` 0 is a fleet that only exists. `sql` is the folder of the program's statements. `life` is the lifeline's
    reading end, `reports` the writing end of the supervisor's pipe; `private` are descriptors that are the
    supervisor's alone: as long as an agent held the reading end of the reports, no other would notice that the
    supervisor has gone.
    """

    folder: Path
    sql: Path
    seed: int
    pace: float
    life: int
    reports: int
    private: tuple[int, ...]

    @property
    def helpers(self) -> Path:
        """Links to `cat` under the names of `HELPERS`."""
        return self.folder / "bin"

    @property
    def home(self) -> Path:
        """The home folder in which the agents keep their logs."""
        return self.folder / "home"

    def pid_file(self, member: Member) -> Path:
        """Holds the process id of the agent's topmost process."""
        return self.folder / "run" / f"{member.id}.pid"

    def worktree(self, member: Member) -> Path:
        """The folder it works in."""
        return self.folder / "project" / "agents" / member.id


def start(member: Member, place: Place, life: int, task: int) -> int:
    """Fork the agent's process in a process group of its own; returns its id.

    `life` counts the agent's processes, `task` is the number of the task it is at.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            lifeline.die_with_parent(parent)
            _be_ordinary(place)
            _Agent(member, place, task).live(life)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            raise
        finally:
            os._exit(70)
    return pid


def _be_ordinary(place: Place) -> None:
    """Undo what the supervisor set up for itself."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in place.private:
        os.close(descriptor)


class _Agent:
    def __init__(self, member: Member, place: Place, task: int) -> None:
        self._member = member
        self._place = place
        self._task = task
        self._worktree = place.worktree(member)
        self._line = lifeline.Lifeline(place.life, place.reports)
        self._text = content.task_text(place.seed, member.id, task)

    def live(self, life: int) -> NoReturn:
        """Come up, then play the script until it fails or the fleet ends."""
        os.chdir(self._worktree)
        lifeline.name_process(f"demo-{self._member.id}")
        self._start_helpers()
        self._write_pid_file()
        self._report("up")
        if self._place.pace == 0:
            self._line.sleep(None)
        if life == 0:
            self._line.sleep(_SETTLE_SECONDS)
        self._journal = self._open_journal(life)
        for step in steps(self._place.seed, self._member.id, life, self._member.opening):
            self._play(step)
        os._exit(0)

    def _open_journal(self, life: int) -> Journal:
        """Begin the agent's log; a new agent has a past in it."""
        member, place = self._member, self._place
        tick = _start_tick()
        setting = Setting(place.home, self._worktree, place.sql, os.getpid(), tick, member.number)
        clock = Clock(self._sleep)
        if life == 0:
            clock.go_back(PAST_SECONDS)
        log = open_log(member.kind, setting, clock)
        rng = random.Random(f"{place.seed}:{member.id}:log:{life}")
        journal = Journal(log, clock, rng, fullness=_fullness(member.number, life))
        if life == 0:
            journal.recall(content.files_of(self._text.area))
            clock.come_back()
        log.live()
        return journal

    def _start_helpers(self) -> None:
        """Start children that wait for the end of a pipe of ours, so that they end with us however we end."""
        reading, self._children_line = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, reading, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        for name in HELPERS:
            # The name shown is the link's; the first argument stays `cat`, by which a multi-call program knows.
            os.posix_spawn(self._place.helpers / name, ["cat"], environment, file_actions=actions)
        os.posix_spawn("/bin/sh", ["sh", "-c", "cat; :"], environment, file_actions=actions)
        os.close(reading)

    def _write_pid_file(self) -> None:
        file = self._place.pid_file(self._member)
        temporary = file.with_suffix(".new")
        temporary.write_text(f"{os.getpid()}\n")
        temporary.replace(file)

    def _report(self, kind: str, *details: str) -> None:
        line = json.dumps([self._member.id, kind, self._task, *details]).encode() + b"\n"
        try:
            os.write(self._place.reports, line)
        except BrokenPipeError:
            os._exit(0)

    def _sleep(self, seconds: float) -> None:
        self._line.sleep(seconds / self._place.pace)

    def _play(self, step: Step) -> None:
        rng = random.Random(step.choice)
        match step.kind:
            case "think":
                self._journal.think(step.seconds, content.files_of(self._text.area))
            case "rest":
                self._journal.rest(step.seconds)
            case "edit":
                self._edit(step.seconds, rng)
            case "test":
                self._test(step.seconds, rng)
            case "commit":
                self._commit(rng)
            case "block":
                self._report("block", rng.choice(content.BLOCKERS))
                self._journal.block(step.seconds)
                self._report("unblock")
            case "fail":
                self._journal.fail()
                _fail(step.failure)
            case "take" | "finish":
                self._turn(step.kind)

    def _turn(self, kind: str) -> None:
        """Begin or end a task, which is a turn of the agent's."""
        self._report(kind)
        if kind == "take":
            self._journal.take(self._text.title)
            return
        self._journal.finish()
        self._task += 1
        self._text = content.task_text(self._place.seed, self._member.id, self._task)

    def _edit(self, seconds: float, rng: random.Random) -> None:
        files = rng.sample(content.files_of(self._text.area), rng.randint(1, 3))
        for name in files:
            file = self._worktree / name
            with self._journal.edit(name):
                file.write_text(content.edited(file.read_text(), name, rng))
                self._sleep(seconds / len(files))

    def _test(self, seconds: float, rng: random.Random) -> None:
        duty = rng.uniform(0.15, 0.35)
        with self._journal.run("pytest -q"):
            burners = [
                self._start_burner(seconds / self._place.pace, duty) for _ in range(rng.choice((1, 1, 1, 2)))
            ]
            self._sleep(seconds)
            for pid in burners:
                os.waitpid(pid, 0)
        total = rng.randrange(20, 90)
        self._report("test", f"{total - (rng.random() < 0.2)} of {total} tests pass")

    def _start_burner(self, seconds: float, duty: float) -> int:
        """Fork a child that uses that share of a core for that long, as a test run would."""
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(self._children_line)
            lifeline.die_with_parent(parent)
            lifeline.name_process("pytest")
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                busy_until = time.monotonic() + duty * _SLICE_SECONDS
                while time.monotonic() < busy_until:
                    pass
                self._line.sleep((1 - duty) * _SLICE_SECONDS)
            os._exit(0)
        return pid

    def _commit(self, rng: random.Random) -> None:
        subject = content.subject(self._text.area, rng)
        with self._journal.run("git commit"):
            made = self._git("add", "--all") and self._git("commit", "--quiet", "--message", subject)
        if made:
            self._report("commit", subject)

    def _git(self, *arguments: str) -> bool:
        """Whether the command worked; a worktree that someone else has locked is left for the next commit."""
        done = subprocess.run(
            ["git", *gitenv.SETTINGS, *arguments],
            env=gitenv.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode == 0


def _fail(failure: str) -> NoReturn:
    kind, number = failure.split()
    if kind == "signal":
        os.kill(os.getpid(), int(number))
        signal.pause()
    os._exit(int(number))


def _start_tick() -> int | None:
    """When this process started, by the kernel's clock: field 22 of proc(5); None on a system without it."""
    try:
        with open("/proc/self/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except FileNotFoundError:
        return None


def _fullness(number: int, life: int) -> float:
    """How full an agent's context is at first; its past adds about 0.3, so that one in six is near its end."""
    if life:
        return 0.1
    return 0.62 if number % 6 == 2 else 0.1 + 0.1 * (number % 5)
