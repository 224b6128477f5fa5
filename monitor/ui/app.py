"""The app: runs the feed, holds the theme, and serves the commands that work everywhere."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import App
from textual.filter import ANSIToTruecolor, LineFilter
from textual.widgets import Input
from textual.worker import Worker, WorkerError, WorkerFailed, WorkerState

from monitor.errors import ConfigError, MonitorError
from monitor.keystore import Feed, Keys, KeyStore, Player
from monitor.ui.acting.programs import Programs
from monitor.ui.arrangement import Memory
from monitor.ui.commands import CommandSpec, bindings
from monitor.ui.focus import Following
from monitor.ui.line_filters import line_filters
from monitor.ui.notices import Notices
from monitor.ui.outside.foreground import may_stop
from monitor.ui.palette import Palette
from monitor.ui.panes.base import BasePane
from monitor.ui.panes.pane import Pane
from monitor.ui.replay import Replay
from monitor.ui.screens.base import BaseScreen
from monitor.ui.screens.main import MainScreen
from monitor.ui.themes import DARK, OWN, PLAIN
from monitor.ui.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.binding import BindingType
    from textual.command import Provider
    from textual.dom import DOMNode
    from textual.events import DescendantFocus, Key
    from textual.screen import Screen
    from textual.theme import Theme
    from textual.timer import Timer

    from monitor.model import Command, FeedState
    from monitor.ui.options import ScreenOptions
    from monitor.ui.outside.programs import Kind

INTERVALS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds between refreshes that `+` and `-` go through."""
_FEED: Final = "feed"
_LIVE_ACTIONS: Final = frozenset({"pause", "interval"})
_REMEMBER_SECONDS: Final = 1.0
"""From a change of the arrangement to its file."""
_CLOSING_SECONDS: Final = 3.0
"""For the feed to close; a terminal that is given back late is worse than a file that is closed by the system."""


def _search() -> type[Provider]:
    """What the palette finds; imported when it is opened."""
    from monitor.ui.search import Search

    return Search


class MonitorApp(App[None]):
    """The screen over a key store that a feed fills.

    `failure` is the error that ended the feed, None while all is well; the return code is 1 then.
    """

    CSS_PATH = "monitor.tcss"
    TITLE = "Agent Monitor"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings("app"))
    ENABLE_COMMAND_PALETTE = True
    # Text is selected by the terminal (shift) and copied by `y`. Textual's own selection knows no lines that are drawn,
    # and fails on a widget that is being removed under the mouse (Textual 8.2.8, `Screen._forward_event`).
    ALLOW_SELECT = False
    COMMANDS = {_search}  # noqa: RUF012 - Textual's own type of it

    def __init__(self, store: KeyStore, feed: Feed, options: ScreenOptions) -> None:
        self.options = options
        self._line_filters = line_filters(options)
        # An ANSI theme leaves the terminal's own colours alone, and the filter then drops the rest.
        super().__init__(ansi_color=True if options.no_color else None)
        self.no_color = options.no_color
        self.store = store
        self.feed = feed
        self.failure: Exception | None = None
        self._feed_worker: Worker[None] | None = None
        self.paused_since: int | None = None
        self.notices = Notices(store, self.call_next)
        self.replay = Replay(store, feed) if isinstance(feed, Player) else None
        self.memory = Memory(options.arrangement)
        self._remembering: Timer | None = None
        self.wiring = Wiring(store, self.notices, options, self.send, self.memory, Following(), self.replay)
        self.programs = Programs(self, self.wiring)
        self.animation_level = "full" if options.animations else "none"
        for theme in OWN:
            self.register_theme(theme)
        self._begin_with_theme(self._first_theme())
        self.palette = self._resolve_palette()
        self.set_keymap(options.keymap)

    # --- life ---------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """The main screen is there at once, before the feed has anything to show."""
        return MainScreen(self.wiring)

    def on_mount(self) -> None:
        """Draw the empty frame first, then start the feed."""
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.memory.changed = self._remember_soon
        self.call_after_refresh(self._start_feed)

    def _start_feed(self) -> None:
        self._feed_worker = self.run_worker(self.feed.run(), name=_FEED, exit_on_error=False)

    async def on_unmount(self) -> None:
        """Let the cancelled feed close what it has open, before the event loop ends under it."""
        self.programs.end()
        self.memory.write()
        if self._feed_worker is None:
            return
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self._feed_worker.wait()
        except WorkerFailed as failed:
            if self.failure is None and isinstance(failed.error, Exception):
                self.failure = failed.error
        except (WorkerError, TimeoutError):
            return

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A feed that fails leaves its last picture on the screen, and says why it stands still."""
        error = event.worker.error
        if event.state is not WorkerState.ERROR or not isinstance(error, Exception):
            return
        if event.worker.name == _FEED:
            self.failure = error
            for screen in self._base_screens():
                screen.header.show_problem(describe(error))
        else:
            self.notify(describe(error), severity="error", timeout=8, markup=False)

    def send(self, command: Command, failed: Callable[[], None] | None = None) -> None:
        """Hand a command to the feed without waiting for it; a failure is shown, and told to `failed`."""
        self.run_worker(self._send(command, failed), name=command.kind, exit_on_error=False)

    async def _send(self, command: Command, failed: Callable[[], None] | None) -> None:
        try:
            await self.feed.send(command)
        except MonitorError:
            if failed is not None:
                failed()
            raise

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """Textual takes the screen below for visible under an opaque one too, and what changes there draws all anew."""
        return [] if self.screen.styles.background.a == 1 else super()._background_screens

    def _base_screens(self) -> list[BaseScreen[Any]]:
        return [screen for screen in self.screen_stack if isinstance(screen, BaseScreen)]

    # --- what is remembered -------------------------------------------------------------------------------------

    def _remember_soon(self) -> None:
        """Write what was chosen once a person has chosen; several keys one after the other are written once."""
        if self._remembering is None:
            self._remembering = self.set_timer(_REMEMBER_SECONDS, self._remember)

    async def _remember(self) -> None:
        self._remembering = None
        if problem := await asyncio.to_thread(self.memory.write):
            self.notify(problem, severity="warning", timeout=8)

    # --- theme --------------------------------------------------------------------------------------------------

    def _first_theme(self) -> str:
        """The one that was asked for, else the one that was chosen last, where there still is one of that name."""
        remembered = self.memory.arrangement.theme
        if self.options.theme is None and remembered in self.available_themes:
            return remembered
        return self._known_theme(self.options.theme)

    def _known_theme(self, name: str | None) -> str:
        if name is None:
            return DARK.name
        if name not in self.available_themes:
            names = ", ".join(sorted(self.available_themes))
            raise ConfigError(f'There is no theme "{name}". Choose one of: {names}.')
        return name

    def _begin_with_theme(self, name: str) -> None:
        """Choose the theme without its watcher, which would parse all styles and draw everything a second time."""
        self.set_reactive(App.theme, name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)

    def _resolve_palette(self) -> Palette:
        return Palette(self.get_css_variables(), ansi=self.native_ansi_color)

    def get_css_variables(self) -> dict[str, str]:
        """The theme's; where no colour is wanted, those of a theme without any, whatever its name."""
        variables = super().get_css_variables()
        return {**variables, **PLAIN.to_color_system().generate()} if self.options.no_color else variables

    def _theme_changed(self, theme: Theme) -> None:
        self.memory.change(theme=theme.name)
        self.palette = self._resolve_palette()
        for screen in self._base_screens():
            screen.refresh_palette()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Those that the options ask for: no colour, ASCII only.

        Textual would also translate the sixteen ANSI colours on every line; here nothing uses them outside ANSI themes.
        """
        filters = [one for one in super().get_line_filters() if not isinstance(one, ANSIToTruecolor)]
        return [*filters, *self._line_filters]

    # --- commands -----------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What holds or hastens the live picture has no meaning in a replay, whatever key it was given."""
        if action in _LIVE_ACTIONS and self.replay is not None:
            return False
        return super().check_action(action, parameters)

    def on_key(self, event: Key) -> None:
        """Keys typed faster than a line to type in opened: they were sent to a table, and come up from there."""
        line = self.focused
        if isinstance(line, Input) and event.is_printable and event.character:
            line.insert_text_at_cursor(event.character)
            event.prevent_default()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """A cursor that blinks is an animation too: a dozen bytes twice a second, as long as something is typed."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = self.animation_level != "none"

    async def action_quit(self) -> None:
        """Leave; 1 when the feed has failed."""
        self.exit(return_code=1 if self.failure else 0)

    def action_command_palette(self) -> None:
        """Find a command, or anything else by its name."""
        from monitor.ui.screens.finder import Finder

        if not isinstance(self.screen, Finder):
            self.push_screen(Finder(id="--command-palette"))

    def search_themes(self) -> None:
        """Find a theme by its name."""
        from textual.theme import ThemeProvider

        from monitor.ui.screens.finder import Finder

        self.push_screen(Finder(providers=[ThemeProvider], placeholder="Search for themes…"))

    def action_help(self) -> None:
        """Show all keys, once."""
        from monitor.ui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.wiring))

    def action_pause(self) -> None:
        """Hold the picture still, or let it go on and catch up."""
        if self.notices.paused:
            self.paused_since = None
            self.notices.resume()
        else:
            self.paused_since = self.store.get(Keys.CLOCK) or time.time_ns() // 1_000_000
            self.notices.pause()
        for screen in self._base_screens():
            screen.header.show_paused(self.paused_since)

    def action_interval(self, step: int) -> None:
        """Refresh more or less often; the header shows what the feed makes of it."""
        state: FeedState | None = self.store.get(Keys.FEED)
        now = state.interval_seconds if state else self.options.interval
        nearest = min(range(len(INTERVALS)), key=lambda index: abs(INTERVALS[index] - now))
        self.feed.set_interval(INTERVALS[max(0, min(nearest + step, len(INTERVALS) - 1))])

    async def run_command(self, command: CommandSpec) -> None:
        """Run a command as its key would, from the palette."""
        await self.run_action(command.action, self._server(command))

    # --- outside of the screen ----------------------------------------------------------------------------------

    def action_open_program(self, kind: Kind) -> None:
        """Open a shell or an editor in the worktree of the agent at hand."""
        screen = self.screen
        self.programs.open(kind, screen.agent_here() if isinstance(screen, BaseScreen) else None)

    def action_act(self) -> None:
        """Ask what to send to the processes of the agents at hand."""
        from monitor.ui.acting.processes import ask

        ask(self, self.wiring, self.screen.agents_here() if isinstance(self.screen, BaseScreen) else ())

    def action_suspend_process(self) -> None:
        """Stop, as ctrl+z does everywhere, where there is a shell to go on from."""
        if self._driver is None or not self._driver.can_suspend or not may_stop():
            self.notify("There is no shell to go back to.", timeout=3)
            return
        super().action_suspend_process()

    def action_redraw(self) -> None:
        """Draw every cell again: something else has written on the terminal."""
        self.refresh(layout=True)

    def _server(self, command: CommandSpec) -> DOMNode:
        """The node that serves a command."""
        screen = self.screen
        if command.context == "app" or not isinstance(screen, BaseScreen):
            return self
        if command.context in ("pane", "order"):
            return screen.pane or screen.query(Pane).first()
        panes = [pane for pane in screen.query(BasePane) if command.context in pane.CONTEXTS]
        return next((pane for pane in panes if pane is screen.focused_pane), panes[0] if panes else screen)


def describe(error: Exception) -> str:
    """An error for people: a MonitorError speaks for itself, anything else also needs its kind."""
    return str(error) if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
