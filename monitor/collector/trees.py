"""Which process trees are recorded, and when: a tree of its own in each sample would cost more than the sample."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import ProcessGroup, ProcessInfo, ProcessKey

TREE_SECONDS: Final = 60.0
"""Between two looks at a tree whose processes are as many as before."""
CHANGED_TREE_SECONDS: Final = 10.0
"""The same when they are more or fewer, or their CPU was unknown."""
MEMORY_STEP: Final = 1 << 20
"""Bytes; finer changes of memory are no change here."""

Tree = tuple["ProcessInfo", ...]


class TreeLog:
    """Remembers what was recorded of each agent's processes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked: dict[str, tuple[float, ProcessKey, int]] = {}
        self._told: dict[str, Tree] = {}

    def due(self, agent_id: str, process: ProcessGroup) -> bool:
        """Whether it is time to look at this agent's tree: at once when its topmost process is another one."""
        then, key, count = self._looked.get(agent_id, (-TREE_SECONDS, None, -1))
        if key != process.key:
            return True
        wait = TREE_SECONDS if count == process.process_count else CHANGED_TREE_SECONDS
        return self._clock() - then >= wait

    def note(self, agent_id: str, process: ProcessGroup, tree: Tree) -> Tree | None:
        """The tree as it is to be recorded; None when that would say nothing new."""
        # CPU is a difference: of a process seen for the first time it is unknown, and soon asked for again.
        measured = bool(tree) and tree[0].cpu_usage is not None
        self._looked[agent_id] = (self._clock(), process.key, process.process_count if measured else -1)
        rounded = tuple(map(_rounded, tree))
        if not tree or self._told.get(agent_id) == rounded:
            return None
        self._told[agent_id] = rounded
        return rounded

    def forget(self, agent_id: str) -> None:
        """The agent is gone for good."""
        self._looked.pop(agent_id, None)
        self._told.pop(agent_id, None)


def _rounded(process: ProcessInfo) -> ProcessInfo:
    """CPU to a percent, memory up to the next MiB: what is there never becomes 0."""
    memory = process.memory_usage
    return msgspec.structs.replace(
        process,
        cpu_usage=None if process.cpu_usage is None else float(round(process.cpu_usage)),
        memory_usage=None if memory is None else -(-memory // MEMORY_STEP) * MEMORY_STEP,
    )
