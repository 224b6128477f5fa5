"""What the databases of opencode tell, live and closed, of several versions, and that nothing is left beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from opencode_db import OLD, START, OpencodeWriter

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.opencode import OpencodeReader
from monitor.sources.sessions.reader import ReaderOptions

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
ONCE = TokenCounts(input=600, output=50, cache_read=400, reasoning=10)


def reader(home: Path, *, targets: bool = True) -> OpencodeReader:
    return OpencodeReader(ReaderOptions(home=str(home), targets=targets, max_age_ms=AGES))


def read(home: Path, *, targets: bool = True) -> Session:
    source = reader(home, targets=targets)
    (session,) = source.poll(START, BUDGET)
    assert source.problems == ()
    return session


def test_a_whole_turn(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.prompt()
    first = log.answer(finish=None)
    log.text()
    log.tool("completed")
    log.answer(number=first, finish="tool-calls")
    log.answer()
    session = read(tmp_path)
    assert (session.kind, session.session_id, session.model) == ("opencode", "s-1", "test")
    assert (session.cwd, session.version, session.turn_state) == ("/shop/a", "1.18.33", "idle")
    assert (session.tokens, session.cost_usd) == (ONCE.plus(ONCE), 0.02)
    assert session.context_used == 1000
    (call,) = session.calls
    assert (call.name, call.target, call.outcome, call.ended) == ("bash", "git", "ok", START + 9000)


def _thinks(log: OpencodeWriter) -> None:
    log.prompt()


def _runs(log: OpencodeWriter) -> None:
    log.prompt()
    log.answer(finish=None)
    log.tool("running")


def _asks(log: OpencodeWriter) -> None:
    log.prompt()
    log.answer(finish=None)
    log.tool("running", tool="question")


def _stopped(log: OpencodeWriter) -> None:
    _runs(log)
    log.answer(number="m-2", finish=None, error={"name": "MessageAbortedError", "data": {}})


def _failed(log: OpencodeWriter) -> None:
    log.prompt()
    log.answer(finish=None, error={"name": "APIError", "data": {"message": "CANARY"}})


def _compacts(log: OpencodeWriter) -> None:
    log.prompt()
    log.db.execute("UPDATE session SET time_compacting = time_updated")


def _archived(log: OpencodeWriter) -> None:
    log.answer()
    log.db.execute("UPDATE session SET time_archived = time_updated")


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (_thinks, "thinking"),
        (_runs, "tool"),
        (_asks, "input"),
        (_stopped, "idle"),
        (_failed, "error"),
        (_compacts, "compacting"),
        (_archived, "ended"),
    ],
)
def test_the_state_of_the_turn(tmp_path: Path, script: Callable[[OpencodeWriter], None], state: str) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    script(log)
    session = read(tmp_path)
    assert session.turn_state == state
    assert session.unsure is (state == "tool")
    assert session.evidence


def test_a_permission_that_was_refused(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.prompt()
    log.tool("error")
    log.tool("completed", "c2", "edit", filePath="/shop/a/x.py", oldString="CANARY")
    session = read(tmp_path)
    assert [call.outcome for call in session.calls] == ["denied", "ok"]
    assert session.edits == ("x.py",)
    bare = read(tmp_path, targets=False)
    assert ({call.target for call in bare.calls}, bare.edits, bare.edit_count) == ({""}, (), 1)


def test_an_older_version_has_fewer_columns(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path, columns=OLD)
    log.session()
    log.answer()
    assert read(tmp_path).tokens == ONCE


def test_sub_sessions_are_part_of_the_session_that_started_them(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.session("s-2", parent="s-1", agent="explore")
    log.prompt()
    log.answer("s-2")
    session = read(tmp_path)
    assert session.tokens == ONCE
    assert [(one.session_id, one.kind, one.turn_state) for one in session.subagents] == [
        ("s-2", "explore", "idle")
    ]


def test_only_what_is_new_is_read_while_its_program_writes(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.prompt()
    source = reader(tmp_path)
    (before,) = source.poll(START, BUDGET)
    (same,) = source.poll(START, BUDGET)
    assert same is before
    number = log.answer(finish=None)
    log.tool("running")
    assert source.poll(START, BUDGET)[0].tool == "bash"
    log.tool("completed")
    log.answer(number=number)
    (after,) = source.poll(START, BUDGET)
    assert (after.turn_state, after.tokens, len(after.calls)) == ("idle", ONCE, 1)


@pytest.mark.parametrize("wal", [True, False])
def test_nothing_is_left_beside_a_file_that_nobody_has_open(tmp_path: Path, *, wal: bool) -> None:
    log = OpencodeWriter(tmp_path, wal=wal)
    log.session()
    log.answer()
    log.db.close()
    before = os.listdir(log.path.parent)
    assert read(tmp_path).tokens == ONCE
    assert os.listdir(log.path.parent) == before == ["opencode.db"]


def test_nothing_is_left_beside_a_file_that_its_program_closes_later(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.answer()
    source = reader(tmp_path)
    assert source.poll(START, BUDGET)
    log.db.close()
    assert os.listdir(log.path.parent) == ["opencode.db"], "no connection of ours kept the others from going"
    assert source.poll(START, BUDGET)


def test_a_small_budget_reads_the_newest_sessions_first(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    for number in range(20):
        log.at += 1000
        log.session(f"s-{number}")
        log.answer(f"s-{number}")
    source = reader(tmp_path)
    (first,) = source.poll(START, 1)
    assert first.session_id == "s-19"
    assert source.progress.done < source.progress.total
    while source.progress.done < source.progress.total:
        source.poll(START, 3000)
    assert len(source.poll(START, BUDGET)) == 20


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\x00" + bytes(200)])
def test_a_damaged_file_is_told_and_stops_nothing_else(tmp_path: Path, content: bytes) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.answer()
    (log.path.parent / "opencode-dev.db").write_bytes(content)
    source = reader(tmp_path)
    assert [one.tokens for one in source.poll(START, BUDGET)] == [ONCE]
    assert len(source.problems) == 1


def test_rows_that_are_not_json_are_passed_over(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    log.answer()
    log.db.execute("INSERT INTO message VALUES ('x', 's-1', 1, ?, '{')", (log.at,))
    log.db.execute("INSERT INTO part VALUES ('x', 'm', 's-1', 1, ?, 'CANARY')", (log.at,))
    assert read(tmp_path).tokens == ONCE


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    log = OpencodeWriter(tmp_path)
    log.session()
    _stopped(log)
    _failed(log)
    log.tool("error", "c2", "webfetch", url="https://CANARY.example")
    log.text()
    assert "CANARY" not in msgspec.json.encode(read(tmp_path)).decode()


def test_a_home_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    source = reader(tmp_path / "nowhere")
    assert source.poll(START, BUDGET) == ()
    assert source.problems == ()
