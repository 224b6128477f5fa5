"""What goes to the terminal: the cells that changed, each style once, and nothing else."""

from __future__ import annotations

import io
from typing import Any

import pyte
import pytest
from rich.console import Console
from ui_fleet import NOW, add_agent, metrics, status
from ui_screens import WIDE, Screen, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions
from monitor.ui.paint import CellUpdate
from monitor.ui.panes.agent_loads import POINTS
from monitor.ui.spans import text_width


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[CellUpdate]:
    """The partial updates that would go to the terminal."""
    seen: list[CellUpdate] = []

    def display(_app: MonitorApp, _screen: Any, update: Any) -> None:
        if isinstance(update, CellUpdate):
            seen.append(update)

    monkeypatch.setattr(MonitorApp, "_display", display)
    return seen


def written(updates: list[CellUpdate]) -> str:
    console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
    return "".join(update.render_segments(console) for update in updates)


def cells(updates: list[CellUpdate]) -> set[tuple[int, int]]:
    """Places (line, column) that were written."""
    return {
        (piece.y, piece.x + column)
        for update in updates
        for piece in update.pieces
        for column in range(piece.strip.cell_length)
    }


async def settle(screen: Screen) -> None:
    """Let what is under way be drawn, and ages and sparklines come to rest."""
    for _ in range(POINTS):
        await screen.tick(1)


async def test_a_changed_number_repaints_its_cell_and_no_other(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    async with shown(store) as screen:
        await settle(screen)
        updates.clear()
        before = lines_of(screen.app)
        add = metrics(8.8, 512)
        store.set(Keys.metrics("architect"), add)
        store.flush()
        await screen.until(lambda: updates)
        after = lines_of(screen.app)
        line = next(number for number, text in enumerate(after) if "architect" in text)
        assert [number for number in range(len(after)) if before[number] != after[number]] == [line]
        assert {y for y, _ in cells(updates)} == {line}
        assert len(cells(updates)) <= 5


async def test_a_tick_without_news_writes_only_the_clock(store: KeyStore, updates: list[CellUpdate]) -> None:
    async with shown(store) as screen:
        await settle(screen)
        updates.clear()
        store.set(Keys.CLOCK, NOW + 2000)
        store.flush()
        await screen.until(lambda: updates)
        assert {y for y, _ in cells(updates)} == {0}
        assert len(written(updates).encode()) < 200


async def test_twenty_agents_that_all_change_cost_less_than_3500_bytes(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    async with shown(store) as screen:
        await settle(screen)
        sizes = []
        for turn in range(5):
            updates.clear()
            for place, agent_id in enumerate(store.get(Keys.AGENTS)):
                store.set(Keys.metrics(agent_id), metrics(3.0 + place * 4 + turn * 7, 300))
            await screen.tick()
            await screen.until(lambda: updates)
            sizes.append(len(written(updates).encode()))
        assert max(sizes) < 3500, sizes


async def test_an_equal_picture_writes_nothing(store: KeyStore, updates: list[CellUpdate]) -> None:
    async with shown(store) as screen:
        await settle(screen)
        updates.clear()
        agent = status("architect", current_task="TASK-003", uncommitted_changes=4, ahead=2)
        store.set(Keys.status("architect"), agent)
        store.flush()
        screen.main.agents.refresh_rows()
        await screen.pilot.pause()
        assert cells(updates) == set()


async def test_a_thousand_agents_repaint_only_what_is_visible(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    for number in range(1000):
        add_agent(store, status(f"zz-{number:04}"), metrics(1.0))
    async with shown(store) as screen:
        await settle(screen)
        updates.clear()
        for number in range(1000):
            store.set(Keys.metrics(f"zz-{number:04}"), metrics(2.0 + number % 7))
        await screen.tick()
        await screen.until(lambda: updates)
        assert len(written(updates).encode()) < 3500


async def test_the_pieces_make_the_same_picture_as_a_full_repaint(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    async with shown(store) as screen:
        await settle(screen)
        terminal = pyte.Screen(*WIDE)
        stream = pyte.Stream(terminal)
        stream.feed("\r\n".join(lines_of(screen.app)))
        updates.clear()
        for turn, keys in enumerate((("j",), ("s",), ("j", "I"), ("S", "G"), ("n",))):
            store.set(Keys.metrics("parser"), metrics(100.0 + turn * 13, 900 + turn * 50))
            store.set(Keys.metrics("builder"), metrics(3.0 + turn * 40))
            await screen.press(*keys)
            await screen.tick()
        stream.feed(written(updates))
        expected = lines_of(screen.app)
        for shown_line, line in zip(terminal.display, expected, strict=True):
            assert shown_line == line or text_width(line) != len(line)


async def test_no_colour_leaves_the_styles_but_no_colour_codes(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    async with shown(store, options=ScreenOptions(no_color=True)) as screen:
        await screen.press("j")
        await screen.until(lambda: updates)
        sent = written(updates)
        assert "\x1b[" in sent
        codes = {
            code
            for part in sent.split("\x1b[")[1:]
            if "m" in part
            for code in part.partition("m")[0].split(";")
        }
        assert not codes & {
            str(code) for code in (*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108))
        }
        assert "✖ error" in screen.text
        assert "■ blocked" in screen.text
