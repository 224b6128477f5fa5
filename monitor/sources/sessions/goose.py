"""Reads the sessions of goose from its SQLite file, `${XDG_DATA_HOME:-~/.local/share}/goose/sessions/sessions.db`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from monitor.errors import SourceError
from monitor.model import Evidence, Millis, Session, Subagent, TokenCounts, TurnState
from monitor.sources.foreign_sqlite import ForeignDatabase, value
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.log_files import LIVE_MS
from monitor.sources.sessions.reader import Progress
from monitor.sources.sessions.targets import absolute_path, path_target, program_of
from monitor.sources.values import as_count, as_number, as_text, as_time
from monitor.statements import statement

if TYPE_CHECKING:
    import sqlite3

    from monitor.sources.sessions.reader import ReaderOptions

KIND: Final = "goose"
_SESSIONS_LIMIT: Final = 2_000
_ROW_BYTES: Final = 1_000
"""About what a message takes: the budget is in bytes, SQLite gives rows."""
_ASKS: Final = frozenset({"toolConfirmationRequest", "frontendToolRequest", "actionRequired"})
"""Parts of a message that wait for a person, of several versions."""
_EDITOR: Final = "text_editor"


class GooseReader:
    """Sessions of goose: a `SessionReader`. It names no pid: a session is known by the folder that it works in."""

    kind = KIND

    def __init__(self, options: ReaderOptions) -> None:
        data = options.environ.get("XDG_DATA_HOME") or f"{options.home}/.local/share"
        root = options.environ.get("GOOSE_PATH_ROOT")
        self._folder = f"{root}/data/sessions" if root else f"{data}/goose/sessions"
        self.folders = (self._folder,)
        self._targets = options.targets
        self._max_age_ms = options.max_age_ms
        self._file = ForeignDatabase(f"{self._folder}/sessions.db")
        self._told: dict[str, _Told] = {}
        self._waiting = 0
        self._problem = ""
        self._sessions: dict[str, Session] = {}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a session of which nothing is new."""
        if self._file.size and (self._waiting or self._file.changed()):
            try:
                with self._file.opened() as db:
                    self._read(db, now, budget)
                self._problem = ""
            except SourceError as error:
                self._problem = str(error)
        return tuple(self._sessions.values())

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """Goose keeps its sessions in one place, whatever it works on."""

    @property
    def progress(self) -> Progress:
        """Sessions that were read, and sessions there are, in about bytes."""
        known = len(self._told)
        return Progress(known * _ROW_BYTES, (known + self._waiting) * _ROW_BYTES)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read."""
        return (self._problem,) if self._problem else ()

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, db: sqlite3.Connection, now: Millis, budget: int) -> None:
        since = datetime.fromtimestamp(max(0, now - self._max_age_ms) / 1000, UTC).strftime(
            "%Y-%m-%d %H:%M:%S"
        )
        rows = db.execute(
            statement("sessions", "goose_sessions"), {"since": since, "limit": _SESSIONS_LIMIT}
        ).fetchall()
        changed: set[str] = set()
        self._waiting = 0
        for row in rows:
            number = as_text(row["id"], NAME_LIMIT)
            told = self._told.get(number)
            if told is not None and told.updated == row["updated_at"] and now - told.newest >= LIVE_MS:
                continue
            if budget <= 0:
                self._waiting += told is None
                continue
            if told is None:
                told = self._told[number] = _Told(number, targets=self._targets)
            budget -= _ROW_BYTES * (1 + told.take(db, row))
            changed.add(told.parent_id or number)
        for number in changed & self._told.keys():
            children = [told for told in self._told.values() if told.parent_id == number]
            session = self._told[number].session(children)
            if self._sessions.get(number) != session:
                self._sessions[number] = session


class _Told:
    """What one session has told so far."""

    def __init__(self, session_id: str, *, targets: bool) -> None:
        self.session_id = session_id
        self.parent_id = ""
        self.updated: Any = None
        self.usage = UsageLedger()
        self._tools = ToolLedger()
        self._targets = targets
        self._after = 0
        self._cwd: str | None = None
        self._model = ""
        self._mode = ""
        self._started: Millis | None = None
        self._newest: Millis = 0
        self._counted = TokenCounts()
        self._context: int | None = None
        self._size: int | None = None
        self._cost: float | None = None
        self._state: TurnState = "unknown"
        self._since: Millis | None = None
        self._why = ""
        self._asked = ""
        self._edits: dict[str, str] = {}

    @property
    def newest(self) -> Millis:
        """Time of its newest row; 0 when none has any."""
        return self._newest

    def take(self, db: sqlite3.Connection, row: sqlite3.Row) -> int:
        """Take up what was written of this session since the last time; how many rows that were."""
        self.updated = row["updated_at"]
        self.parent_id = as_text(value(row, "parent_session_id"), NAME_LIMIT)
        self._cwd = absolute_path(value(row, "working_dir"))
        self._mode = as_text(value(row, "goose_mode"), NAME_LIMIT)
        self._started = as_time(value(row, "created_at"))
        self._newest = max(self._newest, as_time(row["updated_at"]) or 0)
        config = _config_of(value(row, "model_config_json"))
        self._model = as_text(config.get("model_name"), NAME_LIMIT) or self._model
        self._size = as_count(config.get("context_limit"))
        self._context = as_count(value(row, "total_tokens"))
        self._cost = as_number(value(row, "accumulated_cost"))
        parts = db.execute(
            statement("sessions", "goose_messages"), {"session_id": row["id"], "after": self._after}
        ).fetchall()
        for number, part in enumerate(parts):
            newest = number + 1 == len(parts) or parts[number + 1]["id"] != part["id"]
            self._take_part(part, last=newest)
            self._after = max(self._after, part["id"])
        self._count(row)
        return len(parts)

    def _count(self, row: sqlite3.Row) -> None:
        """Goose counts over the whole session and tells no times: all of it counts for the hour in which that began.

        So it stays the same hour when the log is read again from its beginning.
        """
        now = TokenCounts(
            input=as_count(value(row, "accumulated_input_tokens")) or 0,
            output=as_count(value(row, "accumulated_output_tokens")) or 0,
            cache_read=as_count(value(row, "accumulated_cache_read_tokens")) or 0,
            cache_write=as_count(value(row, "accumulated_cache_write_tokens")) or 0,
        )
        cached = now.cache_read + now.cache_write
        now = msgspec.structs.replace(now, input=max(0, now.input - cached))
        if now.total > self._counted.total:
            self.usage.add(self._started or self._newest or None, self._model, now.minus(self._counted))
            self._counted = now

    def _take_part(self, row: sqlite3.Row, *, last: bool) -> None:
        at = as_time(row["at"])
        self._newest = max(self._newest, at or 0)
        kind, call_id = row["type"], as_text(row["call_id"], NAME_LIMIT)
        if kind == "toolRequest" and call_id:
            self._called(row, call_id, at)
        elif kind in _ASKS:
            self._asked = as_text(row["tool"], NAME_LIMIT)
            self._set("permission", at, "a confirmation is asked for")
        elif kind == "toolResponse" and call_id:
            failed = row["status"] == "error" or bool(row["is_error"])
            self._tools.end(call_id, at, "error" if failed else "ok")
            if (path := self._edits.pop(call_id, None)) is not None and not failed:
                self._tools.edited(path)
            if self._tools.pending is None:
                self._set("thinking", at, "the tool has ended")
        elif row["role"] == "user":
            self._tools.drop()
            self._set("thinking", at, "a person wrote")
        elif last and self._tools.pending is None and self._state != "permission":
            self._set("idle", at, "the turn ended")

    def _called(self, row: sqlite3.Row, call_id: str, at: Millis | None) -> None:
        tool = as_text(row["tool"], NAME_LIMIT) or "tool"
        target = path_target(row["path"], self._cwd) if row["path"] else program_of(row["command"] or "")
        self._tools.begin(call_id, tool, target if self._targets else "", at)
        if tool.endswith(_EDITOR) and row["path"] and row["command"] not in {"view", None}:
            self._edits[call_id] = target if self._targets else ""
        self._set("tool", at, f"{tool} was called")

    def _set(self, state: TurnState, at: Millis | None, why: str) -> None:
        if state != self._state or state == "tool":
            self._since = at
        self._state, self._why = state, why

    def session(self, children: list[_Told]) -> Session:
        """The session as it is now, with its sub-sessions."""
        usage = self.usage
        for child in children:
            usage = usage.merge(child.usage)
        pending = self._tools.pending if self._state in {"tool", "permission"} else None
        asks = self._state == "permission"
        tool = pending.name if pending else self._asked if asks else ""
        return Session(
            kind=KIND,
            session_id=self.session_id,
            model=self._model,
            cwd=self._cwd,
            started=self._started,
            updated=max(one.newest for one in (self, *children)) or None,
            turn_state=self._state,
            state_since=self._since,
            unsure=self._state == "tool" and self._mode != "auto",
            tool=tool,
            tool_target=pending.target if pending else "",
            tool_since=pending.started if pending else None,
            waiting_for=f"permission: {tool}".removesuffix(": ") if asks else "",
            waiting_since=self._since if asks else None,
            tokens=usage.total,
            usage=usage.models(),
            hours=usage.hours(),
            cost_usd=self._cost,
            context_used=self._context,
            context_size=self._size,
            calls=self._tools.calls(),
            tools=self._tools.stats(),
            edits=self._tools.edits(),
            edit_count=self._tools.edit_count,
            subagents=tuple(child.as_subagent() for child in children),
            evidence=(Evidence(kind="log", at=self._since, text=f"database: {self._why}"),),
        )

    def as_subagent(self) -> Subagent:
        """The same as a part of the session that started it."""
        return Subagent(
            session_id=self.session_id,
            turn_state=self._state,
            started=self._started,
            updated=self._newest or None,
            tokens=self.usage.total,
        )


def _config_of(text: Any) -> dict[str, Any]:
    if not isinstance(text, str):
        return {}
    try:
        config = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
