"""Sends to the terminal the cells that changed, and each style once.

Textual's compositor knows which cells changed, but looks at every line of every widget between the first and the last
of them, and writes each line from its widget's left edge with all colours again for each piece of text: about 9 kB for
twenty changed numbers. The compositor here renders only the lines and writes only the cells that changed, and keeps the
terminal's style while it stays the same (read against Textual 8.2.8, `Compositor.render_partial_update`).
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from textual import events
from textual._compositor import Compositor, CompositorUpdate
from textual._context import visible_screen_stack
from textual.geometry import Region
from textual.reactive import Reactive
from textual.screen import Screen, ScreenResultType

from monitor.ui.widgets.themed import Themed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.color import ColorSystem
    from rich.console import Console
    from rich.style import Style
    from textual.strip import Strip
    from textual.widget import Widget

_DOES: Final = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
"""What a person does, whose effect is drawn at once."""
_FRAME_SECONDS: Final = 1 / 60
_RESET: Final = "\x1b[0m"
_MARK: Final = "\0"


class Piece(NamedTuple):
    """A run of cells at its place on the screen."""

    x: int
    y: int
    strip: Strip


class CellUpdate(CompositorUpdate):
    """The cells that changed."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        """The text for the terminal: cursor moves, styles where they change, and what stands there."""
        system = console._color_system  # noqa: SLF001 - Rich keeps the enum that its colours take here
        written: list[str] = []
        current = _PLAIN
        for x, y, strip in self.pieces:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style, control in strip:
                if control:
                    continue
                look = _look(style, system) if style else _PLAIN
                if look != current:
                    written.append(_change(current, look))
                    current = look
                written.append(text)
        written.append(_change(current, _PLAIN))
        return "".join(written)


class _Look(NamedTuple):
    """A style as the terminal takes it."""

    attributes: str
    """A whole sequence; empty for none."""
    ink: str
    """SGR parameters; empty for the terminal's own colour."""
    paper: str


_PLAIN: Final = _Look("", "", "")


@lru_cache(4096)
def _look(style: Style, system: ColorSystem | None) -> _Look:
    """The sequences of a style; without a colour system there are no colours."""
    attributes = style.without_color.render(_MARK, color_system=system).partition(_MARK)[0]
    if system is None:
        return _Look(attributes, "", "")
    ink = style.color.downgrade(system).get_ansi_codes(foreground=True) if style.color else ()
    paper = style.bgcolor.downgrade(system).get_ansi_codes(foreground=False) if style.bgcolor else ()
    return _Look(attributes, ";".join(ink), ";".join(paper))


@lru_cache(4096)
def _change(before: _Look, after: _Look) -> str:
    """The shortest way from one style to another: attributes can only be dropped all together."""
    if after in (before, _PLAIN):
        return "" if after == before else _RESET
    start = ""
    if before.attributes != after.attributes:
        start, before = _RESET + after.attributes, _PLAIN
    parameters = []
    if after.ink != before.ink:
        parameters.append(after.ink or "39")
    if after.paper != before.paper:
        parameters.append(after.paper or "49")
    return f"{start}\x1b[{';'.join(parameters)}m" if parameters else start


class CellCompositor(Compositor):
    """Textual's compositor, with partial updates of its own."""

    def render_update(
        self, full: bool = False, screen_stack: list[Screen[Any]] | None = None, simplify: bool = False
    ) -> Any:  # Textual's own type leaves its updates out
        """What changed, also when that is everything: Textual would then draw the blanks of every container as well.

        `full` is asked for by screenshots, which need whole lines.
        """
        if full:
            return super().render_update(full, screen_stack, simplify)
        visible_screen_stack.set([] if screen_stack is None else screen_stack)
        return self.render_partial_update()

    def render_partial_update(self) -> CellUpdate | None:  # type: ignore[override]
        """The changed cells, or None when nothing changed."""
        screen = self.size.region
        dirty = [region.intersection(screen) for region in self._dirty_regions]
        self._dirty_regions.clear()
        missing: dict[int, list[tuple[int, int]]] = {}
        for y, start, end in self._regions_to_spans(region for region in dirty if region):
            missing.setdefault(y, []).append((start, end))
        if not missing:
            return None
        pieces: list[Piece] = []
        # Front to back: what a widget covers is no longer missing.
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            lines = [y for y in missing if seen.y <= y < seen.bottom and missing[y]]
            if lines and seen.width:
                pieces += _paint(widget, region, seen, lines, missing)
        pieces.sort(key=lambda piece: (piece.y, piece.x))
        return CellUpdate(pieces)


def _paint(
    widget: Widget, region: Region, seen: Region, lines: list[int], missing: dict[int, list[tuple[int, int]]]
) -> Iterator[Piece]:
    """What a widget shows of the missing cells; they are taken off `missing`."""
    part = _part_of(widget, region, lines)
    for y in lines:
        left: list[tuple[int, int]] = []
        for start, end in missing[y]:
            x1, x2 = max(start, seen.x), min(end, seen.right)
            if x1 >= x2:
                left.append((start, end))
                continue
            yield Piece(x1, y, part(y - region.y, x1 - region.x, x2 - region.x))
            left += [span for span in ((start, x1), (x2, end)) if span[0] < span[1]]
        missing[y] = left


def _part_of(widget: Widget, region: Region, lines: list[int]) -> Callable[[int, int, int], Strip]:
    """How to get cells of a line: our own widgets draw just these, from others all lines are asked for once."""
    if isinstance(widget, Themed):
        return widget.drawn_part
    strips: list[Strip] = []
    first = min(lines) - region.y

    def crop(y: int, start: int, end: int) -> Strip:
        if not strips:
            last = max(lines) - region.y
            strips.extend(widget.render_lines(Region(0, first, region.width, last - first + 1)))
        return strips[y - first].crop(start, end)

    return crop


class CellScreen(Screen[ScreenResultType]):
    """A screen that sends only changed cells."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """Textual would repaint the whole screen; who gains or loses the focus draws itself."""

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name, id, classes)
        self._compositor = CellCompositor()
        self._answers = False
        self._painted_at = 0.0

    def _forward_event(self, event: events.Event) -> None:
        """What comes of what a person does is drawn at once.

        Textual draws at the next beat of a timer, sixty times a second, and later when a tick has made it miss one.
        """
        self._answers = self._answers or isinstance(event, _DOES)
        super()._forward_event(event)

    async def _on_idle(self, event: events.Idle) -> None:
        waits = (
            self._dirty_widgets or self._layout_required or self._repaint_required or self._scroll_required
        )
        if self._answers and waits and self.is_current and not self.app._batch_count:  # noqa: SLF001 - as Textual does
            self._answers = False
            # Of keys that come faster than a person types, the timer draws some together.
            if time.monotonic() - self._painted_at >= _FRAME_SECONDS:
                self._painted_at = time.monotonic()
                event.prevent_default()
                self._on_timer_update()
                return
        await super()._on_idle(event)
