"""The real screen over a store filled by hand, for the tests on a terminal: `screen_program.py LOGS [OPTIONS]`.

OPTIONS are JSON: those of the screen, and `tick`, the seconds between two changes of every agent (0: none). What the
environment asks for is obeyed as the command line does it. F12 writes the next mark to the terminal as its title,
once all that came before is drawn; F8 ends the changes and writes what stands on the screen then to LOGS/shown. F11
opens a dialog to choose in and shows notes, F10 one to type in. When it ends it writes to LOGS/end, as JSON, how many
ticks there were, the longest time between two of them, and its peak memory.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from functools import partial
from pathlib import Path
from typing import ClassVar

from monitor.ui.environment import check_terminal, screen_environment

environment = screen_environment()

from textual.binding import Binding, BindingType  # noqa: E402 - the environment is read while this is imported
from ui_fleet import MINUTE, NOW, ScriptedFeed, fill, metrics, processes  # noqa: E402
from ui_screens import text_of  # noqa: E402

from monitor.keystore import Keys, KeyStore  # noqa: E402
from monitor.ui import app  # noqa: E402
from monitor.ui.app import MonitorApp  # noqa: E402
from monitor.ui.options import ScreenOptions  # noqa: E402
from monitor.ui.screens.dialogs import Choice, ChoiceScreen, PromptScreen  # noqa: E402
from monitor.ui.spans import Cell  # noqa: E402
from monitor.ui.terminal import run_app  # noqa: E402


class TickingFeed(ScriptedFeed):
    """Changes the metrics of every agent at each tick."""

    def __init__(self, store: KeyStore, seconds: float) -> None:
        super().__init__()
        self.store = store
        self.seconds = seconds
        self.ticks = 0
        self.longest = 0.0
        self._ticking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        self._ticking = asyncio.create_task(self._tick()) if self.seconds else None
        try:
            await super().run()
        finally:
            self.stand_still()

    def stand_still(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()

    async def _tick(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(self.seconds)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            self.ticks += 1
            for place, agent_id in enumerate(self.store.get(Keys.AGENTS)):
                value = (self.ticks * 7 + place * 13) % 100
                self.store.set(Keys.metrics(agent_id), metrics(float(value), 100 + value))
            self.store.set(Keys.CLOCK, NOW + self.ticks * MINUTE)
            self.store.flush()


class Program(MonitorApp):
    """The app, and the keys of the tests."""

    CSS_PATH = str(Path(app.__file__).with_name(str(MonitorApp.CSS_PATH)))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "mark", priority=True),
        Binding("f8", "stand_still", priority=True),
        Binding("f11", "ask", priority=True),
        Binding("f10", "prompt", priority=True),
    ]
    asked = marks = 0

    def action_mark(self) -> None:
        self.asked += 1
        self._mark_once_drawn(self.asked)

    def _mark_once_drawn(self, number: int) -> None:
        """Ask the screen, and again later: one that just closes tells nothing any more."""
        if self.marks < number:
            self.screen.call_after_refresh(self._mark, number)
            self.set_timer(0.05, partial(self._mark_once_drawn, number))

    def _mark(self, number: int) -> None:
        if self.marks < number and self._driver is not None:
            self.marks = number
            self._driver.write(f"\x1b]2;mark {number}\x07")

    def action_stand_still(self) -> None:
        assert isinstance(self.feed, TickingFeed)
        self.feed.stand_still()
        self.set_timer(0.2, self._write_down)

    def _write_down(self) -> None:
        (logs / "shown").write_text(text_of(self), encoding="utf-8")

    def action_ask(self) -> None:
        for severity in ("information", "warning", "error"):
            self.notify("Überprüfe …", title="a note", severity=severity)
        lines: tuple[Cell, ...] = ((("since 12:03 – 日本語", "muted"),),)
        self.push_screen(
            ChoiceScreen("End it…?", [Choice("End", 1, "e", "✖"), Choice("Keep", 2)], lines), _ignore
        )

    def action_prompt(self) -> None:
        self.push_screen(PromptScreen("A note…", "größer", placeholder="why…"), _ignore)


def _ignore(_answer: object) -> None:
    return


def peak_memory() -> int:
    """Bytes. What the system counts for a process begins, on Linux, with the memory of the one that started it."""
    own = Path("/proc/self/status")
    if own.exists():
        line = next(line for line in own.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    logs = Path(sys.argv[1])
    asked = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    seconds = asked.pop("tick", 0)
    animations = asked.pop("animations", False) and not environment.remote
    ascii_only = asked.pop("ascii", False) or environment.ascii
    options = ScreenOptions(
        user="ada", no_color=environment.no_color, ascii=ascii_only, animations=animations, **asked
    )
    check_terminal()
    store = fill(KeyStore())
    store.set(Keys.processes("validator"), processes())
    feed = TickingFeed(store, seconds)
    code = run_app(Program(store, feed, options), logs)
    peak = peak_memory()
    (logs / "end").write_text(
        json.dumps({"ticks": feed.ticks, "longest": feed.longest, "peak": peak}), encoding="utf-8"
    )
    sys.exit(code)
