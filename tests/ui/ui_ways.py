"""Every screen, and the keys that lead there from the main one; and a store that has something to show on each."""

from __future__ import annotations

from typing import Final

from ui_fleet import NOW, fill, mute, processes, ribbons, series
from ui_screens import Screen

from monitor.keystore import Keys, KeyStore
from monitor.model import SPANS

PANES: Final = ("agents", "commits", "health", "alerts", "tasks", "timeline", "systems")
"""Those of the main screen; the first is number 1."""
WAYS: Final[dict[str, tuple[str, ...]]] = {
    "main": (),
    **{name: (str(number), "z") for number, name in enumerate(PANES, 1)},
    "processes": ("1", "t"),
    "groups": ("1", "v"),
    "agent": ("1", "enter"),
    "charts": ("1", "enter", "2"),
    "session": ("1", "enter", "n", "8", "z"),
    "tools": ("1", "enter", "n", "9", "z"),
    "commit": ("2", "enter"),
    "alert": ("4", "enter"),
    "past-alerts": ("4", "h"),
    "mutes": ("4", "M"),
    "board": ("b",),
    "task": ("b", "enter"),
    "filter": ("slash", "b"),
    "palette": ("colon",),
    "help": ("question_mark",),
}
"""From the main screen as it begins, with the agents in focus."""


def full_store() -> KeyStore:
    """A store with what each screen shows, also what is loaded only once somebody asks."""
    store = fill(KeyStore())
    for agent_id in ("validator", "builder"):
        store.set(Keys.processes(agent_id), processes())
        for span in SPANS:
            store.set(Keys.series(agent_id, span), series(agent_id, span))
    for span in SPANS:
        store.set(Keys.ribbons(span), ribbons(store, span))
    store.set(Keys.ALERT_HISTORY, store.get(Keys.ALERTS))
    store.set(Keys.MUTES, (mute("service.down", "mcp", until=NOW + 3_600_000),))
    return store


async def back(screen: Screen) -> None:
    """To the main screen, whatever is open, and as it began."""
    while screen.app.screen is not screen.main:
        await screen.press("escape")
    await screen.press("escape", "escape", "1")
