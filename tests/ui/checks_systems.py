"""Checks of the commands of attached systems."""

from __future__ import annotations

from functools import partial

from command_checks import covers
from ui_screens import Screen
from ui_systems import put_systems

from monitor.ui.screens.systems import RecordScreen, SystemsScreen


async def attach(screen: Screen, *keys: str) -> SystemsScreen:
    """Attach two systems and look into them; then press these keys."""
    put_systems(screen.store)
    await screen.tick()
    await screen.press("d")
    await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))
    opened = screen.app.screen
    assert isinstance(opened, SystemsScreen)
    await screen.press(*keys)
    return opened


@covers("systems.open")
async def _all_systems_are_looked_into_together(screen: Screen) -> None:
    opened = await attach(screen)
    assert opened.scope.name == ""
    await screen.until_shown("All systems   ● shop   ✖ dashboard")


@covers("system.open")
async def _the_system_under_the_cursor_is_looked_into(screen: Screen) -> None:
    put_systems(screen.store)
    await screen.tick()
    await screen.press("7", "g", "j", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))
    await screen.until_shown("dashboard  failing for 25m  as of 25m ago")
    await screen.press("escape", "G", "enter")
    assert screen.app.screen is screen.main, "a task board is no attached system"


@covers("systems.next", "systems.previous")
async def _one_goes_from_system_to_system(screen: Screen) -> None:
    opened = await attach(screen)
    seen = []
    for key in ("n", "n", "n", "N"):
        await screen.press(key)
        seen.append(opened.scope.name)
    assert seen == ["shop", "dashboard", "shop", "dashboard"]
    await screen.until_shown("failing for 25m")


@covers("systems.all")
async def _all_systems_stand_together_or_one_alone(screen: Screen) -> None:
    opened = await attach(screen, "n", "n", "2")
    assert [row.record.system for row in opened.queue.table.rows] == ["dashboard"]
    await screen.press("a")
    assert {row.record.system for row in opened.queue.table.rows} == {"shop", "dashboard"}
    await screen.press("a")
    assert opened.scope.name == "dashboard", "the one that was shown last"


@covers("systems.record")
async def _a_line_opens_with_everything_about_it(screen: Screen) -> None:
    await attach(screen, "2", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, RecordScreen))
    await screen.until_shown("Claimed")
    line = next(line for line in screen.text.splitlines() if "May take" in line)
    assert line.split()[2:] == ["30m"]
    await screen.press("escape")
    await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))


@covers("workflows.steps", "workflows.widen", "workflows.narrow")
async def _a_workflow_shows_who_was_given_its_steps(screen: Screen) -> None:
    opened = await attach(screen, "4", "z")
    lines = opened.workflows.table
    assert len(lines.rows) == 3
    await screen.press("t")
    assert len(lines.rows) == 6
    await screen.until_shown("└ review  from wr")
    await screen.press("j", "left")
    assert (len(lines.rows), lines.cursor) == (3, 0), "the cursor goes to the workflow"
    await screen.press("right")
    assert len(lines.rows) == 6
    await screen.press("t", "G", "left")
    assert (len(lines.rows), lines.cursor) == (3, 0), "to the one that it stands under"


@covers("log.follow")
async def _the_log_is_followed_until_one_goes_back(screen: Screen) -> None:
    opened = await attach(screen, "5")
    log = opened.lines
    assert log.table.cursor == 9
    await screen.press("k")
    await screen.until(lambda: not log.following)
    await screen.press("F")
    assert (log.table.cursor, log.following) == (9, True)
    await screen.press("F")
    assert not log.following


@covers("log.level")
async def _only_grave_lines_are_shown(screen: Screen) -> None:
    opened = await attach(screen, "5")
    counts = []
    for _ in range(6):
        await screen.press("l")
        counts.append(len(opened.lines.table.rows))
    assert counts == [10, 9, 2, 1, 0, 10], "debug, info, warning, error, critical, all"


@covers(
    "systems.facts",
    "systems.queue",
    "systems.runs",
    "systems.workflows",
    "systems.log",
    "systems.events",
    "systems.messages",
    "systems.projects",
    "systems.agents",
)
async def _a_number_goes_to_its_pane(screen: Screen) -> None:
    opened = await attach(screen)
    for pane in reversed(opened.panes()):
        await screen.press(pane.NUMBER)
        assert opened.focused_pane is pane
        await screen.until(partial(lambda pane: pane.size.height >= 2, pane), f"{pane.id} unfolds")
