"""What the database of goose tells, of several versions (crates/goose/src/session/session_manager.rs)."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.goose import GooseReader
from monitor.sources.sessions.reader import ReaderOptions

START = 1_767_268_800_000
WHEN = "2026-01-01 12:00:00"
BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
OLD = """id TEXT PRIMARY KEY, description TEXT, working_dir TEXT, created_at TIMESTAMP, updated_at TIMESTAMP,
    total_tokens INT, accumulated_total_tokens INT, accumulated_input_tokens INT, accumulated_output_tokens INT"""
NEW = f"""{OLD}, name TEXT, session_type TEXT, accumulated_cache_read_tokens INT, accumulated_cache_write_tokens INT,
    accumulated_cost REAL, provider_name TEXT, model_config_json TEXT, goose_mode TEXT, parent_session_id TEXT"""


class GooseWriter:
    """A database that its program has open."""

    def __init__(self, home: Path, columns: str = NEW) -> None:
        folder = home / ".local" / "share" / "goose" / "sessions"
        folder.mkdir(parents=True)
        self.path = folder / "sessions.db"
        self.seconds = 0
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute(f"CREATE TABLE sessions ({columns})")
        self.db.execute(
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, session_id TEXT, role TEXT, content_json TEXT,"
            " created_timestamp INT)"
        )

    def session(self, session_id: str = "s-1", **values: Any) -> None:
        row: dict[str, Any] = {
            "id": session_id,
            "description": "CANARY",
            "working_dir": "/shop/a",
            "created_at": WHEN,
        }
        row |= {"updated_at": WHEN, "total_tokens": 900, **values}
        marks = ", ".join("?" * len(row))
        self.db.execute(f"INSERT INTO sessions ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def message(self, role: str, *parts: dict[str, Any], session_id: str = "s-1") -> None:
        self.seconds += 1
        at = START // 1000 + self.seconds
        row = (session_id, role, json.dumps(parts), at)
        self.db.execute(
            "INSERT INTO messages (session_id, role, content_json, created_timestamp) VALUES (?, ?, ?, ?)",
            row,
        )
        self.db.execute(
            "UPDATE sessions SET updated_at = ? WHERE id = ?",
            (f"2026-01-01 12:00:{self.seconds:02}", session_id),
        )

    def used(self, given: int, taken: int, **values: int) -> None:
        self.db.execute(
            "UPDATE sessions SET accumulated_input_tokens = ?, accumulated_output_tokens = ?", (given, taken)
        )
        for name, count in values.items():
            self.db.execute(f"UPDATE sessions SET {name} = ?", (count,))


TEXT = {"type": "text", "text": "CANARY"}


def call(number: str = "c1", name: str = "developer__shell", **given: Any) -> dict[str, Any]:
    arguments = given or {"command": "git commit -m CANARY"}
    return {
        "type": "toolRequest",
        "id": number,
        "toolCall": {"status": "success", "value": {"name": name, "arguments": arguments}},
    }


def result(number: str = "c1", status: str = "success") -> dict[str, Any]:
    value = {"status": status, "value": {"content": [TEXT], "isError": False}}
    return {"type": "toolResponse", "id": number, "toolResult": value}


def reader(home: Path, *, targets: bool = True) -> GooseReader:
    return GooseReader(ReaderOptions(home=str(home), targets=targets, max_age_ms=AGES))


def read(home: Path, *, targets: bool = True) -> Session:
    source = reader(home, targets=targets)
    (session,) = source.poll(START, BUDGET)
    assert source.problems == ()
    return session


def test_a_whole_turn(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    config = json.dumps({"model_name": "gpt-4o", "context_limit": 128_000})
    log.session(model_config_json=config, accumulated_cost=0.5, goose_mode="auto")
    log.message("user", TEXT)
    log.message("assistant", TEXT, call())
    log.message("user", result())
    log.message("assistant", TEXT)
    log.used(1000, 50, accumulated_cache_read_tokens=400)
    session = read(tmp_path)
    assert (session.kind, session.session_id, session.model, session.cwd) == (
        "goose",
        "s-1",
        "gpt-4o",
        "/shop/a",
    )
    assert (session.turn_state, session.cost_usd) == ("idle", 0.5)
    assert session.tokens == TokenCounts(input=600, output=50, cache_read=400)
    assert (session.context_used, session.context_size) == (900, 128_000)
    assert [(one.name, one.target, one.outcome) for one in session.calls] == [
        ("developer__shell", "git", "ok")
    ]


@pytest.mark.parametrize(
    ("messages", "state", "unsure"),
    [
        ([("user", TEXT)], "thinking", False),
        ([("user", TEXT), ("assistant", TEXT)], "idle", False),
        ([("user", TEXT), ("assistant", TEXT, call())], "tool", True),
        ([("user", TEXT), ("assistant", call()), ("user", result())], "thinking", False),
        ([("assistant", call()), ("user", result(status="error")), ("assistant", TEXT)], "idle", False),
        (
            [("assistant", {"type": "toolConfirmationRequest", "id": "c1", "toolName": "developer__shell"})],
            "permission",
            False,
        ),
        (
            [("assistant", {"type": "actionRequired", "data": {"id": "c1", "toolName": "x"}})],
            "permission",
            False,
        ),
    ],
)
def test_the_state_of_the_turn(tmp_path: Path, messages: list[Any], state: str, *, unsure: bool) -> None:
    log = GooseWriter(tmp_path)
    log.session(goose_mode="approve")
    for role, *parts in messages:
        log.message(role, *parts)
    session = read(tmp_path)
    assert (session.turn_state, session.unsure) == (state, unsure)
    assert bool(session.waiting_for) is (state == "permission")


def test_in_auto_mode_nothing_is_asked(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.session(goose_mode="auto")
    log.message("assistant", call())
    assert not read(tmp_path).unsure


def test_edits_are_those_that_went_well(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.session()
    editor = "developer__text_editor"
    log.message("assistant", call("c1", editor, command="write", path="/shop/a/x.py", file_text="CANARY"))
    log.message("user", result("c1"))
    log.message("assistant", call("c2", editor, command="view", path="/shop/a/y.py"))
    log.message("user", result("c2"))
    log.message("assistant", call("c3", editor, command="str_replace", path="/shop/a/z.py"))
    log.message("user", result("c3", "error"))
    assert (read(tmp_path).edits, read(tmp_path).edit_count) == (("x.py",), 1)
    assert (read(tmp_path, targets=False).edits, read(tmp_path, targets=False).edit_count) == ((), 1)


def test_an_older_version_has_fewer_columns(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path, OLD)
    log.session()
    log.message("assistant", TEXT)
    log.used(100, 10)
    assert read(tmp_path).tokens == TokenCounts(input=100, output=10)


def test_only_what_is_new_is_read_and_counted_by_its_hour(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.session()
    log.message("user", TEXT)
    log.used(100, 10)
    source = reader(tmp_path)
    (before,) = source.poll(START, BUDGET)
    (same,) = source.poll(START, BUDGET)
    assert same is before
    log.message("assistant", TEXT)
    log.used(300, 30)
    (after,) = source.poll(START, BUDGET)
    assert (after.turn_state, after.tokens) == ("idle", TokenCounts(input=300, output=30))
    assert [one.hour for one in after.hours] == [START]


def test_a_sub_session_is_part_of_the_session_that_started_it(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.session()
    log.session("s-2", parent_session_id="s-1", accumulated_input_tokens=7)
    session = read(tmp_path)
    assert [one.session_id for one in session.subagents] == ["s-2"]
    assert session.tokens.input == 7


def test_nothing_is_left_beside_it_and_nothing_that_was_said_is_kept(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.session()
    log.message("user", TEXT)
    log.message("assistant", TEXT, call())
    log.db.execute("INSERT INTO messages VALUES (99, 's-1', 'user', '{CANARY', 1)")
    log.db.close()
    before = os.listdir(log.path.parent)
    assert "CANARY" not in msgspec.json.encode(read(tmp_path)).decode()
    assert os.listdir(log.path.parent) == before == ["sessions.db"]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    log = GooseWriter(tmp_path)
    log.db.close()
    log.path.write_bytes(b"no database" * 100)
    source = reader(tmp_path)
    assert source.poll(START, BUDGET) == ()
    assert len(source.problems) == 1


def test_a_home_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    source = reader(tmp_path / "nowhere")
    assert source.poll(START, BUDGET) == ()
    assert source.problems == ()
