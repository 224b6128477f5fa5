"""What the live table costs with many agents, in CPU of this process, terminal output included.

usage: python -m tests.benchmarks.screen [--agents N] [--size 200x50] [--times N]
"""

from __future__ import annotations

import argparse
import asyncio
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from textual import events
from textual.widget import Widget

from monitor import ui
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, AgentStatus, Command
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.panes.agent_loads import POINTS
from monitor.ui.panes.agents import AgentsPane
from monitor.ui.screens.main import MainScreen

NOW = 1_767_268_984_000
KINDS = ("claude-code", "codex", "gemini", "aider")
TARGETS = (
    "a frame while scrolling ≤ 16 ms (60 a second); a key beside a tick of all agents answered within 50 ms"
)


@dataclass
class Cost:
    """What one thing cost, over many times."""

    name: str
    spent: list[float]
    """Milliseconds, one value each time."""
    sizes: list[int]
    """Bytes to the terminal."""

    def line(self) -> str:
        """Mean, 95th percentile and worst; mean bytes."""
        ordered = sorted(self.spent)
        mean, late = sum(ordered) / len(ordered), ordered[int(0.95 * (len(ordered) - 1))]
        size = f"{sum(self.sizes) / len(self.sizes):8.0f} B" if self.sizes else ""
        return f"{self.name:<44} {mean:7.2f} {late:7.2f} {ordered[-1]:7.2f} ms {size}"


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


class Watched(MonitorApp):
    """The app, which tells when the cursor stands on a row in a picture that went to the terminal."""

    CSS_PATH = str(Path(ui.__file__).with_name("monitor.tcss"))
    awaited = -1

    def wait_for(self, cursor: int) -> asyncio.Event:
        """An event that is set by the first picture with the cursor there."""
        self.awaited, self._drawn = cursor, asyncio.Event()
        return self._drawn

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        if isinstance(screen, MainScreen) and screen.agents.table.cursor == self.awaited:
            self._drawn.set()


class Bench:
    """A running app whose frames are painted by hand, so that nothing but the work counts."""

    def __init__(self, app: Watched) -> None:
        screen = app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        self.app = app
        self.pane: AgentsPane = screen.agents
        self.store = app.store
        self.ids: tuple[str, ...] = app.store.get(Keys.AGENTS)
        self._turn = 0
        self._screen = screen
        self._console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)

    def paint(self) -> int:
        """Paint what is dirty as the app would, and return the bytes that go to the terminal."""
        compositor = self._screen._compositor
        compositor.update_widgets(set(self._screen.walk_children(Widget)))
        update: Any = compositor.render_partial_update()
        return len(update.render_segments(self._console).encode()) if update else 0

    def cost(self, name: str, times: int, act: Callable[[], object]) -> Cost:
        """Act and paint so often; CPU of this process."""
        cost = Cost(name, [], [])
        for _ in range(times):
            before = time.process_time()
            act()
            size = self.paint()
            cost.spent.append(1000 * (time.process_time() - before))
            cost.sizes.append(size)
        return cost

    def news(self) -> None:
        """Put other numbers of every agent into the store, without telling anyone yet."""
        self._turn += 1
        change(self.store, self.ids, self._turn)

    def tick(self, name: str, times: int) -> Cost:
        """Ticks in which every agent has other numbers; filling the store is not counted."""
        keys = frozenset({Keys.CLOCK, *map(Keys.metrics, self.ids)})
        cost = Cost(name, [], [])
        for _ in range(times):
            self.news()
            one = self.cost(name, 1, lambda: self.pane.notice(keys))
            cost.spent += one.spent
            cost.sizes += one.sizes
        return cost

    def second(self) -> None:
        """A second goes by in which nothing happens: header and panes are told of the clock."""
        self.store.set(Keys.CLOCK, self.store.get(Keys.CLOCK) + 1000)
        self.store.flush()
        self.app.notices._deliver()

    def fill_sparklines(self) -> None:
        """Let so many seconds go by that no sparkline grows any more."""
        for _ in range(2 * POINTS):
            self.second()
        self.paint()

    async def answer(self, name: str, times: int) -> Cost:
        """From a j that is pressed just when a tick of all agents is told, to its picture; time of the wall."""
        cost = Cost(name, [], [])
        for _ in range(times):
            await asyncio.sleep(0.05)
            self.news()
            if self.pane.table.cursor + 1 >= len(self.pane.table.rows):
                self.pane.table.action_edge("first")
            drawn = self.app.wait_for(self.pane.table.cursor + 1)
            before = time.perf_counter()
            self.store.flush()
            self.app.post_message(events.Key("j", None))
            await drawn.wait()
            cost.spent.append(1000 * (time.perf_counter() - before))
        return cost


async def measure(agents: int, size: tuple[int, int], times: int) -> list[Cost]:
    """Every figure, over an app without a terminal."""
    store = KeyStore()
    fill(store, agents)
    app = Watched(store, SilentFeed(), ScreenOptions(user="bench"))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        bench = Bench(app)
        table = bench.pane.table
        costs = [bench.cost("one row down, at the lower edge (j)", times, lambda: table.action_move(1))]
        table.action_edge("first")
        costs.append(bench.cost("one notch of the wheel", times, lambda: table._wheel(3)))
        table.action_edge("first")
        costs.append(bench.cost("one page down (pgdn)", min(times, 20), lambda: table.action_page(1)))
        table.action_edge("first")
        costs.append(bench.tick("tick of all agents, by attention", times))
        while bench.pane.sort.column != "cpu":
            bench.pane.action_sort(1)
        costs.append(bench.tick("tick of all agents, by CPU: new order", times))
        while bench.pane.sort.column != "status":
            bench.pane.action_sort(1)
        bench.pane.action_group()
        bench.pane.action_group()
        costs.append(bench.tick("tick of all agents, grouped by repository", times))
        bench.paint()
        while bench.pane.grouping:
            bench.pane.action_group()
        bench.fill_sparklines()
        costs.append(bench.cost("tick without news, every pane", times, bench.second))
        table.action_edge("first")
        costs.append(await bench.answer("key beside a tick of all agents, until drawn", min(times, 60)))
    return costs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--size", default="200x50")
    parser.add_argument("--times", type=int, default=200)
    arguments = parser.parse_args()
    columns, lines = map(int, arguments.size.split("x"))
    print(f"{arguments.agents} agents at {columns}×{lines}, {arguments.times} times")
    print(f"target: {TARGETS}")
    print(f"{'':<44} {'mean':>7} {'95 %':>7} {'worst':>7}")
    for cost in asyncio.run(measure(arguments.agents, (columns, lines), arguments.times)):
        print(cost.line())


if __name__ == "__main__":
    main()
