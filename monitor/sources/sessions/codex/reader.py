"""Reads the rollout files of Codex CLI: `${CODEX_HOME:-~/.codex}/sessions/YYYY/MM/DD/rollout-*.jsonl`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.model import SUBAGENTS_LIMIT
from monitor.sources.sessions.codex.lines import LINES, Line
from monitor.sources.sessions.codex.rollout import Rollout
from monitor.sources.sessions.log_files import LogFiles, LogFolder
from monitor.sources.sessions.reader import Progress

if TYPE_CHECKING:
    from monitor.model import Millis, Session
    from monitor.sources.sessions.reader import ReaderOptions

_DEPTH: Final = 3
"""Year, month and day."""
_FOLDERS: Final = ("sessions", "archived_sessions")


class CodexReader:
    """Sessions of Codex CLI: a `SessionReader`."""

    kind = "codex"

    def __init__(self, options: ReaderOptions) -> None:
        home = options.environ.get("CODEX_HOME") or f"{options.home}/.codex"
        self._files = [
            LogFiles[Line, Rollout](
                LogFolder(f"{home}/{name}", _is_rollout, depth=_DEPTH),
                LINES,
                lambda path: Rollout(path, targets=options.targets),
                Rollout.take,
                max_age_ms=options.max_age_ms,
            )
            for name in _FOLDERS
        ]
        self.folders = tuple(f"{home}/{name}" for name in _FOLDERS)
        self._sessions: dict[str, Session] = {}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a session of which nothing is new."""
        changed: list[Rollout] = []
        for files in self._files:
            changed += files.look(now, budget)
        if changed:
            self._make({rollout.parent_id or rollout.session_id for rollout in changed})
        return tuple(self._sessions.values())

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """Codex keeps its logs in one place, whatever it works on."""

    @property
    def progress(self) -> Progress:
        """How far the reading has come of what was there."""
        both = [files.progress for files in self._files]
        return Progress(sum(one.done for one in both), sum(one.total for one in both))

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be understood."""
        found = [problem for files in self._files for problem in files.problems.values()]
        bad = sum(files.bad_lines for files in self._files)
        return (*found[:3], *((f"{bad} lines of rollout files could not be understood",) if bad else ()))

    def close(self) -> None:
        """Forget everything."""
        for files in self._files:
            files.close()

    def _make(self, ids: set[str]) -> None:
        """Make the records of these sessions anew; a resumed session may be in several files, the newest counts."""
        own: dict[str, Rollout] = {}
        children: dict[str, list[Rollout]] = {}
        for files in self._files:
            for rollout in files.states:
                if rollout.parent_id is not None:
                    if rollout.parent_id in ids:
                        children.setdefault(rollout.parent_id, []).append(rollout)
                elif rollout.session_id in ids and (
                    rollout.session_id not in own or own[rollout.session_id].newest < rollout.newest
                ):
                    own[rollout.session_id] = rollout
        for session_id in ids:
            if session_id in own:
                newest = sorted(children.get(session_id, ()), key=lambda child: -child.newest)[
                    :SUBAGENTS_LIMIT
                ]
                session = own[session_id].session(tuple(newest))
                if self._sessions.get(session_id) != session:
                    self._sessions[session_id] = session
            else:
                self._sessions.pop(session_id, None)


def _is_rollout(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("rollout-") and name.endswith(".jsonl")
