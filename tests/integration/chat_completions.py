"""A stand-in's answers in the form of OpenAI's chat completions, which many agents speak."""

from __future__ import annotations

import json
from typing import Any

from stand_in import Reply

USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 10},
}


def said(body: dict[str, Any], text: str) -> Reply:
    """The model says something, as a stream or at once, as it was asked for."""
    if body.get("stream"):
        return _streamed(body, {"role": "assistant", "content": text}, "stop")
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    told = {"id": "c1", "object": "chat.completion", "created": 1, "model": body.get("model")}
    return Reply(json.dumps({**told, "choices": [choice], "usage": USAGE}).encode(), "application/json")


def called(body: dict[str, Any], text: str, name: str, given: dict[str, Any]) -> Reply:
    """The model says something and calls a function."""
    function = {"name": name, "arguments": json.dumps(given)}
    calls = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
    return _streamed(body, {"role": "assistant", "content": text, "tool_calls": calls}, "tool_calls")


def has_result(body: dict[str, Any]) -> bool:
    """Whether the conversation holds the result of a call already."""
    return any(message.get("role") == "tool" for message in body.get("messages", []))


def _streamed(body: dict[str, Any], delta: dict[str, Any], finish: str) -> Reply:
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}
    first = {"index": 0, "delta": delta, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": finish}
    chunks = ({**base, "choices": [first]}, {**base, "choices": [last], "usage": USAGE})
    return Reply(
        b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    )
