"""What live sessions cost the collector beside reading their logs: joined, judged, recorded; with and without news."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from monitor.collector.facts import FactBook
from monitor.collector.roster import Roster
from monitor.collector.session_book import SessionBook
from monitor.config import AgentSettings, Thresholds
from monitor.history.writing.session_rows import SessionEncoder
from monitor.model import ModelUsage, ProcessGroup, ProcessKey, Session, TokenCounts, ToolCall
from monitor.rules.alerts import find_all
from monitor.rules.facts import Situation
from monitor.rules.status import StatusBook

HOUR_MS = 3_600_000
ROUNDS = 200


class Collecting:
    """The parts of a tick that look at sessions; each agent has one, with fifty calls and the hours of a day."""

    def __init__(self, agents: int, *, with_sessions: bool = True) -> None:
        self.now = time.time_ns() // 1_000_000
        names = [f"agent-{number}" for number in range(agents)]
        self._roster = Roster(
            [AgentSettings(id=name, kind="claude-code", worktree=f"/shop/{name}") for name in names],
            host="here",
            worktree_of=lambda folder: folder,
        )
        self._groups = tuple(
            ProcessGroup(
                key=ProcessKey("boot", 100 + number, 7),
                kind="claude-code",
                name="claude",
                cwd=f"/shop/{name}",
                started=self.now - HOUR_MS,
                cpu_usage=1.0,
            )
            for number, name in enumerate(names)
        )
        told = {"claude-code": tuple(map(self._session, range(agents)))} if with_sessions else {}
        self._desk = SimpleNamespace(sessions=told, version=1, reading=lambda _kind: False)
        inputs = SimpleNamespace(
            sessions=self._desk, group_of=self._group_of, started_since=lambda _key, _at: 1
        )
        self._sessions = SessionBook(self._roster, cast("Any", inputs), lambda folder: folder)
        self._facts = FactBook(self._roster, Thresholds())
        self._statuses = StatusBook(Thresholds())
        self._encoder = SessionEncoder()

    def _session(self, number: int) -> Session:
        tokens = TokenCounts(input=1000, output=100, cache_read=30_000)
        hour = self.now - self.now % HOUR_MS
        return Session(
            kind="claude-code",
            session_id=f"s-{number}",
            cwd=f"/shop/agent-{number}",
            pid=100 + number,
            process_start=7,
            started=self.now - HOUR_MS,
            updated=self.now,
            turn_state="tool",
            state_since=self.now,
            tool="Bash",
            tool_target="git",
            tokens=tokens,
            hours=tuple(
                ModelUsage(model="claude-opus-4-8", tokens=tokens, hour=hour - back * HOUR_MS, cost_usd=0.1)
                for back in range(24, -1, -1)
            ),
            context_used=31_000,
            context_size=200_000,
            calls=tuple(
                ToolCall(call_id=f"c-{call}", name="Bash", target="git", started=self.now - call * 1000)
                for call in range(50)
            ),
        )

    def _group_of(self, pid: int, _start: int | None) -> ProcessKey:
        return ProcessKey("boot", pid, 7)

    def write(self) -> None:
        """Every log tells something new."""
        told = self._desk.sessions["claude-code"]
        self._desk.sessions = {
            "claude-code": tuple(
                msgspec.structs.replace(one, tokens=one.tokens.plus(one.tokens)) for one in told
            )
        }
        self._desk.version += 1

    def tick(self) -> None:
        """One tick's share."""
        self.now += 2000
        self._roster.apply_processes(self._groups, self.now)
        self._sessions.look(self.now)
        self._facts.watch_memory(self.now)
        facts = {
            member.agent.id: self._facts.facts(
                member,
                self.now,
                worktree=None,
                files_changed_at=None,
                last_commit_at=None,
                failed_probes=(),
                session=self._sessions.told(member.agent.id),
            )
            for member in self._roster.members
        }
        statuses = tuple(self._statuses.update(known, self.now) for known in facts.values())
        situation = Situation(
            now=self.now, statuses=statuses, facts=facts, spend=self._sessions.spent(self.now)
        )
        find_all(situation, Thresholds(), lambda _rule, _subject: False)
        self._encoder.statements(self._sessions.current, self._sessions.others, self.now)
        self._encoder.accept()


def collecting_ms(agents: int) -> tuple[float, float]:
    """Milliseconds of CPU that so many sessions add to a tick: without news, and with news of each of them."""
    without = _cpu_ms(Collecting(agents, with_sessions=False), news=False)
    live = Collecting(agents)
    quiet = _cpu_ms(live, news=False)
    return quiet - without, _cpu_ms(live, news=True) - without


def _cpu_ms(live: Collecting, *, news: bool) -> float:
    live.tick()
    spent = 0.0
    for _ in range(ROUNDS):
        if news:
            live.write()
        begin = time.process_time()
        live.tick()
        spent += time.process_time() - begin
    return 1000 * spent / ROUNDS
