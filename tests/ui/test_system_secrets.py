"""No secret, prompt, payload, result or output of an attached system is on any screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from test_system_privacy import CANARY, attach_all
from ui_screens import shown
from ui_systems import put_systems

from monitor.errors import SourceError
from monitor.model import SystemReading
from monitor.model.systems import SystemState
from monitor.sources.systems.reader import SystemReader
from monitor.text import mask_url
from monitor.ui.panes.system_words import PARTS
from monitor.ui.screens.systems import RecordScreen, SystemsScreen

if TYPE_CHECKING:
    from ui_screens import Screen

    from monitor.keystore import KeyStore

ALL_OF_IT = (160, 160)
"""A terminal in which every pane shows all its lines."""


def read(name: str, url: str) -> SystemReading:
    """What the screen is given of a system: its reading, or why there is none."""
    reader = SystemReader(name, url)
    try:
        reading = reader.poll(round(time.time() * 1000))
    except SourceError as error:
        return SystemReading(
            state=SystemState(name=name, url=mask_url(url), state="failing", problem=str(error))
        )
    finally:
        reader.close()
    assert reading is not None
    return reading


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of each system, with canaries in all that must not be read."""
    return attach_all(tmp_path_factory.mktemp("systems"))


async def seen_of(screen: Screen, reading: SystemReading) -> str:
    """All that the screen has to say of the system: its panes, and each of its records in full."""
    assert isinstance(screen.app.screen, SystemsScreen)
    wiring = screen.app.screen.wiring
    seen = [screen.text]
    for part in PARTS:
        for record in getattr(reading, part, ()):
            await screen.app.push_screen(RecordScreen(wiring, reading.state.name, part, str(record.id)))
            await screen.pilot.pause()
            seen.append(screen.text)
            screen.app.pop_screen()
    return "\n".join(seen)


@pytest.mark.parametrize(
    "name", ["dashboard", "vine", "claw", "coordination", "engine", "bd", "lines", "down"]
)
async def test_nothing_private_of_a_system_is_on_the_screen(
    places: dict[str, str], store: KeyStore, name: str
) -> None:
    reading = read(name, places[name])
    put_systems(store, reading)
    async with shown(store, ALL_OF_IT) as screen:
        await screen.press("d")
        await screen.until(lambda: isinstance(screen.app.screen, SystemsScreen))
        seen = await seen_of(screen, reading)
    assert name in seen
    for agent in reading.agents:
        assert agent.name in seen
    assert CANARY.findall(seen.encode()) == []
