"""Other processes on the host: idle trees of eight, beside the fleet that is watched."""

from __future__ import annotations

import os
import signal
import subprocess
from types import TracebackType
from typing import Self

TREE = 8


class Crowd:
    """A context manager that holds `count` idle processes."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._shells: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        script = "sleep 100000 & " * (TREE - 1) + "wait"
        for _ in range(self._count // TREE):
            self._shells.append(
                subprocess.Popen(
                    ["sh", "-c", script],
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for shell in self._shells:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
