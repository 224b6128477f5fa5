"""Checks of the commands of the program as a whole."""

from __future__ import annotations

from command_checks import covers
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.ui.commands import offered
from monitor.ui.screens.help import HelpScreen


@covers("pause")
async def _a_paused_screen_stands_still_and_then_catches_up(screen: Screen) -> None:
    await screen.press("space")
    await screen.until_shown("PAUSED since 12:03:04")
    screen.store.set(Keys.ALERTS, ())
    await screen.tick()
    assert "mcp is down" in screen.text
    await screen.press("space")
    await screen.until_shown("All quiet")
    assert "PAUSED" not in screen.text


@covers("interval.longer", "interval.shorter")
async def _the_interval_changes_in_steps(screen: Screen) -> None:
    await screen.press("plus", "minus")
    assert screen.feed.intervals == [3.0, 1.0]


@covers("help")
async def _help_shows_every_command(screen: Screen) -> None:
    await screen.press("question_mark")
    await screen.until(lambda: isinstance(screen.app.screen, HelpScreen))
    table = screen.app.screen.query_one("LineTable")
    shown_ids = {row.id for row in table.rows}  # type: ignore[attr-defined]
    assert {command.id for command in offered(replay=False)} <= shown_ids
    await screen.press("f1", "escape")
    await screen.until(lambda: screen.app.screen is screen.main)


@covers("quit")
async def _quit_ends_with_success(screen: Screen) -> None:
    await screen.press("q")
    await screen.until(lambda: screen.app._exit)
    assert screen.app.return_code == 0


@covers("quit.now")
async def _control_c_ends_even_while_typing(screen: Screen) -> None:
    await screen.press("slash", "q")
    assert not screen.app._exit
    await screen.press("ctrl+c")
    await screen.until(lambda: screen.app._exit)


@covers("view.redraw")
async def _everything_is_drawn_again(screen: Screen) -> None:
    await screen.pilot.pause()
    assert not screen.app.screen._compositor._dirty_regions
    drawn = screen.drawn_cells()
    await screen.press("ctrl+l")
    width, height = screen.app.size
    await screen.until(lambda: drawn() == width * height)


@covers("suspend")
async def _without_a_shell_above_it_the_screen_does_not_stop(screen: Screen) -> None:
    await screen.press("ctrl+z")
    await screen.until_shown("There is no shell to go back to.")
