"""Checks of the commands of the alerts."""

from __future__ import annotations

from command_checks import covers
from ui_fleet import alert
from ui_screens import Screen

from monitor.keystore import Keys


@covers("alert.acknowledge")
async def _an_acknowledged_alert_shows_it_when_the_feed_confirms(screen: Screen) -> None:
    await screen.press("4", "a")
    await screen.until(lambda: screen.feed.sent)
    (command,) = screen.feed.sent
    assert (command.kind, command.alert_id, command.by) == ("acknowledge", "a2", "ada")
    line = next(line for line in screen.text.splitlines() if "mcp is down" in line)
    assert "✓" not in line.partition("critical")[2]
    alerts = screen.store.get(Keys.ALERTS)
    confirmed = alert("a2", "critical", title="mcp is down", acknowledged=True)
    screen.store.set(Keys.ALERTS, (confirmed, *(one for one in alerts if one.alert_id != "a2")))
    await screen.tick()
    await screen.until(
        lambda: any("✓" in line and "mcp is down" in line for line in screen.text.splitlines())
    )


@covers("alert.resolve")
async def _a_resolved_alert_is_sent_and_leaves(screen: Screen) -> None:
    await screen.press("4", "j", "R")
    await screen.until(lambda: screen.feed.sent)
    assert (screen.feed.sent[0].kind, screen.feed.sent[0].alert_id) == ("resolve", "a3")
    screen.store.set(Keys.ALERTS, tuple(one for one in screen.store.get(Keys.ALERTS) if one.alert_id != "a3"))
    await screen.tick()
    await screen.until_gone("TASK-014 is blocked")
