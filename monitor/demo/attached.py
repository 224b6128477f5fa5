"""Starts the processes that keep the demo's databases of attached systems: one for each, see `monitor.demo.systems`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import monitor
from monitor.demo.systems import Orders
from monitor.errors import ConfigError, MonitorError
from monitor.paths import sql_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.demo.cast import Member

_LAUNCH: Final = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from monitor.demo.systems import main; main()"
)
_END_SECONDS: Final = 5.0


def demo_systems() -> tuple[str, ...]:
    """The systems that the demo can play."""
    return tuple(sorted(file.stem for file in (sql_folder() / "demo" / "systems").glob("*.sql")))


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """The systems of that name, `all` for every one, each once. Raises ConfigError for one that is not known."""
    known = demo_systems()
    wanted = dict.fromkeys(name for given in names for name in (known if given == "all" else (given,)))
    for name in wanted:
        if name not in known:
            raise ConfigError(f"--system {name}: expected all, {', '.join(known)}.")
    return tuple(wanted)


class Stories:
    """The running ones. They end when they are told, or when this process ends: they wait on a pipe of it."""

    def __init__(self, folder: Path, members: Sequence[Member], *, seed: int, pace: float) -> None:
        self._folder = folder
        self._members = members
        self._seed = seed
        self._pace = pace
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, system: str) -> None:
        """Make the system's database and begin to write it. Raises MonitorError when it does not come up."""
        folder, sql = self._folder, sql_folder()
        orders = Orders(
            database=str(folder / database_of(system)),
            schema=str(sql / "systems" / system / "schema.sqlite.sql"),
            statements=str(sql / "demo" / "systems" / f"{system}.sql"),
            members=[
                [
                    *(member.id, member.name, member.role, member.kind),
                    str(folder / "project" / "agents" / member.id),
                    str(folder / "run" / f"{member.id}.pid"),
                ]
                for member in self._members
            ],
            seed=self._seed,
            pace=self._pace,
        )
        package = str(Path(monitor.__file__).resolve().parent.parent)
        log_file = folder / "run" / f"{system}.log"
        with log_file.open("wb") as log:
            story = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCH, package, json.dumps(orders._asdict())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(story)
        if story.stdout is None or story.stdout.readline() != b"ready\n":
            said = log_file.read_text(errors="replace").strip()
            raise MonitorError(
                f"{folder}: the demo of {system} did not come up: {said[-500:] or 'no answer'}"
            )
        story.stdout.close()

    def stop(self) -> None:
        """End them all."""
        for story in self._running:
            if story.stdin is not None:
                story.stdin.close()
        for story in self._running:
            try:
                story.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                story.kill()
                story.wait()
        self._running.clear()


def database_of(system: str) -> str:
    """The system's file, relative to the demo's folder."""
    return f"systems/{system}.db"


def configuration(systems: Iterable[str]) -> list[str]:
    """The lines of the configuration that attach these systems."""
    lines = []
    for system in systems:
        lines += [
            "",
            "[[systems]]",
            f'name = "{system}"',
            f'kind = "{system}"',
            f'url = "{database_of(system)}"',
        ]
    return lines
