"""Checks of the commands that choose what is shown, and move the cursor."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.ui.panes.base import BasePane


@covers("sort.next", "sort.previous", "sort.invert")
async def _the_order_goes_through_the_columns(screen: Screen) -> None:
    assert screen.agent_ids()[:2] == ["validator", "builder"]
    await screen.press("s")
    assert screen.agent_ids()[0] == "architect"
    await screen.press("s")
    assert screen.agent_ids()[0] == "parser"
    assert screen.agent_ids()[-2:] == ["validator", "docs"], "an unknown CPU comes last"
    await screen.press("I")
    assert screen.agent_ids()[0] == "builder"
    assert screen.agent_ids()[-2:] == ["validator", "docs"]
    await screen.press("S", "S")
    assert screen.agent_ids()[:2] == ["validator", "builder"]


@covers("view.zoom")
async def _a_zoomed_pane_stands_alone(screen: Screen) -> None:
    await screen.press("2", "z")
    await screen.until(lambda: not screen.main.agents.display)
    assert "Commits" in screen.text
    await screen.press("z")
    await screen.until(lambda: screen.main.agents.display)


@covers("view.hide", "view.show-all")
async def _a_hidden_pane_comes_back_by_its_number_or_with_all(screen: Screen) -> None:
    await screen.press("2", "w")
    await screen.until(lambda: not screen.main.query_one("#commits").display)
    assert screen.main.pane is not None
    assert screen.main.pane.id == "health", "the next one has the focus"
    await screen.until(
        lambda: "2 Commits" in screen.text.splitlines()[-2], "the line above the keys names it"
    )
    await screen.press("2")
    await screen.until(lambda: screen.main.query_one("#commits").display)
    await screen.press("w", "4", "w", "W")
    await screen.until(lambda: screen.main.query_one("#commits").display)
    assert len(screen.main.panes()) == len(screen.main.query(BasePane))


@covers(
    "pane.agents",
    "pane.commits",
    "pane.health",
    "pane.alerts",
    "pane.tasks",
    "pane.timeline",
    "pane.systems",
)
async def _a_number_goes_to_its_pane(screen: Screen) -> None:
    for key, pane in (
        ("2", "commits"),
        ("3", "health"),
        ("4", "alerts"),
        ("5", "tasks"),
        ("6", "timeline"),
        ("7", "systems"),
        ("1", "agents"),
    ):
        await screen.press(key)
        assert screen.main.pane is not None
        assert screen.main.pane.id == pane


@covers("pane.next", "pane.previous")
async def _tab_goes_round_the_panes(screen: Screen) -> None:
    seen = []
    for _ in range(7):
        await screen.press("tab")
        seen.append(screen.main.pane and screen.main.pane.id)
    assert seen == ["commits", "health", "alerts", "tasks", "timeline", "systems", "agents"]
    await screen.press("shift+tab")
    assert screen.main.pane is not None
    assert screen.main.pane.id == "systems"


@covers("move.down", "move.up", "move.first", "move.last", "move.page-down", "move.page-up")
async def _the_cursor_moves(screen: Screen) -> None:
    table = screen.main.agents.table
    for keys, expected in (
        (("j", "down"), 2),
        (("k", "up"), 0),
        (("G",), 19),
        (("g",), 0),
        (("end",), 19),
        (("home",), 0),
        (("pagedown",), min(19, table.size.height - 2)),
        (("pageup",), 0),
    ):
        await screen.press(*keys)
        assert table.cursor == expected, keys
