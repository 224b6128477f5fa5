"""Which agents change the same file at the same time, as the alerts tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from monitor.model import Alert

RULE: Final = "file-overlap"
"""Id of the rule; the metadata of its alerts holds `agents` and `files`, paths relative to the worktree."""


def overlaps(alerts: Iterable[Alert], name_of: Callable[[str], str]) -> Mapping[str, str]:
    """For each agent concerned, with whom it shares which file: `same file as builder: src/parser.py +2`."""
    told: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.rule != RULE:
            continue
        agents, files = words(alert.metadata.get("agents")), words(alert.metadata.get("files"))
        if not files:
            continue
        more = f" +{len(files) - 1}" if len(files) > 1 else ""
        for agent in agents:
            others = ", ".join(name_of(other) for other in agents if other != agent)
            told.setdefault(agent, []).append(f"same file as {others}: {clean(files[0])}{more}")
    return {agent: "; ".join(sentences) for agent, sentences in told.items()}


def words(value: object) -> list[str]:
    """A list of text out of an alert's metadata, which another program's recording may hold in any shape."""
    return [word for word in value if isinstance(word, str)] if isinstance(value, list | tuple) else []
