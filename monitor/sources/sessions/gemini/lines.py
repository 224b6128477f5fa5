"""The lines of a chat, as far as they are looked at. Every field may be missing: nobody promised the format."""

from __future__ import annotations

from typing import Any, Final

import msgspec


class Line(msgspec.Struct, rename="camel"):
    """A line: the header, a message, a change (`$set`), or a step back (`$rewindTo`)."""

    id: Any = None
    type: Any = None
    timestamp: Any = None
    session_id: Any = None
    start_time: Any = None
    kind: Any = None
    project_hash: Any = None
    model: Any = None
    tokens: Any = None
    content: msgspec.Raw = msgspec.Raw(b"null")
    tool_calls: msgspec.Raw = msgspec.Raw(b"null")
    set: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="$set")
    rewind_to: Any = msgspec.field(default=None, name="$rewindTo")
    messages: msgspec.Raw = msgspec.Raw(b"null")
    """Of a whole chat in one value, as older versions write it."""


class Change(msgspec.Struct):
    """`$set`: what takes the place of what was."""

    messages: msgspec.Raw = msgspec.Raw(b"null")


class Call(msgspec.Struct):
    """A tool call. It is written when it has ended; its result is not looked at."""

    id: Any = None
    name: Any = None
    status: Any = None
    timestamp: Any = None
    args: msgspec.Raw = msgspec.Raw(b"null")


class Arguments(msgspec.Struct):
    """What of a call's arguments may be kept: paths, and the name of a program."""

    file_path: Any = None
    absolute_path: Any = None
    path: Any = None
    dir_path: Any = None
    command: Any = None


LINES: Final = msgspec.json.Decoder(Line)
CHANGE: Final = msgspec.json.Decoder(Change)
MESSAGES: Final = msgspec.json.Decoder(list[Line])
CALLS: Final = msgspec.json.Decoder(list[Call])
ARGUMENTS: Final = msgspec.json.Decoder(Arguments)
