"""What a replay adds to every screen: its keys, the time line above the footer, and the line for a time to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.containers import Container
from textual.screen import ScreenResultType

from monitor.errors import ConfigError
from monitor.ui.commands import bindings
from monitor.ui.paint import CellScreen
from monitor.ui.widgets.moment_line import MomentLine
from monitor.ui.widgets.time_line import TimeLine, time_line_height

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.binding import BindingType
    from textual.geometry import Size
    from textual.widget import Widget

    from monitor.model import MarkKind
    from monitor.ui.replay import Replay
    from monitor.ui.widgets.footer import FooterLine
    from monitor.ui.wiring import Wiring


class ReplayScreen(CellScreen[ScreenResultType]):
    """A screen that has a time line and its keys when its feed plays a recording, and else nothing of it."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings("replay"))

    def __init__(self, wiring: Wiring, footer: FooterLine) -> None:
        super().__init__()
        self.wiring = wiring
        self.footer = footer
        self.time_line = TimeLine(wiring.store) if wiring.replay is not None else None
        self._focused_before: Widget | None = None

    def bottom(self) -> Iterable[Widget]:
        """What stands below the body: the footer, and in a replay the time line above it."""
        if self.time_line is None:
            yield self.footer
        else:
            yield self.time_line
            yield Container(MomentLine(), self.footer, id="bottom")

    def on_mount(self) -> None:
        """Listen for the time line, and give it its height before the first picture."""
        if self.time_line is not None:
            self._fit_time_line(self.app.size)
            self._stop_time_line = self.wiring.notices.listen(
                self.time_line.KEYS, self.time_line.refresh_text
            )

    def on_unmount(self) -> None:
        """Stop listening."""
        if self.time_line is not None:
            self._stop_time_line()

    def on_resize(self) -> None:
        """A low screen has a low time line, or none."""
        self._fit_time_line(self.size)

    def _fit_time_line(self, size: Size) -> None:
        if self.time_line is not None:
            lines = self.time_line_height(size)
            self.time_line.display = lines > 0
            self.time_line.styles.height = max(1, lines)

    def time_line_height(self, size: Size) -> int:
        """Lines that the body has to leave for the time line on a screen of this size."""
        return time_line_height(size.height) if self.time_line is not None else 0

    # --- commands -----------------------------------------------------------------------------------------------

    @property
    def _replay(self) -> Replay:
        """Raises SkipAction outside of a replay, where the keys go on to whom they belong to."""
        if self.wiring.replay is None:
            raise SkipAction
        return self.wiring.replay

    def action_replay_play(self) -> None:
        """Play, or stand still."""
        self._replay.play_or_stop()

    def action_replay_step(self, samples: int) -> None:
        """Go so many samples on or back."""
        self._replay.step(samples)

    def action_replay_minutes(self, count: int) -> None:
        """Go so many minutes on or back."""
        self._replay.minutes(count)

    def action_replay_jump(self, kind: MarkKind, direction: int) -> None:
        """Go to the next or the previous alert or change of status."""
        self._replay.jump(kind, direction)

    def action_replay_speed(self, step: int) -> None:
        """Play faster or slower."""
        self._replay.change_speed(step)

    def action_replay_start(self) -> None:
        """Go to the start."""
        self._replay.to_start()

    def action_replay_end(self) -> None:
        """Go to the end."""
        self._replay.to_end()

    @on(TimeLine.Sought)
    def _sought(self, event: TimeLine.Sought) -> None:
        event.stop()
        self._replay.seek(event.at)

    # --- a time to go to ----------------------------------------------------------------------------------------

    @property
    def typing_moment(self) -> bool:
        """Whether a time is being typed."""
        return isinstance(self.focused, MomentLine)

    def focus_for_keys(self) -> Widget | None:
        """Where the focus is, or will be again when the time has been typed."""
        return self._focused_before if self.typing_moment else self.focused

    def action_replay_go_to(self) -> None:
        """Type a time beside the footer."""
        if self._replay.state is None or self.typing_moment:
            return
        self._focused_before = self.focused
        line = self.query_one(MomentLine)
        line.display = True
        # Not `line.focus()`, which waits its turn behind keys that are already there.
        self.set_focus(line)

    @on(MomentLine.Entered)
    def _entered(self, event: MomentLine.Entered) -> None:
        event.stop()
        try:
            self._replay.go_to(event.when)
        except ConfigError as error:
            self._complain(str(error))
        else:
            self._close_moment_line()

    @on(MomentLine.Changed)
    def _typed(self, event: MomentLine.Changed) -> None:
        event.stop()
        self._complain("")

    @on(MomentLine.Cancelled)
    def _cancelled(self, event: MomentLine.Cancelled) -> None:
        event.stop()
        self._close_moment_line()

    def _complain(self, complaint: str) -> None:
        if self.time_line is not None:
            self.time_line.complain(complaint)

    def _close_moment_line(self) -> None:
        self._complain("")
        line = self.query_one(MomentLine)
        self.set_focus(self._focused_before)
        line.display = False
        line.clear()
