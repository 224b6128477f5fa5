"""The task board: what a card tells, how the cursor and the filters behave, and what a tick repaints."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from test_screen_paint import cells, settle
from ui_boards import fill_board, history, put_board, task
from ui_fleet import MINUTE, NOW, status
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import Board
from monitor.ui.app import MonitorApp
from monitor.ui.paint import CellUpdate
from monitor.ui.panes.board import BoardPane
from monitor.ui.screens.board import BoardScreen
from monitor.ui.screens.task import TaskScreen
from monitor.ui.spans import text_width

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from monitor.model import Task


@asynccontextmanager
async def board_of(store: KeyStore, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Screen, BoardPane]]:
    """The board of a store on the screen."""
    async with shown(store, size) as screen:
        await screen.press("b")
        await screen.until(lambda: isinstance(screen.app.screen, BoardScreen))
        pane = screen.app.screen.query_one(BoardPane)
        await screen.until_shown("Task board")
        yield screen, pane


def selected(pane: BoardPane) -> str:
    """Id of the selected task."""
    row = pane.table.selected
    return row.record.task.id if row else ""


def card_lines(screen: Screen, task_id: str, lines: int = 5) -> list[str]:
    """What stands on a task's card, line by line; its lane ends where the next bar begins."""
    rows = screen.text.splitlines()
    y = next(place for place, row in enumerate(rows) if f"▎{task_id}" in row)
    x = rows[y].index(f"▎{task_id}")
    cut = []
    for row in rows[y : y + lines]:
        left = 0
        kept = ""
        for letter in row:
            if left >= text_width(rows[y][:x]):
                kept += letter
            left += text_width(letter)
        cut.append(kept[1:].split("▎")[0].rstrip())
    return cut


def replaced(store: KeyStore, task_id: str, **values: Any) -> None:
    """Change one task of the board."""
    board: Board = store.get(Keys.TASKS)
    tasks = tuple(msgspec.structs.replace(one, **values) if one.id == task_id else one for one in board.tasks)
    put_board(store, *tasks)


async def test_a_card_tells_age_agent_blocker_and_dependencies(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, _):
        blocked = " ".join(card_lines(screen, "TASK-103"))
        assert "high" in blocked
        assert "25m" in blocked
        assert "~25m" not in blocked, "its history tells it to the minute"
        assert "a person has to sign" in blocked, "the newest reason"
        assert "builder" in blocked
        started = " ".join(card_lines(screen, "TASK-101"))
        assert "2h14" in started
        assert "○ TASK-110" in started
        waiting = " ".join(card_lines(screen, "TASK-107"))
        assert "? TASK-999 unknown  ● TASK-1…" in waiting
        assert "~30m" in waiting, "without a history only since its last update, or longer"
        assert "↻ TASK-109 circle" in " ".join(card_lines(screen, "TASK-108"))


async def test_a_status_that_the_board_made_up_has_a_lane_before_the_finished_ones(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, _):
        titles = screen.text.splitlines()[3]
        names = ("TODO", "IN_PROGRESS", "BLOCKED", "REVIEW", "NEEDS_DESIGN", "DONE", "VERIFIED")
        places = [titles.index(name) for name in names]
        assert places == sorted(places)


async def test_velocity_and_the_mean_time_in_progress_stand_above(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, _):
        line = screen.text.splitlines()[2]
        assert "22 tasks, 12 done" in line
        assert "1.7 a day" in line, "24 tasks in 14 days"
        assert "on average" in line
    store.delete(Keys.VELOCITY)
    async with board_of(store) as (screen, _):
        assert "velocity –" in screen.text, "unknown is not zero"


async def test_a_task_in_progress_without_anybody_at_work_is_pointed_out(store: KeyStore) -> None:
    put_board(
        store,
        task("TASK-1", "IN_PROGRESS", assigned_to="docs"),
        task("TASK-2", "IN_PROGRESS"),
        task("TASK-3", "IN_PROGRESS", assigned_to="all"),
        task("TASK-4", "IN_PROGRESS", assigned_to="architect"),
    )
    async with board_of(store) as (screen, _):
        assert "▲ 2 in progress with nobody at work" in screen.text
        assert "docs offline" in " ".join(card_lines(screen, "TASK-1"))
        assert "nobody" in " ".join(card_lines(screen, "TASK-2"))
        assert "all agents" in " ".join(card_lines(screen, "TASK-3"))


async def test_the_cursor_stays_on_its_card_when_the_card_goes_to_another_lane(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        assert selected(pane) == "TASK-103"
        replaced(store, "TASK-103", status="IN_PROGRESS")
        await screen.tick()
        await screen.until(
            lambda: pane.table.selected and pane.table.selected.record.task.status != "BLOCKED"
        )
        assert selected(pane) == "TASK-103"


async def test_when_its_card_goes_the_cursor_takes_the_nearest_one(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        board: Board = store.get(Keys.TASKS)
        put_board(store, *(one for one in board.tasks if one.id != "TASK-103"))
        await screen.tick()
        await screen.until(lambda: selected(pane) != "TASK-103")
        assert pane.table.selected is not None
        assert pane.table.selected.record.task.status == "IN_PROGRESS", "of the lane beside it"
        put_board(store)
        await screen.tick()
        await screen.until_shown("The board holds no tasks.")
        await screen.press("j", "l", "h", "G", "enter", "f")
        assert isinstance(screen.app.screen, BoardScreen)


async def test_the_filter_leaves_the_lanes_and_tells_how_many_of_how_many(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        await screen.press("slash", *"agent:builder", "enter")
        await screen.until(lambda: [row.record.task.id for row in pane.table.rows] == ["TASK-103"])
        assert "BLOCKED 1 " in screen.text
        assert "TODO 0/4" in screen.text
        await screen.press("escape")
        await screen.until(lambda: len(pane.table.rows) == 22)


async def test_escape_shows_all_agents_again_before_it_leaves(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        await screen.press("f")
        await screen.until_shown("only builder")
        await screen.press("escape")
        await screen.until_gone("only builder")
        assert len(pane.table.rows) == 22
        await screen.press("escape")
        await screen.until(lambda: not isinstance(screen.app.screen, BoardScreen))


async def test_the_agents_tasks_may_all_leave_the_board_while_only_they_are_shown(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, _):
        await screen.press("f")
        await screen.until_shown("only builder")
        replaced(store, "TASK-103", assigned_to="docs")
        await screen.tick()
        await screen.until_shown("No task of builder. f shows all.")


async def test_a_click_selects_a_second_one_opens_and_a_strip_unfolds(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store, NARROW) as (screen, pane):
        folded = next(space for space in pane.cards._placement.spaces if not space.open)
        await screen.pilot.click(pane.cards, offset=(folded.x, 4))
        await screen.until(lambda: pane.cards._lane == folded.lane)
        await screen.until(lambda: folded.lane in pane.cards._placement.opened)
        space = next(one for one in pane.cards._placement.spaces if one.lane == folded.lane)
        await screen.pilot.click(pane.cards, offset=(space.x + 2, 1), times=2)
        await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))


async def test_a_lane_with_more_cards_than_lines_scrolls_with_cursor_and_wheel(store: KeyStore) -> None:
    put_board(store, *(task(f"TASK-{number:03}", assigned_to="builder") for number in range(60)))
    async with board_of(store, NARROW) as (screen, pane):
        assert selected(pane) == "TASK-000"
        assert "↓" in screen.text.splitlines()[3]
        await screen.press("G")
        await screen.until_shown("TASK-059")
        assert "↑" in screen.text.splitlines()[3]
        await screen.press("g", "pagedown")
        await screen.until(lambda: selected(pane) == f"TASK-{pane.cards._cards_a_page(0):03}")
        await screen.press("g")
        await screen.until_shown("TASK-000")
        await screen.pilot.hover(pane.cards, offset=(5, 5))
        pane.cards._scroll(5, 1)
        await screen.until_gone("TASK-000")
        assert selected(pane) == "TASK-001", "the cursor stays in sight"


async def test_a_board_that_cannot_be_read_stays_with_its_age_and_the_reason(store: KeyStore) -> None:
    put_board(store, task("TASK-1"), error="line 3: not JSON", last_synced=NOW - 3 * MINUTE)
    async with board_of(store) as (screen, _):
        assert "▲ line 3: not JSON, shown as of 3m ago" in screen.text
        assert "TASK-1" in screen.text


@pytest.mark.parametrize("size", [WIDE, NARROW, (60, 12), (30, 8), (8, 4)])
async def test_no_line_is_wider_or_narrower_than_the_screen(store: KeyStore, size: tuple[int, int]) -> None:
    fill_board(store)
    async with board_of(store, WIDE) as (screen, pane):
        await screen.pilot.resize_terminal(*size)
        await screen.until(lambda: pane.cards.size.width == size[0])
        for key in ("l", "l", "G", "h", "h", "h", "g"):
            await screen.press(key)
            for y in range(pane.cards.size.height):
                assert pane.cards.render_line(y).cell_length == size[0]


async def test_foreign_text_is_drawn_clean(store: KeyStore) -> None:
    put_board(
        store,
        task(
            "TASK-1",
            "BLOCKED",
            title="[bold]a\x1b]0;x\x07b",
            blockers=("\x1b[31mred",),
            assigned_to="\u202eeve",
        ),
    )
    async with board_of(store) as (screen, _):
        assert "[bold]" in screen.text
        for mark in "\x1b\x07\u202e":
            assert mark not in screen.text


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[CellUpdate]:
    """The partial updates that would go to the terminal."""
    seen: list[CellUpdate] = []

    def display(_app: MonitorApp, _screen: Any, update: Any) -> None:
        if isinstance(update, CellUpdate):
            seen.append(update)

    monkeypatch.setattr(MonitorApp, "_display", display)
    return seen


async def test_a_changed_title_repaints_its_line_of_the_card_and_nothing_else(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        await settle(screen)
        updates.clear()
        replaced(store, "TASK-105", title="Snapshot tests of the bucket")
        await screen.tick(0)
        await screen.until(lambda: updates)
        written = cells(updates)
        assert len({y for y, _ in written}) == 1
        assert len(written) <= 28
        assert pane.cards.rows


async def test_a_tick_that_says_nothing_new_of_a_task_paints_nothing_on_the_board(
    store: KeyStore, updates: list[CellUpdate]
) -> None:
    fill_board(store)
    async with board_of(store) as (screen, pane):
        await settle(screen)
        updates.clear()
        store.set(Keys.status("builder"), status("builder", "blocked", last_activity=NOW))
        await screen.tick(0)
        await screen.tick(0)
        board = pane.cards.region
        assert not [place for place in cells(updates) if place[0] >= board.y and place[0] < board.bottom]


async def test_an_agent_that_stops_shows_on_its_cards(store: KeyStore) -> None:
    fill_board(store)
    async with board_of(store) as (screen, _):
        assert "architect active" in " ".join(card_lines(screen, "TASK-101"))
        store.set(Keys.status("architect"), status("architect", "offline"))
        await screen.tick()
        await screen.until(lambda: "architect offline" in " ".join(card_lines(screen, "TASK-101")))


async def test_the_order_goes_by_priority_then_age_and_finished_work_by_when_it_was(store: KeyStore) -> None:
    def made(task_id: str, minutes: int, **values: Any) -> Task:
        one = task(task_id, updated_at=NOW - minutes * MINUTE, **values)
        store.set(Keys.task_history(task_id), history(one, (one.status, minutes)))
        return one

    put_board(
        store,
        made("TASK-1", 5, priority="LOW"),
        made("TASK-2", 9, priority="HIGH"),
        made("TASK-3", 20, priority="HIGH"),
        made("TASK-4", 8, status="DONE", priority="LOW"),
        made("TASK-5", 90, status="DONE", priority="CRITICAL"),
    )
    async with board_of(store) as (_, pane):
        order = [row.record.task.id for row in pane.table.rows]
        assert [one for one in order if one < "TASK-4"] == ["TASK-3", "TASK-2", "TASK-1"]
        assert order.index("TASK-4") < order.index("TASK-5")
