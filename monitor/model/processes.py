"""Agents, and the processes that they are seen by."""

from __future__ import annotations

import msgspec

from monitor.model.words import Millis, Origin


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that works in a worktree. `id` survives restarts (DESIGN.md §4)."""

    id: str
    name: str
    kind: str
    """Agent program (`claude-code`, `codex`, …) or `custom`."""
    role: str = ""
    worktree: str | None = None
    """Absolute path, symlinks resolved."""
    host: str = ""
    origin: Origin = "discovered"


class ProcessKey(msgspec.Struct, frozen=True):
    """A process for ever: pids are reused, this is not.

    `start` is field 22 of `/proc/<pid>/stat` (clock ticks since boot) on Linux and the creation time in
    milliseconds elsewhere.
    """

    boot_id: str
    pid: int
    start: int


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One process of an agent's tree. Numbers are None when the process denied or lost them."""

    pid: int
    ppid: int
    name: str
    state: str
    """One letter, as ps prints it: R S D T Z I."""
    depth: int = 0
    cpu_usage: float | None = None
    memory_usage: int | None = None
    thread_count: int | None = None
    started: Millis | None = None
    ports: tuple[int, ...] = ()
    """TCP ports on which it listens, ascending."""


class ProcessGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's process tree, summed over its processes.

    A sum of which some part could not be read is None, and `unknown` says why.
    """

    key: ProcessKey
    kind: str
    name: str
    """Program name with allow-listed flags only; never the command line."""
    cwd: str | None = None
    configured: str | None = None
    """Id of the configured agent whose `match` or `pid_file` found it."""
    started: Millis | None = None
    cpu_usage: float | None = None
    memory_usage: int | None = None
    memory_percent: float | None = None
    thread_count: int | None = None
    process_count: int = 1
    uptime_seconds: int | None = None
    unknown: str = ""


class ProcessExit(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an agent's topmost process. `exit_code` and `signal` are None where nobody but its parent can know."""

    key: ProcessKey
    kind: str
    name: str
    at: Millis
    cwd: str | None = None
    exit_code: int | None = None
    signal: int | None = None


class ProcessReading(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the process table."""

    at: Millis
    groups: tuple[ProcessGroup, ...]
    started: tuple[ProcessGroup, ...] = ()
    """Those of `groups` that were not there at the last look."""
    stopped: tuple[ProcessExit, ...] = ()
    total: int = 0
    """Processes on the host."""
    degraded: str = ""
    """Why this look is less than a full one ("file descriptors ran out"), else empty."""
