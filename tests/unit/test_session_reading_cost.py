"""What reading the agents' logs costs, against the decoder alone: never in seconds, which a machine decides."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import claude_logs
import codex_logs
import msgspec
import pytest

from monitor.sources import files
from monitor.sources.sessions import aider, tail
from monitor.sources.sessions.aider import AiderReader
from monitor.sources.sessions.claude_code import ClaudeCodeReader
from monitor.sources.sessions.claude_code.lines import LINES as TRANSCRIPT_LINES
from monitor.sources.sessions.codex import CodexReader
from monitor.sources.sessions.codex.lines import LINES as ROLLOUT_LINES
from monitor.sources.sessions.reader import ReaderOptions, SessionReader

NOW = time.time_ns() // 1_000_000
BUDGET = 1 << 40
AGES = 50 * 365 * 86_400_000
RESULTS = (1_000, 2_000, 4_000, 8_000, 16_000, 50_000)
"""Characters of the results of tools, of which most of a log consists."""
TEXT = 'def merge(basket):\n\t"""Merge it, for 3 €."""\n' * 2_000
MOST = 10.0
"""Times the decoder's own time; 3 to 5 were measured."""


def transcript(home: Path, rounds: int) -> Path:
    """A session of Claude Code, about 160 kB a round."""
    log = claude_logs.TranscriptWriter()
    log.prompt()
    for number in range(rounds):
        for size in RESULTS:
            log.call(f"t{number}-{size}")
            block = {"tool_use_id": f"t{number}-{size}", "type": "tool_result", "content": TEXT[:size]}
            told = {"stdout": TEXT[:size]}
            log.put("user", message={"role": "user", "content": [block]}, toolUseResult=told)
    return log.write(home / ".claude")


def rollout(home: Path, rounds: int) -> Path:
    """A session of Codex, about 80 kB a round."""
    log = codex_logs.RolloutWriter()
    log.turn()
    for number in range(2 * rounds):
        for size in RESULTS:
            log.call(f"c{number}-{size}")
            log.output(f"c{number}-{size}", f"Process exited with code 0\n{TEXT[:size]}")
            log.tokens()
    return log.write(home / ".codex")


Kind = tuple[Callable[[Path, int], Path], Callable[[ReaderOptions], SessionReader], msgspec.json.Decoder[Any]]
KINDS: dict[str, Kind] = {
    "claude-code": (transcript, ClaudeCodeReader, TRANSCRIPT_LINES),
    "codex": (rollout, CodexReader, ROLLOUT_LINES),
}


def least(function: Callable[[], object]) -> float:
    """The least CPU time of five runs: the others were disturbed."""
    seconds = []
    for _ in range(5):
        begin = time.thread_time()
        function()
        seconds.append(time.thread_time() - begin)
    return min(seconds)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def options(home: Path, **values: Any) -> ReaderOptions:
    return ReaderOptions(home=str(home), max_age_ms=AGES, **values)


def test_the_first_reading_takes_a_few_times_what_the_decoder_alone_takes(tmp_path: Path, kind: Kind) -> None:
    make, reader, decoder = kind
    file = make(tmp_path, 40)
    alone = least(lambda: decoder.decode_lines(file.read_bytes()))
    ours = least(lambda: reader(options(tmp_path)).poll(NOW, BUDGET))
    assert ours < MOST * alone


def test_a_large_log_is_never_in_memory_as_a_whole(tmp_path: Path, kind: Kind) -> None:
    make, reader, _ = kind
    size = make(tmp_path, 300).stat().st_size
    assert size > 40 << 20
    tracemalloc.start()
    try:
        (session,) = reader(options(tmp_path)).poll(NOW, BUDGET)
        assert tracemalloc.get_traced_memory()[1] < size / 2
    finally:
        tracemalloc.stop()
    assert session.tools[0].calls >= 300 * len(RESULTS)


def test_without_news_no_file_is_opened(tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    make, make_reader, _ = kind
    file = make(tmp_path, 1)
    reader = make_reader(options(tmp_path))
    before = reader.poll(NOW, BUDGET)
    opened: list[str] = []

    def counted(path: str, *, root: str) -> AbstractContextManager[tuple[int, os.stat_result]]:
        opened.append(path)
        return files.opened(path, root=root)

    monkeypatch.setattr(tail, "opened", counted)
    assert reader.poll(NOW, BUDGET)[0] is before[0]
    assert opened == []
    with file.open("ab") as stream:
        stream.write(b"{}\n")
    reader.poll(NOW, BUDGET)
    assert opened == [str(file)]


def test_without_news_no_chat_of_aider_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / aider.FILE).write_text("# aider chat started at 2026-01-01 12:00:00\n")
    reader = AiderReader(options(tmp_path, worktrees=(str(tmp_path), str(tmp_path / "none"))))
    (before,) = reader.poll(NOW, BUDGET)
    monkeypatch.delattr(tail, "opened")
    assert reader.poll(NOW, BUDGET) == (before,)
