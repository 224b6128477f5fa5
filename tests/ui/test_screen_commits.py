"""Commits: their files, and which of them meet another agent's work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from ui_fleet import alert
from ui_screens import NARROW, WIDE, Screen, shown

from monitor.keystore import Keys, KeyStore
from monitor.model import FileChange

if TYPE_CHECKING:
    from monitor.model import Commit

FILES = (
    FileChange(path="src/board.py", lines_added=30, lines_deleted=10),
    FileChange(path="docs/" + "very/deep/" * 12 + "página.md", lines_added=7, lines_deleted=1),
    FileChange(path="logo.png", lines_added=None, lines_deleted=None),
)


def give_files(store: KeyStore, *files: FileChange, count: int | None = None) -> None:
    """The newest commit of the feed, builder's, changed these files."""
    feed: tuple[Commit, ...] = store.get(Keys.COMMIT_FEED)
    first = msgspec.structs.replace(feed[0], files=files, files_changed=count or len(files))
    store.set(Keys.COMMIT_FEED, (first, *feed[1:]))


def overlap(store: KeyStore) -> None:
    """Builder and parser both change `src/board.py`."""
    told = {"agents": ["builder", "parser"], "files": ["src/board.py"], "count": 1}
    fires = alert("o", "warning", rule="file-overlap", subject="builder+parser", type="git", metadata=told)
    store.set(Keys.ALERTS, (*store.get(Keys.ALERTS), fires))


def line_of(screen: Screen, text: str) -> str:
    return next(line for line in screen.text.splitlines() if text in line)


@pytest.mark.parametrize("size", [NARROW, WIDE, (60, 20)])
async def test_a_commit_shows_the_lines_of_each_file(store: KeyStore, size: tuple[int, int]) -> None:
    give_files(store, *FILES, count=5)
    async with shown(store, size) as screen:
        await screen.press("2", "enter")
        await screen.until_shown("src/board.py")
        assert "30" in line_of(screen, "src/board.py")
        assert "…" in line_of(screen, "página.md"), "the end of a long path is what tells"
        assert "binary" in line_of(screen, "logo.png"), "git counts no lines of it"
        assert "2 more" in screen.text


async def test_the_files_are_sorted_and_filtered(store: KeyStore) -> None:
    give_files(store, *FILES)
    async with shown(store) as screen:
        await screen.press("2", "enter")
        await screen.until_shown("src/board.py")
        await screen.press("s")
        await screen.until(lambda: screen.text.index("página.md") < screen.text.index("logo.png"))
        await screen.press("slash", *"path:logo", "enter")
        await screen.until_gone("src/board.py")


async def test_files_that_were_not_recorded_are_not_taken_for_none(store: KeyStore) -> None:
    async with shown(store) as screen:
        await screen.press("2", "enter")
        await screen.until_shown("Which files it changed was not recorded.")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_two_agents_change_is_marked_in_both_rows_and_in_the_commit(
    store: KeyStore, size: tuple[int, int]
) -> None:
    give_files(store, *FILES)
    overlap(store)
    async with shown(store, size) as screen:
        agents = {name: line_of(screen, f" {name} ") for name in ("builder", "parser", "architect")}
        assert "⇄" in agents["builder"]
        assert "⇄" in agents["parser"]
        assert "⇄" not in agents["architect"]
        await screen.press("2")
        await screen.until(lambda: "⇄ Keep the last good" in screen.text)
        await screen.press("enter")
        await screen.until_shown("src/board.py")
        assert "⇄" in line_of(screen, "src/board.py")


async def test_the_mark_goes_with_the_alert(store: KeyStore) -> None:
    give_files(store, *FILES)
    alerts = store.get(Keys.ALERTS)
    overlap(store)
    async with shown(store) as screen:
        assert "⇄" in screen.text
        store.set(Keys.ALERTS, alerts)
        await screen.tick()
        await screen.until_gone("⇄")


@pytest.mark.parametrize("value", [None, 3, "builder", {"builder": 1}, [None, 7]])
async def test_an_alert_that_tells_agents_and_files_in_another_shape_marks_nothing(
    store: KeyStore, value: object
) -> None:
    give_files(store, *FILES)
    told = {"agents": value, "files": value, "assigned_to": value}
    fires = alert("o", "warning", rule="file-overlap", subject="odd", title="Of another shape", metadata=told)
    store.set(Keys.ALERTS, (fires,))
    async with shown(store, WIDE) as screen:
        await screen.until_shown("Of another shape")
        assert "⇄" not in screen.text
        await screen.press("enter")
        await screen.until_shown("Evidence")


async def test_commits_are_found_by_the_files_that_they_change(store: KeyStore) -> None:
    give_files(store, *FILES)
    async with shown(store) as screen:
        await screen.press("2", "slash", *"file:src", "enter")
        pane = screen.main.pane
        assert pane is not None
        await screen.until(lambda: len(pane.table.rows) == 1)
