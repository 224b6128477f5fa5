"""Reads the chats of aider: `.aider.chat.history.md` in the root of each worktree that is known."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.errors import SourceError
from monitor.model import Evidence, Millis, Session, TokenCounts, TurnState
from monitor.sources.files import FileMissingError, Signature, signature
from monitor.sources.sessions.ledger import NAME_LIMIT, ToolLedger, UsageLedger
from monitor.sources.sessions.reader import Progress
from monitor.sources.sessions.tail import CHUNK, TextLines
from monitor.sources.sessions.targets import path_target
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.sources.sessions.reader import ReaderOptions

KIND: Final = "aider"
FILE: Final = ".aider.chat.history.md"
_STARTED: Final = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$")
_TOKENS: Final = re.compile(
    r"> Tokens: (?P<sent>[\d.,]+[kM]?) sent"
    r"(?:, (?P<written>[\d.,]+[kM]?) cache write)?"
    r"(?:, (?P<read>[\d.,]+[kM]?) cache hit)?"
    r", (?P<received>[\d.,]+[kM]?) received\."
    r"(?: Cost: \$(?P<cost>[\d.]+) message)?"
)
_MODEL: Final = re.compile(r"> (?:Main model|Model|Models): (?P<model>\S+)")
_VERSION: Final = re.compile(r"> Aider v(?P<version>[\w.+-]{1,40})")
_EDITED: Final = re.compile(r"> Applied edit to (?P<path>.{1,500}?)\s*$")
_RAN: Final = re.compile(r"> Running (?P<command>\S.{0,200})")
_ASKS: Final = re.compile(r"> .*\(Y\)es/\(N\)o[^\[]*(?:\[[^\]]*\]:?)?\s*(?P<answer>\S*)\s*$")
_GOES_ON: Final = re.compile(r"> (?:Attempt to fix|Add \S+ to the chat)")
"""Questions after a turn whose yes asks the model again."""
_YES: Final = frozenset({"y", "a"})
_FAILED: Final = re.compile(r"> (?:litellm\.)?(?P<kind>\w*(?:Error|Exception))\b")
_FENCE: Final = re.compile(r"(`{3,})(.*)")
_LIMITED: Final = "RateLimitError"
_UNITS: Final = {"k": 1_000, "M": 1_000_000}


class AiderReader:
    """Chats of aider: a `SessionReader`. A chat is known by its worktree: aider names neither a session nor a pid."""

    kind = KIND

    def __init__(self, options: ReaderOptions) -> None:
        self._targets = options.targets
        self._max_age_ms = options.max_age_ms
        self._chats: dict[str, _Chat] = {}
        self._sessions: dict[str, Session] = {}
        self._problems: dict[str, str] = {}
        self.follow(options.worktrees)

    @property
    def folders(self) -> tuple[str, ...]:
        """The worktrees themselves, which others watch already."""
        return ()

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """The worktrees in which a chat may be."""
        self._chats = {
            root: self._chats.get(root) or _Chat(root, targets=self._targets) for root in worktrees
        }
        self._sessions = {root: one for root, one in self._sessions.items() if root in self._chats}
        self._problems = {root: one for root, one in self._problems.items() if root in self._chats}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a chat of which nothing is new."""
        for root, chat in self._chats.items():
            if budget <= 0:
                break
            try:
                read = chat.read(budget, now - self._max_age_ms)
                self._problems.pop(root, None)
            except FileMissingError:
                self._sessions.pop(root, None)
                continue
            except SourceError as error:
                self._problems[root] = str(error)
                continue
            budget -= read
            if read and (session := chat.session()) is not None and self._sessions.get(root) != session:
                self._sessions[root] = session
        return tuple(self._sessions.values())

    @property
    def progress(self) -> Progress:
        """How far the reading has come of what was there."""
        total = sum(chat.size for chat in self._chats.values())
        return Progress(total - sum(chat.left for chat in self._chats.values()), total)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read."""
        return tuple(self._problems.values())[:3]

    def close(self) -> None:
        """Forget everything; no file is kept open."""
        self._chats.clear()


class _Chat:
    """What the history of one worktree has told so far. A new start of aider is a new session."""

    def __init__(self, root: str, *, targets: bool) -> None:
        self._root = root
        self._path = f"{root}/{FILE}"
        self._targets = targets
        self._lines = TextLines(FILE, root=root)
        self._signature: Signature | None = None
        self.size = 0
        self.left = 0
        self._begin(None)

    def _begin(self, started: Millis | None) -> None:
        self._started = started
        self._model = ""
        self._version = ""
        self._usage = UsageLedger()
        self._tools = ToolLedger()
        self._cost: float | None = None
        self._state: TurnState = "idle"
        self._why = "the chat began"
        self._error = ""
        self._errors = 0
        self._runs = 0
        self._fence = ""
        self._updated = started

    def read(self, budget: int, oldest: Millis) -> int:
        """Read what was appended; how many bytes. Raises FileMissingError or SourceError."""
        found = signature(self._path)
        if found is None:
            raise FileMissingError(f"{self._path} is not there.")
        self.size = found[1]
        if (found == self._signature and not self.left) or found[0] // 1_000_000 < oldest:
            return 0
        spent = 0
        while spent < budget:
            got = self._lines.read(min(CHUNK, budget - spent))
            if got.restarted:
                self._begin(None)
            for line in got.records:
                self._take(line)
            spent += got.size
            self.left = got.left if got.size else 0
            if not self.left:
                break
        self._signature = found
        if spent:
            self._updated = found[0] // 1_000_000
        return spent

    # --- lines --------------------------------------------------------------------------------------------------

    def _take(self, line: str) -> None:
        if found := _STARTED.match(line):
            self._begin(_local_time(found[1]))
        elif line.startswith("#### "):
            self._fence = ""
            self._set("thinking", "a person wrote")
        elif found := _FENCE.match(line):
            self._take_fence(found[1], alone=not found[2].strip())
        elif line.startswith("> ") and not self._fence:
            self._take_tool_line(line)

    def _take_fence(self, fence: str, *, alone: bool) -> None:
        """A block of code begins or ends: what the model quotes in it is nothing that the program said."""
        if not self._fence:
            self._fence = fence
        elif alone and fence.startswith(self._fence):
            self._fence = ""

    def _take_tool_line(self, line: str) -> None:
        """What the program itself says; what a person or the model said is not looked at."""
        if found := _TOKENS.match(line):
            self._count(found)
        elif found := _EDITED.match(line):
            self._edited(path_target(found["path"], self._root))
        elif found := _MODEL.match(line):
            self._model = clean(found["model"], NAME_LIMIT)
        elif found := _VERSION.match(line):
            self._version = found["version"]
        elif found := _ASKS.match(line):
            self._asked(line, found["answer"][:1].lower())
        elif found := _FAILED.match(line):
            self._failed(found["kind"])

    def _asked(self, line: str, answer: str) -> None:
        """A confirmation; the program writes it when it is answered, so that one that waits shows nowhere."""
        if not answer:
            self._set("permission", "a confirmation is asked for")
        elif self._state == "permission" or (answer in _YES and _GOES_ON.match(line)):
            self._set("thinking", "a confirmation was given")

    def _count(self, found: re.Match[str]) -> None:
        read, written = _number(found["read"]), _number(found["written"])
        tokens = TokenCounts(
            input=max(0, _number(found["sent"]) - read - written),
            output=_number(found["received"]),
            cache_read=read,
            cache_write=written,
        )
        self._usage.add(self._started, self._model, tokens)
        if found["cost"]:
            self._cost = (self._cost or 0.0) + float(found["cost"])
        self._set("idle", "the turn ended")

    def _edited(self, path: str) -> None:
        self._runs += 1
        call_id, kept = f"edit-{self._runs}", path if self._targets else ""
        self._tools.begin(call_id, "edit", kept, None)
        self._tools.end(call_id, None, "ok")
        self._tools.edited(kept)

    def _failed(self, kind: str) -> None:
        self._errors += 1
        self._error = f"the API answered with an error ({clean(kind, NAME_LIMIT)})"
        self._set("limited" if kind == _LIMITED else "error", self._error)

    def _set(self, state: TurnState, why: str) -> None:
        self._state, self._why = state, why

    def session(self) -> Session | None:
        """The newest session of this worktree; None before the first."""
        if self._started is None:
            return None
        waits = self._state == "permission"
        return Session(
            kind=KIND,
            session_id=f"{self._root}@{self._started}",
            model=self._model,
            version=self._version,
            cwd=self._root,
            started=self._started,
            updated=self._updated,
            turn_state=self._state,
            state_since=self._updated,
            waiting_for="permission" if waits else "",
            waiting_since=self._updated if waits else None,
            error=self._error if self._state in {"error", "limited"} else "",
            tokens=self._usage.total,
            usage=self._usage.models(),
            hours=self._usage.hours(),
            cost_usd=round(self._cost, 6) if self._cost is not None else None,
            calls=self._tools.calls(),
            tools=self._tools.stats(),
            edits=self._tools.edits(),
            edit_count=self._tools.edit_count,
            errors=self._errors,
            evidence=(Evidence(kind="log", at=self._updated, text=f"chat history: {self._why}"),),
        )


def _number(text: str | None) -> int:
    """`1,234`, `12k`, `1.2M`."""
    if not text:
        return 0
    unit = _UNITS.get(text[-1], 1)
    try:
        return round(float(text.rstrip("kM").replace(",", "")) * unit)
    except ValueError:
        return 0


def _local_time(text: str) -> Millis | None:
    """Aider writes the time of the machine that it runs on."""
    try:
        return int(time.mktime(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").timetuple()) * 1000)  # noqa: DTZ007
    except (ValueError, OverflowError):
        return None
