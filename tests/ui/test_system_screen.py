"""What the screen of attached systems says of their queues, runs, workflows, logs, events, messages and projects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from test_screen_panes import HOSTILE
from ui_fleet import NOW, status
from ui_screens import NARROW, WIDE, Screen, lines_of, shown
from ui_systems import (
    dashboard,
    entry,
    line,
    put_agent_of_system,
    put_systems,
    put_tasks_of_systems,
    shop,
    state,
)

from monitor.keystore import Keys, KeyStore
from monitor.model import (
    Execution,
    FeedState,
    Message,
    Project,
    QueueItem,
    SystemAgent,
    SystemReading,
    Workflow,
    WorkResult,
    unanswered,
)
from monitor.ui.panes.board import BoardPane
from monitor.ui.panes.system_projects import progress
from monitor.ui.screens.systems import RecordScreen, SystemsScreen
from monitor.ui.spans import text_width

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def systems(store: KeyStore) -> AsyncIterator[Screen]:
    """The screen of two systems."""
    put_systems(store)
    put_agent_of_system(store)
    async with shown(store, WIDE) as screen:
        await screen.press("d")
        await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))
        yield screen


def opened(screen: Screen) -> SystemsScreen:
    """The screen of attached systems that is open."""
    assert isinstance(screen.app.screen, SystemsScreen)
    return screen.app.screen


def line_with(screen: Screen, text: str) -> str:
    """The line in which a text stands, with single blanks."""
    return " ".join(next((line for line in screen.text.splitlines() if text in line), "").split())


async def zoomed(screen: Screen, *keys: str) -> None:
    """Go to a pane with these keys and give it the whole screen."""
    await screen.press(*keys, "z")
    pane = opened(screen).focused_pane
    assert pane is not None
    await screen.until(lambda: pane.size == opened(screen).grid.size)
    await screen.until(lambda: pane.inner.size.width == screen.app.size.width)
    await screen.pilot.pause()


# --- what lines say -----------------------------------------------------------------------------------------------


async def test_what_is_queued_tells_tries_waiting_time_run_time_and_expiry_open_ones_first(
    systems: Screen,
) -> None:
    await zoomed(systems, "n", "2")
    await systems.until_shown("the provider said 529")
    rows = [row.record.id for row in opened(systems).queue.table.rows]
    assert rows == ["q2", "q4", "q1", "q3", "q6", "q5"]
    assert line_with(systems, "T-2 ") == "● running default T-2 Ada 1/3 6m 14m of 30m"
    assert line_with(systems, "T-1 ") == "○ pending QUEUED default T-1 high 0/3 20m in 5m"
    assert line_with(systems, "T-4 ").endswith("2h00 ▲ 3m over")
    assert line_with(systems, "T-3 ").endswith("2/3 20m due in 3m")
    assert line_with(systems, "T-5 ").endswith("3/3 1h00 the provider said 529")


async def test_a_run_is_held_against_its_systems_limit_where_it_has_none(systems: Screen) -> None:
    await zoomed(systems, "3")
    await systems.until_shown("20 may run")
    assert "in_progress build the cart Ada 8864 1h10 of 1h00 ██████████" in line_with(
        systems, "build the cart"
    )
    assert line_with(systems, "tests of the cart").endswith("Bob 日本語 1h00 of 1h00 2 3h00 2 tests failed")


async def test_workflows_stand_under_their_parents_with_their_steps_as_a_bar(systems: Screen) -> None:
    await zoomed(systems, "4")
    await systems.until_shown("▸ Checkout")
    assert "active ▸ Checkout feature 3/5 review █████░░░ 62% Ada 2 92% 4m" in line_with(systems, "Checkout")
    assert "└ Prices 2/2 ████████ 100%" in line_with(systems, "Prices")
    assert line_with(systems, "Taxes").endswith("1/4 ██░░░░░░ 25% – no rates")
    await systems.press("t")
    await systems.until_shown("└ write")
    assert "└ write to reviewer step 2 took 1h00 Ada" in line_with(systems, "└ write")
    assert "└ review from writer step 3 reviewer 2h00 handed over" in line_with(systems, "└ review")
    assert "✓ result └ Rounding 92% sure" in line_with(systems, "Rounding")


async def test_a_circle_of_parents_and_a_parent_that_is_not_there_lose_no_workflow(store: KeyStore) -> None:
    circle = tuple(
        Workflow(system="shop", id=one, name=one, parent_id=parent, status="running")
        for one, parent in (("a", "b"), ("b", "a"), ("c", "nowhere"), ("d", "c"), ("e", "e"))
    )
    put_systems(store, shop(workflows=circle))
    async with shown(store, WIDE) as screen:
        await screen.press("d", "4")
        rows = opened(screen).workflows.table.rows
        assert sorted(row.record.told.id for row in rows) == ["a", "b", "c", "d", "e"]
        assert {row.record.told.id: row.record.depth for row in rows}["d"] == 1


async def test_a_question_that_nobody_answered_stands_first(systems: Screen) -> None:
    await zoomed(systems, "7")
    await systems.until_shown(" 1 question without an answer, 30m ")
    first = opened(systems).messages.table.rows[0].record
    assert (first.told.id, first.waits) == ("m1", True)
    assert "answered 50m Bob 日本語" in line_with(systems, "May I push?")


def test_an_answer_is_a_reply_or_what_somebody_else_wrote_there_since() -> None:
    def message(one: str, sender: str, at: int, **values: Any) -> Message:
        return Message(system="s", id=one, sender=sender, at=at, **values)

    question = message("q", "w1", 10, conversation="c", is_question=True)
    assert unanswered([question]) == {"q"}
    assert unanswered([question, message("x", "w1", 20, conversation="c")]) == {"q"}, "it only says more"
    assert unanswered([question, message("x", "ada", 5, conversation="c")]) == {"q"}, "that was before"
    assert unanswered([question, message("x", "ada", 20, conversation="other")]) == {"q"}
    assert unanswered([question, message("x", "ada", 20, conversation="c")]) == set()
    assert unanswered([question, message("x", "ada", 5, parent_id="q")]) == set()


async def test_what_nobody_resolved_stands_before_other_events(systems: Screen) -> None:
    await zoomed(systems, "6")
    await systems.until_shown("◆ 1 critical   3")
    assert [row.record.id for row in opened(systems).events.table.rows] == ["e2", "e1", "e3"]
    assert "◆ critical 2h00 open worker.lost controller no worker takes" in line_with(systems, "no worker")


async def test_a_project_that_is_late_is_marked_and_one_that_is_over_is_not(systems: Screen) -> None:
    await zoomed(systems, "8")
    await systems.until_shown("▲ 1 overdue")
    assert line_with(systems, "Summer").endswith("███░░░░░░░ 30% 12 of 40 ▲ 3d late 1,200 of 5,000 1h00")
    assert "late" not in line_with(systems, "Old shop")


def test_progress_is_computed_from_the_tasks_where_they_are_known() -> None:
    def percent(**values: Any) -> float | None:
        return progress(Project(system="s", id="p", **values))

    assert percent(progress=80, tasks=4, tasks_done=1) == 25
    assert percent(progress=80, tasks=4, tasks_done=1, average_progress=40.0) == 40
    assert percent(progress=80, tasks=0, tasks_done=0) == 80
    assert percent() is None


async def test_an_agent_that_its_system_takes_for_alive_is_contradicted_by_the_host(systems: Screen) -> None:
    await zoomed(systems, "9")
    await systems.until_shown("▲ 1 contradicted")
    told = line_with(systems, "8864")
    assert "● active BUSY Ada backend T-2 3/3 8864 12m ▲ process 8864 is not there" in told


async def test_an_agent_of_two_systems_that_is_idle_here_and_active_there_is_no_contradiction(
    store: KeyStore,
) -> None:
    put_systems(store)
    idle = status("builder-2", "idle", system="dashboard", status_reason="no activity for 12 min")
    busy = msgspec.structs.replace(shop().agents[1], status="active", ours=idle.id)
    store.set(Keys.system("shop"), shop(agents=(busy,)))
    store.set(Keys.status(idle.id), idle)
    store.set(Keys.AGENTS, (*store.get(Keys.AGENTS), idle.id))
    async with shown(store, WIDE) as screen:
        await screen.press("d", "n")
        await zoomed(screen, "9")
        await screen.until(lambda: line_with(screen, "Bob").endswith("now idle: no activity for 12 min"))
        assert "contradicted" not in screen.text


async def test_the_facts_of_a_system_name_its_words_its_limits_and_what_cannot_be_read(
    systems: Screen,
) -> None:
    await zoomed(systems, "1")
    await systems.until_shown("lost after 1m without a heartbeat")
    for told in (
        *("1 BUSY, 1 IDLE", "48,000, 10 shown", "documents: no table context_documents", "12.5 tasks"),
        *("the server refuses the connection", "what it told last", "postgresql://***@db.example/dashboard"),
    ):
        assert told in systems.text


# --- the log ------------------------------------------------------------------------------------------------------


async def test_new_lines_of_the_log_come_in_at_the_bottom_and_who_reads_back_is_left_alone(
    store: KeyStore,
) -> None:
    put_systems(store, shop())
    async with shown(store, NARROW) as screen:
        await screen.press("d", "5", "z")
        log = opened(screen).lines
        await screen.until_shown("again in 5 s")
        many = tuple(line(number, text=f"said {number}") for number in range(1, 1001))
        store.set(Keys.system("shop"), shop(logs=many))
        await screen.tick()
        await screen.until_shown("said 1000")
        assert log.table.cursor == 999
        await screen.press("pageup", "pageup")
        await screen.until(lambda: not log.following)
        seen, place = screen.text, log.table.selected
        store.set(Keys.system("shop"), shop(logs=(*many, line(1001, text="said 1001"))))
        await screen.tick()
        await screen.until(lambda: len(log.table.rows) == 1001)
        assert log.table.selected == place
        assert screen.text.splitlines()[4:-1] == seen.splitlines()[4:-1]


async def test_levels_are_compared_in_the_filter(systems: Screen) -> None:
    await systems.press("5")
    log = opened(systems).lines
    log.set_filter("level>=warning")
    assert [row.record.id for row in log.table.rows] == ["8", "9"]
    log.set_filter("level<info")
    assert [row.record.id for row in log.table.rows] == ["10"]
    log.set_filter("level:warn")
    assert [row.record.id for row in log.table.rows] == ["8"]
    log.set_filter("level>=loud")
    assert log.filter.complaint == "loud is none: level>= takes a level: warning or error"


# --- what changes, and what does not ------------------------------------------------------------------------------


def _noted(made: list[str], name: str, real: Callable[[], None]) -> None:
    made.append(name)
    real()


async def test_a_pane_is_made_again_only_when_its_own_part_is_new(
    systems: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = opened(systems)
    made: list[str] = []
    for pane in (screen.queue, screen.runs, screen.workflows, screen.lines, screen.events, screen.agents):
        real = pane.refresh_rows
        monkeypatch.setattr(pane, "refresh_rows", partial(_noted, made, pane.id or "", real))
    reading = systems.store.get(Keys.system("shop"))
    await systems.tick()
    newer = msgspec.structs.replace(reading.state, read_at=NOW)
    systems.store.set(Keys.system("shop"), msgspec.structs.replace(reading, state=newer))
    systems.store.set(Keys.SYSTEMS, (newer, dashboard().state))
    await systems.tick()
    assert made == [], "a reading that found nothing new"
    events = (*reading.events, msgspec.structs.replace(reading.events[0], id="e9"))
    systems.store.set(Keys.system("shop"), msgspec.structs.replace(reading, events=events))
    await systems.tick()
    await systems.until(lambda: made)
    assert made == ["system-events"]


async def test_a_system_that_comes_and_one_that_goes_are_followed(systems: Screen) -> None:
    await systems.press("2")
    queue = opened(systems).queue
    assert len(queue.table.rows) == 7
    systems.store.set(Keys.SYSTEMS, (shop().state,))
    systems.store.delete(Keys.system("dashboard"))
    await systems.tick()
    await systems.until(lambda: len(queue.table.rows) == 6)
    assert queue.table.columns[0].key == "status", "one system needs no column of names"


async def test_a_record_that_is_listed_no_more_stays_as_it_was_known_last(systems: Screen) -> None:
    await systems.press("n", "2", "enter")
    await systems.until(lambda: isinstance(systems.app.screen, RecordScreen))
    systems.store.set(Keys.system("shop"), shop(queue=(entry(9),)))
    await systems.tick()
    await systems.until_shown("it is listed no more")
    assert "14m" in line_with(systems, "Claimed")


# --- filters, orders, copying -------------------------------------------------------------------------------------


FILTERS = (
    ("queue", "waited>=1h", ["q4", "q5", "z1"]),
    ("queue", "tries>=2 status:failed", ["q5"]),
    ("queue", "word:queued", ["q1"]),
    ("queue", "system:dash", ["z1"]),
    ("runs", "run>65m", ["r1"]),
    ("runs", "exit>0", ["r2"]),
    ("workflows", "percent<50", ["f3"]),
    ("workflows", "rounding", ["f1"]),
    ("messages", "state:waits", ["m1"]),
    ("messages", "from:bob", ["m2"]),
    ("events", "state:open", ["e2"]),
    ("projects", "state:overdue", ["p1"]),
    ("projects", "progress<50%", ["p1"]),
    ("agents", "load>=3", ["w1"]),
    ("agents", "python", ["w1"]),
)
"""Pane, what is typed, and the ids of what is left."""


async def test_every_pane_can_be_filtered(systems: Screen) -> None:
    for name, text, ids in FILTERS:
        pane = getattr(opened(systems), name)
        pane.set_filter(text)
        assert not pane.filter.complaint, text
        assert sorted(pane.place_of(row.record)[2] for row in pane.table.rows) == ids, text


async def test_every_pane_can_be_sorted_and_gives_its_ids(systems: Screen) -> None:
    for pane in opened(systems).panes():
        await systems.press(pane.NUMBER)
        for _ in range(2 + len(getattr(pane, "SORTS", ()))):
            await systems.press("s", "I")
        assert systems.app._exception is None
    queue = opened(systems).queue
    queue.table.select("shop\nq1")
    assert queue.all_copied() == ("q1",)


# --- what is not there --------------------------------------------------------------------------------------------


async def test_a_part_that_cannot_be_read_says_why(systems: Screen) -> None:
    await systems.press("N", "3")
    await systems.until_shown("cannot be read: no table processes")
    await systems.press("4")
    await systems.until_shown("No workflows.")


async def test_in_a_replay_a_part_that_was_not_recorded_says_so(store: KeyStore) -> None:
    recorded = SystemReading(state=shop().state)
    put_systems(store, recorded)
    store.set(Keys.FEED, FeedState(mode="replay", host="forge", interval_seconds=1.0, database=""))
    async with shown(store, WIDE) as screen:
        await screen.press("d", "2")
        await screen.until_shown("6 were there; which ones was not recorded.")
        assert "default 4" in line_with(screen, "2 Queue")


async def test_without_a_system_it_says_how_one_is_attached(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        await screen.press("d", "2")
        await screen.until_shown("No system is attached: [[systems]] names them.")


@pytest.mark.parametrize("size", [(60, 20), NARROW, WIDE], ids=["60x20", "80x24", "200x50"])
async def test_foreign_text_stays_in_its_columns(store: KeyStore, size: tuple[int, int]) -> None:
    own: dict[str, Any] = {"system": HOSTILE, "id": HOSTILE}
    reading = SystemReading(
        state=state(HOSTILE, kind=HOSTILE, url=HOSTILE, problem=HOSTILE, state="failing", missing=(HOSTILE,)),
        agents=(SystemAgent(**own, name=HOSTILE, role=HOSTILE, system_status=HOSTILE, current_task=HOSTILE),),
        queue=(
            QueueItem(**own, queue=HOSTILE, system_status=HOSTILE, error=HOSTILE, extra={HOSTILE: HOSTILE}),
        ),
        executions=(Execution(**own, name=HOSTILE, agent_id=HOSTILE, error=HOSTILE),),
        workflows=(Workflow(**own, name=HOSTILE, step_name=HOSTILE, error=HOSTILE),),
        results=(WorkResult(**own, workflow_id=HOSTILE, title=HOSTILE),),
        logs=(msgspec.structs.replace(line(1), **own, subject=HOSTILE, text=HOSTILE),),
        messages=(Message(**own, sender=HOSTILE, text=HOSTILE, conversation=HOSTILE, is_question=True),),
        projects=(Project(**own, name=HOSTILE, status=HOSTILE),),
    )
    put_systems(store, reading)
    async with shown(store, size) as screen:
        await screen.press("7", "z")
        await screen.pilot.pause()
        await screen.press("z", "1", "d")
        for number in "123456789":
            await screen.press(number, "t", "z")
            lines = lines_of(screen.app)
            assert not any(letter in "".join(lines) for letter in "\x1b\x07\u202e\x9b\ud800")
            assert {text_width(one) for one in lines} == {size[0]}
            await screen.press("z")
        await screen.press("2", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, RecordScreen))
        assert {text_width(one) for one in lines_of(screen.app)} == {size[0]}


# --- main screen, board, agents, palette --------------------------------------------------------------------------


async def test_the_pane_of_systems_tells_numbers_where_all_is_well_and_the_problem_where_not(
    store: KeyStore,
) -> None:
    put_systems(store)
    async with shown(store, WIDE) as screen:
        await screen.press("7", "z")
        await screen.until_shown("● 2 ok   ✖ 1 failing")
        told = (
            "● shop ok agentvine sqlite 2 agents 3 tasks 4 queued 1 running 3 workflows 3 events 3 messages"
        )
        await screen.until(lambda: line_with(screen, "agentvine") == f"{told} 1 missing now")
        assert "for 25m: the server refuses the connect" in line_with(screen, "dashboard")
        assert line_with(screen, "dashboard").endswith("25m")
        screen.main.named("systems").set_filter("queue>2")  # type: ignore[union-attr]
        await screen.until_gone("dashboard")


async def test_the_board_tells_whose_a_task_is_and_has_lanes_for_how_tasks_of_systems_end(
    store: KeyStore,
) -> None:
    put_systems(store)
    put_tasks_of_systems(store)
    put_agent_of_system(store)
    async with shown(store, WIDE) as screen:
        await screen.press("b")
        board = screen.app.screen.query_one(BoardPane)
        await screen.until_shown("✖ FAILED 1")
        assert "T-1 medium shop QUEUED" in line_with(screen, "T-1 ")
        assert [lane.key for lane in board.cards._lanes][-2:] == ["VERIFIED", "FAILED"]
        board.set_filter("system:shop")
        assert sorted(row.record.task.id for row in board.table.rows) == ["T-1", "T-2", "T-5"]
        board.table.select("system:shop\nT-1")
        await screen.press("enter")
        await screen.until_shown("says QUEUED")


async def test_agents_are_filtered_by_their_system_and_tell_its_word(store: KeyStore) -> None:
    put_agent_of_system(store)
    async with shown(store, WIDE) as screen:
        screen.main.agents.set_filter("system:shop")
        assert screen.agent_ids() == ["shop:Ada"]
        await screen.press("enter")
        await screen.until_shown("shop  says BUSY")


async def test_the_palette_finds_systems(store: KeyStore) -> None:
    put_systems(store)
    async with shown(store, WIDE) as screen:
        await screen.press("colon", *"dashboard")
        await screen.until_shown("System: dashboard")
        await screen.press("down", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))
        assert opened(screen).scope.name == "dashboard"
