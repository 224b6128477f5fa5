"""The logs are read in the background: newest first, in pieces, with progress, and each kind by itself."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from claude_logs import TranscriptWriter
from codex_logs import RolloutWriter

from monitor.collector import session_desk as desks
from monitor.collector.session_desk import SessionDesk, reader_options
from monitor.collector.sources import SourceBook
from monitor.config import SessionSettings
from monitor.model import Session, SourceState
from monitor.sources.sessions.claude_code import ClaudeCodeReader


def now() -> int:
    return time.time_ns() // 1_000_000


class Reading:
    """A desk and what it says of its sources."""

    def __init__(self, home: Path, *agents: str) -> None:
        self.book = SourceBook()
        settings = SessionSettings(home=str(home), agents=agents or ("claude-code", "codex"))
        self.desk = SessionDesk(settings, {}, self.book, spool="", interval=2.0)
        self.time = 0.0

    async def look(self, seconds: float = 60.0) -> None:
        """Have read what is due after so long, and take it up."""
        self.time += seconds
        self.desk.start_due(now(), self.time, self.desk.kinds)
        await self.desk.settle()
        self.desk.deliver()

    def state(self, kind: str) -> tuple[SourceState, str]:
        (found,) = (status for status in self.book.statuses() if status.subject == kind)
        return found.state, found.error


@asynccontextmanager
async def reading(home: Path, *agents: str) -> AsyncIterator[Reading]:
    found = Reading(home, *agents)
    try:
        yield found
    finally:
        await found.desk.close()


def transcript(home: Path, name: str = "s-1", *, rounds: int = 1) -> TranscriptWriter:
    log = TranscriptWriter(name, at=now())
    for _ in range(rounds):
        log.prompt("x" * 1000)
        log.answer()
    log.write(home / ".claude")
    return log


async def test_each_kind_says_how_its_logs_fare(tmp_path: Path) -> None:
    transcript(tmp_path)
    async with reading(tmp_path) as found:
        assert found.desk.reading("claude-code")
        await found.look()
        assert found.state("claude-code") == ("ok", "")
        assert found.state("codex") == ("off", "it has no logs here")
        assert not found.desk.reading("claude-code")
        assert not found.desk.reading("nobody")
        (session,) = found.desk.sessions["claude-code"]
        assert session.cost_usd, "it is priced"


async def test_a_line_that_is_no_json_is_told_and_loses_nothing_else(tmp_path: Path) -> None:
    log = transcript(tmp_path)
    log.path(tmp_path / ".claude").write_bytes(b"garbage\n" + b"".join(log.lines))
    async with reading(tmp_path) as found:
        await found.look()
        assert found.state("claude-code")[0] == "degraded"
        assert found.desk.sessions["claude-code"][0].tokens.total


async def test_a_long_first_reading_goes_on_at_each_look_and_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "READING_SECONDS", 0.0)
    monkeypatch.setattr(desks, "BUDGET", 50_000)
    for number in range(3):
        transcript(tmp_path, f"s-{number}", rounds=60)
        os.utime(transcript_path(tmp_path, number), (number, time.time() - 100 + number))
    async with reading(tmp_path, "claude-code") as found:
        await found.look()
        assert found.state("claude-code")[1].endswith("MiB of logs read so far")
        assert found.desk.reading("claude-code")
        assert found.desk.sessions["claude-code"][0].session_id == "s-2", "the newest is read first"
        looks = 0
        while found.desk.reading("claude-code"):
            await found.look(0.0)  # no time passes: what is unread is due at once
            looks += 1
            assert looks < 100
        assert looks > 1
        assert found.state("claude-code") == ("ok", "")
        assert {session.session_id for session in found.desk.sessions["claude-code"]} == {"s-0", "s-1", "s-2"}


def transcript_path(home: Path, number: int) -> Path:
    return home / ".claude" / "projects" / "-shop-a" / f"s-{number}.jsonl"


async def test_without_news_nothing_is_told(tmp_path: Path) -> None:
    log = transcript(tmp_path)
    async with reading(tmp_path) as found:
        await found.look()
        version, before = found.desk.version, found.desk.sessions["claude-code"]
        await found.look()
        assert (found.desk.version, found.desk.sessions["claude-code"]) == (version, before)
        log.prompt()
        log.write(tmp_path / ".claude")
        await found.look()
        assert found.desk.version == version + 1


async def test_a_reader_that_fails_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript(tmp_path)
    rollout = RolloutWriter(at=now())
    rollout.turn()
    rollout.write(tmp_path / ".codex")

    def fails(*_: object) -> None:
        raise ValueError("a shape that nobody had thought of")

    monkeypatch.setattr("monitor.sources.sessions.codex.reader.CodexReader.poll", fails)
    async with reading(tmp_path) as found:
        await found.look()
        state, why = found.state("codex")
        assert (state, "nobody had thought of" in why) == ("failing", True)
        assert found.desk.sessions["claude-code"]


async def test_kinds_that_are_not_asked_for_or_not_known_are_not_read(tmp_path: Path) -> None:
    transcript(tmp_path)
    async with reading(tmp_path, "codex", "a-new-one") as found:
        await found.look()
        assert found.desk.kinds == {"codex"}
        assert "claude-code" not in found.desk.sessions


async def test_what_the_watcher_tells_of_is_looked_at_seldom_and_at_once_when_it_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcript(tmp_path)
    poll = ClaudeCodeReader.poll
    polls: list[int] = []

    def counted(reader: ClaudeCodeReader, at: int, budget: int) -> tuple[Session, ...]:
        polls.append(at)
        return poll(reader, at, budget)

    monkeypatch.setattr(ClaudeCodeReader, "poll", counted)
    async with reading(tmp_path, "claude-code") as found:
        desk = found.desk

        async def polls_at(monotonic: float) -> int:
            desk.start_due(now(), monotonic, ())
            await desk.settle()
            return len(polls)

        assert await polls_at(0.0) == 1
        assert {(target.kind, target.key) for target in desk.targets()} == {("sessions", "claude-code")}
        assert await polls_at(desks.WATCHED_SECONDS - 0.1) == 1
        assert await polls_at(desks.WATCHED_SECONDS + 0.1) == 2
        desk.moved("claude-code")
        assert await polls_at(desks.WATCHED_SECONDS + 4.0) == 3


def test_a_home_of_the_settings_stands_for_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", "/elsewhere")
    assert reader_options(SessionSettings(), spool="").environ["CODEX_HOME"] == "/elsewhere"
    told = reader_options(SessionSettings(home="/demo", days=2, targets=False), spool="/spool")
    assert (told.home, told.environ, told.spool) == ("/demo", {}, "/spool")
    assert (told.targets, told.max_age_ms) == (False, 2 * 86_400_000)
