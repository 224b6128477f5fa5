"""What all screens have in common: a header, a body of panes, a footer that follows the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.events import DescendantFocus
from textual.screen import ScreenResultType

from monitor.ui.commands import CommandSpec, Context, bindings, key_labels
from monitor.ui.panes.base import BasePane
from monitor.ui.panes.pane import Pane
from monitor.ui.screens.replay import ReplayScreen
from monitor.ui.widgets.filter_line import FilterLine
from monitor.ui.widgets.footer import FooterLine
from monitor.ui.widgets.header import HeaderLine
from monitor.ui.widgets.themed import Themed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from monitor.ui.wiring import Wiring


class BaseScreen(ReplayScreen[ScreenResultType]):
    """A header, a body, a footer."""

    CONTEXTS: ClassVar[tuple[Context, ...]]
    """Contexts of commands that the screen itself serves."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring, FooterLine(wiring.options.keymap))
        self.header = HeaderLine(wiring.store)

    def body(self) -> Iterable[Widget]:
        """What stands between header and footer."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Header, body, in a replay the time line, footer."""
        yield self.header
        yield from self.body()
        yield from self.bottom()

    def on_mount(self) -> None:
        """Listen for the header, which tells of problems even while the picture is paused."""
        self._stop_header = self.wiring.notices.listen(
            self.header.KEYS, self.header.refresh_text, always=True
        )
        self.offer_keys()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._stop_header()

    def on_screen_suspend(self) -> None:
        """Under a screen that covers it nobody sees the panes; under a dialog one does."""
        if not self.app.screen.is_modal:
            for pane in self.query(BasePane):
                pane.cover(covered=True)

    def on_screen_resume(self) -> None:
        """Nothing lies over it any more."""
        for pane in self.query(BasePane):
            pane.cover(covered=False)

    # --- panes and focus ----------------------------------------------------------------------------------------

    def panes(self) -> Sequence[BasePane]:
        """The panes that can be gone to, in their order."""
        return [pane for pane in self.query(BasePane) if pane.display]

    @property
    def focused_pane(self) -> BasePane | None:
        """The pane that keys go to."""
        return next((node for node in self._focus_chain() if isinstance(node, BasePane)), None)

    @property
    def pane(self) -> Pane[Any] | None:
        """The pane that keys go to when it has a table: what has a cursor, an order and a filter."""
        pane = self.focused_pane
        return pane if isinstance(pane, Pane) else None

    def _focus_chain(self) -> Iterator[Any]:
        focused = self.focus_for_keys()
        return iter(focused.ancestors_with_self if focused is not None else ())

    def action_cycle(self, step: int) -> None:
        """Go to the next pane, or to the one before."""
        panes = self.panes()
        if panes:
            here = panes.index(self.focused_pane) if self.focused_pane in panes else -min(step, 0)
            panes[(here + step) % len(panes)].focus()

    @on(DescendantFocus)
    def _offer_on_focus(self) -> None:
        self.offer_keys()

    def contexts(self) -> tuple[Context, ...]:
        """Contexts of the commands that work where the focus is."""
        if self.typing_moment:
            return ("moment",)
        chain = list(self._focus_chain())
        if any(isinstance(node, FilterLine) for node in chain):
            return ("filter",)
        pane = self.focused_pane
        inner: tuple[Context, ...] = pane.CONTEXTS if pane is not None else ("table",)
        if isinstance(pane, Pane):
            inner = (*inner, "table", "pane", *(("order",) if pane.SORTS else ()))
        return (*inner, *self.CONTEXTS, *(("replay",) if self.wiring.replay is not None else ()))

    def agent_here(self) -> str | None:
        """The agent that a command for one is about: the one under the cursor."""
        return self.pane.selected_agent if self.pane is not None else None

    def agents_here(self) -> tuple[str, ...]:
        """The agents that a command for several is about: the tagged ones, else the one under the cursor."""
        return self.pane.chosen() if self.pane is not None else ()

    def offer_keys(self) -> None:
        """Tell the footer which keys work now: the way back first, and what a replay is there for."""
        contexts = self.contexts()
        known = [command for command in self.wiring.offered() if command.footer]
        here = [command for command in known if command.context in contexts]
        here = _reachable(here, contexts, self.wiring.options.keymap)
        here.sort(key=_rank_in_replay if self.wiring.replay is not None else lambda command: command.late)
        everywhere = [command for command in known if command.context == "app"]
        self.footer.offer(here, everywhere if contexts != ("moment",) else ())

    def refresh_palette(self) -> None:
        """The theme has changed: draw everything in its colours."""
        for widget in self.query(Themed):
            widget.refresh()


class Overlay(BaseScreen[None]):
    """A screen that lies over another one and is left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("overlay"))
    CONTEXTS: ClassVar[tuple[Context, ...]] = ("overlay",)

    def action_back(self) -> None:
        """Close it."""
        self.dismiss()


def _reachable(
    here: Sequence[CommandSpec], contexts: Sequence[Context], keymap: dict[str, str]
) -> list[CommandSpec]:
    """Without those whose key means something else nearer to the focus."""
    nearest: dict[str, CommandSpec] = {}
    for command in sorted(here, key=lambda command: contexts.index(command.context)):
        nearest.setdefault(key_labels(command, keymap)[0], command)
    return [command for command in here if command in nearest.values()]


def _rank_in_replay(command: CommandSpec) -> int:
    if command.late:
        return 3
    return {"overlay": 0, "replay": 1}.get(command.context, 2)
