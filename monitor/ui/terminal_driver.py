"""Textual's driver for terminals, made to end with its terminal and never to block (DESIGN.md §7, traps)."""

from __future__ import annotations

import os
import selectors
import signal
import sys
import termios
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from monitor.ui.terminal_output import TerminalOutput

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

READ_BYTES: Final = 4096
LOOK_SECONDS: Final = 0.1
"""Between two looks whether to stop and whether a lone escape has waited long enough."""

END_MODES: Final = "\x1b[?2026l\x1b[?1016l"
"""Ends what Textual begins but does not end: synchronized output, and the mouse in pixels."""
RESTORE: Final = (
    f"{END_MODES}\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""All of it at once, for an end that cannot wait for Textual."""


class TerminalDriver(LinuxDriver):
    """Draws on standard output; when the terminal is gone the process gets SIGHUP, as the kernel would send it.

    Textual's own reads on when its input has ended, at 100 % CPU, draws on standard error, and fails on input that is
    not UTF-8.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output: TerminalOutput | None = None

    def write(self, data: str) -> None:
        """Have this written to the terminal; never blocks."""
        if self._output is not None:
            self._output.write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over; also after a suspension.

        Textual calls this for every SIGCONT, also for one without a suspension before it (`kill -STOP`, a hang-up).
        """
        if self._output is not None:
            self.stop_application_mode()
            self.close()
            self._must_signal_resume = True
        if sys.__stdout__ is not None:
            self._output = TerminalOutput(sys.__stdout__.fileno(), self._caught_up, hang_up)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own is not typed

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was; what a slow one has not drawn yet it need not draw."""
        if self._output is not None:
            self._output.discard()
        self.write(END_MODES)
        super().stop_application_mode()

    def close(self) -> None:
        """Wait a little for the terminal to take the rest."""
        super().close()
        if self._output is not None:
            self._output.close()
            self._output = None

    def restore_now(self) -> None:
        """Give the terminal back without waiting for anybody; nothing works afterwards."""
        with suppress(termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        if sys.__stdout__ is not None:
            with suppress(termios.error, OSError):
                termios.tcflush(sys.__stdout__.fileno(), termios.TCOFLUSH)
                os.write(sys.__stdout__.fileno(), RESTORE.encode())

    def run_input_thread(self) -> None:
        """Read keys and mouse until told to stop or the input ends."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(LOOK_SECONDS):
                    try:
                        data = os.read(self.fileno, READ_BYTES)
                    except BlockingIOError:  # somebody who shares this terminal has made it non-blocking
                        continue
                    except OSError:  # EIO: the other end has closed
                        data = b""
                    if not data:
                        hang_up()
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Pass a message on; ctrl+c interrupts as it does everywhere, even when no message is handled any more."""
        if isinstance(message, events.Key) and message.key == "ctrl+c":
            os.kill(os.getpid(), signal.SIGINT)
            return
        super().process_message(message)

    def _caught_up(self) -> None:
        self._loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        if self._app.is_running:
            self._app.refresh(layout=True)


def hang_up() -> None:
    """The terminal is gone: let the process end as if the kernel had said so."""
    os.kill(os.getpid(), signal.SIGHUP)
