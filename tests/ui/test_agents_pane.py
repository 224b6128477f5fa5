"""The agents pane: who waits for a person, groups, processes, tags, following, and orders by a click."""

from __future__ import annotations

import msgspec
import pytest
from ui_fleet import MINUTE, NOW, add_agent, alert, metrics, processes, status
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import ProcessInfo
from monitor.ui.panes.agent_groups import grouped
from monitor.ui.panes.agent_loads import POINTS, Loads
from monitor.ui.panes.agent_overlaps import overlaps
from monitor.ui.panes.agent_rows import AgentRow, GroupRow


def headings(screen: Screen) -> list[str]:
    """Names of the groups, as shown."""
    records = (row.record for row in screen.main.agents.table.rows)
    return [record.name for record in records if isinstance(record, GroupRow)]


def line_of(screen: Screen, words: str) -> str:
    """The line of the agents pane with these words."""
    return next(line for line in screen.text.splitlines()[3:] if f" {words} " in line)


# --- who waits for a person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_who_waits_for_a_person_stands_on_top_with_the_reason_and_in_the_title(
    store: KeyStore, size: tuple[int, int]
) -> None:
    async with shown(store, size) as screen:
        title, _, first, second, *_ = screen.text.splitlines()[1:]
        assert "2 wait for a person, longest 12m" in title
        assert "✖ error" in first
        assert "process ended with exit code 1" in first
        assert "■ blocked" in second
        assert "waits for permission: Bash(rm -r" in second


async def test_it_is_a_patch_of_colour_and_not_only_a_word(store: KeyStore) -> None:
    async with shown(store) as screen:
        table = screen.main.agents.table
        await screen.press("3")
        patches = []
        for y in (1, 2, 3):
            segment = next(
                one
                for one in table.render_line(y)
                if "error" in one.text or "●" in one.text or "■" in one.text
            )
            assert segment.style is not None
            patches.append((segment.text.strip().split()[0], segment.style.bgcolor))
        (error, red), (blocked, amber), (active, plain) = patches
        assert (error, blocked, active) == ("✖", "■", "●")
        assert len({red, amber, plain}) == 3


async def test_when_nobody_waits_the_title_does_not_call(store: KeyStore) -> None:
    for agent_id in ("builder", "validator"):
        known = store.get(Keys.status(agent_id))
        store.set(Keys.status(agent_id), msgspec.structs.replace(known, status="active"))
    async with shown(store) as screen:
        assert "for a person" not in screen.text.splitlines()[1]
        await screen.press("n")
        await screen.until_shown("No agent waits for a person.")


async def test_the_next_who_waits_is_found_in_a_folded_group(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("v", "v", "home", "enter")
        await screen.until(lambda: len(screen.main.agents.table.rows) == 1)
        await screen.press("n")
        await screen.until(lambda: screen.selected == "validator")


# --- what a line tells ----------------------------------------------------------------------------------------------


async def test_a_line_tells_everything_where_there_is_room(store: KeyStore) -> None:
    known = store.get(Keys.status("parser"))
    store.set(Keys.status("parser"), msgspec.structs.replace(known, current_task="TASK-003"))
    async with shown(store, (300, 50)) as screen:
        line = line_of(screen, "parser")
    for part in (
        "● active",
        "files changed now",
        "thinking 10s",
        "TASK-003 Design the st",
        "rebase feat/parser",
        "opus-4-8",
        "94%",
        "1.2M",
        "$12.40",
        " 8 ",
        "↑3 ↓12",
        "claude-code",
        "188",
        "1.4G",
        " 5 ",
        "2h14",
        "20s",
    ):
        assert part in line, part


async def test_the_sparkline_shows_sixty_values_where_there_is_room(store: KeyStore) -> None:
    async with shown(store, (400, 50)) as screen:
        for turn in range(70):
            store.set(Keys.metrics("parser"), metrics(100.0 if turn % 2 else 0.0))
            await screen.tick(1)
        await screen.until_shown("▁█" * 30)
        assert "█" + "▁█" * 30 not in screen.text


async def test_a_jump_of_the_clock_begins_the_sparkline_anew(store: KeyStore) -> None:
    async with shown(store) as screen:
        for load in (0.0, 50.0, 100.0):
            store.set(Keys.metrics("worker-01"), metrics(load))
            await screen.tick()
        await screen.until_shown("▁▅█")
        await screen.tick(-60 * MINUTE)
        await screen.until_gone("▁▅█")


def test_loads_keep_the_newest_and_know_what_is_unknown() -> None:
    loads = Loads()
    loads.keep(["a"])
    for number in range(POINTS + 5):
        loads.add("a", None if number == POINTS else float(number))
    assert loads.newest("a", 6) == [59.0, None, 61.0, 62.0, 63.0, 64.0]
    assert len(loads.newest("a", 1000)) == POINTS
    assert loads.newest("a", 0) == loads.newest("nobody", 5) == []
    loads.keep(["b"])
    assert loads.newest("a", 5) == []


# --- the same file --------------------------------------------------------------------------------------------------


def test_an_overlap_names_the_others_and_the_file_for_each_agent() -> None:
    found = overlaps(
        [
            alert("o", rule="file-overlap", metadata={"agents": ["a", "b"], "files": ["x.py", "y.py"]}),
            alert("p", rule="file-overlap", metadata={"agents": ["a", "c"], "files": ["z\x1b[31m.py"]}),
            alert("q", rule="file-overlap", metadata={"agents": ["d", "e"], "files": []}),
            alert("r", rule="agent-blocked", metadata={"agents": ["f"], "files": ["x.py"]}),
        ],
        str.upper,
    )
    assert found == {
        "a": "same file as B: x.py +1; same file as C: z.py",
        "b": "same file as A: x.py +1",
        "c": "same file as A: z.py",
    }


async def test_both_agents_of_an_overlap_say_so_until_it_is_over(store: KeyStore) -> None:
    told = alert(
        "o",
        rule="file-overlap",
        subject="architect",
        metadata={"agents": ["architect", "parser"], "files": ["src/parser.py"]},
    )
    async with shown(store, (300, 50)) as screen:
        store.set(Keys.ALERTS, (told,))
        await screen.tick()
        await screen.until_shown("⇄ same file as pars")
        assert "⇄ same file as arc" in line_of(screen, "parser")
        store.set(Keys.ALERTS, ())
        await screen.tick()
        await screen.until_gone("⇄")


# --- groups ---------------------------------------------------------------------------------------------------------


def test_groups_stand_by_who_needs_a_person_and_then_by_name() -> None:
    rows = [
        AgentRow("a", status("a", role="writer"), metrics(10.0, 100)),
        AgentRow("b", status("b", role="checker"), metrics(5.0, 50)),
        AgentRow("c", status("c", "blocked", role="writer"), None),
        AgentRow("d", status("d", "idle"), None),
        AgentRow("e", None, None),
    ]
    found = grouped(rows, "role", {"checker"})
    assert [(group.name, [row.id for row in agents]) for group, agents in found] == [
        ("writer", ["a", "c"]),
        ("checker", ["b"]),
        ("no role", ["d", "e"]),
    ]
    writers, checkers, others = (group for group, _ in found)
    assert writers.counts == (("blocked", 1), ("active", 1))
    assert (writers.cpu_usage, writers.memory_usage) == (10.0, 100 << 20), "the unknown is not in the sum"
    assert (others.cpu_usage, others.memory_usage) == (None, None), "of nothing but unknowns there is no sum"
    assert (checkers.folded, writers.folded) == (True, False)


def test_a_repository_is_named_by_its_folder() -> None:
    rows = [
        AgentRow(path, status(path, repository=path), None)
        for path in ("/srv/shop/.git", "/srv/bare.git", "/x\x1b[31m/y")
    ]
    found = {group.key: (group.name, group.place) for group, _ in grouped(rows, "repository", ())}
    assert found["/srv/shop/.git"] == ("shop", "/srv/shop")
    assert found["/srv/bare.git"] == ("bare.git", "/srv/bare.git")
    assert found["/x\x1b[31m/y"] == ("y", "/x/y")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_heading_tells_how_many_are_in_each_status_and_what_they_take(
    store: KeyStore, size: tuple[int, int]
) -> None:
    async with shown(store, size) as screen:
        await screen.press("v", "v", "v", "v")
        await screen.until_shown("▾ forge  20 agents")
        line = line_of(screen, "forge  20 agents")
        assert "✖ 1 error  ■ 1 blocked" in line
        assert "6.6G" in line
        assert headings(screen) == ["forge"]


async def test_an_agent_that_comes_finds_its_group(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("v", "v", "v", "v")
        add_agent(store, status("zeta", host="anvil"))
        await screen.tick()
        await screen.until(lambda: headings(screen) == ["forge", "anvil"])


async def test_a_group_is_tagged_and_untagged_at_its_heading(store: KeyStore) -> None:
    async with shown(store) as screen:
        pane = screen.main.agents
        await screen.press("v", "v", "v", "v", "home", "T")
        await screen.until_shown("20 tagged")
        assert len(pane.chosen()) == 20
        await screen.press("home", "T")
        await screen.until_gone("tagged")


async def test_a_click_on_a_heading_folds_its_group(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("v", "v", "v", "v")
        await screen.until_shown("▾ forge")
        await screen.pilot.click(screen.main.agents.table, offset=(4, 1))
        await screen.until_shown("▸ forge")


async def test_a_filter_leaves_only_groups_with_what_matches(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("v", "slash", *"kind:gemini", "enter")
        await screen.until(lambda: headings(screen) == ["validator"])


# --- processes ------------------------------------------------------------------------------------------------------


async def test_a_tree_is_asked_for_only_while_it_is_in_sight(store: KeyStore) -> None:
    key = Keys.processes("validator")
    async with shown(store, NARROW) as screen:
        await screen.press("t")
        await screen.until(lambda: store.has_subscriber(key))
        await screen.press("G")
        await screen.until(lambda: not store.has_subscriber(key))
        await screen.press("g")
        await screen.until(lambda: store.has_subscriber(key))
        await screen.press("2", "z")
        await screen.until(lambda: not store.has_subscriber(key))
        await screen.press("z", "1")
        await screen.until(lambda: store.has_subscriber(key))
        await screen.press("b")
        await screen.until(lambda: not store.has_subscriber(key))


async def test_the_tree_of_an_agent_that_is_gone_is_gone(store: KeyStore) -> None:
    async with shown(store) as screen:
        store.set(Keys.processes("validator"), processes())
        await screen.press("t")
        await screen.until_shown("node server.js")
        store.set(Keys.AGENTS, tuple(one for one in store.get(Keys.AGENTS) if one != "validator"))
        await screen.tick()
        await screen.until_gone("node server.js")
        assert not store.has_subscriber(Keys.processes("validator"))


async def test_a_process_tells_its_ports_and_a_foreign_name_does_no_harm(store: KeyStore) -> None:
    tree = (
        ProcessInfo(
            pid=77,
            ppid=1,
            name="no\x1b[2Jde 日本",
            state="S",
            depth=0,
            cpu_usage=3.0,
            memory_usage=50 << 20,
            thread_count=1,
            started=NOW - 9 * MINUTE,
            ports=(3000, 8080, 9229, 9230),
        ),
    )
    store.set(Keys.processes("validator"), tree)
    async with shown(store) as screen:
        await screen.press("t")
        await screen.until_shown("└ 77 node 日本  :3000 :8080 :9229…")
        assert "9m" in line_of(screen, "77")


async def test_the_trees_of_all_tagged_agents_unfold_together(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("T", "T", "t")
        await screen.until(lambda: screen.text.count("Reading the process tree…") == 2)
        await screen.press("t")
        await screen.until_gone("Reading the process tree…")


async def test_the_selection_stays_on_its_process_while_the_order_changes(store: KeyStore) -> None:
    async with shown(store) as screen:
        store.set(Keys.processes("validator"), processes())
        await screen.press("t", "down", "down")
        await screen.until_shown("5001 node server.js")
        selected = screen.selected
        await screen.press("I")
        await screen.until(lambda: screen.agent_ids()[0] == "docs")
        assert screen.selected == selected
        assert screen.main.agents.selected_agent == "validator"
        assert "5001 node server.js" in screen.text


# --- following ------------------------------------------------------------------------------------------------------


async def test_who_is_followed_stays_in_sight_and_selected_while_the_order_changes(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        await screen.press("G", "F")
        await screen.until_shown("following")
        followed = screen.selected
        assert followed == "docs"
        await screen.press("I")
        await screen.until(lambda: screen.agent_ids()[0] == "docs")
        assert screen.selected == followed
        assert " docs " in screen.text


async def test_who_is_followed_and_comes_back_is_selected_again(store: KeyStore) -> None:
    async with shown(store) as screen:
        ids = store.get(Keys.AGENTS)
        screen.main.agents.table.select("parser")
        await screen.press("F")
        store.set(Keys.AGENTS, tuple(one for one in ids if one != "parser"))
        await screen.tick()
        await screen.until(lambda: screen.selected != "parser")
        assert "following parser" in screen.text
        store.set(Keys.AGENTS, ids)
        await screen.tick()
        await screen.until(lambda: screen.selected == "parser")


# --- orders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_click_on_a_title_sorts_by_it_and_a_second_one_turns_that_round(
    store: KeyStore, size: tuple[int, int]
) -> None:
    async with shown(store, size) as screen:
        table = screen.main.agents.table
        x = screen.text.splitlines()[2].index("CPU%")
        await screen.pilot.click(table, offset=(x, 0))
        await screen.until(lambda: screen.agent_ids()[0] == "parser")
        await screen.until_shown("CPU%▾")
        await screen.pilot.click(table, offset=(x, 0))
        await screen.until(lambda: screen.agent_ids()[0] == "builder")
        assert screen.main.agents.table.cursor < len(screen.agent_ids())


async def test_a_click_on_a_title_that_has_no_order_changes_nothing(store: KeyStore) -> None:
    async with shown(store) as screen:
        before = screen.agent_ids()
        x = screen.text.splitlines()[2].index("WHY")
        await screen.pilot.click(screen.main.agents.table, offset=(x, 0))
        assert screen.agent_ids() == before


@pytest.mark.parametrize(
    ("column", "first"),
    [
        ("name", "architect"),
        ("cpu", "parser"),
        ("memory", "parser"),
        ("changes", "builder"),
        ("processes", "architect"),
        ("uptime", "architect"),
    ],
)
async def test_each_order_puts_the_largest_or_the_first_name_on_top(
    store: KeyStore, column: str, first: str
) -> None:
    async with shown(store) as screen:
        screen.main.agents.sort_by(column)
        assert screen.agent_ids()[0] == first


async def test_a_long_list_shows_where_one_is(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        assert "┃" in screen.text.splitlines()[3]
        await screen.press("G")
        await screen.until(lambda: "┃" not in screen.text.splitlines()[3])
        assert "┃" in screen.text
    async with shown(store, (200, 120)) as screen:
        assert "┃" not in screen.text
