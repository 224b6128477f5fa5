"""The small parts that tell of tasks: wrapped text, a life in one line, parts that give way, counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ui_boards import task

from monitor.model import DayCount, Since, StatusSpan, task_metrics
from monitor.model.board import Board
from monitor.ui.panes.task_ribbon import ribbon, totals
from monitor.ui.panes.task_words import (
    board_counts,
    need,
    priority_rank,
    since_age,
    statuses_in_order,
    velocity,
)
from monitor.ui.spans import Cell, cell_width, text_width
from monitor.ui.widgets.ranked_line import Ranked, kept_parts
from monitor.ui.wrapping import wrapped

MINUTE = 60_000


def plain(cell: Cell) -> str:
    return "".join(part for part, _ in cell)


def test_text_is_broken_between_words() -> None:
    assert wrapped("Keep prices as integers", 12) == ["Keep prices", "as integers"]
    assert wrapped("", 12) == [""]
    assert wrapped("a very-long-word", 6) == ["a", "very-l", "ong-wo", "rd"]


@given(st.text(max_size=120), st.integers(2, 40))
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines
    assert all(text_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


STATUSES = st.sampled_from(["TODO", "IN_PROGRESS", "BLOCKED", "DONE", "日本語"])
LIVES = st.lists(st.tuples(STATUSES, st.integers(0, 10**7)), max_size=20)


@given(LIVES, st.integers(0, 200))
def test_a_ribbon_is_exactly_as_wide_as_asked(life: list[tuple[str, int]], width: int) -> None:
    at, spans = 0, []
    for status, length in life:
        spans.append(StatusSpan(status, Since(at, exact=True), at + length))
        at += length
    assert cell_width(ribbon(spans, at, width)) == width


def test_a_ribbon_shares_its_cells_out_by_length_and_names_what_has_room() -> None:
    spans = [
        StatusSpan("TODO", Since(0, exact=True), 90 * MINUTE),
        StatusSpan("BLOCKED", Since(90 * MINUTE, exact=True), 90 * MINUTE + 1),
        StatusSpan("DONE", Since(90 * MINUTE + 1, exact=True), None),
    ]
    drawn = plain(ribbon(spans, 120 * MINUTE, 40))
    assert drawn.startswith("○ TODO ━")
    assert "■✓ DONE" in drawn, "a moment still has its cell"
    assert drawn.index("✓") > 25


def test_a_stretch_whose_start_nobody_knows_is_not_drawn() -> None:
    spans = [StatusSpan("TODO", Since(None), MINUTE), StatusSpan("DONE", Since(MINUTE), None)]
    assert plain(ribbon(spans, 2 * MINUTE, 12)).startswith("✓ DONE ")
    assert plain(totals(spans, 2 * MINUTE)).strip() == "✓ DONE 1m"


def test_the_least_important_part_gives_way_first_and_the_first_is_cut() -> None:
    parts = [
        Ranked(0, (("error", "warn"),)),
        Ranked(3, (("speed", "text"),)),
        Ranked(2, (("count", "text"),)),
    ]
    assert plain(kept_parts(parts, 80)) == " error   speed   count"
    assert plain(kept_parts(parts, 18)) == " error   count"
    assert plain(kept_parts(parts, 3)) == " error"


def test_statuses_stand_in_the_order_of_a_tasks_life() -> None:
    tasks = [task("1", "VERIFIED"), task("2", "ZEBRA"), task("3", "ALPHA")]
    assert statuses_in_order(tasks) == (
        *("TODO", "IN_PROGRESS", "BLOCKED", "REVIEW", "ALPHA", "ZEBRA"),
        *("DONE", "VERIFIED"),
    )
    assert statuses_in_order([])[-1] == "DONE"


def test_what_needs_somebody_comes_first() -> None:
    words = ["VERIFIED", "ALPHA", "TODO", "REVIEW", "IN_PROGRESS", "BLOCKED"]
    assert sorted(words, key=need) == ["BLOCKED", "IN_PROGRESS", "REVIEW", "TODO", "ALPHA", "VERIFIED"]
    ranks = [priority_rank(task("1", priority=word)) for word in ("critical", "HIGH", "MEDIUM", "LOW", "P0")]
    assert ranks == [0, 1, 2, 3, 4]


def test_an_age_that_may_be_longer_is_marked() -> None:
    now = 100 * MINUTE
    assert since_age(Since(80 * MINUTE, exact=True), now) == "20m"
    assert since_age(Since(80 * MINUTE), now) == "~20m"
    assert since_age(Since(None), now) == "–"
    assert since_age(Since(80 * MINUTE), None) == "–"


def test_counts_name_only_what_there_is() -> None:
    tasks = (task("1", "BLOCKED"), task("2"), task("3", "ODD"))
    board = Board(tasks=tasks, metrics=task_metrics(tasks))
    assert plain(board_counts(board)).split("   ") == ["■ 1 blocked", "○ 1 todo", "? 1 other", ""]


def test_velocity_is_unknown_until_it_is_known_and_zero_when_nothing_was_done() -> None:
    assert plain(velocity(None)) == "velocity –"
    assert plain(velocity(None, words=False)) == ""
    days = [DayCount(f"2026-01-{day:02}", 0) for day in range(1, 15)]
    assert plain(velocity(days)).endswith(" 0.0 a day")
    busy = [DayCount("2025-12-01", 99), *days[:13], DayCount("2026-01-14", 7)]
    assert plain(velocity(busy, words=False)).endswith(" 0.5/d"), "of the last fourteen days"
