"""What an agent's own log tells, on the screen: columns, the panes of the details, filters and orders."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from ui_fleet import HOUR, MINUTE, NOW
from ui_screens import NARROW, WIDE, Screen, shown
from ui_sessions import session, sessions, waiting

from monitor.keystore import Keys, KeyStore
from monitor.model import Forecast, Session, TokenCounts
from monitor.rules.session_words import doing
from monitor.ui import format as text
from monitor.ui.panes.agent_rows import AgentRow
from monitor.ui.panes.agent_sessions import context_cell, cost_cell, now_cell
from monitor.ui.panes.facts import plain


def line_of(screen: Screen, words: str) -> str:
    return next(line for line in screen.text.splitlines()[3:] if words in line)


# --- the agents pane --------------------------------------------------------------------------------------------


async def test_the_columns_of_sessions_stand_where_there_is_room(store: KeyStore) -> None:
    async with shown(store, WIDE) as screen:
        head = next(line for line in screen.text.splitlines() if "STATUS" in line).split()
        assert [name for name in head if name in {"NOW", "MODEL", "CTX", "TOK", "COST"}] == [
            "NOW",
            "MODEL",
            "CTX",
            "TOK",
            "COST",
        ]
        architect = line_of(screen, " architect ")
        for told in ("Bash pytest 40s", "opus-4-8", "30%", "1.2M", "$1.02"):
            assert told in architect
        assert "$19.58 so far" in screen.text


async def test_in_eighty_columns_one_still_sees_what_each_does_now(store: KeyStore) -> None:
    async with shown(store, NARROW) as screen:
        assert "40s" in line_of(screen, "architect")
        assert "turn over" in line_of(screen, "reviewer")


@pytest.mark.parametrize(
    ("agent_id", "told"),
    [
        ("architect", "Bash pytest 40s"),
        ("builder", "? Bash rm 12m"),
        ("parser", "thinking 10s"),
        ("worker-01", "compacting 20s"),
        ("worker-02", "? an answer 2m"),
        ("worker-03", "exec_command cargo? 1m"),
        ("reviewer", "turn over"),
        ("worker-04", "ended"),
        ("worker-05", "–"),
        ("validator", "error: 529 overloaded"),
    ],
)
def test_what_it_does_now_in_a_few_words(agent_id: str, told: str) -> None:
    row = AgentRow(agent_id, None, None, session=sessions()[agent_id])
    assert plain(now_cell(row, NOW, 60)) == told


def test_how_long_is_never_what_is_cut_off() -> None:
    row = AgentRow("builder", None, None, session=waiting())
    assert plain(now_cell(row, NOW, 9)) == "? Ba… 12m"


def test_a_limit_tells_until_when() -> None:
    assert doing(session("limited", limited_until=NOW + HOUR)).startswith("limited until ")
    assert doing(session("limited")) == "limited"


def test_without_a_log_it_shows_the_task(store: KeyStore) -> None:
    status = store.get(Keys.status("architect"))
    row = AgentRow("architect", status, None, task="Design the storage layer")
    assert plain(now_cell(row, NOW, 60)) == "TASK-003 Design the storage layer"
    assert plain(now_cell(AgentRow("x", None, None), NOW, 60)) == "–"


@pytest.mark.parametrize(
    ("used", "size", "told"),
    [
        (50, 100, (("50%", "text"),)),
        (80, 100, (("80%", "warn"),)),
        (91, 100, (("91%", "bad"),)),
        (None, 100, (("–", "faint"),)),
        (5, None, (("–", "faint"),)),
    ],
)
def test_a_full_context_is_not_told_by_colour_alone(
    used: int | None, size: int | None, told: tuple[tuple[str, str], ...]
) -> None:
    row = AgentRow("a", None, None, session=session("idle", context_used=used, context_size=size))
    assert context_cell(row, 4) == told


def test_no_price_is_a_dash_and_never_nothing() -> None:
    assert plain(cost_cell(AgentRow("a", None, None, session=session("idle")), 6)) == "–"


async def test_sessions_can_be_filtered_and_ordered(store: KeyStore) -> None:
    async with shown(store, WIDE) as screen:
        for words, names in (
            ("turn:tool", {"architect", "worker-03"}),
            ("tool:cargo", {"worker-03"}),
            ("ctx>80", {"builder", "parser"}),
            ("cost>10", {"parser"}),
            ("model:gpt tokens>1000", {"worker-03", "worker-04", "worker-05"}),
        ):
            await screen.press("slash", *words, "enter")
            await screen.until(
                lambda names=names: {row.id for row in screen.main.agents.table.rows} == names  # type: ignore[misc]
            )
            await screen.press("escape", "escape")


async def test_a_session_that_changes_is_shown_at_the_next_tick(store: KeyStore) -> None:
    async with shown(store, WIDE) as screen:
        store.set(
            Keys.session("reviewer"), session("tool", 0, tool="Edit", tool_target="a.py", tool_since=NOW)
        )
        await screen.tick()
        await screen.until_shown("Edit a.py now")
        store.delete(Keys.session("reviewer"))
        await screen.tick()
        await screen.until_gone("Edit a.py now")


# --- the details ------------------------------------------------------------------------------------------------


async def details_of(screen: Screen, store: KeyStore, key: str, told: Session) -> None:
    store.set(Keys.session("validator"), told)
    await screen.press("enter", key, "z")
    await screen.until_gone("▎2 Charts")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_session_pane_tells_everything(store: KeyStore, size: tuple[int, int]) -> None:
    async with shown(store, size) as screen:
        await details_of(screen, store, "8", waiting())
        await screen.until_shown("permission: Bash rm")
        for told in (
            "? Bash rm",
            "registry: waiting permission prompt",
            "172k of 200k",
            "1.1M from cache",
            "haiku-4-5",
            "$4.12",
            "84%  five hour  new in 1h10",
            "explorer  tool",
            "version 2.1.197",
        ):
            assert told in screen.text, told


async def test_when_the_context_will_be_full_is_told_while_it_works(store: KeyStore) -> None:
    full: dict[str, Any] = {
        "context_used": 150,
        "context_size": 200,
        "forecast": Forecast(context_full_at=NOW + 20 * MINUTE),
    }
    async with shown(store, WIDE) as screen:
        await details_of(screen, store, "8", session("tool", **full))
        await screen.until_shown("full in 20m")
        store.set(Keys.session("validator"), session("idle", **full))
        await screen.tick()
        await screen.until_gone("full in 20m")


async def test_a_model_without_a_price_says_so(store: KeyStore) -> None:
    async with shown(store, WIDE) as screen:
        await details_of(screen, store, "8", session("idle", tokens=TokenCounts(input=9)))
        await screen.until_shown("no price is known for this model")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_tools_pane_is_a_time_line_of_calls(store: KeyStore, size: tuple[int, int]) -> None:
    async with shown(store, size) as screen:
        await details_of(screen, store, "9", waiting())
        await screen.until_shown("49 calls")
        assert "3 failed  1 denied  Edit 31, Bash 18" in screen.text
        for told in (
            ("? asks", "Bash", "rm", "12m"),
            ("✓ ok", "Edit", "src/parser.py", "340ms"),
            ("✖ error", "WebFetch", "60.0s"),
            ("□ denied", "Write", "notes/計画.md"),
        ):
            line = line_of(screen, told[0])
            assert all(part in line for part in told), line
        running = msgspec.structs.replace(waiting(), turn_state="tool")
        store.set(Keys.session("validator"), running)
        await screen.tick()
        await screen.until_shown("▸ runs")
        store.set(Keys.session("validator"), msgspec.structs.replace(running, turn_state="idle"))
        await screen.tick()
        await screen.until_shown("· unknown")
        await screen.press("slash", *"outcome:error", "enter")
        await screen.until_gone("notes")


async def test_an_agent_without_a_log_says_so(store: KeyStore) -> None:
    async with shown(store, WIDE) as screen:
        store.delete(Keys.session("validator"))
        await screen.press("enter", "8")
        await screen.until_shown("No log of its own was found.")


# --- numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (None, "–"),
        (0, "0"),
        (960, "960"),
        (1_000, "1.0k"),
        (31_400, "31k"),
        (1_240_000, "1.2M"),
        (2 * 10**9, "2.0G"),
    ],
)
def test_tokens_take_four_cells(count: int | None, told: str) -> None:
    assert text.tokens(count) == told


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (None, "–"),
        (0.0, "$0.00"),
        (0.004, "<$0.01"),
        (0.42, "$0.42"),
        (12.5, "$12.50"),
        (431.2, "$431"),
        (12_000.0, "$12k"),
    ],
)
def test_dollars_take_six_cells(cost: float | None, told: str) -> None:
    assert text.dollars(cost) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("claude-sonnet-4-5-20250929", "sonnet-4-5"),
        ("anthropic/claude-opus-4-8", "opus-4-8"),
        ("gpt-5-codex", "gpt-5-codex"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("", "–"),
    ],
)
def test_a_model_goes_by_its_short_name(name: str, told: str) -> None:
    assert text.model(name) == told
