"""Pictures of the screens; look at them when they change: run this file with `--snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ui_fleet import ScriptedFeed, processes
from ui_screens import NARROW, WIDE

from monitor.keystore import Keys, KeyStore
from monitor.ui.app import MonitorApp
from monitor.ui.options import ScreenOptions

Compare = Callable[..., bool]


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "200x50"])
@pytest.mark.parametrize(
    "keys", [(), ("enter",), ("question_mark",), ("b",)], ids=["main", "details", "help", "board"]
)
def test_picture(
    snap_compare: Compare, store: KeyStore, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    store.set(Keys.processes("validator"), processes())
    app = MonitorApp(store, ScriptedFeed(), ScreenOptions())
    assert snap_compare(app, press=keys, terminal_size=size)


def test_picture_of_an_empty_host(snap_compare: Compare) -> None:
    store = KeyStore()
    store.set(Keys.AGENTS, ())
    assert snap_compare(MonitorApp(store, ScriptedFeed(), ScreenOptions()), terminal_size=NARROW)
