"""What the live table costs with many agents, in CPU of this process, terminal output included.

usage: python -m tests.benchmarks.screen [--agents N] [--size 200x50]
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from textual.widget import Widget

from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Command
from monitor.ui.app import MonitorApp
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.screens.main import MainScreen

NOW = 1_767_268_984_000
KINDS = ("claude-code", "codex", "gemini", "aider")
TARGETS = "a frame of j or pgdn ≤ 8 ms; sorting by CPU every tick ≤ 3 ms; an unchanged tick paints nothing"


@dataclass
class Cost:
    """What one thing cost, over many times."""

    name: str
    mean_ms: float
    worst_ms: float
    bytes: float


class SilentFeed:
    """A feed that leaves the store to the benchmark."""

    async def run(self) -> None:
        """Run until cancelled."""
        await asyncio.Event().wait()

    async def send(self, command: Command) -> None:
        """Nothing is sent."""

    def set_interval(self, seconds: float) -> None:
        """The benchmark ticks."""


def fill(store: KeyStore, agents: int) -> None:
    """A store with so many agents; every fiftieth waits for a person."""
    ids = tuple(f"agent-{number:04}" for number in range(agents))
    store.set(Keys.AGENTS, ids)
    for number, agent_id in enumerate(ids):
        waits = number % 50 == 7
        store.set(
            Keys.status(agent_id),
            AgentStatus(
                id=agent_id,
                name=agent_id,
                kind=KINDS[number % 4],
                role="builder",
                worktree=f"/srv/shop/agents/{agent_id}",
                repository=f"/srv/repository-{number % 12}/.git",
                host="forge",
                origin="board",
                status="blocked" if waits else "active",
                status_since=NOW - number * 1000,
                status_reason="waits for permission: Bash(make)" if waits else "files changed now",
                branch=f"feature/{agent_id}",
                git_state="branch",
                uncommitted_changes=number % 9,
                ahead=number % 4,
                behind=number % 3,
                current_task=f"TASK-{number:03}",
                last_activity=NOW - number * 500,
            ),
        )
    change(store, ids, 0)


def change(store: KeyStore, ids: tuple[str, ...], turn: int) -> None:
    """Other numbers for every agent, a second later."""
    for number, agent_id in enumerate(ids):
        store.set(
            Keys.metrics(agent_id),
            AgentMetrics(
                pid=1000 + number,
                process="claude",
                cpu_usage=(number * 37 + turn * 61) % 1000 / 10,
                memory_usage=(200 + (number * 7 + turn * 13) % 300) << 20,
                process_count=3 + (number + turn) % 5,
                uptime_seconds=600 + number + turn,
            ),
        )
    store.set(Keys.CLOCK, NOW + turn * 1000)


class Bench:
    """A running app whose frames are painted by hand."""

    def __init__(self, app: MonitorApp) -> None:
        screen = app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        self.pane: AgentsPane = screen.agents
        self.store = app.store
        self._screen = screen
        self._console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)

    def paint(self) -> int:
        """Paint what is dirty as the app would, and return the bytes that go to the terminal."""
        compositor = self._screen._compositor
        compositor.update_widgets(set(self._screen.walk_children(Widget)))
        update: Any = compositor.render_partial_update()
        return len(update.render_segments(self._console).encode()) if update else 0

    def cost(self, name: str, times: int, act: Callable[[int], None]) -> Cost:
        """Act and paint so often."""
        spent: list[float] = []
        sizes: list[int] = []
        for turn in range(times):
            before = time.process_time()
            act(turn)
            size = self.paint()
            spent.append(1000 * (time.process_time() - before))
            sizes.append(size)
        return Cost(name, sum(spent) / times, max(spent), sum(sizes) / times)
