"""The header: which host, which feed, how often, since when it is paused, what is wrong, and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.keystore import Keys, KeyStore
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from monitor.model import FeedState
    from monitor.ui.spans import Span


class HeaderLine(Line):
    """The first line of every screen."""

    KEYS = (Keys.CLOCK, Keys.FEED)

    def __init__(self, store: KeyStore) -> None:
        super().__init__(id="header")
        self._store = store
        self._paused_since: int | None = None
        self._problem = ""

    def on_mount(self) -> None:
        """Say what is known so far."""
        self.refresh_text()

    def show_paused(self, since: int | None) -> None:
        """Say that the picture stands still, and since when; None: it moves."""
        self._paused_since = since
        self.refresh_text()

    def show_problem(self, problem: str) -> None:
        """Say what ended the feed; it stays until the program is left."""
        self._problem = problem
        self.refresh_text()

    def refresh_text(self, _changed: frozenset[str] = frozenset()) -> None:
        """Read the store again."""
        state: FeedState | None = self._store.get(Keys.FEED)
        parts: list[Span] = [(" Agent Monitor", "accent")]
        if state is None:
            parts.append(("  starting…", "muted"))
        else:
            parts += [
                (f"  {clean(state.host, 60)}", "text"),
                (f"  {state.mode}", "ok" if state.mode == "live" else "info"),
                (f" every {state.interval_seconds:g} s", "muted"),
            ]
            if not state.recording:
                parts.append(("  not recording", "muted"))
        problem = self._problem or (state.problem if state else "")
        if problem:
            parts += [("  ", "text"), (f" ✖ {clean(problem)} ", "alarm")]
        right: list[Span] = []
        if self._paused_since is not None:
            right.append((f" PAUSED since {text.clock_time(self._paused_since)} ", "alarm"))
        right.append((f"  {text.clock_time(self._store.get(Keys.CLOCK))} ", "text"))
        self.show(tuple(parts), tuple(right))
