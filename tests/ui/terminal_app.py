"""A small app for the terminal tests; run as a program: `terminal_app.py LOGS [busy]`.

Keys: q quits; c, w, i crash in a callback, in a worker, in the event loop's way; f ends with a failure; h hangs a
callback. It prints what became of it to the file LOGS/end: the longest time, in seconds, that the event loop stood
still after the start.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from monitor.errors import MonitorError
from monitor.ui.terminal import run_app


class NoRoomError(MonitorError):
    exit_code = 7


class SmallApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit"),
        Binding("c", "crash_callback"),
        Binding("w", "crash_worker"),
        Binding("f", "fail"),
        Binding("h", "hang"),
    ]
    failure: MonitorError | None = None

    def __init__(self, *, busy: bool) -> None:
        super().__init__()
        self.busy = busy
        self.longest = 0.0

    def compose(self) -> ComposeResult:
        yield Static("the screen is ready", id="text")

    def on_mount(self) -> None:
        self.run_worker(self.tick())
        if self.busy:
            self.set_interval(0.05, self.redraw)

    async def tick(self) -> None:
        await asyncio.sleep(0.5)
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now

    def redraw(self) -> None:
        lines = ("".join(random.choices("abcdefghij", k=70)) for _ in range(20))
        self.query_one("#text", Static).update("\n".join(lines))

    def action_crash_callback(self) -> None:
        secret = "the value of a variable"
        raise ZeroDivisionError("a callback" + secret[:0])

    def action_crash_worker(self) -> None:
        async def work() -> None:
            raise ZeroDivisionError("a worker")

        self.run_worker(work())

    def action_fail(self) -> None:
        self.failure = NoRoomError("there is no room: make some")
        self.exit()

    def action_hang(self) -> None:
        Path(sys.argv[1], "hanging").touch()
        while True:
            time.sleep(0.01)


if __name__ == "__main__":
    app = SmallApp(busy="busy" in sys.argv)
    logs = Path(sys.argv[1])
    code = run_app(app, logs)
    (logs / "end").write_text(str(app.longest))
    sys.exit(code)
