"""What agents and people of attached systems write to each other: a question without an answer stands first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from monitor.model import Message, unanswered
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.panes.pane import Sort
from monitor.ui.panes.system_pane import SystemListPane
from monitor.ui.widgets.columns import Column
from monitor.ui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.ui.filter import Numbers
    from monitor.ui.spans import Cell, Span


class MessageLine(msgspec.Struct, frozen=True):
    """A message, and whether somebody waits for an answer to it."""

    told: Message
    waits: bool = False

    @property
    def id(self) -> str:
        """The message's."""
        return self.told.id

    @property
    def system(self) -> str:
        """Whose it is."""
        return self.told.system


def _urgency(line: MessageLine) -> tuple[bool, int]:
    """Who has waited longest first; then the newest."""
    at = line.told.at or 0
    return (not line.waits, at if line.waits else -at)


class MessagesPane(SystemListPane[MessageLine]):
    """One line a message."""

    NUMBER = "7"
    CAPTION = "Messages"
    PARTS = ("messages", "agents")
    FIELDS = frozenset({"system", "from", "to", "kind", "conversation", "state", "task", "id"})
    NUMBERS: ClassVar[Numbers] = {"age": "seconds"}
    SORTS: ClassVar = (
        Sort("state", "what waits", _urgency),
        Sort("age", "age", lambda line: line.told.at, descending=True),
        Sort("conversation", "conversation", lambda line: (line.told.conversation, line.told.at or 0)),
        Sort("from", "sender", lambda line: (line.told.sender, -(line.told.at or 0))),
    )

    def own_columns(self) -> Sequence[Column[MessageLine]]:
        """Whether somebody waits, age, from whom to whom, kind, conversation, text."""
        return (
            Column("state", "STATE", 8, lambda row, _: (_state(row),)),
            Column("age", "AGE", 4, self._age, "right", moving=True),
            Column("from", "FROM", 9, lambda row, _: ((self._sender(row), "text"),), flexible=1, limit=20),
            Column(
                "to",
                "TO",
                9,
                lambda row, _: ((self._receiver(row), "text"),),
                priority=2,
                flexible=1,
                limit=20,
            ),
            Column("kind", "KIND", 9, lambda row, _: ((clean(row.told.kind), "muted"),), priority=4),
            Column("conversation", "IN", 9, _conversation, priority=3, flexible=1, limit=20),
            Column("text", "TEXT", 20, _text, flexible=6),
        )

    def _sender(self, row: MessageLine) -> str:
        return clean(self.scope.agent_name(row.system, row.told.sender))

    def _receiver(self, row: MessageLine) -> str:
        return clean(self.scope.agent_name(row.system, row.told.receiver))

    def _age(self, row: MessageLine, _width: int) -> Cell:
        return ((text.age(row.told.at, self.now), "warn" if row.waits else "muted"),)

    def records(self) -> Sequence[Row[MessageLine]]:
        """A row for each message."""
        return [
            Row(f"{reading.state.name}\n{one.id}", MessageLine(one, one.id in asked))
            for reading in self.scope.readings()
            for asked in (unanswered(reading.messages),)
            for one in reading.messages
        ]

    def fields(self, record: MessageLine) -> Mapping[str, str]:
        """What of a message can be searched."""
        told = record.told
        return {
            "system": told.system,
            "id": told.id,
            "from": f"{told.sender} {self._sender(record)}",
            "to": f"{told.receiver} {self._receiver(record)}",
            "kind": told.kind,
            "conversation": told.conversation,
            "state": _state(record)[0].removeprefix("? "),
            "task": told.task_id,
            "text": told.text,
        }

    def numbers(self, record: MessageLine) -> Mapping[str, float | None]:
        """How long ago it was written."""
        return {"age": self.seconds_since(record.told.at)}

    def summary(self) -> Cell:
        """Who waits and for how long, and how many messages there are."""
        total = super().summary()
        asked = [
            one
            for reading in self.scope.readings()
            for waits in (unanswered(reading.messages),)
            for one in reading.messages
            if one.id in waits
        ]
        if not asked:
            return total
        known = [one.at for one in asked if one.at is not None]
        longest = f", {text.age(min(known), self.now)}" if known else ""
        told = (
            "1 question without an answer" if len(asked) == 1 else f"{len(asked)} questions without an answer"
        )
        return ((f" {told}{longest} ", "call"), ("   ", "text"), *total)


def _state(row: MessageLine) -> Span:
    if row.waits:
        return ("? waits", "call")
    if row.told.is_question:
        return ("answered", "muted")
    return ("unread", "info") if row.told.is_read is False else ("", "text")


def _text(row: MessageLine, _width: int) -> Cell:
    files = f"  {row.told.attachments} attached" if row.told.attachments else ""
    return ((clean(row.told.text, 500), "strong" if row.waits else "text"), (files, "muted"))


def _conversation(row: MessageLine, _width: int) -> Cell:
    return ((clean(row.told.conversation or row.told.task_id), "muted"),)
