"""Reads what Claude Code writes under `${CLAUDE_CONFIG_DIR:-~/.claude}`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.errors import SourceError
from monitor.model import ASKING, SUBAGENTS_LIMIT, Session
from monitor.sources.files import FileMissingError, read_file
from monitor.sources.sessions.claude_code.answers import Answers
from monitor.sources.sessions.claude_code.hook_log import HookLog
from monitor.sources.sessions.claude_code.lines import LINES, Line
from monitor.sources.sessions.claude_code.registry import Registered, Registry
from monitor.sources.sessions.claude_code.shapes import context_size
from monitor.sources.sessions.claude_code.transcript import Transcript, session_of
from monitor.sources.sessions.claude_code.turn import turn_of
from monitor.sources.sessions.hooks import HOOKS, HookRecord
from monitor.sources.sessions.ledger import NAME_LIMIT
from monitor.sources.sessions.log_files import LogFiles, LogFolder
from monitor.sources.values import as_text

if TYPE_CHECKING:
    from monitor.model import Millis
    from monitor.sources.sessions.reader import Progress, ReaderOptions

KIND: Final = "claude-code"
_DEPTH: Final = 3
"""Project, session, `subagents`."""
_META_LIMIT: Final = 65_536


class ClaudeCodeReader:
    """Sessions of Claude Code: a `SessionReader`."""

    kind = KIND

    def __init__(self, options: ReaderOptions) -> None:
        home = options.environ.get("CLAUDE_CONFIG_DIR") or f"{options.home}/.claude"
        self._targets = options.targets
        self._answers = Answers()
        self._projects = os.path.realpath(f"{home}/projects")
        self._files = LogFiles[Line, Transcript](
            LogFolder(self._projects, _is_transcript, depth=_DEPTH),
            LINES,
            self._transcript,
            Transcript.take,
            max_age_ms=options.max_age_ms,
            drop=lambda transcript: self._answers.forget(transcript.usage),
        )
        self._hooks: LogFiles[HookRecord, HookLog] | None = None
        if options.spool:
            self._hooks = LogFiles(
                LogFolder(options.spool, lambda path: path.endswith(".jsonl"), depth=0),
                HOOKS,
                lambda path: HookLog(session_of(path)[0], targets=options.targets),
                HookLog.take,
                max_age_ms=options.max_age_ms,
            )
        self._registry = Registry(f"{home}/sessions")
        self.folders = (self._registry.folder, self._projects, *((options.spool,) if options.spool else ()))
        self._registered: dict[str, Registered] = {}
        self._sessions: dict[str, Session] = {}

    def poll(self, now: Millis, budget: int) -> tuple[Session, ...]:
        """Read what is new; the very record of before stands for a session of which nothing is new."""
        changed = {transcript.session_id for transcript in self._files.look(now, budget)}
        if self._hooks is not None:
            changed |= {log.session_id for log in self._hooks.look(now, budget)}
        changed |= self._look_at_registry() | self._answers.moved()
        if changed:
            self._make(changed)
        return tuple(self._sessions.values())

    def follow(self, worktrees: tuple[str, ...]) -> None:
        """Claude Code keeps its logs in one place, whatever it works on."""

    @property
    def progress(self) -> Progress:
        """How far the reading has come of what was there."""
        return self._files.progress

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be understood."""
        bad = self._files.bad_lines
        found = [
            *self._files.problems.values(),
            *([self._registry.problem] if self._registry.problem else []),
        ]
        return (*found[:3], *((f"{bad} lines of transcripts could not be understood",) if bad else ()))

    def close(self) -> None:
        """Forget everything."""
        self._files.close()
        if self._hooks is not None:
            self._hooks.close()

    # --- files --------------------------------------------------------------------------------------------------

    def _transcript(self, path: str) -> Transcript:
        session_id, agent_id = session_of(path)
        transcript = Transcript(session_id, self._answers, aside=bool(agent_id), targets=self._targets)
        transcript.agent_id = agent_id
        if agent_id:
            transcript.agent_type = self._agent_type(path.removesuffix(".jsonl") + ".meta.json")
        return transcript

    def _agent_type(self, path: str) -> str:
        """The kind of a sub-agent, from the file beside its transcript; its description is not looked at."""
        try:
            meta = msgspec.json.decode(
                read_file(path, root=self._projects, limit=_META_LIMIT).data, type=_Meta
            )
        except (SourceError, FileMissingError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return as_text(meta.agentType, NAME_LIMIT)

    # --- the registry -------------------------------------------------------------------------------------------

    def _look_at_registry(self) -> set[str]:
        """Take the registry up; the sessions of which it tells something new."""
        newest: dict[str, Registered] = {}
        for entry in sorted(self._registry.look(), key=lambda entry: (entry.alive, entry.at or 0)):
            newest[entry.session_id] = entry
        before, self._registered = self._registered, newest
        return {
            session_id
            for session_id in before.keys() | newest.keys()
            if before.get(session_id) != newest.get(session_id)
        }

    # --- records ------------------------------------------------------------------------------------------------

    def _make(self, ids: set[str]) -> None:
        """Make the records of these sessions anew."""
        own: dict[str, Transcript] = {}
        children: dict[str, list[Transcript]] = {}
        for transcript in self._files.states:
            if transcript.session_id not in ids:
                continue
            if transcript.aside:
                children.setdefault(transcript.session_id, []).append(transcript)
            elif transcript.newest >= getattr(own.get(transcript.session_id), "newest", 0):
                own[transcript.session_id] = transcript
        logs = (
            {log.session_id: log for log in self._hooks.states if log.session_id in ids}
            if self._hooks
            else {}
        )
        for session_id in ids:
            session = self._session(
                session_id, own.get(session_id), children.get(session_id, []), logs.get(session_id)
            )
            if session is None:
                self._sessions.pop(session_id, None)
            elif self._sessions.get(session_id) != session:
                self._sessions[session_id] = session

    def _session(
        self, session_id: str, own: Transcript | None, children: list[Transcript], hooks: HookLog | None
    ) -> Session | None:
        entry = self._registered.get(session_id)
        if own is None and (entry is None or not entry.alive):
            return None
        turn = turn_of(own, hooks, entry)
        waits = turn.state in ASKING
        gauges = hooks.gauges if hooks else None
        session = Session(
            kind=KIND,
            session_id=session_id,
            version=entry.version if entry else "",
            cwd=entry.cwd if entry else None,
            pid=entry.pid if entry else None,
            process_start=entry.process_start if entry else None,
            started=entry.started if entry else None,
            updated=_newest(own, children, hooks, entry),
            turn_state=turn.state,
            state_since=turn.since,
            unsure=turn.unsure,
            tool=turn.tool,
            tool_target=turn.target,
            tool_since=turn.tool_since,
            waiting_for=turn.waiting_for,
            waiting_since=turn.since if waits else None,
            cost_usd=gauges.cost_usd if gauges else None,
            quotas=gauges.quotas if gauges else (),
            context_used=gauges.context_used if gauges else None,
            context_size=gauges.context_size if gauges else None,
            evidence=turn.evidence,
            conflict=turn.conflict,
        )
        return _with_transcripts(session, own, children) if own is not None else session


def _with_transcripts(session: Session, own: Transcript, children: list[Transcript]) -> Session:
    """The session with what adds up in its transcripts."""
    usage = own.usage
    newest = sorted(children, key=lambda child: -child.newest)
    for child in newest:
        usage = usage.merge(child.usage)
    used = own.context if own.context is not None else session.context_used
    wrong = session.turn_state in {"error", "limited"}
    return msgspec.structs.replace(
        session,
        model=own.model,
        version=own.version or session.version,
        cwd=own.cwd or session.cwd,
        started=own.started or session.started,
        limited_until=own.limited_until if session.turn_state == "limited" else None,
        error=own.error if wrong else "",
        errors=own.errors,
        tokens=usage.total,
        usage=usage.models(),
        hours=usage.hours(),
        context_used=used,
        context_size=session.context_size or context_size(own.model, used),
        calls=own.tools.calls(),
        tools=own.tools.stats(),
        edits=own.tools.edits(),
        edit_count=own.tools.edit_count,
        subagents=tuple(child.as_subagent() for child in newest[:SUBAGENTS_LIMIT]),
    )


def _newest(
    own: Transcript | None, children: list[Transcript], hooks: HookLog | None, entry: Registered | None
) -> Millis | None:
    times = [one.newest for one in (own, *children) if one is not None]
    times += [hooks.at or 0] if hooks else []
    times += [entry.at or 0] if entry and entry.alive else []
    return max(times, default=0) or None


def _is_transcript(path: str) -> bool:
    return path.endswith(".jsonl")


class _Meta(msgspec.Struct):
    """The file beside a sub-agent's transcript."""

    agentType: object = None  # noqa: N815 - its name in the file
