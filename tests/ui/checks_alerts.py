"""Checks of the commands of the alerts."""

from __future__ import annotations

from command_checks import covers
from ui_fleet import HOUR, MINUTE, NOW, alert, mute
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.ui.screens.agent import AgentScreen
from monitor.ui.screens.alert import AlertScreen


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


@covers("alert.open")
async def _an_alert_opens_in_full_and_from_there_its_agent(screen: Screen) -> None:
    await screen.press("4", "G", "k", "enter")
    await screen.until(lambda: isinstance(screen.app.screen, AlertScreen))
    await screen.until_shown("agent-blocked  seen in rules")
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
    await screen.press("escape", "a")
    await screen.until(lambda: screen.feed.sent)
    assert (screen.feed.sent[0].kind, screen.feed.sent[0].alert_id) == ("acknowledge", "a1")


@covers("alert.acknowledge-with-note")
async def _an_acknowledgement_says_what_is_done_about_it(screen: Screen) -> None:
    await screen.press("4", "A")
    await screen.until_shown("a note: what you do about it")
    await screen.press(*"fix", "space", *"it", "enter")
    await screen.until(lambda: screen.feed.sent)
    (command,) = screen.feed.sent
    assert (command.kind, command.alert_id, command.by, command.note) == (
        "acknowledge",
        "a2",
        "ada",
        "fix it",
    )
    await screen.press("A", "escape")
    await screen.until(lambda: screen.app.screen is screen.main)
    assert len(screen.feed.sent) == 1, "escape leaves everything as it is"


@covers("alert.mute")
async def _a_rule_or_a_subject_is_muted_for_a_time(screen: Screen) -> None:
    await screen.press("4", "m")
    await screen.until_shown("service-down about anything")
    await screen.press("r")
    await screen.until_shown("For how long?")
    await screen.press("2")
    await screen.until(lambda: screen.feed.sent)
    (command,) = screen.feed.sent
    assert (command.kind, command.rule, command.subject, command.by) == ("mute", "service-down", "", "ada")
    assert command.until == command.at + HOUR
    screen.store.set(Keys.MUTES, (mute("service-down", ""),))
    await screen.tick()
    await screen.until_shown("∅ 1 muted")
    assert [row.id for row in screen.main.alerts.table.rows][-1] == "a2", "it stands below all others"


@covers("alert.mutes", "mute.end")
async def _what_is_muted_is_listed_and_heard_again(screen: Screen) -> None:
    screen.store.set(Keys.MUTES, (mute("service-down", ""), mute("", "builder", note="load test")))
    await screen.tick()
    await screen.press("4", "M")
    await screen.until_shown("load test")
    await screen.press("j", "m")
    await screen.until(lambda: screen.feed.sent)
    (command,) = screen.feed.sent
    assert (command.kind, command.rule, command.subject) == ("unmute", "", "builder")
    screen.store.set(Keys.MUTES, ())
    await screen.tick()
    await screen.until_shown("Nothing is muted")


@covers("alert.history", "alert.open-past")
async def _what_is_over_is_listed_and_opens(screen: Screen) -> None:
    await screen.press("4", "h")
    await screen.until_shown("Reading what was recorded")
    assert screen.store.has_subscriber(Keys.ALERT_HISTORY), "the feed is asked for it"
    past = alert(
        "p1", title="builder waited", resolved=True, resolved_at=NOW - MINUTE, metadata={"resolved_by": "bob"}
    )
    screen.store.set(Keys.ALERT_HISTORY, (past,))
    await screen.tick()
    await screen.until_shown("builder waited")
    await screen.press("enter")
    await screen.until_shown("lasted 3m, resolved by bob")
