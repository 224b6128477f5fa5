"""Runs a program in the foreground of this terminal, as a shell runs a job, and takes the terminal back.

The program gets a process group of its own, so that ctrl+c and ctrl+z mean the program and not the monitor. A program
that stops (ctrl+z) gives the terminal back and can be gone on with.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from monitor.ui.outside.programs import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOOK_SECONDS: Final = 0.03
"""Between two looks whether the program has ended."""
HANG_UP_SECONDS: Final = 0.5
"""For a program to end when the monitor ends under it; then it is killed."""
RESET: Final = (
    "\x1b[?2026l\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[<u\x1b[?1l\x1b>\x1b[?7h\x1b[?25h\x1b[r\x1b(B\x0f\x1b[0m"
)
"""Ends what a program may have begun in the terminal and, killed, has not ended: mouse, paste, keypad, scroll region,
letters of another set, colours."""


class Ending(NamedTuple):
    """How a program gave the terminal back."""

    how: Literal["exited", "killed", "stopped"]
    number: int
    """Its exit code, or the signal."""


ASKED_EARLY: Final = (Ending("stopped", signal.SIGTTIN), Ending("stopped", signal.SIGTTOU))
"""Of a program that asked for the terminal before it had it, and may go on."""


class Job:
    """A program that was started on this terminal.

    `terminal` is a descriptor of it for reading, `screen` one for writing.
    """

    def __init__(self, terminal: int, screen: int) -> None:
        self._terminal = terminal
        self._screen = screen
        self._process: subprocess.Popen[bytes] | None = None

    async def run(self, argv: Sequence[str], folder: str, environ: Mapping[str, str]) -> Ending:
        """Start the program and wait until it ends or stops. Raises ProgramError when it cannot be started."""
        modes = self._modes()
        try:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - it only forks; waiting is done below
                list(argv),
                cwd=folder,
                env=dict(environ),
                stdin=self._terminal,
                stdout=self._screen,
                stderr=self._screen,
                process_group=0,
            )
        except OSError as error:
            raise ProgramError(f"{argv[0]} cannot be started: {error.strerror}.") from error
        return await self._in_front(self._process, modes)

    async def go_on(self) -> Ending:
        """Go on with a program that has stopped."""
        if self._process is None:
            raise ProgramError("Nothing was started that could go on.")
        return await self._in_front(self._process, self._modes())

    def end(self) -> None:
        """End a program that has stopped: the monitor ends, as a shell would."""
        self._tell(signal.SIGHUP)
        self._tell(signal.SIGCONT)

    async def _in_front(self, process: subprocess.Popen[bytes], modes: list[Any] | None) -> Ending:
        self._give(process.pid)
        ending = _look(process)
        if ending is None or ending in ASKED_EARLY:
            ending = None
            self._tell(signal.SIGCONT)
        try:
            return ending or await self._wait(process)
        except asyncio.CancelledError:
            await self._hang_up(process)
            raise
        finally:
            self._take_back(modes)

    async def _wait(self, process: subprocess.Popen[bytes]) -> Ending:
        while True:
            ending = _look(process)
            if ending is not None:
                return ending
            await asyncio.sleep(LOOK_SECONDS)

    async def _hang_up(self, process: subprocess.Popen[bytes]) -> None:
        """The monitor ends while the program runs: it gets what it would get from a terminal that goes away."""
        self.end()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(HANG_UP_SECONDS):
                    while (await self._wait(process)).how == "stopped":
                        self._tell(signal.SIGCONT)
                        await asyncio.sleep(LOOK_SECONDS)
        finally:
            # The event loop may end before the wait does, and cancels it.
            if process.returncode is None:
                self._tell(signal.SIGKILL)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(HANG_UP_SECONDS)

    def _tell(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    # --- the terminal -------------------------------------------------------------------------------------------

    def _modes(self) -> list[Any] | None:
        with suppress(termios.error):
            return termios.tcgetattr(self._terminal)
        return None

    def _give(self, group: int) -> None:
        """Make a process group the one that reads the terminal; where it is not ours to give, nothing happens."""
        with suppress(OSError):
            os.tcsetpgrp(self._terminal, group)

    def _take_back(self, modes: list[Any] | None) -> None:
        """Read the terminal again, in the modes that it had before, whatever the program has made of it."""
        # From the background the system would stop this process for touching the terminal.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            self._give(os.getpgrp())
            with suppress(termios.error):
                if modes is not None:
                    termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
            with suppress(OSError):
                # Not where somebody has stopped the output (ctrl+s): this would wait with him.
                if select.select([], [self._screen], [], 0)[1]:
                    os.write(self._screen, RESET.encode())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _look(process: subprocess.Popen[bytes]) -> Ending | None:
    """How the program has ended or stopped since the last look; None while it runs."""
    pid, status = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
    if not pid:
        return None
    if os.WIFSTOPPED(status):
        return Ending("stopped", os.WSTOPSIG(status))
    code = process.returncode = os.waitstatus_to_exitcode(status)
    return Ending("killed", -code) if code < 0 else Ending("exited", code)


def may_stop() -> bool:
    """Whether somebody is there who could let this process go on after it stopped: a shell above it.

    POSIX calls a process group without one orphaned; stopped, it would stand still for ever.
    """
    pid = os.getpid()
    import psutil

    try:
        while os.getpgid(pid) == os.getpgrp():
            pid = psutil.Process(pid).ppid()
        return os.getsid(pid) == os.getsid(0)
    except (psutil.Error, OSError):
        return False
