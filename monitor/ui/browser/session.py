"""One viewer in a browser: a process with the screen in it, and its bytes carried to a web socket and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from textual_serve.app_service import AppService

if TYPE_CHECKING:
    from asyncio.subprocess import Process

LARGEST: Final = (500, 200)
"""Columns and rows; a screen larger than any wall would only cost memory."""
STOP_SECONDS: Final = 5.0
"""For the screen to end by itself; then it is ended."""
_OF_THE_SERVER: Final = (
    "TMUX",
    "TMUX_PANE",
    "STY",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "COLORTERM",
    "TERM",
)
"""Where the server was started is not where its viewers are."""


class Session(AppService):
    """Textual-serve's, which always ends: with its process, and its process with it."""

    process: Process | None = None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(*_bounded(width, height))
        for name in _OF_THE_SERVER:
            environment.pop(name, None)
        return environment

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self.process = await super()._open_app_process(width, height)
        return self.process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Have the screen drawn in this size, as far as that is sensible."""
        await super().set_terminal_size(*_bounded(width, height))

    async def run(self) -> None:
        """Carry bytes until the process ends; then the browser is told, also when the process could not say so."""
        try:
            await super().run()
        finally:
            await self.remote_close()

    async def stop(self) -> None:
        """End the process: ask it, then make it."""
        # Not by a timeout: textual-serve's own swallows the cancellation that this would be.
        asked = asyncio.create_task(super().stop())
        if self.process is not None:
            ended = asyncio.create_task(self.process.wait())
            await asyncio.wait({ended}, timeout=STOP_SECONDS)
            if not ended.done():
                self.process.kill()
            await ended
        await asked


def _bounded(width: Any, height: Any) -> tuple[int, int]:
    columns, rows = LARGEST
    return max(1, min(int(width), columns)), max(1, min(int(height), rows))
