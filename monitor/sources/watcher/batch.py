"""What was seen of each target since the last batch, made one change each."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import msgspec

from monitor.model import Millis
from monitor.sources.watcher.targets import Change
from monitor.text import clean

if TYPE_CHECKING:
    from monitor.sources.watcher.targets import Plan, Target

SAMPLES: Final = 5
"""Paths told with a change."""


class _News(msgspec.Struct):
    at: Millis
    paths: list[str]
    head_moved: bool = False


class Batch:
    """Gathers; however much happens, what it holds is bounded by the number of targets."""

    def __init__(self) -> None:
        self._news: dict[Target, _News] = {}

    def __len__(self) -> int:
        return len(self._news)

    def note(self, target: Target, planned: Plan, path: str, *, head_moved: bool = False) -> None:
        """Something happened at `path`, or anywhere when that is empty."""
        news = self._news.get(target)
        if news is None:
            news = self._news[target] = _News(at=time.time_ns() // 1_000_000, paths=[])
        news.head_moved |= head_moved
        if path and len(news.paths) < SAMPLES:
            sample = clean(os.path.relpath(path, planned.base))
            if sample not in news.paths:
                news.paths.append(sample)

    def forget(self, target: Target) -> None:
        """The target is not watched any more."""
        self._news.pop(target, None)

    def take(self) -> tuple[Change, ...]:
        """The changes, one a target; the next batch begins."""
        news, self._news = self._news, {}
        return tuple(
            Change(
                kind=target.kind,
                key=target.key,
                at=seen.at,
                paths=tuple(seen.paths),
                head_moved=seen.head_moved,
            )
            for target, seen in news.items()
        )
