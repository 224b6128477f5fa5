"""The time line: a ribbon an agent, the alerts over them, in an order, under a filter."""

from __future__ import annotations

import pytest
from checks_history import timeline
from ui_fleet import HOUR, NOW, ribbons, status
from ui_replay import replay_store, replayed
from ui_screens import NARROW, WIDE, Screen, lines_of, shown

from monitor.keystore import Keys, KeyStore
from monitor.ui.spans import text_width


def line_of(screen: Screen, name: str) -> str:
    """The line below the title that has this name."""
    return next(line for line in screen.text.splitlines()[2:] if name in line)


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 20), (300, 80)])
async def test_every_agent_has_a_ribbon_and_the_alerts_stand_over_them(
    store: KeyStore, size: tuple[int, int]
) -> None:
    async with shown(store, size) as screen:
        pane = await timeline(screen)
        for line in lines_of(screen.app):
            assert text_width(line) == size[0]
        builder, alerts = line_of(screen, "builder"), line_of(screen, "alerts")
        assert builder.rstrip(" 1┃").endswith("■■■■■")
        assert "▆┼▆" in builder
        assert "▲" in alerts
        assert "◆" in alerts
        if size[1] >= 40:
            assert "left-before" in screen.text
        title = lines_of(screen.app)[3]
        assert "╵11:" in title
        # The first alert fired in the 30th of 181 parts: a sixth of the ribbon, in the columns of the table.
        place = next(place for place in pane.table._placed if place.column.key == "ribbon")
        assert alerts.index("▲") == pytest.approx(1 + place.x + place.width / 6, abs=1)
        assert builder.index("┼") < alerts.index("▲")


async def test_who_needs_a_person_stands_first_and_other_orders_can_be_had(store: KeyStore) -> None:
    async with shown(store) as screen:
        pane = await timeline(screen)
        ids = [row.id for row in pane.table.rows]
        assert ids[:2] == ["validator", "builder"]
        assert ids[-1] == "left-before"
        await screen.press("s")
        assert next(row.id for row in pane.table.rows) == "architect"
        await screen.press("slash", *"status:blocked", "enter")
        await screen.until(lambda: [row.id for row in pane.table.rows] == ["builder"])


async def test_a_status_that_changes_moves_its_row_without_new_ribbons(store: KeyStore) -> None:
    async with shown(store) as screen:
        pane = await timeline(screen)
        await screen.tick()
        before = {row.id: row for row in pane.table.rows}
        store.set(Keys.status("reviewer"), status("reviewer", "error"))
        await screen.tick()
        await screen.until(lambda: next(row.id for row in pane.table.rows) == "reviewer")
        assert [row.id for row in pane.table.rows if row is not before[row.id]] == ["reviewer"]


async def test_a_tick_without_news_draws_no_row_anew(store: KeyStore) -> None:
    async with shown(store) as screen:
        pane = await timeline(screen)
        await screen.tick()
        before = list(pane.table.rows)
        await screen.tick()
        await screen.tick()
        assert all(one is other for one, other in zip(before, pane.table.rows, strict=True))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_span_changes_and_what_nobody_looks_at_is_not_asked_for(
    store: KeyStore, size: tuple[int, int]
) -> None:
    store.set(Keys.ribbons("7d"), ribbons(store, "7d"))
    async with shown(store, size) as screen:
        await timeline(screen)
        await screen.press("full_stop")
        await screen.until_shown("24h  reading…")
        assert Keys.ribbons("24h") in store.subscribed_keys()
        assert Keys.ribbons("1h") not in store.subscribed_keys()
        await screen.press("full_stop")
        await screen.until_shown("7d  12-25 12:00 – 01-01 12:03")
        assert "╵12-2" in screen.text
        await screen.press("enter")
        await screen.until(lambda: not any("ribbons" in key for key in store.subscribed_keys()))
        await screen.press("escape")
        await screen.until(
            lambda: Keys.ribbons("7d") in store.subscribed_keys(), "nothing lies over it any more"
        )
        await screen.press("w")
        await screen.until(lambda: not any("ribbons" in key for key in store.subscribed_keys()))


async def test_the_columns_tell_what_they_mean_where_there_is_room(store: KeyStore) -> None:
    async with shown(store) as screen:
        await timeline(screen)
        assert "▆ active  ▂ idle  ■ blocked  ✖ error  · offline  ┼ commit" in screen.text


async def test_a_click_on_the_title_gives_the_focus_and_a_double_click_opens_the_agent(
    store: KeyStore,
) -> None:
    async with shown(store) as screen:
        await timeline(screen)
        await screen.pilot.click(offset=(3, 5), times=2)
        await screen.until(lambda: type(screen.app.screen).__name__ == "AgentScreen")


async def test_in_a_replay_it_ends_at_the_moment_shown(store: KeyStore) -> None:
    past = replay_store()
    past.set(Keys.ribbons("1h"), ribbons(past))
    async with replayed(past) as screen:
        await screen.press("6", "z")
        await screen.until_shown("1h  11:03–12:03")
        past.set(Keys.ribbons("1h"), ribbons(past, now=NOW - HOUR))
        past.flush()
        await screen.until_shown("1h  10:03–11:03")


@pytest.mark.parametrize(
    ("problem", "told"),
    [("", "Reading the history…"), ("m.db: the disk is full", "cannot be read: m.db: the disk is full")],
)
async def test_without_ribbons_it_says_why(store: KeyStore, problem: str, told: str) -> None:
    if problem:
        store.set(Keys.HISTORY_PROBLEM, problem)
    async with shown(store, NARROW) as screen:
        await screen.press("6", "z")
        await screen.until_shown(told)
