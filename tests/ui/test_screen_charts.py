"""An agent's charts: what they show, in how much room, and what is said while there is nothing to show."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from ui_fleet import NOW, series
from ui_screens import NARROW, WIDE, Screen, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics
from monitor.ui.panes.charts import ChartsPane
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.single import PaneScreen
from monitor.ui.spans import text_width

AGENT = "architect"
KEY = Keys.series(AGENT, "1h")


async def open_charts(screen: Screen) -> ChartsPane:
    pane = ChartsPane(screen.app.wiring, AGENT, id="charts")
    screen.app.push_screen(PaneScreen(screen.app.wiring, pane))
    await screen.until_shown("Charts")
    return pane


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 20), (120, 40), (300, 80)])
async def test_a_ribbon_stands_over_four_charts_over_one_line_of_times(
    store: KeyStore, size: tuple[int, int]
) -> None:
    store.set(KEY, series(AGENT))
    async with shown(store, size) as screen:
        await open_charts(screen)
        await screen.until_shown("┤")
        for line in lines_of(screen.app):
            assert text_width(line) == size[0]
        text = screen.text
        names = ["status", "CPU", "Memory", "Changes", "Commits", "╵11:"]
        places = [text.index(name) for name in names]
        assert places == sorted(places)
        assert "now 42%   average 47%   most 188%" in text
        assert "■" in text
        assert "200%┤" in text


async def test_the_legend_tells_each_status_where_there_is_room(store: KeyStore) -> None:
    store.set(KEY, series(AGENT))
    for width, told in ((80, True), (60, False)):
        async with shown(store, (width, 24)) as screen:
            await open_charts(screen)
            await screen.until_shown("┤")
            assert ("▆ active  ▂ idle  ■ blocked  ✖ error  · offline" in screen.text) is told


async def test_a_gap_is_blank_in_the_ribbon_and_in_every_chart(store: KeyStore) -> None:
    # The last 21 of 181 parts are the last 8 of 69 columns.
    store.set(KEY, series(AGENT, gap=range(160, 181)))
    async with shown(store, NARROW) as screen:
        await open_charts(screen)
        await screen.until_shown("┤")
        drawn = [line for line in lines_of(screen.app)[2:] if "┤" in line or "│" in line or "status" in line]
        assert len(drawn) >= 10
        assert all(line[-8:].isspace() for line in drawn)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_charts_stand_in_the_details_and_grow_with_the_focus(
    store: KeyStore, size: tuple[int, int]
) -> None:
    store.set(KEY, series(AGENT))
    async with shown(store, size) as screen:
        screen.app.push_screen(AgentScreen(screen.app.wiring, AGENT))
        await screen.until_shown("▆ active")
        assert "status   ▆" in screen.text
        await screen.press("2", "z")
        await screen.until_shown("Memory   now 512M")
        assert size == NARROW or ", . Span" in screen.text
        assert "/ Filter" not in screen.text.splitlines()[-1]
        await screen.press("tab")
        await screen.until(lambda: screen.app.screen.pane is not None)  # type: ignore[attr-defined]


async def test_the_numbers_of_now_follow_each_tick_and_the_charts_only_the_series(store: KeyStore) -> None:
    store.set(KEY, series(AGENT))
    async with shown(store, NARROW) as screen:
        pane = await open_charts(screen)
        await screen.until_shown("now 42%")
        rows = pane._rows
        store.set(Keys.metrics(AGENT), AgentMetrics(pid=1, cpu_usage=77.0))
        await screen.tick()
        await screen.until_shown("now 77%   average 47%   most 188%")
        assert "now –" in screen.text
        assert pane._rows is rows
        store.set(KEY, series(AGENT, now=NOW + 20_000))
        await screen.tick()
        await screen.until(lambda: pane._rows is not rows)


async def test_the_series_is_asked_for_only_while_it_is_looked_at(store: KeyStore) -> None:
    async with shown(store) as screen:
        await open_charts(screen)
        await screen.until(lambda: KEY in store.subscribed_keys())
        await screen.press("full_stop")
        await screen.until(lambda: Keys.series(AGENT, "24h") in store.subscribed_keys())
        assert KEY not in store.subscribed_keys()
        await screen.press("escape")
        await screen.until(lambda: not any(":series:" in key for key in store.subscribed_keys()))


async def test_what_is_drawn_stays_until_the_next_span_has_been_read(store: KeyStore) -> None:
    store.set(KEY, series(AGENT))
    async with shown(store) as screen:
        await open_charts(screen)
        await screen.until_shown("200%┤")
        await screen.press("full_stop")
        await screen.until_shown("24h  reading…")
        assert "200%┤" in screen.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "Reading the history…"),
        ({"recording": False}, "Nothing is recorded, so there is no history to show."),
    ],
)
async def test_without_a_series_it_says_why(store: KeyStore, changes: dict[str, Any], told: str) -> None:
    store.set(Keys.FEED, msgspec.structs.replace(store.get(Keys.FEED), **changes))
    async with shown(store, NARROW) as screen:
        await open_charts(screen)
        await screen.until_shown(told)


async def test_a_history_that_cannot_be_read_is_told_with_and_without_a_picture(store: KeyStore) -> None:
    store.set(Keys.HISTORY_PROBLEM, "monitor.db: is locked by another program")
    async with shown(store) as screen:
        await open_charts(screen)
        await screen.until_shown("▲ cannot be read: monitor.db: is locked by another program")
        store.set(KEY, series(AGENT))
        await screen.tick()
        await screen.until_shown("200%┤")
        assert "cannot be read: monitor.db" in screen.text
        store.delete(Keys.HISTORY_PROBLEM)
        await screen.tick()
        await screen.until_gone("cannot be read")


async def test_a_paused_screen_gets_its_first_picture_and_then_stands_still(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("space")
        await open_charts(screen)
        store.set(KEY, series(AGENT))
        store.flush((KEY,))
        await screen.until_shown("11:03–12:03")
        store.set(KEY, series(AGENT, now=NOW + 600_000))
        await screen.tick()
        assert "11:03–12:03" in screen.text
        await screen.press("space")
        await screen.until_shown("11:13–12:13")
