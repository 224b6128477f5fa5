"""Checks of the commands of the agents pane."""

from __future__ import annotations

import msgspec
from command_checks import covers
from ui_fleet import processes
from ui_screens import Screen

from monitor.keystore import Keys
from monitor.ui.screens.agent import AgentScreen


@covers("agent.open", "agent.details", "back")
async def _details_open_and_close(screen: Screen) -> None:
    for key in ("enter", "e"):
        await screen.press(key)
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)


@covers("agent.next-waiting", "agent.previous-waiting")
async def _waiting_agents_are_visited_in_turn(screen: Screen) -> None:
    await screen.press("3", "G", "n")
    assert screen.selected == "builder"
    await screen.press("n")
    assert screen.selected == "validator"
    await screen.press("N")
    assert screen.selected == "builder"


@covers("agent.group", "agent.fold")
async def _agents_are_grouped_and_a_group_is_folded_at_its_heading(screen: Screen) -> None:
    for agent_id in screen.store.get(Keys.AGENTS):
        known = screen.store.get(Keys.status(agent_id))
        parts = {"repository": "/srv/shop/.git", "role": "tester" if agent_id < "c" else ""}
        screen.store.set(Keys.status(agent_id), msgspec.structs.replace(known, **parts))
    await screen.tick()
    for heading in (
        "▾ architect  1 agent",
        "▾ shop  20 agents",
        "▾ no role  18 agents",
        "▾ forge  20 agents",
    ):
        await screen.press("v")
        await screen.until(lambda: "grouped by" in screen.text)
        await screen.press("home")
        if "architect" in heading:
            await screen.until(lambda: screen.main.agents.table.select("architect"))
        await screen.until_shown(heading)
    await screen.press("home", "enter")
    await screen.until_shown("▸ forge  20 agents")
    assert len(screen.main.agents.table.rows) == 1
    await screen.press("enter")
    await screen.until(lambda: len(screen.main.agents.table.rows) == 21)
    await screen.press("v")
    await screen.until_gone("▾ forge")


@covers("agent.processes")
async def _processes_unfold_under_their_agent(screen: Screen) -> None:
    await screen.press("t")
    await screen.until(lambda: screen.store.has_subscriber(Keys.processes("validator")))
    await screen.until_shown("Reading the process tree…")
    screen.store.set(Keys.processes("validator"), processes())
    await screen.tick()
    await screen.until_shown("└ 5001 node server.js")
    await screen.press("f5")
    await screen.until_gone("node server.js")
    assert not screen.store.has_subscriber(Keys.processes("validator"))


@covers("agent.narrow", "agent.widen")
async def _arrows_go_out_and_in(screen: Screen) -> None:
    screen.store.set(Keys.processes("validator"), processes())
    table = screen.main.agents.table
    await screen.press("v", "v", "home")
    await screen.until_shown("▾ no repository  20 agents")
    await screen.press("left")
    await screen.until(lambda: len(table.rows) == 1)
    await screen.press("right", "down", "right")
    await screen.until_shown("5001 node server.js")
    await screen.press("down", "down", "left")
    assert screen.selected == "validator", "a process belongs to its agent"
    await screen.press("left")
    await screen.until_gone("node server.js")
    await screen.press("left")
    assert table.cursor == 0, "an agent belongs to its group"


@covers("agent.tag", "agent.untag")
async def _tagged_agents_are_marked_and_chosen(screen: Screen) -> None:
    pane = screen.main.agents
    assert pane.chosen() == ("validator",)
    await screen.press("T", "T")
    await screen.until_shown("2 tagged")
    assert pane.tagged == pane.chosen() == ("builder", "validator")
    assert screen.selected == "architect"
    assert [line[1:10] for line in screen.text.splitlines() if line.startswith("▌")] == [
        "✖ error  ",
        "■ blocked",
    ]
    await screen.press("slash", *"tag:yes", "enter")
    await screen.until(lambda: screen.agent_ids() == ["validator", "builder"])
    await screen.press("home", "T")
    await screen.until(lambda: screen.agent_ids() == ["builder"])
    await screen.press("escape", "U")
    await screen.until_gone("tagged")
    assert not pane.tagged


@covers("agent.follow")
async def _all_panes_show_the_agent_that_is_followed(screen: Screen) -> None:
    screen.main.agents.table.select("builder")
    await screen.press("F")
    await screen.until_shown("following builder")
    commits, alerts = screen.main.query_one("#commits"), screen.main.alerts
    assert {row.record.agent_id for row in commits.table.rows} == {"builder"}  # type: ignore[attr-defined]
    assert [row.id for row in alerts.table.rows] == ["a1"]
    await screen.press("F")
    await screen.until_gone("following builder")
    await screen.press("F", "j")
    await screen.until(lambda: len(alerts.table.rows) == 4, "who moves the cursor lets it go")
    assert "following" not in screen.text
