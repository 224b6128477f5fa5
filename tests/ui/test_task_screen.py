"""A task's details: what the board says of it, what it is related to, and what happened to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from ui_boards import DAY, fill_board, history, put_board, task
from ui_fleet import MINUTE, NOW
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import Since
from monitor.ui.screens.task import TaskScreen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.model import Board


@asynccontextmanager
async def task_of(
    store: KeyStore, task_id: str, size: tuple[int, int] = WIDE, root: str = "/shop"
) -> AsyncIterator[tuple[Screen, TaskScreen]]:
    """The details of a task on the screen."""
    async with shown(store, size) as screen:
        details = TaskScreen(screen.main.wiring, root, task_id)
        screen.app.push_screen(details)
        await screen.until(lambda: screen.app.screen is details and details.is_mounted)
        await screen.until_shown("History")
        yield screen, details


def values(details: TaskScreen) -> dict[str, str]:
    """The facts as text, by label; continued lines are joined."""
    told: dict[str, str] = {}
    label = ""
    for row in details.facts.table.rows:
        label = row.record.label or label
        told[label] = " ".join([told.get(label, ""), "".join(part for part, _ in row.record.value)]).strip()
    return told


async def test_all_that_the_board_says_is_there(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101") as (screen, details):
        told = values(details)
        assert told["Status"] == "● IN_PROGRESS"
        assert told["Priority"] == "critical"
        assert told["Agent"].startswith("● architect active")
        assert told["Title"].endswith("also where a currency has none")
        assert told["Description"].endswith("at the border.")
        assert told["Tags"] == "cart, money"
        assert told["Effort"] == "2 h estimated, 0.5 h spent"
        assert told["Notes"] == "4 criteria, 3 comments"
        assert told["Created"] == "by architect"
        assert told["Updated"] == "by validator"
        assert told["testFile"] == "tests/test_money.py"
        assert "2h14" in screen.text


async def test_the_history_tells_each_change_and_how_long_each_status_held(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101") as (screen, details):
        assert len(details.history.table.rows) == 4
        text = screen.text
        assert "■ BLOCKED → ● IN_PROGRESS" in text
        assert "after 1h06" in text, "blocked for 66 minutes"
        assert "came to the board: ○ TODO" in text
        assert "■ BLOCKED 1h06" in text, "the sum, in the title"
        assert "● IN_PROGRESS 3h54" in text, "100 and 134 minutes"
        assert "comments" in text


async def test_the_last_stretch_grows_with_the_clock(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101") as (screen, _):
        await screen.tick(60 * MINUTE)
        await screen.until_shown("● IN_PROGRESS 4h54")


async def test_without_a_history_it_says_so(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-105") as (screen, _):
        assert "Nothing was seen to happen to it yet." in screen.text


async def test_what_it_waits_for_and_what_waits_for_it(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101") as (screen, _):
        assert "✓ TASK-001" in screen.text
        assert "○ TASK-110  TODO  Currencies of the world" in screen.text
        assert "waits for 1 of 2" in screen.text
        assert "TASK-107  Index of orders by customer" in screen.text, "needs it"


async def test_each_reason_to_be_blocked_has_its_own_age(store: KeyStore) -> None:
    one = task("TASK-1", "BLOCKED", blockers=("needs a licence", "a person has to sign"))
    before = msgspec.structs.replace(one, blockers=("needs a licence",))
    events = [
        msgspec.structs.replace(event, task=state, event_type="updated")
        for event, state in zip(
            history(one, ("TODO", 300), ("BLOCKED", 90), ("BLOCKED", 20)),
            (one, before, msgspec.structs.replace(one, blockers=())),
            strict=True,
        )
    ]
    put_board(store, one)
    store.set(Keys.task_history("TASK-1"), tuple(events))
    async with task_of(store, "TASK-1") as (screen, details):
        related = details.related.table.rows
        reasons = {"".join(part for part, _ in row.record.value): row.record.since for row in related}
        assert reasons["needs a licence"] == Since(NOW - 90 * MINUTE, exact=True)
        assert reasons["a person has to sign"] == Since(NOW - 20 * MINUTE, exact=True)
        assert "1h30" in next(line for line in screen.text.splitlines() if "needs a licence" in line)


async def test_a_circle_is_told_all_the_way_round(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-108") as (screen, _):
        assert "↻ TASK-109 circle: TASK-108 → TASK-109 → TASK-108" in screen.text


async def test_enter_goes_from_task_to_task_and_escape_all_the_way_back(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-108") as (screen, details):
        await screen.press("enter")
        await screen.until(lambda: getattr(screen.app.screen, "task_id", "") == "TASK-109")
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is details)
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_a_dependency_that_the_board_does_not_have_leads_nowhere(store: KeyStore) -> None:
    put_board(store, task("TASK-1", dependencies=("TASK-404",)))
    async with task_of(store, "TASK-1") as (screen, details):
        assert "? TASK-404 unknown" in screen.text
        await screen.press("enter")
        assert screen.app.screen is details


async def test_a_task_that_left_the_board_stays_as_it_was_known_last(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-103") as (screen, details):
        board: Board = store.get(Keys.TASKS)
        gone = next(one for one in board.tasks if one.id == "TASK-103")
        events = store.get(Keys.task_history("TASK-103"))
        left = msgspec.structs.replace(
            events[0], timestamp=NOW, previous_status="BLOCKED", new_status="BLOCKED", task=None
        )
        put_board(store, *(one for one in board.tasks if one is not gone))
        store.set(Keys.task_history("TASK-103"), (left, *events))
        await screen.tick()
        await screen.until_shown("left the board; this was known last")
        assert values(details)["Title"] == gone.title
        assert "left the board, was ■ BLOCKED" in screen.text


async def test_a_task_nobody_ever_saw_says_that_it_is_not_there(store: KeyStore) -> None:
    async with task_of(store, "TASK-777") as (screen, _):
        assert "The board does not have this task at this moment." in screen.text
        put_board(store, task("TASK-777", title="Here it is"))
        await screen.tick()
        await screen.until_shown("Here it is")


async def test_boards_of_two_roots_with_the_same_id_are_kept_apart(store: KeyStore) -> None:
    here, there = task("TASK-1", title="Of the shop"), task("TASK-1", title="Of the mine", root="/mine")
    put_board(store, here, there)
    events = history(here, ("TODO", 90), ("TODO", 30)) + history(there, ("TODO", 60))
    store.set(Keys.task_history("TASK-1"), events)
    async with task_of(store, "TASK-1", root="/mine") as (screen, details):
        assert "Of the mine" in screen.text
        assert "Of the shop" not in screen.text
        assert len(details.history.table.rows) == 1


async def test_a_person_can_go_round_its_panes_on_a_small_terminal(store: KeyStore) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101", NARROW) as (screen, details):
        for pane in (details.history, details.facts, details.related):
            await screen.press("tab")
            await screen.until(lambda name=pane.id: details.pane is not None and details.pane.id == name)  # type: ignore[misc]
            assert pane.display
            assert all(len(line) <= 80 for line in screen.text.splitlines())


@pytest.mark.parametrize("size", [(200, 50), (80, 24), (40, 10), (20, 5), (1, 1)])
async def test_no_size_is_too_small(store: KeyStore, size: tuple[int, int]) -> None:
    fill_board(store)
    async with task_of(store, "TASK-101") as (screen, details):
        await screen.pilot.resize_terminal(*size)
        await screen.tick()
        await screen.press("tab", "j", "tab", "G", "tab")
        await screen.pilot.resize_terminal(*WIDE)
        await screen.until(lambda: all(pane.display for pane in details.panes()))
        assert "architect" in screen.text


async def test_an_update_that_is_the_creation_tells_the_age_exactly(store: KeyStore) -> None:
    put_board(store, task("TASK-1", created_at=NOW - 3 * DAY, updated_at=NOW - 3 * DAY))
    async with task_of(store, "TASK-1") as (screen, _):
        line = next(line for line in screen.text.splitlines() if "Status" in line)
        assert "3d" in line
        assert "~" not in line
