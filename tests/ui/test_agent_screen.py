"""The details of an agent: what each pane tells, at every size, and while another agent is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from checks_details import details
from ui_boards import history, put_board, task
from ui_fleet import HOUR, NOW, alert, processes
from ui_screens import NARROW, WIDE, Screen, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import Task
from monitor.ui.screens.task import TaskScreen
from monitor.ui.spans import text_width

if TYPE_CHECKING:
    from monitor.ui.panes.base import BasePane

SIZES = [(60, 20), NARROW, (120, 40), WIDE, (300, 80)]


def give_tree(store: KeyStore) -> None:
    """The failed agent's processes; its server listens on two ports."""
    tree = processes()
    server = msgspec.structs.replace(tree[1], ports=(3000, 9229))
    store.set(Keys.processes("validator"), (tree[0], server, *tree[2:]))


def give_tasks(store: KeyStore) -> None:
    """Two tasks of the failed agent, one of everybody, one of another agent."""
    blocked: Task = task("TASK-7", "BLOCKED", assigned_to="validator", blockers=("no test data",))
    done = task("TASK-8", "DONE", assigned_to="validator")
    put_board(store, done, blocked, task("TASK-9", assigned_to="all"), task("TASK-10", assigned_to="parser"))
    store.set(Keys.task_history("TASK-7"), history(blocked, ("IN_PROGRESS", 90), ("BLOCKED", 25)))


def line_of(screen: Screen, text: str) -> str:
    return next(line for line in screen.text.splitlines() if text in line)


def rows_of(pane: BasePane) -> list[str]:
    return [row.record.task.id for row in pane.table.rows]  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", SIZES)
async def test_at_every_size_each_pane_can_be_read_and_no_line_is_too_long(
    store: KeyStore, size: tuple[int, int]
) -> None:
    give_tree(store)
    give_tasks(store)
    async with shown(store, size) as screen:
        await screen.press("enter")
        await screen.until_shown("validator")
        for pane in details(screen).panes():
            await screen.press(pane.NUMBER)
            await screen.until(lambda pane=pane: pane.size.height >= 2)  # type: ignore[misc]
            assert {text_width(line) for line in lines_of(screen.app)} == {size[0]}
        # Two columns from 130 cells on, three from 240.
        assert len({pane.region.x for pane in details(screen).panes() if pane.region.height}) == (
            1 if size[0] < 130 else 2 if size[0] < 240 else 3
        )


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_process_tells_its_cost_its_age_and_the_ports_it_listens_on(
    store: KeyStore, size: tuple[int, int]
) -> None:
    give_tree(store)
    async with shown(store, size) as screen:
        await screen.press("enter", "3")
        await screen.until_shown("node server.js")
        server = line_of(screen, "node server.js")
        for told in ("5001", " 11 ", "80M", "1h29", "3000 9229"):
            assert told in server
        await screen.press("slash", *"port:9229", "enter")
        await screen.until_gone("pytest")
        assert "node server.js" in screen.text


async def test_its_tasks_stand_by_need_with_their_age_in_status_and_open_with_their_history(
    store: KeyStore,
) -> None:
    give_tasks(store)
    async with shown(store) as screen:
        await screen.press("enter", "5")
        pane = details(screen).tasks
        await screen.until(lambda: rows_of(pane) == ["TASK-7", "TASK-9", "TASK-8"])
        assert "2 of 3 open" in screen.text
        assert "25m" in line_of(screen, "TASK-7")
        assert "no test data" in line_of(screen, "TASK-7")
        assert "f One agent" not in screen.text, "they are one agent's already"
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, TaskScreen))
        await screen.until_shown("IN_PROGRESS")
        await screen.press("escape")
        await screen.until(lambda: details(screen).focused_pane is pane)


async def test_of_an_agent_that_leaves_nothing_is_told_but_that_it_left(store: KeyStore) -> None:
    put_board(store, task("TASK-9", assigned_to="all"))
    async with shown(store) as screen:
        await screen.press("enter", "5")
        opened = details(screen)
        await screen.until(lambda: rows_of(opened.tasks) == ["TASK-9"])
        store.set(Keys.AGENTS, tuple(one for one in store.get(Keys.AGENTS) if one != "validator"))
        store.delete(Keys.status("validator"))
        await screen.tick()
        await screen.until(lambda: not opened.tasks.table.rows)
        await screen.until_shown("is not among the agents at this moment")
        assert "it was" in screen.text


async def test_whoever_is_followed_the_details_show_everything_of_their_agent(store: KeyStore) -> None:
    fires = alert("v", "warning", subject="validator", title="validator commits nothing")
    store.set(Keys.ALERTS, (*store.get(Keys.ALERTS), fires))
    async with shown(store) as screen:
        screen.main.agents.table.select("builder")
        await screen.press("F", "enter", "n")
        await screen.until(lambda: details(screen).agent_id == "validator")
        opened = details(screen)
        await screen.until(lambda: len(opened.commits.table.rows) == 5)
        assert [row.record.alert_id for row in opened.alerts.table.rows] == ["v"]


async def test_an_alert_about_its_task_or_about_files_it_shares_is_among_its_alerts(store: KeyStore) -> None:
    its_task = alert(
        "t", rule="task-blocked", subject="TASK-7", type="task", metadata={"assigned_to": "validator"}
    )
    told = {"agents": ["validator", "parser"], "files": ["src/a.py", "src/b.py"], "count": 2}
    overlap = alert("o", rule="file-overlap", subject="parser+validator", type="git", metadata=told)
    store.set(Keys.ALERTS, (its_task, overlap, alert("x", subject="parser")))
    async with shown(store) as screen:
        await screen.press("enter")
        await screen.until(lambda: len(details(screen).alerts.table.rows) == 2)
        await screen.until_shown("⇄ same file as parser: src/a.py +1")
        store.set(Keys.ALERTS, ())
        await screen.tick()
        await screen.until_gone("⇄")


async def test_a_tick_that_changes_nothing_of_it_draws_nothing_of_its_panes(store: KeyStore) -> None:
    give_tree(store)
    give_tasks(store)
    async with shown(store) as screen:
        await screen.press("enter")
        await screen.until_shown("node server.js")
        await screen.tick()
        drawn = screen.drawn_cells()
        store.set(Keys.metrics("parser"), store.get(Keys.metrics("builder")))
        await screen.tick(1)
        assert drawn() == 0
        assert NOW < store.get(Keys.CLOCK) < NOW + HOUR
