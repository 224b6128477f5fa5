"""A small app that opens a program in front of itself: `job_program.py LOGS MOUSE PROGRAM ARGUMENTS…`.

Keys: o opens the program, or goes on with it when it has stopped; q quits. Each ending is a line of LOGS/endings.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from monitor.errors import MonitorError
from monitor.ui.acting.programs import in_front
from monitor.ui.outside.foreground import Job
from monitor.ui.terminal import run_app


class OpeningApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit"), Binding("o", "open")]

    def __init__(self, logs: Path, argv: list[str]) -> None:
        super().__init__()
        self.endings = logs / "endings"
        self.argv = argv
        self.stopped: Job | None = None

    def compose(self) -> ComposeResult:
        yield Static("the screen is ready")

    def action_open(self) -> None:
        self.run_worker(self.open(), exit_on_error=False)

    async def open(self) -> None:
        job = self.stopped
        try:
            if job is None:
                job = Job(0, 1)
                ending = await in_front(
                    self, lambda: job.run(self.argv, str(self.endings.parent), os.environ)
                )
            else:
                ending = await in_front(self, job.go_on)
            self.stopped = job if ending.how == "stopped" else None
            self.note(f"{ending.how} {ending.number}")
        except MonitorError as error:
            self.note(str(error))

    def note(self, line: str) -> None:
        with self.endings.open("a") as file:
            file.write(line + "\n")

    def on_unmount(self) -> None:
        if self.stopped is not None:
            self.stopped.end()


if __name__ == "__main__":
    logs = Path(sys.argv[1])
    sys.exit(run_app(OpeningApp(logs, sys.argv[3:]), logs, mouse=sys.argv[2] == "mouse"))
