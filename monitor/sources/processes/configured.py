"""The agents that the user named: whose process is found by a regular expression or by a pid file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.errors import SourceError
from monitor.sources.files import FileMissingError, Signature, read_file, signature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config import AgentSettings
    from monitor.model import Millis
    from monitor.sources.processes.table import Entry, ProcessTable

PID_FILE_LIMIT: Final = 4096
"""Bytes; a pid file has some ten."""
REUSE_SLACK_MS: Final = 5000
"""A process that was started so much later than its pid file was written is another one with its pid.

Programs write the file after they were started; the slack is for clocks: the file's is the wall clock, a start is
told by the boot time in whole seconds.
"""
_TEXT_LIMIT: Final = 4096
_FIRST_NUMBER: Final = re.compile(rb"\d{1,10}")

# What others run inside these is not theirs: `tmux new 'agent …'` would make every pane a part of that agent.
_CARRIERS: Final = frozenset(
    {
        "tmux",
        "tmux: server",
        "tmux: client",
        "screen",
        "SCREEN",
        "zellij",
        "dtach",
        "abduco",
        "systemd",
        "init",
    }
    | {"sshd", "sshd-session", "ssh", "mosh-server", "mosh-client", "login"}
)


class Matches:
    """The agents with `match`, in the order of the configuration."""

    def __init__(self, agents: Sequence[AgentSettings]) -> None:
        self._patterns = [(agent.id, re.compile(agent.match)) for agent in agents if agent.match]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, name: str, argv: Sequence[str]) -> str | None:
        """Id of the first agent whose expression is found in the command line.

        It is searched as `ps` prints it, and with the process's own name before the arguments: `^builder` finds a
        script that an interpreter runs under its own name.
        """
        if not argv or name in _CARRIERS:
            return None
        line = " ".join(argv)[:_TEXT_LIMIT]
        named = " ".join((name, *argv[1:]))[:_TEXT_LIMIT]
        return next(
            (id_ for id_, pattern in self._patterns if pattern.search(line) or pattern.search(named)), None
        )


class _PidFile:
    """One agent's pid file, and what it said when it was last read."""

    def __init__(self, agent_id: str, path: str) -> None:
        self.agent_id = agent_id
        self.path = path
        self.signature: Signature | None = None
        self.pid: int | None = None
        self.mtime: Millis = 0
        self.problem = ""

    def refresh(self) -> None:
        """Read the file again if it has changed."""
        now = signature(self.path)
        if now == self.signature:
            return
        self.signature, self.pid, self.problem = now, None, ""
        try:
            content = read_file(self.path, root=str(Path(self.path).parent), limit=PID_FILE_LIMIT)
        except FileMissingError:
            return
        except SourceError as error:
            self.problem = f"pid file of {self.agent_id}: {error}"
            return
        number = _FIRST_NUMBER.search(content.data)
        if number is None:
            self.problem = f"pid file of {self.agent_id}: {self.path} holds no process id"
        else:
            self.pid, self.mtime = int(number[0]), content.mtime


class PidFiles:
    """The agents with `pid_file`: looked at each tick, read when changed."""

    def __init__(self, agents: Sequence[AgentSettings]) -> None:
        self._files = [_PidFile(agent.id, agent.pid_file) for agent in agents if agent.pid_file]

    def find(self, table: ProcessTable) -> Mapping[Entry, str]:
        """The processes that the files name, with the agents' ids; without those whose pid was taken by another."""
        found: dict[Entry, str] = {}
        for file in self._files:
            file.refresh()
            entry = table.entries.get(file.pid) if file.pid is not None else None
            if entry is not None and table.started(entry) <= file.mtime + REUSE_SLACK_MS:
                found[entry] = file.agent_id
        return found

    @property
    def problem(self) -> str:
        """What is wrong with the files, for people; a missing file is no problem."""
        return "; ".join(file.problem for file in self._files if file.problem)
