"""Reads the sessions of opencode from its SQLite files, `${XDG_DATA_HOME:-~/.local/share}/opencode/opencode*.db`."""

from __future__ import annotations

import glob
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from monitor.errors import SourceError
from monitor.model import SUBAGENTS_LIMIT, Evidence, Millis, Session, Subagent, TokenCounts, TurnState
from monitor.sources.files import Signature, signature
from monitor.sources.foreign_sqlite import ForeignDatabase
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.log_files import LIVE_MS
from monitor.sources.sessions.reader import Progress
from monitor.sources.sessions.targets import absolute_path, path_target, program_of
from monitor.sources.values import as_count, as_number, as_text, as_time
from monitor.statements import statement

if TYPE_CHECKING:
    from monitor.sources.sessions.reader import ReaderOptions

KIND: Final = "opencode"
_SESSIONS_LIMIT: Final = 2_000
_ROW_BYTES: Final = 1_000
"""About what a message takes: the budget is in bytes, SQLite gives rows."""
_MESSAGES_LIMIT: Final = 20_000
_EDITS: Final = frozenset({"edit", "write", "patch", "multiedit"})
_QUESTIONS: Final = frozenset({"question"})
_INTERRUPTED: Final = "MessageAbortedError"
_RUNNING: Final = frozenset({"running", "pending"})


class OpencodeReader:
    """Sessions of opencode: a `SessionReader`. The program's live state is only in its memory, and it names no pid."""

    kind = KIND

    def __init__(self, options: ReaderOptions) -> None:
        data = options.environ.get("XDG_DATA_HOME") or f"{options.home}/.local/share"
        self._folder = f"{data}/opencode"
        self.folders = (self._folder,)
        self._targets = options.targets
        self._max_age_ms = options.max_age_ms
        self._files: dict[str, ForeignDatabase] = {}
        self._folder_seen: Signature | None = None
        self._told: dict[str, _Told] = {}
        self._waiting: dict[str, int] = {}
        """By file, how many sessions are not read yet."""
        self._problems: dict[str, str] = {}
        self._sessions: dict[str, Session] = {}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a session of which nothing is new."""
        moved = signature(self._folder)
        if moved != self._folder_seen:  # a file has come or gone
            self._folder_seen = moved
            found = sorted(glob.glob(f"{glob.escape(self._folder)}/opencode*.db"))
            self._files = {path: self._files.get(path) or ForeignDatabase(path) for path in found}
        for path, file in self._files.items():
            if not file.changed() and not self._waiting.get(path):
                continue
            try:
                with file.opened() as db:
                    self._read(path, db, now, budget)
                self._problems.pop(path, None)
            except SourceError as error:
                self._problems[path] = str(error)
        return tuple(self._sessions.values())

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """Opencode keeps its sessions in one place, whatever it works on."""

    @property
    def progress(self) -> Progress:
        """Sessions that were read, and sessions there are, in about bytes."""
        known = len(self._told)
        return Progress(known * _ROW_BYTES, (known + sum(self._waiting.values())) * _ROW_BYTES)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read."""
        return tuple(self._problems.values())[:3]

    def close(self) -> None:
        """Nothing is held open."""

    # --- rows ---------------------------------------------------------------------------------------------------

    def _read(self, path: str, db: sqlite3.Connection, now: Millis, budget: int) -> None:
        since = {"since": now - self._max_age_ms}
        rows = _rows(db, "opencode_sessions", **since, limit=_SESSIONS_LIMIT)
        times: dict[str, sqlite3.Row] = {}
        try:
            times = {row["id"]: row for row in _rows(db, "opencode_session_times", **since)}
        except sqlite3.OperationalError:
            times = {}  # an older version has no such columns
        changed: set[str] = set()
        waiting = 0
        # What is new comes first; a call may begin without a trace in its session's row, so those that live come after.
        for row in sorted(rows, key=self._is_known):
            number = as_text(row["id"], NAME_LIMIT)
            told = self._told.get(number)
            if told is not None and self._is_known(row) and now - told.newest >= LIVE_MS:
                continue
            if budget <= 0:
                waiting += told is None
                continue
            if told is None:
                told = self._told[number] = _Told(number, targets=self._targets)
            budget -= _ROW_BYTES * (1 + told.take(db, row, times.get(row["id"])))
            changed.add(told.parent_id or number)
        self._waiting[path] = waiting
        self._make(changed)

    def _is_known(self, row: sqlite3.Row) -> bool:
        told = self._told.get(as_text(row["id"], NAME_LIMIT))
        return told is not None and told.updated == row["time_updated"]

    def _make(self, ids: set[str]) -> None:
        """Make the records of these sessions anew, each with its sub-sessions."""
        children: dict[str, list[_Told]] = {}
        for told in self._told.values():
            if told.parent_id in ids:
                children.setdefault(told.parent_id, []).append(told)
        for number in ids:
            own = self._told.get(number)
            if own is None:
                continue
            newest = sorted(children.get(number, ()), key=lambda child: -child.newest)[:SUBAGENTS_LIMIT]
            session = own.session(newest)
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
        self._counted: dict[str, tuple[Millis | None, str, TokenCounts, float]] = {}
        self._since = 0
        self._cwd: str | None = None
        self._version = ""
        self._role = ""
        self._model = ""
        self._started: Millis | None = None
        self._newest: Millis = 0
        self._state: TurnState = "unknown"
        self._state_since: Millis | None = None
        self._why = ""
        self._context: int | None = None
        self._cost = 0.0
        self._error = ""
        self._failed: set[str] = set()

    @property
    def newest(self) -> Millis:
        """Time of its newest row; 0 when none has any."""
        return self._newest

    def take(self, db: sqlite3.Connection, row: sqlite3.Row, times: sqlite3.Row | None) -> int:
        """Take up what was written of this session since the last time; how many rows that were."""
        self.updated = row["time_updated"]
        self.parent_id = as_text(row["parent_id"], NAME_LIMIT)
        self._cwd = absolute_path(row["directory"])
        self._version = as_text(row["version"], NAME_LIMIT)
        self._started = as_time(row["time_created"])
        self._role = as_text(times["agent"], NAME_LIMIT) if times else ""
        what = {"session_id": row["id"], "since": self._since}
        messages, parts = _rows(db, "opencode_messages", **what), _rows(db, "opencode_parts", **what)
        for message in messages:
            self._take_message(message)
        for part in parts:
            self._take_part(part)
        self._since = max([self._since, *(as_count(one["time_updated"]) or 0 for one in (*messages, *parts))])
        self._newest = max(self._newest, self._since, as_time(row["time_updated"]) or 0)
        self._conclude(times)
        return len(messages) + len(parts)

    def _take_message(self, row: sqlite3.Row) -> None:
        at = as_time(row["time_created"])
        if row["role"] == "user":
            self._set("thinking", at, "a person wrote")
            return
        if row["role"] != "assistant":
            return
        self._model = as_text(row["model"], NAME_LIMIT) or self._model
        tokens = _tokens_of(row)
        self._count(as_text(row["id"], NAME_LIMIT), at, tokens, as_number(row["cost"]) or 0.0)
        if tokens.total:
            self._context = tokens.input + tokens.cache_read + tokens.cache_write
        completed = as_time(row["completed"])
        if row["error"] == _INTERRUPTED:
            self._set("idle", completed or at, "the turn was interrupted")
        elif row["error"] is not None:
            self._failed.add(row["id"])
            self._error = f"the API answered with an error ({as_text(row['error'], NAME_LIMIT)})"
            self._set("error", completed or at, self._error)
        elif completed is not None and row["finish"] not in {"tool-calls", None}:
            self._set("idle", completed, "the turn ended")
        else:
            self._set("thinking", at, "the model answers")

    def _count(self, number: str, at: Millis | None, tokens: TokenCounts, cost: float) -> None:
        before = self._counted.get(number)
        if before is not None:
            self.usage.take_back(*before[:3])
            self._cost -= before[3]
        elif len(self._counted) >= _MESSAGES_LIMIT:
            del self._counted[next(iter(self._counted))]
        self._counted[number] = (at, self._model, tokens, cost)
        self.usage.add(at, self._model, tokens)
        self._cost += cost

    def _take_part(self, row: sqlite3.Row) -> None:
        if row["type"] == "patch":
            return
        call_id, tool = as_text(row["call_id"], NAME_LIMIT), as_text(row["tool"], NAME_LIMIT)
        if not call_id or not tool:
            return
        target = path_target(row["path"], self._cwd) if row["path"] else program_of(row["command"] or "")
        target = target or as_text(row["subagent"], NAME_LIMIT)
        kept = target if self._targets else ""
        self._tools.begin(call_id, tool, kept, as_time(row["started"]) or as_time(row["time_updated"]))
        if row["status"] in _RUNNING or self._tools.ended(call_id):
            return
        failed = row["status"] == "error"
        denied = failed and "reject" in str(row["error"] or "")
        self._tools.end(call_id, as_time(row["ended"]), "denied" if denied else "error" if failed else "ok")
        if not failed and tool in _EDITS:
            self._tools.edited(kept)

    def _conclude(self, times: sqlite3.Row | None) -> None:
        """A call without an end stands above what the messages say, as do a summing up and an archive."""
        pending = self._tools.pending
        if self._state in {"idle", "error"}:
            self._tools.drop()
        elif pending is not None:
            asks = pending.name in _QUESTIONS
            self._set("input" if asks else "tool", pending.started, f"{pending.name} was called")
        if times is not None and times["time_archived"] is not None:
            self._set("ended", as_time(times["time_archived"]), "the session was put away")
        elif times is not None and times["time_compacting"] is not None:
            self._set("compacting", as_time(times["time_compacting"]), "the context is being summed up")

    def _set(self, state: TurnState, at: Millis | None, why: str) -> None:
        if state != self._state or state == "tool":
            self._state_since = at
        self._state, self._why = state, why

    def session(self, children: list[_Told]) -> Session:
        """The session as it is now, with its sub-sessions."""
        usage, cost = self.usage, self._cost
        for child in children:
            usage, cost = usage.merge(child.usage), cost + child._cost  # noqa: SLF001 - of its own kind
        pending = self._tools.pending if self._state in {"tool", "input"} else None
        return Session(
            kind=KIND,
            session_id=self.session_id,
            model=self._model,
            version=self._version,
            cwd=self._cwd,
            started=self._started,
            updated=max(one.newest for one in (self, *children)) or None,
            turn_state=self._state,
            state_since=self._state_since,
            unsure=self._state == "tool",
            tool=pending.name if pending else "",
            tool_target=pending.target if pending else "",
            tool_since=pending.started if pending else None,
            waiting_for="an answer" if self._state == "input" else "",
            waiting_since=self._state_since if self._state == "input" else None,
            error=self._error if self._state == "error" else "",
            tokens=usage.total,
            usage=usage.models(),
            hours=usage.hours(),
            cost_usd=round(cost, 6) if cost > 0 else None,
            context_used=self._context,
            calls=self._tools.calls(),
            tools=self._tools.stats(),
            edits=self._tools.edits(),
            edit_count=self._tools.edit_count,
            errors=len(self._failed),
            subagents=tuple(child.as_subagent() for child in children),
            evidence=(Evidence(kind="log", at=self._state_since, text=f"database: {self._why}"),),
        )

    def as_subagent(self) -> Subagent:
        """The same as a part of the session that started it."""
        return Subagent(
            session_id=self.session_id,
            kind=self._role,
            turn_state=self._state,
            started=self._started,
            updated=self._newest or None,
            tokens=self.usage.total,
        )


def _rows(db: sqlite3.Connection, name: str, **parameters: Any) -> list[sqlite3.Row]:
    return db.execute(statement("sessions", name), parameters).fetchall()


def _tokens_of(row: sqlite3.Row) -> TokenCounts:
    """Opencode counts input without what came from the cache, and reasoning beside the output."""
    reasoning = as_count(row["reasoning"]) or 0
    return TokenCounts(
        input=as_count(row["input"]) or 0,
        output=(as_count(row["output"]) or 0) + reasoning,
        cache_read=as_count(row["cache_read"]) or 0,
        cache_write=as_count(row["cache_write"]) or 0,
        reasoning=reasoning,
    )
