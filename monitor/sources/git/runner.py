"""Runs one git command and nothing else: bounded in time, in output and in what it may do (DESIGN.md §6).

GitPython's command runner starts the process (`Git.execute(as_process=True)`). Its own time limit is not used: it
costs a thread a call and looks for children with `pgrep`. Its own reading is not used: it is not bounded.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

from monitor.sources.git.errors import GitError, failure
from monitor.text import clean

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

    from git.cmd import Git

    from monitor.sources.git.environment import Environment

    Sink = Callable[[bytes], None]

OUTPUT_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of output kept of a command without a sink of its own."""

_ERROR_LIMIT: Final = 8192
_CHUNK: Final = 65_536
_REAP_SECONDS: Final = 2.0
_ENV_NOT_FOUND: Final = 127


class Runner:
    """Runs git in worktrees; safe to use from several threads.

    `timeout` is the time limit of one command in seconds.
    """

    def __init__(self, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._git: Git | None = None
        self._spent = threading.local()
        self._lock = threading.Lock()
        self._unreaped: list[subprocess.Popen[bytes]] = []

    @property
    def thread_spent_ms(self) -> float:
        """CPU milliseconds of all git processes that the calling thread has run."""
        return float(getattr(self._spent, "ms", 0.0))

    def run(
        self, worktree: str, environment: Environment, arguments: Sequence[str], sink: Sink | None = None
    ) -> bytes:
        """Run `git <arguments>` in a worktree; give its output, which goes to `sink` in pieces when there is one.

        Raises GitError: `timeout` after the time limit, when the process is killed and reaped; `failed` when git is
        not installed or prints more than OUTPUT_LIMIT; and what `errors.failure` makes of an exit status.
        """
        kept = _Bounded(worktree)
        deadline = time.monotonic() + self._timeout
        process = self._start(worktree, environment, arguments)
        try:
            said = _pump(process, sink or kept.add, deadline)
            code = self._reap(process, deadline)
        except TimeoutError:
            raise GitError(
                "timeout",
                f"git {arguments[0]} in {clean(worktree)} took longer than {self._timeout:g} s and was stopped",
            ) from None
        finally:
            self._end(process)
        if code == _ENV_NOT_FOUND and environment.unset:
            raise _not_installed()
        if code != 0:
            raise failure(worktree, code, said)
        return bytes(kept.data)

    def _start(
        self, worktree: str, environment: Environment, arguments: Sequence[str]
    ) -> subprocess.Popen[bytes]:
        """Start git by GitPython's runner, in a session of its own: no terminal to ask on, no Ctrl+C from it.

        The folder is given by `-C`: GitPython expands `$` in a path, and runs git in the monitor's own folder when
        the one it was given is gone.
        """
        if self._git is None:
            self._git = _command_runner()
        from git.exc import GitCommandNotFound  # noqa: PLC0415 - 100 ms, only where git is asked

        command = [self._git.GIT_PYTHON_GIT_EXECUTABLE or "git", "--no-pager", "-C", worktree, *arguments]
        if environment.unset:  # GitPython adds to the inherited environment and cannot take away from it
            command = ["env", *(part for name in environment.unset for part in ("-u", name)), *command]
        try:
            running = self._git.execute(
                command, as_process=True, env=environment.variables, start_new_session=True
            )
        except GitCommandNotFound as error:
            raise _not_installed() from error
        except OSError as error:  # no descriptors, no memory, no more processes
            raise GitError(
                "failed", f"git could not be started in {clean(worktree)}: {clean(str(error))}"
            ) from error
        process: subprocess.Popen[bytes] | None = running.proc
        if process is None:
            raise RuntimeError("GitPython started git without a process")
        running.proc = None  # its finalizer would wait for the process without a time limit
        return process

    def _reap(self, process: subprocess.Popen[bytes], deadline: float) -> int:
        """Wait for the process, count its CPU time, give its exit status. Raises TimeoutError."""
        pause = 0.0001
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                self._spent.ms = self.thread_spent_ms + 1000 * (usage.ru_utime + usage.ru_stime)
                return process.returncode
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(pause)
            pause = min(pause * 2, 0.02)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Leave nothing behind: no process, no zombie, no open pipe."""
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            try:
                self._reap(process, time.monotonic() + _REAP_SECONDS)
            except TimeoutError:  # it sleeps in the kernel, on a dead network disk perhaps
                with self._lock:
                    self._unreaped.append(process)
        if self._unreaped:
            with self._lock:
                self._unreaped = [waiting for waiting in self._unreaped if waiting.poll() is None]


class _Bounded:
    """Keeps output up to OUTPUT_LIMIT; more than that raises GitError."""

    def __init__(self, worktree: str) -> None:
        self._worktree = worktree
        self.data = bytearray()

    def add(self, chunk: bytes) -> None:
        self.data += chunk
        if len(self.data) > OUTPUT_LIMIT:
            raise GitError(
                "failed",
                f"git printed more than {OUTPUT_LIMIT} bytes in {clean(self._worktree)} and was stopped",
            )


def _pump(process: subprocess.Popen[bytes], sink: Sink, deadline: float) -> str:
    """Read both pipes to their ends, or raise TimeoutError at the deadline. Gives what stderr said."""
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("GitPython started git without its pipes")
    output, errors = process.stdout.fileno(), process.stderr.fileno()
    said = bytearray()
    poll = select.poll()
    open_pipes = {output, errors}
    for descriptor in open_pipes:
        poll.register(descriptor, select.POLLIN)
    while open_pipes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        for descriptor, _ in poll.poll(1000 * left):
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                poll.unregister(descriptor)
                open_pipes.discard(descriptor)
            elif descriptor == output:
                sink(chunk)
            elif len(said) < _ERROR_LIMIT:
                said += chunk
    return said.decode("utf-8", "replace")


def _command_runner() -> Git:
    """GitPython's command object; the import must not fail where git is not installed."""
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from git.cmd import Git  # noqa: PLC0415 - 100 ms, only where git is asked

    return Git(os.sep)


def _not_installed() -> GitError:
    return GitError("failed", "git is not installed or not on PATH: install it to see branches and commits")
