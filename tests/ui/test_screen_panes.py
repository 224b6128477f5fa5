"""What the panes show: of agents that move, of foreign text, of nothing, and of a feed that fails."""

from __future__ import annotations

import unicodedata

import msgspec
import pytest
from textual.events import MouseDown, MouseScrollDown, MouseScrollUp
from textual.geometry import Offset
from textual.screen import Screen as TextualScreen
from textual.widgets import Static
from ui_fleet import NOW, add_agent, alert, fill, metrics, processes, status
from ui_screens import NARROW, WIDE, lines_of, shown

from monitor.errors import MonitorError
from monitor.keystore import Keys, KeyStore
from monitor.model import AgentMetrics, Board, BoardState, FeedState, RagMetrics, SourceStatus
from monitor.ui.options import ScreenOptions
from monitor.ui.screens.agent import AgentScreen

HOSTILE = "x\x1b]0;owned\x07\x1b[31m[bold]red[/bold]\u202e \x9b2J{curly} \ud800 日本語 👩‍👩‍👧 e\u0301"


def change(store: KeyStore, agent_id: str, **values: object) -> None:
    """Change an agent's status."""
    store.set(Keys.status(agent_id), msgspec.structs.replace(store.get(Keys.status(agent_id)), **values))


async def test_the_selection_follows_the_agent_when_the_order_changes(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert screen.main.agents.table.select("worker-05")
        change(store, "worker-05", status="blocked", status_reason="waits for an answer")
        await screen.tick()
        assert screen.agent_ids()[:3] == ["validator", "builder", "worker-05"]
        assert screen.selected == "worker-05"


async def test_the_selection_stays_near_when_its_agent_is_gone(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("G")
        store.set(Keys.AGENTS, tuple(one for one in store.get(Keys.AGENTS) if one != "docs"))
        await screen.tick()
        assert "docs" not in screen.agent_ids()
        assert screen.selected == "worker-13"


async def test_an_agent_that_waits_comes_first_and_says_why(store: KeyStore) -> None:
    async with shown(store) as screen:
        change(store, "worker-09", status="error", status_reason="API Error: 529")
        await screen.tick()
        await screen.until_shown("API Error: 529")
        assert screen.agent_ids()[:3] == ["validator", "worker-09", "builder"]


async def test_unknown_numbers_are_dashes_and_not_zero(store: KeyStore) -> None:
    add_agent(store, status("ghost", uncommitted_changes=None, ahead=None, behind=None, last_activity=None))
    async with shown(store) as screen:
        line = next(line for line in screen.text.splitlines() if " ghost " in line)
        assert "0" not in line.partition("agent-ghost")[2].partition("commit")[0]
        assert line.count("–") >= 6


async def test_a_vanished_process_leaves_dashes(store: KeyStore) -> None:
    async with shown(store) as screen:
        store.set(Keys.metrics("parser"), AgentMetrics())
        await screen.tick()
        await screen.until(lambda: "1.4G" not in screen.text)


async def test_a_stale_status_is_marked(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert "● active?" in screen.text


async def test_ages_move_with_the_clock_of_the_store(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.tick(60_000)
        line = next(line for line in screen.text.splitlines() if " builder " in line)
        assert line.split()[-1] == "1m"
        assert "■ blocked   13m  builder" in line


async def test_foreign_text_is_shown_literally_and_without_controls() -> None:
    store = fill(KeyStore())
    add_agent(store, status("evil", "blocked", status_reason=HOSTILE, branch=HOSTILE, kind=HOSTILE))
    store.set(Keys.ALERTS, (alert("h", title=HOSTILE, subject=HOSTILE),))
    commits = store.get(Keys.COMMIT_FEED)
    store.set(Keys.COMMIT_FEED, (msgspec.structs.replace(commits[0], message=HOSTILE, branch=HOSTILE),))
    board = store.get(Keys.TASKS)
    task = msgspec.structs.replace(board.tasks[0], title=HOSTILE, status=HOSTILE, blockers=(HOSTILE,))
    store.set(Keys.TASKS, msgspec.structs.replace(board, tasks=(task,)))
    state = store.get(Keys.FEED)
    store.set(Keys.FEED, msgspec.structs.replace(state, host=HOSTILE, problem=HOSTILE))
    async with shown(store) as screen:
        for keys in ((), ("b",)):
            await screen.press(*keys)
            await screen.until_shown("[bold]red[/bold]")
            text = "".join(lines_of(screen.app))
            assert not [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs")]
            assert "owned" not in text


@pytest.mark.parametrize("size", [WIDE, NARROW, (61, 17)])
async def test_every_line_is_exactly_as_wide_as_the_screen(store: KeyStore, size: tuple[int, int]) -> None:
    add_agent(store, status("בונה-עברית", branch="ענף/מנתח" * 4, status_reason="ממתין לתשובה " * 20))
    add_agent(
        store, status("日本語👩‍👩‍👧エージェント", branch="機能/構文解析" * 4, status_reason="待機中 " * 20)
    )
    async with shown(store, size) as screen:
        strips = screen.app.screen._compositor.render_strips()
        assert {sum(segment.cell_length for segment in strip) for strip in strips} == {size[0]}


async def test_before_the_first_data_the_frame_stands_and_says_that_it_looks() -> None:
    async with shown(KeyStore()) as screen:
        assert "Looking for agents…" in screen.text
        assert "q Quit" in screen.text


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_without_agents_it_says_what_to_do(size: tuple[int, int]) -> None:
    store = KeyStore()
    store.set(Keys.AGENTS, ())
    async with shown(store, size) as screen:
        assert "No agents found." in screen.text
        assert "Start one, name a folder with --root, or try: agent-monitor demo" in screen.text
        assert "All quiet" in screen.text


async def test_without_a_board_it_says_where_one_would_be() -> None:
    store = KeyStore()
    place = BoardState(root="/srv/app", path="/srv/app/coordination/task-board.json")
    store.set(Keys.TASKS, Board(boards=(place,)))
    async with shown(store) as screen:
        assert "No task board. It would be /srv/app/coordination/task-board.json" in screen.text


async def test_a_board_that_cannot_be_read_is_shown_with_its_age(store: KeyStore) -> None:
    board = store.get(Keys.TASKS)
    broken = msgspec.structs.replace(board.boards[0], error="line 3: not JSON", last_synced=NOW - 180_000)
    store.set(Keys.TASKS, msgspec.structs.replace(board, boards=(broken,)))
    async with shown(store) as screen:
        assert "line 3: not JSON, shown as of 3m" in screen.text


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("status:error", {"validator"}),
        ("branch:feat", {"parser"}),
        ("kind:codex status:blocked", {"builder"}),
        ("EXIT code", {"validator"}),
        ("nobody", set()),
    ],
)
async def test_a_filter_finds_words_and_fields(store: KeyStore, typed: str, left: set[str]) -> None:
    async with shown(store, options=ScreenOptions(initial_filter=typed)) as screen:
        assert set(screen.agent_ids()) == left
        await screen.until_shown(f"/{typed}")
        assert left or "Nothing matches the filter." in screen.text


async def test_a_filter_goes_on_filtering_what_comes(store: KeyStore) -> None:
    async with shown(store, options=ScreenOptions(initial_filter="status:blocked")) as screen:
        change(store, "worker-02", status="blocked")
        await screen.tick()
        assert screen.agent_ids() == ["builder", "worker-02"]


async def test_the_processes_are_asked_for_only_while_the_details_are_open(store: KeyStore) -> None:
    async with shown(store) as screen:
        key = Keys.processes("validator")
        assert not store.has_subscriber(key)
        await screen.press("enter")
        await screen.until(lambda: store.has_subscriber(key))
        await screen.until_shown("Reading the process tree…")
        store.set(key, processes())
        await screen.tick()
        await screen.until_shown("pytest")
        await screen.press("escape")
        await screen.until(lambda: not store.has_subscriber(key))


async def test_details_tell_what_the_status_rests_on(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("enter")
        await screen.until_shown("API Error: 529 overloaded")
        assert "process 5120 ended with exit code 1" in screen.text
        assert "/shop/agents/validator" in screen.text


async def test_details_work_for_an_id_that_looks_like_a_pattern(store: KeyStore) -> None:
    add_agent(store, status("a[b]*?", "error", name="000"))
    async with shown(store) as screen:
        screen.main.agents.table.select("a[b]*?")
        await screen.press("enter")
        await screen.until(lambda: store.has_subscriber(Keys.processes("a[b]*?")))
        assert not store.has_subscriber(Keys.processes("ab"))


async def test_the_header_tells_a_problem_even_while_paused(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("space")
        state: FeedState = store.get(Keys.FEED)
        store.set(
            Keys.FEED, msgspec.structs.replace(state, mode="attached", problem="recorder gone since 12:03")
        )
        await screen.tick()
        await screen.until_shown("✖ recorder gone since 12:03")
        assert "attached" in screen.text


@pytest.mark.parametrize("width", [80, 60])
async def test_a_problem_is_readable_in_full_before_anything_else_of_the_header(
    store: KeyStore, width: int
) -> None:
    problem = "recorder gone since 12:03"
    state = msgspec.structs.replace(store.get(Keys.FEED), mode="attached", recording=False, problem=problem)
    store.set(Keys.FEED, msgspec.structs.replace(state, host="a-host-with-a-name-of-forty-letters-in-all"))
    async with shown(store, (width, 24)) as screen:
        head = screen.text.splitlines()[0]
        assert f"✖ {problem}" in head
        assert "12:03:04" in head
        assert "every" not in head
        assert "a-host" not in head
        assert ("attached" in head) == (width == 80)


@pytest.mark.parametrize(("mode", "told"), [("live", True), ("attached", False), ("replay", False)])
async def test_only_a_live_view_says_that_it_does_not_record(store: KeyStore, mode: str, told: bool) -> None:
    store.set(Keys.FEED, msgspec.structs.replace(store.get(Keys.FEED), mode=mode, recording=False))
    async with shown(store) as screen:
        assert ("not recording" in screen.text) == told


async def test_the_health_pane_tells_what_each_source_costs(store: KeyStore) -> None:
    store.set(
        Keys.SOURCES,
        tuple(
            SourceStatus(
                name="git",
                subject=f"/w/{number}",
                state="ok",
                since=NOW,
                latency_ms=5.0 * number,
                cost_ms_per_minute=20.0,
            )
            for number in (1, 2, 3)
        ),
    )
    async with shown(store) as screen:
        await screen.press("3", "z")
        await screen.until_shown("15 ms  of 3, 60 ms CPU a minute")


async def test_an_attached_view_tells_a_tree_that_was_not_recorded_from_one_that_is(store: KeyStore) -> None:
    attached = FeedState(mode="attached", host="h", interval_seconds=2.0, database="/d/monitor.db")
    store.set(Keys.FEED, attached)
    async with shown(store) as screen:
        await screen.press("enter")
        await screen.until_shown("Its processes of this moment are not recorded.")
        store.set(Keys.processes("validator"), processes())
        await screen.tick()
        await screen.until_shown("└ pytest")
        store.set(Keys.processes("validator"), ())
        await screen.tick()
        await screen.until_shown("No process seen.")


async def test_what_is_known_of_the_shared_memory_stands_in_the_health_pane(store: KeyStore) -> None:
    async with shown(store) as screen:
        assert "RAG" not in screen.text
        store.set(Keys.RAG, RagMetrics(timestamp=NOW - 90_000, total_patterns=1412, hit_rate=87.4))
        await screen.tick(0)
        await screen.until_shown("1,412 patterns")
        assert "87% hits" in screen.text
        assert " ms " not in next(line for line in screen.text.splitlines() if "hits" in line), "unknown"
        store.set(Keys.RAG, RagMetrics(timestamp=NOW, total_queries=20, average_response_time=34.2))
        await screen.tick(0)
        await screen.until_shown("20  34 ms")
        assert "holds" not in screen.text


async def test_a_shared_memory_that_tells_nothing_has_no_lines(store: KeyStore) -> None:
    store.set(Keys.RAG, RagMetrics(timestamp=NOW))
    async with shown(store) as screen:
        assert "RAG" not in screen.text


@pytest.mark.parametrize("error", [MonitorError("the database is gone"), ValueError("boom")])
async def test_a_feed_that_fails_is_told_and_ends_with_one(store: KeyStore, error: Exception) -> None:
    async with shown(store) as screen:
        screen.feed.fail(error)
        await screen.until_shown(str(error))
        assert screen.app.failure is error
        assert "validator" in screen.text, "the last picture stays"
        await screen.press("q")
    assert screen.app.return_code == 1


async def test_an_unknown_theme_names_the_known_ones(store: KeyStore) -> None:
    with pytest.raises(MonitorError, match="nord"):
        async with shown(store, options=ScreenOptions(theme="no-such-theme")):
            pass


async def test_the_sparkline_moves_on_with_each_tick(store: KeyStore) -> None:
    async with shown(store) as screen:
        for load in (0.0, 50.0, 100.0):
            store.set(Keys.metrics("worker-01"), metrics(load))
            await screen.tick()
        await screen.until_shown("▁▅█")


async def test_the_feed_has_closed_before_the_app_is_gone(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("q")
    assert screen.feed.closed


async def test_a_click_selects_and_a_second_one_opens(store: KeyStore) -> None:
    async with shown(store) as screen:
        table = screen.main.agents.table
        await screen.pilot.click(table, offset=(10, 4))
        assert table.cursor == 3
        assert screen.selected == "claude-code:shop"
        await screen.pilot.click(table, offset=(10, 6), times=2)
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        assert screen.selected == "reviewer"


async def test_a_click_on_a_title_unfolds_its_pane(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        line = next(number for number, text in enumerate(screen.text.splitlines()) if "Commits" in text)
        await screen.pilot.click(offset=(4, line))
        await screen.until_shown("Keep the last good board")


async def test_the_wheel_moves_the_selection(store: KeyStore) -> None:
    async with shown(store) as screen:
        table = screen.main.agents.table
        await screen.pilot._post_mouse_events([MouseScrollDown], table, offset=(5, 5))
        await screen.until(lambda: table.cursor == 3)
        await screen.pilot._post_mouse_events([MouseScrollUp], table, offset=(5, 5))
        await screen.until(lambda: table.cursor == 0)


async def test_a_long_list_scrolls_with_the_selection(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        assert " docs " not in screen.text
        await screen.press("G")
        await screen.until_shown(" docs ")
        assert "validator" not in screen.text
        await screen.press("g")
        await screen.until_shown("validator")


async def test_e_on_a_commit_opens_its_agent(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("2", "e")
        await screen.until(lambda: isinstance(screen.app.screen, AgentScreen))
        assert screen.app.screen.agent_id == "builder"  # type: ignore[attr-defined]


async def test_changing_the_theme_redraws_in_its_colours(store: KeyStore) -> None:
    async with shown(store) as screen:
        before = screen.app.palette
        screen.app.theme = "nord"
        await screen.until(lambda: screen.app.palette is not before)
        nord = screen.app.palette.style("bad").color
        await screen.until(
            lambda: any(
                segment.style is not None and segment.style.color == nord
                for strip in screen.app.screen._compositor.render_strips()
                for segment in strip
            )
        )


async def test_a_widget_that_is_removed_under_the_mouse_breaks_nothing(
    store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(store) as screen:
        where = (Static("a notice that has just ended"), Offset(0, 0))
        monkeypatch.setattr(TextualScreen, "get_widget_and_offset_at", lambda *_: where)
        screen.app.post_message(MouseDown(None, 5, 5, 0, 0, 1, False, False, False, 5, 5))
        await screen.pilot.pause()
        assert screen.app._exception is None
