"""Pictures of attached systems; look at them when they change: run with `--snapshot-update`."""

from __future__ import annotations

import pytest
from test_screen_pictures import PICTURES, USUAL, in_every_theme, settled, update
from ui_fleet import fill
from ui_pictures import compare, written
from ui_screens import NARROW, shown
from ui_systems import put_agent_of_system, put_systems, put_tasks_of_systems

from monitor.keystore import KeyStore
from monitor.ui.options import ScreenOptions

__all__ = ["update"]

WAYS: dict[str, tuple[str, ...]] = {
    "attached": ("7", "z", "g"),
    "look-into": ("d", "n"),
    "look-into-all": ("d", "9"),
    "workflows": ("d", "n", "4", "z", "t"),
}


def full_store() -> KeyStore:
    """A fleet with two attached systems, their tasks and their agents."""
    store = fill(KeyStore())
    put_systems(store)
    put_tasks_of_systems(store)
    put_agent_of_system(store)
    return store


@pytest.mark.parametrize("way", ["attached", "look-into", "workflows"])
async def test_attached_systems_in_every_theme(way: str, update: bool) -> None:
    async with shown(full_store(), USUAL) as screen:
        await screen.press(*WAYS[way])
        await settled(screen.app, screen.pilot)
        pictures = await in_every_theme(screen.app, screen.pilot)
    compare(PICTURES / f"{way}.txt", written(pictures), update=update)


@pytest.mark.parametrize(
    ("way", "size"),
    [
        ("attached", NARROW),
        ("look-into", (60, 20)),
        ("look-into", NARROW),
        ("look-into", (200, 50)),
        ("look-into-all", (200, 50)),
        ("look-into-all", (300, 80)),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
async def test_other_sizes(way: str, size: tuple[int, int], update: bool) -> None:
    async with shown(full_store(), size) as screen:
        await screen.press(*WAYS[way])
        picture = await settled(screen.app, screen.pilot)
    compare(PICTURES / f"{way}-{size[0]}x{size[1]}.txt", "\n".join(picture.text) + "\n", update=update)


@pytest.mark.parametrize(
    ("name", "options"),
    [("no-colour", ScreenOptions(no_color=True)), ("ascii", ScreenOptions(ascii=True))],
    ids=["NO_COLOR", "ASCII"],
)
async def test_without_colours_and_in_ascii(
    name: str,
    options: ScreenOptions,
    update: bool,
) -> None:
    async with shown(full_store(), USUAL, options) as screen:
        await screen.press(*WAYS["look-into"])
        picture = await settled(screen.app, screen.pilot)
    compare(PICTURES / f"look-into-{name}.txt", written({name: picture}), update=update)
