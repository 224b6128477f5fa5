"""What is kept of a hook's call, and what is not, whatever an agent hands over."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.sessions.hook_call import (
    decode,
    file_name,
    hook_record,
    read_input,
    status_line_record,
)
from monitor.sources.sessions.hooks import HOOKS, HookRecord, gauges_of

CANARY = "CANARY"
CALL = {
    "session_id": "s-1",
    "transcript_path": f"/home/{CANARY}.jsonl",
    "cwd": "/shop/a",
    "permission_mode": "default",
    "hook_event_name": "PreToolUse",
    "tool_name": "Edit",
    "tool_use_id": "toolu_1",
    "tool_input": {"file_path": "/shop/a/till.py", "old_string": CANARY, "new_string": CANARY},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


def kept(content: dict[str, Any], *, targets: bool = True) -> dict[str, Any]:
    return hook_record(content, "claude-code", targets=targets)


def test_names_the_folder_and_the_target_are_kept() -> None:
    assert kept(CALL) == {
        "agent": "claude-code",
        "event": "PreToolUse",
        "session_id": "s-1",
        "cwd": "/shop/a",
        "tool_name": "Edit",
        "tool_use_id": "toolu_1",
        "target": "till.py",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"hook_event_name": "UserPromptSubmit", "prompt": CANARY},
        {"hook_event_name": "PostToolUse", "tool_response": {"stdout": CANARY}},
        {"hook_event_name": "PostToolUseFailure", "error": CANARY.lower(), "is_interrupt": False},
        {"hook_event_name": "Notification", "message": CANARY, "title": CANARY},
        {"hook_event_name": "Stop", "last_assistant_message": CANARY},
        {"hook_event_name": "StopFailure", "error": f"a sentence about {CANARY}"},
        {"hook_event_name": "PreCompact", "trigger": "auto", "custom_instructions": CANARY},
        {"tool_name": "Bash", "tool_input": {"command": f"TOKEN={CANARY} git push {CANARY}"}},
        {"tool_name": "Task", "tool_input": {"subagent_type": "Explore", "prompt": CANARY}},
        {"tool_name": "WebFetch", "tool_input": {"url": CANARY, "prompt": CANARY}},
        {"tool_name": "AskUserQuestion", "tool_input": {"questions": [{"question": CANARY}]}},
        {CANARY: CANARY},
    ],
)
def test_no_prompt_answer_input_output_or_message_is_kept(more: dict[str, Any]) -> None:
    assert CANARY.lower() not in json.dumps(kept({**CALL, **more})).lower()


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"command": "cd x && A=1 sudo git push"}, "git"),
        ({"notebook_path": "/shop/a/n.ipynb"}, "n.ipynb"),
        ({"path": "/elsewhere"}, "/elsewhere"),
        ({"subagent_type": "Explore"}, "Explore"),
        ({"file_path": 3, "command": ["git"]}, None),
    ],
)
def test_a_target_is_a_path_a_program_or_a_kind_of_sub_agent(given: dict[str, Any], target: str) -> None:
    assert kept({**CALL, "tool_input": given}).get("target") == target
    assert "target" not in kept({**CALL, "tool_input": given}, targets=False)


@pytest.mark.parametrize(
    ("event", "field", "word"),
    [
        ("SessionStart", "source", "compact"),
        ("SessionEnd", "reason", "prompt_input_exit"),
        ("PreCompact", "trigger", "manual"),
        ("StopFailure", "error", "rate_limit"),
    ],
)
def test_why_something_happened_is_kept_where_it_is_a_word(event: str, field: str, word: str) -> None:
    assert kept({**CALL, "hook_event_name": event, field: word})["reason"] == word
    assert "reason" not in kept({**CALL, "hook_event_name": event, field: "Two words"})
    assert "reason" not in kept({**CALL, field: word})


def test_what_is_written_is_what_the_reader_reads() -> None:
    everything = {**CALL, "agent_id": "a", "agent_type": "Explore", "notification_type": "idle_prompt"}
    line = {"at": 1, **kept(everything)}
    assert set(line) <= set(HookRecord.__struct_fields__)
    assert msgspec.to_builtins(HOOKS.decode(msgspec.json.encode(line))) == line


def test_of_the_status_line_its_numbers_are_kept() -> None:
    told = {
        "session_id": "s-1",
        "model": {"display_name": CANARY},
        "cost": {"total_cost_usd": 0.25, "total_lines_added": 3},
        "context_window": {"context_window_size": 200_000, "used_percentage": 12.5},
        "rate_limits": {"five_hour": {"used_percentage": 91.5, "resets_at": 1_770_000_000}, "seven_day": {}},
    }
    record = status_line_record(told)
    assert CANARY not in json.dumps(record)
    gauges = gauges_of(HOOKS.decode(msgspec.json.encode({"at": 1_760_000_000_000, **record})))
    assert (gauges.cost_usd, gauges.context_size, gauges.context_used) == (0.25, 200_000, 25_000)
    (quota,) = gauges.quotas
    assert (quota.used_percent, quota.resets_at) == (91.5, 1_770_000_000_000)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_input_gives_a_record_that_can_be_written(data: bytes) -> None:
    content = decode(data)
    for record in (kept(content), status_line_record(content)):
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*CALL, "cost", "rate_limits", "context_window"], JSON))
)
def test_any_value_of_a_known_field_gives_a_record_that_can_be_written(content: dict[str, Any]) -> None:
    for record in (kept(content), status_line_record(content)):
        HOOKS.decode(json.dumps(record, ensure_ascii=False, allow_nan=False).encode())


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6), st.integers(0, 400))
def test_of_an_object_that_was_cut_short_the_whole_members_are_read(value: dict[str, Any], cut: int) -> None:
    text = json.dumps(value, ensure_ascii=True, indent=1 if cut % 2 else None)
    found = decode(text[:cut].encode())
    whole = [(key, json.dumps(member)) for key, member in value.items()]
    assert [(key, json.dumps(member)) for key, member in found.items()] == whole[: len(found)]


def test_the_fields_in_front_of_a_large_input_are_read() -> None:
    text = json.dumps({**CALL, "tool_response": "x" * 10_000})
    assert kept(decode(text[:5000].encode())) == kept(CALL)
    assert decode(b'{"at": 12') == {}


def test_deep_nesting_and_foreign_bytes_are_no_trouble() -> None:
    assert decode(b"[" * 500_000) == {}
    assert decode(b'{"a": ' * 100_000) == {}
    assert decode(b'{"session_id": "\xff\xfe"}') == {"session_id": "\ufffd\ufffd"}
    assert decode(b'{1: 2, "a": 3, ') == {}


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "a" * 101, "s\n1", "é"])
def test_a_session_id_that_is_no_file_name_gets_another(name: str) -> None:
    assert file_name(name).startswith("x-")
    assert "/" not in file_name(name)
    assert file_name(name) != file_name(name + "a")


def test_a_session_id_is_the_name_of_its_file() -> None:
    assert file_name("0b5c-9F_1") == "0b5c-9F_1.jsonl"


def test_input_beyond_the_limit_is_read_and_forgotten() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(b"x" * 300_000)

    writer = threading.Thread(target=write)
    writer.start()
    assert read_input(reading, 1000, 10.0) == b"x" * 1000
    os.close(reading)  # from here on the writer would break
    writer.join()


def test_input_that_does_not_end_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"{}")
    before = time.monotonic()
    assert read_input(reading, 1000, 0.05) == b"{}"
    assert time.monotonic() - before < 5
    os.close(reading)
    os.close(writing)
