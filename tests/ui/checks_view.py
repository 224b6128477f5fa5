"""Checks of the commands that choose what is shown, and move the cursor."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen


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
    await screen.until_gone("Agents")
    assert "Commits" in screen.text
    await screen.press("z")
    await screen.until_shown("Agents")


@covers("pane.agents", "pane.commits", "pane.health", "pane.alerts")
async def _a_number_goes_to_its_pane(screen: Screen) -> None:
    for key, pane in (("2", "commits"), ("3", "health"), ("4", "alerts"), ("1", "agents")):
        await screen.press(key)
        assert screen.main.pane is not None
        assert screen.main.pane.id == pane


@covers("pane.next", "pane.previous")
async def _tab_goes_round_the_panes(screen: Screen) -> None:
    seen = []
    for _ in range(4):
        await screen.press("tab")
        seen.append(screen.main.pane and screen.main.pane.id)
    assert seen == ["commits", "health", "alerts", "agents"]
    await screen.press("shift+tab")
    assert screen.main.pane is screen.main.alerts


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
