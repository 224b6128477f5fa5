"""The lines of a transcript, as far as they are looked at. Every field may be missing: nobody promised the format."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Line(msgspec.Struct, rename="camel"):
    """A line: what it holds depends on `type`."""

    type: Any = None
    subtype: Any = None
    timestamp: Any = None
    session_id: Any = None
    cwd: Any = None
    version: Any = None
    is_sidechain: Any = None
    is_meta: Any = None
    is_compact_summary: Any = None
    is_api_error_message: Any = None
    api_error_status: Any = None
    error: Any = None
    request_id: Any = None
    permission_mode: Any = None
    message: msgspec.Raw = msgspec.Raw(b"null")


class Message(msgspec.Struct):
    """What the model said, or what was said to it."""

    id: Any = None
    model: Any = None
    stop_reason: Any = None
    usage: Any = None
    content: msgspec.Raw = msgspec.Raw(b"null")


class Block(msgspec.Struct):
    """A part of a message. Text, inputs and results stay as they are: only their first bytes are looked at."""

    type: Any = None
    id: Any = None
    name: Any = None
    tool_use_id: Any = None
    is_error: Any = None
    input: msgspec.Raw = msgspec.Raw(b"null")
    text: msgspec.Raw = msgspec.Raw(b"null")
    content: msgspec.Raw = msgspec.Raw(b"null")


class ToolInput(msgspec.Struct):
    """What of a tool's input may be kept: paths, the name of a program, the kind of a sub-agent."""

    file_path: Any = None
    notebook_path: Any = None
    path: Any = None
    command: Any = None
    subagent_type: Any = None


LINES: Final = msgspec.json.Decoder(Line)
MESSAGE: Final = msgspec.json.Decoder(Message)
BLOCKS: Final = msgspec.json.Decoder(list[Block])
INPUT: Final = msgspec.json.Decoder(ToolInput)
