"""The progress log, followed while agents append to it and rewrite it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import SourceError
from monitor.sources.progress_log import ENTRY_LIMIT, READ_LIMIT, ProgressLogSource

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Activity

NOW = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)

V4 = """# Progress Log

This document tracks daily progress updates from all agents.

---

## 2025-06-16T00:00:00Z - system

Initial system setup completed:
- Created **project** structure

### Blockers
None

---

*Note: New entries will be appended*

## 2025-06-16T21:24:30.629Z - validator
# Progress Log

## Validator Agent - Session 2025-06-16

### Completed Tasks
- ✅ Set up `Jest` [testing](http://example.com)"""

V3 = """# Progress Log

## 2025-06-16

### 13:05 - Master Orchestrator
- ✅ Created project
1. Ready

### System Status
- Architecture: Ready

### 9:30 - builder
> [x] Started

## 2025-06-17

### 08:00 - builder
Second day
"""


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc] # positional ints


class Log:
    """A log's file and its source."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "coordination" / "progress-log.md"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.source = ProgressLogSource(str(root))

    def append(self, text: str) -> None:
        with self.file.open("a") as stream:
            stream.write(text)

    def poll(self) -> tuple[Activity, ...]:
        return self.source.poll(NOW)

    def names(self) -> list[str]:
        return [activity.agent_id for activity in self.poll()]

    def settle(self) -> list[Activity]:
        """Everything up to the end: a poll that sees the change, and one that finds it at rest."""
        return [*self.poll(), *self.poll()]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_root_without_a_log_is_no_error(log: Log) -> None:
    assert log.poll() == ()
    assert ProgressLogSource(str(log.root / "none")).poll(NOW) == ()


def test_entries_headed_by_time_and_agent_are_told(log: Log) -> None:
    log.append(V4)
    system, validator = log.settle()
    assert (system.agent_id, system.timestamp, system.kind) == ("system", at(2025, 6, 16), "progress")
    assert system.text.startswith(
        "Initial system setup completed: · Created project structure · Blockers: None"
    )
    assert validator.agent_id == "validator"
    assert validator.timestamp == at(2025, 6, 16, 21, 24, 30) + 629
    assert validator.text == "Completed Tasks: ✅ Set up Jest testing"


def test_entries_below_a_date_are_told(log: Log) -> None:
    log.append(V3)
    entries = log.settle()
    assert [(entry.agent_id, entry.timestamp) for entry in entries] == [
        ("Master Orchestrator", at(2025, 6, 16, 13, 5)),
        ("builder", at(2025, 6, 16, 9, 30)),
        ("builder", at(2025, 6, 17, 8, 0)),
    ]
    assert [entry.text for entry in entries] == [
        "✅ Created project · Ready · System Status: Architecture: Ready",
        "Started",
        "Second day",
    ]


def test_a_daily_summary_is_an_entry_of_its_day(log: Log) -> None:
    log.append(
        "\n## 2025-06-18 - Daily Activity Summary\n\n- Tasks completed: 3\n- Tasks blocked: 0\n\n---\n"
    )
    (entry,) = log.settle()
    assert (entry.agent_id, entry.timestamp) == ("", at(2025, 6, 18))
    assert entry.text == "Tasks completed: 3 · Tasks blocked: 0"


def test_the_last_entry_waits_until_the_file_rests(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - builder\nFirst")
    assert log.poll() == ()
    log.append(" half and more\n")
    assert log.poll() == ()
    (entry,) = log.poll()
    assert entry.text == "First half and more"
    assert log.poll() == ()


def test_an_entry_is_complete_when_another_follows(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - builder\nFirst\n")
    log.poll()
    log.append("\n\n## 2025-06-16T11:00:00Z - validator\nSecond\n")
    assert log.names() == ["builder"]
    assert log.names() == ["validator"]


def test_only_what_was_appended_is_told(log: Log) -> None:
    log.append(V4)
    log.settle()
    log.append("\n\n## 2025-06-16T22:00:00Z - builder\n# Progress Log\n\n### Blockers\n- no key\n")
    (entry,) = log.settle()
    assert (entry.agent_id, entry.text) == ("builder", "Blockers: no key")


def test_half_a_heading_at_the_end_becomes_whole_later(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - builder\nFirst\n## 2025-06-16T1")
    assert [entry.text for entry in log.settle()] == ["First"]
    log.append("1:00:00Z - validator\nSecond\n")
    assert [entry.agent_id for entry in log.settle()] == ["validator"]


def test_a_truncated_log_starts_again(log: Log) -> None:
    log.append(V4)
    log.settle()
    log.file.write_text("## 2025-06-17T10:00:00Z - builder\nNew\n")
    assert [entry.agent_id for entry in log.settle()] == ["builder"]


def test_a_replaced_log_starts_again_even_when_it_is_longer(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - builder\nOld\n")
    log.settle()
    fresh = log.file.with_suffix(".new")
    fresh.write_text("## 2025-06-17T10:00:00Z - validator\nNew\n" + "more\n" * 100)
    fresh.replace(log.file)
    assert [entry.agent_id for entry in log.settle()] == ["validator"]


def test_a_log_that_is_rewritten_whole_tells_no_entry_twice(log: Log) -> None:
    log.append(V4)
    assert len(log.settle()) == 2
    log.file.write_text("")
    assert log.settle() == []
    log.file.write_text(
        V4.replace("tracks daily", "tracks the") + "\n\n## 2025-06-17T10:00:00Z - builder\nNew\n"
    )
    assert [entry.agent_id for entry in log.settle()] == ["builder"]


def test_a_log_that_vanished_and_came_back_is_read(log: Log) -> None:
    log.append(V4)
    log.settle()
    log.file.unlink()
    assert log.poll() == ()
    log.append("## 2025-06-17T10:00:00Z - builder\nNew\n")
    assert [entry.agent_id for entry in log.settle()] == ["builder"]


def test_of_an_old_long_log_only_the_end_is_read(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - first\nOld\n" + "filler\n" * (READ_LIMIT // 6))
    log.append("## 2025-06-16T11:00:00Z - last\nNew\n")
    assert [entry.agent_id for entry in log.settle()] == ["last"]


def test_one_poll_is_bounded_and_the_rest_follows(log: Log) -> None:
    log.append("".join(f"## 2025-06-16T10:00:00Z - a{number}\n" for number in range(ENTRY_LIMIT + 100)))
    told = [log.names(), log.names(), log.names()]
    assert [len(names) for names in told] == [ENTRY_LIMIT, 100, 0]
    assert told[0][0] == "a0"
    assert told[1][-1] == f"a{ENTRY_LIMIT + 99}"


def test_a_line_without_an_end_stops_nothing(log: Log) -> None:
    log.append("# Log\n")
    log.poll()
    log.append("x" * (2 * READ_LIMIT) + "\n## 2025-06-16T10:00:00Z - builder\nText\n")
    assert [entry.agent_id for _ in range(6) for entry in log.poll()] == ["builder"]


def test_no_entry_lies_in_the_future(log: Log) -> None:
    log.append("## 2099-01-01T00:00:00Z - builder\nText\n")
    assert [entry.timestamp for entry in log.settle()] == [NOW]


def test_a_heading_with_an_impossible_date_is_text(log: Log) -> None:
    log.append(
        "## 2025-06-16T10:00:00Z - builder\nText\n## 2025-13-45 - nobody\n## 2025-99-99\n### 10:00 - standup\n"
    )
    assert [entry.agent_id for entry in log.settle()] == ["builder"]


def test_an_entry_without_text_is_still_told(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - builder\n\n---\n")
    assert [entry.text for entry in log.settle()] == ["(no text)"]


def test_hostile_text_is_made_safe(log: Log) -> None:
    log.append("## 2025-06-16T10:00:00Z - bu\x1b]0;t\x07ilder\n\x1b[31mred [bold]x\n" + "y" * 5000 + "\n")
    (entry,) = log.settle()
    assert entry.agent_id == "builder"
    assert entry.text.startswith("red [bold]x · yyy")
    assert len(entry.text) == 200


def test_a_log_that_is_no_file_is_an_error_each_time(log: Log) -> None:
    os.mkfifo(log.file)
    for _ in range(2):
        with pytest.raises(SourceError, match=r"progress-log\.md is a FIFO"):
            log.poll()


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=3))
def test_any_bytes_appended_in_any_pieces_are_safe(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]
) -> None:
    log = Log(tmp_path_factory.mktemp("root"))
    places = [0, *sorted(cuts), len(data)]
    told = []
    for start, end in pairwise(places):
        with log.file.open("ab") as stream:
            stream.write(b"\n## 2025-06-16T10:00:00Z - a\n" + data[start:end])
        told += log.settle()
    assert told
    assert all(entry.text.isprintable() and entry.agent_id.isprintable() for entry in told)
