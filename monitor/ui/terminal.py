"""Runs a Textual app and gives the terminal back whatever happens, with the exit code that a shell expects.

0: quit; 130, 143, 129: ctrl+c or SIGINT, SIGTERM, SIGHUP or a terminal that went away; 1: a crash; else the exit code
of the `MonitorError` that ended it.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from textual.worker import WorkerFailed

from monitor import __version__
from monitor.errors import MonitorError
from monitor.paths import private_folder
from monitor.text import clean
from monitor.ui.environment import in_browser
from monitor.ui.terminal_driver import TerminalDriver

if TYPE_CHECKING:
    from types import FrameType

    from textual.app import App
    from textual.driver import Driver

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS: Final = 1.5
"""For the app to end by itself after a signal; then it is ended."""

SWITCH_SECONDS: Final = 0.0005
"""How long a thread that works keeps the others waiting: Python's 5 ms make each write to the terminal wait so long."""


def run_app(app: App[Any], logs: Path, *, mouse: bool = True) -> int:
    """Run the app on this terminal, or in a browser, until it ends; returns the exit code of the process.

    A crash is written to a file in the folder `logs`, a line about it to standard error. An app may carry a
    `failure`: the `MonitorError` it ended with. Without `mouse` the terminal is never asked for its events.
    """
    app.driver_class = _driver_class()
    # Textual would print its traceback, with the values of all variables.
    app.error_console = Console(file=io.StringIO())
    stop = _Stop(app, mouse=mouse)
    crash: BaseException | None = None
    stop.install()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        asyncio.run(stop.run())
    except Exception as error:  # noqa: BLE001 - the last boundary: what comes here would end in a raw traceback
        crash = error
    finally:
        stop.release()
    if stop.signal is not None:
        return 128 + stop.signal
    failure = getattr(app, "failure", None) or _cause(crash or app._exception)  # noqa: SLF001 - told nowhere else
    if isinstance(failure, MonitorError):
        _say(f"agent-monitor: {failure}")
        return failure.exit_code
    if failure is not None:
        _report_crash(failure, logs)
        return 1
    return 1 if app.return_code is None else app.return_code


def _driver_class() -> type[Driver]:
    if in_browser():
        from monitor.ui.browser.driver import BrowserDriver

        return BrowserDriver
    return TerminalDriver


class _Stop:
    """Turns the signals that end a process into an orderly end of the app, and into a hard one the second time."""

    def __init__(self, app: App[Any], *, mouse: bool) -> None:
        self._app = app
        self._mouse = mouse
        self._loop: asyncio.AbstractEventLoop | None = None
        self._before: dict[signal.Signals, Any] = {}
        self.signal: int | None = None
        """The signal that ended the app, if one did."""

    def install(self) -> None:
        """Handle the signals; not by the loop's own handlers, for these also run while a callback holds the loop up."""
        self._before = {number: signal.signal(number, self._received) for number in SIGNALS}

    async def run(self) -> None:
        """Run the app, unless a signal has come already."""
        self._loop = asyncio.get_running_loop()
        if self.signal is None:
            await self._app.run_async(mouse=self._mouse)

    def release(self) -> None:
        """Handle the signals as before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal = number
        elif number == signal.SIGHUP:
            return  # not impatience: the kernel and each thread that notices send one
        else:
            self._end_now()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._loop is not None and self.signal is not None:
            self._loop.call_later(GRACE_SECONDS, self._end_now)
            self._app.exit(return_code=128 + self.signal)

    def _end_now(self) -> None:
        driver = self._app._driver  # noqa: SLF001 - Textual tells it nowhere else
        if isinstance(driver, TerminalDriver):
            driver.restore_now()
        os._exit(128 + (self.signal or 0))


def _cause(error: BaseException | None) -> BaseException | None:
    return error.error if isinstance(error, WorkerFailed) else error


def _report_crash(error: BaseException, logs: Path) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    _say(clean(f"agent-monitor stopped by a defect of its own: {type(error).__name__}: {error}", 300) + where)
    try:
        file = _write_crash(error, logs)
    except OSError as problem:
        _say(f"The traceback could not be written to {logs}: {problem.strerror}.")
    else:
        _say(f"The traceback is in {file}; please report it.")


def _write_crash(error: BaseException, logs: Path) -> Path:
    """Write the traceback, without the values of variables, to a new file that only its owner can read."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    file = private_folder(logs) / f"crash-{stamp}-{os.getpid()}.txt"
    text = f"agent-monitor {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n"
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(text + "".join(traceback.format_exception(error)))
    return file


def _say(text: str) -> None:
    if sys.__stderr__ is None:
        return
    try:
        print(text, file=sys.__stderr__, flush=True)
    except OSError:  # the terminal is gone: nobody reads it
        return
