"""The tasks on the main screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ui_boards import fill_board, put_board, task
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.ui.panes.tasks import TasksPane
from monitor.ui.screens.task import TaskScreen

if TYPE_CHECKING:
    from monitor.keystore import KeyStore


def ids(screen: Screen) -> list[str]:
    """The tasks in the order shown."""
    return [row.record.task.id for row in screen.main.query_one(TasksPane).table.rows]


async def test_what_needs_somebody_comes_first(store: KeyStore) -> None:
    fill_board(store)
    async with shown(store) as screen:
        assert ids(screen)[:4] == ["TASK-103", "TASK-101", "TASK-104", "TASK-102"]
        await screen.press("5", "s")
        await screen.until_shown("by age in status")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_row_tells_status_age_and_what_the_task_waits_for(
    store: KeyStore, size: tuple[int, int]
) -> None:
    fill_board(store)
    async with shown(store, size) as screen:
        await screen.press("5", "z")
        await screen.until_gone("1 Agents  20")
        row = next(line for line in screen.text.splitlines() if "TASK-103" in line)
        assert "■ BLOCKED" in row
        assert "25m" in row
        assert "Renew the payment" in row
        assert ("a person has to sign" in row) == (size == WIDE)


async def test_enter_opens_the_task_and_f_leaves_only_its_agents(store: KeyStore) -> None:
    fill_board(store)
    async with shown(store) as screen:
        await screen.press("5", "f")
        await screen.until(lambda: ids(screen) == ["TASK-103"])
        await screen.until_shown("only builder")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))
        await screen.press("escape", "escape")
        await screen.until(lambda: len(ids(screen)) == 22)


async def test_its_key_is_offered_once(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("5")
        await screen.until_shown("f One agent")
        footer = screen.text.splitlines()[-1]
        assert footer.count("enter") == 1, "the agent's details cannot be reached from here"


async def test_a_task_without_an_agent_has_no_others_to_be_shown_alone(store: KeyStore) -> None:
    put_board(store, task("TASK-1"), task("TASK-2", assigned_to="builder"))
    async with shown(store) as screen:
        await screen.press("5", "f")
        assert ids(screen) == ["TASK-1", "TASK-2"]


async def test_the_folded_line_counts_the_tasks(store: KeyStore) -> None:
    fill_board(store)
    async with shown(store, NARROW) as screen:
        assert "5 Tasks  ■ 1  ● 3  " in screen.text
