"""What the health and the systems pane say of the host, of the monitor's sources, and of other systems."""

from __future__ import annotations

import msgspec
import pytest
from test_screen_panes import HOSTILE
from ui_fleet import MINUTE, NOW
from ui_screens import NARROW, WIDE, Screen, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import SYSTEM_SHAPE, BoardState, RagMetrics, RagPattern, SourceState, SourceStatus
from monitor.ui.panes.systems import SystemsPane, board_rows
from monitor.ui.screens.single import PaneScreen
from monitor.ui.spans import text_width


def source(name: str, state: SourceState = "ok", subject: str = "host", **values: object) -> SourceStatus:
    """How a source fares on a subject."""
    return SourceStatus(name=name, subject=subject, state=state, since=NOW - MINUTE, **values)  # type: ignore[arg-type]


def show_systems(screen: Screen) -> None:
    """The systems pane on a screen of its own."""
    screen.app.push_screen(PaneScreen(screen.app.wiring, SystemsPane(screen.app.wiring)))


def line_with(screen: Screen, text: str) -> str:
    """The line in which a text stands."""
    return next(line for line in screen.text.splitlines() if text in line)


@pytest.mark.parametrize(
    ("load", "cores", "told"),
    [
        ((3.1, 2.4, 1.9), 8, "39%  3.1 2.4 1.9"),
        ((24.0, 2.4, 1.9), 8, "300%  24.0 2.4 1.9"),
        ((3.1, 2.4, 1.9), None, "Load        3.1 2.4 1.9"),
    ],
)
async def test_load_is_measured_against_the_cores(
    store: KeyStore, load: tuple[float, float, float], cores: int | None, told: str
) -> None:
    store.set(Keys.HEALTH, msgspec.structs.replace(store.get(Keys.HEALTH), load=load, cpu_count=cores))
    async with shown(store, NARROW) as screen:
        await screen.press("3", "z")
        await screen.until_shown(told)


async def test_each_source_says_how_it_fares_and_what_goes_wrong(store: KeyStore) -> None:
    store.set(
        Keys.SOURCES,
        (
            source("git", "failing", "validator", error="permission denied"),
            source("board", "degraded", "/shop", latency_ms=3.0, error="7 tasks left out"),
            source("git", "ok", "builder", latency_ms=12.0, cost_ms_per_minute=40.0),
            source("rag", "off"),
        ),
    )
    async with shown(store, WIDE) as screen:
        await screen.press("3", "z")
        await screen.until_shown("✖ 12 ms  of 2, 1 in trouble, 40 ms CPU a minute")
        assert "✖ validator  permission denied" in screen.text
        assert "▲ /shop  7 tasks left out" in screen.text
        assert "▲ 3.0 ms  1 in trouble" in screen.text
        assert "rag         ○ off" in screen.text


async def test_without_another_system_it_says_so_calmly() -> None:
    async with shown(KeyStore()) as screen:
        show_systems(screen)
        await screen.until_shown("No other system is attached")


async def test_boards_and_the_shared_memory_say_what_they_hold(store: KeyStore) -> None:
    board = store.get(Keys.TASKS)
    broken = BoardState(root="/b", path="/b/board.json", error="line 3: not JSON", last_synced=NOW - MINUTE)
    absent = BoardState(root="/c", path="/c/board.json")
    store.set(Keys.TASKS, msgspec.structs.replace(board, boards=(*board.boards, broken, absent)))
    store.set(
        Keys.RAG, RagMetrics(timestamp=NOW - 3 * MINUTE, origin="file", total_patterns=1412, hit_rate=87.4)
    )
    store.set(Keys.RAG_PATTERNS, (RagPattern(name="retry", count=1200), RagPattern(name="unknown")))
    async with shown(store) as screen:
        show_systems(screen)
        await screen.until_shown("● 2 ok   ✖ 1 failing")
        assert "6 tasks, Sprint 3" in line_with(screen, "/shop/coordination/task-board.json")
        assert "0 tasks  line 3: not JSON" in line_with(screen, "/b/board.json")
        assert "/c/board.json" not in screen.text, "there is no board"
        assert line_with(screen, "1,412 patterns, 87% hits").split()[-2:] == ["file", "3m"]
        assert "└ retry, asked 1,200 times" in screen.text


async def test_a_shared_memory_that_cannot_be_read_is_told_with_its_reason(store: KeyStore) -> None:
    async with shown(store) as screen:
        show_systems(screen)
        await screen.until_gone("shared memory")
        store.set(Keys.SOURCES, (source("rag", "failing", error="connection refused"),))
        await screen.tick()
        await screen.until_shown("✖ 1 failing")
        assert "connection refused" in line_with(screen, "shared memory")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "200x50"])
async def test_foreign_text_stays_in_its_columns(store: KeyStore, size: tuple[int, int]) -> None:
    board = store.get(Keys.TASKS)
    odd = BoardState(root="/b", path=HOSTILE, error=HOSTILE, sprint=HOSTILE, shape="v4")
    store.set(Keys.TASKS, msgspec.structs.replace(board, boards=(odd,)))
    store.set(Keys.RAG, RagMetrics(timestamp=NOW, origin=HOSTILE))
    store.set(Keys.RAG_PATTERNS, (RagPattern(name=HOSTILE, count=3),))
    store.set(Keys.SOURCES, (source(HOSTILE, "failing", HOSTILE, error=HOSTILE),))
    async with shown(store, size) as screen:
        await screen.press("3", "z")
        for name in ("health", "systems"):
            await screen.until(lambda: "x[bold" in screen.text, name)
            lines = lines_of(screen.app)
            assert not any(letter in "".join(lines) for letter in "\x1b\x07\u202e\x9b\ud800")
            assert {text_width(line) for line in lines} == {size[0]}
            show_systems(screen)
            await screen.until(lambda: isinstance(screen.app.screen, PaneScreen))
            await screen.pilot.pause()


async def test_the_tasks_of_an_attached_system_are_no_task_board_of_ours(store: KeyStore) -> None:
    board = store.get(Keys.TASKS)
    attached = BoardState(root="system:vine", path="/shop/vine.db", shape=SYSTEM_SHAPE)
    store.set(Keys.TASKS, msgspec.structs.replace(board, boards=(*board.boards, attached)))
    rows = [row.name for row in board_rows(store)]
    assert rows
    assert "/shop/vine.db" not in rows
