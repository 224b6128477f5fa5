"""What a coding agent's own log tells of its session: its turn, its tools, its tokens, what it waits for."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from monitor.model.conclusions import Evidence
from monitor.model.words import Millis

TurnState = Literal[
    "thinking",
    "tool",
    "permission",
    "input",
    "limited",
    "compacting",
    "idle",
    "error",
    "ended",
    "unknown",
]
"""The model answers; a tool runs; a person has to permit something; a person has to answer a question or a dialog; a
rate or usage limit holds; the context is being summed up; the turn is over and nothing was asked; the last answer was
an error; the session is over; the log does not tell."""
WORKING: Final = frozenset[TurnState]({"thinking", "tool", "compacting"})
"""States in which the agent goes on by itself."""
ASKING: Final = frozenset[TurnState]({"permission", "input"})
"""States in which a person has to do something."""
ToolOutcome = Literal["ok", "error", "denied"]
COMMAND_TOOLS: Final = frozenset(
    {
        "bash",
        "container.exec",
        "developer__shell",
        "exec_command",
        "execute_command",
        "local_shell",
        "run_shell_command",
        "shell",
        "shell_command",
    }
)
"""Tools that run a program, in lower case: a process is started for them, and only the program's name is known."""

CALLS_LIMIT: Final = 50
"""Tool calls of a session that are kept, the newest."""
EDITS_LIMIT: Final = 20
"""Edited files of a session that are kept, the newest."""
HOURS_LIMIT: Final = 48
"""Hours of a session's usage that are kept."""
SUBAGENTS_LIMIT: Final = 20


class TokenCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, each counted once: `input` without what came from the cache or went into it."""

    input: int = 0
    output: int = 0
    """Reasoning included."""
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    """The part of `output` that was reasoning; 0 where the log does not tell."""

    @property
    def total(self) -> int:
        """Everything that was read and written."""
        return self.input + self.output + self.cache_read + self.cache_write

    def plus(self, other: TokenCounts) -> TokenCounts:
        """The sum of both."""
        return TokenCounts(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            reasoning=self.reasoning + other.reasoning,
        )

    def minus(self, other: TokenCounts) -> TokenCounts:
        """What is left without the other."""
        return TokenCounts(
            input=self.input - other.input,
            output=self.output - other.output,
            cache_read=self.cache_read - other.cache_read,
            cache_write=self.cache_write - other.cache_write,
            reasoning=self.reasoning - other.reasoning,
        )


class ModelUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model, in one hour or altogether."""

    model: str
    tokens: TokenCounts
    hour: Millis | None = None
    """Start of the hour; None: of the whole session."""
    cost_usd: float | None = None
    """As the agent itself says, else by the price table; None: the model has no price here."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that the agent used. Names and paths only: never what it read, wrote or answered."""

    call_id: str
    name: str
    target: str = ""
    """File or command name that it works on; empty when there is none, or when the settings say so."""
    started: Millis | None = None
    ended: Millis | None = None
    """None while it runs, and when the log never told."""
    outcome: ToolOutcome | None = None


class ToolStat(msgspec.Struct, frozen=True, kw_only=True):
    """All calls of one tool in a session."""

    name: str
    calls: int = 0
    errors: int = 0
    denied: int = 0
    total_ms: Millis = 0
    """Of the calls whose end is known."""


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """A usage window of the agent's account."""

    name: str
    """`five_hour`, `seven_day`, `primary`, `secondary`."""
    used_percent: float
    resets_at: Millis | None = None
    window_minutes: int | None = None


class Subagent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that the session started for a part of its work."""

    session_id: str
    kind: str = ""
    """Its type, as the agent names it."""
    turn_state: TurnState = "unknown"
    started: Millis | None = None
    updated: Millis | None = None
    tokens: TokenCounts = TokenCounts()


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session is heading, if it goes on as it did of late; None where nothing can be said."""

    tokens_per_hour: int | None = None
    """All tokens over the last 60 minutes, the cache's included."""
    usd_per_hour: float | None = None
    """What they cost; None when nothing of the session has a price."""
    context_full_at: Millis | None = None
    """When the context window will be full."""
    quota_full_at: Millis | None = None
    """When the first of the account's quotas will be used up; None when it is given anew before that."""
    quota_name: str = ""
    """That quota, as in `Quota.name`."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session of a coding agent (key `agents:{id}:session`), in one shape for every kind of agent.

    No prompt, answer, file content or tool output is in it. What a log does not tell is None, empty, or `unknown`.
    """

    kind: str
    """As in `Agent.kind`."""
    session_id: str
    model: str = ""
    version: str = ""
    """Of the agent program."""
    cwd: str | None = None
    """The folder it works in, as its log says."""
    parent_id: str | None = None
    pid: int | None = None
    """Of its process, where the agent itself tells."""
    process_start: int | None = None
    """Field 22 of `/proc/<pid>/stat` of that process: guards against a reused pid."""
    started: Millis | None = None
    updated: Millis | None = None
    """Newest sign of it."""
    turn_state: TurnState = "unknown"
    state_since: Millis | None = None
    unsure: bool = False
    """In state `tool`: the call may as well wait for a permission, the log does not tell."""
    tool: str = ""
    """Name of the tool that runs, or for which permission is asked."""
    tool_target: str = ""
    tool_since: Millis | None = None
    waiting_for: str = ""
    """What a person has to give, in states `permission` and `input`: `permission: Bash`, `an answer`."""
    waiting_since: Millis | None = None
    limited_until: Millis | None = None
    error: str = ""
    """The newest error, in states `error` and `limited`."""
    tokens: TokenCounts = TokenCounts()
    usage: tuple[ModelUsage, ...] = ()
    """By model, over the whole session; sub-agents included."""
    hours: tuple[ModelUsage, ...] = ()
    """By hour and model, the newest `HOURS_LIMIT` hours, oldest first."""
    cost_usd: float | None = None
    """Over the whole session; None when nothing of it has a price."""
    context_used: int | None = None
    """Tokens in the context window now."""
    context_size: int | None = None
    calls: tuple[ToolCall, ...] = ()
    """Newest first, at most `CALLS_LIMIT`."""
    tools: tuple[ToolStat, ...] = ()
    """By tool, the most used first."""
    edits: tuple[str, ...] = ()
    """Files that it edited, the newest first, at most `EDITS_LIMIT`."""
    edit_count: int = 0
    errors: int = 0
    """API errors so far."""
    quotas: tuple[Quota, ...] = ()
    subagents: tuple[Subagent, ...] = ()
    """The newest `SUBAGENTS_LIMIT`."""
    conflict: str = ""
    """Which evidence was believed against a stronger one: `by its transcript, against its registry: idle`."""
    forecast: Forecast = Forecast()
    """Where it was heading when it was last at work."""
    evidence: tuple[Evidence, ...] = ()
    """What `turn_state` rests on, the strongest first."""
