"""The lines of a rollout file, as far as they are looked at. Every field may be missing: nobody promised the format."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Line(msgspec.Struct):
    """A line: what it holds depends on `type`."""

    type: str = ""
    timestamp: Any = None
    payload: msgspec.Raw = msgspec.Raw(b"null")


class Meta(msgspec.Struct):
    """`session_meta`: which session it is."""

    id: str = ""
    session_id: str = ""
    timestamp: Any = None
    cwd: Any = None
    cli_version: Any = None
    source: Any = None
    thread_source: Any = None
    forked_from_id: Any = None
    parent_thread_id: Any = None


class Context(msgspec.Struct):
    """`turn_context`: under which conditions a turn runs."""

    cwd: Any = None
    model: Any = None
    approval_policy: Any = None


class Item(msgspec.Struct):
    """`response_item`: what the model said or called. Its text is not looked at."""

    type: str = ""
    name: Any = None
    call_id: Any = None
    arguments: Any = None
    input: Any = None
    action: Any = None
    output: msgspec.Raw = msgspec.Raw(b"null")
    status: Any = None


class Event(msgspec.Struct):
    """`event_msg`."""

    type: str = ""
    started_at: Any = None
    model_context_window: Any = None
    info: Any = None
    rate_limits: Any = None
    item: msgspec.Raw = msgspec.Raw(b"null")
    call_id: Any = None
    exit_code: Any = None
    success: Any = None
    changes: Any = None
    codex_error_info: Any = None


class Completed(msgspec.Struct):
    """The item of an `item_completed` event: a command that ran, files that changed."""

    type: str = ""
    id: Any = None
    status: Any = None
    exit_code: Any = None
    changes: Any = None
    duration: Any = None


class UsageRecord(msgspec.Struct):
    """`token_usage_record`: tokens of one answer, and of the whole thread so far."""

    thread_token_usage: Any = None


LINES: Final = msgspec.json.Decoder(Line)
META: Final = msgspec.json.Decoder(Meta)
CONTEXT: Final = msgspec.json.Decoder(Context)
ITEM: Final = msgspec.json.Decoder(Item)
EVENT: Final = msgspec.json.Decoder(Event)
COMPLETED: Final = msgspec.json.Decoder(Completed)
USAGE: Final = msgspec.json.Decoder(UsageRecord)
