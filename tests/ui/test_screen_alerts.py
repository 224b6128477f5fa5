"""What is done about alerts: seen, muted, looked at in full, and what is over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from test_screen_panes import HOSTILE
from ui_fleet import HOUR, MINUTE, NOW, alert, mute
from ui_screens import NARROW, WIDE, Screen, lines_of, shown

from monitor.errors import MonitorError
from monitor.keystore import Keys, KeyStore
from monitor.model import Alert
from monitor.rules.mutes import MUTES_LIMIT
from monitor.ui.screens.alert import AlertHistoryScreen, AlertScreen, MutesScreen
from monitor.ui.spans import text_width


def order(screen: Screen) -> list[str]:
    """Ids of the alerts as they stand."""
    return [row.id for row in screen.main.alerts.table.rows]


def line_with(screen: Screen, text: str) -> str:
    """The line in which a text stands."""
    return next(line for line in screen.text.splitlines() if text in line)


def past(number: int, **values: object) -> Alert:
    """An alert that is over."""
    at = NOW - number * HOUR
    known = {"created_at": at, "resolved": True, "resolved_at": at + 7 * MINUTE}
    return alert(f"p{number}", **{**known, **values})  # type: ignore[arg-type]


async def test_what_nobody_has_seen_comes_first_and_what_is_muted_last_in_every_order(
    store: KeyStore,
) -> None:
    store.set(Keys.MUTES, (mute("service-down", ""),))
    async with shown(store) as screen:
        assert order(screen) == ["a3", "a1", "a4", "a2"]
        await screen.press("4", "I")
        assert order(screen)[-1] == "a2"
        await screen.press("s")
        assert order(screen)[-1] == "a2"
        store.set(Keys.MUTES, ())
        await screen.tick()
        await screen.press("S")
        assert order(screen) == ["a2", "a3", "a1", "a4"]


async def test_a_muted_alert_says_for_how_long_and_counts_no_more(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert "◆ 1 critical" in screen.text
        store.set(Keys.MUTES, (mute("", "mcp"),))
        await screen.tick()
        await screen.until_shown("∅ 1 muted")
        assert "◆ 1 critical" not in screen.text
        assert "1 alert " in screen.text.splitlines()[0], "the header does not count it either"
        assert "∅ mcp is down: connection refused  muted 59m more" in line_with(screen, "mcp is down")
        await screen.tick(10 * MINUTE)
        await screen.until_shown("muted 49m more")


async def test_who_has_seen_it_and_the_note_stand_beside_it(store: KeyStore) -> None:
    seen = alert("a1", acknowledged=True, acknowledged_by="bob", metadata={"note": "asks the owner"})
    store.set(Keys.ALERTS, (seen,))
    async with shown(store) as screen:
        assert "✓ builder waits for a person  bob: asks the owner" in screen.text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state:muted", ["a2"]),
        ("state:firing", ["a3", "a1"]),
        ("state:acknowledged", ["a4"]),
        ("connection", ["a2"]),
    ],
)
async def test_alerts_are_found_by_their_state(store: KeyStore, text: str, found: list[str]) -> None:
    async with shown(store) as screen:
        screen.main.alerts.set_filter(text)
        store.set(Keys.MUTES, (mute("service-down", ""),))
        await screen.tick()
        assert order(screen) == found


async def test_a_mute_that_was_asked_for_shows_until_it_holds(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("4", "m", "a", "1")
        await screen.until(lambda: "…" in line_with(screen, "mcp is down"))
        store.set(Keys.MUTES, (mute("service-down", "mcp"),))
        await screen.tick()
        await screen.until(lambda: "∅" in line_with(screen, "mcp is down"))
        store.set(Keys.MUTES, ())
        await screen.tick()
        assert "…" not in line_with(screen, "mcp is down"), "its end is no command under way"


async def test_a_mute_that_is_refused_leaves_no_trace(store: KeyStore) -> None:
    async with shown(store) as screen:
        screen.feed.refuses = MonitorError("the inbox is full")
        await screen.press("4", "m", "s", "1")
        await screen.until_shown("the inbox is full")
        assert "…" not in line_with(screen, "mcp is down")


async def test_what_is_muted_can_be_heard_again_where_it_stands(store: KeyStore) -> None:
    store.set(Keys.MUTES, (mute("", "mcp"),))
    async with shown(store) as screen:
        await screen.press("4", "G", "m")
        await screen.until_shown("Hear it again  subject mcp is muted")
        await screen.press("u")
        await screen.until(lambda: screen.feed.sent)
        (command,) = screen.feed.sent
        assert (command.kind, command.rule, command.subject) == ("unmute", "", "mcp")


@pytest.mark.parametrize("keys", [("m", "escape"), ("m", "r", "escape")])
async def test_a_mute_can_be_left_at_each_step(store: KeyStore, keys: tuple[str, ...]) -> None:
    async with shown(store) as screen:
        await screen.press("4", *keys)
        await screen.until(lambda: screen.app.screen is screen.main)
        assert not screen.feed.sent


async def test_more_mutes_than_can_hold_are_refused_at_once_but_one_that_holds_can_be_longer(
    store: KeyStore,
) -> None:
    others = tuple(mute("service-down", f"service-{number}") for number in range(MUTES_LIMIT - 1))
    store.set(Keys.MUTES, (*others, mute("service-down", "")))
    async with shown(store) as screen:
        await screen.press("4", "G", "m", "s")
        await screen.until_shown("200 mutes hold already")
        await screen.press("m", "r", "6")
        await screen.until(lambda: screen.feed.sent)
        assert screen.feed.sent[0].subject == ""


@pytest.mark.parametrize("key", ["A", "m"])
async def test_in_a_replay_nothing_is_asked_that_cannot_be_done(store: KeyStore, key: str) -> None:
    store.set(Keys.FEED, msgspec.structs.replace(store.get(Keys.FEED), mode="replay"))
    async with shown(store) as screen:
        await screen.press("4", key)
        await screen.until_shown("A replay shows the past")
        assert screen.app.screen is screen.main


async def test_a_double_click_opens_the_alert(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.pilot.click(screen.main.alerts.table, offset=(5, 1), times=2)
        await screen.until(lambda: isinstance(screen.app.screen, AlertScreen))
        await screen.until_shown("task-blocked  seen in rules")


# --- in full ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "200x50"])
async def test_an_alert_in_full_tells_its_life_and_what_is_known(
    store: KeyStore, size: tuple[int, int]
) -> None:
    one = alert(
        "a9",
        "error",
        rule="disk-trouble",
        subject="/shop",
        title="The disk of /shop is nearly full",
        message="Remove what is not needed, or have the recording somewhere else. " * 3 + "The end.",
        acknowledged=True,
        acknowledged_by="bob",
        acknowledged_at=NOW - MINUTE,
        metadata={"note": "tidies up", "percent": 84.25, "agents": ["builder", "docs"], "none": None},
    )
    store.set(Keys.ALERTS, (one,))
    store.set(Keys.MUTES, (mute("disk-trouble", "", note="known"),))
    store.set(
        Keys.ALERT_HISTORY,
        (
            past(1, rule="disk-trouble", subject="/shop", metadata={"resolved_by": "bob"}),
            past(2, rule="disk-trouble", subject="/elsewhere"),
            past(3, rule="disk-trouble", subject="/shop"),
        ),
    )
    async with shown(store, size) as screen:
        await screen.press("4", "enter")
        await screen.until_shown("acknowledged by bob")
        for told in (
            "✖ error",
            "tidies up",
            "muted 1h00 more by ada: rule disk-trouble",
            "known",
            "percent 84.25; agents builder, docs",
            "lasted 7m, resolved by bob",
            "lasted 7m, over by itself",
        ):
            assert told in screen.text, told
        assert screen.text.count("lasted 7m") == 2, "the same rule about the same subject"
        assert "The end." in screen.text, "the message is wrapped and not cut"


async def test_an_alert_that_ends_while_it_is_looked_at_says_so(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("4", "enter")
        await screen.until_shown("by nobody yet")
        store.set(Keys.ALERTS, ())
        await screen.tick()
        await screen.until_shown("it fires no longer")
        ended = alert("a2", "critical", resolved=True, resolved_at=NOW + MINUTE)
        store.set(Keys.ALERT_HISTORY, (ended,))
        await screen.tick()
        await screen.until_shown("lasted 5m, over by itself")
        await screen.press("a", "A", "R")
        assert screen.app.screen is screen.app.screen_stack[1]
        assert not screen.feed.sent, "nothing is to be done about it any more"


async def test_an_alert_that_is_not_known_is_told_calmly(store: KeyStore) -> None:
    async with shown(store) as screen:
        screen.app.push_screen(AlertScreen(screen.app.wiring, "no-such"))
        await screen.until_shown("Nothing is known of this alert at this moment.")
        for key in ("a", "A", "R", "m"):
            await screen.press(key)
        assert not screen.feed.sent
        await screen.press("enter")
        await screen.until_shown("It is about no agent")


async def test_an_alert_about_no_agent_leads_to_none(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("4", "enter", "enter")
        await screen.until_shown("It is about no agent")


# --- what is over, and what is muted ----------------------------------------------------------------------------


async def test_what_is_over_can_be_sorted_and_says_who_had_to_do_with_it(store: KeyStore) -> None:
    store.set(
        Keys.ALERT_HISTORY,
        (
            past(1, title="the newest", metadata={"resolved_by": "bob"}),
            past(2, severity="critical", title="the gravest", acknowledged=True, acknowledged_by="ada"),
            past(3, title="the longest", resolved_at=NOW - HOUR),
        ),
    )
    async with shown(store) as screen:
        screen.app.push_screen(AlertHistoryScreen(screen.app.wiring))
        await screen.until_shown("the newest")
        assert "resolved by bob" in line_with(screen, "the newest")
        assert "✓ ada" in line_with(screen, "the gravest")
        assert "–" in line_with(screen, "the longest")
        for first in ("the gravest", "the longest"):
            await screen.press("s")
            await screen.until(lambda first=first: first in screen.text.splitlines()[3])  # type: ignore[misc]


async def test_when_nothing_is_over_it_says_so(store: KeyStore) -> None:
    store.set(Keys.ALERT_HISTORY, ())
    async with shown(store) as screen:
        screen.app.push_screen(AlertHistoryScreen(screen.app.wiring))
        await screen.until_shown("No alert is over yet.")


async def test_a_mute_says_how_many_alerts_it_keeps_quiet(store: KeyStore) -> None:
    store.set(Keys.MUTES, (mute("", "builder"), mute("no-such-rule", "")))
    async with shown(store) as screen:
        screen.app.push_screen(MutesScreen(screen.app.wiring))
        await screen.until_shown("no-such-rule")
        assert line_with(screen, "builder").split() == ["any", "builder", "1h00", "1", "ada"]
        assert line_with(screen, "no-such-rule").split() == ["no-such-rule", "any", "1h00", "none", "ada"]


async def test_an_unmute_that_is_refused_leaves_no_trace(store: KeyStore) -> None:
    store.set(Keys.MUTES, (mute("", "builder"),))
    async with shown(store) as screen:
        screen.feed.refuses = MonitorError("a replay shows the past")
        await screen.press("4", "M", "m")
        await screen.until_shown("a replay shows the past")
        assert "1h00" in line_with(screen, "builder")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "200x50"])
async def test_foreign_text_stays_in_its_columns(store: KeyStore, size: tuple[int, int]) -> None:
    odd: dict[str, Any] = {
        "metadata": {"note": HOSTILE, "resolved_by": HOSTILE, HOSTILE: [HOSTILE, 1.5]},
        **dict.fromkeys(("rule", "subject", "title", "source", "acknowledged_by"), HOSTILE),
        "message": HOSTILE * 9,
        "acknowledged": True,
    }
    store.set(Keys.ALERTS, (alert("h", **odd),))
    store.set(Keys.ALERT_HISTORY, (past(1, **odd),))
    store.set(Keys.MUTES, (mute(HOSTILE, HOSTILE, by=HOSTILE, note=HOSTILE),))
    async with shown(store, size) as screen:
        for keys in (("4",), ("m",), ("enter",), ("M",), ("h",)):
            await screen.press(*keys)
            await screen.pilot.pause()
            lines = lines_of(screen.app)
            assert "[bold]red[/bold]" in "\n".join(lines), keys
            assert not any(letter in "".join(lines) for letter in "\x1b\x07\u202e\x9b\ud800")
            assert {text_width(line) for line in lines} == {size[0]}
            if keys != ("4",):
                await screen.press("escape")
