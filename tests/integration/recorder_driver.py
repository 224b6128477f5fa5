"""Drives a real recorder process for tests, and reads what it tells and what it wrote."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
from live_recorder import Told

from monitor.paths import state_paths

PROGRAM = Path(__file__).with_name("live_recorder.py")


class Recorder:
    """The process, and what it told so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[Told] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):
            for line in self.process.stdout:
                self.told.append(msgspec.json.decode(line, type=Told))

    def until(self, condition: Callable[[Told], object], seconds: float = 30.0) -> Told:
        """The first tick from now on that is so."""
        seen, deadline = len(self.told), time.monotonic() + seconds
        while True:
            for told in self.told[seen:]:
                seen += 1
                if condition(told):
                    return told
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
            assert time.monotonic() < deadline, self.told[-3:]
            time.sleep(0.02)

    def ticks(self, number: int) -> Told:
        """So many ticks later."""
        goal = (self.told[-1].tick if self.told else 0) + number
        return self.until(lambda told: told.tick >= goal)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self._reader.join(5)


@contextmanager
def recorder(folder: Path, *more: str, interval: float = 0.1) -> Iterator[Recorder]:
    command = [sys.executable, str(PROGRAM), str(folder), str(interval), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Recorder(process)
        finally:
            process.kill()


def sampled(folder: Path) -> list[int]:
    """Times of all samples in the recording."""
    database = state_paths(str(folder)).database
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return [at for (at,) in db.execute("SELECT timestamp FROM agent_metrics ORDER BY timestamp")]
