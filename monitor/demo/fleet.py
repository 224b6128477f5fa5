"""The demo fleet: builds the project, starts the supervisor, and takes everything away again."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

import monitor
from monitor.demo import agent, attached, repository
from monitor.demo.cast import Member, cast
from monitor.demo.supervisor import Orders
from monitor.errors import ConfigError, MonitorError
from monitor.paths import private_folder, sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

MAX_AGENTS: Final = 1000
MAX_PACE: Final = 1000
_LAUNCH: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from monitor.demo.supervisor import main; main()"
)
_STOP_SECONDS: Final = 15.0
_STOP_SECONDS_PER_AGENT: Final = 0.05
"""Ending eight processes and removing a worktree, on a busy machine."""


class Fleet:
    """A fleet of real agents in a folder of its own; a context manager that starts and stops it.

    `folder` must be new or empty; `stop` leaves it if `keep` is set and removes it otherwise. None is a private
    temporary folder that is removed in any case. `pace` speeds the agents up; 0 makes agents that exist and do
    nothing. `systems` names systems that keep databases of the fleet, which the configuration attaches. The constructor
    raises ConfigError for a wrong argument, a folder that is not empty among them.
    """

    def __init__(
        self,
        folder: Path | None = None,
        agents: int = 3,
        seed: int = 0,
        *,
        pace: float = 1.0,
        keep: bool = True,
        systems: Iterable[str] = (),
    ) -> None:
        if not 1 <= agents <= MAX_AGENTS:
            raise ConfigError(f"--agents {agents}: expected 1 to {MAX_AGENTS}.")
        if not 0 <= pace <= MAX_PACE:
            raise ConfigError(f"pace {pace}: expected 0 to {MAX_PACE}.")
        if folder is not None:
            _refuse_occupied(folder)
        self._systems = attached.chosen(systems)
        self._stories: attached.Stories | None = None
        self._given = folder
        self._keep = keep and folder is not None
        self._agents = agents
        self._seed = seed
        self._pace = pace
        self._folder: Path | None = None
        self._members: tuple[Member, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    @property
    def folder(self) -> Path:
        """Everything the fleet writes is below it. Raises MonitorError before `start` and after `stop`."""
        if self._folder is None:
            raise MonitorError("the demo fleet is not running; start it first.")
        return self._folder

    @property
    def root(self) -> Path:
        """The project: the repository's main worktree, with `coordination/` and `agents/`."""
        return self.folder / "project"

    @property
    def config(self) -> Path:
        """A configuration that shows this fleet and nothing else."""
        return self.folder / "config.toml"

    @property
    def pids(self) -> tuple[int, ...]:
        """The topmost process of each agent; of one that has failed and is not back yet, the last it had."""
        files = (self.folder / "run" / f"{member.id}.pid" for member in self._members)
        return tuple(int(file.read_text()) for file in files)

    def start(self) -> None:
        """Build the project and start the agents; returns when all of them are up.

        Raises ConfigError when the folder is not empty, MonitorError when git or the fleet does not work.
        """
        if self._process is not None:
            raise MonitorError("the demo fleet is already running.")
        try:
            self._folder = _make_folder(self._given)
            now = int(time.time())
            self._members = cast(self._agents, self._seed, now)
            repository.build(self.root, self._members, self._seed, now)
            self.config.write_text(_configuration(self._members, self._systems))
            (self.folder / "run").mkdir()
            (self.folder / "home").mkdir()
            _link_helpers(self.folder / "bin")
            self._launch(now)
            self._stories = attached.Stories(self._folder, self._members, seed=self._seed, pace=self._pace)
            for system in self._systems:
                self._stories.start(system)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process of the fleet and reap it, then remove a temporary folder; may be called again."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._stories is not None:
            self._stories.stop()
            self._stories = None
        if self._process is not None:
            _end(self._process, _STOP_SECONDS + _STOP_SECONDS_PER_AGENT * self._agents)
            self._process = None
        if self._folder is not None and not self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, now: int) -> None:
        orders = Orders(
            str(self.folder), str(sql_folder()), self._agents, self._seed, self._pace, now, not self._keep
        )
        package = str(Path(monitor.__file__).resolve().parent.parent)
        reading, self._lifeline = os.pipe()
        answer, answering = os.pipe()
        with (
            os.fdopen(reading, "rb") as stdin,
            os.fdopen(answer, "rb") as ready,
            (self.folder / "run" / "supervisor.log").open("wb") as log,
        ):
            with os.fdopen(answering, "wb") as stdout:
                self._process = subprocess.Popen(
                    # Isolated and without site-packages: it starts faster, and every agent is a copy of it.
                    [sys.executable, "-I", "-S", "-c", _LAUNCH, package, json.dumps(orders._asdict())],
                    stdin=stdin,
                    stdout=stdout,
                    stderr=log,
                    start_new_session=True,
                )
            self._wait_until_ready(ready, 30.0 + 0.2 * self._agents)

    def _wait_until_ready(self, answer: IO[bytes], seconds: float) -> None:
        poll = select.poll()
        poll.register(answer, select.POLLIN)
        if poll.poll(seconds * 1000) and answer.readline() == b"ready\n":
            return
        said = (self.folder / "run" / "supervisor.log").read_text(errors="replace").strip()
        raise MonitorError(
            f"{self.folder}: the demo fleet did not come up: {said[-500:] or 'no answer in time'}"
        )


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the supervisor; one that hangs is killed, and its agents end with the lifeline."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _refuse_occupied(folder: Path) -> None:
    try:
        occupied = any(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"--dir {folder}: {error.strerror}; name a new or empty folder.") from error
    if occupied:
        raise ConfigError(f"--dir {folder}: is not empty; name a new or empty folder.")


def _make_folder(given: Path | None) -> Path:
    """The folder, made if need be, with symlinks resolved as git does."""
    try:
        if given is None:
            return Path(tempfile.mkdtemp(prefix="agent-monitor-demo-")).resolve()
        _refuse_occupied(given)  # once more: from here on it is ours, and may be removed
        return private_folder(given).resolve()
    except OSError as error:
        where = f"--dir {given}" if given else "temporary folder"
        raise ConfigError(f"{where}: cannot be made: {error.strerror}; name another with --dir.") from error


def _link_helpers(folder: Path) -> None:
    """Links under which agents start `cat`, so that a process list reads like a real one."""
    program = shutil.which("cat")
    if program is None:
        raise MonitorError("cat: not found on PATH; the demo's helper processes are made of it.")
    folder.mkdir()
    for name in agent.HELPERS:
        (folder / name).symlink_to(program)


def _configuration(members: tuple[Member, ...], systems: tuple[str, ...]) -> str:
    """The configuration; its paths are relative to its own folder."""
    parts = [
        "# The demo fleet, and no other agent.",
        'roots = ["project"]',
        "discover = false",
        "",
        "[rag]",
        'file = "project/coordination/rag-metrics.json"',
        "",
        "[sessions]",
        'home = "home"',
        "",
        "[database]",
        'path = "history/monitor.db"',
    ]
    for member in members:
        parts += [
            "",
            "[[agents]]",
            f'id = "{member.id}"',
            f'name = "{member.name}"',
            f'role = "{member.role}"',
            f'kind = "{member.kind}"',
            f'worktree = "project/agents/{member.id}"',
            f'pid_file = "run/{member.id}.pid"',
        ]
    return "\n".join(parts + attached.configuration(systems)) + "\n"
