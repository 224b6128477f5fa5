"""Reads the chats of Gemini CLI: `~/.gemini/tmp/<project>/chats/session-*.jsonl`, and `.json` of older versions."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import SourceError
from monitor.model import SUBAGENTS_LIMIT
from monitor.sources.files import FileMissingError, read_file
from monitor.sources.sessions.gemini.chat import KIND, Chat
from monitor.sources.sessions.gemini.lines import LINES, Line
from monitor.sources.sessions.log_files import LogFiles, LogFolder
from monitor.sources.sessions.targets import absolute_path
from monitor.sources.sessions.whole_files import WholeFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Millis, Session
    from monitor.sources.sessions.reader import Progress, ReaderOptions

_DEPTH: Final = 3
"""Project, `chats`, and the session that started a sub-agent."""
_ROOT_LIMIT: Final = 4096


class GeminiReader:
    """Sessions of Gemini CLI: a `SessionReader`."""

    kind = KIND

    def __init__(self, options: ReaderOptions) -> None:
        self._targets = options.targets
        self._root = os.path.realpath(f"{options.environ.get('GEMINI_CLI_HOME') or options.home}/.gemini/tmp")
        self.folders = (self._root,)
        self._hashes: dict[str, str] = {}
        self.follow(options.worktrees)
        self._files = LogFiles[Line, Chat](
            LogFolder(self._root, lambda path: _is_chat(path, ".jsonl"), depth=_DEPTH),
            LINES,
            self._chat,
            Chat.take,
            max_age_ms=options.max_age_ms,
        )
        self._older = WholeFiles[Chat](
            LogFolder(self._root, lambda path: _is_chat(path, ".json"), depth=_DEPTH),
            self._whole,
            max_age_ms=options.max_age_ms,
        )
        self._sessions: dict[str, Session] = {}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a session of which nothing is new."""
        changed = self._files.look(now, budget) + self._older.look(now, budget)
        if changed:
            self._make({chat.parent_id or chat.session_id for chat in changed})
        return tuple(self._sessions.values())

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """Older versions tell the folder by its SHA-256 alone: it is known by comparing."""
        self._hashes = {hashlib.sha256(path.encode()).hexdigest(): path for path in worktrees}

    @property
    def progress(self) -> Progress:
        """How far the reading has come of what was there."""
        return self._files.progress

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be understood."""
        bad = self._files.bad_lines
        found = [*self._files.problems.values(), *self._older.problems.values()]
        return (*found[:3], *((f"{bad} lines of chats could not be understood",) if bad else ()))

    def close(self) -> None:
        """Forget everything."""
        self._files.close()

    # --- files --------------------------------------------------------------------------------------------------

    def _chat(self, path: str) -> Chat:
        return Chat(path, self._folder_of(path), targets=self._targets)

    def _whole(self, path: str, content: bytes) -> Chat | None:
        """A chat in one value; None when it is none."""
        try:
            line = LINES.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        chat = self._chat(path)
        chat.take([line])
        return chat if chat.session_id else None

    def _folder_of(self, path: str) -> str | None:
        """The folder that a project's name stands for: `tmp/<project>/.project_root` holds it."""
        project = path[len(self._root) + 1 :].partition("/")[0]
        try:
            content = read_file(f"{project}/.project_root", root=self._root, limit=_ROOT_LIMIT).data
        except (FileMissingError, SourceError):
            return self._hashes.get(project)
        return absolute_path(content.decode("utf-8", "replace").strip())

    # --- records ------------------------------------------------------------------------------------------------

    def _make(self, ids: set[str]) -> None:
        """Make the records of these sessions anew; of two files of a session the newest counts."""
        own: dict[str, Chat] = {}
        children: dict[str, list[Chat]] = {}
        for chat in self._every():
            if chat.parent_id is not None:
                children.setdefault(chat.parent_id, []).append(chat)
            elif chat.session_id in ids and chat.newest >= getattr(own.get(chat.session_id), "newest", 0):
                own[chat.session_id] = chat
        for session_id in ids:
            if session_id not in own:
                self._sessions.pop(session_id, None)
                continue
            chat = own[session_id]
            chat.cwd = chat.cwd or self._hashes.get(chat.project_hash)
            newest = sorted(children.get(session_id, ()), key=lambda child: -child.newest)[:SUBAGENTS_LIMIT]
            session = chat.session(tuple(newest))
            if self._sessions.get(session_id) != session:
                self._sessions[session_id] = session

    def _every(self) -> Iterator[Chat]:
        yield from self._files.states
        yield from self._older.states


def _is_chat(path: str, suffix: str) -> bool:
    folders = path.split("/")[-3:-1]
    return path.endswith(suffix) and "chats" in folders
