"""What Claude Code's transcripts count: once, wherever it stands, damaged, replaced or still written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from claude_logs import (
    PROMPT,
    START,
    TranscriptWriter,
    subagent_path,
)
from claude_reading import BUDGET, ONCE, read, reader, times, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import TokenCounts


def test_sub_agents_are_part_of_the_session_that_started_them(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call(name="Task", subagent_type="Explore", prompt=PROMPT)
    log.write(tmp_path)
    aside = TranscriptWriter(isSidechain=True, agentId="a1")
    aside.prompt()
    aside.session_id = "aside"
    aside.answer()
    path = subagent_path(tmp_path, "s-1", "a1")
    aside.write(tmp_path, path)
    path.with_suffix(".meta.json").write_text(f'{{"agentType": "Explore", "description": "{PROMPT}"}}')
    session = read(tmp_path)
    assert (session.turn_state, session.tool, session.tool_target) == ("tool", "Task", "Explore")
    (child,) = session.subagents
    assert (child.session_id, child.kind, child.turn_state, child.tokens) == ("a1", "Explore", "idle", ONCE)
    assert session.tokens == times(2)


def test_older_versions_keep_sub_agents_in_the_sessions_own_file(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call(name="Task", subagent_type="Explore")
    log.envelope["isSidechain"] = True
    log.answer(input_tokens=90_000)
    log.write(tmp_path)
    session = read(tmp_path)
    assert (session.turn_state, session.context_used) == ("tool", 3210)
    assert session.tokens.input == 90_010


def test_a_session_that_was_resumed_under_another_id_is_counted_once(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    log.write(tmp_path)
    copy = TranscriptWriter("s-2")
    copy.lines = list(log.lines)
    copy.at = log.at
    copy.prompt()
    copy.answer()
    copy.write(tmp_path)
    both = {one.session_id: one.tokens for one in reader(tmp_path).poll(START, BUDGET)}
    assert both == {"s-1": ONCE, "s-2": ONCE}


def test_a_file_that_was_replaced_is_counted_anew(tmp_path: Path) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.answer()
    path = log.write(tmp_path)
    source = reader(tmp_path)
    source.poll(START, BUDGET)
    path.unlink()
    log.answer()
    log.write(tmp_path)
    assert source.poll(START, BUDGET)[0].tokens == times(2)
    path.write_bytes(log.lines[0])
    assert source.poll(START, BUDGET)[0].tokens == TokenCounts()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 4000), min_size=1, max_size=12), budget=st.integers(1, 5000))
def test_totals_are_the_same_however_it_grows_and_is_read(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], budget: int
) -> None:
    home = tmp_path_factory.mktemp("home")
    content = b"".join(whole().lines)
    path = whole().path(home)
    path.parent.mkdir(parents=True)
    source = reader(home)
    written = 0
    for cut in [*cuts, len(content)]:
        with path.open("ab") as file:
            file.write(content[written : written + cut])
        written += cut
        source.poll(START, budget)
    for _ in range(len(content)):
        progress = source.progress
        if progress.done == progress.total:
            break
        source.poll(START, budget)
    whole().write(home)
    (session,) = source.poll(START, BUDGET)
    assert session == read(home)
    assert session.tokens == times(4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), aside=st.lists(st.booleans(), min_size=6, max_size=6))
def test_totals_are_the_same_in_whatever_order_copies_are_told(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], aside: list[bool]
) -> None:
    """Two answers, each in three files, some of them a sub-agent's: each counts once, where it counts most."""

    def session(home: Path, numbers: list[int]) -> dict[str, TokenCounts]:
        source = reader(home)
        for number in numbers:
            log = TranscriptWriter(f"f-{number // 2}", isSidechain=aside[number])
            log.session_id = f"answer-{number % 2}"
            log.answer(output_tokens=50 + number // 2)
            path = home / "projects" / "p" / f"f-{number // 2}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(b"".join(log.lines))
            source.poll(START, BUDGET)
        return {one.session_id: one.tokens for one in source.poll(START, BUDGET)}

    told = session(tmp_path_factory.mktemp("home"), list(order))
    assert told == session(tmp_path_factory.mktemp("home"), list(range(6)))
    assert sum(one.total for one in told.values()) >= 2 * ONCE.total


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=60)), max_size=6))
def test_damage_costs_lines_and_nothing_else(tmp_path: Path, damage: list[tuple[int, bytes]]) -> None:
    log = whole()
    for place, junk in damage:
        log.lines.insert(place, junk.replace(b"\n", b"") + b"\n")
    log.write(tmp_path)
    session = read(tmp_path)
    assert session.tokens == times(4)
    assert session.tools[0].calls == 1


@pytest.mark.parametrize(
    "line",
    [
        {"type": "assistant", "message": "text"},
        {
            "type": "assistant",
            "message": {"content": [{"type": "tool_use", "id": 3, "name": []}], "usage": []},
        },
        {"type": "user", "message": {"content": {"a": 1}}},
        {"type": ["user"], "timestamp": {}},
        {
            "type": "assistant",
            "timestamp": "yesterday",
            "message": {"usage": {"input_tokens": "many"}, "model": 4},
        },
        {"type": "system", "subtype": 4},
    ],
)
def test_a_line_of_another_shape_changes_nothing(tmp_path: Path, line: dict[str, Any]) -> None:
    log = TranscriptWriter()
    log.prompt()
    log.call()
    log.lines.append(msgspec.json.encode(line) + b"\n")
    log.write(tmp_path)
    assert (read(tmp_path).turn_state, read(tmp_path).tokens) == ("tool", ONCE)
