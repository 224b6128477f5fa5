"""What every reader of agents' own logs offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from monitor.model import Millis

if TYPE_CHECKING:
    from monitor.model import Session


class ReaderOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What every reader is told."""

    home: str
    """The user's home folder."""
    environ: dict[str, str] = {}
    """The environment: agents are told by it where their logs are (`CLAUDE_CONFIG_DIR`, `CODEX_HOME`)."""
    targets: bool = True
    """Whether file paths and command names may be kept."""
    max_age_ms: Millis = 7 * 86_400_000
    """Logs that were not written for longer are not read."""
    spool: str = ""
    """The folder of what hooks told; empty: there is none."""
    worktrees: tuple[str, ...] = ()
    """Worktrees of the agents that are known: for agents that keep their logs inside them."""


class Progress(msgspec.Struct, frozen=True):
    """How far the first reading has come, in bytes."""

    done: int
    total: int


class SessionReader(Protocol):
    """Reads the logs of one kind of agent. Everything blocks; all calls come from one thread.

    `poll` raises SourceError when nothing can be read; a log that is damaged or of an unknown version loses only what
    cannot be understood in it, and is told in `problems`.
    """

    kind: str
    """As in `Agent.kind`."""

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new, at most about `budget` bytes, the newest sessions first; all sessions as they are now.

        The very record of before stands for a session of which nothing is new. While `progress` is not done, the next
        call goes on with older logs.
        """
        ...

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """The worktrees of the agents that are known from now on."""
        ...

    @property
    def progress(self) -> Progress:
        """How far the reading has come of what was there."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be understood, a sentence each, at most a few."""
        ...

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders in which something happens when there is news, for the watcher; some may not exist."""
        ...

    def close(self) -> None:
        """Let go of every file."""
        ...
