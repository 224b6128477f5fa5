"""Textual's driver for browsers, made to end with its server and never to block."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.drivers.web_driver import WebDriver

from monitor.ui.terminal_driver import hang_up
from monitor.ui.terminal_output import TerminalOutput

if TYPE_CHECKING:
    from textual.message import Message


class BrowserDriver(WebDriver):
    """Speaks with the web server on standard input and output, in packets.

    Textual's own waits for a slow browser in the event loop, and stays behind when the server is killed.
    """

    _output: TerminalOutput | None = None

    def start_application_mode(self) -> None:
        """Tell the server that this is a screen, and begin to draw."""
        assert sys.__stdout__ is not None  # noqa: S101 - Textual's own has used it
        self._output = TerminalOutput(sys.__stdout__.fileno(), self._caught_up, hang_up)
        self._write = partial(self._queue, self._output)
        super().start_application_mode()
        if not self._mouse:  # Textual's own takes it all the same
            self._disable_mouse_support()

    def close(self) -> None:
        """Wait a little for the server to take the rest."""
        super().close()
        if self._output is not None:
            self._output.close()

    def run_input_thread(self) -> None:
        """Read keys, mouse and sizes until told to stop; a server that is gone ends the screen."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            hang_up()

    def process_message(self, message: Message) -> None:
        """Pass a message on; ctrl+c interrupts as it does on a terminal."""
        if isinstance(message, events.Key) and message.key == "ctrl+c":
            os.kill(os.getpid(), signal.SIGINT)
            return
        super().process_message(message)

    def _queue(self, output: TerminalOutput, data: bytes) -> int:
        output.write_bytes(data)
        return len(data)

    def _caught_up(self) -> None:
        self._loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        if self._app.is_running:
            self._app.refresh(layout=True)
