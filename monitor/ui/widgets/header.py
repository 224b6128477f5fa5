"""The header: host, feed, interval, who needs a person, since when it is paused, what is wrong, and the time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, cast

from monitor.keystore import Keys, KeyStore
from monitor.model import SEVERITIES
from monitor.rules.mutes import heard
from monitor.text import clean
from monitor.ui import format as text
from monitor.ui.spans import cell_width
from monitor.ui.widgets.line import Line

if TYPE_CHECKING:
    from monitor.model import FeedState, Mark, ReplayState, Severity, Status
    from monitor.ui.spans import Cell, Span


_OF_AGENTS: Final = frozenset({"agent-blocked", "agent-error"})
"""Rules whose alerts are told as agents."""


class HeaderLine(Line):
    """The first line of every screen."""

    KEYS = (Keys.CLOCK, Keys.FEED, Keys.REPLAY, Keys.ALERTS, Keys.MUTES)

    def __init__(self, store: KeyStore) -> None:
        super().__init__(id="header")
        self._store = store
        self._paused_since: int | None = None
        self._failure = ""

    def show_paused(self, since: int | None) -> None:
        """Say that the picture stands still, and since when; None: it moves."""
        self._paused_since = since
        self.redraw()

    def show_problem(self, problem: str) -> None:
        """Say what ended the feed; it stays until the program is left."""
        self._failure = problem
        self.redraw()

    def refresh_text(self, _changed: frozenset[str] = frozenset()) -> None:
        """Read the store again."""
        self.redraw()

    def parts(self, width: int) -> tuple[Cell, Cell]:
        """What is known of the feed; where a problem needs the room, the rest goes before it is cut."""
        right: list[Span] = []
        if self._paused_since is not None:
            right.append((f" PAUSED since {text.clock_time(self._paused_since)} ", "alarm"))
        replay: ReplayState | None = self._store.get(Keys.REPLAY)
        moment = self._store.get(Keys.CLOCK)
        if replay is None:
            right.append((f"  {text.clock_time(moment)} ", "text"))
        else:
            right.append((f"  {text.date_time(moment, time.time_ns() // 1_000_000)} ", "text"))
        left = self._left_parts(replay)
        room = width - cell_width(tuple(right))
        for _, span in sorted(left, key=lambda part: -part[0]):
            if cell_width(tuple(span for _, span in left)) <= room:
                break
            left = [part for part in left if part[1] is not span]
        return tuple(span for _, span in left), tuple(right)

    def _attention(self) -> list[Span]:
        """Who needs a person, whatever pane is in sight."""
        now = self._store.get(Keys.CLOCK) or 0
        loud = heard(self._store.get(Keys.MUTES, ()), self._store.get(Keys.ALERTS, ()), now)
        alerts = [alert for alert in loud if not alert.acknowledged]
        spans: list[Span] = []
        for rule, status, word in (
            ("agent-blocked", "blocked", "waiting"),
            ("agent-error", "error", "failed"),
        ):
            if count := sum(1 for alert in alerts if alert.rule == rule):
                glyph, style = text.STATUS_GLYPHS[cast("Status", status)]
                spans.append((f" {glyph} {count} {word} ", style))
        others = [alert for alert in alerts if alert.rule not in _OF_AGENTS]
        if others:
            worst = max(others, key=lambda alert: SEVERITIES.index(alert.severity)).severity
            glyph, style = text.SEVERITY_GLYPHS[worst]
            spans.append((f" {glyph} {len(others)} alert{'s' * (len(others) > 1)} ", style))
        return spans

    def _left_parts(self, replay: ReplayState | None) -> list[tuple[int, Span]]:
        """The spans, each with its rank: the highest goes first; rank 0 stays and is cut."""
        state: FeedState | None = self._store.get(Keys.FEED)
        problem = self._failure or (state.problem if state else "")
        parts: list[tuple[int, Span]] = [(4 if replay is not None else 1, (" Agent Monitor ", "accent"))]
        if state is None:
            parts.append((2, (" starting… ", "muted")))
        elif replay is not None:
            parts += [(3, (f" {clean(state.host, 60)} ", "text")), *_replay_parts(replay)]
        else:
            parts += [
                (3, (f" {clean(state.host, 60)} ", "text")),
                (2, (f" {state.mode}", "ok" if state.mode == "live" else "info")),
                (5, (f" every {state.interval_seconds:g} s ", "muted")),
            ]
            if state.mode == "live" and not state.recording and not problem:
                parts.append((4, (" not recording ", "muted")))
        if not problem:
            parts += [(1, span) for span in self._attention()]
        if problem:
            parts += [(1, (" ", "text")), (0, (f" ✖ {clean(problem)} ", "alarm"))]
        return parts


def _replay_parts(replay: ReplayState) -> list[tuple[int, Span]]:
    """How a replay goes on, and what is special about the moment it shows."""
    if replay.following:
        parts: list[tuple[int, Span]] = [(1, (" replay ▶ at the end, live ", "ok"))]
    elif replay.playing:
        parts = [(1, (f" replay ▶ ×{replay.speed:g} ", "ok"))]
    else:
        parts = [(1, (" replay ‖ paused ", "info"))]
    if replay.gap is not None:
        parts.append((0, (f" nobody recorded {text.stretch(*replay.gap)} ", "warn")))
    elif replay.mark is not None:
        parts.append((0, _mark_span(replay.mark)))
    return parts


def _mark_span(mark: Mark) -> Span:
    """What a jump led to: `▲ warning: disk nearly full`, `■ builder: blocked, waits for permission`."""
    if mark.kind == "alert":
        about, look = mark.word, text.SEVERITY_GLYPHS.get(cast("Severity", mark.word))
    else:
        about, look = mark.subject, text.STATUS_GLYPHS.get(cast("Status", mark.word))
    glyph, style = look or ("?", "muted")
    return f" {glyph} {clean(about, 60)}: {clean(mark.text)} ", style
