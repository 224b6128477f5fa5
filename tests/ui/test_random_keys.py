"""Nobody's fingers, mouse or cat can make the screen fail: random keys for a while, on a fleet that changes.

FUZZ_SECONDS is how long each run takes (10 when not set; before a release: 60), FUZZ_SEED repeats one.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.events import MouseDown, MouseScrollDown, MouseScrollUp, MouseUp, Paste
from ui_fleet import add_agent, alert, metrics, status
from ui_replay import replay_store, replayed
from ui_screens import Screen, shown
from ui_ways import back, full_store

from monitor.keystore import Keys
from monitor.ui.commands import COMMANDS

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
KEPT_KEYS = 60
SIZES = [(80, 24), (200, 50), (60, 20), (1, 1), (120, 40), (20, 6), (300, 80), (4, 60)]
DEFECT = re.compile(r"^[A-Z]\w*(Error|Exception|Timeout|NotFound)\b")
"""How an error that nobody had thought of is told (`describe`)."""
LEAVING = {key for command in COMMANDS if "quit" in command.action for key in command.keys}
KEYS = sorted(
    ({key for command in COMMANDS for key in command.keys} | set("abcxyzABC019.,:;!*&"))
    - LEAVING
    - {"ctrl+z"}
    | {
        "enter",
        "escape",
        "tab",
        "shift+tab",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "backspace",
        "delete",
    }
)
TEXTS = [
    "status:blocked",
    "cpu>50",
    "!",
    '"',
    "branch:feat*",
    "日本語",
    "🚀",
    "e\u0301",
    "[bold]",
    "\x1b[31m",
    "a" * 500,
    "",
]


class Monkey:
    """Does one thing after the other, and remembers the last ones."""

    def __init__(self, screen: Screen, dice: random.Random) -> None:
        self.screen = screen
        self.dice = dice
        self.done: deque[str] = deque(maxlen=KEPT_KEYS)
        self.told: list[str] = []
        self._born = 0
        kinds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.keys, 12),
            (self.mouse, 3),
            (self.tick, 4),
            (self.agents, 2),
            (self.resize, 1),
            (self.paste, 1),
            (self.home, 1),
        ]
        self.kinds, self.weights = zip(*kinds, strict=True)

    async def go_on(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            (step,) = self.dice.choices(self.kinds, self.weights)
            await step()
            await self.screen.pilot.pause()
            assert self.screen.app._exception is None
            assert not self.told, self.told
            assert self.screen.app.is_running

    async def keys(self) -> None:
        pressed = self.dice.choices(KEYS, k=self.dice.randint(1, 6))
        self.done.extend(pressed)
        await self.screen.press(*pressed)

    async def mouse(self) -> None:
        app = self.screen.app
        x, y = self.dice.randrange(app.size.width), self.dice.randrange(app.size.height)
        kinds = self.dice.choice([(MouseDown, MouseUp), (MouseScrollDown,), (MouseScrollUp,)])
        self.done.append(f"{kinds[0].__name__} {x},{y}")
        for kind in kinds:
            event = kind(None, x, y, 0, 0, self.dice.choice([1, 3]), False, False, False, x, y)
            app.post_message(event)

    async def tick(self) -> None:
        store = self.screen.store
        for agent_id in store.get(Keys.AGENTS):
            store.set(Keys.metrics(agent_id), metrics(self.dice.uniform(0, 900), self.dice.randint(1, 9000)))
        await self.screen.tick(self.dice.randint(0, 100_000))

    async def agents(self) -> None:
        """One comes, or some go, or all alerts do."""
        store = self.screen.store
        self._born += 1
        name = f"born-{self._born}"
        match self.dice.randrange(4):
            case 0:
                add_agent(store, status(name, self.dice.choice(["active", "blocked", "error"])), metrics())
            case 1:
                store.set(Keys.AGENTS, store.get(Keys.AGENTS)[self.dice.randint(1, 3) :])
            case 2:
                store.set(Keys.ALERTS, (alert(name, "critical", subject=name, title=f"{name} 日本 …"),))
            case _:
                store.set(Keys.ALERTS, ())
                store.set(Keys.COMMIT_FEED, ())
        self.done.append(f"agents {name}")
        await self.screen.tick(0)

    async def resize(self) -> None:
        size = self.dice.choice(SIZES)
        self.done.append(f"size {size}")
        await self.screen.pilot.resize_terminal(*size)

    async def paste(self) -> None:
        text = self.dice.choice(TEXTS)
        self.done.append(f"paste {text!r}")
        self.screen.app.post_message(Paste(text))

    async def home(self) -> None:
        self.done.append("back")
        await back(self.screen)


def listen(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the screen tells of errors that nobody had thought of."""
    told: list[str] = []
    notify = screen.app.notify

    def heard(message: str, **how: Any) -> None:
        if DEFECT.match(message):
            told.append(message)
        notify(message, **how)

    monkeypatch.setattr(screen.app, "notify", heard)
    return told


async def let_loose(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Monkey:
    monkey = Monkey(screen, random.Random(SEED))
    try:
        with monkeypatch.context() as held:
            held.setattr(screen.app, "exit", lambda *_, **__: None)  # the palette finds it
            monkey.told = listen(screen, held)
            await monkey.go_on(SECONDS)
        await screen.pilot.resize_terminal(200, 50)
        await back(screen)
        await screen.until_shown("Agent Monitor")
    except Exception as error:
        error.add_note(f"FUZZ_SEED={SEED}, after: {' '.join(monkey.done)}")
        raise
    return monkey


async def test_random_keys_on_the_live_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(full_store()) as screen:
        await let_loose(screen, monkeypatch)
        if screen.app.notices.paused:
            await screen.press("space")
        # Each escape ends one thing: a zoom, a filter that was left there, what is followed.
        await screen.press("1", *["escape"] * 5, "slash", "ctrl+u", *"last-one", "enter")
        add_agent(screen.store, status("the-last-one"))
        await screen.tick(0)
        await screen.until_shown("the-last-one")


async def test_random_keys_in_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    async with replayed(replay_store()) as screen:
        await let_loose(screen, monkeypatch)


def test_the_keys_that_leave_are_left_out() -> None:
    assert {"q", "ctrl+c"} <= LEAVING
    assert not LEAVING & set(KEYS)
    assert len(KEYS) > 60
