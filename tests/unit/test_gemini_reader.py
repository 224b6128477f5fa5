"""What the chats of Gemini CLI tell, of now and of older versions, whole, damaged and still written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from gemini_logs import CONTENT, MODEL, START, ChatWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import Session, TokenCounts
from monitor.sources.sessions.gemini import GeminiReader
from monitor.sources.sessions.reader import ReaderOptions
from monitor.sources.sessions.refine import refine

BUDGET = 1 << 30
AGES = 50 * 365 * 86_400_000
ONCE = TokenCounts(input=600, output=60, cache_read=400, reasoning=10)


def reader(home: Path, *, targets: bool = True, worktrees: tuple[str, ...] = ()) -> GeminiReader:
    return GeminiReader(ReaderOptions(home=str(home), targets=targets, max_age_ms=AGES, worktrees=worktrees))


def read(home: Path, **options: Any) -> Session:
    (session,) = reader(home, **options).poll(START, BUDGET)
    return session


def test_a_whole_turn(tmp_path: Path) -> None:
    chat = ChatWriter()
    chat.prompt()
    chat.ended(chat.answer(""))
    chat.answer()
    chat.write(tmp_path)
    session = read(tmp_path)
    assert (session.kind, session.session_id, session.model, session.cwd) == (
        "gemini",
        "s-1",
        MODEL,
        "/shop/a",
    )
    assert session.turn_state == "idle"
    assert session.tokens == ONCE.plus(ONCE), "a message that is written again counts once"
    assert (session.context_used, session.context_size) == (1000, 1_048_576)
    (call,) = session.calls
    assert (call.name, call.target, call.outcome) == ("run_shell_command", "git", "ok")
    assert [one.hour for one in session.hours] == [START]


def test_a_call_is_written_when_it_has_ended_until_then_nobody_knows(tmp_path: Path) -> None:
    chat = ChatWriter()
    chat.prompt()
    assert chat.answer("")
    chat.write(tmp_path)
    session = read(tmp_path)
    assert (session.turn_state, session.unsure) == ("tool", True)
    later = (session.tool_since or 0) + 10_000
    assert refine(session, 0, later).turn_state == "permission"
    assert refine(session, 1, later).turn_state == "tool"
    assert not refine(session, 1, later).unsure


@pytest.mark.parametrize(
    ("status", "outcome"), [("success", "ok"), ("error", "error"), ("cancelled", "denied")]
)
def test_how_a_call_ended(tmp_path: Path, status: str, outcome: str) -> None:
    chat = ChatWriter()
    chat.prompt()
    chat.ended(chat.answer(""), "write_file", status, file_path="/shop/a/x.py", content=CONTENT)
    chat.write(tmp_path)
    session = read(tmp_path)
    assert (session.calls[0].outcome, session.calls[0].target) == (outcome, "x.py")
    assert session.edits == (("x.py",) if outcome == "ok" else ())
    assert read(tmp_path, targets=False).edits == ()
    assert read(tmp_path, targets=False).edit_count == (outcome == "ok")


def _asks(chat: ChatWriter) -> None:
    chat.prompt()


def _cancelled(chat: ChatWriter) -> None:
    chat.prompt()
    chat.put("info", "Request cancelled.")


def _failed(chat: ChatWriter) -> None:
    chat.prompt()
    chat.put("error", "[API Error: CANARY]")


def _back(chat: ChatWriter) -> None:
    chat.prompt()
    chat.answer()
    chat.prompt()
    chat.line({"$rewindTo": "m-1"})


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (lambda _: None, "idle"),
        (_asks, "thinking"),
        (_cancelled, "idle"),
        (_failed, "error"),
        (_back, "idle"),
    ],
)
def test_the_state_of_the_turn(tmp_path: Path, script: Any, state: str) -> None:
    chat = ChatWriter()
    script(chat)
    chat.write(tmp_path)
    assert read(tmp_path).turn_state == state


def test_older_versions_write_one_value_and_tell_the_folder_by_its_hash(tmp_path: Path) -> None:
    chat = ChatWriter()
    chat.prompt()
    chat.answer()
    path = chat.write(tmp_path, legacy=True)
    source = reader(tmp_path, worktrees=("/shop/b", "/shop/a"))
    (session,) = source.poll(START, BUDGET)
    assert (session.cwd, session.turn_state, session.tokens) == ("/shop/a", "idle", ONCE)
    chat.prompt()
    chat.write(tmp_path, legacy=True)
    assert source.poll(START, BUDGET)[0].turn_state == "thinking"
    path.unlink()
    source = reader(tmp_path)
    assert source.poll(START, BUDGET) == ()


def test_a_folder_without_a_name_is_known_by_the_hash_in_the_chat(tmp_path: Path) -> None:
    chat = ChatWriter()
    chat.prompt()
    chat.write(tmp_path, named=False)
    assert read(tmp_path).cwd is None
    assert read(tmp_path, worktrees=("/shop/a",)).cwd == "/shop/a"


def test_a_sub_agent_is_part_of_the_session_that_started_it(tmp_path: Path) -> None:
    chat = ChatWriter()
    chat.prompt()
    chat.write(tmp_path)
    child = ChatWriter("s-2")
    child.prompt()
    child.answer()
    child.write(tmp_path, parent="s-1")
    session = read(tmp_path)
    assert session.tokens == ONCE
    assert [(one.session_id, one.turn_state) for one in session.subagents] == [("s-2", "idle")]


def whole() -> ChatWriter:
    chat = ChatWriter()
    chat.prompt()
    chat.ended(chat.answer(""))
    chat.ended(chat.answer(""), "replace", file_path="/shop/a/x.py", old_string=CONTENT, new_string=CONTENT)
    chat.put("error", f"[API Error: {CONTENT}]")
    chat.answer()
    return chat


def test_no_text_of_a_person_or_a_model_is_kept(tmp_path: Path) -> None:
    whole().write(tmp_path)
    text = msgspec.json.encode(read(tmp_path)).decode()
    assert "x.py" in text
    assert "CANARY" not in text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 2000), min_size=1, max_size=10), budget=st.integers(50, 4000))
def test_totals_are_the_same_however_it_grows_and_is_read(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], budget: int
) -> None:
    home = tmp_path_factory.mktemp("home")
    content = b"".join(whole().lines)
    path = whole().write(home)
    path.write_bytes(b"")
    source = reader(home)
    written = 0
    for cut in [*cuts, len(content)]:
        with path.open("ab") as file:
            file.write(content[written : written + cut])
        written += cut
        source.poll(START, budget)
    while source.progress.done != source.progress.total:
        source.poll(START, budget)
    (session,) = source.poll(START, BUDGET)
    assert session == read(home)
    assert session.tokens.total == 3 * ONCE.total


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(1, 12), st.binary(max_size=60)), max_size=6))
def test_damage_costs_lines_and_nothing_else(tmp_path: Path, damage: list[tuple[int, bytes]]) -> None:
    chat = whole()
    for place, junk in damage:
        chat.lines.insert(place, junk.replace(b"\n", b"") + b"\n")
    chat.write(tmp_path)
    assert read(tmp_path).tokens.total == 3 * ONCE.total


def test_what_has_nothing_new_is_the_very_record(tmp_path: Path) -> None:
    whole().write(tmp_path)
    source = reader(tmp_path)
    (before,) = source.poll(START, BUDGET)
    (after,) = source.poll(START, BUDGET)
    assert after is before
    assert source.problems == ()
    source.close()


def test_a_home_that_is_not_there_has_no_sessions(tmp_path: Path) -> None:
    assert reader(tmp_path / "nowhere").poll(START, BUDGET) == ()
