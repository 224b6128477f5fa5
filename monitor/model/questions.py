"""Which questions of an attached system wait for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model.systems import Message


def unanswered(messages: Iterable[Message]) -> frozenset[str]:
    """Ids of one system's questions that nobody answered: no reply names them, and nobody else wrote there since."""
    messages = list(messages)
    replied = {message.parent_id for message in messages if message.parent_id}
    last: dict[str, dict[str, int]] = {}
    for message in messages:
        if message.conversation:
            writers = last.setdefault(message.conversation, {})
            writers[message.sender] = max(writers.get(message.sender, 0), message.at or 0)
    return frozenset(
        message.id
        for message in messages
        if message.is_question
        and message.id not in replied
        and not any(
            at > (message.at or 0)
            for writer, at in last.get(message.conversation, {}).items()
            if writer != message.sender
        )
    )
