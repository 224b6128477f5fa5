"""Checks of the commands of the panes that show a span of the past."""

from __future__ import annotations

from command_checks import covers
from ui_fleet import ribbons, series
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.ui.panes.charts import ChartsPane
from monitor.ui.panes.timeline import TimelinePane
from monitor.ui.screens.agent import AgentScreen


async def timeline(screen: Screen) -> TimelinePane:
    """Give the timeline the whole screen."""
    screen.store.set(Keys.ribbons("1h"), ribbons(screen.store))
    await screen.tick(0)
    await screen.press("6", "z")
    await screen.until_gone("1 Agents  20")
    await screen.until_shown("┼")
    return screen.main.query_one(TimelinePane)


@covers("span.shorter", "span.longer")
async def _charts_show_a_shorter_or_a_longer_span(screen: Screen) -> None:
    for span in ("15m", "1h", "24h"):
        screen.store.set(Keys.series("validator", span), series("validator", span))
    await screen.press("enter", "2")
    await screen.until(lambda: isinstance(getattr(screen.app.screen, "focused_pane", None), ChartsPane))
    await screen.until_shown("2 Charts  1h  11:03–12:03")
    await screen.press("full_stop")
    await screen.until_shown("2 Charts  24h  12-31 12:00 – 01-01 12:03")
    await screen.press("comma", "comma")
    await screen.until_shown("2 Charts  15m  11:48–12:03")
    await screen.press("comma")
    assert "2 Charts  15m" in screen.text


@covers("timeline.open")
async def _the_timeline_opens_an_agent(screen: Screen) -> None:
    pane = await timeline(screen)
    await screen.press("j", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    opened = screen.app.screen
    assert isinstance(opened, AgentScreen)
    assert opened.agent_id == "builder"
    await screen.press("escape")
    await screen.until(lambda: not isinstance(screen.app.screen, AgentScreen))
    assert pane.table.select("left-before")
    await screen.press("enter")
    await screen.pilot.pause()
    assert not isinstance(screen.app.screen, AgentScreen), "it is not there any more"
